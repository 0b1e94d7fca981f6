"""Connections that only read: kept for the next reader, and cut off where one stays in the way too long.

What was written since a reader began stays in the log (WAL) until it is done. One that runs is stopped by itself; one
that sits idle in the middle is cut by the writer once the log has grown.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.store.refusals import SLOW, refusal

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

IDLE_MOST = 8  # connections kept open for the next reader
GRACE_S = 0.25  # in which a reader that runs is stopped by its own clock, before the writer cuts it off
STEPS_BETWEEN_LOOKS = 10_000  # instructions of SQLite between two looks at the clock


class Cut:
    """What a reader that was cut off finds in the place of its connection."""

    def __getattr__(self, name: str) -> Any:
        raise refusal(SLOW)


class Readers:
    """The readers of one database; `opened` makes a connection."""

    def __init__(self, opened: Callable[[], Tables]) -> None:
        self._opened = opened
        self._closed = False
        self._idle: list[Tables] = []
        self._busy: dict[int, tuple[Tables, float]] = {}

    @contextmanager
    def one(self, longest_s: float) -> Iterator[Tables]:
        """A connection inside a transaction; DatabaseError where it takes longer than `longest_s` and is in the way."""
        tables = self._borrowed()
        deadline = time.monotonic() + longest_s
        self._busy[id(tables)] = (tables, deadline + GRACE_S)
        try:
            tables.conn.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
            tables.conn.execute("BEGIN")
            yield tables
        finally:
            if self._busy.pop(id(tables), None) is None:  # it was cut off: whatever came after is of another moment
                raise refusal(SLOW)
            self._give_back(tables)

    def cut_overdue(self) -> None:
        """End the transactions that are older than they may be: their readers are told at their next step."""
        for key, (tables, deadline) in list(self._busy.items()):
            if time.monotonic() > deadline and self._busy.pop(key, None) is not None:
                conn: Any = tables.conn
                tables.conn = Cut()  # type: ignore[assignment]
                with contextlib.suppress(Exception):
                    conn.execute("ROLLBACK")

    def close(self) -> None:
        """Close those that nobody uses now; the others close when they are done."""
        self._closed = True
        while self._idle:
            self._idle.pop().conn.close()

    def _borrowed(self) -> Tables:
        try:
            return self._idle.pop()
        except IndexError:
            return self._opened()

    @property
    def idle(self) -> int:
        """Connections kept for the next reader."""
        return len(self._idle)

    def _give_back(self, tables: Tables) -> None:
        try:
            tables.conn.set_progress_handler(None, 0)
            tables.rollback()
        except Exception:  # of no more use
            tables.conn.close()
            return
        if self._closed or len(self._idle) >= IDLE_MOST:
            tables.conn.close()
        else:
            self._idle.append(tables)
