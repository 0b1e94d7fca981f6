"""A table with nodes along four axes, looked up for every month of many paths: linear between nodes, one entry in a stretch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.intp]
Places: TypeAlias = list[tuple[Whole, Floats | float]]


class Axes(NamedTuple):
    """Nodes of four axes, ascending; of the second, with `stepwise`, marks instead, between which an entry holds."""

    first: Floats
    second: Floats
    third: Floats
    fourth: Floats
    stepwise: bool


def looked_up(
    table: Floats, axes: Axes, first: Floats, second: Floats, third: Floats, fourth: Floats, *, compiled: bool = True
) -> Floats:
    """Entries for values of first and fourth (paths,) and of second and third (months, paths): (columns, months, paths).

    Multilinear between neighbouring nodes, at the ends the end itself. table (first, second, third, fourth, months, columns).
    """
    if compiled and is_compiled():
        out = np.empty((table.shape[-1], *third.shape))
        values = (np.ascontiguousarray(value, np.float64) for value in (first, second, third, fourth))
        _kernel()(np.ascontiguousarray(table), *axes, *values, out)
        return out
    month = np.arange(table.shape[-2])[:, None]
    rows, sizes = table.reshape(-1, table.shape[-1]).T, table.shape[:4]
    found = np.zeros((table.shape[-1], *third.shape))
    for corner in product(*_places(axes, first, second, third, fourth)):
        at, weight = np.zeros(third.shape, np.intp), np.ones(third.shape)
        for (index, share), size in zip(corner, sizes, strict=True):
            at, weight = at * size + index, weight * share
        found += np.take(rows, at * table.shape[-2] + month, axis=1) * weight
    return found


def _places(axes: Axes, first: Floats, second: Floats, third: Floats, fourth: Floats) -> list[Places]:
    stretch: Places = [(np.searchsorted(axes.second, second), 1.0)] if axes.stepwise else between(axes.second, second)
    return [between(axes.first, first), stretch, between(axes.third, third), between(axes.fourth, fourth)]


def between(nodes: Floats, values: Floats) -> Places:
    """Neighbouring nodes and their shares; at the ends the end itself."""
    if len(nodes) == 1:
        return [(np.zeros(values.shape, np.intp), 1.0)]
    low = np.clip(np.searchsorted(nodes, values, side="right") - 1, 0, len(nodes) - 2)
    share = np.clip((values - nodes[low]) / (nodes[low + 1] - nodes[low]), 0.0, 1.0)
    return [(low, 1.0 - share), (low + 1, share)]


@cache
def _kernel() -> Callable[..., None]:
    from core.models import lookup_kernel

    return lookup_kernel.looked_up()


def compile_kernel() -> None:
    """Make the kernel ready: some seconds the first time on a machine, then from disk; numpy looks up meanwhile."""
    _kernel()


def is_compiled() -> bool:
    return _kernel.cache_info().currsize > 0
