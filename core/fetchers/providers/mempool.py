"""mempool.space, or a planner's own mempool: network, retarget, fees, price and their histories.

Contract: mempool/mempool, api-docs and backend source. Hash rates come in H/s, fees in satoshi; stamps are in seconds
but for the retarget's date and times, which are in milliseconds. Where the node behind it is down it answers zeros with
HTTP 200, and −1 for a price it lacks. Without the Accept header errors come as plain text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar

from core.fetchers.fields import (
    Fields,
    body_of,
    currency,
    failed,
    mean,
    moment,
    number,
    rates,
    recent,
    refused,
    row,
    rows,
    series,
    whole,
)
from core.fetchers.provider import Reply, Request, Source
from core.units import EPOCH_BLOCKS, HASHES_PER_TH, SATS_PER_BTC, STEEPEST
from core.world import BlockFees, NetworkNow, Price, Rates, RecentBlocks, Retarget, Series

NAME = "mempool.space"
BASE = "https://mempool.space"
NEWEST = timedelta(days=3)
NEWEST_PRICE = timedelta(days=1)
NEWEST_RETARGET = timedelta(days=40)  # an epoch at half the pace, and a day

Asked = TypeVar("Asked")


def _get(path: str, params: Mapping[str, str] | None = None) -> Callable[[str, Asked, str], Request]:
    def request(base: str, asked: Asked, key: str) -> Request:
        return Request(f"{base}/api/v1/{path}", params or {}, {"Accept": "application/json"})

    return request


def _body(reply: Reply) -> Fields:
    body = Fields.of(body_of(reply, NAME), NAME)
    if body.raw.get("error"):
        raise failed(NAME, body.raw["error"])
    return body


def _positive(value: float, name: str) -> float:
    """A figure that is 0 where the node is down, and −1 where a price is missing."""
    if value <= 0:
        raise refused(NAME, name, value, "above 0")
    return value


# Network


def _read_network(reply: Reply, asked: None) -> NetworkNow:
    """{"hashrates": [{"timestamp": s, …}], "currentHashrate": H/s, "currentDifficulty"}"""
    body = _body(reply)
    difficulty = _positive(body.number("currentDifficulty"), "currentDifficulty")
    hashes_per_s = _positive(body.number("currentHashrate"), "currentHashrate")
    if body.raw.get("hashrates"):  # an instance that keeps no index has none
        newest, _ = max(_by_stamp(body.rows("hashrates"), "avgHashrate"))
        recent(newest, reply, NEWEST, NAME, "hashrates")
    return NetworkNow(difficulty, hashes_per_s / HASHES_PER_TH, reply.fetched_at)


def _read_retarget(reply: Reply, asked: None) -> Retarget:
    """{"nextRetargetHeight", "remainingBlocks", "estimatedRetargetDate": ms, "difficultyChange": %, "timeAvg": ms, …}"""
    body = _body(reply)
    next_height, left = body.whole("nextRetargetHeight"), body.whole("remainingBlocks")
    if next_height % EPOCH_BLOCKS or not 0 <= left <= EPOCH_BLOCKS:
        raise refused(
            NAME, "nextRetargetHeight", next_height, f"a multiple of {EPOCH_BLOCKS}, {EPOCH_BLOCKS} ahead at most"
        )
    return Retarget(
        height=next_height - left,
        next_height=next_height,
        estimated_at=body.moment("estimatedRetargetDate"),
        change_frac=body.number("difficultyChange") / 100,
        block_seconds=_positive(body.number("timeAvg"), "timeAvg") / 1000,
        observed_at=reply.fetched_at,
    )


def _ask_fees(base: str, asked: RecentBlocks, key: str) -> Request:
    return _get(f"mining/reward-stats/{asked.count}")(base, asked, key)


def _read_fees(reply: Reply, asked: RecentBlocks) -> BlockFees:
    """{"startBlock", "endBlock", "totalReward": "sat", "totalFee": "sat"}; the reward includes the fees."""
    body = _body(reply)
    start, end = body.whole("startBlock"), body.whole("endBlock")
    fees, reward = body.written("totalFee"), body.written("totalReward")
    if not 0 < end - start + 1 <= asked.count + 1:
        raise refused(NAME, "startBlock", f"{start} to {end}", f"{asked.count} blocks")
    if not 0 <= fees < reward:
        raise refused(NAME, "totalFee", fees, f"from 0 to less than the reward of {reward:.0f}")
    blocks = end - start + 1
    return BlockFees(fees / SATS_PER_BTC / blocks, blocks, end, reply.fetched_at)


# Histories


def _by_stamp(found: list[Any], name: str) -> list[tuple[datetime, float]]:
    """[{"timestamp": s, name: number}, …]"""
    points = [Fields.of(one, NAME, name) for one in found]
    return [(one.moment("timestamp"), one.number(name)) for one in points]


def _read_hashrate_ths(reply: Reply, asked: None) -> Series:
    points = _by_stamp(_body(reply).rows("hashrates"), "avgHashrate")
    return series(NAME, reply, ((at, hashes_per_s / HASHES_PER_TH) for at, hashes_per_s in points), NEWEST)


def _read_difficulty(reply: Reply, asked: None) -> Series:
    """[[s, height, difficulty, ratio to the one before], …], newest first; only retargets that changed it."""
    steps = [row(one, 3, NAME, "retarget") for one in rows(body_of(reply, NAME), NAME, "body")]
    told = [(moment(s[0], NAME, "time"), whole(s[1], NAME, "height"), number(s[2], NAME, "difficulty")) for s in steps]
    told.sort(key=lambda step: step[1])
    _check_steps(told)
    return series(NAME, reply, ((at, difficulty) for at, _, difficulty in told), NEWEST_RETARGET)


def _check_steps(told: list[tuple[datetime, int, float]]) -> None:
    """SourceError unless these are retargets as consensus allows them, oldest first."""
    for at, height, difficulty in told:
        if height % EPOCH_BLOCKS or difficulty <= 0:
            raise refused(NAME, f"retarget of {at:%Y-%m-%d}", (height, difficulty), "at a multiple of 2016 and above 0")
    for (_, height, before), (at, next_height, after) in pairwise(told):
        epochs = (next_height - height) // EPOCH_BLOCKS
        most = STEEPEST ** min(epochs, 100)
        if epochs < 1 or not before / most * 0.99 <= after <= before * most * 1.01:
            raise refused(NAME, f"retarget of {at:%Y-%m-%d}", after, f"within 4 times {before:g} for each 2016 blocks")


def _read_fee_history(reply: Reply, asked: None) -> Series:
    """[{"timestamp": s, "avgFees": sat}, …]"""
    points = _by_stamp(rows(body_of(reply, NAME), NAME, "body"), "avgFees")
    return series(NAME, reply, ((at, sats / SATS_PER_BTC) for at, sats in points), NEWEST, mean)


# Price


def _read_price(reply: Reply, asked: str) -> Price:
    """{"time": s, "USD": number, …}; −1 for a currency no exchange had, time 0 just after a start."""
    body = _body(reply)
    at = recent(body.moment("time"), reply, NEWEST_PRICE, NAME, "time")
    return Price(asked, _positive(body.number(asked), asked), at)


def _ask_price_history(base: str, asked: str, key: str) -> Request:
    return _get("historical-price", {"currency": currency(asked)})(base, asked, key)


def _read_price_history(reply: Reply, asked: str) -> Series:
    """{"prices": [{"time": s, "USD": number}, …], "exchangeRates": today's, of no use here}, newest first.

    Days before there was a market carry 0, days without this currency −1. A currency it does not know: null.
    """
    points = [Fields.of(point, NAME, "prices") for point in _body(reply).rows("prices")]
    return series(NAME, reply, _paid((p.raw.get("time"), p.number(asked)) for p in points), NEWEST)


def _paid(points: Iterable[tuple[Any, float]]) -> Iterable[tuple[datetime, float]]:
    return ((moment(stamp, NAME, "time"), price) for stamp, price in points if price > 0)


def _read_rates(reply: Reply, asked: str) -> Rates:
    """Exchange rates as bitcoin's prices imply them, good to about one percent."""
    body = _body(reply)
    base = _positive(body.number(asked), asked)
    per_base = {code: price / base for code, price in rates(body).items() if price > 0}
    return Rates(asked, per_base, recent(body.moment("time"), reply, NEWEST_PRICE, NAME, "time").date())


NETWORK = Source[None, NetworkNow](NAME, BASE, _get("mining/hashrate/3d"), _read_network)
RETARGET = Source[None, Retarget](NAME, BASE, _get("difficulty-adjustment"), _read_retarget)
FEES = Source[RecentBlocks, BlockFees](NAME, BASE, _ask_fees, _read_fees)
DIFFICULTY_HISTORY = Source[None, Series](NAME, BASE, _get("mining/difficulty-adjustments"), _read_difficulty)
HASHRATE_HISTORY = Source[None, Series](NAME, BASE, _get("mining/hashrate/3y"), _read_hashrate_ths)
FEE_HISTORY = Source[None, Series](NAME, BASE, _get("mining/blocks/fees/3y"), _read_fee_history)
PRICE = Source[str, Price](NAME, BASE, _get("prices"), _read_price)
PRICE_HISTORY = Source[str, Series](NAME, BASE, _ask_price_history, _read_price_history)
RATES = Source[str, Rates](NAME, BASE, _get("prices"), _read_rates)
