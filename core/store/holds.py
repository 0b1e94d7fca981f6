"""Who has the database of a folder open, and who is just starting: locks on two files, which end with their process.

Where the system knows no such locks (Windows) everybody counts as alone, as before there were any.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import DatabaseError
from core.store.refusals import CLOSED, refusal

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

STARTING, OPEN, WRITING = ".app.db.starting", ".app.db.open", ".app.db.writing"
START_WAIT_S = 60.0  # for another process that starts: it may be changing the schema of much data
LOOK_EVERY_S = 0.01


class Hold:
    """That this process uses the database of a folder, until it is let go or the process ends."""

    def __init__(self, home: Path) -> None:
        self._handle = _opened(home / OPEN)
        if fcntl is not None:
            fcntl.flock(self._handle, fcntl.LOCK_SH)

    def alone(self) -> bool:
        """Whether nobody else uses it; only where `starting` is held is that still true a moment later."""
        if fcntl is None:
            return True
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_SH)
        return True

    def let_go(self) -> None:
        """Use it no more."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def __del__(self) -> None:
        with suppress(OSError):
            self.let_go()


@contextmanager
def starting(home: Path, wait_s: float = START_WAIT_S) -> Iterator[None]:
    """Be the only one who starts, moves files or changes the schema; DatabaseError where another takes too long."""
    with locked(home / STARTING, time.monotonic() + wait_s):
        yield


@contextmanager
def alone(home: Path, mine: Hold | None = None) -> Iterator[None]:
    """Be the only process that uses the database of a folder, and let none begin; DatabaseError where another one does.

    `mine`: the hold of this process, where it has the database open itself.
    """
    with starting(home):
        hold = mine or Hold(home)
        try:
            if not hold.alone():
                message = "another process uses the database: end it first"
                raise DatabaseError(message, field="database", value="busy", expected="nobody else at work on it")
            yield
        finally:
            if mine is None:
                hold.let_go()


@contextmanager
def locked(path: Path, deadline: float) -> Iterator[None]:
    """Have the lock of a file that one process or thread has at a time; DatabaseError at `deadline` (monotonic)."""
    handle = _opened(path)
    try:
        _take(handle, deadline)
        yield
    finally:
        os.close(handle)


def _take(handle: int, deadline: float) -> None:
    while fcntl is not None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                message = "another process is at work on the database: try again in a moment"
                raise DatabaseError(message, field="database", value="busy", expected="a free lock") from None
            time.sleep(LOOK_EVERY_S)
        else:
            return


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise refusal(CLOSED) from error


def size_of(file: str | Path) -> int:
    """Bytes of a file, 0 where there is none that can be looked at."""
    try:
        return os.stat(file).st_size  # noqa: PTH116  at every commit
    except OSError:
        return 0
