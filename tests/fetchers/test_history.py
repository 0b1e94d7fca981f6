"""The bundled history of price and difficulty, and the ladders down to what is bundled."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.fetchers import network, price, rates
from core.fetchers.ask import ask
from core.fetchers.world import Access, World
from core.models import mining
from core.world import RecentBlocks, Series

QUESTIONS = (
    (network.NETWORK, None),
    (network.RETARGET, None),
    (network.FEES, RecentBlocks()),
    (network.DIFFICULTY_HISTORY, None),
    (network.HASHRATE_HISTORY, None),
    (price.PRICE, "USD"),
    (price.PRICE, "EUR"),
    (price.PRICE_HISTORY, "USD"),
    (rates.RATES, "USD"),
)


def value_on(series: Series, day: str) -> float:
    return series.values[series.days.index(date.fromisoformat(day))]


@pytest.mark.parametrize("told", [price.bundled_price_history("USD"), network.bundled_difficulty_history()])
def test_every_month_end_from_2010_to_2024_is_there_once_and_then_april_2026(told: Any) -> None:
    *months, newest = told.value.days
    assert newest == date(2026, 4, 30)
    assert told.observed_at == datetime(2026, 4, 30, tzinfo=UTC)
    assert [(day.year, day.month) for day in months] == [(n // 12, n % 12 + 1) for n in range(2010 * 12 + 7, 2025 * 12)]
    assert all((day + timedelta(days=1)).day == 1 for day in months)


@pytest.mark.parametrize(
    ("day", "low_usd", "high_usd"),  # CoinMarketCap, historical data of bitcoin
    [
        ("2017-12-31", 12_755.60, 14_377.40),
        ("2021-10-31", 60_074.33, 62_406.17),
        ("2022-12-31", 16_517.52, 16_628.99),
    ],
)
def test_a_price_lies_between_low_and_high_of_its_day(day: str, low_usd: float, high_usd: float) -> None:
    assert low_usd <= value_on(price.bundled_price_history("USD").value, day) <= high_usd


def test_difficulties_are_those_of_the_chain() -> None:
    told = network.bundled_difficulty_history().value
    # block 499,968 of 2017-12-18 set the bits that held until 2018-01-01
    assert value_on(told, "2017-12-31") == pytest.approx(mining.difficulty_from_bits(0x18009645), rel=1e-5)
    assert value_on(told, "2010-08-31") == pytest.approx(623.387, rel=1e-5)
    assert network.bundled_hashrate_history().value.values[-1] == pytest.approx(
        float(mining.network_hashrate_ths(1.3897e14))
    )


@pytest.mark.data
def test_the_table_is_the_month_ends_it_was_made_from(validation_data: Any) -> None:
    with (validation_data / "btc_month_end_2010_2024.csv").open(newline="") as file:
        outside = list(csv.DictReader(file))
    prices, difficulties = price.bundled_price_history("USD").value, network.bundled_difficulty_history().value
    assert len(outside) == len(prices.days) - 1
    for row in outside:
        assert value_on(prices, row["date"]) == pytest.approx(float(row["price_usd"]), rel=1e-9)
        assert value_on(difficulties, row["date"]) == pytest.approx(float(row["difficulty_median"]), rel=5e-6)


@pytest.mark.data
def test_difficulty_and_chain_agree_on_the_last_day_of_every_month(validation_data: Any) -> None:
    with (validation_data / "btc_chain_daily_2009_2024.csv").open(newline="") as file:
        chain = {row["date"]: float(row["difficulty_median"]) for row in csv.DictReader(file)}
    told = network.bundled_difficulty_history().value
    for day, value in zip(told.days[:-1], told.values, strict=False):
        assert value == pytest.approx(chain[day.isoformat()], rel=5e-6), day


def test_hashprice_of_the_bundled_months_falls_through_the_decade() -> None:
    told = network.market_history(price.bundled_price_history("USD").value, network.bundled_difficulty_history().value)
    reward = [float(v) for v in told.subsidy_btc]
    hashprice = dict(
        zip(
            told.days,
            mining.hashprice_usd_per_ph_day(*map(_array, (told.price_usd, told.difficulty, reward))),
            strict=True,
        )
    )
    assert 30 < hashprice[date(2026, 4, 30)] < 40  # 3.125 · 75,894 · 1.4475e-4
    assert hashprice[date(2024, 12, 31)] == pytest.approx(
        3.125 * 93_765.05 * 86_400e15 / (1.09782e14 * 2**32), rel=1e-5
    )
    assert hashprice[date(2017, 12, 31)] > 10 * hashprice[date(2024, 12, 31)]


def _array(values: Any) -> Any:
    import numpy as np

    return np.array(values)


@pytest.mark.parametrize(("question", "asked"), QUESTIONS, ids=[f"{q.name} {a}" for q, a in QUESTIONS])
def test_offline_and_with_an_empty_cache_every_question_has_a_dated_answer(question: Any, asked: Any) -> None:
    told = ask(question, asked, World(None, Access(offline=True)))
    assert told.status == "bundled"
    assert told.observed_at <= datetime(2026, 4, 30, tzinfo=UTC)
    assert told.source
    assert told.why == "offline by a setting"
    assert question.plausible(told.value, asked) == ""
    assert question.unpack(question.pack(told.value)) == told.value


@pytest.mark.parametrize(("question", "asked"), QUESTIONS, ids=[f"{q.name} {a}" for q, a in QUESTIONS])
def test_a_ladder_works_without_any_key(question: Any, asked: Any) -> None:
    world = Access()
    usable = [source for source in question.sources if not world.why_not(source)]
    assert usable
    for source in usable:
        assert source.request(source.base, asked, "").url.startswith("https://")
