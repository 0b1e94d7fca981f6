"""The hours of a month for many lights and fleets at once, for numba: `sorted_hours.told`. Imports numba; import it late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
# of a group and a path: its number and buckets per kW, the place of its end, slope, start and rating of the inverter, light,
# the first place whose hour gives power, and G(rating)
Sun: TypeAlias = tuple[int, float, int, float, float, float, float, int, float]
F = TypeVar("F", bound=Callable[..., Any])


def within(function: F) -> F:
    """Put into the loops that call it."""
    return cast(F, njit(forceinline=True, error_model="numpy")(function))


@within
def _place(dc_kw: Floats, first: Whole, most: Whole, group: int, bucket_per_kw: float, wanted: float) -> int:
    """The first place of a group with `wanted` DC power or more [kW]; counted, not searched: that needs no branches."""
    at: int = first[group, int(min(wanted * bucket_per_kw, first.shape[1] - 1.0))]
    for _ in range(most[group]):
        at += dc_kw[at] < wanted
    return at


@within
def _below(dc_kw: Floats, sums: Floats, first: Whole, most: Whole, of: Sun, ceiling: float) -> float:
    """G(ceiling): `sorted_hours.held_below`."""
    group, bucket_per_kw, end, slope, idle, rating, light, dark, full = of
    if ceiling >= rating:
        return full
    if ceiling <= 0.0 or dark == end:
        return 0.0
    last = max(dark, _place(dc_kw, first, most, group, bucket_per_kw, (ceiling / slope + idle) / light))
    sun: float = slope * (light * (sums[last] - sums[dark]) - idle * (last - dark)) + (end - last) * ceiling
    return sun


def _told(
    ends: Whole, dc_kw: Floats, sums: Floats, hours: Floats, month: Whole, buys: Floats, sells: Floats,
    import_kw: Floats, export_kw: Floats, draw_kw: Floats, worths: Floats, pues: Floats, bucket_per_kw: Floats,
    first: Whole, most: Whole, slope: float, idle: float, rating: float, lights: Floats, worth: Floats, alive: Floats, out: Floats,
) -> None:  # fmt: skip
    """Arguments as in `sorted_hours`: the fields of `Groups` and `Inverter`, then light, worth, alive and what is told."""
    steps = draw_kw.shape[0]
    for group in range(month.size):
        m, end, per_kw = month[group], ends[group], bucket_per_kw[group]
        buy, sell, limit, sold = buys[group], sells[group], import_kw[group], export_kw[group]
        count, per_pue = hours[group], 1.0 / pues[group]
        for j in range(lights.size):
            light = lights[j]
            dark, full = end, 0.0
            if light > 0.0:
                dark = _place(dc_kw, first, most, group, per_kw, idle / light)
                last = _place(dc_kw, first, most, group, per_kw, (rating / slope + idle) / light)
                full = slope * (light * (sums[last] - sums[dark]) - idle * (last - dark)) + (end - last) * rating
            of = (group, per_kw, end, slope, idle, rating, light, dark, full)
            served, best, bought = 0.0, 0.0, 0.0
            for step in range(steps):
                draw, usd = draw_kw[step, group] * alive[m, j], worths[step, group] * worth[m, j]
                served += draw if usd > 0.0 else 0.0
                best += draw if usd >= sell else 0.0
                bought += draw if usd > buy else 0.0
            best = min(best, served)
            of_best = _below(dc_kw, sums, first, most, of, best)
            of_bought = of_best
            if bought != best:
                of_bought = _below(dc_kw, sums, first, most, of, bought)
            of_sold = _below(dc_kw, sums, first, most, of, best + sold)
            lacking = max(bought - limit, 0.0)
            imported = count * (bought - lacking) - of_bought
            imported += _below(dc_kw, sums, first, most, of, lacking)
            filled, before = 0.0, 0.0
            for step in range(steps):
                filled += draw_kw[step, group] * alive[m, j]
                height = min(filled, served)
                grid = min(height, bought)
                unserved = max(grid - limit, 0.0)
                reached = count * (grid - unserved)
                reached += _below(dc_kw, sums, first, most, of, unserved)
                if bought < height < best:
                    reached += _below(dc_kw, sums, first, most, of, height)
                    reached -= of_bought
                elif height > bought:
                    reached += of_best - of_bought
                if height > best:
                    late = sold + height
                    reached += _below(dc_kw, sums, first, most, of, late)
                    reached -= of_sold
                out[step, m, j] += (reached - before) * per_pue
                before = reached
            out[steps, m, j] += imported
            out[steps + 1, m, j] += of_sold - of_best
            out[steps + 2, m, j] += imported * buy if limit > 0.0 else 0.0
            out[steps + 3, m, j] += (of_sold - of_best) * sell
            out[steps + 4, m, j] += full


def told() -> Callable[..., None]:
    """`_told`, compiled."""

    def given(dimensions: int, kind: Any = types.float64) -> Any:
        return types.Array(kind, dimensions, "C", readonly=True)

    row, matrix, whole = given(1), given(2), given(1, types.int64)
    signature = types.void(
        whole, row, row, row, whole, row, row, row, row, matrix, matrix, row, row, given(2, types.int64), whole,
        types.float64, types.float64, types.float64, row, matrix, matrix, types.Array(types.float64, 3, "C"),
    )  # fmt: skip
    ready: Callable[..., None] = njit(signature, nogil=True, cache=True, error_model="numpy")(_told)
    return ready
