"""The cone held against the past: only what was known counts, and few years are not called many."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from core.errors import ValidationError
from core.fetchers.network import bundled_difficulty_history, market_history
from core.fetchers.price import bundled_price_history
from core.models.mining import hashprice_usd_per_ph_day
from core.models.network import outlook_months
from core.scenario import Scenario
from core.studies.backtest import FIGURES, Backtest, backtest
from core.studies.chances import answered
from core.world import MarketHistory

SOME = ("2018-01", "2020-06", "2023-12")


@pytest.fixture(scope="module")
def history() -> MarketHistory:
    return market_history(bundled_price_history("USD").value, bundled_difficulty_history().value)


@pytest.fixture(scope="module")
def told(history: MarketHistory) -> Backtest:
    return backtest(history, SOME)


def test_what_came_is_the_history(told: Backtest, history: MarketHistory) -> None:
    at = [day.strftime("%Y-%m") for day in history.days].index("2023-12") + 11
    expected = hashprice_usd_per_ph_day(history.price_usd[at], history.difficulty[at], 3.125)
    row = told.starts.query("start == '2023-12' and figure == 'hashprice_usd_per_ph_day'").iloc[0]
    assert row["actual"] == pytest.approx(expected)
    assert history.days[at] == date(2024, 11, 30)


def test_what_came_later_changes_nothing_that_was_seen(told: Backtest, history: MarketHistory) -> None:
    at = [day.strftime("%Y-%m") for day in history.days].index("2020-06")
    later = tuple(10.0 * p if i > at else p for i, p in enumerate(history.price_usd))
    harder = tuple(3.0 * d if i > at else d for i, d in enumerate(history.difficulty))
    seen = backtest(replace(history, price_usd=later, difficulty=harder), ("2020-06",)).starts
    before = told.starts[told.starts["start"] == "2020-06"]
    for name in ("p5", "p50", "p95"):
        assert seen[name].to_numpy() == pytest.approx(before[name].to_numpy())
    assert (seen["actual"].to_numpy() != before["actual"].to_numpy()).any()


def test_the_coverage_is_counted_over_independent_years(history: MarketHistory) -> None:
    whole = backtest(history)
    assert set(whole.coverage["figure"]) == set(FIGURES)
    assert len(whole.starts) == 2 * 84
    for row in whole.coverage.itertuples():
        inside = whole.starts.loc[whole.starts["figure"] == row.figure, "within"]
        assert row.within_frac == pytest.approx(inside.mean())
        assert row.years == 7
        assert row.low_frac < row.within_frac < row.high_frac
        assert row.high_frac - row.low_frac > 0.3


def test_a_history_of_the_cone_itself_is_covered(history: MarketHistory) -> None:
    """Limit: months drawn from the very model lie within about as often as they should: nine in ten, less what it costs that
    the cone begins in balance, while difficulty still owes an answer to earlier prices (0.76 to 0.91 over six seeds)."""
    rng = np.random.default_rng(4)
    count = 600
    strayed = np.cumsum(rng.normal(0.0, 0.1, count))
    path = outlook_months("2013-01", count - 1, "2013-01-01", 1e4, 1e12, 214_000)
    owed = answered(Scenario(), path, 0.0, strayed[:, None], 0.25 * rng.normal(size=(count, 1)))[:, 0]
    price, difficulty = 1e4 * np.exp(strayed), 1e12 * np.exp(owed)
    days = tuple(
        (np.datetime64("2013-01", "M") + np.arange(1, count + 1)).astype("datetime64[D]").astype(object)
        - np.timedelta64(1, "D").astype(object)
    )
    made = MarketHistory(
        days, tuple(price), tuple(difficulty), tuple(50.0 / 2 ** (np.arange(count) // 48)), (0.0,) * count
    )
    starts = [
        days[48 * era + month].strftime("%Y-%m") for era in range(1, 12) for month in (2, 14, 26)
    ]  # no halving within
    within = backtest(made, starts).coverage.set_index("figure").loc["hashprice_usd_per_ph_day", "within_frac"]
    assert 0.7 <= within <= 1.0


@pytest.mark.parametrize("start", ["2011-01", "2024-06", "1999-01"])
def test_a_month_that_cannot_be_is_named(start: str, history: MarketHistory) -> None:
    with pytest.raises(ValidationError, match=start) as error:
        backtest(history, (start,))
    assert error.value.field == "starts"
