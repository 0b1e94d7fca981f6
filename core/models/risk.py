"""What a distribution of results looks like, its bad end above all, and how well a sample of paths tells it.

Values are results, not losses: in +, out −, so a negative answer is a loss. Paths are on the last axis, all equally likely.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ValidationError
from core.figures import rows

Floats: TypeAlias = NDArray[np.float64]
Broadcast: TypeAlias = Any  # a float for one row of paths, else an array of the leading axes' shape


def var_usd(values: ArrayLike, level: float) -> Broadcast:
    """Value at risk: the best result among the worst 1 − level of paths.

    q(1 − level), q(u) = the smallest value that at least a share u of the paths do not exceed.

    values [USD], shape (…, paths), finite; level [1] in 0…1, 0.95 for the worst 5 %. Always one of the values, never
    between two: the edge of the very tail that `cvar_usd` averages. Level 1: the minimum; 0: the maximum.
    Source: Rockafellar & Uryasev (2002), "Conditional value-at-risk for general loss distributions".
    """
    paths = _paths(values)
    edge = max(int(np.ceil(_tail_paths(paths.shape[-1], level))) - 1, 0)
    return np.partition(paths, edge, axis=-1)[..., edge][()]


def cvar_usd(values: ArrayLike, level: float) -> Broadcast:
    """Conditional value at risk: the mean result of the worst 1 − level of paths.

    1 / (1 − level) · ∫ q(u) du over 0…1 − level; a path on the edge counts by the part of it inside.

    values [USD], shape (…, paths), finite; level [1] in 0…1, 0.95 for the worst 5 %. Level 1: the minimum; 0: the mean.
    Source: Rockafellar & Uryasev (2002), proposition 8; Acerbi & Tasche (2002), "On the coherence of expected shortfall".
    """
    paths = _paths(values)
    tail = _tail_paths(paths.shape[-1], level)
    edge = max(int(np.ceil(tail)) - 1, 0)
    worst = np.partition(paths, edge, axis=-1)
    if tail <= 1.0:  # less than one path is the worst path
        return worst[..., 0][()]
    return (worst[..., :edge].sum(axis=-1) + (tail - edge) * worst[..., edge]) / tail


def percentile_usd(values: ArrayLike, share: ArrayLike) -> Broadcast:
    """Results that shares of the paths do not exceed: P5 is the value of share 0.05, a poor year, not a good one.

    Linear between order statistics, as numpy's default (Hyndman & Fan's type 7).

    values [USD], shape (…, paths), finite; share [1] in 0…1, a number or (k,): then the answer is (k, …).
    Solar trade counts the other way round: see `exceeded`.
    Source: Hyndman & Fan (1996), "Sample quantiles in statistical packages".
    """
    return np.quantile(_paths(values), _shares(share), axis=-1)[()]


def exceeded(values: ArrayLike, share: ArrayLike) -> Broadcast:
    """Values that shares of the paths reach or exceed: the solar trade's P90 is share 0.9 here, a poor year too.

    The percentile of 1 − share.

    values in any unit, shape (…, paths), finite; share [1] in 0…1. A normal year of mean m and deviation s has
    P90 = m − 1.2816 s. Source: PVsyst, P50–P90 evaluations.
    """
    return percentile_usd(values, 1.0 - _shares(share))


def percentile_interval_usd(values: ArrayLike, share: float, level: float = 0.95) -> tuple[Broadcast, Broadcast]:
    """Between which values a percentile lies, as the paths are a sample: lowest and highest of a confidence interval.

    The order statistics whose ranks n·p ± z·√(n·p·(1 − p)) enclose it; no shape of the distribution is assumed.

    values [USD], shape (…, paths), finite; share p and level [1] in 0…1. Too few paths for the level: the ends of the sample.
    Source: Conover (1999), "Practical Nonparametric Statistics", 3.2.
    """
    paths = np.sort(_paths(values), axis=-1)
    count, p = paths.shape[-1], float(_shares(share))
    reach = _z(level) * np.sqrt(count * p * (1.0 - p))
    low, high = np.floor(count * p - reach) - 1.0, np.ceil(count * p + reach) - 1.0
    ends = np.clip([low, high], 0, count - 1).astype(np.intp)
    return paths[..., ends[0]][()], paths[..., ends[1]][()]


def mean_error_usd(values: ArrayLike) -> Broadcast:
    """Standard error of the mean over the paths; nan for a single path.

    s / √n.

    values [USD], shape (…, paths), finite. Source: any textbook of statistics.
    """
    paths = _paths(values)
    if paths.shape[-1] < 2:
        return np.full(paths.shape[:-1], np.nan)[()]
    return (paths.std(axis=-1, ddof=1) / np.sqrt(paths.shape[-1]))[()]


def cvar_error_usd(values: ArrayLike, level: float) -> Broadcast:
    """Standard error of the conditional value at risk.

    √((s² + level · (CVaR − VaR)²) / (n · (1 − level))), s² the variance within the tail.

    values [USD], shape (…, paths), finite; level [1] in 0…1. nan where the tail has fewer than two paths.
    Source: Manistre & Hancock (2005), "Variance of the CTE estimator", NAAJ 9:2.
    """
    paths = _paths(values)
    tail = _tail_paths(paths.shape[-1], level)
    if tail < 2.0:
        return np.full(paths.shape[:-1], np.nan)[()]
    worst = np.sort(paths, axis=-1)[..., : int(np.ceil(tail))]
    spread = worst.var(axis=-1, ddof=1) + level * (cvar_usd(paths, level) - var_usd(paths, level)) ** 2
    return np.sqrt(spread / tail)[()]


def probability_frac(happens: ArrayLike) -> Broadcast:
    """Share of the paths in which something happens.

    happened / paths.

    happens (…, paths) of bool. Source: definition.
    """
    return np.asarray(happens, np.bool_).mean(axis=-1)[()]


def probability_interval_frac(happens: ArrayLike, level: float = 0.95) -> tuple[Broadcast, Broadcast]:
    """Between which shares a probability lies, as the paths are a sample; holds at none and at all of them too.

    (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n).

    happens (…, paths) of bool; level [1] in 0…1. Source: Wilson (1927), JASA 22:209.
    """
    told = np.asarray(happens, np.bool_)
    count, p, z = told.shape[-1], told.mean(axis=-1), _z(level)
    middle, wide = p + z**2 / (2 * count), z * np.sqrt(p * (1.0 - p) / count + z**2 / (4 * count**2))
    low, high = (middle - wide) / (1 + z**2 / count), (middle + wide) / (1 + z**2 / count)
    return np.clip(low, 0.0, 1.0)[()], np.clip(high, 0.0, 1.0)[()]


def drawdown_usd(cash_usd: ArrayLike) -> Broadcast:
    """Deepest fall of the cash held from its highest before, ≥ 0.

    max over t of (max over s ≤ t of C(s) − C(t)), C the running sum and C = 0 before the first.

    cash_usd [USD], shape (…, periods), finite. Source: Magdon-Ismail & Atiya (2004), "Maximum drawdown".
    """
    periods = np.moveaxis(_paths(cash_usd), -1, 0)
    held = highest = fall = np.zeros(periods.shape[1:])
    for earned in periods:
        held = held + earned
        highest = np.maximum(highest, held)
        fall = np.maximum(fall, highest - held)
    return fall[()]


def _z(level: float) -> float:
    """Half the width, in deviations, of the middle of a normal that holds a share."""
    if not 0.0 <= level < 1.0:
        raise ValidationError(
            "level: expected a share from 0 to below 1", field="level", value=level, expected="0 to 1"
        )
    return NormalDist().inv_cdf(0.5 + level / 2.0)


def _shares(share: ArrayLike) -> Floats:
    shares = np.asarray(share, np.float64)
    if not ((shares >= 0.0) & (shares <= 1.0)).all():
        wrong = shares[~((shares >= 0.0) & (shares <= 1.0))].flat[0]
        raise ValidationError("share: expected 0 to 1", field="share", value=float(wrong), expected="0 to 1")
    return shares


def _tail_paths(count: int, level: float) -> float:
    """How many paths the tail holds, a fraction included."""
    if not 0.0 <= level <= 1.0:
        raise ValidationError("level: expected a share from 0 to 1", field="level", value=level, expected="0 to 1")
    tail = count - count * level
    # 0.95 is not exact in binary: a count that is whole but for that rounding is whole
    return float(round(tail)) if abs(tail - round(tail)) <= 4 * np.finfo(np.float64).eps * count else float(tail)


def _paths(values: ArrayLike) -> Floats:
    return rows("values", values, "path")
