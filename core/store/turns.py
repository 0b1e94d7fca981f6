"""A lock that serves threads in the order they came.

Python's own lock lets the thread that just let go take it again, so under load some wait twenty times as long as others.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from threading import get_ident


@dataclass(eq=False)
class _Waiter:
    thread: int = field(default_factory=get_ident)
    served: threading.Event = field(default_factory=threading.Event)


class Turns:
    """A lock a thread may take again while it has it; it is free when let go as often as taken."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[_Waiter] = deque()
        self._holder: int | None = None
        self._depth = 0

    @property
    def mine(self) -> bool:
        """Whether this thread has the lock."""
        return self._holder == get_ident()

    def acquire(self, timeout_s: float) -> bool:
        """Take the lock; False where `timeout_s` passes first."""
        with self._guard:
            if self.mine or (self._holder is None and not self._waiting):
                self._serve(get_ident())
                return True
            me = _Waiter()
            self._waiting.append(me)
        try:
            me.served.wait(timeout_s)
        except BaseException:  # such as Ctrl-C: a turn must not be left with nobody to end it
            if self._left_the_queue(me):
                self.release()
            raise
        return self._left_the_queue(me)

    def release(self) -> None:
        """Let go once; the thread that waits longest is next."""
        with self._guard:
            self._depth -= 1
            if not self._depth:
                self._holder = None
                self._serve_next()

    def hand_on(self) -> bool:
        """Let go of a lock taken once where somebody waits for it; False, and it is kept, where nobody does."""
        with self._guard:
            if not self._waiting:
                return False
            self._depth = 0
            self._serve_next()
            return True

    def _serve_next(self) -> None:
        if self._waiting:
            following = self._waiting.popleft()
            self._serve(following.thread)
            following.served.set()

    def _serve(self, thread: int) -> None:
        self._holder = thread
        self._depth += 1

    def _left_the_queue(self, me: _Waiter) -> bool:
        """Whether it came to be this waiter's turn; it waits no longer either way."""
        with self._guard:
            if not me.served.is_set():
                self._waiting.remove(me)
            return me.served.is_set()
