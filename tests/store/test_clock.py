"""A clock that jumps: nothing is lost that is to be kept, and what was left last comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core import clock
from core.scenario import Scenario
from core.store import backups, drafts, idempotency, jobs, leases, rows, scenarios
from core.store.database import Database

REAL = datetime


def set_to(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Put the clock of the program ahead, or back."""

    class Jumped(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return REAL.now(UTC) + by

    for module in (clock, rows, drafts, backups):
        monkeypatch.setattr(module, "datetime", Jumped)


def plan(name: str) -> Scenario:
    return Scenario().but({"name": name})


JUMPS = [timedelta(days=400), timedelta(hours=2), timedelta(hours=-1), timedelta(days=-400)]


@pytest.mark.parametrize("by", JUMPS, ids=str)
def test_drafts_outlive_a_jump_and_the_last_one_is_offered_first(
    db: Database, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    drafts.keep(db, "ann", "first page", plan("before"), None)
    with monkeypatch.context() as jumped:
        set_to(jumped, by)
        drafts.keep(db, "ann", "second page", plan("meanwhile"), None)
    drafts.keep(db, "ann", "third page", plan("after"), None)
    with db.read() as tables:
        assert next(tables.query("SELECT count(*) AS n FROM drafts"))["n"] == 3
    newest = drafts.newest(db, "ann", "a new page")
    assert newest is not None
    assert newest.scenario.name == "after"


@pytest.mark.parametrize("by", JUMPS, ids=str)
def test_results_and_answers_outlive_a_jump(db: Database, monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    job = jobs.new("ann", "batch", "me")
    jobs.create(db, job, {}, 0.0)
    jobs.begin(db, job, "me", 0.0)
    jobs.end(db, job, "me", "done", {"result": {}})
    ask, answer = idempotency.Ask("ann", "key", "print"), idempotency.Answer(201, b"made")
    idempotency.once(db, ask, lambda: answer)
    with monkeypatch.context() as jumped:
        set_to(jumped, by)
        assert jobs.forget(db, clock.for_deleting() - timedelta(days=7)) == 0
        assert idempotency.once(db, ask, lambda: answer) == (answer, True)
    assert jobs.load(db, "ann", job.id).state == "done"


@pytest.mark.parametrize("by", JUMPS, ids=str)
def test_the_newest_backup_is_the_last_one_that_was_made(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    backups.make(db, tmp_path)
    with monkeypatch.context() as jumped:
        set_to(jumped, by)
        backups.make(db, tmp_path)
    scenarios.save(db, "ann", plan("last"))
    last = backups.make(db, tmp_path)
    assert backups.listed(tmp_path, 9)[0] == last
    assert len(backups.listed(tmp_path, 9)) == 3


def test_what_is_old_goes_where_the_clock_is_right(db: Database) -> None:
    old = rows.stamp(datetime.now(UTC) - timedelta(days=30))
    drafts.keep(db, "ann", "old", plan("old"), None)
    with db.write() as tables:
        tables.execute("UPDATE drafts SET updated_at = ?", [old])
    drafts.keep(db, "ann", "new", plan("new"), None)
    assert drafts.forget_old(db) == 1
    with db.read() as tables:
        assert [row["page"] for row in tables.query("SELECT page FROM drafts")] == ["new"]


def test_a_lease_from_a_clock_that_was_ahead_is_not_waited_for(db: Database) -> None:
    assert leases.take(db, "refresh", "ahead", 1e9, 60.0)
    assert leases.take(db, "refresh", "right", 1e6, 60.0)


def test_versions_decide_between_saves_and_not_the_clock(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = scenarios.save(db, "ann", plan("one"))
    set_to(monkeypatch, timedelta(days=-400))
    again = scenarios.save(db, "ann", plan("two"), saved.id, saved.version)
    assert again.version == 2
    assert scenarios.load(db, "ann", saved.id)[0].name == "two"
    assert len(scenarios.listed(db, "ann")) == 1
