"""How often one caller may call: so many times in any minute, by key, by owner, or by address where nobody is known."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.api.errors import Headers
from core.api.identity import Caller, caller
from core.api.sources import source
from core.api.usage import counts
from core.errors import RateLimited
from core.settings import settings


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
    """Counts calls in memory, so that a restart begins anew; exact whatever the number of threads."""

    def __init__(self, most: int) -> None:
        self._most = RateLimitItemPerMinute(most)
        self._strategy = MovingWindowRateLimiter(MemoryStorage())

    def take(self, name: str) -> Left:
        """One more call of `name`, refused ones apart."""
        may = self._strategy.hit(self._most, name)
        reset_s, left = self._strategy.get_window_stats(self._most, name)
        return Left(may, self._most.amount, left, reset_s - time.time())


@cache
def limiter() -> Limiter:
    """The limiter of this process."""
    return Limiter(settings().calls_per_minute)


async def limited(request: Request, who: Annotated[Caller, Depends(caller)]) -> None:
    """Count a call, and refuse it with RateLimited where it is one too many."""
    left = limiter().take(name_of(who, request))
    request.scope["state"].setdefault("headers", []).extend(left.headers)
    counts().count(who, refused=not left.may)
    if not left.may:
        message = f"more than {left.most:,} calls in a minute"
        expected = f"at most {left.most:,} a minute"
        raise RateLimited(message, after_s=left.after_s, field="calls", value=left.most + 1, expected=expected)


def name_of(who: Caller, request: Request) -> str:
    """Whom calls are counted to: a visitor has a new owner each time, so it is where they come from."""
    if who.key_id:
        return f"key {who.key_id}"
    return f"owner {who.owner}" if who.keeps else f"from {source(request)}"
