"""NET-08: figures that cannot be true, told by real providers over real sockets. The last good one is kept and says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hostile
import pytest
from ladder import Time

from core.fetchers.ask import Answer, Question, ask
from core.fetchers.network import NETWORK
from core.fetchers.price import PRICE
from core.fetchers.provider import Source
from core.fetchers.world import Access, World, base_variable
from tests.fetchers.replies_bitcoin import COINBASE, MEMPOOL_NETWORK, MEMPOOL_PRICES, NOW, NOW_S, with_value

PRICES, HASHRATES = "/api/v1/prices", "/api/v1/mining/hashrate/3d"


def text(body: Any, old: str, new: str) -> bytes:
    """A body with a piece of its JSON replaced."""
    whole = json.dumps(body)
    assert whole.count(old) == 1
    return whole.replace(old, new).encode()


USD = f'"USD": {MEMPOOL_PRICES["USD"]}'
LIES: dict[str, tuple[Question[Any, Any], Any, bytes]] = {
    "NaN": (PRICE, "USD", text(MEMPOOL_PRICES, USD, '"USD": NaN')),
    "Infinity": (PRICE, "USD", text(MEMPOOL_PRICES, USD, '"USD": Infinity')),
    "1e999": (PRICE, "USD", text(MEMPOOL_PRICES, USD, '"USD": 1e999')),
    "a negative price": (PRICE, "USD", text(MEMPOOL_PRICES, USD, '"USD": -75900')),
    "a price a thousand times as high": (PRICE, "USD", text(MEMPOOL_PRICES, USD, '"USD": 75900000')),
    "difficulty 0": (NETWORK, None, json.dumps(with_value(MEMPOOL_NETWORK, ("currentDifficulty",), 0)).encode()),
    "a hash rate as text": (
        NETWORK,
        None,
        json.dumps(with_value(MEMPOOL_NETWORK, ("currentHashrate",), "1.0e21")).encode(),
    ),
    "a field that is missing": (PRICE, "USD", text(MEMPOOL_PRICES, USD + ", ", "")),
}


@dataclass
class Stage:
    server: hostile.Server
    time: Time
    world: World

    def ask(self, question: Question[Any, Any], asked: Any) -> Answer[Any]:
        return ask(question, asked, self.world)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """All providers of both questions at one address, where mempool.space alone answers, well."""
    sources: list[Source[Any, Any]] = [*PRICE.sources, *NETWORK.sources]
    with hostile.Server() as server:
        server.on(hostile.ANY, hostile.reply(404))
        server.on(PRICES, hostile.json_reply(MEMPOOL_PRICES))
        server.on(HASHRATES, hostile.json_reply(MEMPOOL_NETWORK))
        clock = Time()
        clock.calendar = NOW
        bases = {base_variable(source.name): server.base for source in sources}
        world = World(tmp_path / "cache", Access(bases=bases), now=clock.now, elapsed_s=clock.elapsed_s)
        yield Stage(server, clock, world)


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused_and_the_last_good_figure_kept_and_flagged(name: str, stage: Stage) -> None:
    question, asked, body = LIES[name]
    good = stage.ask(question, asked)
    assert (good.status, good.source) == ("live", "mempool.space")
    stage.server.on(PRICES, hostile.reply(200, body)).on(HASHRATES, hostile.reply(200, body))
    stage.time.pass_s(900)
    answer = stage.ask(question, asked)
    assert (answer.value, answer.status, answer.source) == (good.value, "stale", "mempool.space")
    assert answer.age_s(stage.time.now()) >= 900
    assert "mempool.space: " in answer.why


def test_the_ninth_fields_nobody_asked_for_change_nothing(stage: Stage) -> None:
    more = {**MEMPOOL_PRICES, "__class__": "x", "price": -1, "extra": {"usd": [0]}, "usd": 1}
    stage.server.on(PRICES, hostile.json_reply(more))
    answer = stage.ask(PRICE, "USD")
    assert (answer.value.price_per_btc, answer.status) == (75_900, "live")


def test_a_lie_does_not_reach_the_first_answer_either(stage: Stage) -> None:
    """With nothing to hold it against, bounds alone refuse; a factor ten thousand passes none."""
    for name, (question, asked, body) in LIES.items():
        if name == "a price a thousand times as high":
            continue  # 76 million dollars are within bounds: the jump refuses it
        stage.server.on(PRICES, hostile.reply(200, body)).on(HASHRATES, hostile.reply(200, body))
        stage.time.pass_s(61)
        answer = stage.ask(question, asked)
        assert answer.status == "bundled", name
        assert "mempool.space: " in answer.why, name


def test_a_lie_makes_way_for_the_next_provider(stage: Stage) -> None:
    stage.server.on(PRICES, hostile.reply(200, LIES["a negative price"][2]))
    stage.server.on("/v2/prices/BTC-USD/spot", hostile.json_reply(COINBASE))
    answer = stage.ask(PRICE, "USD")
    assert (answer.source, answer.status, answer.value.price_per_btc) == ("Coinbase", "live", 75_950.25)
    assert answer.observed_at.timestamp() == NOW_S
