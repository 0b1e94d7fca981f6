"""The line to one provider: its breaker, its limit, its attempts, and what is known of its health."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from time import sleep
from typing import TYPE_CHECKING, Any

from core.errors import SourceError
from core.fetchers.breaker import Breaker, State
from core.fetchers.http import Trouble, after_s, send
from core.fetchers.limiter import Limiter
from core.fetchers.provider import Reply, Request, Source, Told

if TYPE_CHECKING:
    from core.fetchers.wire import Road

ATTEMPTS = 3
FIRST_WAIT_S = 0.5  # most before the second attempt, twice that before the third
LONGEST_REST_S = 3600.0  # most that a provider's Retry-After keeps us away
DENIED = (401, 403)


@dataclass(frozen=True)
class Clock:
    """What time it is [UTC], and a count of seconds that nobody can set back and that runs on during sleep."""

    now: Callable[[], datetime]
    elapsed_s: Callable[[], float]


@dataclass(frozen=True)
class Record:
    """What happened on a line since the program started. Errors hold no secrets."""

    calls: int = 0
    failures: int = 0
    denied: bool = False
    last_error: str = ""
    last_error_at: datetime | None = None
    last_success_at: datetime | None = None
    latency_s: float | None = None


class Line:
    """Calls one provider, no more often than agreed and not at all while it is broken."""

    def __init__(self, source: Source[Any, Any], clock: Clock) -> None:
        self._clock = clock
        self._limiter = Limiter(source.per_minute, clock.elapsed_s)
        self._breaker = Breaker(monotonic=clock.elapsed_s)
        self._lock = threading.Lock()
        self.record = Record()

    @property
    def state(self) -> State:
        return self._breaker.state

    def call(self, request: Request, road: Road, most_bytes: int, read: Callable[[Reply], Told]) -> tuple[Told, Reply]:
        """What `read` makes of the reply, after at most ATTEMPTS within the deadline; SourceError without one."""
        trouble: SourceError | None = None
        for attempt in range(ATTEMPTS):
            try:
                return self._attempt(request, road, most_bytes, read)
            except Trouble as error:
                trouble = error
                if not error.passing or attempt + 1 == ATTEMPTS or not self._waited(error, attempt, road):
                    break
            except SourceError as error:  # no call was made: what stopped an earlier attempt says more
                trouble = trouble or error
                break
        raise trouble or SourceError("not asked")

    def failed(self, why: str, denied: bool = False) -> bool:
        """Notes why a call brought nothing; whether it is the first denial since the last success."""
        with self._lock:
            first = denied and not self.record.denied
            self.record = replace(
                self.record,
                failures=self.record.failures + 1,
                denied=self.record.denied or denied,
                last_error=why,
                last_error_at=self._clock.now(),
            )
            return first

    def _attempt(
        self, request: Request, road: Road, most_bytes: int, read: Callable[[Reply], Told]
    ) -> tuple[Told, Reply]:
        probe = self._breaker.enter(_left_s(road))
        ok: bool | None = None
        try:
            self._pace(road)
            started = time.monotonic()
            self._note(calls=1)
            reply = replace(send(request, road, most_bytes), fetched_at=self._clock.now())
            told = self._told(reply, read)
            ok = True
            self._note(latency_s=time.monotonic() - started, last_success_at=self._clock.now())
            return told, reply
        except Trouble as trouble:
            ok = isinstance(trouble, Denied)  # a provider that says no is up
            raise
        finally:
            self._breaker.leave(probe, ok)

    def _told(self, reply: Reply, read: Callable[[Reply], Told]) -> Told:
        """What a reply says; Trouble for an error status, in the provider's own words where it has some."""
        try:
            told = read(reply)
            why = ""
        except SourceError as error:
            why = error.message
        except Exception as error:  # a shape that its reader did not foresee
            why = f"answered in another shape than expected ({type(error).__name__})"
        if reply.status == 429 or reply.status >= 500:
            raise Trouble(_worded(reply, why), passing=True, after_s=after_s(reply, self._clock.now()))
        if reply.status >= 400:
            raise Denied(_worded(reply, why), reply.status)
        if why:
            raise Trouble(why)
        return told

    def _pace(self, road: Road) -> None:
        wait_s = self._limiter.take(_left_s(road))
        if wait_s > _left_s(road):
            raise SourceError(f"our own limit of calls is used up for {wait_s:.0f} s")
        if wait_s:
            sleep(wait_s)

    def _waited(self, trouble: Trouble, attempt: int, road: Road) -> bool:
        """Sleeps before the next attempt: full jitter, or what the provider asked for; False where time is too short."""
        wait_s = random.uniform(0, FIRST_WAIT_S * 2**attempt)
        if trouble.after_s is not None:
            wait_s += trouble.after_s
        if wait_s >= _left_s(road):
            if trouble.after_s:
                self._breaker.trip(min(trouble.after_s, LONGEST_REST_S))
            return False
        sleep(wait_s)
        return True

    def _note(self, calls: int = 0, latency_s: float | None = None, last_success_at: datetime | None = None) -> None:
        with self._lock:
            self.record = replace(self.record, calls=self.record.calls + calls)
            if last_success_at is not None:
                self.record = replace(self.record, latency_s=latency_s, last_success_at=last_success_at, denied=False)


class Denied(Trouble):
    """A provider that is up says no: our question, our key or our place is not to its liking."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def _worded(reply: Reply, why: str) -> str:
    number = str(reply.status)
    return why if number in why else f"answered HTTP {number}{': ' if why else ''}{why}"


def _left_s(road: Road) -> float:
    return max(0.0, road.deadline - time.monotonic())
