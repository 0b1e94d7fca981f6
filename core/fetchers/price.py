"""The price of bitcoin, in dollars and in the planner's currency: who is asked, what is believed, what is bundled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from core.errors import SourceError
from core.fetchers.ask import YEAR_S, Bundled, Question
from core.fetchers.bitcoin import bundled_market, month_ends
from core.fetchers.jumps import jump_within, steady
from core.fetchers.packing import packed, unpacked
from core.fetchers.providers import blockchain_info, coinbase, coingecko, kraken, mempool
from core.fetchers.rates import bundled_rates
from core.units import DAY_S
from core.world import Price, Rates, Series

LEAST_USD, MOST_USD = 100.0, 1e8
LEAST, MOST = 30.0, 1e15  # in other currencies: a dinar is 3 dollars, a million rials one
JUMP, JUMP_DAYS = 3.0, 30.0  # it rose 5.4 times in November 2013, the most in a month since 2010
ORDERLY_FROM = date(2014, 1, 1)  # before, a single exchange could print any price


def price_doubt(told: Price, asked: str) -> str:
    """The currency asked for, and in bounds."""
    if told.currency != asked:
        return f"the price is in {told.currency}"
    least, most = (LEAST_USD, MOST_USD) if asked == "USD" else (LEAST, MOST)
    if not least <= told.price_per_btc <= most:
        return f"{told.price_per_btc:g} {asked} is not between {least:g} and {most:g}"
    return ""


def price_jump(told: Price, last: Price, age_s: float) -> str:
    """Within a factor 3 of the last good price, and that again for every 30 days it is old."""
    if steady(told.price_per_btc, last.price_per_btc, JUMP, age_s, JUMP_DAYS):
        return ""
    return f"the price jumped from {last.price_per_btc:g} to {told.price_per_btc:g} {told.currency}"


def price_history_doubt(told: Series, asked: str) -> str:
    """Above 0, in bounds at its end, and without jumps since there are orderly markets."""
    if not min(told.values) > 0:
        return "a price is not above 0"
    last = Price(asked, told.values[-1], datetime.min.replace(tzinfo=UTC))
    return price_doubt(last, asked) or jump_within(told, JUMP, JUMP_DAYS, since=ORDERLY_FROM)


def bundled_price(asked: str) -> Bundled[Price]:
    """The price of data/market.csv, in another currency by the bundled rate; SourceError where there is none."""
    read = bundled_market().price_usd
    price_usd = Price("USD", read.value, read.observed_at)
    told = price_usd if asked == "USD" else in_currency(price_usd, bundled_rates("USD").value, asked)
    return Bundled(told, read.source, told.observed_at)


def bundled_price_history(asked: str) -> Bundled[Series]:
    """Month ends of data/history.csv, then the day of data/market.csv, in dollars; SourceError for other currencies."""
    if asked != "USD":
        raise SourceError(f"no price history in {asked}", field="currency", value=asked, expected="USD")
    return month_ends("price_usd", bundled_market().price_usd)


def in_currency(price: Price, rates: Rates, currency: str) -> Price:
    """A price in another currency, as old as the older of price and rate; SourceError where there is no rate."""
    for code in (price.currency, currency):
        if code not in rates.per_base:
            raise SourceError(
                f"no exchange rate for {code}", field="currency", value=code, expected="a quoted currency"
            )
    rate = rates.per_base[currency] / rates.per_base[price.currency]
    set_at = datetime(rates.day.year, rates.day.month, rates.day.day, tzinfo=UTC)
    return replace(
        price,
        currency=currency,
        price_per_btc=price.price_per_btc * rate,
        observed_at=min(price.observed_at, set_at),
    )


PRICE = Question(  # asked by currency
    name="price",
    sources=(mempool.PRICE, coinbase.PRICE, kraken.PRICE, coingecko.PRICE),
    soft_s=60,
    hard_s=YEAR_S,
    plausible=price_doubt,
    jump=price_jump,
    pack=packed,
    unpack=unpacked(Price),
    observed=lambda told: told.observed_at,
    bundled=bundled_price,
)
PRICE_HISTORY = Question(  # asked by currency
    name="price history",
    sources=(mempool.PRICE_HISTORY, coingecko.PRICE_HISTORY, kraken.PRICE_HISTORY, blockchain_info.PRICE_HISTORY),
    soft_s=DAY_S,
    hard_s=YEAR_S,
    plausible=price_history_doubt,
    pack=packed,
    unpack=unpacked(Series),
    bundled=bundled_price_history,
)
