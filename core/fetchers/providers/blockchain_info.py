"""blockchain.info charts: difficulty, hash rate, fees and price by day. Contract: blockchain.com, "Charts & Statistics".

Hash rate comes in TH/s and fees in BTC a day, unlike everywhere else; stamps are in seconds; figures lag a day or two.
Short spans may come back empty. One call in ten seconds is what it bears.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from core.fetchers.fields import Fields, body_of, failed, recent, refused, series
from core.fetchers.provider import Reply, Request, Source
from core.units import BLOCKS_PER_DAY, THS_PER_DIFFICULTY
from core.world import NetworkNow, Series

NAME = "blockchain.info"
BASE = "https://api.blockchain.info"
PER_MINUTE = 6
NEWEST = timedelta(days=5)  # a lag of two days, and days missed

Asked = TypeVar("Asked")


def _chart(name: str, timespan: str = "all") -> Callable[[str, Asked, str], Request]:
    def request(base: str, asked: Asked, key: str) -> Request:
        # unsampled: thinning drops days
        return Request(f"{base}/charts/{name}", {"timespan": timespan, "sampled": "false", "format": "json"})

    return request


def _points(reply: Reply, unit: str = "") -> list[tuple[datetime, float]]:
    """{"status": "ok", "unit": "Hash Rate TH/s", "values": [{"x": s, "y": number}, …]}"""
    body = Fields.of(body_of(reply, NAME), NAME)
    if body.raw.get("status", "ok") != "ok":
        raise failed(NAME, body.raw.get("error") or body.raw["status"])
    if unit and not body.text("unit").endswith(unit):
        raise refused(NAME, "unit", body.raw["unit"], unit)
    points = [Fields.of(point, NAME, "values") for point in body.rows("values")]
    return [(point.moment("x"), point.number("y")) for point in points]


def _read_network(reply: Reply, asked: None) -> NetworkNow:
    """The newest difficulty, and the hash rate it stands for: the chart of the latter is a day's noise."""
    at, difficulty = max(_points(reply))
    return NetworkNow(difficulty, difficulty * THS_PER_DIFFICULTY, recent(at, reply, NEWEST, NAME, "values"))


def _read_difficulty(reply: Reply, asked: None) -> Series:
    return series(NAME, reply, _points(reply), NEWEST)


def _read_hashrate_ths(reply: Reply, asked: None) -> Series:
    return series(NAME, reply, _points(reply, unit="TH/s"), NEWEST)


def _read_fees(reply: Reply, asked: None) -> Series:
    """Fees of a day over the 144 blocks it should have; the blocks it had differ from day to day by a tenth (2018–2024)."""
    return series(NAME, reply, ((at, btc_per_day / BLOCKS_PER_DAY) for at, btc_per_day in _points(reply)), NEWEST)


def _read_price(reply: Reply, asked: str) -> Series:
    if asked != "USD":
        raise refused(NAME, "currency", asked, "USD: it has no other")
    paid = [(at, price) for at, price in _points(reply) if price > 0]  # 0 before there was a market
    return series(NAME, reply, paid, NEWEST)


NETWORK = Source[None, NetworkNow](NAME, BASE, _chart("difficulty", "30days"), _read_network, PER_MINUTE)
DIFFICULTY_HISTORY = Source[None, Series](NAME, BASE, _chart("difficulty"), _read_difficulty, PER_MINUTE)
HASHRATE_HISTORY = Source[None, Series](NAME, BASE, _chart("hash-rate"), _read_hashrate_ths, PER_MINUTE)
FEE_HISTORY = Source[None, Series](NAME, BASE, _chart("transaction-fees"), _read_fees, PER_MINUTE)
PRICE_HISTORY = Source[str, Series](NAME, BASE, _chart("market-price"), _read_price, PER_MINUTE)
