"""A circuit breaker: after failures in a row a provider is left alone for a while, then tried by one call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

from core.errors import SourceError

State = Literal["closed", "open", "half-open"]
FAILURES = 5
COOL_S = 60.0
MOST_ROOM = 64


class Breaker:
    """Closed until `failures` calls in a row failed, then open for `cool_s`, then half-open: exactly one probe.

    While no call has succeeded yet, at most `failures` calls are under way; each success doubles the room. So a
    provider that is down costs `failures` calls even when many ask at once, and a healthy one is asked in parallel.
    The lock guards the counts and is never held during a call. Every `enter` is followed by one `leave`.
    """

    def __init__(
        self, failures: int = FAILURES, cool_s: float = COOL_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._cool_s, self._monotonic = failures, cool_s, monotonic
        self._changed = threading.Condition()
        self._failures = 0
        self._inside = 0
        self._room = failures
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> State:
        with self._changed:
            if self._open_until is None:
                return "closed"
            return "half-open" if self._monotonic() >= self._open_until else "open"

    def enter(self, wait_s: float) -> bool:
        """Leave to call, waiting at most `wait_s` for room: True for the probe; SourceError where it is refused."""
        until = time.monotonic() + wait_s  # waiting is real, whatever clock counts the cool-down
        with self._changed:
            while self._open_until is None and self._inside >= self._room:
                if not self._changed.wait(max(0.0, until - time.monotonic())):
                    raise SourceError("too many calls are under way")
            probe = self._open_until is not None
            if probe:
                self._refuse_unless_first()
            self._inside += 1
            return probe

    def leave(self, probe: bool, ok: bool | None) -> None:
        """The call ended: well, badly, or (None) without saying anything about the provider."""
        with self._changed:
            self._inside -= 1
            if probe:
                self._probing = False
            if self._open_until is None or probe:
                self._count(ok)
            self._changed.notify_all()

    def trip(self, cool_s: float) -> None:
        """Open for `cool_s`, as a provider asked us to."""
        with self._changed:
            self._open_until = self._monotonic() + cool_s
            self._room = self._limit
            self._changed.notify_all()

    def _refuse_unless_first(self) -> None:
        left_s = (self._open_until or 0.0) - self._monotonic()
        if left_s > 0:
            raise SourceError(f"left alone for {left_s:.0f} s more after failures")
        if self._probing:
            raise SourceError("being tried by another call after failures")
        self._probing = True

    def _count(self, ok: bool | None) -> None:
        if ok:
            self._failures, self._open_until = 0, None
            self._room = min(MOST_ROOM, 2 * self._room)
        elif ok is False:
            self._failures += 1
            self._room = self._limit
            if self._failures >= self._limit:
                self._open_until = self._monotonic() + self._cool_s
