"""Upkeep: a backup an hour by one of several processes, whatever the clock does, and old entries go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import DatabaseError
from core.scenario import Scenario
from core.store import audit, backups, leases, scenarios
from core.store.database import Database, open_database
from core.upkeep import Upkeep

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass
class Clocks:
    """The clock on the wall, which may jump, and the one that only runs."""

    wall: datetime = NOON
    elapsed_s: float = 1000.0

    def run(self, hours: float) -> None:
        self.wall += timedelta(hours=hours)
        self.elapsed_s += hours * 3600


@dataclass
class Stage:
    db: Database
    home: Path
    clocks: Clocks = field(default_factory=Clocks)

    def process(self) -> Upkeep:
        book = audit.Log(self.db, b"k" * 32, self.home)
        return Upkeep(
            lambda: self.db,
            self.home,
            lambda: book,
            now=lambda: self.clocks.wall,
            elapsed_s=lambda: self.clocks.elapsed_s,
        )

    @property
    def count(self) -> int:
        return len(backups.listed(self.home, 1000))


@pytest.fixture
def stage(db: Database, tmp_path: Path) -> Stage:
    return Stage(db, tmp_path)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    made = open_database(tmp_path)
    yield made
    made.close()


def test_a_backup_an_hour_and_none_between(stage: Stage) -> None:
    one = stage.process()
    assert one.look() == ["backup", "prune"]
    for _ in range(3):
        for _ in range(5):
            stage.clocks.run(0.15)
            assert one.look() == []
        stage.clocks.run(0.3)
        assert one.look() == ["backup"]
    assert stage.count == 4
    stage.clocks.run(24)
    assert one.look() == ["backup", "prune"]


def test_a_copy_that_was_kept_long_enough_goes(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    old = stage.home / "app.db.replaced.20260401T120000000000Z"
    old.write_bytes(b"a database")
    with caplog.at_level("INFO", "solar_mining.upkeep"):
        stage.process().look()
    assert not old.exists()
    assert f"{old.name} went" in caplog.text


def test_after_a_restart_the_newest_tells_whether_one_is_due(stage: Stage) -> None:
    stage.process().look()
    stage.clocks.run(0.5)
    assert "backup" not in stage.process().look()
    stage.clocks.run(0.6)
    second = stage.process()
    stage.clocks.run(1)
    assert "backup" in second.look()


def test_of_several_processes_one_does_it(stage: Stage) -> None:
    processes = [stage.process() for _ in range(6)]
    start = threading.Barrier(len(processes))
    done: list[str] = []

    def look(process: Upkeep) -> None:
        start.wait()
        done.extend(process.look())

    threads = [threading.Thread(target=look, args=(process,)) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done.count("backup") == stage.count == 1
    leader = next(process for process in processes if process._pruned_s > 0)
    stage.clocks.run(1.1)
    leader.stop()
    others = [process.look() for process in processes if process is not leader]
    assert sum("backup" in found for found in others) == 1, "another takes over"


def test_a_clock_that_is_set_back_stops_nothing_and_hurries_nothing(stage: Stage) -> None:
    one = stage.process()
    one.look()
    stage.clocks.wall -= timedelta(days=30)
    for _ in range(4):
        stage.clocks.run(0.5)
        one.look()
    assert stage.count == 3
    newest = backups.listed(stage.home, 1)[0]
    assert newest.created_at >= NOON
    stage.clocks.wall += timedelta(days=365)
    stage.clocks.elapsed_s += 4000
    assert "backup" in one.look()
    assert stage.count == 4


def test_a_lease_that_cannot_be_given_back_runs_out(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> Database:
        raise DatabaseError("the database is busy", field="database", value="busy", expected="a free lock")

    with caplog.at_level("INFO"):
        leases.give_back(refuse, "upkeep", "me")
    assert "the lease of upkeep runs out by itself" in caplog.text


def test_what_fails_is_told_and_tried_again_an_hour_later(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenarios.save(stage.db, "me", Scenario())
    with stage.db.write() as tables:
        tables.execute("UPDATE scenarios SET name = 'changed'")
    one = stage.process()
    assert one.look() == ["prune"]
    assert "backup failed: rows are not as they were saved" in caplog.text
    assert stage.count == 0
    assert one.look() == []
    with stage.db.write() as tables:
        tables.execute("DELETE FROM scenarios")
    stage.clocks.run(1.1)
    assert one.look() == ["backup"]
