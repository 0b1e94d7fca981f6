"""Whether one distribution of results is better than another for everybody, or for everybody who shuns risk.

Samples stand for distributions, all results equally likely, more of a result the better. What is said is exact of the samples: floats
are whole numbers of a small enough unit, so that areas between distributions are summed without rounding and no tolerance decides.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import finite, refused

Floats: TypeAlias = NDArray[np.float64]
Better: TypeAlias = Literal["first", "second", "neither", "alike"]
MANTISSA_BITS = 53


class Dominance(NamedTuple):
    """Which of two samples dominates, and where the lead passes from one to the other, ascending; none where one dominates."""

    better: Better
    crossings: Floats


class Orders(NamedTuple):
    """Dominance of first and of second order: the first entails the second."""

    first_order: Dominance
    second_order: Dominance


def dominance(first: ArrayLike, second: ArrayLike) -> Orders:
    """Stochastic dominance between two samples.

    First order: F₁(x) ≤ F₂(x) at every x and < at some: whoever likes more to less prefers the first.
    Second order: ∫ F₁ ≤ ∫ F₂ up to every x and < at some: so does whoever shuns risk beside that.

    first (n,), second (m,), finite, any unit. Samples of the same distribution are alike; else an order that holds neither way
    has its crossings: values at which F₂ − F₁, or its integral, changes its sign. What holds of samples need not hold of what
    they are drawn from: paths that are few cross in the tails. Source: Hadar & Russell (1969), "Rules for ordering
    uncertain prospects", AER 59:25; Levy (2016), "Stochastic Dominance", ch. 3 and 5 (ordered samples).
    """
    one, other = _ordered("first", first), _ordered("second", second)
    points = np.union1d(one, other)
    # n · m · (F₂ − F₁) from each point to the next: whole, and above 0 where the first leads
    lead = len(one) * _counted(other, points) - len(other) * _counted(one, points)
    steps = lead.tolist()
    places = _whole(points)
    gaps = (after - before for before, after in pairwise(places))
    areas = list(accumulate((step * gap for step, gap in zip(steps, gaps, strict=False)), initial=0))
    return Orders(
        Dominance(_better(steps), points[_changes(steps)]),
        Dominance(_better(areas), _roots(points, areas)),
    )


def _ordered(name: str, values: ArrayLike) -> Floats:
    sample = np.asarray(finite(name, values), np.float64)
    if sample.ndim != 1 or not sample.size:
        raise refused(name, f"{sample.shape}", "a row of results, one or more")
    return np.sort(sample)


def _counted(ordered: Floats, points: Floats) -> NDArray[np.int64]:
    """How many results do not exceed each point."""
    return np.searchsorted(ordered, points, side="right").astype(np.int64)


def _whole(values: Floats) -> list[int]:
    """Values as whole numbers of one unit, exactly."""
    mantissas, exponents = np.frexp(values)
    digits = np.ldexp(mantissas, MANTISSA_BITS).astype(np.int64).tolist()
    shifts = (exponents - exponents.min()).tolist()
    return [digit << shift for digit, shift in zip(digits, shifts, strict=True)]


def _better(leads: list[int]) -> Better:
    ahead, behind = max(leads) > 0, min(leads) < 0
    if ahead and behind:
        return "neither"
    return "first" if ahead else "second" if behind else "alike"


def _changes(leads: list[int]) -> list[int]:
    """Where a lead first has the other sign than the last that was not 0."""
    found, last = [], 0
    for at, lead in enumerate(leads):
        if lead * last < 0:
            found.append(at)
        last = lead or last
    return found


def _roots(points: Floats, areas: list[int]) -> Floats:
    """Where the area, straight between points, passes 0 on its way to the other sign."""
    found = []
    for at in _changes(areas):
        before, after = areas[at - 1], areas[at]
        found.append(points[at - 1] + (points[at] - points[at - 1]) * (before / (before - after)))
    return np.array(found)
