"""The hours of a month for many lights and fleets at once, for numba: `sorted_hours.told`. Imports numba; import it late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Places = NDArray[np.int32]
# of a group and a path: place of its end, kW of a DC kilowatt of the hours, DC power at which the inverter starts, its rating,
# both in the hours' own light, G(0) and G(rating)
Sun: TypeAlias = tuple[int, float, float, float, float, float]
DARK = 1e-100  # light below which divisions by it run over
F = TypeVar("F", bound=Callable[..., Any])


def within(function: F) -> F:
    """Put into the loops that call it."""
    return cast(F, njit(forceinline=True, error_model="numpy")(function))


@within
def _held(dc_kw: Floats, sums: Floats, first: Places, bucket_per_kw: float, end: int, ceiling: float) -> float:
    """Σ min(d, ceiling) of a group's hours with sun: a bucket holds one hour at most, nearly always, so it is not searched."""
    at: int = first[int(min(ceiling * bucket_per_kw, first.size - 1.0))]
    while dc_kw[at] < ceiling:
        at += 1
    sun: float = sums[at] + (end - at) * ceiling
    return sun


@within
def _below(dc_kw: Floats, sums: Floats, first: Places, bucket_per_kw: float, of: Sun, ceiling: float) -> float:
    """G(ceiling): `sorted_hours.held_below`."""
    end, per_dc, start, rating, dark, full = of
    if ceiling >= rating:
        return full
    if ceiling <= 0.0:
        return 0.0
    sun: float = per_dc * (_held(dc_kw, sums, first, bucket_per_kw, end, start + ceiling / per_dc) - dark)
    return sun


def _told(
    ends: Whole, dc_kw: Floats, sums: Floats, hours: Floats, month: Whole, buys: Floats, sells: Floats,
    import_kw: Floats, export_kw: Floats, draw_kw: Floats, worths: Floats, pues: Floats, bucket_per_kw: Floats,
    firsts: Places, slope: float, idle: float, rating: float, lights: Floats, worth: Floats, alive: Floats, out: Floats,
) -> None:  # fmt: skip
    """Arguments as in `sorted_hours`: the fields of `Groups` and `Inverter`, then light, worth, alive and what is told."""
    steps = draw_kw.shape[0]
    for group in range(month.size):
        m, end, per_kw, first = month[group], ends[group], bucket_per_kw[group], firsts[group]
        buy, sell, limit, sold = buys[group], sells[group], import_kw[group], export_kw[group]
        count, per_pue = hours[group], 1.0 / pues[group]
        for j in range(lights.size):
            light, dark, full, start = lights[j], 0.0, 0.0, 0.0
            per_dc = slope * light
            if light > DARK:
                start = idle / light
                dark = _held(dc_kw, sums, first, per_kw, end, start)
                full = per_dc * (_held(dc_kw, sums, first, per_kw, end, start + rating / per_dc) - dark)
            of = (end, per_dc, start, rating if full > 0.0 else 0.0, dark, full)
            served, best, bought = 0.0, 0.0, 0.0
            for step in range(steps):
                draw, usd = draw_kw[step, group] * alive[m, j], worths[step, group] * worth[m, j]
                served += draw if usd > 0.0 else 0.0
                best += draw if usd >= sell else 0.0
                bought += draw if usd > buy else 0.0
            best = min(best, served)
            lacking = max(bought - limit, 0.0)
            of_best = _below(dc_kw, sums, first, per_kw, of, best)
            of_bought, of_sold, of_lacking = of_best, of_best, 0.0
            if bought != best:
                of_bought = _below(dc_kw, sums, first, per_kw, of, bought)
            if sold > 0.0:
                of_sold = _below(dc_kw, sums, first, per_kw, of, best + sold)
            if lacking > 0.0:
                of_lacking = _below(dc_kw, sums, first, per_kw, of, lacking)
            imported = count * (bought - lacking) - of_bought + of_lacking
            filled, before = 0.0, 0.0
            for step in range(steps):
                filled += draw_kw[step, group] * alive[m, j]
                height = min(filled, served)
                if height >= bought:
                    reached = count * (bought - lacking) + of_lacking
                else:
                    unserved = max(height - limit, 0.0)
                    reached = count * (height - unserved) + _below(dc_kw, sums, first, per_kw, of, unserved)
                if bought < height < best:
                    reached += _below(dc_kw, sums, first, per_kw, of, height) - of_bought
                elif height > bought:
                    reached += of_best - of_bought
                if height > best:
                    reached += _below(dc_kw, sums, first, per_kw, of, sold + height) - of_sold
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
        whole, row, row, row, whole, row, row, row, row, matrix, matrix, row, row, given(2, types.int32),
        types.float64, types.float64, types.float64, row, matrix, matrix, types.Array(types.float64, 3, "C"),
    )  # fmt: skip
    ready: Callable[..., None] = njit(signature, nogil=True, cache=True, error_model="numpy")(_told)
    return ready
