"""The cache on disk: what it gives back, and that nothing which happens to its folder is a failure."""

from __future__ import annotations

import os
import pickle
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import diskcache
import pytest

from core.fetchers.cache import Ages, BytesDisk, Cache, Kept

WHEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
START_S = 2.0  # NET-13


def kept(body: bytes = b'{"usd": 1}') -> Kept:
    return Kept(body, "coinbase", WHEN - timedelta(minutes=1), WHEN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one answer in it."""
    place = tmp_path / "cache"
    cache = Cache(place)
    cache.put("k", kept())
    cache.close()
    return place


def opened(folder: Path) -> Cache:
    started = time.monotonic()
    cache = Cache(folder)
    assert time.monotonic() - started <= START_S
    return cache


def works(cache: Cache) -> bool:
    """Whether a new answer is kept, wherever."""
    cache.put("new", kept(b"2"))
    return cache.get("new") == kept(b"2")


def edit(folder: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    con = sqlite3.connect(folder / "cache.db", isolation_level=None)
    for statement in statements:
        con.execute(statement, values)
    con.close()


def test_what_is_put_comes_back_in_another_run(folder: Path) -> None:
    assert opened(folder).get("k") == kept()
    assert opened(folder).get("other") is None


@pytest.mark.parametrize("size", [0, 1, 200_000, 5_000_000])
def test_bytes_come_back_as_they_were(size: int, tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.put("k", kept(os.urandom(size)))
    assert cache.get("k") is not None
    assert len((cache.get("k") or kept()).body) == size


def test_only_the_owner_may_enter_the_folder(folder: Path) -> None:
    folder.chmod(0o755)
    opened(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_but_the_database_is_written(folder: Path) -> None:
    cache = opened(folder)
    cache.put("big", kept(os.urandom(1_000_000)))
    assert {path.name for path in folder.rglob("*")} <= {"cache.db", "cache.db-wal", "cache.db-shm"}


# NET-13: whatever the folder is like


def rubbish(folder: Path) -> None:
    (folder / "cache.db").write_bytes(b"not a database " * 1000)


def cut_database(folder: Path) -> None:
    edit(folder, "PRAGMA wal_checkpoint(TRUNCATE)")
    raw = (folder / "cache.db").read_bytes()
    (folder / "cache.db").write_bytes(raw[: len(raw) // 2] + os.urandom(100))


def cut_value(folder: Path) -> None:
    edit(folder, "UPDATE Cache SET value = substr(value, 1, length(value) - 5)")


def flipped_bit(folder: Path) -> None:
    raw = bytearray(kept().packed())
    raw[-3] ^= 1
    edit(folder, "UPDATE Cache SET value = ?", values=(bytes(raw),))


def deleted_value(folder: Path) -> None:
    edit(folder, "DELETE FROM Cache")


def foreign_file(folder: Path) -> None:
    edit(folder, "UPDATE Cache SET mode = 2, filename = '../../etc/passwd', value = NULL")


def other_tables(folder: Path) -> None:
    edit(folder, "DROP TABLE Cache", "CREATE TABLE Cache (x)")


def odd_settings(folder: Path) -> None:
    edit(folder, "UPDATE Settings SET value = 'nonsense' WHERE key = 'eviction_policy'")
    edit(folder, "INSERT INTO Settings VALUES ('disk_nonsense', 1)")


def read_only(folder: Path) -> None:
    edit(folder, "INSERT OR REPLACE INTO Settings VALUES ('sqlite_query_only', 1)")  # every connection: SQLITE_READONLY


def full(folder: Path) -> None:
    edit(folder, "INSERT OR REPLACE INTO Settings VALUES ('sqlite_max_page_count', 1)")  # every write: SQLITE_FULL


def database_is_a_folder(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / "cache.db").mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        rubbish, cut_database, cut_value, flipped_bit, deleted_value, foreign_file, other_tables, odd_settings,
        read_only, full, database_is_a_folder,
    ],
)  # fmt: skip
def test_a_spoilt_cache_is_a_miss_and_works_again(spoil: Callable[[Path], None], folder: Path) -> None:
    spoil(folder)
    cache = opened(folder)
    assert cache.get("k") in (None, kept())
    if spoil not in (read_only, full, odd_settings):
        assert cache.get("k") is None, "what is damaged is not given back"
    assert works(cache)


@pytest.mark.parametrize("spoil", [read_only, full])
def test_what_the_disk_does_not_take_is_kept_in_memory(spoil: Callable[[Path], None], folder: Path) -> None:
    spoil(folder)
    cache = opened(folder)
    big = kept(os.urandom(300_000))
    cache.put("big", big)
    assert cache.get("big") == big
    assert opened(folder).get("big") is None, "the disk took it: nothing was tested"


@pytest.mark.parametrize("spoil", [rubbish, cut_database, other_tables])
def test_a_damaged_database_is_rebuilt_on_disk(spoil: Callable[[Path], None], folder: Path) -> None:
    spoil(folder)
    cache = opened(folder)
    cache.get("k")
    for _ in range(100):
        if cache.on_disk:
            break
        time.sleep(0.02)
    assert works(cache)
    assert opened(folder).get("new") == kept(b"2")


def test_a_database_deleted_while_in_use_is_rebuilt(folder: Path) -> None:
    cache = opened(folder)
    for path in folder.iterdir():
        path.unlink()
    results: list[bool] = []
    for _ in range(5):  # new threads, which open the file anew
        thread = threading.Thread(target=lambda: results.append(works(cache)))
        thread.start()
        thread.join()
    assert results == [True] * 5


def test_a_lock_held_by_another_process_costs_a_moment_and_no_failure(folder: Path) -> None:
    other = sqlite3.connect(folder / "cache.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    cache = opened(folder)
    started = time.monotonic()
    assert cache.get("k") in (None, kept())
    assert works(cache)
    assert time.monotonic() - started <= START_S
    other.execute("ROLLBACK")
    other.close()
    for _ in range(100):
        if cache.on_disk:
            break
        time.sleep(0.02)
    assert cache.get("k") == kept(), "it opens once the lock is gone"


def test_a_lock_that_comes_later_costs_a_moment_and_no_failure(folder: Path) -> None:
    cache = opened(folder)
    other = sqlite3.connect(folder / "cache.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    assert works(cache)
    assert time.monotonic() - started <= START_S
    other.execute("ROLLBACK")
    other.close()
    cache.put("new", kept(b"3"))
    assert opened(folder).get("new") == kept(b"3")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="uses /proc as a folder nobody can write to")
def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (Path("/proc/cache"), tmp_path / "file" / "cache"):
        cache = opened(place)
        assert not cache.on_disk
        assert cache.get("k") is None
        assert works(cache)


def test_without_a_folder_answers_are_kept_in_memory_and_not_without_end() -> None:
    cache = Cache(None)
    for n in range(200):
        cache.put(str(n), kept())
    assert cache.get("0") is None
    assert cache.get("199") == kept()


# SEC-10: pickles


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.marker,)


PLANTS = {
    "value": "UPDATE Cache SET mode = 4, filename = NULL, value = ?",
    "value of another mode": "UPDATE Cache SET mode = 1, value = ?",
    "value in a file": "UPDATE Cache SET mode = 4, filename = 'planted.val', value = NULL",
    "key": "UPDATE Cache SET raw = 0, key = ?",
    "tag": "UPDATE Cache SET tag = ?",
}


def plant(how: str, folder: Path, marker: Path) -> None:
    bomb = pickle.dumps(Bomb(marker))
    (folder / "planted.val").write_bytes(bomb)
    edit(folder, PLANTS[how], values=(bomb,) if "?" in PLANTS[how] else ())


@pytest.mark.parametrize("how", PLANTS)
def test_a_planted_pickle_is_never_executed(how: str, folder: Path, tmp_path: Path) -> None:
    plant(how, folder, tmp_path / "exploded")
    cache = opened(folder)
    cache.get("k")
    with suppress(ValueError):
        list(cache._disk)  # walks over all keys
    assert works(cache)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("how", ["value", "value in a file", "key"])
def test_the_same_pickle_is_executed_by_diskcache_itself(how: str, folder: Path, tmp_path: Path) -> None:
    """So that the test above cannot pass for want of a working plant."""
    plant(how, folder, tmp_path / "exploded")
    naive = diskcache.Cache(str(folder))
    naive.get("k")
    list(naive)
    naive.close()
    assert (tmp_path / "exploded").exists()


def test_the_disk_writes_no_pickle(tmp_path: Path) -> None:
    disk = BytesDisk(str(tmp_path))
    for value in ({"a": 1}, "text", 1, 1.5, None, [b""]):
        with pytest.raises(TypeError):
            disk.store(value, False)
    for key in (("a",), b"a", 1, None):
        with pytest.raises(TypeError):
            disk.put(key)


# NET-16: clocks


def test_an_age_is_counted_on_whatever_the_calendar_does() -> None:
    calendar, count = [WHEN + timedelta(seconds=30)], [500.0]
    ages = Ages(lambda: calendar[0], lambda: count[0])
    assert ages.of("k", kept()) == 30
    for jump in (timedelta(hours=-1), timedelta(days=1), timedelta(days=-400)):
        calendar[0] += jump
        count[0] += 10
        assert ages.of("k", kept()) == count[0] - 500 + 30


def test_an_age_is_never_negative() -> None:
    ages = Ages(lambda: WHEN - timedelta(days=1), lambda: 7.0)
    assert ages.of("k", kept()) == 0


def test_an_answer_fetched_again_has_a_new_age() -> None:
    count = [0.0]
    ages = Ages(lambda: WHEN, lambda: count[0])
    ages.of("k", kept())
    count[0] = 50
    assert ages.of("k", kept()) == 50
    again = Kept(b"", "x", WHEN, WHEN + timedelta(seconds=1))
    assert ages.of("k", again) == 0


def test_many_threads_share_it(tmp_path: Path) -> None:
    cache = opened(tmp_path)

    def turn(n: int) -> bool:
        cache.put(str(n % 7), kept(bytes([n])))
        return cache.get(str(n % 7)) is not None

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(turn, range(200)))
