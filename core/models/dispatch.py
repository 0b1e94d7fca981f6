"""Where every kilowatt-hour goes, hour by hour, by a rule that a controller can follow.

The rule is causal: it knows this hour's sun, prices and worth of mining, and nothing of the next.

1. *First use.* Mining or export, whichever earns more this hour. Sun serves it first.
2. *Second use and storage.* Sun that is left is stored if a stored kWh, after losses, is worth more later than
   the second use is worth now; then the second use takes its part; what nobody wants is curtailed.
3. *Discharge.* The battery serves what the sun left unserved of the first use: first what the grid could not serve,
   and where the grid could serve everything, it saves imports.
4. *Import.* The grid serves miners only while a mined kWh is worth more than an imported one costs.

Import and export never happen in the same hour, nor charging and discharging. The battery is charged by the sun
alone, so a plant that buys nothing never causes import.

Balance, each hour [kW]: pv + discharge + import = mining + charge + export + curtailed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FLOWS = ("mining_kw", "charge_kw", "discharge_kw", "soc_kwh", "import_kw", "export_kw", "curtailed_kw")


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
    """What the rule sees, each array (hours,): sun and fleet [kW], worth of a mined kWh and prices [USD/kWh].

    `mine_usd_per_kwh` is per kWh of site draw, net of pool fee and avoidable costs.
    """

    pv_kw: Array
    fleet_kw: Array
    mine_usd_per_kwh: Array
    import_usd_per_kwh: Array
    export_usd_per_kwh: Array
    import_limit_kw: float
    export_limit_kw: float


def dispatch(hours: Hours, storage: Storage = NO_STORAGE, *, compiled: bool = True, out: Array | None = None) -> Array:
    """One year by the rule: flows (7, hours) in the order of `FLOWS`; power [kW], charge at the hour's end [kWh].

    `compiled` chooses the kernel; without it, or before it is compiled, the numpy twin gives the same to rounding.
    `out` is written to where given, which saves a sequence of years the cost of fresh memory.
    """
    out = np.empty((len(FLOWS), hours.pv_kw.size)) if out is None else out
    if compiled and is_compiled():
        limits = np.array([hours.import_limit_kw, hours.export_limit_kw], dtype=np.float64)
        series = (
            hours.pv_kw,
            hours.fleet_kw,
            hours.mine_usd_per_kwh,
            hours.import_usd_per_kwh,
            hours.export_usd_per_kwh,
        )
        _kernel()(*series, limits, np.array(storage, dtype=np.float64), out)
    else:
        out[:] = _twin(hours, storage)
    return out


def _twin(hours: Hours, storage: Storage) -> Array:
    """The rule in plain numpy: everything but the state of charge is one expression over the year."""
    uses = _uses(hours)
    first = np.minimum(hours.pv_kw, uses.first_cap)
    left = hours.pv_kw - first
    gap = uses.first_cap - first
    covered = np.minimum(uses.import_cap, gap)
    wanted_out = np.where(covered < gap, gap - covered, gap)
    wanted_in = np.where(
        uses.later * storage.one_way_efficiency_frac**2 > uses.now, left, np.maximum(left - uses.second_cap, 0.0)
    )
    charge, discharge, soc = _charged(wanted_in, wanted_out, storage)
    second = np.minimum(left - charge, uses.second_cap)
    imported = np.minimum(uses.import_cap, gap - discharge)
    served = first + discharge + imported
    mining = np.where(uses.mining_first, served, second)
    exported = np.where(uses.mining_first, second, served)
    return np.stack([mining, charge, discharge, soc, imported, exported, left - charge - second])


class _Uses(NamedTuple):
    """Per hour: which use comes first, what each can take [kW], what a stored kWh earns later or gives up now [USD]."""

    mining_first: NDArray[np.bool_]
    first_cap: Array
    second_cap: Array
    import_cap: Array
    later: Array
    now: Array


def _uses(hours: Hours) -> _Uses:
    mine, buy = hours.mine_usd_per_kwh, hours.import_usd_per_kwh
    fleet = np.where(mine > 0, hours.fleet_kw, 0.0)
    export_cap = np.where(hours.export_usd_per_kwh > 0, hours.export_limit_kw, 0.0)
    sell = np.where(export_cap > 0, hours.export_usd_per_kwh, 0.0)
    import_cap = np.where(mine > buy, hours.import_limit_kw, 0.0)
    mining_first = (mine >= sell) | (
        _earned_mining_first(hours.pv_kw, fleet, mine, buy, sell, import_cap, export_cap)
        > _earned_selling_first(hours.pv_kw, fleet, mine, sell, export_cap)
    )
    return _Uses(
        mining_first,
        first_cap=np.where(mining_first, fleet, export_cap),
        second_cap=np.where(mining_first, export_cap, fleet),
        import_cap=np.where(mining_first, import_cap, 0.0),
        later=np.where(mining_first, np.where(import_cap >= fleet, np.minimum(mine, buy), mine), sell),
        now=np.maximum(np.where(mining_first, sell, mine), 0.0),
    )


def _earned_mining_first(
    pv: Array, fleet: Array, mine: Array, buy: Array, sell: Array, import_cap: Array, export_cap: Array
) -> Array:
    """USD/h when sun serves miners before the grid, imports included, the battery apart."""
    own = np.minimum(pv, fleet)
    bought = np.minimum(import_cap, fleet - own)
    sold = np.minimum(pv - own, export_cap)
    return mine * own + (mine - buy) * bought + sell * sold


def _earned_selling_first(pv: Array, fleet: Array, mine: Array, sell: Array, export_cap: Array) -> Array:
    """USD/h when sun serves the grid before miners; nothing can be imported while exporting."""
    sold = np.minimum(pv, export_cap)
    return sell * sold + mine * np.minimum(pv - sold, fleet)


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


def _kernel_source(
    pv_kw: Array,
    fleet_kw: Array,
    mine_usd: Array,
    buy_usd: Array,
    sell_usd: Array,
    limits_kw: Array,
    storage: Array,
    out: Array,
) -> None:
    """The rule hour after hour, for numba; writes `out` (7, hours)."""
    low, high, power, way, soc = storage[0], storage[1], storage[2], storage[3], storage[4]
    for h in range(pv_kw.size):
        pv, mine, buy = pv_kw[h], mine_usd[h], buy_usd[h]
        fleet = fleet_kw[h] if mine > 0.0 else 0.0
        export_cap = limits_kw[1] if sell_usd[h] > 0.0 else 0.0
        sell = sell_usd[h] if export_cap > 0.0 else 0.0
        import_cap = limits_kw[0] if mine > buy else 0.0
        mining_first = mine >= sell
        if not mining_first:
            own, sold = min(pv, fleet), min(pv, export_cap)
            by_mining = mine * own + (mine - buy) * min(import_cap, fleet - own) + sell * min(pv - own, export_cap)
            mining_first = by_mining > sell * sold + mine * min(pv - sold, fleet)
        if mining_first:
            first_cap, second_cap, now = fleet, export_cap, max(sell, 0.0)
            later = min(mine, buy) if import_cap >= fleet else mine
        else:
            first_cap, second_cap, now, later, import_cap = export_cap, fleet, max(mine, 0.0), sell, 0.0
        first = min(pv, first_cap)
        left, gap = pv - first, first_cap - first
        wanted = left if later * way * way > now else max(left - second_cap, 0.0)
        charge = max(0.0, min(min(wanted, power), (high - soc) / way))
        covered = min(import_cap, gap)
        wanted = gap - covered if covered < gap else gap
        discharge = max(0.0, min(min(wanted, power), (soc - low) * way))
        soc = min(max(soc + charge * way - discharge / way, low), high)
        second = min(left - charge, second_cap)
        imported = min(import_cap, gap - discharge)
        served = first + discharge + imported
        out[0, h] = served if mining_first else second
        out[1, h] = charge
        out[2, h] = discharge
        out[3, h] = soc
        out[4, h] = imported
        out[5, h] = second if mining_first else served
        out[6, h] = left - charge - second


@cache
def _kernel() -> Callable[..., None]:
    """The compiled kernel: about a second the first time on a machine, then from numba's cache on disk."""
    from numba import njit, types

    series, flows = types.Array(types.float64, 1, "C", readonly=True), types.Array(types.float64, 2, "C")
    signature = types.void(*[series] * 7, flows)
    compiled: Callable[..., None] = njit(signature, cache=True, nogil=True)(_kernel_source)
    return compiled


def compile_kernel() -> None:
    """Make the kernel ready; call it in a background thread at start, the twin answers meanwhile."""
    _kernel()


def is_compiled() -> bool:
    return _kernel.cache_info().currsize > 0
