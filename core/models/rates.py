"""Rates of return: the roots of a cash flow's present worth, one row or ten thousand at once.

Cash is in +, out −, one figure a period on the last axis, the first undiscounted; any leading axes.

Most rows provably have one rate or none on either side of 0 (`_bounds`); those are solved directly, by a compiled kernel
where it is ready and by its numpy twin otherwise. The rest is searched for every root.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import rows

Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Broadcast: TypeAlias = Any  # a float for one row of cash, else an array of the leading axes' shape

ROWS_AT_ONCE = 4096  # bounds the memory of the search for rates of return
STEPS_TO_ROOT = 200  # halvings alone need 60 from the widest bracket
ROUNDING = 4e-16
WIDE = 0.1
QUADRATIC = 1e-11  # after a step of Newton's this small, the next digit lost is beyond double precision
NODES = (
    np.sinh(np.linspace(0.0, np.arcsinh(710.0 / 0.05), 129)) * 0.05
)  # ln(1 + rate), fine near 0, to the end of floats
SUMMINGS = 6  # each running sum of running sums bounds the number of roots more sharply
LANES = 64
MANY_ROWS = 512  # from here on a Python step a period costs less than an exponential a cell


def irr(cash_usd: ArrayLike, *, compiled: bool = True) -> Broadcast:
    """Internal rate of return: the rate at which NPV is 0.

    rate > −1 with Σ cash_t / (1 + rate)^t = 0; of several, the one nearest 0.

    cash_usd [USD], shape (…, years). nan where no rate exists, as where cash never changes sign; `irr_count` says where
    there are several. `compiled` chooses the kernel; without it, or before it is compiled, the numpy twin gives the same to
    rounding. Source: Brealey, Myers & Allen (2020), Principles of Corporate Finance; numpy-financial for the choice among several.
    """
    return irr_and_count(cash_usd, compiled=compiled)[0]


def irr_count(cash_usd: ArrayLike) -> Any:
    """How many internal rates of return there are.

    Number of rates > −1 at which NPV crosses 0; a rate at which it only touches 0 counts twice.

    cash_usd [USD], shape (…, years). Returns integers. 0: none; 1: `irr` may be trusted; more: judge by NPV.
    Source: Descartes' rule of signs, on running sums; where it leaves more than one open, counted by search.
    """
    return irr_and_count(cash_usd)[1]


def irr_and_count(cash_usd: ArrayLike, *, compiled: bool = True) -> tuple[Broadcast, Any]:
    """`irr` and `irr_count`, from one search."""
    cash = checked_rows("cash_usd", cash_usd)
    flat = cash.reshape(-1, cash.shape[-1])
    row, rate = _rates_of_return(flat, compiled)
    count = np.bincount(row, minlength=len(flat))
    best = np.full(len(flat), np.nan)
    order = np.lexsort((np.abs(rate), row))
    best[count > 0] = rate[order][np.append(0, np.cumsum(count)[:-1])[count > 0]]
    shape = cash.shape[:-1]
    return best.reshape(shape)[()], count.reshape(shape)[()]


# Finding rates. With y = ln(1 + rate), NPV is Σ cash_t · e^(−y·t), smooth and finite for y ≥ 0. Rates below 0 are found
# as rates above 0 of the same cash read backwards: multiplying NPV by (1 + rate)^n moves no root.


def _rates_of_return(cash: Floats, compiled: bool) -> tuple[NDArray[np.intp], Floats]:
    """Every rate at which NPV is 0, as (row, rate) pairs."""
    rows, rates = [np.empty(0, np.intp)], [np.empty(0)]
    for start in range(0, len(cash), ROWS_AT_ONCE):
        some = cash[start : start + ROWS_AT_ONCE]
        above_at_0 = some.sum(axis=-1) > 0.0  # one verdict for both directions, or rounding loses a rate of 0
        known, odd = _known(some, above_at_0, compiled)
        for side, (sign, one_way) in enumerate(((1.0, some), (-1.0, some[:, ::-1]))):
            alone, several = np.flatnonzero(known[side] & odd[side]), np.flatnonzero(~known[side])
            y_alone = _alone(_left_aligned(one_way[alone]), above_at_0[alone], compiled)
            row, y = _roots(_left_aligned(one_way[several]), above_at_0[several], compiled)
            rows += [alone + start, several[row] + start]
            rates += [np.expm1(sign * y_alone), np.expm1(sign * y)]
    return np.concatenate(rows), np.concatenate(rates)


def _known(cash: Floats, above_at_0: Mask, compiled: bool) -> tuple[Mask, Mask]:
    """Whether there is at most one rate for sure, and whether their number is odd: above 0 and below, each (2, rows).

    Odd or not follows from the signs of NPV at a side's ends.
    """
    if compiled and is_compiled():
        known, odd = np.empty((2, len(cash)), np.bool_), np.empty((2, len(cash)), np.bool_)
        _kernels().known(np.ascontiguousarray(cash), above_at_0, known, odd)
        return known, odd
    largest = np.abs(cash).max(axis=-1, initial=0.0)
    scaled = cash / np.where(largest > 0, largest, 1.0)[:, None]
    clear = np.abs(scaled.sum(axis=-1)) > scaled.shape[-1] * ROUNDING * np.abs(scaled).sum(axis=-1)
    sides = [_side(one_way, above_at_0) for one_way in (scaled, scaled[:, ::-1])]
    return np.stack([clear & side[0] for side in sides]), np.stack([side[1] for side in sides])


def _side(one_way: Floats, above_at_0: Mask) -> tuple[Mask, Mask]:
    """Whether a side of 0 has at most one rate for sure, and whether their number is odd."""
    first = np.take_along_axis(one_way, np.argmax(one_way != 0.0, axis=-1)[:, None], axis=-1)[:, 0]
    odd = (first > 0.0) != above_at_0
    bound = _bound(one_way, above_at_0)
    return (bound == 1) | ((bound == 0) & ~odd), odd


def _bound(one_way: Floats, above_at_0: Mask) -> NDArray[np.intp]:
    """No fewer than the rates above 0: changes of sign of the running sums, of their running sums, and so on.

    Σ c_t·x^t = (1 − x)^k · Σ S_t·x^t for x = 1 / (1 + rate) < 1, S the k-fold running sums, and Descartes' rule holds for
    the S. Beyond the last period S is a sum of binomials times the last k-fold, (k − 1)-fold, … sum, so it changes sign no
    more often than these do in turn. Stops where one is left. Source: Norstrøm (1972) for k = 1.
    """
    least = np.full(len(one_way), one_way.shape[-1])
    open_rows, sums, later, last = np.arange(len(one_way)), one_way, np.zeros(len(one_way), np.intp), above_at_0
    for _ in range(SUMMINGS):
        sums = np.cumsum(sums, axis=-1)
        positive = sums > 0.0
        later, last = later + (positive[:, -1] != last), positive[:, -1]
        changes = np.count_nonzero(positive[:, 1:] != positive[:, :-1], axis=-1)
        least[open_rows] = np.minimum(least[open_rows], changes + later)
        left = least[open_rows] > 1
        open_rows, sums, later, last = open_rows[left], sums[left], later[left], last[left]
    return least


def _alone(coefficients: Floats, above_at_0: Mask, compiled: bool) -> Floats:
    """The one y > 0 at which each row's Σ c_t · e^(−y·t) is 0."""
    low, high = np.zeros(len(coefficients)), np.full(len(coefficients), NODES[-1])
    return _root(coefficients, low, high, above_at_0, compiled)


def _known_source(cash: Floats, above_at_0: Mask, known: Mask, odd: Mask) -> None:
    """`_known` for numba: writes `known` and `odd` (2, rows)."""
    rows, periods = cash.shape
    sums = np.zeros(periods)
    for r in range(rows):
        largest, total, size = 0.0, 0.0, 0.0
        for t in range(periods):
            largest = max(largest, abs(cash[r, t]))
        scale = 1.0 / largest if largest > 0.0 and 1.0 / largest < np.inf else 1.0
        for t in range(periods):
            total += cash[r, t] * scale
            size += abs(cash[r, t] * scale)
        clear = abs(total) > periods * ROUNDING * size
        for way in range(2):
            at, onwards = (0, 1) if way == 0 else (periods - 1, -1)
            first, place = 0.0, at
            for _ in range(periods):
                if cash[r, place] != 0.0:
                    first = cash[r, place]
                    break
                place += onwards
            odd[way, r] = (first > 0.0) != above_at_0[r]
            for i in range(periods):
                sums[i] = cash[r, at + onwards * i] * scale
            least, later, last = periods, 0, above_at_0[r]
            for _ in range(SUMMINGS):
                running, changes, before = 0.0, 0, sums[0] > 0.0
                for i in range(periods):
                    running += sums[i]
                    sums[i] = running
                    changes += (running > 0.0) != before
                    before = running > 0.0
                later += before != last
                last = before
                least = min(least, changes + later)
                if least <= 1:
                    break
            known[way, r] = clear and (least == 1 or (least == 0 and not odd[way, r]))


class _Kernels(NamedTuple):
    known: Callable[..., None]
    scan: Callable[..., None]
    root: Callable[..., None]


@cache
def _kernels() -> _Kernels:
    """The compiled kernels: some seconds the first time on a machine, then from numba's cache on disk."""
    from numba import njit, types

    def built(source: Callable[..., None], *arguments: Any) -> Callable[..., None]:
        ready: Callable[..., None] = njit(types.void(*arguments), cache=True, nogil=True, error_model="numpy")(source)
        return ready

    def given(dtype: Any, dimensions: int) -> Any:
        return types.Array(dtype, dimensions, "C", readonly=True)  # takes writable arrays too

    row, matrix = types.Array(types.float64, 1, "C"), types.Array(types.float64, 2, "C")
    masks = types.Array(types.boolean, 2, "C")
    cash, side = given(types.float64, 2), given(types.boolean, 1)
    return _Kernels(
        built(_known_source, cash, side, masks, masks),
        built(_scan_source, cash, given(types.float64, 1), matrix),
        built(_root_source, cash, row, row, side, row),
    )


def compile_kernel() -> None:
    """Make the kernel ready; call it in a background thread at start, the twin answers meanwhile."""
    _kernels()


def is_compiled() -> bool:
    return _kernels.cache_info().currsize > 0


def _roots(coefficients: Floats, above_at_0: Mask, compiled: bool) -> tuple[NDArray[np.intp], Floats]:
    """Every y ≥ 0 at which Σ c_t · e^(−y·t) crosses 0, as (row, y) pairs.

    Between two nodes of different sign lies one crossing; on either side of a dip through 0 between two nodes lies one too.
    """
    above = _scan(coefficients, NODES, compiled) > 0.0
    slope = _scan(coefficients * -np.arange(coefficients.shape[-1], dtype=np.float64), NODES, compiled)
    above[:, 0] = above_at_0
    row, cell = np.nonzero(above[:, 1:] != above[:, :-1])
    simple = _root(coefficients[row], NODES[cell], NODES[cell + 1], above[row, cell], compiled)
    dip_row, low, dip, high, side = _dips_through_0(coefficients, above, slope, compiled)
    first, second = (
        _root(coefficients[dip_row], low, dip, side, compiled),
        _root(coefficients[dip_row], dip, high, ~side, compiled),
    )
    return np.concatenate([row, dip_row, dip_row]), np.concatenate([simple, first, second])


def _scan(coefficients: Floats, nodes: Floats, compiled: bool) -> Floats:
    """Σ c_t · e^(−y·t) at every node, (rows, nodes)."""
    if compiled and is_compiled():
        values = np.empty((len(coefficients), nodes.size))
        _kernels().scan(coefficients, nodes, values)
        return values
    times = np.arange(coefficients.shape[-1], dtype=np.float64)
    # rows are few: a threaded matrix product would cost more to start than to do
    found: Floats = np.einsum("rt,tn->rn", coefficients, np.exp(-np.outer(times, nodes)))
    return found


def _scan_source(coefficients: Floats, nodes: Floats, values: Floats) -> None:
    """`_scan` for numba, a row's nodes side by side; writes `values` (rows, nodes)."""
    rows, periods = coefficients.shape
    x, value = np.exp(-nodes), np.zeros(nodes.size)
    x[x < 1e-300] = 0.0  # denormal numbers are slow
    for row in range(rows):
        value[:] = 0.0
        for i in range(periods):
            c = coefficients[row, periods - 1 - i]
            for k in range(nodes.size):
                value[k] = value[k] * x[k] + c
        values[row] = value


def _dips_through_0(
    coefficients: Floats, above: Mask, slope: Floats, compiled: bool
) -> tuple[NDArray[np.intp], Floats, Floats, Floats, Mask]:
    """Cells with both ends on one side of 0 and an extremum on or past it: row, low end, extremum, high end, side."""
    before, after = slope[:, :-1], slope[:, 1:]
    towards_0 = np.where(above[:, :-1], (before < 0) & (after > 0), (before > 0) & (after < 0))
    row, cell = np.nonzero((above[:, 1:] == above[:, :-1]) & towards_0)
    times = np.arange(coefficients.shape[-1], dtype=np.float64)
    extremum = _root(coefficients[row] * -times, NODES[cell], NODES[cell + 1], before[row, cell] > 0, compiled)
    terms = coefficients[row] * np.exp(-extremum[:, None] * times)
    touches = np.abs(terms.sum(axis=-1)) <= len(times) * ROUNDING * np.abs(terms).sum(axis=-1)
    through = touches | ((terms.sum(axis=-1) > 0.0) != above[row, cell])
    row, cell, extremum = row[through], cell[through], extremum[through]
    return row, NODES[cell], extremum, NODES[cell + 1], above[row, cell]


def _root(coefficients: Floats, low: Floats, high: Floats, above_at_low: Mask, compiled: bool) -> Floats:
    """The y between low and high at which Σ c_t · e^(−y·t) is 0: Newton's steps, halving where they leave the bracket.

    A wide bracket is not halved but searched from below, where nearly all rates lie.
    """
    low, high = low.copy(), high.copy()
    found = np.where(high > 2.0 * low + WIDE, low, 0.5 * (low + high))
    if compiled and is_compiled():
        _kernels().root(np.ascontiguousarray(coefficients), low, high, above_at_low, found)
        return found
    left, columns = np.arange(len(found)), np.ascontiguousarray(coefficients.T)
    settled = np.zeros(len(found), np.bool_)
    for _ in range(STEPS_TO_ROOT):
        y = found[left]
        value, slope = _npv(columns, y)
        before_root = (value > 0.0) == above_at_low[left]
        low[left], high[left] = np.where(before_root, y, low[left]), np.where(before_root, high[left], y)
        newton = y - np.divide(value, slope, out=np.full_like(y, np.inf), where=slope != 0)
        scale = np.maximum(1.0, y)
        near = (np.abs(newton - y) <= QUADRATIC * scale) | (high[left] - low[left] <= ROUNDING * scale)
        inside = (newton > low[left]) & (newton < high[left])
        halved = np.minimum(0.5 * (low[left] + high[left]), 2.0 * low[left] + WIDE)
        step = np.where(inside | near, newton, halved)
        found[left] = np.where(settled, y, step)
        settled |= near
        if settled.all():
            break
        if 2 * np.count_nonzero(settled) > settled.size:
            left, columns, settled = left[~settled], columns[:, ~settled], settled[~settled]
    return found


def _npv(columns: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Σ c_t · e^(−y·t) and its slope in y of columns (periods, rows); by Horner's rule where rows are many."""
    if len(y) < MANY_ROWS:
        times = np.arange(len(columns), dtype=np.float64)[:, None]
        terms = columns * np.exp(-times * y)
        return terms.sum(axis=0), -(terms * times).sum(axis=0)
    x, value, slope = np.exp(-y), np.zeros(len(y)), np.zeros(len(y))
    for c in columns[::-1]:
        slope *= x
        slope += value
        value *= x
        value += c
    return value, -x * slope


def _root_source(coefficients: Floats, low: Floats, high: Floats, above_at_low: Mask, y: Floats) -> None:
    """`_root` for numba: rows side by side in blocks of lanes, periods outermost; `y` holds the start and then the root."""
    rows, periods = coefficients.shape
    block, value, slope, x = np.zeros((periods, LANES)), np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
    unsettled = np.zeros(LANES, dtype=np.bool_)
    for start in range(0, rows, LANES):
        lanes = min(LANES, rows - start)
        for k in range(lanes):
            unsettled[k] = True
            for i in range(periods):
                block[i, k] = coefficients[start + k, periods - 1 - i]
        for _ in range(STEPS_TO_ROOT):
            value[:], slope[:] = 0.0, 0.0
            for k in range(lanes):
                x[k] = np.exp(-y[start + k])
            for i in range(periods):
                for k in range(LANES):
                    slope[k] = slope[k] * x[k] + value[k]
                    value[k] = value[k] * x[k] + block[i, k]
            left = 0
            for k in range(lanes):
                row = start + k
                if unsettled[k]:
                    if (value[k] > 0.0) == above_at_low[row]:
                        low[row] = y[row]
                    else:
                        high[row] = y[row]
                    step = value[k] / (x[k] * slope[k]) if slope[k] != 0.0 else np.inf
                    scale = max(1.0, y[row])
                    inside = low[row] < y[row] + step < high[row]
                    unsettled[k] = abs(step) > QUADRATIC * scale and high[row] - low[row] > ROUNDING * scale
                    halved = min(0.5 * (low[row] + high[row]), 2.0 * low[row] + WIDE)
                    y[row] = y[row] + step if inside or not unsettled[k] else halved
                    left += unsettled[k]
            if left == 0:
                break


def _left_aligned(cash: Floats) -> Floats:
    """Rows moved left past their leading zeros, which move no root but would drown the rest in rounding."""
    start = np.argmax(cash != 0.0, axis=-1)[:, None]
    if not start.any():
        return np.ascontiguousarray(cash)
    column = np.arange(cash.shape[-1]) + start
    moved = np.take_along_axis(cash, np.minimum(column, cash.shape[-1] - 1), axis=-1)
    return np.where(column < cash.shape[-1], moved, 0.0)


def checked_rows(name: str, values: ArrayLike) -> Floats:
    """`values` as finite numbers with at least one year on the last axis; ValidationError names what is wrong."""
    return rows(name, values, "year")
