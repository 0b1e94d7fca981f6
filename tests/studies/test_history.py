"""Series by day: hashprice against a published one, and days added."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.models.mining import hashprice_usd_per_ph_day
from core.studies.history import extended, hashprice
from core.world import MarketHistory, Series

START = date(2024, 1, 1)


def daily(count: int, first: float = 1.0) -> Series:
    return Series(tuple(START + timedelta(days=i) for i in range(count)), tuple(first + i for i in range(count)))


def test_hashprice_of_a_day_is_that_of_the_model() -> None:
    history = MarketHistory((START,), (75_894.0,), (1.3897e14,), (3.125,), (0.025,))
    assert hashprice(history).values[0] == pytest.approx(
        float(hashprice_usd_per_ph_day(75_894, 1.3897e14, 3.125, 0.025))
    )


def test_a_halving_halves_it_where_there_are_no_fees() -> None:
    days = (START, START + timedelta(days=1))
    told = hashprice(MarketHistory(days, (60_000.0,) * 2, (8.6e13,) * 2, (6.25, 3.125), (0.0, 0.0)))
    assert told.values[0] == pytest.approx(2 * told.values[1])


def test_days_are_added_and_none_is_replaced() -> None:
    told = extended(daily(3), daily(5, first=100.0))
    assert told.values == (1.0, 2.0, 3.0, 103.0, 104.0)
    assert list(told.days) == sorted(told.days)
    assert extended(daily(3), Series((), ())) == daily(3)
