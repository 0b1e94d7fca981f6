"""What is due is asked before it goes stale, by one process, and once after a sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import hostile
import pytest
from ladder import DOWN, SHIPPED, Time, read

from core import outside, schedule, serving
from core.errors import DatabaseError
from core.fetchers.ask import Bundled, Question
from core.fetchers.provider import Reply, Request, Source
from core.fetchers.world import Access, World, base_variable
from core.schedule import EARLY, LEASE_S, Schedule
from core.store import readings
from core.store.database import Database, in_memory, open_database
from core.world import Price

SOFT_S = 600.0
NAMES = ("one", "two", "three")


def call(base: str, asked: str, key: str) -> Request:
    return Request(f"{base}/{asked}")


def usd(reply: Reply, asked: str) -> float:
    return read(reply, asked)


def question(name: str) -> Question[str, float]:
    source = Source(name, "https://nobody.invalid", call, usd, per_minute=600)
    return Question(name, (source,), soft_s=SOFT_S, bundled=lambda asked: Bundled(1.0, "data", SHIPPED))


QUESTIONS = tuple((question(name), name) for name in NAMES)


class Stand:
    """One provider for each question, a clock, and schedules on one database."""

    def __init__(self, server: hostile.Server, folder: Path | None) -> None:
        self.server, self.clock = server, Time()
        self.pauses: list[float] = []
        self.db: Database = open_database(folder) if folder else in_memory()
        for name in NAMES:
            server.on(f"/{name}", hostile.json_reply({"usd": 100_000}))
        bases = {base_variable(name): server.base for name in NAMES}
        self.world = World(None, Access(bases=bases), now=self.clock.now, elapsed_s=self.clock.elapsed_s)

    def schedule(self) -> Schedule:
        return Schedule(
            self.world,
            lambda: self.db,
            questions=QUESTIONS,
            now_s=lambda: self.clock.now().timestamp(),
            pause=self.pauses.append,
        )


@pytest.fixture
def stand() -> Iterator[Stand]:
    with hostile.Server() as server:
        yield Stand(server, None)


def test_at_the_start_everything_is_asked_once_with_time_between(stand: Stand) -> None:
    one = stand.schedule()
    assert one.look() == list(NAMES)
    assert len(stand.pauses) == len(NAMES) - 1
    assert one.look() == []
    assert len(stand.server.seen) == len(NAMES)


def test_it_is_asked_before_it_goes_stale(stand: Stand) -> None:
    one = stand.schedule()
    one.look()
    stand.clock.pass_s(EARLY * SOFT_S - 1)
    assert one.look() == []
    stand.clock.pass_s(2)
    assert one.look() == list(NAMES)


def test_after_three_days_of_sleep_each_source_is_called_once(stand: Stand) -> None:
    """OPS-02."""
    one = stand.schedule()
    one.look()
    stand.clock.pass_s(3 * 86_400)
    for _ in range(10):
        one.look()
    assert [stand.server.hits(f"/{name}") for name in NAMES] == [2, 2, 2]
    assert all(pause > 0 for pause in stand.pauses)


def test_what_nobody_answers_is_asked_later_and_later(stand: Stand) -> None:
    stand.server.on("/two", DOWN)
    one = stand.schedule()
    one.look()
    asked = []
    for minute in range(1, 241):
        stand.clock.pass_s(60)
        if "two" in one.look():
            asked.append(minute)
    gaps = [b - a for a, b in pairwise(asked)]
    assert asked[0] == 1
    assert gaps == sorted(gaps)
    assert gaps[-1] == 60, "an hour at most"
    stand.server.on("/two", hostile.json_reply({"usd": 100_000}))
    stand.clock.pass_s(3600)
    assert "two" in one.look()
    stand.clock.pass_s(EARLY * SOFT_S + 1)
    assert "two" in one.look(), "an answer ends the waiting"


def test_of_two_schedules_one_asks_and_the_other_takes_over(stand: Stand) -> None:
    """OPS-03."""
    one, two = stand.schedule(), stand.schedule()
    one.look()
    stand.clock.pass_s(LEASE_S / 2)
    assert two.look() == []
    for _ in range(20):  # the leader renews
        stand.clock.pass_s(LEASE_S / 2)
        assert not (one.look() and two.look())
    one.stop()
    stand.clock.pass_s(SOFT_S)
    assert two.look() == list(NAMES)


def test_a_database_that_is_busy_does_not_end_the_schedule(stand: Stand) -> None:
    one = stand.schedule()
    looked: list[int] = []

    def look() -> list[str]:
        looked.append(1)
        if len(looked) == 3:
            one._stopped.set()
        raise DatabaseError("busy")

    one.look = look  # type: ignore[method-assign]
    one._stopped.wait = lambda _=None: False  # type: ignore[method-assign]
    one.run()
    assert len(looked) == 3


def test_offline_there_is_no_schedule() -> None:
    assert schedule.begin() is None

    async def lived() -> None:
        async with serving.lifespan(None):
            pass

    asyncio.run(lived())


@pytest.fixture
def fresh_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The process's own world and database, in a folder of the test."""
    made: tuple[Any, ...] = (outside.outside, outside.database, outside.errands)
    monkeypatch.setenv("SOLAR_MINING_HOME", str(tmp_path))
    for one in made:
        one.cache_clear()
    yield tmp_path
    outside.database().close()
    for one in made:
        one.cache_clear()


def test_accepted_answers_make_a_history(fresh_outside: Path) -> None:
    with hostile.Server() as server:
        server.on(
            "/v2/prices/BTC-USD/spot",
            hostile.json_reply({"data": {"amount": "75950.25", "base": "BTC", "currency": "USD"}}),
        )
        from core.fetchers.ask import ask
        from core.fetchers.price import PRICE
        from core.fetchers.providers import coinbase

        world = World(
            None,
            Access(bases={base_variable(coinbase.NAME): server.base}),
            accepted=outside.outside().accepted,
        )
        only = Question(**{**vars(PRICE), "sources": (coinbase.PRICE,)})
        ask(only, "USD", world)
    [kept] = readings.listed(outside.database(), "price", "USD")
    assert kept.source == "Coinbase"
    assert '"price_per_btc":75950.25' in kept.value
    assert (fresh_outside / "app.db").exists()


def test_places_that_were_looked_at_are_not_in_the_history(fresh_outside: Path) -> None:
    world = outside.outside()
    assert world.accepted is not None
    world.accepted("weather", object(), _answer({"ghi": 1.0}))
    world.accepted("price", "USD", _answer(Price("USD", 75_000.0, SHIPPED)))
    assert readings.count(outside.database()) == 1


def test_in_public_mode_nothing_is_written(fresh_outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLAR_MINING_MODE", "public")
    world = outside.outside()
    assert world.accepted is not None
    world.accepted("price", "USD", _answer(Price("USD", 75_000.0, SHIPPED)))
    assert readings.count(outside.database()) == 1
    assert list(fresh_outside.iterdir()) == []


def _answer(value: object) -> Any:
    from core.fetchers.ask import Answer

    return Answer(value, "somebody", SHIPPED, SHIPPED, "live")
