"""What the price providers are asked, what is read from their replies, and which prices are believed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.errors import SourceError
from core.fetchers import price
from core.fetchers.provider import Reply
from core.fetchers.providers import blockchain_info, coinbase, coingecko, kraken, mempool
from core.world import Price, Rates, Series
from tests.fetchers.replies_bitcoin import (
    CHART_PRICE,
    COINBASE,
    COINGECKO_DAYS,
    COINGECKO_PRICE,
    KRAKEN_CANDLES,
    KRAKEN_TICKER,
    MEMPOOL_PRICE_DAYS,
    MEMPOOL_PRICES,
    NOW,
    NOW_S,
    reply,
)

TODAY = NOW.date()
DAY_S = 86_400.0


# mempool


def test_mempool_has_seven_currencies_in_one_reply() -> None:
    assert mempool.PRICE.read(reply(MEMPOOL_PRICES), "EUR") == Price("EUR", 65_600.0, NOW - timedelta(seconds=60))


@pytest.mark.parametrize("currency", ["CHF", "NOK"])
def test_minus_one_and_a_missing_field_are_currencies_mempool_lacks(currency: str) -> None:
    with pytest.raises(SourceError, match=rf"mempool\.space: {currency} is not"):
        mempool.PRICE.read(reply(MEMPOOL_PRICES), currency)


@pytest.mark.parametrize("stamp", [0, NOW_S - 90_000, NOW_S + 90_000])
def test_a_mempool_that_has_just_started_or_whose_prices_stand_still_is_refused(stamp: int) -> None:
    with pytest.raises(SourceError, match="time is not"):
        mempool.PRICE.read(reply({**MEMPOOL_PRICES, "time": stamp}), "USD")


def test_the_clock_of_a_provider_may_run_a_little_fast_but_no_price_is_of_the_future() -> None:
    told = mempool.PRICE.read(reply({**MEMPOOL_PRICES, "time": NOW_S + 100}), "USD")
    assert told.observed_at == NOW


def test_mempool_prices_come_newest_first_and_zeros_before_the_first_market_are_dropped() -> None:
    told = mempool.PRICE_HISTORY.read(reply(MEMPOOL_PRICE_DAYS), "USD")
    assert told == Series((TODAY - timedelta(days=1), TODAY), (74_000.0, 75_900.5))
    assert mempool.PRICE_HISTORY.read(reply(MEMPOOL_PRICE_DAYS), "EUR") == Series((TODAY,), (65_600.0,))


def test_a_currency_mempool_does_not_know_is_a_body_of_null() -> None:
    with pytest.raises(SourceError, match="body is not an object"):
        mempool.PRICE_HISTORY.read(reply(None), "XXX")


# Coinbase


def test_coinbase_amounts_are_text() -> None:
    assert coinbase.PRICE.request("https://c", "EUR", "").url == "https://c/v2/prices/BTC-EUR/spot"
    assert coinbase.PRICE.read(reply(COINBASE), "USD") == Price("USD", 75_950.25, NOW)
    for amount in ("-5", "7,5", "1e5", " 75950", "٧٥", "NaN", "75950.25.1", 75950.25):
        told = {"data": {**COINBASE["data"], "amount": amount}}
        if amount == "-5":  # a number, which its bounds refuse
            assert price.price_doubt(coinbase.PRICE.read(reply(told), "USD"), "USD")
            continue
        with pytest.raises(SourceError, match="amount is not a number as text"):
            coinbase.PRICE.read(reply(told), "USD")


def test_coinbase_answers_about_the_pair_it_was_asked() -> None:
    for data in ({"currency": "EUR"}, {"base": "ETH"}):
        with pytest.raises(SourceError, match="the pair BTC-USD"):
            coinbase.PRICE.read(reply({"data": {**COINBASE["data"], **data}}), "USD")


# Kraken


def test_kraken_names_the_pair_otherwise_than_it_is_asked() -> None:
    assert kraken.PRICE.request("https://k", "USD", "").params == {"pair": "XBTUSD"}
    assert kraken.PRICE.read(reply(KRAKEN_TICKER), "USD") == Price("USD", 75_980.1, NOW)
    with pytest.raises(SourceError, match="one pair that ends in EUR"):
        kraken.PRICE.read(reply(KRAKEN_TICKER), "EUR")


@pytest.mark.parametrize(
    "errors", [["EAPI:Rate limit exceeded"], ["EService:Unavailable"], ["EQuery:Unknown asset pair"]]
)
def test_kraken_tells_errors_in_a_list_with_http_200(errors: list[str]) -> None:
    for body in ({"error": errors}, {**KRAKEN_TICKER, "error": errors}):
        with pytest.raises(SourceError, match=f"Kraken refuses: {errors[0]}"):
            kraken.PRICE.read(reply(body), "USD")


def test_the_last_candle_of_kraken_is_not_over_and_left_out() -> None:
    told = kraken.PRICE_HISTORY.read(reply(KRAKEN_CANDLES), "USD")
    assert told == Series((TODAY - timedelta(days=2), TODAY - timedelta(days=1)), (74_000.0, 75_200.0))


# CoinGecko


def test_coingecko_stamps_are_seconds_with_a_price_and_milliseconds_with_a_history() -> None:
    assert coingecko.PRICE.read(reply(COINGECKO_PRICE), "USD") == Price("USD", 75_940.5, NOW - timedelta(seconds=40))
    told = coingecko.PRICE_HISTORY.read(reply(COINGECKO_DAYS), "USD")
    assert told == Series((TODAY - timedelta(days=1), TODAY), (75_100.5, 75_940.5))


def test_a_coingecko_key_is_optional_and_travels_in_a_header() -> None:
    assert coingecko.PRICE.key_optional
    keyed = coingecko.PRICE.request("https://g", "USD", "CG-abc")
    assert keyed.headers == {"x-cg-demo-api-key": "CG-abc"}
    assert keyed.secrets == {"x-cg-demo-api-key"}
    free = coingecko.PRICE.request("https://g", "USD", "")
    assert free.headers == {}
    assert free.secrets == frozenset()


@pytest.mark.parametrize("status", [200, 401, 429])
def test_coingecko_tells_errors_in_two_places(status: int) -> None:
    limit = {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}
    range_ = {"error": {"status": {"error_code": 10012, "error_message": "exceeds the allowed time range"}}}
    for body, said in ((limit, "429"), (range_, "10012"), ({"error": "coin not found"}, "coin not found")):
        with pytest.raises(SourceError, match=f"CoinGecko.*{said}"):
            coingecko.PRICE.read(reply(body, status), "USD")


def test_a_price_of_yesterday_is_not_a_price_of_now() -> None:
    with pytest.raises(SourceError, match="of the last 24 h"):
        coingecko.PRICE.read(reply(COINGECKO_PRICE, at=NOW + timedelta(days=1)), "USD")


# blockchain.info


def test_blockchain_info_has_dollars_alone_and_zeros_before_the_first_market() -> None:
    assert blockchain_info.PRICE_HISTORY.read(reply(CHART_PRICE), "USD").values == (75_123.4,)
    with pytest.raises(SourceError, match="it has no other"):
        blockchain_info.PRICE_HISTORY.read(reply(CHART_PRICE), "EUR")


@pytest.mark.parametrize(
    ("source", "body"),
    [
        (mempool.PRICE_HISTORY, MEMPOOL_PRICE_DAYS),
        (kraken.PRICE_HISTORY, KRAKEN_CANDLES),
        (coingecko.PRICE_HISTORY, COINGECKO_DAYS),
        (blockchain_info.PRICE_HISTORY, CHART_PRICE),
    ],
)
def test_a_history_that_ended_last_week_is_refused(source: Any, body: Any) -> None:
    with pytest.raises(SourceError, match="last day is not of the last"):
        source.read(reply(body, at=NOW + timedelta(days=7)), "USD")


# What is believed


@pytest.mark.parametrize("price_usd", [99.9, 1.01e8, 0.0, -75_900.0, float("nan"), float("inf")])
def test_a_price_out_of_bounds_is_doubted(price_usd: float) -> None:
    assert "is not between" in price.price_doubt(Price("USD", price_usd, NOW), "USD")
    assert price.price_doubt(Price("USD", 75_900.0, NOW), "USD") == ""


def test_other_currencies_have_wider_bounds() -> None:
    assert price.price_doubt(Price("KWD", 60.0, NOW), "KWD") == ""
    assert price.price_doubt(Price("IRR", 8e10, NOW), "IRR") == ""
    assert "is in EUR" in price.price_doubt(Price("EUR", 65_600.0, NOW), "USD")


@pytest.mark.parametrize(
    ("factor", "jumps"), [(1000, True), (3.1, True), (2.9, False), (1 / 2.9, False), (1 / 3.1, True)]
)
def test_a_price_may_move_by_a_factor_three_at_once(factor: float, jumps: bool) -> None:
    last = Price("USD", 75_900.0, NOW)
    assert bool(price.price_jump(Price("USD", 75_900.0 * factor, NOW), last, 60.0)) == jumps


def test_every_move_since_2010_is_believed_from_whatever_month_the_last_price_is() -> None:
    told = price.bundled_price_history("USD").value
    closes = list(zip(told.days, told.values, strict=True))
    for i, (day, before) in enumerate(closes):
        for later, after in closes[i + 1 :]:
            age_s = (later - day).days * DAY_S
            assert price.price_jump(Price("USD", after, NOW), Price("USD", before, NOW), age_s) == "", (day, later)


def test_a_history_with_a_jump_or_nothing_to_pay_is_doubted() -> None:
    days = tuple(TODAY - timedelta(days=n) for n in (2, 1, 0))
    assert price.price_history_doubt(Series(days, (74_000.0, 75_000.0, 75_900.0)), "USD") == ""
    assert "it jumps" in price.price_history_doubt(Series(days, (74_000.0, 7_500_000.0, 75_900.0)), "USD")
    assert "not above 0" in price.price_history_doubt(Series(days, (74_000.0, 0.0, 75_900.0)), "USD")
    assert "is not between" in price.price_history_doubt(Series(days, (0.74, 0.75, 0.76)), "USD")
    crash = Series((date(2011, 6, 18), date(2011, 6, 19), TODAY), (16.9, 0.01, 75_900.0))
    assert price.price_history_doubt(crash, "USD") == ""  # one exchange on one night


# In the planner's currency


def test_a_price_in_another_currency_is_as_old_as_its_rate() -> None:
    rates = Rates("USD", {"USD": 1.0, "EUR": 0.8651, "JPY": 150.25}, TODAY - timedelta(days=3))
    usd = Price("USD", 75_900.0, NOW)
    told = price.in_currency(usd, rates, "EUR")
    assert told == Price("EUR", pytest.approx(65_661.09), datetime(2026, 4, 27, tzinfo=UTC))
    back = price.in_currency(told, rates, "USD")
    assert back.price_per_btc == pytest.approx(usd.price_per_btc)
    across = price.in_currency(told, rates, "JPY").price_per_btc
    assert across == pytest.approx(75_900 * 150.25)
    assert price.in_currency(usd, rates, "USD").price_per_btc == usd.price_per_btc


def test_without_a_rate_there_is_no_price() -> None:
    rates = Rates("USD", {"USD": 1.0}, TODAY)
    with pytest.raises(SourceError, match="no exchange rate for NOK"):
        price.in_currency(Price("USD", 75_900.0, NOW), rates, "NOK")


# Recorded and documented replies, where the validation data is at hand


@pytest.mark.data
@pytest.mark.parametrize(
    ("source", "asked", "name", "at", "expected"),
    [
        (mempool.PRICE, "USD", "bitcoin/mempool_prices.docs.json", 1_703_252_500, 43_753.0),
        (coinbase.PRICE, "USD", "price/coinbase_spot_BTC-USD.json", NOW_S, 64_090.0),
        (kraken.PRICE, "USD", "price/kraken_ticker_XBTUSD.json", NOW_S, 27_712.1),
        (coingecko.PRICE, "USD", "price/coingecko_simple_price.docs.json", 1_779_092_300, 76_975.0),
    ],
)
def test_documented_prices_are_read_and_believed(
    validation_data: Any, source: Any, asked: str, name: str, at: int, expected: float
) -> None:
    body = (validation_data / "api_payloads" / name).read_bytes()
    told = source.read(Reply(200, {}, body, datetime.fromtimestamp(at, UTC)), asked)
    assert told.price_per_btc == expected
    assert price.price_doubt(told, asked) == ""


@pytest.mark.data
def test_documented_histories_are_read(validation_data: Any) -> None:
    folder = validation_data / "api_payloads"
    old = Reply(200, {}, (folder / "bitcoin/mempool_historical-price_EUR_1500000000.docs.json").read_bytes(), NOW)
    old = Reply(200, {}, old.body, datetime(2017, 7, 14, tzinfo=UTC))
    assert mempool.PRICE_HISTORY.read(old, "EUR") == Series((date(2017, 7, 13),), (1964.0,))
    chart = (folder / "price/coingecko_market_chart.docs.json").read_bytes()
    told = coingecko.PRICE_HISTORY.read(Reply(200, {}, chart, datetime(2026, 5, 17, 15, tzinfo=UTC)), "USD")
    assert told == Series((date(2026, 5, 17),), (78_052.87543398788,))


@pytest.mark.data
@pytest.mark.parametrize(
    ("source", "asked", "name", "said"),
    [
        (kraken.PRICE, "USD", "price/kraken_error_ratelimit.json", "EAPI:Rate limit exceeded"),
        (coingecko.PRICE, "USD", "price/coingecko_error_10012.json", "10012"),
        (coingecko.PRICE, "USD", "price/coingecko_error_429.constructed.json", "429"),
        (mempool.PRICE, "CHF", "bitcoin/mempool_prices_missing-currency.constructed.json", "CHF is not above 0"),
    ],
)
def test_documented_failures_are_failures(validation_data: Any, source: Any, asked: str, name: str, said: str) -> None:
    body = (validation_data / "api_payloads" / name).read_bytes()
    with pytest.raises(SourceError, match=said):
        source.read(Reply(200, {}, body, datetime.fromtimestamp(1_703_252_500, UTC)), asked)
