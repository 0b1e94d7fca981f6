"""Replies as the contracts of the bitcoin, price and currency providers describe them, written for these tests."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.fetchers.provider import Reply, Source
from core.fetchers.providers import (
    bitcoin_core,
    blockchain_info,
    coinbase,
    coingecko,
    frankfurter,
    kraken,
    mempool,
    open_er_api,
)
from core.world import RecentBlocks

NOW = datetime(2026, 4, 30, 12, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
DAY_S = 86_400
MIDNIGHT_S = NOW_S - DAY_S // 2
DIFFICULTY = 138_970_000_000_000.5
TIP = 947_210
PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Request blocked.</body></html>"


def reply(body: Any, status: int = 200, at: datetime = NOW) -> Reply:
    """A reply with a body as JSON, or as it is where it is bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {"content-type": "application/json"}, raw, at)


# mempool

MEMPOOL_NETWORK = {
    "hashrates": [
        {"timestamp": MIDNIGHT_S - DAY_S, "avgHashrate": 987_654_321_098_765_432_101},
        {"timestamp": MIDNIGHT_S, "avgHashrate": 1_001_000_000_000_000_000_000},
    ],
    "difficulty": [{"time": MIDNIGHT_S - DAY_S, "height": 945_504, "difficulty": DIFFICULTY, "adjustment": 1.0123}],
    "currentHashrate": 1_012_345_678_901_234_567_890,
    "currentDifficulty": DIFFICULTY,
}
MEMPOOL_DOWN = {**MEMPOOL_NETWORK, "currentHashrate": 0, "currentDifficulty": 0}
MEMPOOL_RETARGET = {
    "progressPercent": 84.6,
    "difficultyChange": -2.5,
    "estimatedRetargetDate": (NOW_S + 310 * 615) * 1000 + 715,
    "remainingBlocks": 310,
    "remainingTime": 310 * 615 * 1000,
    "previousRetarget": 1.23,
    "previousTime": NOW_S - 1706 * 615,
    "nextRetargetHeight": 947_520,
    "timeAvg": 615_385,
    "adjustedTimeAvg": 615_385,
    "timeOffset": 0,
    "expectedBlocks": 1748.4,
}
MEMPOOL_FEES = {
    "startBlock": TIP - 143,
    "endBlock": TIP,
    "totalReward": "45360000000",  # 144 · 3.125 + 3.6 BTC
    "totalFee": "360000000",
    "totalTx": "512345",
}
MEMPOOL_DIFFICULTIES = [
    [NOW_S - 3 * DAY_S, 945_504, DIFFICULTY, 1.05],
    [NOW_S - 17 * DAY_S, 943_488, DIFFICULTY / 1.05, 0.98],
    [NOW_S - 31 * DAY_S, 941_472, DIFFICULTY / 1.05 / 0.98, 1.01],
]
MEMPOOL_FEE_DAYS = [
    {"avgHeight": 946_900, "timestamp": MIDNIGHT_S - DAY_S, "avgFees": 2_400_000, "USD": 75_000},
    {"avgHeight": 947_000, "timestamp": MIDNIGHT_S, "avgFees": 2_000_000, "USD": 75_500},
    {"avgHeight": 947_100, "timestamp": MIDNIGHT_S + 40_000, "avgFees": 3_000_000, "USD": 75_900},
]
MEMPOOL_PRICES = {
    "time": NOW_S - 60,
    "USD": 75_900,
    "EUR": 65_600,
    "GBP": 56_900,
    "CAD": 104_000,
    "CHF": -1,
    "AUD": 116_000,
    "JPY": 11_400_000,
}
MEMPOOL_PRICE_DAYS = {
    "prices": [
        {"time": NOW_S - 3600, "USD": 75_900.5, "EUR": 65_600},
        {"time": NOW_S - 7200, "USD": 75_100, "EUR": 65_000},
        {"time": MIDNIGHT_S - DAY_S, "USD": 74_000, "EUR": -1},
        {"time": 1_279_497_600, "USD": 0, "EUR": 0},
    ],
    "exchangeRates": {"USDEUR": 0.86},
}

# Bitcoin Core

CORE_STATE = [
    {
        "jsonrpc": "2.0",
        "id": 0,
        "result": {
            "chain": "main",
            "blocks": TIP,
            "headers": TIP,
            "difficulty": DIFFICULTY,
            "time": NOW_S - 500,
            "mediantime": NOW_S - 3600,
            "initialblockdownload": False,
        },
    },
    {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"blocks": TIP, "difficulty": DIFFICULTY, "networkhashps": 9.9e20, "chain": "main"},
    },
    {"jsonrpc": "2.0", "id": 2, "result": 1.0123456789e21},
    {"jsonrpc": "2.0", "id": 3, "result": DIFFICULTY * 2**32 / 615.0},
]
CORE_BLOCKS = [
    {
        "jsonrpc": "2.0",
        "id": i,
        "result": {"height": TIP - 2 + i, "subsidy": 312_500_000, "totalfee": fee, "time": NOW_S - 1800 + 600 * i},
    }
    for i, fee in enumerate((1_500_000, 2_500_000, 3_500_000))
]

# charts, exchanges, currencies

CHART_DIFFICULTY = {
    "status": "ok",
    "name": "Difficulty",
    "unit": "Difficulty",
    "values": [{"x": MIDNIGHT_S - 2 * DAY_S, "y": 1.3e14}, {"x": MIDNIGHT_S - DAY_S, "y": DIFFICULTY}],
}
CHART_HASHRATE = {
    "status": "ok",
    "unit": "Hash Rate TH/s",
    "values": [{"x": MIDNIGHT_S - 2 * DAY_S, "y": 998_054_324.9}, {"x": MIDNIGHT_S - DAY_S, "y": 1.0505e9}],
}
CHART_FEES = {"status": "ok", "unit": "BTC", "values": [{"x": MIDNIGHT_S - DAY_S, "y": 3.6}]}
CHART_PRICE = {
    "status": "ok",
    "unit": "USD",
    "values": [{"x": 1_262_304_000, "y": 0.0}, {"x": MIDNIGHT_S - DAY_S, "y": 75_123.4}],
}
COINBASE = {"data": {"base": "BTC", "amount": "75950.25", "currency": "USD"}}
KRAKEN_TICKER = {
    "error": [],
    "result": {"XXBTZUSD": {"a": ["75990.00000", "1", "1.000"], "c": ["75980.10000", "0.0168"], "o": "75000.00000"}},
}
KRAKEN_CANDLES = {
    "error": [],
    "result": {
        "XXBTZUSD": [
            [MIDNIGHT_S - 2 * DAY_S, "73000.0", "74500.0", "72000.0", "74000.0", "73500.0", "202.7", 2999],
            [MIDNIGHT_S - DAY_S, "74000.0", "75500.0", "73900.0", "75200.0", "74500.0", "180.1", 2500],
            [MIDNIGHT_S, "75200.0", "76000.0", "75000.0", "75980.1", "75500.0", "90.0", 1200],
        ],
        "last": MIDNIGHT_S - DAY_S,
    },
}
COINGECKO_PRICE = {"bitcoin": {"usd": 75_940.5, "last_updated_at": NOW_S - 40}}
COINGECKO_DAYS = {
    "prices": [
        [(MIDNIGHT_S - DAY_S) * 1000, 75_100.5],
        [MIDNIGHT_S * 1000, 75_200],
        [NOW_S * 1000 - 959, 75_940.5],
    ],
    "market_caps": [[MIDNIGHT_S * 1000, 1.5e12]],
    "total_volumes": [],
}
FRANKFURTER_V2 = [
    {"date": "2026-04-30", "base": "USD", "quote": "EUR", "rate": 0.8651},
    {"date": "2026-04-29", "base": "USD", "quote": "JPY", "rate": 150.25},
    {"date": "2026-04-30", "base": "USD", "quote": "USD", "rate": 1.0},
    {"date": "2022-03-01", "base": "USD", "quote": "RUB", "rate": 105.2},
]
FRANKFURTER_V1 = {"amount": 1.0, "base": "USD", "date": "2026-04-30", "rates": {"EUR": 0.8651, "GBP": 0.7502}}
ER_API = {
    "result": "success",
    "provider": "https://www.exchangerate-api.com",
    "time_last_update_unix": MIDNIGHT_S + 151,
    "time_next_update_unix": MIDNIGHT_S + DAY_S,
    "time_eol_unix": 0,
    "base_code": "USD",
    "rates": {"USD": 1, "EUR": 0.865, "JPY": 150.3},
}


@dataclass(frozen=True)
class Case:
    """A question to a provider and a good reply to it."""

    name: str
    source: Source[Any, Any]
    asked: Any
    body: Any

    def read(self, body: Any = None, status: int = 200) -> Any:
        return self.source.read(reply(self.body if body is None else body, status), self.asked)


BLOCKS = RecentBlocks(144, TIP)
CASES = (
    Case("mempool network", mempool.NETWORK, None, MEMPOOL_NETWORK),
    Case("mempool retarget", mempool.RETARGET, None, MEMPOOL_RETARGET),
    Case("mempool fees", mempool.FEES, BLOCKS, MEMPOOL_FEES),
    Case("mempool difficulties", mempool.DIFFICULTY_HISTORY, None, MEMPOOL_DIFFICULTIES),
    Case("mempool hash rates", mempool.HASHRATE_HISTORY, None, MEMPOOL_NETWORK),
    Case("mempool fee days", mempool.FEE_HISTORY, None, MEMPOOL_FEE_DAYS),
    Case("mempool price", mempool.PRICE, "EUR", MEMPOOL_PRICES),
    Case("mempool price days", mempool.PRICE_HISTORY, "USD", MEMPOOL_PRICE_DAYS),
    Case("mempool rates", mempool.RATES, "USD", MEMPOOL_PRICES),
    Case("core network", bitcoin_core.NETWORK, None, CORE_STATE),
    Case("core retarget", bitcoin_core.RETARGET, None, CORE_STATE),
    Case("core fees", bitcoin_core.FEES, RecentBlocks(3, TIP), CORE_BLOCKS),
    Case("chart network", blockchain_info.NETWORK, None, CHART_DIFFICULTY),
    Case("chart difficulties", blockchain_info.DIFFICULTY_HISTORY, None, CHART_DIFFICULTY),
    Case("chart hash rates", blockchain_info.HASHRATE_HISTORY, None, CHART_HASHRATE),
    Case("chart fees", blockchain_info.FEE_HISTORY, None, CHART_FEES),
    Case("chart price", blockchain_info.PRICE_HISTORY, "USD", CHART_PRICE),
    Case("Coinbase price", coinbase.PRICE, "USD", COINBASE),
    Case("Kraken price", kraken.PRICE, "USD", KRAKEN_TICKER),
    Case("Kraken candles", kraken.PRICE_HISTORY, "USD", KRAKEN_CANDLES),
    Case("CoinGecko price", coingecko.PRICE, "USD", COINGECKO_PRICE),
    Case("CoinGecko days", coingecko.PRICE_HISTORY, "USD", COINGECKO_DAYS),
    Case("Frankfurter v2", frankfurter.RATES, "USD", FRANKFURTER_V2),
    Case("Frankfurter v1", frankfurter.RATES_V1, "USD", FRANKFURTER_V1),
    Case("open.er-api", open_er_api.RATES, "USD", ER_API),
)


def leaves(raw: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a document that is not a list or an object."""
    if isinstance(raw, dict):
        return [leaf for key, value in raw.items() for leaf in leaves(value, (*path, key))]
    if isinstance(raw, list):
        return [leaf for i, value in enumerate(raw) for leaf in leaves(value, (*path, i))]
    return [path]


def with_value(raw: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a document with one value replaced."""
    changed = copy.deepcopy(raw)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed
