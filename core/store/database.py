"""The one module that opens database connections.

SQLite comes from pysqlite3 where it is installed: its SQLite has no WAL-reset bug (sqlite.org, 3.51.3 release notes).
Two builds of SQLite must never open one file in one process, since closing a connection of one drops the locks of the
other; so nothing else in the house imports either, and a test looks.

A write holds one lock of the process and an immediate transaction, so a read-modify-write cannot be overtaken. A commit
is on the disk before it is acknowledged (WAL with synchronous=FULL). Readers cannot write and are cut off when they take
too long.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DatabaseError
from core.store.turns import Turns

try:
    import pysqlite3 as engine
except ImportError:  # no wheel for this machine
    import sqlite3 as engine

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

FILE_NAME = "app.db"
PATIENCE_S = 5.0  # waiting for the write lock, and the longest read
IDLE_READERS = 8  # reading connections kept open for the next reader
STEPS_BETWEEN_LOOKS = 10_000  # instructions of SQLite between two looks at the clock
# SQLite's primary result code: what is wrong, in a word and in a sentence, and what would be right
REFUSALS = {
    5: ("busy", "the database is busy: nothing was saved; try again in a moment", "a free write lock"),
    6: ("busy", "the database is busy: nothing was saved; try again in a moment", "a free write lock"),
    8: ("read-only", "the database may not be written to: nothing was saved", "a folder and file that may be written"),
    9: ("slow", "reading the database took too long and was stopped", f"an answer within {PATIENCE_S:g} s"),
    10: ("disk", "the disk could not be read or written: nothing was saved", "a working disk"),
    11: ("damaged", "the database file is damaged", "a sound database, such as a restored backup"),
    13: ("full", "the disk is full: nothing was saved, and what was saved before is kept", "free space on the disk"),
    14: ("closed", "the database cannot be opened", "a folder that exists and may be written"),
    18: ("large", "this is larger than the database keeps: nothing was saved", "a smaller record"),
    26: ("damaged", "the database file is damaged", "a sound database, such as a restored backup"),
}
BUSY = (5, 6)


def sqlite_version() -> str:
    """The version of SQLite in use, such as 3.53.4."""
    return str(engine.sqlite_version)


def open_database(home: Path) -> Database:
    """The database in folder `home`, made and brought to the newest schema where needed; keep the answer, one a path.

    DatabaseError where the folder or file cannot be used or a newer program made it.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise DatabaseError(REFUSALS[14][1], field="database", value="closed", expected=REFUSALS[14][2]) from error
    return _ready(Database(str(home / FILE_NAME)))


def in_memory() -> Database:
    """An empty database that lives as long as the object."""
    return _ready(Database(f"file:/{secrets.token_hex(16)}?vfs=memdb"))


def _ready(db: Database) -> Database:
    from core.store import migrations

    try:
        migrations.migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def explained(error: Exception) -> DatabaseError:
    """The words for an error of SQLite; neither SQL nor path nor data is in them."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    word, message, expected = REFUSALS.get(code, ("refused", "the database refused this: nothing was saved", ""))
    return DatabaseError(message, field="database", value=word, expected=expected)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except engine.Error as error:
        raise explained(error) from error


class Database:
    """One database file, usable from any number of threads."""

    def __init__(self, place: str, *, patience_s: float = PATIENCE_S) -> None:
        """`place`: a path, or a `file:` address."""
        self.patience_s = patience_s
        self._place = place
        self._turns = Turns()
        self._writer: Tables | None = None
        self._readers: list[Tables] = []
        self._closed = False

    @contextmanager
    def write(self) -> Iterator[Tables]:
        """The tables inside one immediate transaction: all of the block is kept, or, when it raises, nothing.

        Inside another write of the same thread it is part of that one. DatabaseError, within `patience_s`, where the
        write lock is not to be had, and where the disk refuses.
        """
        deadline = time.monotonic() + self.patience_s
        with self._turn(), _in_words(), self._transaction(deadline) as tables:
            yield tables

    @contextmanager
    def read(self) -> Iterator[Tables]:
        """The tables as they are at one moment, for reading only; inside a write of this thread, with what it wrote.

        DatabaseError where the reading takes longer than `patience_s`.
        """
        if self._turns.mine and self._writer is not None:
            yield self._writer
            return
        with _in_words():
            tables = self._borrowed_reader()
            try:
                deadline = time.monotonic() + self.patience_s
                tables.conn.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
                tables.conn.execute("BEGIN")
                yield tables
            finally:
                self._give_back(tables)

    @property
    def writing(self) -> bool:
        """Whether this thread is inside a write."""
        return self._turns.mine

    def copy_to(self, place: Path) -> None:
        """Write all that is committed into an empty file, while others read and write, and check the copy.

        DatabaseError where the disk refuses, or the copy is not sound.
        """
        with _in_words():
            tables, copy = self._opened(time.monotonic() + self.patience_s, reader=True), engine.connect(str(place))
            try:
                tables.conn.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole by itself
                if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                    raise DatabaseError(REFUSALS[11][1], field="database", value="damaged", expected=REFUSALS[11][2])
            finally:
                copy.close()
                tables.conn.close()

    def close(self) -> None:
        """Close every connection, after a write that is under way; the database cannot be used after."""
        with self._turn():
            self._closed = True
            readers, self._readers = self._readers, []
            for tables in [*readers, *([self._writer] if self._writer else [])]:
                tables.conn.close()
            self._writer = None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(self.patience_s):
            raise DatabaseError(REFUSALS[5][1], field="database", value="busy", expected=REFUSALS[5][2])
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _transaction(self, deadline: float) -> Iterator[Tables]:
        tables = self._writer = self._writer or self._opened(deadline)
        if tables.conn.in_transaction:
            with tables.atomic():
                yield tables
            return
        # time spent waiting for the process's lock is not granted a second time
        tables.conn.execute(f"PRAGMA busy_timeout = {max(1, int((deadline - time.monotonic()) * 1000))}")
        tables.conn.execute("BEGIN IMMEDIATE")
        try:
            yield tables
            tables.conn.execute("COMMIT")
        except BaseException:
            self._undo(tables)
            raise

    def _undo(self, tables: Tables) -> None:
        """Roll back; some failures, such as a full disk, have done so already."""
        try:
            tables.rollback()
        except engine.Error:  # this connection is of no more use: SQLite rolls back when it closes
            self._writer = None
            tables.conn.close()

    def _borrowed_reader(self) -> Tables:
        try:
            return self._readers.pop()
        except IndexError:
            return self._opened(time.monotonic() + self.patience_s, reader=True)

    def _give_back(self, tables: Tables) -> None:
        tables.conn.set_progress_handler(None, 0)
        try:
            tables.rollback()
        except engine.Error:
            tables.conn.close()
            return
        if self._closed or len(self._readers) >= IDLE_READERS:
            tables.conn.close()
        else:
            self._readers.append(tables)

    def _opened(self, deadline: float, *, reader: bool = False) -> Tables:
        if self._closed:
            raise DatabaseError(REFUSALS[14][1], field="database", value="closed", expected="an open database")
        conn = engine.connect(
            self._place,
            timeout=self.patience_s,
            isolation_level=None,
            check_same_thread=False,  # a connection moves between threads, never used by two at once
            uri=self._place.startswith("file:"),
        )
        try:
            return _prepared(conn, deadline, reader=reader)
        except BaseException:
            conn.close()
            raise


def _prepared(conn: Any, deadline: float, *, reader: bool) -> Tables:
    import sqlite_utils

    if not isinstance(conn, vars(sqlite_utils.utils)["sqlite3"].Connection):
        raise DatabaseError("two builds of SQLite are in use", field="database", value="refused", expected="one build")
    tables = sqlite_utils.Database(conn, execute_plugins=False)
    if not reader:
        _use_wal(conn, deadline)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
        conn.execute(f"PRAGMA {pragma}")
    if reader:
        conn.execute("PRAGMA query_only = ON")
    return tables


def _use_wal(conn: Any, deadline: float) -> None:
    """Turn write-ahead logging on; SQLite does not wait by itself while another process is just doing so."""
    while True:
        try:
            conn.execute("PRAGMA journal_mode = WAL")
        except engine.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
