"""Writes that share one commit: each is acknowledged once the disk has all of them.

A commit waits for the disk, 0.1 ms on a server's and 10 ms and more on a small computer's. Where fifty write at once the
last would wait for fifty of those; so who waits takes part in the transaction that is open, and its last part commits.
"""

from __future__ import annotations

import threading
import time

from core.errors import DatabaseError

MOST, LONGEST_S = 100, 0.02  # parts of a group; how old it grows before it is committed, whoever waits
LOOK_AGAIN_S = 0.5  # that a part waits before it looks whether the one that was to commit was interrupted


class Group:
    """The parts of one transaction, and what came of it."""

    def __init__(self) -> None:
        self.parts = 0
        self._began_s = time.monotonic()
        self._ended = threading.Event()
        self._error: DatabaseError | None = None

    @property
    def open(self) -> bool:
        """Whether another part may still come."""
        return self.parts < MOST and time.monotonic() - self._began_s < LONGEST_S

    def end(self, error: DatabaseError | None = None) -> None:
        """Tell all parts that they are kept or, with an error, that none is."""
        self._error = self._error or error
        self._ended.set()

    def has_ended(self, within_s: float = 0.0) -> bool:
        """Whether it is known what came of it; DatabaseError where nothing was kept."""
        if not self._ended.wait(within_s):
            return False
        if self._error is not None:  # a new one for each part: they are raised in several threads
            told = self._error
            raise DatabaseError(told.message, field=told.field, value=told.value, expected=told.expected)
        return True
