"""The dispatch rule for numba: one body of the hour, and the loops that run it. Imports numba; import it late.

`year_flows` runs one plant and keeps every hour. `lane_blocks` runs designs in blocks of `LANES` side by side and
keeps sums only: time is the outer loop, lanes the inner one, and every choice is a select, so that LLVM makes vectors of
lanes. For that it must know the number of steps, so a kernel is compiled for each. Both call `_hour`, with one lane or
many, so a design gives the same in either to rounding.

All is in one file, as numba's cache on disk sees a change of this file alone.

Steps are sorted by worth, so those worth more than something are the first few, and the draw of the fleet is a stack
of which they fill the lowest part [kW].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Array = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])
LANES = 64
SPECK = 1e-9  # of a machine: what rounding may lack of a whole one
# rows of a plant as of `dispatch_rule.plant_rows`, one figure a lane each; the machines by step follow
DC, LOW, HIGH, POWER, WAY, PER_WAY, BOTH_WAYS, SOC, RESERVE, SCALE_IN, SCALE_OUT, MACHINES = range(12)
# rows of a block's sums in a bin, after those of the energy mined by step
CHARGED, DISCHARGED, BOUGHT, SOLD, CURTAILED, PAID_USD, EARNED_USD, PEAK_KW = range(8)


def within(function: F) -> F:
    """Put into the loops that call it; left to itself LLVM would call it, and then not make vectors of the loop."""
    return cast(F, njit(forceinline=True, error_model="numpy")(function))


@within
def _bought_stack(pv: float, hi: float, imp: float, pos: float, cap_in: float) -> tuple[float, float]:
    """Buying: how far the steps are filled [kW], and how much of it is imported."""
    own = min(pv, max(hi, min(imp, pos)))
    bought = min(cap_in, max(imp - own, 0.0))
    return own + bought, bought


@within
def _sold_stack(pv: float, hi: float, pos: float, cap_out: float) -> tuple[float, float]:
    """Selling: how far the steps are filled by sun [kW], and how much sun is exported."""
    own = min(pv, hi)
    sold = min(pv - own, cap_out)
    return own + min(pv - own - sold, pos - hi), sold


@within
def _filled(filled: float, below: float, above: float) -> float:
    """How much of a step runs [kW] that lies between two heights of the stack."""
    return min(max(filled - below, 0.0), above - below)


@within
def _sells(best: float, sell: float, buying_usd: float, selling_usd: float) -> bool:
    """Whether this hour follows the order of merit without imports. Equal: buy where steps beat sales, else sell."""
    return selling_usd > buying_usd if best >= sell else not buying_usd > selling_usd


@within
def _meant_in_reserve(worth: float, below: float, above: float, buy: float, cap_in: float) -> bool:
    """Whether a step is the best that the grid cannot serve: a battery in reserve is kept for it."""
    return (worth > buy) & (below <= cap_in) & (cap_in < above)


@within
def _meant_above_it(
    worth: float, below: float, above: float, imp: float, buy: float, sell: float, cap_in: float
) -> bool:
    """Whether a step is one that the grid cannot serve: a battery above its reserve serves down to the last of them."""
    grid = min(cap_in, imp)
    served = worth > buy if grid > 0.0 else worth >= sell
    return (worth > 0.0) & (grid < above) & (below < above) & served


@within
def _flows(
    pv: float, hi: float, imp: float, pos: float, worn: float, kept: float, stored_usd: float,
    buy: float, sell: float, cap_in: float, cap_out: float, wear: float, selling: bool, grid_best: bool,
    low: float, high: float, power: float, way: float, per_way: float, soc: float,
) -> tuple[float, float, float, float, float, float, float]:  # fmt: skip
    """The flows of an hour in the order of `FLOWS` [kW, kWh].

    hi, imp, pos, worn [kW]: steps worth the export price, more than imports, than nothing, than wear. kept: steps
    worth a stored kWh or more, `stored_usd`. selling: no imports; grid_best: selling beats the best step.
    """
    imp = 0.0 if selling else imp
    cap_in = 0.0 if selling else cap_in
    first = max(hi, min(imp, pos))
    cap_out = cap_out if imp <= pos else 0.0  # being paid for imports that steps without worth take
    better = kept + (cap_out if sell >= stored_usd else 0.0)
    charge = max(0.0, min(min(pv - better, power), (high - soc) * per_way))

    served = min(worn, kept)
    short = min(imp, served) - pv - cap_in
    saved = min(first, served) - pv if buy >= wear else 0.0
    unsold = cap_out - pv if sell > wear else 0.0
    wanted = unsold if grid_best else (short if short > 0.0 else saved)
    discharge = max(0.0, min(min(wanted, power), (soc - low) * way))
    soc = min(max(soc + charge * way - discharge * per_way, low), high)

    sun = pv - charge
    own = min(sun, first)
    sold = min(sun - own, cap_out)
    extra = min(sun - own - sold, pos - first)
    to_steps = 0.0 if grid_best else discharge
    imported = min(cap_in, max(imp - own - to_steps, 0.0))
    mining = own + to_steps + imported + extra
    return mining, charge, discharge, soc, imported, sold + (discharge - to_steps), sun - own - sold - extra


@within
def _hour(
    h: int, pv_per_kw: float, each_kw: Array, worth: Array, buy: float, sell: float, cap_in: float, cap_out: float,
    wear: float, contested: bool, plant: Array, lanes: int, j: int, steps: int,
) -> tuple[float, float, float, float, float, float, float]:  # fmt: skip
    """The flows of an hour in one lane, in the order of `FLOWS`. each_kw, worth (hours, steps); plant: rows of lanes.

    contested: whether any step may lie between a lower price of imports and a higher one of exports.
    """
    pv, cap_in = pv_per_kw * plant[DC * lanes + j], cap_in * plant[SCALE_IN * lanes + j]
    cap_out = cap_out * plant[SCALE_OUT * lanes + j] if sell > 0.0 else 0.0
    sell = sell if cap_out > 0.0 else 0.0
    hi, imp, pos, worn, above, best = 0.0, 0.0, 0.0, 0.0, 0.0, -np.inf
    for s in range(steps):
        usd, machines = worth[h, s], plant[(MACHINES + s) * lanes + j]
        above += machines * each_kw[h, s]
        pos = above if usd > 0.0 else pos
        hi = above if (usd >= sell) & (usd > 0.0) else hi
        imp = above if usd > buy else imp
        worn = above if usd > wear else worn
        best = max(best, usd if machines > 0.0 else -np.inf)
    buying_usd, selling_usd = 0.0, 0.0
    if contested:
        filled, bought = _bought_stack(pv, hi, imp, pos, cap_in)
        filled_selling, sold = _sold_stack(pv, hi, pos, cap_out)
        buying_usd, selling_usd, above = -buy * bought, sell * sold, 0.0
        for s in range(steps):
            below, above = above, above + plant[(MACHINES + s) * lanes + j] * each_kw[h, s]
            buying_usd += worth[h, s] * _filled(filled, below, above)
            selling_usd += worth[h, s] * _filled(filled_selling, below, above)
    apart = (imp > hi) & (sell > buy)
    selling = _sells(best, sell, buying_usd if apart else 0.0, selling_usd if apart else 0.0)
    grid_best = selling & (best < sell)
    in_reserve = above_it = min(best, buy)
    above = 0.0
    for s in range(steps):
        usd, below, above = worth[h, s], above, above + plant[(MACHINES + s) * lanes + j] * each_kw[h, s]
        in_reserve = usd if _meant_in_reserve(usd, below, above, buy, cap_in) else in_reserve
        if steps > 1:  # a single step is the best and the last
            above_it = usd if _meant_above_it(usd, below, above, imp, buy, sell, cap_in) else above_it
    soc = plant[SOC * lanes + j]
    above_it = above_it if steps > 1 else in_reserve
    later = in_reserve if soc <= plant[RESERVE * lanes + j] else above_it
    stored_usd = ((sell if grid_best else later) - wear) * plant[BOTH_WAYS * lanes + j]
    kept, above = 0.0, 0.0
    for s in range(steps):
        usd, above = worth[h, s], above + plant[(MACHINES + s) * lanes + j] * each_kw[h, s]
        kept = above if (usd > 0.0) & (usd >= stored_usd) else kept
    return _flows(
        pv, hi, imp, pos, worn, kept, stored_usd, buy, sell, cap_in, cap_out, wear, selling, grid_best,
        plant[LOW * lanes + j], plant[HIGH * lanes + j], plant[POWER * lanes + j], plant[WAY * lanes + j],
        plant[PER_WAY * lanes + j], soc,
    )  # fmt: skip


@within
def _part_of_a_machine(h: int, mined: float, step_kw: Array, whole_kw: Array) -> float:
    """What a draw has beyond whole machines, in the step that is loaded last [kW]."""
    for s in range(step_kw.shape[0]):
        kw, one = step_kw[s, h], whole_kw[s, h]
        if mined < kw:
            return max(mined - np.floor(mined / one + SPECK) * one, 0.0) if one > 0.0 else 0.0
        mined -= kw
    return 0.0


def _year_flows(
    pv_kw: Array, step_kw: Array, worth: Array, whole_kw: Array, buy_usd: Array, sell_usd: Array, in_kw: Array, out_kw: Array,
    wear: float, plant: Array, out: Array,
) -> None:  # fmt: skip
    """One plant, hour after hour; writes `out` (7, hours). step_kw, worth (steps, hours)."""
    steps, each_kw, worth_by_hour = step_kw.shape[0], step_kw.T, worth.T
    for h in range(pv_kw.size):
        mining, charge, discharge, soc, bought, sold, curtailed = _hour(
            h, pv_kw[h], each_kw, worth_by_hour, buy_usd[h], sell_usd[h], in_kw[h], out_kw[h], wear,
            max(sell_usd[h], 0.0) > buy_usd[h], plant, 1, 0, steps,
        )  # fmt: skip
        spare = _part_of_a_machine(h, mining, step_kw, whole_kw)
        if spare > 0.0:  # given back first to the grid, then to the battery, then to the sun
            mining -= spare
            unbought = min(spare, bought)
            undrawn = 0.0 if sold > 0.0 else min(spare - unbought, discharge)  # what is discharged may be sold
            bought, discharge = bought - unbought, discharge - undrawn
            spare -= unbought + undrawn
            low, high, way = plant[LOW], plant[HIGH], plant[WAY]
            room = min(plant[POWER], (high - plant[SOC]) / way) - charge
            stored = max(0.0, min(spare, room)) if discharge == 0.0 else 0.0
            more = min(spare - stored, out_kw[h] - sold) if bought == 0.0 and sell_usd[h] > 0.0 else 0.0
            charge, sold, curtailed = charge + stored, sold + more, curtailed + spare - stored - more
            soc = min(max(plant[SOC] + charge * way - discharge / way, low), high)
        plant[SOC] = soc
        out[0, h], out[1, h], out[2, h], out[3, h] = mining, charge, discharge, soc
        out[4, h], out[5, h], out[6, h] = bought, sold, curtailed


@within
def _lane_hour(
    h: int, pv: float, each_kw: Array, worth: Array, buy: float, sell: float, cap_in: float, cap_out: float,
    wear: float, contested: bool, plant: Array, acc: Array, steps: int,
) -> None:  # fmt: skip
    """An hour of a block: flows are added to `acc`, rows of LANES, and the charge in `plant` moves on."""
    for j in range(LANES):
        mining, charge, discharge, soc, bought, sold, curtailed = _hour(
            h, pv, each_kw, worth, buy, sell, cap_in, cap_out, wear, contested, plant, LANES, j, steps
        )
        plant[SOC * LANES + j] = soc
        acc[(steps + CHARGED) * LANES + j] += charge
        acc[(steps + DISCHARGED) * LANES + j] += discharge
        acc[(steps + BOUGHT) * LANES + j] += bought
        acc[(steps + SOLD) * LANES + j] += sold
        acc[(steps + CURTAILED) * LANES + j] += curtailed
        acc[(steps + PAID_USD) * LANES + j] += bought * buy
        acc[(steps + EARNED_USD) * LANES + j] += sold * sell
        acc[(steps + PEAK_KW) * LANES + j] = max(acc[(steps + PEAK_KW) * LANES + j], bought)
        above = 0.0
        for s in range(steps):
            below, above = above, above + plant[(MACHINES + s) * LANES + j] * each_kw[h, s]
            acc[s * LANES + j] += _filled(mining, below, above)


def _lane_blocks(steps: int) -> Callable[..., None]:
    """Blocks one after the other, for a number of steps known to the compiler, as only then it makes vectors."""

    def blocks(
        pv_per_kw: Array, each_kw: Array, worth: Array, buy_usd: Array, sell_usd: Array, in_kw: Array, out_kw: Array,
        bin_of_hour: Any, wear: float, plants: Array, sums: Array,
    ) -> None:  # fmt: skip
        """plants (blocks, rows of LANES), sums (blocks, bins, rows of LANES)."""
        for b in range(plants.shape[0]):
            plant = plants[b]
            for h in range(pv_per_kw.size):
                pv, buy, sell, cap_in, cap_out = pv_per_kw[h], buy_usd[h], sell_usd[h], in_kw[h], out_kw[h]
                acc = sums[b, bin_of_hour[h]]
                if max(sell, 0.0) > buy:  # whatever cannot be sold is worth nothing
                    _lane_hour(h, pv, each_kw, worth, buy, sell, cap_in, cap_out, wear, True, plant, acc, steps)
                else:
                    _lane_hour(h, pv, each_kw, worth, buy, sell, cap_in, cap_out, wear, False, plant, acc, steps)

    return blocks


def _given(dimensions: int) -> Any:
    return types.Array(types.float64, dimensions, "C", readonly=True)


def year_flows() -> Callable[..., None]:
    """`_year_flows`, compiled."""
    row, rows = _given(1), _given(2)
    plant, flows = types.Array(types.float64, 1, "C"), types.Array(types.float64, 2, "C")
    return compiled(_year_flows, row, rows, rows, rows, row, row, row, row, types.float64, plant, flows)


def lane_blocks(steps: int) -> Callable[..., None]:
    """The loop over blocks of designs for a number of steps, compiled."""
    row, rows = _given(1), _given(2)
    bins = types.Array(types.int64, 1, "C", readonly=True)
    plants, sums = types.Array(types.float64, 2, "C"), types.Array(types.float64, 3, "C")
    return compiled(_lane_blocks(steps), row, rows, rows, row, row, row, row, bins, types.float64, plants, sums)


def compiled(kernel: Callable[..., None], *arguments: Any) -> Callable[..., None]:
    """A kernel compiled for its arguments and for no others."""
    ready: Callable[..., None] = njit(types.void(*arguments), nogil=True, cache=True, error_model="numpy")(kernel)
    return ready
