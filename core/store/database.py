"""The one module that opens database connections.

SQLite comes from pysqlite3 where it is installed: its SQLite has no WAL-reset bug (sqlite.org, 3.51.3 release notes).
Two builds of SQLite must never open one file in one process, since closing a connection of one drops the locks of the
other; so nothing else in the house imports either, and a test looks. Where only a build with that bug is to be had,
writers of all processes take turns by a lock of the house, which is what the bug needs to be without.

A write has its turn in the process and is part of an immediate transaction, so a read-modify-write cannot be overtaken.
What waits meanwhile joins the same transaction and shares its commit, which is on the disk before any part of it is
acknowledged (WAL with synchronous=FULL). Readers cannot write and are cut off when they take too long, and the writer
alone empties the log.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DatabaseError
from core.store import holds
from core.store.groups import LOOK_AGAIN_S, Group
from core.store.readers import Readers
from core.store.refusals import BUSY, CLOSED, DAMAGED, NO_DATABASE, PATIENCE_S, REFUSALS, SLOW, refusal
from core.store.turns import Turns

try:
    import pysqlite3 as engine
except ImportError:  # no wheel for this machine
    import sqlite3 as engine

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

__all__ = ["FILE_NAME", "PATIENCE_S", "REFUSALS", "Database", "in_memory", "open_database", "sqlite_version"]
FILE_NAME = "app.db"
SOUND_FROM = (3, 51, 3)  # SQLite without the WAL-reset bug
LOOK_S = 3.0  # that a start looks at a file: what is larger than can be read in that time is believed
LOG_SOFT_BYTES, LOG_AGAIN_S = 16 * 1024 * 1024, 1.0  # size at which the log is emptied by force; between two tries
LOOK_MS = 50  # that one try waits for a lock


def sqlite_version() -> str:
    """The version of SQLite in use, such as 3.53.4."""
    return str(engine.sqlite_version)


def is_known_bad() -> bool:
    """Whether this SQLite has the WAL-reset bug."""
    return tuple(engine.sqlite_version_info) < SOUND_FROM


def open_database(home: Path) -> Database:
    """The database in folder `home`, made and brought to the newest schema where needed; keep the answer, one a path.

    A damaged one is moved aside (`core.store.start`). DatabaseError where the folder or file cannot be used or a newer
    program made it.
    """
    from core.store import start

    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise refusal(CLOSED) from error
    return start.opened(home)


def in_memory() -> Database:
    """An empty database that lives as long as the object."""
    from core.store import migrations

    db = Database(f"file:/{secrets.token_hex(16)}?vfs=memdb")
    migrations.migrate(db)
    return db


def explained(error: Exception) -> DatabaseError:
    """The words for an error of SQLite."""
    return refusal(getattr(error, "sqlite_errorcode", 0) & 0xFF)


def fault_of(file: Path) -> str:
    """What is wrong with the structure of a database file, in words; "" for nothing found within LOOK_S.

    The file is not changed. DatabaseError where it cannot be read at all.
    """
    deadline = time.monotonic() + LOOK_S
    with _in_words(), closing(engine.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as conn:
        conn.set_progress_handler(lambda: time.monotonic() > deadline, 1000)
        try:
            found = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
        except engine.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (DAMAGED, NO_DATABASE):
                return "SQLite finds it malformed" if code == DAMAGED else "it does not begin as a database does"
            if code == SLOW:
                return ""
            raise
    return "" if found == "ok" else "SQLite finds pages that do not fit together"


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except engine.Error as error:
        raise explained(error) from error


class Database:
    """One database file, usable from any number of threads."""

    def __init__(self, place: str, *, patience_s: float = PATIENCE_S, hold: holds.Hold | None = None) -> None:
        """`place`: a path, or a `file:` address. `hold`: let go when the database is closed."""
        self.patience_s, self.hold = patience_s, hold
        self.trouble = ""  # what the last use met, a word of REFUSALS
        self._place = place
        self._turns = Turns()
        self._writer: Tables | None = None
        self._group: Group | None = None
        self._gate = contextlib.ExitStack()  # the lock of the house, where this SQLite needs it
        self._readers = Readers(lambda: self._opened(time.monotonic() + self.patience_s, reader=True))
        self._closed, self._log_tried_s = False, -LOG_AGAIN_S

    @contextmanager
    def write(self, patience_s: float | None = None) -> Iterator[Tables]:
        """The tables inside one immediate transaction: all of the block is kept, or, when it raises, nothing.

        Inside another write of the same thread it is part of that one. DatabaseError, within `patience_s`, where the
        write lock is not to be had, and where the disk refuses.
        """
        if self._turns.mine:
            with self._within() as tables:
                yield tables
            return
        deadline = time.monotonic() + (self.patience_s if patience_s is None else patience_s)
        with self._noted(), _in_words():
            group = None
            try:
                with self._turn(deadline):
                    tables, group = self._joined(deadline)
                    with self._part(tables, group):
                        yield tables
            except Exception:
                self._await(group)  # what this part saw of those before it came to nothing where they failed
                raise
            self._await(group)

    @contextmanager
    def read(self) -> Iterator[Tables]:
        """The tables as they are at one moment, for reading only; inside a write of this thread, with what it wrote.

        DatabaseError where the reading takes longer than `patience_s`.
        """
        if self._turns.mine and self._writer is not None:
            yield self._writer
            return
        with self._noted(), _in_words(), self._readers.one(self.patience_s) as tables:
            yield tables

    def try_write(self, patience_s: float = 0.05) -> None:
        """Write nothing new, to see whether writing works again; DatabaseError where it does not."""
        with self.write(patience_s) as tables:
            version = tables.execute("PRAGMA user_version").fetchone()[0]
            tables.execute(f"PRAGMA user_version = {int(version)}")  # a page reaches the disk

    @_in_words()
    def copy_to(self, place: Path) -> None:
        """Write all that is committed into an empty file, while others use it; DatabaseError where the copy is not sound."""
        due = time.monotonic() + self.patience_s
        with closing(self._opened(due, reader=True).conn) as conn, closing(engine.connect(str(place))) as copy:
            conn.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole by itself
            if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise refusal(DAMAGED)

    def forget_deleted(self) -> None:
        """Write the file anew, twice its room, so that nothing deleted is left in it or its log; DatabaseError where it is in use."""
        with self._turn(deadline := time.monotonic() + self.patience_s), _in_words():
            self._settle()
            with closing(self._opened(deadline).conn) as conn:
                conn.execute("VACUUM")
                if conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    raise refusal(BUSY)

    def close(self) -> None:
        """Close every connection, after a write that is under way; the database cannot be used after."""
        with self._turn(time.monotonic() + self.patience_s):
            self._settle()
            self._closed = True
            self._readers.close()
            if self._writer is not None:
                self._writer.conn.close()
            self._writer = None
        if self.hold is not None:
            self.hold.let_go()

    @contextmanager
    def _turn(self, deadline: float) -> Iterator[None]:
        """Have the connection that writes; who leaves last commits, or hands the open transaction on."""
        if not self._turns.acquire(max(0.0, deadline - time.monotonic())):
            raise refusal(BUSY)
        try:
            yield
        finally:
            if not (self._group and self._group.open and self._turns.hand_on()):
                try:
                    self._settle()
                finally:
                    self._turns.release()

    def _joined(self, deadline: float) -> tuple[Tables, Group]:
        """The connection that writes, and the group of the transaction that is open on it."""
        tables = self._writer = self._writer or self._opened(deadline)
        if self._group is None:
            if is_known_bad() and not self._place.startswith("file:"):
                self._gate.enter_context(holds.locked(Path(self._place).with_name(holds.WRITING), deadline))
            try:
                _begin(tables.conn, deadline)
            except BaseException:
                self._gate.close()
                raise
            self._group = Group()
        return tables, self._group

    @contextmanager
    def _part(self, tables: Tables, group: Group) -> Iterator[None]:
        """One part of a group: undone alone where it fails."""
        first, group.parts = group.parts == 0, group.parts + 1
        try:
            if not first:
                tables.conn.execute("SAVEPOINT part")
            yield
            if not tables.conn.in_transaction:  # it failed, and whoever called went on
                raise refusal(0)
            if not first:
                tables.conn.execute("RELEASE part")
        except BaseException as error:
            self._take_back(tables, group, error, first=first)
            raise

    def _take_back(self, tables: Tables, group: Group, error: BaseException, *, first: bool) -> None:
        """Undo a part; some failures, such as a full disk, have undone the whole group already."""
        try:
            if not first and tables.conn.in_transaction:
                tables.conn.execute("ROLLBACK TO part")
                tables.conn.execute("RELEASE part")
                return
        except engine.Error:
            pass
        self._undo(tables)
        lost = explained(error) if isinstance(error, engine.Error) else refusal(0)
        self._end(group, None if first else lost)

    @contextmanager
    def _within(self) -> Iterator[Tables]:
        """A write inside another one of this thread."""
        tables = self._writer
        with _in_words():
            if tables is None or not tables.conn.in_transaction:  # it failed, and whoever called went on
                raise refusal(0)
            with tables.atomic():
                yield tables

    def _await(self, group: Group | None) -> None:
        """Wait until the disk has all of a group; DatabaseError where it has not."""
        while group is not None and not group.has_ended(LOOK_AGAIN_S):
            with contextlib.suppress(DatabaseError), self._turn(time.monotonic() + self.patience_s):
                self._settle()  # whoever was to commit was interrupted: then nobody has the turn

    def _settle(self) -> None:
        """Commit what is open, and tell the parts of it."""
        group, tables = self._group, self._writer
        if group is None or tables is None:
            return
        try:
            tables.conn.execute("COMMIT")
        except BaseException as error:
            self._undo(tables)
            self._end(group, explained(error) if isinstance(error, engine.Error) else refusal(0))
            if not isinstance(error, engine.Error):
                raise
            return
        self.trouble = "damaged" if self.trouble == "damaged" else ""
        self._end(group)
        self._tend_log(tables)

    def _end(self, group: Group, error: DatabaseError | None = None) -> None:
        self._group = None
        self._gate.close()
        group.end(error)

    def _undo(self, tables: Tables) -> None:
        """Roll back what is not rolled back yet."""
        try:
            tables.rollback()
        except engine.Error:  # this connection is of no more use: SQLite rolls back when it closes
            self._writer = None
            tables.conn.close()

    def _tend_log(self, tables: Tables) -> None:
        """Empty the log (WAL) where readers kept it from being used from its start again; they have at most their time."""
        now_s = time.monotonic()
        if self.hold is None or now_s < self._log_tried_s + LOG_AGAIN_S:
            return  # one that was not opened for use, such as a second look at the same file, leaves the log alone
        if _size_of(f"{self._place}-wal") < LOG_SOFT_BYTES:
            return
        with contextlib.suppress(engine.Error):
            tables.conn.execute(f"PRAGMA busy_timeout = {LOOK_MS}")
            while time.monotonic() < now_s + self.patience_s + 1.0:
                self._readers.cut_overdue()
                if tables.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0:
                    return
        self._log_tried_s = time.monotonic()  # somebody outside reads: no write waits for that again and again

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Remember what a use met, for whoever asks how the database is."""
        try:
            yield
        except DatabaseError as error:
            if error.field == "database" and error.value in ("busy", "full", "disk", "read-only", "damaged"):
                self.trouble = "damaged" if self.trouble == "damaged" else str(error.value)
            raise

    def _opened(self, deadline: float, *, reader: bool = False) -> Tables:
        if self._closed:
            raise DatabaseError(REFUSALS[CLOSED][1], field="database", value="closed", expected="an open database")
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


def _begin(conn: Any, deadline: float) -> None:
    """Begin to write; SQLite counts its pauses and not the clock, so it is asked to wait a little, again and again."""
    while True:
        left_ms = int((deadline - time.monotonic()) * 1000)
        conn.execute(f"PRAGMA busy_timeout = {max(1, min(left_ms, LOOK_MS))}")
        try:
            conn.execute("BEGIN IMMEDIATE")
        except engine.OperationalError as error:
            if explained(error).value != "busy" or left_ms <= 0:
                raise
        else:
            return


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116  at every commit
    except OSError:
        return 0


def _prepared(conn: Any, deadline: float, *, reader: bool) -> Tables:
    import sqlite_utils

    if not isinstance(conn, vars(sqlite_utils.utils)["sqlite3"].Connection):
        raise DatabaseError("two builds of SQLite are in use", field="database", value="refused", expected="one build")
    conn.text_factory = _text
    tables = sqlite_utils.Database(conn, execute_plugins=False)
    if not reader:
        _use_wal(conn, deadline)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
        conn.execute(f"PRAGMA {pragma}")
    if reader:
        conn.execute("PRAGMA query_only = ON")
    return tables


def _text(raw: bytes) -> str:
    """Text, though a bit of it flipped and it is no UTF-8: its row is told by its checksum, and the others are read."""
    return raw.decode("utf-8", "replace")


def _use_wal(conn: Any, deadline: float) -> None:
    """Turn write-ahead logging on; SQLite does not wait by itself while another process is just doing so."""
    while True:
        try:
            conn.execute("PRAGMA journal_mode = WAL")
        except engine.OperationalError as error:
            if explained(error).value != "busy" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
