"""The audit log: whoever changes it with the database alone is found out. DB-12."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import DatabaseError
from core.store import audit
from core.store.audit import Log
from core.store.database import Database, open_database

KEY = b"k" * 32
stamp_of = audit.rows.stamp


@pytest.fixture
def log(db: Database, tmp_path: Path) -> Log:
    found = Log(db, KEY, tmp_path)
    for n in range(1, 9):
        assert found.note("ann", "key created", f"key {n}", "planner") == n
    return found


def by_hand(log: Log, *statements: str) -> None:
    """What somebody does to the file with a tool of their own: the triggers are only in the way of an accident."""
    with log.db.write() as tables:
        tables.execute("DROP TRIGGER IF EXISTS audit_no_update")
        tables.execute("DROP TRIGGER IF EXISTS audit_no_delete")
        for statement in statements:
            tables.execute(statement)


def test_a_log_nobody_touched_is_sound(log: Log) -> None:
    assert log.first_bad() is None
    assert [entry.seq for entry in log.listed(3)] == [8, 7, 6]
    assert [entry.subject for entry in log.listed(2, before=6)] == ["key 5", "key 4"]


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'bob'", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 8"])  # fmt: skip
def test_rows_are_only_ever_added(log: Log, statement: str) -> None:
    with pytest.raises(DatabaseError), log.db.write() as tables:
        tables.execute(statement)
    assert len(log.listed()) == 8


@pytest.mark.parametrize(
    ("statements", "first"),
    [
        (("UPDATE audit SET who = 'bob' WHERE seq = 3",), 3),
        (("UPDATE audit SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 1",), 1),
        (("UPDATE audit SET code = substr(code, 2) || '0' WHERE seq = 5",), 5),
        (("UPDATE audit SET code = 'é' WHERE seq = 5",), 5),
        (("DELETE FROM audit WHERE seq = 4",), 4),
        (("DELETE FROM audit WHERE seq = 1",), 1),
        (("DELETE FROM audit WHERE seq = 4", "UPDATE audit SET seq = seq - 1 WHERE seq > 4"), 4),
        (
            (
                "UPDATE audit SET seq = 100 WHERE seq = 6",
                "UPDATE audit SET seq = 6 WHERE seq = 7",
                "UPDATE audit SET seq = 7 WHERE seq = 100",
            ),
            6,
        ),
        (("DELETE FROM audit WHERE seq > 7",), 8),
        (("DELETE FROM audit WHERE seq > 2",), 3),
        (("DELETE FROM audit",), 1),
    ],
    ids=["edited", "dated back", "code", "odd code", "deleted", "first deleted", "closed up", "reordered", "last cut off", "tail cut off", "emptied"],
)  # fmt: skip
def test_the_first_bad_row_is_named(log: Log, statements: tuple[str, ...], first: int) -> None:
    by_hand(log, *statements)
    assert log.first_bad() == first


def test_every_bad_row_is_named(log: Log) -> None:
    by_hand(log, "UPDATE audit SET who = 'bob' WHERE seq IN (2, 5)", "DELETE FROM audit WHERE seq = 8")
    assert list(log.bad()) == [2, 5, 8]


# --- what is old goes -----------------------------------------------------------------------------

LATER = datetime.now(UTC) + timedelta(days=audit.KEPT_DAYS + 1)


def test_what_is_older_than_a_year_goes_and_the_chain_still_holds(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(audit.rows, "stamp", lambda at=None, stamp=stamp_of: stamp(at or LATER))
        for n in range(9, 12):
            log.note("ann", "key created", f"key {n}")
        assert log.prune(LATER) == 8
        assert [entry.seq for entry in log.listed()] == [12, 11, 10, 9]
        assert log.first_bad() is None
        assert log.prune(LATER) == 0, "nothing more is old"
        assert log.note("ann", "key created", "key 13") == 13
        much_later = LATER + timedelta(days=400)
        patch.setattr(audit.rows, "stamp", lambda at=None, stamp=stamp_of: stamp(at or much_later))
        log.note("ann", "key created", "key 14")
        assert log.prune(much_later) == 5
    assert log.first_bad() is None
    assert [entry.subject for entry in log.listed(1)] == ["13"]
    with pytest.raises(DatabaseError), log.db.write() as tables:
        tables.execute("DELETE FROM audit")


def test_a_log_that_is_all_old_is_left_as_it_is(log: Log) -> None:
    """Where a clock runs far ahead, not a row of what it was used for is lost before somebody looks."""
    assert log.prune(LATER) == 0
    assert len(log.listed()) == 8


def test_who_removes_old_rows_without_the_key_is_found_out(log: Log) -> None:
    by_hand(log, "DELETE FROM audit WHERE seq < 5")
    assert list(log.bad()) == [1]
    forger = Log(log.db, b"f" * 32)
    by_hand(log, "DELETE FROM audit WHERE seq < 6")
    forger.note("this program", audit.PRUNED, "5", "0" * 64)
    assert log.first_bad() is not None


def test_a_database_that_was_put_back_may_be_shorter_once_that_was_said(log: Log) -> None:
    by_hand(log, "DELETE FROM audit WHERE seq > 5")
    assert log.first_bad() == 6
    log.note("command line", "backup restored", "a backup")
    log.settle()
    assert log.first_bad() is None
    by_hand(log, "DELETE FROM audit WHERE seq > 5")
    assert log.first_bad() == 6


def test_a_chain_made_anew_without_the_key_does_not_hold(log: Log) -> None:
    forger = Log(log.db, b"f" * 32)
    by_hand(log, "DELETE FROM audit")
    forger.note("bob", "nothing", "happened")
    assert forger.first_bad() is None
    assert log.first_bad() == 1


@pytest.mark.parametrize("text", ["", "{}", '{"seq": 2, "code": "0"}', "[]", '{"seq": "x", "code": ""}'])
def test_an_anchor_that_cannot_be_believed_is_said(log: Log, text: str) -> None:
    assert log.home is not None
    (log.home / audit.ANCHOR).write_text(text)
    assert log.first_bad() == 9


def test_a_missing_anchor_is_said_and_a_new_log_needs_none(log: Log, tmp_path: Path) -> None:
    (tmp_path / audit.ANCHOR).unlink()
    assert log.first_bad() == 9
    by_hand(log, "DELETE FROM audit")
    assert log.first_bad() is None


def test_threads_write_one_chain(db: Database, tmp_path: Path) -> None:
    log = Log(db, KEY, tmp_path)
    threads = [threading.Thread(target=lambda: [log.note("a", "b", "c") for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.listed(1000)) == 80
    assert log.first_bad() is None
    assert [path.name for path in tmp_path.glob(f".{audit.ANCHOR}*")] == []


def test_what_is_said_is_cut_to_a_length(db: Database) -> None:
    log = Log(db, KEY)
    log.note("ann", "share created", "x" * 5000, "y" * 5000)
    assert len(log.listed()[0].subject) == len(log.listed()[0].detail) == audit.LONGEST
    assert log.first_bad() is None


def test_a_long_log_is_verified_fast(db: Database) -> None:
    """100,000 rows a second of processor time; half of it fails."""
    log, before = Log(db, KEY), ""
    with db.write() as tables:
        for seq in range(1, 30_001):
            row = {"seq": seq, "at": "2026-05-01T00:00:00.000000Z", "who": "a", "action": "b", "subject": "c", "detail": ""}  # fmt: skip
            before = row["code"] = audit.code(KEY, row, before)
            tables.execute("INSERT INTO audit VALUES (:seq, :at, :who, :action, :subject, :detail, :code)", row)
    started = time.process_time()
    assert log.first_bad() is None
    rate = 30_000 / (time.process_time() - started)
    print(f"{rate:,.0f} rows/s")
    assert rate > 50_000


def test_who_cuts_the_end_off_and_takes_the_anchor_away_is_told_in_the_chain(log: Log, tmp_path: Path) -> None:
    by_hand(log, "DELETE FROM audit WHERE seq > 5")
    (tmp_path / audit.ANCHOR).unlink()
    log.note("ann", "key created", "the next deed")
    assert [(entry.seq, entry.action) for entry in log.listed(2)] == [(7, "key created"), (6, audit.LOST)]
    assert log.listed(1, before=7)[0].subject == "5"
    assert log.first_bad() is None, "what is there is as it was written, and says itself what may be missing"
    log.note("ann", "key created", "another")
    assert [entry.action for entry in log.listed(8)].count(audit.LOST) == 1


def test_an_anchor_that_cannot_be_believed_stays_until_somebody_looks(log: Log, tmp_path: Path) -> None:
    by_hand(log, "DELETE FROM audit WHERE seq > 5")
    (tmp_path / audit.ANCHOR).write_text('{"seq": 5, "code": "made up"}')
    assert not log.believed
    log.note("ann", "key created", "the next deed")
    assert not log.believed
    assert log.first_bad() == 7
    log.settle()
    assert log.believed
    assert log.first_bad() is None


def test_notes_at_once_leave_the_anchor_at_the_last_and_miss_none(tmp_path: Path) -> None:
    """Also the very first ones, before there is an anchor, and of two processes, which have a log each."""
    db = open_database(tmp_path)
    logs = [Log(db, KEY, tmp_path) for _ in range(6)]
    threads = [threading.Thread(target=lambda one=one: [one.note("a", "b", "c") for _ in range(5)]) for one in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entry.action for entry in logs[0].listed(100)} == {"b"}
    assert logs[0].gone() == (31, 30)
    db.close()
