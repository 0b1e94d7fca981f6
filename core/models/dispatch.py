"""Where every kilowatt-hour goes, hour by hour, by a rule that a controller can follow.

The rule is causal: it knows this hour's sun, prices and worth of mining, and nothing of the next. The fleet draws in
*steps*, each with its worth of a kWh, the best first; they are loaded in that order.

1. *Order.* Sun serves the steps worth at least the export price, then export, then the other steps of any worth.
   The grid serves steps while a mined kWh is worth more than an imported one costs. Where imports are cheaper than
   exports are paid, steps between the two prices can be bought for or let be: what earns more this hour is done, and
   in an hour that buys, sun serves them before export.
2. *Charge.* Sun that is left of better uses is stored, where a use is better if it earns now at least what a stored
   kWh, after losses and wear, earns later. Later it serves a step that the grid cannot, else saves imports. Which
   step: the best one while the battery is in reserve (the lower half of its window), the last one above. In an hour
   whose best use is export, it serves export.
3. *Discharge.* The battery serves, best first, the steps worth no less than it is: what the grid could not serve, and
   where the grid could serve everything, it saves imports. It does so where the gain passes the price of wear.
4. *Whole machines.* Where machines run whole hours or not at all, the part of one in the step that is loaded last is
   given back: first to the grid, then to the battery, then to the sun.
5. *Negative prices.* Nothing is exported at a price of zero or less. Paid for imports, the grid serves also steps of
   no worth, if the pay is more than they lose. Sun keeps its place before the grid even then: own sun is not
   curtailed to be paid for imports in its stead, and charge is not spent to save such imports.

Import and export never happen in the same hour, nor charging and discharging. The battery is charged by the sun
alone, so a plant that buys nothing never causes import.

Balance, each hour [kW]: pv + discharge + import = mining + charge + export + curtailed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.models.dispatch_rule import Choice, Offer, choice, plant_rows, reserve_kwh, settled

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
    """What the rule sees: sun [kW], draw and worth of each step of the fleet, prices [USD/kWh] and limits [kW] of the grid.

    `step_kw` and `worth_usd_per_kwh` are (steps, hours), all others (hours,). Worth is per kWh of site draw, net of
    pool fee and avoidable costs, and never rises along the steps. A limit of 0 is an hour without the grid. Prices may be
    negative. `wear_usd_per_kwh`: price of battery wear per kWh discharged. `whole_kw` (steps, hours): draw of one machine
    where machines run whole hours or not at all [kW]; None where an hour's mean may be any part of the fleet.
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

    def part(self, start: int, stop: int | None = None) -> Hours:
        """The hours from one on, or up to another."""
        some = slice(start, stop)
        return Hours(
            self.pv_kw[some],
            self.step_kw[:, some],
            self.worth_usd_per_kwh[:, some],
            self.import_usd_per_kwh[some],
            self.export_usd_per_kwh[some],
            self.import_limit_kw[some],
            self.export_limit_kw[some],
            self.wear_usd_per_kwh,
            None if self.whole_kw is None else self.whole_kw[:, some],
        )


def dispatch(hours: Hours, storage: Storage = NO_STORAGE, *, compiled: bool = True, out: Array | None = None) -> Array:
    """One year by the rule: flows (7, hours) in the order of `FLOWS`; power [kW], charge at the hour's end [kWh].

    `compiled` chooses the kernel; without it, or before it is compiled, the numpy twin gives the same to rounding.
    `out` is written to where given, which saves a sequence of years the cost of fresh memory.
    """
    out = np.empty((len(FLOWS), hours.pv_kw.size)) if out is None else out
    there = hours.step_kw.any(axis=1)  # a step without machines is none
    whole_kw = np.zeros_like(hours.step_kw) if hours.whole_kw is None else hours.whole_kw
    step_kw, worth, whole_kw = (
        steps if there.all() else steps[there] for steps in (hours.step_kw, hours.worth_usd_per_kwh, whole_kw)
    )
    grid = (hours.import_usd_per_kwh, hours.export_usd_per_kwh, hours.import_limit_kw, hours.export_limit_kw)
    if compiled and is_compiled():
        rows = [np.ascontiguousarray(values, np.float64) for values in (hours.pv_kw, step_kw, worth, whole_kw, *grid)]
        plant = plant_rows(1.0, storage, 1.0, 1.0, [1.0] * len(worth))  # hours are of the whole plant
        _kernel()(*rows, float(hours.wear_usd_per_kwh), np.array(plant, np.float64), out)
    else:
        best = worth[0] if len(worth) else np.full(hours.pv_kw.shape, -np.inf)
        offer = Offer(hours.pv_kw, step_kw, worth, best, *grid, hours.wear_usd_per_kwh)
        out[:] = _twin(offer, storage) if hours.whole_kw is None else _whole_twin(offer, storage, whole_kw)
    return out


def step_flows(mining_kw: Array, step_kw: Array) -> Array:
    """Mining split into the steps that carry it, (…,) and (steps, …) → (steps, …) [kW]: loaded in order."""
    if len(step_kw) == 1:
        return mining_kw[None]
    above = np.cumsum(step_kw, axis=0)
    below = np.concatenate([np.zeros_like(above[:1]), above[:-1]])
    return np.asarray(np.clip(mining_kw, below, above) - below)


def _twin(offer: Offer, storage: Storage) -> Array:
    """The rule in plain numpy: everything but the state of charge is one expression over the year."""
    chosen = choice(offer, storage.one_way_efficiency_frac)
    charge, discharge, soc = _charged(chosen, storage)
    mining, imported, exported, curtailed = settled(offer.pv_kw, chosen, charge, discharge)
    return np.stack([mining, charge, discharge, soc, imported, exported, curtailed])


def _charged(chosen: Choice, storage: Storage) -> tuple[Array, Array, Array]:
    """The one recursion: charge, discharge [kW] and state of charge [kWh] within the battery's window."""
    low, high, power, way, soc = storage
    ins, outs = np.minimum(chosen.charge_kw, power).T.tolist(), np.minimum(chosen.discharge_kw, power).T.tolist()
    socs, reserve = [0.0] * len(ins), reserve_kwh(low, high)
    for h in range(len(socs)):
        level = int(soc > reserve)
        ins[h] = max(0.0, min(ins[h][level], (high - soc) / way))
        outs[h] = max(0.0, min(outs[h][level], (soc - low) * way))
        soc = min(max(soc + ins[h] * way - outs[h] / way, low), high)
        socs[h] = soc
    return np.array(ins), np.array(outs), np.array(socs)


def _whole_twin(offer: Offer, storage: Storage, whole_kw: Array) -> Array:
    """The rule where machines run whole, an hour after the other, as what a machine lacks stays in the battery."""
    low, high, power, way, soc = storage
    chosen, reserve = choice(offer, way), reserve_kwh(low, high)
    room_kw = np.where(offer.sell_usd_per_kwh > 0, offer.export_kw, 0.0).tolist()
    out = np.empty((len(FLOWS), offer.pv_kw.size))
    for h in range(offer.pv_kw.size):
        level, here, room = int(soc > reserve), _of_hour(chosen, h), (high - soc) / way
        charge = max(0.0, min(float(here.charge_kw[level]), power, room))
        discharge = max(0.0, min(float(here.discharge_kw[level]), power, (soc - low) * way))
        mined, imported, sold, curtailed = (
            float(flow) for flow in settled(offer.pv_kw[h], here, np.array(charge), np.array(discharge))
        )
        spare = _part_of_a_machine(mined, offer.step_kw[:, h], whole_kw[:, h])
        mined -= spare
        unbought = min(spare, imported)
        undrawn = 0.0 if here.grid_best else min(spare - unbought, discharge)
        spare, imported, discharge = spare - unbought - undrawn, imported - unbought, discharge - undrawn
        stored = max(0.0, min(spare, power - charge, room - charge)) if discharge == 0.0 else 0.0
        more = min(spare - stored, room_kw[h] - sold) if imported == 0.0 else 0.0
        charge += stored
        soc = min(max(soc + charge * way - discharge / way, low), high)
        out[:, h] = mined, charge, discharge, soc, imported, sold + more, curtailed + spare - stored - more
    return out


def _of_hour(chosen: Choice, h: int) -> Choice:
    parts: Any = (part[..., h] for part in chosen)
    return Choice(*parts)


def _part_of_a_machine(mined_kw: float, step_kw: Array, whole_kw: Array) -> float:
    """What a draw has beyond whole machines, in the step that is loaded last [kW]."""
    for kw, one in zip(step_kw.tolist(), whole_kw.tolist(), strict=True):
        if mined_kw < kw:
            return max(mined_kw - math.floor(mined_kw / one + SPECK) * one, 0.0) if one > 0 else 0.0
        mined_kw -= kw
    return 0.0


@cache
def _kernel() -> Callable[..., None]:
    """The compiled kernel: some seconds the first time on a machine, then from numba's cache on disk."""
    from core.models import dispatch_kernel

    return dispatch_kernel.year_flows()


def compile_kernel() -> None:
    """Make the kernel ready; call it in a background thread at start, the twin answers meanwhile."""
    _kernel()


def is_compiled() -> bool:
    return _kernel.cache_info().currsize > 0
