"""A table with four axes looked up for many paths at once, for numba: `lookup.looked_up`. Imports numba; import it late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
LANES = 64
F = TypeVar("F", bound=Callable[..., Any])


def within(function: F) -> F:
    """Put into the loops that call it."""
    return cast(F, njit(forceinline=True, error_model="numpy")(function))


@within
def _place(nodes: Floats, stepwise: bool, values: Floats, start: int, at: Whole, share: Floats) -> None:
    """Of a block of values the nodes below them, and how far they lie towards the next; of stretches which it is, and 0."""
    last = values.size - 1
    inner = nodes if stepwise else nodes[1:-1]
    at[:], share[:] = 0, 0.0
    for n in range(inner.size):  # counted, not searched: that needs no branches
        node = inner[n]
        for j in range(LANES):
            value = values[min(start + j, last)]
            at[j] += (node < value) if stepwise else (node <= value)
    if not stepwise and nodes.size > 1:
        for j in range(LANES):
            low = nodes[at[j]]
            share[j] = min(max((values[min(start + j, last)] - low) / (nodes[at[j] + 1] - low), 0.0), 1.0)


def _looked_up(
    table: Floats, first: Floats, marks: Floats, third: Floats, fourth: Floats, stepwise: bool,
    a: Floats, b: Floats, c: Floats, d: Floats, out: Floats,
) -> None:  # fmt: skip
    """table (first, second, third, fourth, months, columns); a, d (paths,); b, c (months, paths); out (columns, months, paths)."""
    months, paths = b.shape
    columns, flat = table.shape[5], table.ravel()
    step = np.empty(4, np.int64)
    step[3] = months * columns
    for axis in range(2, -1, -1):
        step[axis] = step[axis + 1] * table.shape[axis + 1]
    corners = np.array([first.size > 1, not stepwise and marks.size > 1, third.size > 1, fourth.size > 1])
    at, share = np.zeros((4, LANES), np.int64), np.zeros((4, LANES))
    cell, weight, found = np.zeros(LANES, np.int64), np.zeros(LANES), np.zeros((columns, LANES))
    for start in range(0, paths, LANES):
        lanes = min(LANES, paths - start)
        _place(first, False, a, start, at[0], share[0])
        _place(fourth, False, d, start, at[3], share[3])
        for month in range(months):
            _place(marks, stepwise, b[month], start, at[1], share[1])
            _place(third, False, c[month], start, at[2], share[2])
            found[:] = 0.0
            for corner in range(16):
                wanted = True
                for axis in range(4):
                    wanted = wanted and (corners[axis] or not (corner >> axis) & 1)
                if not wanted:
                    continue
                cell[:], weight[:] = month * columns, 1.0
                for axis in range(4):
                    up = (corner >> axis) & 1
                    for j in range(LANES):
                        cell[j] += (at[axis, j] + up) * step[axis]
                        weight[j] *= share[axis, j] if up else 1.0 - share[axis, j]
                for column in range(columns):
                    for j in range(LANES):
                        found[column, j] += weight[j] * flat[cell[j] + column]
            for column in range(columns):
                for j in range(lanes):
                    out[column, month, start + j] = found[column, j]


def looked_up() -> Callable[..., None]:
    """`_looked_up`, compiled."""

    def given(dimensions: int) -> Any:
        return types.Array(types.float64, dimensions, "C", readonly=True)

    row, matrix = given(1), given(2)
    out = types.Array(types.float64, 3, "C")
    signature = types.void(given(6), row, row, row, row, types.boolean, row, matrix, matrix, row, out)
    ready: Callable[..., None] = njit(signature, nogil=True, cache=True, error_model="numpy")(_looked_up)
    return ready
