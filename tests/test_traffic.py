"""How busy the process was: counted in bounded memory, by a clock that the test drives."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics import BOUNDS_S
from core.traffic import SLICES, Traffic, quantile


class Clock:
    def __init__(self) -> None:
        self.s = 5000.0

    def __call__(self) -> float:
        return self.s


def test_what_was_longer_ago_does_not_count() -> None:
    clock = Clock()
    seen = Traffic(clock)
    for _ in range(30):
        seen.saw(0.003, failed=False)
    clock.s += 310
    seen.saw(0.2, failed=True)
    seen.mishap()
    now = seen.within(300)
    assert (now.calls, now.failures, now.mishaps, now.timed) == (1, 1, 1, 1)
    assert 0.1 <= now.p95_s <= 0.25
    assert seen.within(3600).calls == 31


def test_a_call_that_waits_by_its_callers_wish_is_counted_and_not_timed() -> None:
    seen = Traffic(Clock())
    seen.saw(25.0, failed=False, quick=False)
    assert (seen.within(60).calls, seen.within(60).timed, seen.within(60).p95_s) == (1, 0, 0.0)


def test_the_history_has_every_minute_the_quiet_ones_too() -> None:
    clock = Clock()
    clock.s = 6000.0
    seen = Traffic(clock)
    seen.saw(0.1, failed=False)
    clock.s += 120
    seen.saw(0.1, failed=False)
    seen.saw(0.1, failed=False)
    assert [one.calls for one in seen.history(most=4)] == [0, 1, 0, 2]


def test_it_takes_bounded_memory_whatever_comes() -> None:
    clock = Clock()
    seen = Traffic(clock)
    for _ in range(3 * SLICES):
        clock.s += 10
        seen.saw(0.1, failed=False)
    assert len(seen._slices) == SLICES


def test_nothing_is_lost_between_threads() -> None:
    seen = Traffic(Clock())
    threads = [threading.Thread(target=lambda: [seen.saw(0.01, failed=True) for _ in range(2000)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen.within(60).failures == 16_000


@given(st.lists(st.floats(0.0001, 29.0), min_size=1, max_size=300))
def test_the_quantile_is_between_the_bounds_of_the_true_one(seconds: list[float]) -> None:
    seen = Traffic(Clock())
    for one in seconds:
        seen.saw(one, failed=False)
    true = sorted(seconds)[max(0, -(-len(seconds) * 95 // 100) - 1)]
    low = max((bound for bound in (0.0, *BOUNDS_S) if bound < true), default=0.0)
    high = min(bound for bound in BOUNDS_S if bound >= true)
    assert low <= seen.within(60).p95_s <= high


@pytest.mark.parametrize(("took", "expected"), [([0] * 13, 0.0), ([0] * 12 + [5], 30.0)])
def test_nothing_is_nought_and_beyond_the_last_bound_is_the_last_bound(took: list[int], expected: float) -> None:
    assert quantile(took, 0.95) == expected
