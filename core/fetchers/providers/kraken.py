"""Kraken: the last trade and daily candles. Contract: docs.kraken.com, REST "Market Data".

Errors come with HTTP 200 in a list; numbers come as text; the name of the pair in a reply is not the name asked for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.fetchers.fields import Fields, body_of, currency, failed, moment, refused, row, rows, series, written
from core.fetchers.provider import Reply, Request, Source
from core.world import Price, Series

NAME = "Kraken"
BASE = "https://api.kraken.com"
DAY_MINUTES = "1440"
NEWEST = timedelta(days=3)  # start of the last full day


def _ask_price(base: str, asked: str, key: str) -> Request:
    return Request(f"{base}/0/public/Ticker", {"pair": f"XBT{currency(asked)}"})


def _read_price(reply: Reply, asked: str) -> Price:
    """{"error": [], "result": {"XXBTZUSD": {"c": [last trade, volume], …}}}; there is no time."""
    ticker = Fields.of(_pair(reply, asked), NAME, "ticker")
    return Price(asked, written(ticker.rows("c")[0], NAME, "c"), reply.fetched_at)


def _ask_history(base: str, asked: str, key: str) -> Request:
    return Request(f"{base}/0/public/OHLC", {"pair": f"XBT{currency(asked)}", "interval": DAY_MINUTES})


def _read_history(reply: Reply, asked: str) -> Series:
    """Rows [start of the day in s, open, high, low, close, …], oldest first, at most 720; the last day is not over yet."""
    candles = [row(candle, 5, NAME, "candle") for candle in rows(_pair(reply, asked), NAME, "candles")]
    points = [(moment(c[0], NAME, "time"), written(c[4], NAME, "close")) for c in candles]
    return series(NAME, reply, sorted(points)[:-1], NEWEST)


def _pair(reply: Reply, asked: str) -> Any:
    """What the reply says about the one pair it is about."""
    body = Fields.of(body_of(reply, NAME), NAME)
    errors = body.raw.get("error")
    if errors != []:
        raise failed(NAME, ", ".join(map(str, errors)) if isinstance(errors, list) else errors)
    result = body.object("result").raw
    pairs = [name for name in result if name != "last"]
    if len(pairs) != 1 or not pairs[0].endswith(asked):
        raise refused(NAME, "result", ", ".join(pairs), f"one pair that ends in {asked}")
    return result[pairs[0]]


PRICE = Source[str, Price](NAME, BASE, _ask_price, _read_price)
PRICE_HISTORY = Source[str, Series](NAME, BASE, _ask_history, _read_history)
