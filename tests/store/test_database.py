"""The one door to SQLite: what it promises about transactions, threads, processes and failures."""

from __future__ import annotations

import ast
import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.errors import DatabaseError
from core.scenario import Scenario
from core.store import scenarios
from core.store.database import FILE_NAME, Database, in_memory, open_database, sqlite_version
from core.store.readers import IDLE_MOST

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
try:
    import pysqlite3 as engine
except ImportError:
    import sqlite3 as engine
conn = engine.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""
COUNT_TO_A_BILLION = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) AS top FROM n"
)


def pragma(tables: Any, name: str) -> Any:
    return tables.conn.execute(f"PRAGMA {name}").fetchone()[0]


@contextlib.contextmanager
def held_by_another_process(path: Path, seconds: float) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), str(seconds)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.kill()


def test_connections_keep_the_contract(db: Database) -> None:
    with db.write() as tables:
        assert pragma(tables, "journal_mode") == "wal"
        assert pragma(tables, "synchronous") == 2  # FULL
        assert pragma(tables, "foreign_keys") == 1
        assert pragma(tables, "trusted_schema") == 0
        assert pragma(tables, "query_only") == 0
    with db.read() as tables:
        assert pragma(tables, "query_only") == 1
        assert pragma(tables, "trusted_schema") == 0
        assert pragma(tables, "busy_timeout") == 5000


def test_this_sqlite_has_no_wal_reset_bug() -> None:
    pytest.importorskip("pysqlite3", reason="no wheel of pysqlite3 for this machine")
    assert tuple(int(part) for part in sqlite_version().split(".")) >= (3, 51, 3)


def test_a_reader_cannot_write(db: Database) -> None:
    with pytest.raises(DatabaseError) as refused, db.read() as tables:
        tables.execute("DELETE FROM scenarios")
    assert refused.value.value == "read-only"


def test_a_write_that_raises_leaves_nothing(db: Database) -> None:
    with contextlib.suppress(KeyboardInterrupt), db.write():
        scenarios.save(db, "ann", Scenario())
        raise KeyboardInterrupt
    assert scenarios.listed(db, "ann") == []
    scenarios.save(db, "ann", Scenario())
    assert len(scenarios.listed(db, "ann")) == 1


def test_a_write_within_a_write_sees_and_shares_its_fate(db: Database) -> None:
    with db.write():
        first = scenarios.save(db, "ann", Scenario())
        with contextlib.suppress(ZeroDivisionError), db.write():
            scenarios.save(db, "ann", Scenario())
            raise ZeroDivisionError
        assert [row.id for row in scenarios.listed(db, "ann")] == [first.id]
    assert [row.id for row in scenarios.listed(db, "ann")] == [first.id]


def test_what_was_saved_is_there_after_reopening(tmp_path: Path) -> None:
    first = open_database(tmp_path / "made" / "on" / "the way")
    kept = scenarios.save(first, "ann", Scenario())
    first.close()
    second = open_database(tmp_path / "made" / "on" / "the way")
    assert scenarios.load(second, "ann", kept.id) == (Scenario(), kept)
    second.close()


def test_databases_in_memory_are_separate_and_usable_from_other_threads() -> None:
    one, other = in_memory(), in_memory()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: scenarios.save(one, "ann", Scenario()), range(20)))
    assert len(scenarios.listed(one, "ann")) == 20
    assert scenarios.listed(other, "ann") == []
    one.close()
    other.close()


def test_fifty_clients_lose_no_change(db: Database) -> None:
    """DB-03 at a tenth of its size here: 50 clients × 4 read-modify-writes, the counter exact."""
    with db.write() as tables:
        tables.execute("CREATE TABLE counter (n INTEGER NOT NULL) STRICT")
        tables.execute("INSERT INTO counter VALUES (0)")

    def client(_: int) -> None:
        for _ in range(4):
            with db.write() as tables:
                n = next(tables.query("SELECT n FROM counter"))["n"]
                tables.execute("UPDATE counter SET n = ?", [n + 1])

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(client, range(50)))
    with db.read() as tables:
        assert next(tables.query("SELECT n FROM counter"))["n"] == 200


def test_many_readers_leave_few_connections_open(db: Database) -> None:
    together = threading.Barrier(2 * IDLE_MOST)

    def reader(_: int) -> None:
        with db.read() as tables:
            tables.execute("SELECT 1")
            together.wait(timeout=10)

    with ThreadPoolExecutor(2 * IDLE_MOST) as pool:
        list(pool.map(reader, range(2 * IDLE_MOST)))
    assert db._readers.idle == IDLE_MOST


def test_a_reader_sees_one_moment(db: Database) -> None:
    with db.read() as tables:
        assert next(tables.query("SELECT count(*) AS n FROM scenarios"))["n"] == 0
        with ThreadPoolExecutor(1) as pool:
            pool.submit(scenarios.save, db, "ann", Scenario()).result()
        assert next(tables.query("SELECT count(*) AS n FROM scenarios"))["n"] == 0
    assert len(scenarios.listed(db, "ann")) == 1


def test_a_read_without_end_is_cut_off_and_harms_nobody(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    db = Database(str(tmp_path / FILE_NAME), patience_s=0.2)
    with pytest.raises(DatabaseError) as refused, db.read() as tables:
        list(tables.query(COUNT_TO_A_BILLION))
    assert refused.value.value == "slow"
    assert scenarios.listed(db, "ann") == []
    db.close()


def test_a_lock_of_another_process_is_waited_for(db: Database, tmp_path: Path) -> None:
    with held_by_another_process(tmp_path / FILE_NAME, 0.5):
        scenarios.save(db, "ann", Scenario())
    assert len(scenarios.listed(db, "ann")) == 1


def test_a_lock_that_stays_is_reported_in_time_to_all_who_wait(tmp_path: Path) -> None:
    """DB-05 with less patience: who waits behind another waiter does not wait twice as long; readers go on."""
    open_database(tmp_path).close()
    db = Database(str(tmp_path / FILE_NAME), patience_s=1.0)
    scenarios.save(db, "ann", Scenario())

    def waiter(delay_s: float) -> float:
        time.sleep(delay_s)
        began = time.monotonic()
        with pytest.raises(DatabaseError) as refused:
            scenarios.save(db, "ann", Scenario())
        assert refused.value.value == "busy"
        return time.monotonic() - began

    with held_by_another_process(tmp_path / FILE_NAME, 30), ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(waiter, delay_s) for delay_s in (0.0, 0.5)]
        assert len(scenarios.listed(db, "ann")) == 1
        assert max(waited.result() for waited in waiting) < 1.3
    scenarios.save(db, "ann", Scenario())
    db.close()


def test_a_full_disk_is_said_and_nothing_else_is_lost(db: Database) -> None:
    """DB-06: what was saved stays readable, and saving works again once there is space, without a restart."""
    before = scenarios.save(db, "ann", Scenario())
    with db.write() as tables:
        pages = pragma(tables, "page_count")
        tables.conn.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError) as refused:
        [scenarios.save(db, "ann", Scenario()) for _ in range(100)]
    assert refused.value.value == "full"
    assert "disk is full" in refused.value.message
    kept = len(scenarios.listed(db, "ann"))
    assert scenarios.load(db, "ann", before.id) == (Scenario(), before)
    with db.write() as tables:
        tables.conn.execute("PRAGMA max_page_count = 1000000")
    scenarios.save(db, "ann", Scenario())
    assert len(scenarios.listed(db, "ann")) == kept + 1
    with db.read() as tables:
        assert pragma(tables, "integrity_check") == "ok"


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", tmp_path / "file" / "below", Path("/\0")):
        with pytest.raises(DatabaseError) as refused:
            open_database(home)
        assert refused.value.value == "closed"


def test_a_closed_database_says_so(db: Database) -> None:
    db.close()
    for use in (lambda: scenarios.listed(db, "ann"), lambda: scenarios.save(db, "ann", Scenario())):
        with pytest.raises(DatabaseError) as refused:
            use()
        assert refused.value.value == "closed"


def test_no_error_carries_sql_or_a_path(db: Database, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as refused, db.write() as tables:
        tables.execute("SELECT secret FROM nowhere")
    body = str(refused.value.body("r-1"))
    assert "nowhere" not in body
    assert "secret" not in body
    assert str(tmp_path) not in body


def test_the_python_sqlite_serves_where_no_better_one_is_installed(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['pysqlite3'] = None; from pathlib import Path; import sqlite3;"
        "from core.scenario import Scenario; from core.store import database, scenarios;"
        "dbs = [database.open_database(Path(sys.argv[1])), database.in_memory()];"
        "print(database.sqlite_version() == sqlite3.sqlite_version,"
        "      [scenarios.load(db, 'ann', scenarios.save(db, 'ann', Scenario()).id)[0] == Scenario() for db in dbs])"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "True [True, True]"


def sqlite_imports(path: Path) -> set[str]:
    """Modules of SQLite a file names, in an import statement or as a text such as import_module takes."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value.split(".")[0])
    return found & {"sqlite3", "_sqlite3", "pysqlite3", "apsw", "sqlean", "sqlcipher3"}


def test_one_module_alone_opens_sqlite() -> None:
    """DB-14. The cache knows the errors of the build that diskcache opens its own file with, and opens nothing."""
    files = [ROOT / "app.py", *ROOT.glob("core/**/*.py"), *ROOT.glob("pages/**/*.py")]
    assert len(files) > 30
    users = {str(path.relative_to(ROOT)) for path in files if sqlite_imports(path)}
    assert users == {"core/store/database.py", "core/fetchers/cache.py"}
    assert "connect(" not in (ROOT / "core/fetchers/cache.py").read_text(encoding="utf-8")


def test_sqlite_utils_uses_the_same_build() -> None:
    """DB-14 at run time: the module our connections come from is the one sqlite-utils would open its own with."""
    from sqlite_utils import utils

    from core.store import database

    assert vars(utils)["sqlite3"] is database.engine


def test_a_second_build_of_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from core.store import database

    if database.engine is sqlite3:
        pytest.skip("no wheel of pysqlite3 for this machine: there is one build only")
    monkeypatch.setattr(database, "engine", sqlite3)
    with pytest.raises(DatabaseError, match="two builds"):
        open_database(tmp_path)
