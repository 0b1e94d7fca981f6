"""What is forgotten by its age, under a clock that may be set wrong while the program runs.

A clock that jumps a month ahead would have everything forgotten that is kept for a week. So what is deleted by age goes
by the time at which the program began and what passed since, which no setting of the clock changes. Where the clock was
wrong at the start already nobody here can know.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

SLACK = timedelta(hours=1)  # that a clock may run or be put ahead and still be believed


def passed_s() -> float:
    """Seconds that count on while the computer sleeps, from any moment on."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


BEGAN = (datetime.now(UTC), passed_s())


def for_deleting(now: datetime | None = None) -> datetime:
    """The moment by which things are old enough to go: `now`, or less where the clock was put ahead."""
    began, at_s = BEGAN
    return min(now or datetime.now(UTC), began + timedelta(seconds=passed_s() - at_s) + SLACK)
