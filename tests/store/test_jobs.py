"""What is kept of a job, who may write it, and who takes it up when its process is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import DatabaseError, NotFound
from core.store import jobs
from core.store.database import Database
from core.store.jobs import Kept

NOW_S, LEASE_S = 1_800_000_000.0, 12.0
ASKED = {"scenario": {"name": "A"}, "paths": 10}


def made(db: Database, owner: str = "me", kind: str = "risk-analysis", holder: str = "one") -> Kept:
    kept = jobs.new(owner, kind, holder)
    jobs.create(db, kept, ASKED, NOW_S)
    return kept


def taken(db: Database, holder: str, after_s: float) -> list[str]:
    return [kept.id for kept in jobs.take_up(db, holder, NOW_S + after_s, LEASE_S, 10) if kept.live]


def test_a_job_is_found_by_its_owner_alone(db: Database) -> None:
    kept = made(db)
    assert jobs.load(db, "me", kept.id) == kept
    assert jobs.part(db, "me", kept.id, "request") == ASKED
    for call in (jobs.load, jobs.cancel, lambda db, owner, id_: jobs.part(db, owner, id_, "request")):
        with pytest.raises(NotFound):
            call(db, "you", kept.id)
    assert jobs.listed(db, "you") == []


def test_the_list_is_newest_first_and_filtered(db: Database) -> None:
    kept = [made(db, kind=kind) for kind in ("batch", "sizing", "batch")]
    assert [job.id for job in jobs.listed(db, "me")] == [job.id for job in reversed(kept)]
    assert [job.id for job in jobs.listed(db, "me", kind="batch")] == [kept[2].id, kept[0].id]
    assert jobs.listed(db, "me", state="running") == []


def test_only_who_holds_a_job_writes_what_comes_of_it_and_only_once(db: Database) -> None:
    kept = made(db)
    assert not jobs.begin(db, kept, "other", NOW_S)
    assert jobs.begin(db, kept, "one", NOW_S)
    assert not jobs.begin(db, kept, "one", NOW_S)
    assert jobs.progress(db, kept, "one", 0.5, "half", NOW_S, [{"n": 0, "metrics": {}}])
    assert not jobs.progress(db, kept, "other", 0.9, "", NOW_S, [{"n": 1}])
    assert not jobs.end(db, kept, "other", "done", {"result": {"npv_usd": 2.0}})
    assert jobs.end(db, kept, "one", "done", {"result": {"npv_usd": 1.0}})
    assert not jobs.end(db, kept, "one", "done", {"result": {"npv_usd": 3.0}})
    assert jobs.part(db, "me", kept.id, "result") == {"npv_usd": 1.0}
    assert jobs.rows_from(db, kept) == [{"n": 0, "metrics": {}}]
    done = jobs.load(db, "me", kept.id)
    assert (done.state, done.share, done.attempt) == ("done", 1.0, 1)
    assert done.ended_at is not None


def test_rows_come_in_the_order_in_which_they_were_done(db: Database) -> None:
    kept = made(db)
    jobs.begin(db, kept, "one", NOW_S)
    for numbers in ((5, 3), (0,), (12, 1)):
        jobs.progress(db, kept, "one", 0.1, "", NOW_S, [{"n": n} for n in numbers])
    assert [row["n"] for row in jobs.rows_from(db, kept)] == [5, 3, 0, 12, 1]
    assert [row["n"] for row in jobs.rows_from(db, kept, skip=3, limit=1)] == [12]
    assert jobs.rows_told(db, kept) == dict.fromkeys((5, 3, 0, 12, 1), False)


def test_a_job_whose_process_is_silent_is_taken_up_by_one_other(db: Database) -> None:
    kept = made(db)
    jobs.begin(db, kept, "one", NOW_S)
    assert taken(db, "two", LEASE_S - 1) == []
    assert jobs.beat(db, "one", NOW_S + LEASE_S) == {kept.id}
    assert taken(db, "two", LEASE_S + 1) == []
    assert taken(db, "two", 2 * LEASE_S + 1) == [kept.id]
    assert taken(db, "three", 2 * LEASE_S + 1) == []
    assert not jobs.end(db, kept, "one", "done", {"result": {}}), "the first one wakes up too late"


def test_what_was_begun_twice_has_failed_and_says_why(db: Database) -> None:
    kept = made(db)
    for attempt, (holder, following) in enumerate((("one", "two"), ("two", "three")), 1):
        assert jobs.begin(db, jobs.load(db, "me", kept.id), holder, NOW_S)
        found = taken(db, following, attempt * 100.0)
        assert found == ([kept.id] if attempt == 1 else [])
    failed = jobs.load(db, "me", kept.id)
    assert (failed.state, failed.attempt) == ("failed", 2)
    assert jobs.part(db, "me", kept.id, "error")["code"] == "INTERNAL_ERROR"
    assert taken(db, "four", 900.0) == []


def test_what_is_left_in_good_order_may_be_begun_at_once_and_as_if_never_begun(db: Database) -> None:
    waits, runs = made(db), made(db)
    jobs.begin(db, runs, "one", NOW_S)
    jobs.leave(db, "one", {waits.id, runs.id}, begun=False)
    assert set(taken(db, "two", 0.0)) == {waits.id, runs.id}
    assert [jobs.load(db, "me", kept.id).attempt for kept in (waits, runs)] == [0, 0]


def test_a_heartbeat_of_a_clock_that_was_set_back_is_not_honoured(db: Database) -> None:
    kept = made(db)
    assert taken(db, "two", -1000.0) == [kept.id]


def test_what_has_ended_cannot_be_cancelled_and_what_is_cancelled_has_no_result(db: Database) -> None:
    done, live = made(db), made(db)
    for kept in (done, live):
        jobs.begin(db, kept, "one", NOW_S)
    jobs.end(db, done, "one", "done", {"result": {}})
    assert jobs.cancel(db, "me", done.id).state == "done"
    assert jobs.cancel(db, "me", live.id).state == "cancelled"
    assert not jobs.progress(db, live, "one", 0.7, "", NOW_S)
    assert not jobs.end(db, live, "one", "done", {"result": {}})
    assert jobs.part(db, "me", live.id, "result") is None


def test_a_result_that_was_damaged_is_not_shown(db: Database) -> None:
    kept = made(db)
    jobs.begin(db, kept, "one", NOW_S)
    jobs.end(db, kept, "one", "done", {"result": {"npv_usd": 1.0}})
    with db.write() as tables:
        tables.execute("UPDATE job_parts SET content = ? WHERE part = 'result'", [b'{"npv_usd": 9.0}'])
    with pytest.raises(DatabaseError):
        jobs.part(db, "me", kept.id, "result")


def test_jobs_that_ended_long_ago_are_forgotten_with_their_parts(db: Database) -> None:
    done, live = made(db), made(db)
    jobs.begin(db, done, "one", NOW_S)
    jobs.end(db, done, "one", "done", {"result": {}})
    assert jobs.forget(db, datetime.now(UTC) - timedelta(days=1)) == 0
    assert jobs.forget(db, datetime.now(UTC) + timedelta(days=1)) == 1
    with db.read() as tables:
        left = {row["job_id"] for row in tables.query("SELECT job_id FROM job_parts")}
    assert left == {live.id}
