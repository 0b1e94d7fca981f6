"""The schema arrives whole or not at all, however many start at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import DatabaseError
from core.store import migrations
from core.store.database import Database, open_database

NAMES = ["m001_scenarios", "m002_projections", "m003_weathers", "m004_readings", "m005_equipment"]
TABLES = {"scenarios", "projections", "weathers", "equipment"}

MAY_BE_EMPTY = {"npv_cents", "mined_sats", "price_cents", "temp_min_c", "temp_max_c", "statement"}


def at_once(home: str, start: Any, answers: Any) -> None:
    start.wait()
    try:
        db = open_database(Path(home))
        with db.read() as tables:
            answers.put(sorted(set(tables.table_names()) & TABLES))
        db.close()
    except Exception as error:
        answers.put(repr(error))


def names(db: Database) -> set[str]:
    with db.read() as tables:
        return set(tables.table_names())


def test_the_first_release_is_these_steps_in_this_order() -> None:
    """Steps are only ever added at the end: a database out there has taken the ones before."""
    assert [step.__name__ for step in migrations.STEPS][: len(NAMES)] == NAMES


def test_a_second_start_has_nothing_to_do(db: Database) -> None:
    assert names(db) >= TABLES
    assert migrations.migrate(db) == []


def test_every_table_is_strict_and_has_an_owner(db: Database) -> None:
    with db.read() as tables:
        for name in TABLES:
            assert tables.table(name).strict
            assert "owner" in tables.table(name).columns_dict
            assert all(column.notnull or column.name in MAY_BE_EMPTY for column in tables.table(name).columns)


def test_processes_that_start_at_once_all_find_the_schema(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("spawn")
    start, answers = fork.Event(), fork.Queue()
    starters = [fork.Process(target=at_once, args=(str(tmp_path), start, answers)) for _ in range(2)]
    for starter in starters:
        starter.start()
    start.set()
    found = [answers.get(timeout=60) for _ in starters]
    for starter in starters:
        starter.join(timeout=60)
    assert found == [sorted(TABLES)] * 2


def test_threads_that_start_at_once_all_find_the_schema(tmp_path: Path) -> None:
    """Each with a database of its own: the lock of the process does not help them, the immediate transaction does."""
    from concurrent.futures import ThreadPoolExecutor

    for run in range(5):
        with ThreadPoolExecutor(8) as pool:
            opened = list(pool.map(lambda _, run=run: open_database(tmp_path / str(run)), range(8)))
        for db in opened:
            assert names(db) >= TABLES
            db.close()


def test_a_step_that_fails_leaves_no_trace(db: Database) -> None:
    def m998_good(tables: Any) -> None:
        tables.execute("CREATE TABLE early (a TEXT) STRICT")

    def m999_bad(tables: Any) -> None:
        tables.execute("CREATE TABLE late (a TEXT) STRICT")
        raise ZeroDivisionError

    before = names(db)
    steps: tuple[Callable[[Any], None], ...] = (*migrations.STEPS, m998_good, m999_bad)
    with pytest.raises(ZeroDivisionError):
        migrations.migrate(db, steps)
    assert names(db) == before
    assert migrations.migrate(db, steps[:-1]) == ["m998_good"]
    assert "early" in names(db)


def test_a_database_of_a_newer_program_is_refused_and_untouched(tmp_path: Path) -> None:
    def m999_from_the_future(tables: Any) -> None:
        tables.execute("CREATE TABLE future (a TEXT) STRICT")

    db = open_database(tmp_path)
    migrations.migrate(db, (*migrations.STEPS, m999_from_the_future))
    db.close()
    with pytest.raises(DatabaseError) as refused:
        open_database(tmp_path)
    assert refused.value.value == "newer"
