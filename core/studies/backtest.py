"""The cone of chances held against what came: stood at each past month, knowing only what was known by then.

Volatility, growth of difficulty and its shocks are fitted to the months before; price has no drift, as nobody knew one, and difficulty begins in balance with it.
Windows of a year overlap, so that many starts are few independent years: the interval of the coverage counts those.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import ValidationError
from core.models import calibration, mining, risk
from core.models.network import outlook_months
from core.scenario import Scenario
from core.studies.chances import chances
from core.units import BLOCKS_PER_DAY, BLOCKS_PER_ERA, DAY_S
from core.world import MarketHistory

Floats: TypeAlias = NDArray[np.float64]
AHEAD, WINDOW, LEAST = 12, 48, 27  # months: looked ahead, fitted, and the fewest that can be
PATHS = 2048
ENDS = (0.05, 0.5, 0.95)
FIGURES = {"coins_btc": "Coins of a PH/s in a year", "hashprice_usd_per_ph_day": "Hashprice after a year"}
HASHRATE_THS = 1000.0


@dataclass(frozen=True, eq=False)
class Backtest:
    """`starts`: a row for each month stood at and each of `FIGURES`: P5, P50 and P95 as seen then, what came, and whether it
    lay within. `coverage`: by figure the share within P5 to P95, its 95 % interval, and how many independent years it rests on."""

    starts: pd.DataFrame
    coverage: pd.DataFrame


def backtest(history: MarketHistory, starts: Iterable[str] = (), seed: int = 1) -> Backtest:
    """Stand at the end of each month of `starts` (YYYY-MM), by default all that the history allows from 2017 on.

    history: a value at each month's end. ValidationError for a month without 27 before it or 12 after it.
    """
    months = unbroken(history)
    wanted = list(starts) or [str(month) for month in months if str(month)[:4] >= "2017"][:-AHEAD]
    rows = [row for start in wanted for row in _from(history, months, start, seed)]
    frame = pd.DataFrame(rows)
    frame["within"] = (frame["actual"] >= frame["p5"]) & (frame["actual"] <= frame["p95"])
    return Backtest(frame, pd.DataFrame([_coverage(name, frame) for name in FIGURES]))


def unbroken(history: MarketHistory) -> NDArray[np.datetime64]:
    """Its months up to the first that is missing."""
    months = np.array([np.datetime64(day, "M") for day in history.days])
    gaps = np.flatnonzero(np.diff(months.astype(np.int64)) != 1)
    return months[: gaps[0] + 1] if len(gaps) else months


def _from(history: MarketHistory, months: NDArray[np.datetime64], start: str, seed: int) -> list[dict[str, object]]:
    """Both figures as seen from one month."""
    at = int(np.searchsorted(months, np.datetime64(start, "M")))
    if not LEAST <= at < len(months) - AHEAD or str(months[at]) != start:
        raise ValidationError(
            f"starts: {start} has not {LEAST} months of history before and {AHEAD} after it",
            field="starts",
            value=start,
            expected=f"a month from {months[LEAST]} to {months[-AHEAD - 1]}",
        )
    seen, came = _seen(history, months, at, seed), _came(history, at)
    ranked = {name: np.quantile(values, ENDS) for name, values in seen.items()}
    return [
        {
            "start": start,
            "figure": name,
            **dict(zip(("p5", "p50", "p95"), ranked[name], strict=True)),
            "actual": came[name],
        }
        for name in FIGURES
    ]


def _seen(history: MarketHistory, months: NDArray[np.datetime64], at: int, seed: int) -> dict[str, Floats]:
    """What paths say at the time, (paths,) each."""
    price, difficulty = (np.asarray(row[: at + 1]) for row in (history.price_usd, history.difficulty))
    fit = calibration.moments(price, difficulty, min(WINDOW, at - calibration.LEADS))
    path = outlook_months(
        str(months[at] + 1), AHEAD, str(months[at] + 1) + "-01", price[-1], difficulty[-1], _height(history, at),
        0.0, float(np.expm1(12.0 * fit.difficulty_mean)),
    )  # fmt: skip
    told = chances(_as_fitted(fit), path, 0.0, seed, 0, PATHS)
    coins = _coins(path.days[:, None], told.difficulty, told.subsidy_btc).sum(axis=0)
    worth = mining.hashprice_usd_per_ph_day(told.price_usd[-1], told.difficulty[-1], told.subsidy_btc[-1])
    return {"coins_btc": coins, "hashprice_usd_per_ph_day": np.asarray(worth)}


def _as_fitted(fit: calibration.Moments) -> Scenario:
    volatility = fit.price_volatility_per_year
    return Scenario().but(
        {
            "risk.price_volatility_per_year": volatility,
            "risk.price_volatility_later_per_year": volatility,
            "risk.price_pull_per_year": 0.0,
            "risk.difficulty_shock": fit.difficulty_deviation,
        }
    )


def _height(history: MarketHistory, at: int) -> float:
    """Height of the chain by the halvings before and the usual pace since."""
    subsidy = np.asarray(history.subsidy_btc[: at + 1])
    era = round(np.log2(50.0 / subsidy[-1]))
    begun = int(np.argmax(subsidy == subsidy[-1]))
    since = (history.days[at] - history.days[begun]).days + 15.0  # within the month before its first end
    return float(era * BLOCKS_PER_ERA + min(since * BLOCKS_PER_DAY, BLOCKS_PER_ERA - 1.0))


def _came(history: MarketHistory, at: int) -> dict[str, float]:
    """What came: difficulty of each month is that at the end of the one before."""
    held = slice(at, at + AHEAD)
    days = np.diff([day.toordinal() for day in history.days[at : at + AHEAD + 1]])
    subsidy = np.asarray(history.subsidy_btc[at + 1 : at + AHEAD + 1])
    coins = _coins(days, np.asarray(history.difficulty[held]), subsidy).sum()
    last = at + AHEAD - 1
    worth = mining.hashprice_usd_per_ph_day(history.price_usd[last], history.difficulty[last], float(subsidy[-1]))
    return {"coins_btc": float(coins), "hashprice_usd_per_ph_day": float(worth)}


def _coins(days: Floats, difficulty: Floats, subsidy_btc: Floats) -> Floats:
    return np.asarray(mining.expected_btc(HASHRATE_THS, days * DAY_S, difficulty, subsidy_btc))


def _coverage(name: str, frame: pd.DataFrame) -> dict[str, object]:
    within = frame.loc[frame["figure"] == name, "within"].to_numpy()
    years = max(len(within) // AHEAD, 1)
    like = np.arange(years) < round(within.mean() * years)
    low, high = risk.probability_interval_frac(like)
    return {
        "figure": name,
        "within_frac": float(within.mean()),
        "low_frac": float(low),
        "high_frac": float(high),
        "years": years,
    }
