"""The dispatch rule of an hour in plain numpy, for the hours of a plant or the plants of an hour alike.

All but the state of charge is one expression. The kernels are held to it, and it answers until they are compiled.
Arrays share one shape, (hours,) or (plants,) or what broadcasts to it; those of steps have the steps in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def reserve_kwh(lowest_kwh: Any, highest_kwh: Any) -> Any:
    """Charge up to which a battery is in reserve, kept for the best step: the lower half of its window."""
    return lowest_kwh + 0.5 * (highest_kwh - lowest_kwh)


def plant_rows(
    dc_kw: Any, storage: Sequence[Any], import_scale: Any, export_scale: Any, machines: Iterable[Any]
) -> list[Any]:
    """What a plant is, in the order of rows that the kernels read; figures, or arrays over plants."""
    low, high, power, way, soc = storage
    reserve = reserve_kwh(low, high)
    return [dc_kw, low, high, power, way, 1.0 / way, way * way, soc, reserve, import_scale, export_scale, *machines]


class Offer(NamedTuple):
    """What an hour brings: sun [kW], largest draw of each step [kW] and its worth [USD/kWh], prices and limits.

    `best_usd_per_kwh` is the worth of the best step that there is, −∞ without machines.
    """

    pv_kw: Array
    step_kw: Array
    worth_usd_per_kwh: Array
    best_usd_per_kwh: Array
    buy_usd_per_kwh: Array
    sell_usd_per_kwh: Array
    import_kw: Array
    export_kw: Array
    wear_usd_per_kwh: float


class Choice(NamedTuple):
    """What is done with it [kW]: how far steps are filled by each source, what the battery is asked for.

    `charge_kw`, `discharge_kw` (2, …): with the battery in reserve, and above it. `grid_best`: discharge is sold.
    """

    grid_best: Mask
    first_kw: Array
    worthy_kw: Array
    import_to_kw: Array
    import_kw: Array
    export_kw: Array
    charge_kw: Array
    discharge_kw: Array


def choice(offer: Offer, one_way_efficiency_frac: Array | float) -> Choice:
    """Who is served in which order, before it is known what the battery holds."""
    export_kw = np.where(offer.sell_usd_per_kwh > 0, offer.export_kw, 0.0)
    sell = np.where(export_kw > 0, offer.sell_usd_per_kwh, 0.0)
    offer = offer._replace(export_kw=export_kw, sell_usd_per_kwh=sell)
    worth = offer.worth_usd_per_kwh
    pos = _drawn(offer, worth > 0)
    hi = np.minimum(pos, _drawn(offer, worth >= sell))
    imp = _drawn(offer, worth > offer.buy_usd_per_kwh)
    buying, selling = _earned_buying(offer, hi, imp, pos), _earned_selling(offer, hi, pos)
    contested = (imp > hi) & (sell > offer.buy_usd_per_kwh)
    steps_best = offer.best_usd_per_kwh >= sell
    sells = np.where(contested, np.where(steps_best, selling > buying, ~(buying > selling)), ~steps_best)
    grid_best = sells & ~steps_best
    import_to = np.where(sells, 0.0, imp)
    charge, discharge = zip(
        *(
            _wanted(offer, stored, sells, grid_best, hi, imp, pos)
            for stored in _stored(offer, imp, grid_best, one_way_efficiency_frac)
        ),
        strict=True,
    )
    return Choice(
        grid_best,
        first_kw=np.maximum(hi, np.minimum(import_to, pos)),
        worthy_kw=pos,
        import_to_kw=import_to,
        import_kw=np.where(sells, 0.0, offer.import_kw),
        export_kw=np.where(import_to <= pos, export_kw, 0.0),
        charge_kw=np.stack(charge),
        discharge_kw=np.stack(discharge),
    )


def settled(pv_kw: Array, chosen: Choice, charge_kw: Array, discharge_kw: Array) -> tuple[Array, Array, Array, Array]:
    """Mining, import, export and curtailed [kW] after what the battery took and gave."""
    sun = pv_kw - charge_kw
    own = np.minimum(sun, chosen.first_kw)
    sold = np.minimum(sun - own, chosen.export_kw)
    extra = np.minimum(sun - own - sold, chosen.worthy_kw - chosen.first_kw)
    to_steps = np.where(chosen.grid_best, 0.0, discharge_kw)
    imported = np.minimum(chosen.import_kw, np.maximum(chosen.import_to_kw - own - to_steps, 0.0))
    return own + to_steps + imported + extra, imported, sold + (discharge_kw - to_steps), sun - own - sold - extra


def _drawn(offer: Offer, steps: Mask) -> Array:
    """Draw of the steps that a mask (steps, …) names [kW]."""
    drawn: Array = np.where(steps, offer.step_kw, 0.0).sum(axis=0)
    return drawn


def _stack(offer: Offer) -> tuple[Array, Array]:
    """Between which heights [kW] each step lies when steps are loaded in order."""
    above = np.cumsum(offer.step_kw, axis=0)
    return np.concatenate([np.zeros_like(above[:1]), above[:-1]]), above


def _mined_usd(offer: Offer, filled_kw: Array) -> Array:
    """What steps filled in order up to a height are worth [USD/h]."""
    below, above = _stack(offer)
    value: Array = (offer.worth_usd_per_kwh * (np.clip(filled_kw, below, above) - below)).sum(axis=0)
    return value


def _earned_buying(offer: Offer, hi: Array, imp: Array, pos: Array) -> Array:
    """USD/h when sun serves the steps worth imports before the grid, imports included, the battery apart."""
    own = np.minimum(offer.pv_kw, np.maximum(hi, np.minimum(imp, pos)))
    bought = np.minimum(offer.import_kw, np.maximum(imp - own, 0.0))
    earned: Array = _mined_usd(offer, own + bought) - offer.buy_usd_per_kwh * bought
    return earned


def _earned_selling(offer: Offer, hi: Array, pos: Array) -> Array:
    """USD/h when sun follows the order of merit, exports within it; nothing can be imported while exporting."""
    own = np.minimum(offer.pv_kw, hi)
    sold = np.minimum(offer.pv_kw - own, offer.export_kw)
    extra = np.minimum(offer.pv_kw - own - sold, pos - hi)
    earned: Array = _mined_usd(offer, own + extra) + offer.sell_usd_per_kwh * sold
    return earned


def _stored(offer: Offer, imp: Array, grid_best: Mask, way: Array | float) -> tuple[Array, Array]:
    """What a kWh put into the battery is worth after losses and wear [USD]: in reserve, and above it."""
    buy, limit = offer.buy_usd_per_kwh, offer.import_kw
    grid = np.minimum(limit, imp)
    reserve = above_it = np.minimum(offer.best_usd_per_kwh, buy)
    for worth, below, above in zip(offer.worth_usd_per_kwh, *_stack(offer), strict=True):
        reserve = np.where((worth > buy) & (below <= limit) & (limit < above), worth, reserve)
        reached = (worth > 0) & (grid < above) & (below < above)
        served = np.where(grid > 0, worth > buy, worth >= offer.sell_usd_per_kwh)
        above_it = np.where(reached & served, worth, above_it)

    def kept(later: Array) -> Array:
        worn = np.where(grid_best, offer.sell_usd_per_kwh, later) - offer.wear_usd_per_kwh
        return np.asarray(worn * np.square(way))

    return kept(reserve), kept(above_it)


def _wanted(
    offer: Offer, stored: Array, sells: Mask, grid_best: Mask, hi: Array, imp: Array, pos: Array
) -> tuple[Array, Array]:
    """Charge and discharge asked for [kW], if a stored kWh is worth `stored`. Not both, as uses better than that split them."""
    worth, wear, sell = offer.worth_usd_per_kwh, offer.wear_usd_per_kwh, offer.sell_usd_per_kwh
    imp = np.where(sells, 0.0, imp)
    kept = _drawn(offer, (worth > 0) & (worth >= stored))
    exported = np.where((sell >= stored) & (imp <= pos), offer.export_kw, 0.0)
    served = np.minimum(kept, _drawn(offer, worth > wear))
    short = np.minimum(imp, served) - offer.pv_kw - np.where(sells, 0.0, offer.import_kw)
    first = np.maximum(hi, np.minimum(imp, pos))
    saved = np.where(offer.buy_usd_per_kwh >= wear, np.minimum(first, served) - offer.pv_kw, 0.0)
    unsold = np.where(sell > wear, offer.export_kw - offer.pv_kw, 0.0)
    discharge = np.where(grid_best, unsold, np.where(short > 0, short, saved))
    return np.maximum(offer.pv_kw - kept - exported, 0.0), np.maximum(discharge, 0.0)
