"""The bitcoin network and its price, month by month: growth, block pace and halvings, without chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import refused
from core.units import BLOCKS_PER_DAY, BLOCKS_PER_ERA, DAY_S, DAYS_PER_YEAR, MONTHS_PER_YEAR, SATS_PER_BTC

LAST_ERA = 33  # after it a block brings no satoshi
SUBSIDY_BTC = np.array([(50 * SATS_PER_BTC >> era) / SATS_PER_BTC for era in range(LAST_ERA + 1)])  # whole satoshi
FIRST_BLOCK = np.datetime64("2009-01-03", "D")
EPOCH_YEARS = 14 / DAYS_PER_YEAR  # 2,016 blocks at ten minutes

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NetworkPath:
    """The network in each month of operation; every field has shape (months,).

    `month`: calendar month. `days`: its length [d]. `price_usd` [USD], `difficulty` [1]: held over the month.
    `height_start` [blocks]: expected height when the month begins, `blocks`: mined within it; both may be fractions.
    `subsidy_btc` [BTC per block]: mean over the month's blocks.
    """

    month: NDArray[np.datetime64]
    days: Floats
    price_usd: Floats
    difficulty: Floats
    height_start: Floats
    blocks: Floats
    subsidy_btc: Floats

    @property
    def seconds(self) -> Floats:
        """Length of each month [s]."""
        return self.days * DAY_S

    @property
    def halves(self) -> NDArray[np.bool_]:
        """Months in which a halving falls."""
        end = self.height_start + self.blocks
        # a halving's own block belongs to the month it opens; the first block of all is no halving
        return np.ceil(end / BLOCKS_PER_ERA) > np.ceil(np.maximum(self.height_start, 1) / BLOCKS_PER_ERA)


def outlook_months(
    start_month: str,
    months: int,
    observed_at: str | date | datetime | np.datetime64,
    price_usd: float,
    difficulty: float,
    height: float,
    price_growth_per_year: float = 0.0,
    difficulty_growth_per_year: float = 0.0,
    growth_fade_years: float = 0.0,
    *,
    from_reading: bool = False,
) -> NetworkPath:
    """Price, difficulty and subsidy in each month of operation, both growing at a constant or fading rate.

    reading · growth_factor(growth, t_0 + k/12) in month k; height = reading + Σ days · blocks_per_day.

    start_month: "YYYY-MM", month 0. months ≥ 1. observed_at: when `height` was read (UTC). price_usd [USD] ≥ 0,
    difficulty [1] ≥ 0, height [blocks] ≥ 0: readings. Growth [1/yr] > −1; growth_fade_years [yr] ≥ 0.
    Price and difficulty are taken to hold in month 0, whenever it comes: growth starts with operation, t_0 = 0. from_reading:
    it starts with the reading, t_0 = years from observed_at to month 0, 0 where that is earlier. Blocks do not wait: from
    observed_at to month 0 they come at the nominal 144 a day (backwards too, where operation began earlier).
    Source: Braiins, profitability methodology (constant increments); Bitcoin Core, consensus parameters.
    """
    _check_reading(price_usd=price_usd, difficulty=difficulty, height=height, growth_fade_years=growth_fade_years)
    _log_growth("price_growth_per_year", price_growth_per_year)
    _log_growth("difficulty_growth_per_year", difficulty_growth_per_year)
    month = _calendar(start_month, months)
    edges = np.append(month, month[-1] + 1).astype("datetime64[D]")
    days = np.diff(edges).astype(np.float64)
    begun = max(_days_between(observed_at, edges[0]) / DAYS_PER_YEAR, 0.0) if from_reading else 0.0
    years = begun + np.arange(months + 1) / MONTHS_PER_YEAR
    price = growth_factor(price_growth_per_year, years, growth_fade_years)
    hashing = growth_factor(difficulty_growth_per_year, years, growth_fade_years)
    blocks = days * blocks_per_day((hashing[1:] / hashing[:-1]) ** MONTHS_PER_YEAR - 1.0)
    heights = _height_then(edges[0], observed_at, height) + np.append(0.0, np.cumsum(blocks))
    return NetworkPath(
        month=month,
        days=days,
        price_usd=price_usd * price[:-1],
        difficulty=difficulty * hashing[:-1],
        height_start=heights[:-1],
        blocks=blocks,
        subsidy_btc=mean_subsidy_btc(heights[:-1], blocks),
    )


def growth_factor(growth_per_year: float, years: ArrayLike, fade_years: float = 0.0) -> Any:
    """How much a quantity has grown after some years, at a rate that may fade.

    (1 + g)^t, or with a fade f: (1 + g)^(f · (1 − e^(−t/f))), the integral of ln(1 + g) · e^(−t/f).

    growth_per_year [1/yr] > −1, years t [yr] any shape, fade_years f [yr] ≥ 0, 0: no fading.
    With a fade it levels off at (1 + g)^f. Source: Gompertz (1825), growth whose rate decays exponentially.
    """
    t = np.asarray(years, dtype=np.float64)
    lived = -fade_years * np.expm1(-t / fade_years) if fade_years > 0 else t
    return np.exp(_log_growth("growth_per_year", growth_per_year) * lived)


def power_law_usd(price_usd: float, days: ArrayLike, exponent: float) -> Floats:
    """A price that goes with the days since the first block to a power, `price_usd` on the first of some days.

    P_0 · (d / d_0)^β. days (n,) > 0, since 2009-01-03; exponent β ≥ 0. Growth of a year falls as 1 + β · 365 / d does.
    Source: Burger (2019), "Bitcoin's natural long-term power-law corridor of growth": β = 5.845 on daily closes of 2010–2019.
    """
    since = np.asarray(days, np.float64)
    wrong = ~(since > 0)
    if wrong.any():
        raise refused("days", float(since[wrong].flat[0]), "days after the first block")
    return np.asarray(price_usd * (since / since.flat[0]) ** exponent)


def curve_usd(price_usd: float, by_year_usd: ArrayLike, months: int) -> Floats:
    """Price in each month (months,), between today's in the first and those at the end of each year; the last stays.

    ln P_m = ln P_{y−1} + (m / 12 − y + 1) · (ln P_y − ln P_{y−1}) in year y.

    price_usd and by_year_usd (years,) > 0 [USD]. Source: geometric interpolation.
    """
    risen = np.log(np.append(1.0, np.asarray(by_year_usd, np.float64) / price_usd))
    return np.asarray(price_usd * np.exp(np.interp(np.arange(months) / MONTHS_PER_YEAR, np.arange(len(risen)), risen)))


def monthly_growth(growth_per_year: ArrayLike) -> Any:
    """Growth a month that compounds to a growth a year.

    (1 + g)^(1/12) − 1.

    growth_per_year [1/yr] > −1, any shape. Returns 1/month. Source: compound interest.
    """
    return np.expm1(_log_growth("growth_per_year", growth_per_year) / MONTHS_PER_YEAR)


def yearly_growth(growth_per_month: ArrayLike) -> Any:
    """Growth a year that a growth a month compounds to.

    (1 + m)^12 − 1.

    growth_per_month [1/month] > −1, any shape. Returns 1/yr. Source: compound interest.
    """
    return np.expm1(_log_growth("growth_per_month", growth_per_month) * MONTHS_PER_YEAR)


def implied_monthly_growth(first: ArrayLike, last: ArrayLike, months: ArrayLike) -> Any:
    """Constant growth a month that leads from one value to another.

    (last / first)^(1/months) − 1.

    first, last > 0 in one unit, months > 0; shapes broadcast. Returns 1/month. Source: compound interest.
    """
    return np.expm1((_log("last", last) - _log("first", first)) / months)


def blocks_per_day(difficulty_growth_per_year: ArrayLike) -> Any:
    """Pace of blocks while hash rate grows steadily.

    144 · (1 + g)^(14 days / 1 year).

    difficulty_growth_per_year g [1/yr] > −1, any shape. Slower than 144 where hash rate shrinks.
    Why: a retarget sets difficulty to what the mean hash rate of the epoch that ended deserved; that mean lies half an
    epoch behind the retarget, and the new epoch's own mean half an epoch after it. So hash rate runs one epoch of growth
    ahead of difficulty, and blocks come faster by that factor. Exact is s = (1 + g)^(14 days / s), as epochs are shorter
    by s too: 0.03 % less at 50 % a year, and less than blocks' own luck. Source: derived from Bitcoin Core, pow.cpp.
    """
    rate = _log_growth("difficulty_growth_per_year", difficulty_growth_per_year)
    return BLOCKS_PER_DAY * np.exp(rate * EPOCH_YEARS)


def mean_subsidy_btc(height_start: ArrayLike, blocks: ArrayLike) -> Any:
    """Mean subsidy over a run of blocks that at most one halving divides.

    (old · blocks before the halving + new · blocks after) / blocks.

    height_start, blocks [blocks] ≥ 0, fractions allowed, shapes broadcast. BTC per block, of whole satoshi either side.
    Source: Bitcoin Core, validation.cpp, GetBlockSubsidy.
    """
    start, run = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in (height_start, blocks)))
    if start.size and (first := start.min() // BLOCKS_PER_ERA) == (start + run).max() // BLOCKS_PER_ERA:
        return np.full(start.shape, SUBSIDY_BTC[int(min(first, LAST_ERA))])[()]  # as a rule: no halving is near
    era = (start / BLOCKS_PER_ERA).astype(np.intp)
    subsidy = np.asarray(SUBSIDY_BTC[np.minimum(era, LAST_ERA)])
    late = start + run - (era + 1.0) * BLOCKS_PER_ERA
    divided = late > 0
    if divided.any():  # few are: a halving comes once in four years
        share = np.minimum(late[divided], run[divided]) / run[divided]
        new = SUBSIDY_BTC[np.minimum(era[divided] + 1, LAST_ERA)]
        subsidy[divided] = subsidy[divided] * (1.0 - share) + new * share
    return subsidy[()]


def _log(name: str, value: ArrayLike) -> Any:
    figures = np.asarray(value, dtype=np.float64)
    wrong = ~(np.isfinite(figures) & (figures > 0))
    if wrong.any():
        raise refused(name, float(figures[wrong].flat[0]), "a number above 0")
    return np.log(figures)


def _log_growth(name: str, growth: ArrayLike) -> Any:
    figures = np.asarray(growth, dtype=np.float64)
    wrong = ~(np.isfinite(figures) & (figures > -1))
    if wrong.any():
        raise refused(name, float(figures[wrong].flat[0]), "a number above -1")
    return np.log1p(figures)


def _calendar(start_month: str, months: int) -> NDArray[np.datetime64]:
    if not isinstance(months, int | np.integer) or isinstance(months, bool) or months < 1:
        raise refused("months", months, "a whole number from 1")
    try:
        return np.datetime64(start_month, "M") + np.arange(months)
    except ValueError:
        raise refused("start_month", start_month, "a month as YYYY-MM") from None


def _height_then(start: np.datetime64, observed_at: Any, height: float) -> float:
    then = float(height + _days_between(observed_at, start) * BLOCKS_PER_DAY)
    if then < 0:
        raise refused("start_month", str(start), "a month after the first block")
    return then


def _days_between(observed_at: Any, start: np.datetime64) -> float:
    return float((start - _instant(observed_at)) / np.timedelta64(1, "D"))


def _instant(observed_at: Any) -> np.datetime64:
    try:
        moment = datetime.fromisoformat(observed_at) if isinstance(observed_at, str) else observed_at
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        instant: np.datetime64 = np.datetime64(moment, "s")
    except ValueError:
        raise refused("observed_at", str(observed_at), "a date or time") from None
    if np.isnat(instant):
        raise refused("observed_at", str(observed_at), "a date or time")
    return instant


def _check_reading(**figures: float) -> None:
    for name, value in figures.items():
        if not (math.isfinite(value) and value >= 0):
            raise refused(name, value, "a number, 0 or more")
