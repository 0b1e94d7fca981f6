"""Where every kilowatt-hour goes, hour by hour, by a rule that a controller can follow.

The rule is causal: it knows this hour's sun, prices and worth of mining, and nothing of the next. The fleet is a stack of
*steps*, the one whose kWh is worth most first; steps are loaded from the top.

1. *First use.* Steps worth at least what a kWh sells for; where there is none, export. Sun serves it first.
2. *Second uses and storage.* Sun that is left is stored if a stored kWh, after losses and wear, is worth more later than
   the use is worth now; else it is exported, then mined in the steps worth less; what nobody wants is curtailed.
3. *Discharge.* The battery serves what the sun left unserved of the first use: first what the grid could not serve,
   and where the grid could serve everything worth its price, it saves imports.
4. *Import.* The grid serves steps only while a kWh mined there is worth more than it costs; at a negative price that may
   be steps not worth running on the sun. Own sun is not thrown away to be paid for drawing.

Where power is bought for less than it sells at, steps worth more than it costs may come before sales, so that they are
served by the grid: whichever earns more in the hour. Import and export never happen in the same hour, nor charging and
discharging. The battery is charged by the sun alone, so a plant that buys nothing never causes import.

Balance, each hour [kW]: pv + discharge + import = mining + charge + export + curtailed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FLOWS = ("mining_kw", "charge_kw", "discharge_kw", "soc_kwh", "import_kw", "export_kw", "curtailed_kw")
SPECK = 1e-9  # of a machine: what rounding may lack of a whole one


class Storage(NamedTuple):
    """A battery as it stands this year, and the charge it starts with. Half of the loss falls on each way."""

    lowest_kwh: float
    highest_kwh: float
    power_kw: float
    one_way_efficiency_frac: float
    soc_kwh: float


NO_STORAGE = Storage(0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Hours:
    """What the rule sees: sun, fleet and limits of the connection [kW], worth and prices [USD/kWh], by hour (hours,).

    `step_kw`, `worth_usd_per_kwh` (steps, hours): largest site draw of each step, and what a kWh of it earns net of pool
    fee and avoidable costs, never rising from step to step. `wear_usd_per_kwh`: what a kWh discharged takes of the
    battery's worth. `whole_kw` (steps, hours): draw of one machine where machines run whole hours or not at all; None
    where an hour's mean may be any part of the fleet.
    """

    pv_kw: Array
    step_kw: Array
    worth_usd_per_kwh: Array
    import_usd_per_kwh: Array
    export_usd_per_kwh: Array
    import_limit_kw: Array
    export_limit_kw: Array
    wear_usd_per_kwh: float = 0.0
    whole_kw: Array | None = None


def dispatch(hours: Hours, storage: Storage = NO_STORAGE, *, compiled: bool = True, out: Array | None = None) -> Array:
    """One year by the rule: flows (7, hours) in the order of `FLOWS`; power [kW], charge at the hour's end [kWh].

    `compiled` chooses the kernel; without it, or before it is compiled, the numpy twin gives the same to rounding.
    `out` is written to where given, which saves a sequence of years the cost of fresh memory.
    """
    out = np.empty((len(FLOWS), hours.pv_kw.size)) if out is None else out
    if compiled and is_compiled():
        _kernel()(*_series(hours), np.array([*storage, hours.wear_usd_per_kwh], dtype=np.float64), out)
    else:
        out[:] = _twin(hours, storage)
    return out


def step_flows(mining_kw: Array, step_kw: Array) -> Array:
    """The part of each step in what the fleet draws, (steps, hours) [kW]: steps are loaded from the first on."""
    if len(step_kw) == 1:
        return mining_kw[None]
    begin = np.cumsum(step_kw, axis=0) - step_kw
    return np.clip(mining_kw - begin, 0.0, step_kw)


def _series(hours: Hours) -> tuple[Array, ...]:
    """What the kernel reads, in its order."""
    whole = np.zeros_like(hours.step_kw) if hours.whole_kw is None else hours.whole_kw
    series = (
        hours.pv_kw,
        hours.import_usd_per_kwh,
        hours.export_usd_per_kwh,
        hours.import_limit_kw,
        hours.export_limit_kw,
        hours.step_kw,
        hours.worth_usd_per_kwh,
        whole,
    )
    return tuple(np.ascontiguousarray(values) for values in series)


# The rule in plain numpy: all but the state of charge and whole machines is one expression over the year.


class _Uses(NamedTuple):
    """Per hour [kW]: what sun serves first, whether that is machines, what may be sold, what can be bought for, the steps
    worth more than buying and more than nothing; what a kWh sells for and a stored one is worth [USD/kWh]."""

    first_cap: Array
    miners_first: NDArray[np.bool_]
    export_cap: Array
    bought_cap: Array
    above_buy: Array
    above_0: Array
    sell: Array
    later: Array


def _twin(hours: Hours, storage: Storage) -> Array:
    uses = _uses(hours)
    way = storage.one_way_efficiency_frac
    own = np.minimum(hours.pv_kw, uses.first_cap)
    left = hours.pv_kw - own
    before = _worth_more_now(hours, uses, (uses.later - hours.wear_usd_per_kwh) * way**2)
    wanted_in = np.maximum(left - before, 0.0)
    gap = np.where(uses.miners_first, uses.first_cap - own, np.maximum(uses.export_cap - left, 0.0))
    valuable = np.where(uses.miners_first, np.maximum(np.minimum(uses.above_buy, uses.first_cap) - own, 0.0), 0.0)
    covered = np.minimum(uses.bought_cap, valuable)
    wanted_out = np.where(covered < valuable, valuable - covered, gap)
    if hours.wear_usd_per_kwh > 0:
        wanted_out = np.where(uses.later > hours.wear_usd_per_kwh, wanted_out, 0.0)

    def flows(charge: Array, discharge: Array, at: Any = slice(None)) -> tuple[Array, Array, Array, Array]:
        """Mined, imported, exported, curtailed, in all hours or one."""
        miners, rest = uses.miners_first[at], left[at] - charge
        sold = np.minimum(rest, uses.export_cap[at])
        lower = np.minimum(rest - sold, np.maximum(uses.above_0[at] - uses.first_cap[at], 0.0))
        mined = own[at] + lower + np.where(miners, discharge, 0.0)
        bought = np.minimum(uses.bought_cap[at], np.maximum(uses.above_buy[at] - mined, 0.0)) * (sold == 0.0)
        return mined + bought, bought, sold + np.where(miners, 0.0, discharge), rest - sold - lower

    if hours.whole_kw is not None:
        return _whole(hours, storage, uses, wanted_in, wanted_out, flows)
    charge, discharge, soc = _charged(wanted_in, wanted_out, storage)
    mining, imported, exported, curtailed = flows(charge, discharge)
    return np.stack([mining, charge, discharge, soc, imported, exported, curtailed])


def _uses(hours: Hours) -> _Uses:
    buy, worth = hours.import_usd_per_kwh, hours.worth_usd_per_kwh
    export_cap = np.where(hours.export_usd_per_kwh > 0, hours.export_limit_kw, 0.0)
    sell = np.where(export_cap > 0, hours.export_usd_per_kwh, 0.0)
    above_sell, above_buy, above_0 = (
        np.where(passed, hours.step_kw, 0.0).sum(axis=0)
        for passed in ((worth > 0) & (worth >= sell), worth > buy, worth > 0)
    )
    miners = worth[0] >= sell if len(worth) else np.zeros(len(buy), np.bool_)
    bought_cap = np.minimum(hours.import_limit_kw, above_buy)
    wider = np.maximum(above_sell, np.minimum(above_buy, above_0))
    usual = _earned(hours, above_sell, above_buy, above_0, export_cap, sell, np.where(miners, bought_cap, 0.0))
    buying = _earned(hours, wider, above_buy, above_0, export_cap, sell, bought_cap)
    widened = (buy < sell) & (bought_cap > 0) & (buying > usual)
    miners = miners | widened
    first_cap = np.where(widened, wider, np.where(miners, above_sell, 0.0))
    bought_cap = np.where(miners, bought_cap, 0.0)
    later = np.where(miners, _saved(hours, first_cap, bought_cap), sell)
    return _Uses(first_cap, miners, export_cap, bought_cap, above_buy, above_0, sell, later)


def _earned(
    hours: Hours, first_cap: Array, above_buy: Array, above_0: Array, export_cap: Array, sell: Array, bought_cap: Array
) -> Array:
    """USD/h when sun serves the first steps, then sales, then the other steps, and the grid the rest; the battery apart."""
    first = np.minimum(hours.pv_kw, first_cap)
    sold = np.minimum(hours.pv_kw - first, export_cap)
    own = first + np.minimum(hours.pv_kw - first - sold, above_0 - first_cap)
    bought = np.minimum(bought_cap, np.maximum(above_buy - own, 0.0)) * (sold == 0.0)
    mined = (step_flows(own + bought, hours.step_kw) * hours.worth_usd_per_kwh).sum(axis=0)
    return np.asarray(mined + sell * sold - hours.import_usd_per_kwh * bought)


def _saved(hours: Hours, first_cap: Array, bought_cap: Array) -> Array:
    """Worth of a stored kWh: that of the best step which the grid leaves unserved, or what it saves of buying."""
    if not len(hours.step_kw):
        return np.zeros(len(first_cap))
    beyond = np.cumsum(hours.step_kw, axis=0) > bought_cap
    step = np.where(beyond.any(axis=0), np.argmax(beyond, axis=0), 0)
    unserved = np.take_along_axis(hours.worth_usd_per_kwh, step[None], axis=0)[0]
    saved = np.minimum(hours.worth_usd_per_kwh[0], hours.import_usd_per_kwh)
    return np.asarray(np.where(bought_cap >= first_cap, saved, unserved))


def _worth_more_now(hours: Hours, uses: _Uses, kept_usd: Array) -> Array:
    """What the second uses take before anything is stored [kW]: sales and steps worth no less than a stored kWh."""
    before = np.where(uses.sell >= kept_usd, uses.export_cap, 0.0)
    end = np.cumsum(hours.step_kw, axis=0)
    beyond = np.maximum(end - np.maximum(end - hours.step_kw, uses.first_cap), 0.0)
    pays = (hours.worth_usd_per_kwh > 0) & (hours.worth_usd_per_kwh >= kept_usd)
    taken: Array = before + np.where(pays, beyond, 0.0).sum(axis=0)
    return taken


def _charged(wanted_in: Array, wanted_out: Array, storage: Storage) -> tuple[Array, Array, Array]:
    """The one recursion: charge, discharge [kW] and state of charge [kWh] within the battery's window."""
    low, high, power, way, soc = storage
    ins, outs = np.minimum(wanted_in, power).tolist(), np.minimum(wanted_out, power).tolist()
    socs = [0.0] * len(ins)
    for h in range(len(socs)):
        ins[h] = max(0.0, min(ins[h], (high - soc) / way))
        outs[h] = max(0.0, min(outs[h], (soc - low) * way))
        soc = min(max(soc + ins[h] * way - outs[h] / way, low), high)
        socs[h] = soc
    return np.array(ins), np.array(outs), np.array(socs)


def _whole(
    hours: Hours, storage: Storage, uses: _Uses, wanted_in: Array, wanted_out: Array, flows: Callable[..., Any]
) -> Array:
    """The rule where machines run whole: what the last one lacks is given back to the grid, the battery, the sun in turn."""
    low, high, power, way, soc = storage
    out = np.empty((len(FLOWS), len(wanted_in)))
    for h in range(len(wanted_in)):
        room, held = (high - soc) / way, (soc - low) * way
        charge, discharge = max(0.0, min(wanted_in[h], power, room)), max(0.0, min(wanted_out[h], power, held))
        mined, imported, sold, curtailed = (float(flow) for flow in flows(charge, discharge, h))
        spare = _part_of_a_machine(mined, hours.step_kw[:, h], hours.whole_kw[:, h])  # type: ignore[index]
        mined -= spare
        unbought = min(spare, imported)
        undrawn = min(spare - unbought, discharge) if uses.miners_first[h] else 0.0
        spare, imported, discharge = spare - unbought - undrawn, imported - unbought, discharge - undrawn
        stored = max(0.0, min(spare, power - charge, room - charge)) if discharge == 0.0 else 0.0
        more = min(spare - stored, float(uses.export_cap[h]) - sold) if imported == 0.0 else 0.0
        charge += stored
        soc = min(max(soc + charge * way - discharge / way, low), high)
        out[:, h] = mined, charge, discharge, soc, imported, sold + more, curtailed + spare - stored - more
    return out


def _part_of_a_machine(mined_kw: float, step_kw: Array, whole_kw: Array) -> float:
    """What a draw has beyond whole machines, in the step that is loaded last [kW]."""
    for kw, one in zip(step_kw.tolist(), whole_kw.tolist(), strict=True):
        if mined_kw < kw:
            return max(mined_kw - float(np.floor(mined_kw / one + SPECK)) * one, 0.0) if one > 0 else 0.0
        mined_kw -= kw
    return 0.0


@cache
def _kernel() -> Callable[..., None]:
    """The compiled kernel: some seconds the first time on a machine, then from numba's cache on disk."""
    from core.models.dispatch_kernel import year

    compiled: Callable[..., None] = year
    return compiled


def compile_kernel() -> None:
    """Make the kernel ready; call it in a background thread at start, the twin answers meanwhile."""
    _kernel()


def is_compiled() -> bool:
    return _kernel.cache_info().currsize > 0
