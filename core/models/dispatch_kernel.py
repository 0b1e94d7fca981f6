"""The dispatch rule for numba: one body of the hour, and the loops that run it. Imports numba; import it late.

`year_flows` runs one plant and keeps every hour. `lane_sums` runs designs in blocks of `LANES` side by side and keeps
sums only: time is the outer loop, lanes the inner ones, and every choice is a select, so that LLVM turns eight lanes
into one vector of float64. Both call the same functions for an hour, so a design gives the same in either to rounding.

All is in one file, as numba's cache on disk sees a change of this file alone.

Steps are sorted by worth, so whatever is "worth more than" something is the first few of them: `stack` holds how many
kW the first 0, 1, 2, … steps draw.
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
OWN_FIELDS = 8  # of a design: dc, low, high, power, way, soc, scales of the limits; its machines by step follow
SUM_FIELDS = (
    8  # of a bin: charge, discharge, import, export, curtailed [kWh], both moneys [USD], peak [kW]; steps follow
)


def fast(function: F) -> F:
    return cast(F, njit(nogil=True, cache=True, error_model="numpy")(function))


@fast
def _count_above(worth: Array, h: int, floor: float) -> int:
    """How many steps are worth more than a floor [USD/kWh] in an hour."""
    count = 0
    for s in range(worth.shape[0]):
        count += worth[s, h] > floor
    return count


@fast
def _count_from(worth: Array, h: int, floor: float) -> int:
    """How many steps are worth the floor or more, and more than nothing."""
    count = 0
    for s in range(worth.shape[0]):
        count += (worth[s, h] >= floor) and (worth[s, h] > 0.0)
    return count


@fast
def _bought_stack(pv: float, hi: float, imp: float, pos: float, cap_in: float) -> tuple[float, float]:
    """Buying: how far the steps are filled [kW], and how much of it is imported."""
    own = min(pv, max(hi, min(imp, pos)))
    bought = min(cap_in, max(imp - own, 0.0))
    return own + bought, bought


@fast
def _sold_stack(pv: float, hi: float, pos: float, cap_out: float) -> tuple[float, float]:
    """Selling: how far the steps are filled by sun [kW], and how much sun is exported."""
    own = min(pv, hi)
    sold = min(pv - own, cap_out)
    return own + min(pv - own - sold, pos - hi), sold


@fast
def _filled(filled: float, below: float, above: float) -> float:
    """How much of a step runs [kW] that lies between two heights of the stack."""
    return min(max(filled - below, 0.0), above - below)


@fast
def _sells(best: float, sell: float, buying_usd: float, selling_usd: float) -> bool:
    """Whether this hour follows the order of merit without imports. Equal: buy where steps beat sales, else sell."""
    return selling_usd > buying_usd if best >= sell else not buying_usd > selling_usd


@fast
def _unserved(
    worth: float, below: float, above: float, imp: float, buy: float, sell: float, cap_in: float, reserve: bool
) -> bool:
    """Whether a stored kWh is meant for this step: in reserve the best one that the grid cannot serve, else the last.

    Asked of step after step, the last that says yes counts; where none does, the charge saves imports.
    """
    grid = min(cap_in, imp)
    first = (worth > buy) & (below <= cap_in) & (cap_in < above)
    last = (worth > 0.0) & (grid < above) & (below < above) & (worth > buy if grid > 0.0 else worth >= sell)
    return first if reserve else last


@fast
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


@fast
def _part_of_a_machine(h: int, mined: float, step_kw: Array, whole_kw: Array) -> float:
    """What a draw has beyond whole machines, in the step that is loaded last [kW]."""
    for s in range(step_kw.shape[0]):
        kw, one = step_kw[s, h], whole_kw[s, h]
        if mined < kw:
            return max(mined - np.floor(mined / one + SPECK) * one, 0.0) if one > 0.0 else 0.0
        mined -= kw
    return 0.0


@fast
def _given_back(
    spare: float, flows: tuple[float, float, float, float, float, float, float], to_grid: bool, cap_out: float,
    low: float, high: float, power: float, way: float, soc: float,
) -> tuple[float, float, float, float, float, float, float]:  # fmt: skip
    """The flows without a part of a machine, which goes first to the grid, then to the battery, then to the sun.

    soc: before the hour; to_grid: what is discharged is sold.
    """
    mined, charge, discharge, _, imported, sold, curtailed = flows
    unbought = min(spare, imported)
    undrawn = 0.0 if to_grid else min(spare - unbought, discharge)
    imported -= unbought
    discharge -= undrawn
    left = spare - unbought - undrawn
    stored = max(0.0, min(min(left, power - charge), (high - soc) / way - charge)) if discharge == 0.0 else 0.0
    more = min(left - stored, cap_out - sold) if imported == 0.0 else 0.0
    charge += stored
    soc = min(max(soc + charge * way - discharge / way, low), high)
    return mined - spare, charge, discharge, soc, imported, sold + more, curtailed + left - stored - more


@fast
def _year_flows(
    pv_kw: Array, step_kw: Array, worth: Array, whole_kw: Array, buy_usd: Array, sell_usd: Array, in_kw: Array, out_kw: Array,
    wear: float, storage: tuple[float, float, float, float, float, float], out: Array,
) -> None:  # fmt: skip
    """One plant, hour after hour; writes `out` (7, hours). storage: `Storage`, then the charge below which it is in reserve."""
    steps = step_kw.shape[0]
    low, high, power, way, soc, reserve_kwh = storage
    per_way, both_ways = 1.0 / way, way * way
    stack = np.zeros(steps + 1)
    for h in range(pv_kw.size):
        pv, buy, cap_in = pv_kw[h], buy_usd[h], in_kw[h]
        cap_out = out_kw[h] if sell_usd[h] > 0.0 else 0.0
        sell = sell_usd[h] if cap_out > 0.0 else 0.0
        best = worth[0, h] if steps else -np.inf
        for s in range(steps):
            stack[s + 1] = stack[s] + step_kw[s, h]
        hi, imp = stack[_count_from(worth, h, sell)], stack[_count_above(worth, h, buy)]
        pos, worn = stack[_count_above(worth, h, 0.0)], stack[_count_above(worth, h, wear)]
        buying_usd, selling_usd = 0.0, 0.0
        if imp > hi and sell > buy:
            filled, bought = _bought_stack(pv, hi, imp, pos, cap_in)
            filled_selling, sold = _sold_stack(pv, hi, pos, cap_out)
            buying_usd, selling_usd = -buy * bought, sell * sold
            for s in range(steps):
                buying_usd += worth[s, h] * _filled(filled, stack[s], stack[s + 1])
                selling_usd += worth[s, h] * _filled(filled_selling, stack[s], stack[s + 1])
        selling = _sells(best, sell, buying_usd, selling_usd)
        grid_best = selling and best < sell
        reserve = soc <= reserve_kwh
        later = sell if grid_best else min(best, buy)
        for s in range(steps):
            unserved = _unserved(worth[s, h], stack[s], stack[s + 1], imp, buy, sell, cap_in, reserve)
            later = worth[s, h] if unserved and not grid_best else later
        stored_usd = (later - wear) * both_ways
        kept = 0.0
        for s in range(steps):
            kept = stack[s + 1] if (worth[s, h] > 0.0) & (worth[s, h] >= stored_usd) else kept
        flows = _flows(
            pv, hi, imp, pos, worn, kept, stored_usd, buy, sell, cap_in, cap_out, wear, selling, grid_best,
            low, high, power, way, per_way, soc,
        )  # fmt: skip
        spare = _part_of_a_machine(h, flows[0], step_kw, whole_kw)
        if spare > 0.0:
            room_out = cap_out if (0.0 if selling else imp) <= pos else 0.0
            flows = _given_back(spare, flows, grid_best, room_out, low, high, power, way, soc)
        soc = flows[3]
        out[0, h], out[1, h], out[2, h], out[3, h], out[4, h], out[5, h], out[6, h] = flows


def _given(dimensions: int) -> Any:
    return types.Array(types.float64, dimensions, "C", readonly=True)


def year_flows() -> Callable[..., None]:
    """`_year_flows`, compiled."""
    row, rows = _given(1), _given(2)
    flows = types.Array(types.float64, 2, "C")
    storage = types.UniTuple(types.float64, 6)  # type: ignore[no-untyped-call]
    return compiled(_year_flows, row, rows, rows, rows, row, row, row, row, types.float64, storage, flows)


def compiled(kernel: Any, *arguments: Any) -> Callable[..., None]:
    """A kernel compiled for its arguments and for no others."""
    kernel.compile(arguments)
    kernel.disable_compile()
    return cast("Callable[..., None]", kernel)
