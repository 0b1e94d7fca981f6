"""How busy this process was in the last hour: calls, failures and how long calls took, in slices of ten seconds."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from core.metrics import BOUNDS_S
from core.once import Once

SLICE_S, SLICES = 10.0, 360
P95 = 0.95


@dataclass
class _Slice:
    number: int
    calls: int = 0
    failures: int = 0
    mishaps: int = 0
    took: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))


@dataclass(frozen=True)
class Busyness:
    """Of some time: `calls` of the API, `failures` (status 5xx) among them, `mishaps` of pages, `p95_s` of `timed` calls."""

    calls: int
    failures: int
    mishaps: int
    timed: int
    p95_s: float


class Traffic:
    """Counts in memory that is bounded; every method may be called from any thread."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s, self._lock = now_s, threading.Lock()
        self._slices: deque[_Slice] = deque(maxlen=SLICES)

    def saw(self, seconds: float, *, failed: bool, quick: bool = True) -> None:
        """One call of the API; `quick` where it did not wait by the caller's wish."""
        with self._lock:
            now = self._now()
            now.calls += 1
            now.failures += failed
            if quick:
                now.took[bisect_left(BOUNDS_S, seconds)] += 1

    def mishap(self) -> None:
        """One run of a page that failed unforeseen."""
        with self._lock:
            self._now().mishaps += 1

    def within(self, seconds: float) -> Busyness:
        """What was in the last so many seconds, the slice that is under way included."""
        with self._lock:
            first = self._number() - round(seconds / SLICE_S)
            return told([one for one in self._slices if one.number > first])

    def history(self, slices: int = 6, most: int = 60) -> list[Busyness]:
        """The last `most` spans of so many slices, oldest first; those in which nothing was are empty."""
        with self._lock:
            last = self._number() // slices
            spans: list[list[_Slice]] = [[] for _ in range(most)]
            for one in self._slices:
                back = last - one.number // slices
                if 0 <= back < most:
                    spans[-1 - back].append(one)
            return [told(span) for span in spans]

    def _number(self) -> int:
        return int(self._now_s() // SLICE_S)

    def _now(self) -> _Slice:
        number = self._number()
        if not self._slices or self._slices[-1].number != number:
            self._slices.append(_Slice(number))
        return self._slices[-1]


def told(slices: list[_Slice]) -> Busyness:
    """Several slices as one."""
    took = [sum(column) for column in zip(*(one.took for one in slices), strict=True)] or [0] * (len(BOUNDS_S) + 1)
    return Busyness(
        sum(one.calls for one in slices),
        sum(one.failures for one in slices),
        sum(one.mishaps for one in slices),
        sum(took),
        quantile(took, P95),
    )


def quantile(took: list[int], share: float) -> float:
    """The time [s] within which a share of calls were answered, even between the bounds; the last bound where it is more."""
    target, before = share * sum(took), 0
    if not target:
        return 0.0
    for n, count in enumerate(took[:-1]):
        if before + count >= target:
            low = BOUNDS_S[n - 1] if n else 0.0
            return low + (BOUNDS_S[n] - low) * (target - before) / count
        before += count
    return BOUNDS_S[-1]


@Once
def traffic() -> Traffic:
    """That of this process."""
    return Traffic()
