"""The market a projection starts from: price, difficulty, fees and height, asked side by side."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from core.fetchers.ask import WITHIN_S, Answer, ask, known
from core.fetchers.network import FEES, NETWORK, RETARGET
from core.fetchers.price import PRICE
from core.fetchers.world import World
from core.inputs import Market, Reading
from core.world import RecentBlocks

DOLLARS = "USD"
BLOCKS = RecentBlocks()


def market(world: World, within_s: float = WITHIN_S) -> Market:
    """The market as the world tells it within `within_s`; what nobody tells comes from the bundled tables."""
    until = time.monotonic() + within_s
    with ThreadPoolExecutor(max_workers=3, thread_name_prefix="market") as pool:
        price = pool.submit(ask, PRICE, DOLLARS, world, within_s=within_s)
        network = pool.submit(ask, NETWORK, None, world, within_s=within_s)
        retarget = pool.submit(ask, RETARGET, None, world, within_s=within_s)
        height = retarget.result().value.height  # a node must be told which blocks are the last
        fees = ask(FEES, replace(BLOCKS, end_height=height), world, within_s=until - time.monotonic())
        return _market(price.result(), network.result(), retarget.result(), fees)


def known_market(world: World) -> Market:
    """The market as far as it is known without a call."""
    return _market(*(known(question, asked, world) for question, asked in MARKET))


# what a market is made of, in the order of `_market`
MARKET: tuple[tuple[Any, Any], ...] = ((PRICE, DOLLARS), (NETWORK, None), (RETARGET, None), (FEES, BLOCKS))


def _market(price: Answer[Any], network: Answer[Any], retarget: Answer[Any], fees: Answer[Any]) -> Market:
    return Market(
        price_usd=reading("price_usd", price, lambda told: told.price_per_btc),
        difficulty=reading("difficulty", network, lambda told: told.difficulty),
        fees_btc_per_block=reading("fees_btc_per_block", fees, lambda told: told.fees_btc_per_block),
        height=reading("height", retarget, lambda told: told.height),
    )


def reading(name: str, answer: Answer[Any], of: Callable[[Any], float]) -> Reading:
    """One figure of an answer, with the answer's source, times and status."""
    return Reading(
        name=name,
        value=float(of(answer.value)),
        source=answer.source,
        observed_at=answer.observed_at,
        fetched_at=answer.fetched_at,
        status=answer.status,
        why=answer.why,
        notice=answer.notice,
    )
