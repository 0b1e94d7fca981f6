"""What history says of price and difficulty: their monthly changes, and how difficulty follows what mining pays.

It is read with care: short windows fit a trend of the calendar and nothing else, so that a plan of 25 years made of them would
grow whatever price did. The page shows the fit beside the window.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ValidationError
from core.figures import positive
from core.units import MONTHS_PER_YEAR

Floats: TypeAlias = NDArray[np.float64]
LEADS = 3
FEWEST_MONTHS = 24


class Moments(NamedTuple):
    """Of monthly changes of ln price and ln difficulty: mean and standard deviation of each [1/month], and how the two go
    together: in the same month, and difficulty with the price 1, 2, 3 months before, (4,) [1]."""

    months: int
    price_mean: float
    price_deviation: float
    difficulty_mean: float
    difficulty_deviation: float
    correlation: Floats

    @property
    def price_volatility_per_year(self) -> float:
        """[1/√yr]."""
        return float(self.price_deviation * np.sqrt(MONTHS_PER_YEAR))


class ErrorCorrection(NamedTuple):
    """How ln difficulty moves in a month, with standard errors of each.

    Δ ln D = constant + pull · ln D₋₁ + level · ln L₋₁ + response · Δ ln price₋₁ + trend · years + rest.

    `pull`, `level`, `response` [1]; `trend` [1/month per year]; `deviation` of the rest [1], all of it left to chance.
    """

    months: int
    constant: float
    pull: float
    level: float
    response: float
    trend: float
    errors: Floats
    deviation: float

    @property
    def elasticity(self) -> float:
        """Change of ln D in the long run for one of ln L [1]."""
        return -self.level / self.pull

    @property
    def trend_per_year(self) -> float:
        """Growth of ln D in the long run at a level that stands still [1/yr]."""
        return -self.trend / self.pull


def moments(price_usd: ArrayLike, difficulty: ArrayLike, months: int) -> Moments:
    """Moments of the last `months` changes of month-end values, (n,) > 0; three more months before them are used.

    s² = Σ (x − x̄)² / (n − 1); r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² · Σ (y − ȳ)²).

    Source: sample moments, standard deviation over n − 1.
    """
    price, hashing = (np.diff(row) for row in _logs(months + LEADS, price_usd, difficulty))
    late = hashing[LEADS:]
    leads = [np.corrcoef(price[LEADS - k : len(price) - k], late)[0, 1] for k in range(LEADS + 1)]
    return Moments(
        months,
        float(price[LEADS:].mean()),
        float(price[LEADS:].std(ddof=1)),
        float(late.mean()),
        float(late.std(ddof=1)),
        np.array(leads),
    )


def error_correction(difficulty: ArrayLike, level: ArrayLike, price_usd: ArrayLike, months: int) -> ErrorCorrection:
    """How the last `months` changes of difficulty followed a level that bears it, by least squares.

    All three month-end values, (n,) > 0: level is price or price · subsidy; one month more than those is used before them.
    Source: Engle & Granger (1987), "Co-integration and error correction", in one step; ordinary least squares.
    """
    ln_d, ln_level, ln_price = _logs(months + 1, difficulty, level, price_usd)
    moved, before = np.diff(ln_d)[1:], np.diff(ln_price)[:-1]
    given = np.column_stack([np.ones(months), ln_d[1:-1], ln_level[1:-1], before, np.arange(months) / MONTHS_PER_YEAR])
    fitted, _, rank, _ = np.linalg.lstsq(given, moved, rcond=None)
    if rank < given.shape[1]:
        raise ValidationError(
            "months: nothing can be told apart in this window",
            field="months",
            value=months,
            expected="values that move",
        )
    rest = moved - given @ fitted
    variance = rest @ rest / (months - given.shape[1])
    errors = np.sqrt(variance * np.diag(np.linalg.inv(given.T @ given)))
    constant, pull, held, response, trend = (float(value) for value in fitted)
    return ErrorCorrection(months, constant, pull, held, response, trend, errors, float(rest.std()))


def _logs(months: int, *rows: ArrayLike) -> list[Floats]:
    """The last months + 1 of each row, in ln; ValidationError where there are too few."""
    values = [positive("values", np.asarray(row, np.float64)) for row in rows]
    if months < FEWEST_MONTHS or any(row.ndim != 1 or row.size != values[0].size for row in values):
        shapes = ", ".join(str(row.shape) for row in values)
        raise ValidationError(
            f"months: expected rows of one length and a window of {FEWEST_MONTHS} months or more",
            field="months",
            value=f"{months} of {shapes}",
            expected=f"{FEWEST_MONTHS} or more",
        )
    if months + 1 > values[0].size:
        raise ValidationError(
            f"months: history has {values[0].size} months",
            field="months",
            value=months,
            expected=f"at most {values[0].size - 1}",
        )
    return [np.log(row[-months - 1 :]) for row in values]
