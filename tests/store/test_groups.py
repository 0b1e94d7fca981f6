"""Writes that wait share a commit: kept together or not at all, undone one by one, acknowledged after the disk has them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.errors import DatabaseError
from core.store import groups
from core.store.database import FILE_NAME, Database, open_database

PATIENCE_S = 30.0


@pytest.fixture
def table(db: Database) -> Database:
    with db.write() as tables:
        tables.execute("CREATE TABLE kept (n INTEGER NOT NULL PRIMARY KEY) STRICT")
    return db


def put(db: Database, n: int) -> int:
    with db.write() as tables:
        tables.execute("INSERT INTO kept VALUES (?)", [n])
    return n


def numbers(db: Database) -> set[int]:
    with db.read() as tables:
        return {row["n"] for row in tables.query("SELECT n FROM kept")}


def commits(db: Database) -> list[str]:
    """What the writing connection is told from now on that begins or ends a transaction."""
    seen: list[str] = []
    with db.write() as tables:
        tables.conn.set_trace_callback(lambda sql: seen.append(sql) if sql in ("BEGIN IMMEDIATE", "COMMIT") else None)
    return seen


def together(db: Database, acts: list[Callable[[], Any]]) -> list[Future[Any]]:
    """The acts, begun in threads of their own while another write is under way, in this order."""
    pool = ThreadPoolExecutor(len(acts))
    begun: list[Future[Any]] = []
    with contextlib.suppress(DatabaseError), db.write():  # which shares the fate of the others
        for n, act in enumerate(acts):
            begun.append(pool.submit(act))
            wait_until(lambda n=n: len(db._turns._waiting) > n)
    pool.shutdown()
    return begun


def held(db: Database, begun: threading.Event, go: threading.Event) -> None:
    """A write that lasts until it may go on."""
    with db.write():
        begun.set()
        go.wait(PATIENCE_S)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def slow_machines_group_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "LONGEST_S", PATIENCE_S)


def test_those_who_wait_share_one_commit(table: Database) -> None:
    seen = commits(table)
    seen.clear()
    begun = together(table, [lambda n=n: put(table, n) for n in range(8)])
    assert [one.result() for one in begun] == list(range(8))
    assert numbers(table) == set(range(8))
    assert seen == ["BEGIN IMMEDIATE", "COMMIT"]


def test_one_that_fails_is_undone_alone(table: Database) -> None:
    def fails() -> None:
        with table.write() as tables:
            tables.execute("INSERT INTO kept VALUES (100)")
            raise ZeroDivisionError

    begun = together(table, [lambda: put(table, 1), fails, lambda: put(table, 2), fails])
    assert isinstance(begun[1].exception(), ZeroDivisionError)
    assert isinstance(begun[3].exception(), ZeroDivisionError)
    assert numbers(table) == {1, 2}


def test_one_that_sql_refuses_is_undone_alone(table: Database) -> None:
    begun = together(table, [lambda: put(table, 1), lambda: put(table, 1), lambda: put(table, 2)])
    assert [one.exception() is None for one in begun] == [True, False, True]
    assert isinstance(begun[1].exception(), DatabaseError)
    assert numbers(table) == {1, 2}


def test_nobody_is_told_before_the_commit(table: Database) -> None:
    """The first of a group is done, and hears nothing as long as the second is at work."""
    release = threading.Event()

    def slow() -> None:
        with table.write() as tables:
            tables.execute("INSERT INTO kept VALUES (2)")
            release.wait(PATIENCE_S)

    with ThreadPoolExecutor(3) as pool:
        holder = pool.submit(held, table, begun := threading.Event(), go := threading.Event())
        assert begun.wait(PATIENCE_S)
        first = pool.submit(put, table, 1)
        wait_until(lambda: len(table._turns._waiting) == 1)
        second = pool.submit(slow)
        wait_until(lambda: len(table._turns._waiting) == 2)
        go.set()
        wait_until(lambda: not table._turns._waiting)
        time.sleep(0.05)
        assert [one.done() for one in (holder, first, second)] == [False, False, False]
        assert numbers(table) == set()
        release.set()
        assert first.result(PATIENCE_S) == 1
        second.result(PATIENCE_S)
    assert numbers(table) == {1, 2}


def test_a_commit_that_the_disk_refuses_is_told_to_all(table: Database) -> None:
    """A full disk undoes a whole transaction: then all parts of it fail, and none is there."""
    put(table, 1)
    with table.write() as tables:
        pages = tables.execute("PRAGMA page_count").fetchone()[0]
        tables.execute("CREATE TABLE large (content BLOB NOT NULL) STRICT")
        tables.execute(f"PRAGMA max_page_count = {pages + 3}")

    def large() -> None:
        with table.write() as tables:
            tables.execute("INSERT INTO large VALUES (zeroblob(100000))")

    begun = together(table, [lambda: put(table, 2), large, lambda: put(table, 3)])
    said = [one.exception() for one in begun]
    kept = {n for n, error in zip((2, 0, 3), said, strict=True) if error is None and n}
    assert isinstance(said[1], DatabaseError)
    assert said[1].value == "full"
    assert numbers(table) == {1} | kept
    assert table.trouble in ("full", "")
    put(table, 4)
    assert table.trouble == ""


def test_a_part_may_not_go_on_after_its_transaction_was_lost(table: Database) -> None:
    def swallows() -> None:
        with table.write() as tables:
            tables.execute("INSERT INTO kept VALUES (1)")
            tables.conn.execute("ROLLBACK")  # as a full disk does

    with pytest.raises(DatabaseError):
        swallows()
    assert numbers(table) == set()
    begun = together(table, [lambda: put(table, 5), swallows, lambda: put(table, 6)])
    assert isinstance(begun[0].exception(), DatabaseError)
    assert isinstance(begun[1].exception(), DatabaseError)
    assert begun[2].result() == 6
    assert numbers(table) == {6}


def test_a_write_within_a_lost_one_is_refused(table: Database) -> None:
    def goes_on() -> None:
        with table.write() as tables:
            tables.conn.execute("ROLLBACK")
            put(table, 1)

    with pytest.raises(DatabaseError):
        goes_on()
    assert numbers(table) == set()


def test_an_interrupted_last_part_leaves_nobody_waiting(table: Database) -> None:
    """Ctrl-C in the one that was to commit: those before it are committed."""

    def interrupted() -> None:
        with table.write() as tables:
            tables.execute("INSERT INTO kept VALUES (100)")
            raise KeyboardInterrupt

    begun = together(table, [lambda: put(table, 1), interrupted])
    assert begun[0].result(PATIENCE_S) == 1
    assert isinstance(begun[1].exception(), KeyboardInterrupt)
    assert numbers(table) == {1}


def test_a_group_that_nobody_has_is_committed_by_who_waits(table: Database) -> None:
    """As where Ctrl-C comes between being served and going on."""
    waiting = threading.Event()
    pool = ThreadPoolExecutor(1)
    with table.write():
        first = pool.submit(put, table, 1)
        wait_until(lambda: len(table._turns._waiting) == 1)

        def lost() -> None:
            assert table._turns.acquire(PATIENCE_S)
            waiting.set()
            table._turns.release()  # without a look at the open group

        other = threading.Thread(target=lost)
        other.start()
        wait_until(lambda: len(table._turns._waiting) == 2)
    other.join(PATIENCE_S)
    assert waiting.is_set()
    assert first.result(PATIENCE_S) == 1
    assert numbers(table) == {1}
    pool.shutdown()


def test_a_group_ends_when_it_is_old_or_large(table: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST", 3)
    seen = commits(table)
    seen.clear()
    together(table, [lambda n=n: put(table, n) for n in range(8)])
    assert seen.count("COMMIT") == 3  # 9 parts, the first of them the one that the others waited for
    monkeypatch.setattr(groups, "LONGEST_S", 0.0)
    seen.clear()
    together(table, [lambda n=n: put(table, n) for n in range(10, 14)])
    assert seen.count("COMMIT") == 5


def test_closing_waits_for_an_open_group(tmp_path: Path) -> None:
    db = open_database(tmp_path)
    with db.write() as tables:
        tables.execute("CREATE TABLE kept (n INTEGER NOT NULL PRIMARY KEY) STRICT")
    begun = together(db, [lambda: put(db, 1), lambda: put(db, 2), db.close])
    assert [one.exception() for one in begun] == [None, None, None]
    again = Database(str(tmp_path / FILE_NAME))
    assert numbers(again) == {1, 2}
    again.close()
