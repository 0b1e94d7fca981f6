"""CoinGecko: price and a year of daily prices, without a key or with a free "demo" key.

Contract: docs.coingecko.com, demo API. Stamps of a price are in seconds, those of a history in milliseconds. A failure
is told in "status" or in "error.status". Without a key a history reaches back 365 days.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.fetchers.fields import Fields, body_of, currency, failed, moment, number, recent, row, series
from core.fetchers.provider import Reply, Request, Source
from core.world import Price, Series

NAME = "CoinGecko"
BASE = "https://api.coingecko.com"
KEY = "SOLAR_MINING_COINGECKO_KEY"
HEADER = "x-cg-demo-api-key"
NEWEST = timedelta(days=1)
NOTICE = "Data provided by CoinGecko"


def _request(url: str, params: dict[str, str], key: str) -> Request:
    return Request(url, params, {HEADER: key}, secrets=frozenset({HEADER})) if key else Request(url, params)


def _ask_price(base: str, asked: str, key: str) -> Request:
    params = {"ids": "bitcoin", "vs_currencies": currency(asked).lower(), "include_last_updated_at": "true"}
    return _request(f"{base}/api/v3/simple/price", params, key)


def _read_price(reply: Reply, asked: str) -> Price:
    """{"bitcoin": {"usd": 76975, "last_updated_at": s}}"""
    coin = _body(reply).object("bitcoin")
    at = recent(coin.moment("last_updated_at"), reply, NEWEST, NAME, "last_updated_at")
    return Price(asked, coin.number(asked.lower()), at)


def _ask_history(base: str, asked: str, key: str) -> Request:
    params = {"vs_currency": currency(asked).lower(), "days": "365", "interval": "daily"}
    return _request(f"{base}/api/v3/coins/bitcoin/market_chart", params, key)


def _read_history(reply: Reply, asked: str) -> Series:
    """{"prices": [[ms, price], …], …}; the last point is now, not midnight."""
    points = [row(point, 2, NAME, "prices") for point in _body(reply).rows("prices")]
    told = [(moment(p[0], NAME, "time"), number(p[1], NAME, "price")) for p in points]
    return series(NAME, reply, told, NEWEST + NEWEST)


def _body(reply: Reply) -> Fields:
    body = Fields.of(body_of(reply, NAME), NAME)
    failure = _failure(body.raw.get("error")) or _failure(body.raw)
    if failure:
        raise failed(NAME, failure)
    return body


def _failure(raw: Any) -> str:
    """Code and words of a failure, in either of its two places; empty where there is none."""
    status = raw.get("status") if isinstance(raw, dict) else None
    if isinstance(status, dict):
        return f"{status.get('error_code')} {status.get('error_message')}"
    return str(raw) if raw and not isinstance(raw, dict) else ""


PRICE = Source[str, Price](NAME, BASE, _ask_price, _read_price, per_minute=5, key=KEY, notice=NOTICE, key_optional=True)
PRICE_HISTORY = Source[str, Series](
    NAME, BASE, _ask_history, _read_history, per_minute=5, key=KEY, notice=NOTICE, key_optional=True
)
