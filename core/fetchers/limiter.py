"""A limit on the calls we make, kept on a monotonic clock: at most so many in any 60 seconds.

The `limits` library counts by the wall clock, so a clock that is set back would stop all calls.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

WINDOW_S = 60.0


class Limiter:
    """At most `per_minute` calls in any window of 60 s."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._made: deque[float] = deque(maxlen=per_minute)
        self._lock = threading.Lock()

    def take(self, most_wait_s: float) -> float:
        """Seconds to wait before the call, which is counted; beyond `most_wait_s` it is not made and not counted."""
        with self._lock:
            now = self._monotonic()
            full = len(self._made) == self._made.maxlen
            at = max(now, self._made[0] + WINDOW_S) if full else now
            if at - now <= most_wait_s:
                self._made.append(at)
            return at - now
