"""What the world said, kept: a history that grows, and who of several processes asks."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.store import leases, readings
from core.store.database import Database, open_database
from core.store.readings import Kept

NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)


def price(value: float, hours: float = 0.0, source: str = "Kraken") -> Kept:
    at = NOON + timedelta(hours=hours)
    return Kept("price", "USD", source, at, at + timedelta(seconds=2), f'{{"price_per_btc":{value}}}')


def test_answers_come_back_the_newest_first(db: Database) -> None:
    for hours in (2, 0, 1):
        readings.save(db, price(75_000 + hours, hours))
    assert readings.listed(db, "price", "USD") == [price(75_002, 2), price(75_001, 1), price(75_000)]
    assert readings.listed(db, "price", "USD", since=NOON + timedelta(hours=1)) == [price(75_002, 2), price(75_001, 1)]
    assert readings.listed(db, "price", "EUR") == []
    assert readings.count(db) == 3


def test_the_same_moment_told_twice_is_one_row(db: Database) -> None:
    readings.save(db, price(75_000))
    readings.save(db, price(75_000))
    readings.save(db, price(75_010, source="Coinbase"))
    assert {kept.source for kept in readings.listed(db, "price", "USD")} == {"Coinbase", "Kraken"}
    assert readings.count(db) == 2


def test_a_damaged_row_is_left_out(db: Database) -> None:
    readings.save(db, price(75_000))
    readings.save(db, price(76_000, 1))
    with db.write() as tables:
        tables.execute("UPDATE readings SET value = '{\"price_per_btc\":1.0}' WHERE observed_at LIKE '%T13:%'")
    assert readings.listed(db, "price", "USD") == [price(75_000)]


def test_one_holds_a_task_until_the_lease_runs_out(db: Database) -> None:
    assert leases.take(db, "refresh", "a", 1000.0, 60.0)
    assert not leases.take(db, "refresh", "b", 1059.0, 60.0)
    assert leases.take(db, "refresh", "a", 1059.0, 60.0), "the holder renews"
    assert not leases.take(db, "refresh", "b", 1100.0, 60.0)
    assert leases.take(db, "refresh", "b", 1120.0, 60.0)
    assert leases.take(db, "other", "a", 1120.0, 60.0), "another task is another lease"


def test_a_lease_given_back_is_free_at_once(db: Database) -> None:
    leases.take(db, "refresh", "a", 1000.0, 60.0)
    leases.give_back(lambda: db, "refresh", "b")
    assert not leases.take(db, "refresh", "b", 1001.0, 60.0), "only its holder gives it back"
    leases.give_back(lambda: db, "refresh", "a")
    assert leases.take(db, "refresh", "b", 1001.0, 60.0)


def test_a_clock_that_was_set_back_locks_nobody_out(db: Database) -> None:
    leases.take(db, "refresh", "a", 1_000_000.0, 60.0)
    assert leases.take(db, "refresh", "b", 1000.0, 60.0)


def test_of_two_connections_one_leads_in_each_of_a_hundred_races(tmp_path: Path) -> None:
    """OPS-03."""
    doors = [open_database(tmp_path), open_database(tmp_path)]
    with ThreadPoolExecutor(2) as pool:
        for race in range(100):
            at = 1000.0 + 100 * race
            won = list(pool.map(lambda i, at=at: leases.take(doors[i], "refresh", str((i, at)), at, 60.0), (0, 1)))
            assert sorted(won) == [False, True]
    for door in doors:
        door.close()


CONTENDER = """
import sys
from pathlib import Path
from core.store import leases
from core.store.database import open_database

db = open_database(Path(sys.argv[1]))
print(sum(leases.take(db, f"task {i}", sys.argv[2], 1000.0, 60.0) for i in range(100)))
db.close()
"""


def test_of_two_processes_one_leads(tmp_path: Path) -> None:
    """OPS-03: a hundred tasks, each led by exactly one of two processes that start at once."""
    open_database(tmp_path).close()
    runs = [
        subprocess.Popen([sys.executable, "-c", CONTENDER, str(tmp_path), name], stdout=subprocess.PIPE, text=True)
        for name in "ab"
    ]
    led = [int(run.communicate(timeout=60)[0]) for run in runs]
    assert sum(led) == 100


def kept(hours: float, value: str, question: str = "price", asked: str = "USD") -> Kept:
    at = NOON + timedelta(hours=hours)
    return Kept(question, asked, "somebody", at, at, value)


def test_of_each_day_the_newest_answer_is_told_oldest_day_first(db: Database) -> None:
    for hours, value in ((0, "1"), (-3, "2"), (5, "3"), (24, "4"), (30, "5"), (-40, "6")):
        readings.save(db, kept(hours, value))
    readings.save(db, kept(6, "9", asked="EUR"))
    readings.save(db, kept(6, "9", question="rates"))
    assert [one.value for one in readings.daily(db, "price", "USD")] == ["6", "3", "5"]
    assert [one.value for one in readings.daily(db, "price", "USD", NOON)] == ["3", "5"]
    assert readings.daily(db, "price", "JPY") == []


def test_the_holder_of_a_task_is_known_until_its_lease_runs_out(db: Database) -> None:
    assert leases.holder(db, "refresh", 1000.0) == ""
    leases.take(db, "refresh", "me", 1000.0, 60.0)
    assert leases.holder(db, "refresh", 1059.0) == "me"
    assert leases.holder(db, "refresh", 1060.0) == ""


def test_a_lease_is_one_holders_and_names_its_process(db: Database) -> None:
    mine, other = (leases.Lease(lambda: db, "upkeep", 60.0) for _ in range(2))
    assert mine.take(1000.0)
    assert not other.take(1059.0)
    assert leases.is_ours(leases.holder(db, "upkeep", 1059.0))
    assert not leases.is_ours("1-abc")
    mine.give_back()
    assert other.take(1059.0)
