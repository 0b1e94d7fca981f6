"""The breaker and the limiter, on a clock of their own: who may call, and when again."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import SourceError
from core.fetchers.breaker import Breaker
from core.fetchers.limiter import Limiter


class Ticks:
    """A count of seconds that a test sets."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.leave(breaker.enter(0.1), False)


def test_it_opens_after_five_failures_in_a_row_and_not_after_four() -> None:
    breaker = Breaker(monotonic=Ticks())
    fail(breaker, 4)
    breaker.leave(breaker.enter(0.1), True)
    fail(breaker, 4)
    assert breaker.state == "closed"
    fail(breaker, 1)
    assert breaker.state == "open"
    with pytest.raises(SourceError, match="left alone for 60 s"):
        breaker.enter(0.1)


def test_half_open_lets_exactly_one_of_many_threads_through() -> None:
    ticks = Ticks()
    breaker = Breaker(monotonic=ticks)
    fail(breaker, 5)
    ticks.s += 60
    assert breaker.state == "half-open"
    start = threading.Barrier(20)

    def tries(_: int) -> bool:
        start.wait()
        try:
            return breaker.enter(0.1)
        except SourceError:
            return False

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(tries, range(20))) == 1


@pytest.mark.parametrize(("ok", "state"), [(True, "closed"), (False, "open"), (None, "half-open")])
def test_the_probe_decides(ok: bool | None, state: str) -> None:
    ticks = Ticks()
    breaker = Breaker(monotonic=ticks)
    fail(breaker, 5)
    ticks.s += 60
    assert breaker.enter(0.1) is True
    breaker.leave(True, ok)
    assert breaker.state == state


def test_a_late_result_of_an_earlier_call_does_not_close_an_open_breaker() -> None:
    breaker = Breaker(monotonic=Ticks())
    early = breaker.enter(0.1)
    fail(breaker, 5)
    breaker.leave(early, True)
    assert breaker.state == "open"


def test_no_more_calls_than_failures_allowed_are_under_way_until_one_succeeds() -> None:
    breaker = Breaker(monotonic=Ticks())
    inside = [breaker.enter(0.1) for _ in range(5)]
    with pytest.raises(SourceError, match="under way"):
        breaker.enter(0.05)
    breaker.leave(inside.pop(), True)
    for _ in range(6):
        breaker.enter(0.05)


def test_healthy_calls_run_in_parallel() -> None:
    """NET-07: 50 calls of 0.3 s; a lock held during the call would take 15 s."""
    breaker = Breaker()

    def call(_: int) -> None:
        probe = breaker.enter(5)
        time.sleep(0.3)
        breaker.leave(probe, True)

    started = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(call, range(50)))
    assert time.monotonic() - started <= 1.5


def test_those_who_wait_are_refused_as_soon_as_it_opens() -> None:
    breaker = Breaker()
    calls = [breaker.enter(0.1) for _ in range(5)]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(breaker.enter, 5)
        time.sleep(0.05)
        for probe in calls:
            breaker.leave(probe, False)
        with pytest.raises(SourceError, match="left alone"):  # not "too many calls", as after the whole wait
            waiting.result()


def test_it_is_opened_for_as_long_as_a_provider_asks() -> None:
    ticks = Ticks()
    breaker = Breaker(monotonic=ticks)
    breaker.trip(900)
    ticks.s += 899
    with pytest.raises(SourceError):
        breaker.enter(0.1)
    ticks.s += 1
    assert breaker.enter(0.1) is True


def test_no_more_calls_are_made_in_any_minute_than_agreed() -> None:
    ticks = Ticks()
    limiter = Limiter(10, ticks)
    passed = []
    for _ in range(600):  # ten minutes, a try every second
        if limiter.take(0) == 0:
            passed.append(ticks.s)
        ticks.s += 1
    assert len(passed) == 100
    assert all(b - a >= 60 for a, b in zip(passed, passed[10:], strict=False))


def test_a_call_beyond_the_limit_is_told_how_long_to_wait() -> None:
    ticks = Ticks()
    limiter = Limiter(2, ticks)
    assert [limiter.take(5), limiter.take(5)] == [0, 0]
    ticks.s += 57
    assert limiter.take(1) == 3
    assert limiter.take(1) == 3, "a call that is not made is not counted"
    assert limiter.take(5) == 3
    ticks.s += 3
    assert limiter.take(0) == 0, "one call is booked, one is free"
    assert limiter.take(5) == 60


def test_the_limit_is_exact_under_threads() -> None:
    limiter = Limiter(30, Ticks())
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: limiter.take(0), range(500)))
    assert waits.count(0) == 30
