"""Bitcoin Core: network, retarget and fees from a planner's own node, over JSON-RPC.

Contract: bitcoin/bitcoin, doc/JSON-RPC-interface.md and the help of each method. Several questions travel in one call.
Hash rates come in H/s, fees in satoshi. Errors come with HTTP 200 (JSON-RPC 2.0) or 500 (1.x), wrong credentials with
401 and an empty body. Used only where a setting gives its address. The key is "user:password", or the line of the
node's .cookie file; it belongs on no other network than the planner's own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from core.errors import SourceError
from core.fetchers.fields import Fields, body_of, failed, mean, number, recent, refused, rows
from core.fetchers.provider import Reply, Request, Source, parsed
from core.units import BLOCK_SECONDS, EPOCH_BLOCKS, HASHES_PER_DIFFICULTY, HASHES_PER_TH, SATS_PER_BTC, STEEPEST
from core.world import BlockFees, NetworkNow, RecentBlocks, Retarget

NAME = "Bitcoin Core"
KEY = "SOLAR_MINING_BITCOIN_CORE_KEY"
WEEK_BLOCKS = 1008
NEWEST = timedelta(days=1)  # a tip older than this: the node is not in step
MOST_FEES_BTC = 1000.0
NOT_RUNNING = {
    401: "user and password are wrong",
    403: "this computer is not in its rpcallowip",
    503: "it is overloaded",
}

State = tuple[Fields, float]


def _call(base: str, key: str, calls: Iterable[tuple[str, list[Any]]]) -> Request:
    """Several methods in one POST; `id` is the place of each."""
    batch = [{"jsonrpc": "2.0", "id": i, "method": name, "params": params} for i, (name, params) in enumerate(calls)]
    login = base64.b64encode(key.encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
    return Request(f"{base}/", {}, headers, json.dumps(batch).encode(), frozenset({"Authorization"}))


def _results(reply: Reply) -> list[Any]:
    """What each method answered, in the order of the questions."""
    body = _opened(reply)
    if isinstance(body, dict):  # it did not take the batch, and says why
        raise failed(NAME, _words(body.get("error")))
    answers = sorted((Fields.of(a, NAME, "answer") for a in rows(body, NAME, "body")), key=lambda a: a.whole("id"))
    for i, answer in enumerate(answers):
        if answer.raw.get("error") is not None:
            raise failed(NAME, _words(answer.raw["error"]))
        if answer.whole("id") != i:
            raise refused(NAME, "id", answer.raw["id"], f"{i}: one answer to each question")
    return [answer.raw.get("result") for answer in answers]


def _opened(reply: Reply) -> Any:
    if reply.status in NOT_RUNNING:
        raise failed(NAME, f"HTTP {reply.status}, {NOT_RUNNING[reply.status]}")
    if reply.status < 400:
        return body_of(reply, NAME)
    try:  # 1.x tells its errors with 500 or 404
        return parsed(reply.body)
    except SourceError as error:
        raise failed(NAME, f"HTTP {reply.status}") from error


def _words(error: Any) -> str:
    return f"{error.get('message')} ({error.get('code')})" if isinstance(error, dict) else str(error)


def _ask_state(base: str, asked: None, key: str) -> Request:
    return _call(
        base,
        key,
        [
            ("getblockchaininfo", []),
            ("getmininginfo", []),
            ("getnetworkhashps", [WEEK_BLOCKS]),
            ("getnetworkhashps", [-1]),  # since the last retarget
        ],
    )


def _state(reply: Reply, which: int) -> State:
    """The node's view of the chain, and one of its two hash rates [H/s]."""
    results = _results(reply)
    if len(results) != 4:
        raise refused(NAME, "body", len(results), "four answers")
    chain = Fields.of(results[0], NAME, "getblockchaininfo")
    if chain.text("chain") != "main":
        raise refused(NAME, "chain", chain.raw["chain"], "main")
    if chain.raw.get("initialblockdownload") is not False:
        raise failed(NAME, "it is still loading the chain", "a node in step with the network")
    mining = Fields.of(results[1], NAME, "getmininginfo")
    if abs(mining.whole("blocks") - chain.whole("blocks")) > 1:
        raise refused(NAME, "blocks", mining.raw["blocks"], f"near {chain.raw['blocks']}")
    return chain, number(results[which], NAME, "networkhashps")


def _read_network(reply: Reply, asked: None) -> NetworkNow:
    """Difficulty of the tip, and the mean hash rate over a week of blocks."""
    chain, hashes_per_s = _state(reply, 2)
    at = recent(chain.moment("time" if "time" in chain.raw else "mediantime"), reply, NEWEST, NAME, "time")
    if hashes_per_s <= 0:
        raise refused(NAME, "networkhashps", hashes_per_s, "above 0")
    return NetworkNow(chain.number("difficulty"), hashes_per_s / HASHES_PER_TH, at)


def _read_retarget(reply: Reply, asked: None) -> Retarget:
    """The pace of the epoch, from the hash rate since its first block: difficulty · 2³² / hash rate [s a block]."""
    chain, hashes_per_s = _state(reply, 3)
    at = recent(chain.moment("time" if "time" in chain.raw else "mediantime"), reply, NEWEST, NAME, "time")
    height, work = chain.whole("blocks"), chain.number("difficulty") * HASHES_PER_DIFFICULTY
    # a single block, with which an epoch begins, may seem to take no time at all
    pace = min(
        max(work / hashes_per_s if hashes_per_s > 0 else BLOCK_SECONDS, BLOCK_SECONDS / STEEPEST),
        BLOCK_SECONDS * STEEPEST,
    )
    next_height = (height // EPOCH_BLOCKS + 1) * EPOCH_BLOCKS
    estimated_at = at + timedelta(seconds=pace * (next_height - height))
    return Retarget(height, next_height, estimated_at, BLOCK_SECONDS / pace - 1, pace, at)


def _ask_fees(base: str, asked: RecentBlocks, key: str) -> Request:
    """One question a block; SourceError where the tip is not known, since a node must be told which blocks."""
    if asked.end_height < asked.count:
        raise SourceError(
            f"{NAME} must be asked by height", field="end_height", value=asked.end_height, expected="the tip"
        )
    heights = range(asked.end_height - asked.count + 1, asked.end_height + 1)
    return _call(
        base, key, [("getblockstats", [height, ["height", "subsidy", "totalfee", "time"]]) for height in heights]
    )


def _read_fees(reply: Reply, asked: RecentBlocks) -> BlockFees:
    """{"height", "subsidy": sat, "totalfee": sat, "time": s} of each block; a pruned node may no longer know."""
    blocks = [Fields.of(result, NAME, "getblockstats") for result in _results(reply)]
    if len(blocks) != asked.count or blocks[-1].whole("height") != asked.end_height:
        raise refused(NAME, "body", len(blocks), f"{asked.count} blocks up to {asked.end_height}")
    fees_btc = [block.whole("totalfee") / SATS_PER_BTC for block in blocks]
    if not 0 <= min(fees_btc) <= max(fees_btc) < MOST_FEES_BTC:
        raise refused(NAME, "totalfee", max(fees_btc), f"0 to {MOST_FEES_BTC:g} BTC")
    return BlockFees(mean(fees_btc), len(blocks), asked.end_height, min(blocks[-1].moment("time"), reply.fetched_at))


NETWORK = Source[None, NetworkNow](NAME, "", _ask_state, _read_network, key=KEY, ring=False)
RETARGET = Source[None, Retarget](NAME, "", _ask_state, _read_retarget, key=KEY, ring=False)
FEES = Source[RecentBlocks, BlockFees](NAME, "", _ask_fees, _read_fees, key=KEY, ring=False)
