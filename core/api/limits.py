"""How often one caller may call: so many times in any minute, by key, by owner, or by address where nobody is known."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from fastapi import Request

from core.api.errors import Headers
from core.api.identity import HEADER, Caller, caller
from core.api.sources import source
from core.api.usage import counts
from core.errors import RateLimited, Unauthorized
from core.settings import settings

WINDOW_S = 60.0
MANY = 10_000  # names that are remembered before old ones are dropped


@dataclass(frozen=True)
class Left:
    """Whether a call may be made, how many more may, and in how many seconds there will be more."""

    may: bool
    most: int
    left: int
    after_s: float

    @property
    def headers(self) -> Headers:
        """The three headers that tell a caller where they stand."""
        told = {"limit": self.most, "remaining": self.left, "reset": max(0, math.ceil(self.after_s))}
        return [(f"ratelimit-{name}".encode(), str(value).encode()) for name, value in told.items()]


class Limiter:
    """Counts calls in memory, so that a restart begins anew; exact whatever the threads, and whatever a clock is set to.

    The memory storage of `limits` lets a call too many pass where threads meet its clean-up, and goes by the wall clock.
    """

    def __init__(self, most: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now_s = most, now_s
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}  # when each name called within the last minute [s]

    def take(self, name: str) -> Left:
        """One more call of `name`; one that is refused does not count."""
        with self._lock:
            now_s = self._now_s()
            calls = self._calls.get(name)
            if calls is None:
                self._forget(now_s)
                calls = self._calls[name] = deque()
            while calls and calls[0] <= now_s - WINDOW_S:
                calls.popleft()
            may = len(calls) < self._most
            if may:
                calls.append(now_s)
            return Left(may, self._most, self._most - len(calls), calls[0] + WINDOW_S - now_s)

    @property
    def active(self) -> int:
        """How many names called within the last minute."""
        with self._lock:
            oldest_s = self._now_s() - WINDOW_S
            return sum(bool(calls) and calls[-1] > oldest_s for calls in self._calls.values())

    def _forget(self, now_s: float) -> None:
        """Drop the names that did not call within a minute, where there are many."""
        if len(self._calls) >= MANY:
            self._calls = {name: calls for name, calls in self._calls.items() if calls[-1] > now_s - WINDOW_S}


@cache
def limiter() -> Limiter:
    """The limiter of this process."""
    return Limiter(settings().calls_per_minute)


def limited(request: Request) -> None:
    """Count a call, and refuse it with RateLimited where it is one too many.

    Unauthorized for a key that is none; whether one is needed at all is for the route to say.
    """
    who = _known(request)
    left = limiter().take(name_of(who, request))
    request.scope["state"].setdefault("headers", []).extend(left.headers)
    counts().count(who, refused=not left.may)
    if not left.may:
        message = f"more than {left.most:,} calls in a minute"
        expected = f"at most {left.most:,} a minute"
        raise RateLimited(message, after_s=left.after_s, field="calls", value=left.most + 1, expected=expected)


def _known(request: Request) -> Caller | None:
    """Who calls, None where nobody known does and no key was given."""
    try:
        return caller(request)
    except Unauthorized:
        if HEADER in request.headers:
            raise
        return None


def name_of(who: Caller | None, request: Request) -> str:
    """Whom calls are counted to: a visitor has a new owner each time, so it is where they come from."""
    if who is not None and who.key_id:
        return f"key {who.key_id}"
    return f"owner {who.owner}" if who is not None and who.keeps else f"from {source(request)}"
