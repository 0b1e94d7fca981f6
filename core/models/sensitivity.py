"""Which of the things that are not known matter: one at a time, all together, and by rank over paths that were run.

A figure is a function of things (things, n) → (n,), so that it is asked for many plans at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import finite, refused

Floats: TypeAlias = NDArray[np.float64]
Figure: TypeAlias = Callable[[Floats], Floats]
RESAMPLES = 200
FEWEST_PATHS = 3


class Tornado(NamedTuple):
    """What the figure is with one thing at its low and at its high end, all others at the base; each (things,).

    `order`: things by how far the figure moves, the furthest first. The two sides need not be alike.
    """

    base: float
    low: Floats
    high: Floats
    order: NDArray[np.intp]


def tornado(figure: Figure, base: ArrayLike, low: ArrayLike, high: ArrayLike) -> Tornado:
    """Move one thing at a time to its low and its high end.

    base, low, high (things,). Source: Howard (1988), "Decision analysis: practice and promise".
    """
    middle, lower, higher = (np.asarray(finite(name, row), np.float64) for name, row in _named(base, low, high))
    if middle.ndim != 1 or lower.shape != middle.shape or higher.shape != middle.shape:
        raise refused("base", f"{middle.shape}, {lower.shape}, {higher.shape}", "three rows of one length")
    plans = np.repeat(middle[:, None], 2 * middle.size + 1, axis=1)
    things = np.arange(middle.size)
    plans[things, 1 + things], plans[things, 1 + middle.size + things] = lower, higher
    told = figure(plans)
    ends = told[1 : middle.size + 1], told[middle.size + 1 :]
    furthest = np.maximum(np.maximum(*ends), told[0]) - np.minimum(np.minimum(*ends), told[0])
    return Tornado(float(told[0]), *ends, np.argsort(-furthest, kind="stable"))


def _named(*rows: ArrayLike) -> list[tuple[str, ArrayLike]]:
    return list(zip(("base", "low", "high"), rows, strict=True))


class Indices(NamedTuple):
    """Shares of the figure's variance, each (things,), with the ends of their intervals (2, things).

    `first`: what would go if the thing were known, on average; `total`: what would be left if all others were known.
    """

    first: Floats
    total: Floats
    first_interval: Floats
    total_interval: Floats


def sobol_indices(
    figure: Figure, quantiles: list[Callable[[Floats], Floats]], points: int, seed: int, level: float = 0.95
) -> Indices:
    """First and total indices of independent things, and how well they are known.

    Saltelli's estimator on a scrambled Sobol sequence, points · (things + 2) runs of the figure; intervals by bootstrap.

    quantiles: of each thing, from a share in 0…1 to its value; points: a power of two. The figure may not be the same
    everywhere. Source: Saltelli et al. (2010), Computer Physics Communications 181:259, as scipy has it.
    """
    from scipy import stats

    if points < 2 or points & (points - 1):
        raise refused("points", points, "a power of two")

    moved = False

    def of_shares(shares: Floats) -> Floats:
        nonlocal moved
        told = figure(np.stack([of(row) for of, row in zip(quantiles, shares, strict=True)]))
        moved |= bool(np.ptp(told) > 0)
        return told

    even = [stats.uniform()] * len(quantiles)
    with np.errstate(invalid="ignore", divide="ignore"):  # of a figure that does not change, refused below
        told = stats.sobol_indices(func=of_shares, n=points, dists=even, rng=np.random.default_rng(seed))
    if not moved:
        raise refused("figure", "the same everywhere", "one that something changes")
    around = told.bootstrap(confidence_level=level, n_resamples=RESAMPLES)
    return Indices(
        told.first_order,
        told.total_order,
        np.stack([around.first_order.confidence_interval.low, around.first_order.confidence_interval.high]),
        np.stack([around.total_order.confidence_interval.low, around.total_order.confidence_interval.high]),
    )


class Ranking(NamedTuple):
    """How the figure's rank follows the ranks of things, each (things,), and the share of it that this explains.

    `order`: things by the size of their coefficient. A low `explained_frac` says that ranks alone do not tell.
    """

    coefficient: Floats
    explained_frac: float
    order: NDArray[np.intp]


def rank_regression(things: ArrayLike, figure: ArrayLike) -> Ranking:
    """Standardised rank regression over paths that were run: no further runs are needed, and things may go together.

    Least squares of the figure's rank on the ranks of things, all at mean 0 and deviation 1.

    things (things, paths), figure (paths,), finite; a thing that never changes has coefficient 0.
    Source: Iman & Conover (1979), "The use of the rank transform in regression", Technometrics 21:499; Saltelli et al. (2008),
    "Global Sensitivity Analysis: The Primer", 1.2.
    """
    from scipy.stats import rankdata

    rows, told = np.asarray(finite("things", things), np.float64), np.asarray(finite("figure", figure), np.float64)
    if rows.ndim != 2 or told.shape != rows.shape[1:] or told.size < FEWEST_PATHS:
        raise refused("things", f"{rows.shape}, {told.shape}", "(things, paths) and (paths,), three paths or more")
    ranks = _standard(rankdata(rows, axis=1))
    rank = _standard(rankdata(told)[None])[0]
    coefficient = np.linalg.lstsq(ranks.T, rank, rcond=None)[0]
    rest = rank - coefficient @ ranks
    whole = float(rank @ rank)
    explained = 1.0 - float(rest @ rest) / whole if whole > 0 else 0.0
    return Ranking(coefficient, explained, np.argsort(-np.abs(coefficient), kind="stable"))


def _standard(rows: Floats) -> Floats:
    """Rows at mean 0 and deviation 1; 0 where nothing changes."""
    middle, deviation = rows.mean(axis=1, keepdims=True), rows.std(axis=1, keepdims=True)
    standard: Floats = np.divide(rows - middle, deviation, out=np.zeros(rows.shape), where=deviation > 0)
    return standard
