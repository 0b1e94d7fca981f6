"""Prices left to chance: how far a path strays from its median, month by month.

Everything here is a deviation of ln price from the median path, which is the planner's or grows as `network.growth_factor`
says: drift is defined on the median, so that more volatility alone makes no price likelier to be high. The mean lies above.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import at_least_0, finite, positive, refused
from core.units import MONTHS_PER_YEAR

Floats: TypeAlias = NDArray[np.float64]
MOST_JUMPS = 40  # in a month: beyond any rate that is taken
MOST_JUMPS_PER_YEAR = 120.0


@dataclass(frozen=True)
class Volatility:
    """How restless ln price is, and what holds it.

    `now_per_year` and `later_per_year` [1/√yr]: it decays from the one to the other with `fade_years` [yr] (0: at once);
    equal: constant. `pull_per_year` κ [1/yr]: how fast a deviation from the median fades; 0: never, a random walk.
    `jumps_per_year` [1/yr], and mean and deviation of their size in ln price [1]. What jumps add on average is taken off
    the drift, so that they leave the mean of ln price where it is.
    """

    now_per_year: float = 0.71
    later_per_year: float = 0.71
    fade_years: float = 0.0
    pull_per_year: float = 0.0
    jumps_per_year: float = 0.0
    jump_mean: float = 0.0
    jump_deviation: float = 0.0

    def checked(self) -> Volatility:
        """Itself; ValidationError names what cannot be."""
        for name in (field.name for field in fields(self)):
            check = finite if name == "jump_mean" else at_least_0
            check(name, getattr(self, name))
        if self.jumps_per_year > MOST_JUMPS_PER_YEAR:
            raise refused("jumps_per_year", self.jumps_per_year, f"0 to {MOST_JUMPS_PER_YEAR:g}")
        return self


def volatility_per_year(how: Volatility, months: int) -> Floats:
    """Volatility in each month (months,), at its middle [1/√yr].

    later + (now − later) · e^(−t/f). Source: exponential decay, as price grew calmer with the market's size.
    """
    middle = (np.arange(months) + 0.5) / MONTHS_PER_YEAR
    left = np.exp(-middle / how.fade_years) if how.fade_years > 0 else np.zeros(months)
    return np.asarray(how.later_per_year + (how.now_per_year - how.later_per_year) * left)


def deviation(
    how: Volatility, normal: Floats, jump_share: Floats | None = None, jump_normal: Floats | None = None
) -> Floats:
    """Deviation of ln price from its median path, (months + 1, paths); 0 at the start.

    x_{k+1} = e^(−κ/12) · x_k + s_k · z_k + J_k, s_k = σ_k · √((1 − e^(−κ/6)) / 2κ), or σ_k / √12 where κ = 0.

    normal z: standard normal (months, paths). Jumps need two more: jump_share, even in 0…1, says how many, and jump_normal
    how large they are together, both (months, paths).
    Source: Gillespie (1996), exact step of an Ornstein–Uhlenbeck process; Merton (1976) for the jumps.
    """
    how.checked()
    months = len(normal)
    step = step_deviation(how, months)[:, None] * normal
    if how.jumps_per_year > 0:
        if jump_share is None or jump_normal is None:
            raise refused("jump_share", "none", "numbers to draw jumps by")
        step = step + jumps(how, jump_share, jump_normal)
    return held(step, kept_frac(how.pull_per_year))


def held(step: Floats, kept: float | Floats) -> Floats:
    """Steps (months, …) added up, of which each month keeps a share, one for all or one a month; 0 at the start."""
    strayed = np.zeros((len(step) + 1, *step.shape[1:]))
    if np.ndim(kept) == 0 and kept == 1.0:
        np.cumsum(step, axis=0, out=strayed[1:])
        return strayed
    for month, share in enumerate(np.broadcast_to(kept, len(step))):
        strayed[month + 1] = share * strayed[month] + step[month]
    return strayed


def kept_frac(pull_per_year: float) -> float:
    """Share of a deviation that a month keeps.

    e^(−κ/12).

    pull_per_year κ ≥ 0 [1/yr]. Source: Ornstein–Uhlenbeck process, its exact discrete steps.
    """
    return float(np.exp(-pull_per_year / MONTHS_PER_YEAR))


def step_deviation(how: Volatility, months: int) -> Floats:
    """Standard deviation of what each month adds but for jumps, (months,) [1].

    σ · √((1 − e^(−κ/6)) / (2 κ)), σ · √(1/12) without a pull.

    Source: Ornstein–Uhlenbeck process, its exact discrete steps.
    """
    pull = how.pull_per_year
    year = -np.expm1(-2.0 * pull / MONTHS_PER_YEAR) / (2.0 * pull) if pull > 0 else 1.0 / MONTHS_PER_YEAR
    return np.asarray(volatility_per_year(how, months) * np.sqrt(year))


def jumps(how: Volatility, jump_share: Floats, jump_normal: Floats) -> Floats:
    """What jumps add to ln price in each month, less what they add on average.

    n · m + √n · s · z − λ · m / 12, n the Poisson number of jumps of which `jump_share` is the distribution's value.

    Source: Merton (1976), "Option pricing when underlying stock returns are discontinuous".
    """
    rate = how.jumps_per_year / MONTHS_PER_YEAR
    number = np.searchsorted(_poisson(rate), jump_share)
    size = number * how.jump_mean + np.sqrt(number) * how.jump_deviation * jump_normal
    return np.asarray(size - rate * how.jump_mean)


def _poisson(rate: float) -> Floats:
    """Probability of at most n, for n from 0."""
    terms = np.cumprod(np.append(1.0, rate / np.arange(1.0, MOST_JUMPS)))
    return np.asarray(np.exp(-rate) * np.cumsum(terms))


def deviation_sd(how: Volatility, months: int) -> Floats:
    """Standard deviation of `deviation` in each month, (months + 1,) [1], in closed form.

    v_{k+1} = e^(−κ/6) · v_k + s_k² + λ · (m² + s²) / 12.

    Source: variance of a mean-reverting walk with the jumps of Merton (1976), written out.
    """
    how.checked()
    jumped = how.jumps_per_year / MONTHS_PER_YEAR * (how.jump_mean**2 + how.jump_deviation**2)
    return np.sqrt(held(step_deviation(how, months) ** 2 + jumped, kept_frac(how.pull_per_year) ** 2))


def quantiles_usd(median_usd: ArrayLike, how: Volatility, share: ArrayLike) -> Floats:
    """Prices that shares of the paths do not exceed, (k, months + 1) [USD]; exact without jumps, else as if ln price were normal.

    median · e^(sd · z).

    median_usd (months + 1,) > 0; share [1] between 0 and 1, (k,). Source: quantiles of the log-normal distribution.
    """
    from scipy.special import ndtri

    median = positive("median_usd", median_usd)
    z = ndtri(np.asarray(share, np.float64))
    return np.asarray(median * np.exp(np.multiply.outer(z, deviation_sd(how, np.size(median) - 1))))


# A spread of one's own


def spread_of_years(sd_by_year: ArrayLike, months: int) -> Floats:
    """Standard deviation of ln price in each month (months + 1,) [1] by those at the end of each year; the last stays.

    Linear in variance, as a random walk's, from 0 at the start. sd_by_year (years,) ≥ 0. Source: variance of a random walk.
    """
    variance = np.append(0.0, np.asarray(at_least_0("sd_by_year", sd_by_year), np.float64) ** 2)
    years = np.arange(months + 1) / MONTHS_PER_YEAR
    return np.asarray(np.sqrt(np.interp(years, np.arange(len(variance)), variance)))


def spread_out(sd: Floats, normal: Floats, pull_per_year: float = 0.0) -> Floats:
    """Deviation of ln price from its median path that has the spread `sd` in each month, (months + 1, paths).

    x_{k+1} = a_k · x_k + √(v_{k+1} − a_k² · v_k) · z_k with v = sd² and a_k = min(e^(−κ/12), √(v_{k+1} / v_k)): where the
    spread narrows faster than the pull κ closes it, deviations shrink with it and nothing new is drawn.

    sd (months + 1,) ≥ 0 with 0 first; normal (months, paths). Source: a Gaussian Markov process is given by its variances
    and these shares, Doob (1942).
    """
    before, after = sd[:-1] ** 2, sd[1:] ** 2
    shrunk = np.sqrt(np.divide(after, before, out=np.full(len(after), np.inf), where=before > 0))
    kept = np.minimum(kept_frac(pull_per_year), shrunk)
    fresh = np.sqrt(np.maximum(after - kept**2 * before, 0.0))
    return held(fresh[:, None] * normal, kept)


# History


def log_changes(values: ArrayLike) -> Floats:
    """Changes of ln value from month to month, (months − 1,); values > 0.

    ln x_{k+1} − ln x_k.

    Source: definition.
    """
    return np.diff(np.log(positive("values", values)))


def resampled(changes: ArrayLike, share: Floats, block_months: int, pull_per_year: float = 0.0) -> Floats:
    """Paths made of pieces of history, as a deviation of ln price from its median path, (months + 1, paths); 0 at the start.

    The steps of `pieces` added up, with pull κ as in `deviation`.
    """
    return held(pieces(changes, share, block_months), kept_frac(pull_per_year))


def pieces(changes: ArrayLike, share: Floats, block_months: int) -> Floats:
    """Changes of ln price in pieces of history, (pieces · block_months, paths).

    Each is a block of months in the order in which they came, begun anywhere in the history, which is closed to a ring, so
    that each month is as likely as any other. The mean is taken off: what history says of drift is not what the planner plans.

    changes (n,): of ln price, n ≥ 2; share: even in 0…1, (pieces, paths), where each begins; block_months 1…n: the
    longer, the more of the memory of price is kept.
    Source: Politis & Romano (1992), "A circular block-resampling procedure for stationary data".
    """
    history = np.asarray(finite("changes", changes), np.float64)
    if history.ndim != 1 or history.size < 2:
        raise refused("changes", str(history.shape), "a row of at least two changes")
    if not 1 <= block_months <= history.size:
        raise refused("block_months", block_months, f"1 to {history.size}, the months of history")
    ring = np.concatenate([history, history]) - history.mean()
    start = np.floor(share * history.size).astype(np.intp)
    return np.concatenate([ring[begun + month] for begun in start[:, None] for month in range(block_months)])


def resampled_sd(changes: ArrayLike, block_months: int, months: int, pull_per_year: float = 0.0) -> Floats:
    """Standard deviation of `resampled` in each month, (months + 1,) [1]: exact, as pieces begin independently.

    v_m = W_j + e^(−κ·j/6) · v_{m−j}: j months into its piece, W_j the variance of what j months of history add up to.

    Source: variance of a sum of independent blocks, written out.
    """
    history = np.asarray(finite("changes", changes), np.float64)
    history, kept = history - history.mean(), kept_frac(pull_per_year)
    piece, added = [0.0], np.zeros(history.size)
    for month in range(block_months):
        added = kept * added + np.roll(history, -month)
        piece.append(float((added**2).mean()))
    variance = np.zeros(months + 1)
    for month in range(1, months + 1):
        within = (month - 1) % block_months + 1
        variance[month] = piece[within] + kept ** (2 * within) * variance[month - within]
    return np.sqrt(variance)
