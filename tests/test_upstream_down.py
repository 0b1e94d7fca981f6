"""A whole hour in which no provider answers, on clocks that the test drives: a bounded log, and few alerts. OPS-04.

The real ladders, breakers, schedule and rules; of the world, a server that says 503 to everything.
"""

from __future__ import annotations

import io
import itertools
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import hostile
import pytest

from core import schedule, telemetry
from core.alerts import EVERY_S, Alerts, Notice
from core.errors import SolarMiningError
from core.fetchers import line
from core.fetchers.ask import ask
from core.fetchers.sources import SOURCES
from core.fetchers.world import Access, World, base_variable
from core.log_limits import Thrift
from core.schedule import QUESTIONS, Schedule
from core.store.database import in_memory
from core.telemetry import JsonLines
from core.traffic import Busyness
from core.troubles import Figures, troubles

HOUR_S, LOOK_S = 3600, 10
MOST_BYTES = 10_000_000
QUIET = Busyness(0, 0, 0, 0, 0.0)


class Time:
    def __init__(self) -> None:
        self.s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=self.s)

    def elapsed_s(self) -> float:
        return 1000.0 + self.s

    def epoch_s(self) -> float:
        return self.now().timestamp()


@pytest.fixture
def written() -> Iterator[tuple[io.StringIO, Time]]:
    """All that this program logs meanwhile, as the server writes it."""
    stream, time, root = io.StringIO(), Time(), logging.getLogger("solar_mining")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(Thrift(time.elapsed_s))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream, time
    root.removeHandler(handler)
    root.setLevel(level)


def test_an_hour_without_any_provider(written: tuple[io.StringIO, Time], monkeypatch: pytest.MonkeyPatch) -> None:
    stream, time = written
    monkeypatch.setattr(line, "sleep", lambda seconds: None)
    told: list[Notice] = []
    with hostile.Server() as server:
        server.on(hostile.ANY, hostile.reply(503))
        bases = {base_variable(source.name): server.base for source in SOURCES}
        world = World(None, Access(bases=bases), now=time.now, elapsed_s=time.elapsed_s)
        db = in_memory()
        refreshing = Schedule(world, lambda: db, now_s=time.epoch_s, pause=lambda seconds: None)
        alerts = Alerts(None, time.epoch_s)
        for second in range(0, HOUR_S, LOOK_S):
            time.s = float(second)
            refreshing.look()
            _planners_ask(world)
            states = {one.name: one.state for one in world.health(SOURCES)}
            told += alerts.look(troubles(Figures(QUIET, providers=states)))
        calls = len(server.seen)
        db.close()
    _held(told, stream.getvalue(), calls)


def _planners_ask(world: World) -> None:
    """Every page that is open asks what it rests on, however often it was in vain."""
    for question, asked in QUESTIONS:
        try:
            ask(question, schedule.at_tip(asked, world), world)
        except SolarMiningError:
            continue


def _held(told: list[Notice], log: str, calls: int) -> None:
    size, lines = len(log.encode()), log.splitlines()
    by_key: dict[str, list[float]] = {}
    for notice in told:
        if notice.kind != "recovered":
            by_key.setdefault(notice.key, []).append(notice.at_s)
    apart = [b - a for times in by_key.values() for a, b in itertools.pairwise(times)]
    print(
        f"{calls} calls, {len(lines)} lines, {size / 1e6:.2f} MB of log; alerts: { {k: len(v) for k, v in by_key.items()} }"
    )
    assert calls > 50, "they were asked"
    assert lines
    assert size <= MOST_BYTES
    assert by_key, "somebody was told"
    assert min(apart, default=EVERY_S) >= EVERY_S


def test_a_storm_of_every_kind_of_record_stays_below_the_limit(written: tuple[io.StringIO, Time]) -> None:
    """A thousand tracebacks a second for an hour, thinned out: each as large as a line may be."""
    stream, time = written
    log = logging.getLogger("solar_mining.fetchers")
    for second in range(HOUR_S):
        time.s = float(second)
        for _ in range(3):
            log.error("%s failed", "x" * 5000, exc_info=ValueError("y" * 20_000))
    size = len(stream.getvalue().encode())
    print(f"{3 * HOUR_S} records of up to {telemetry.MOST_BYTES} bytes: {size / 1e6:.2f} MB of log")
    assert size <= MOST_BYTES
