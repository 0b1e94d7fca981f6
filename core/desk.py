"""Where a calculation that a caller waits for is done: few at a time, in threads of its own, and no more waiting than will do.

So the event loop and the threads that serve lists and lookups stay free, however many calculations are asked for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from core.errors import Busy, TimedOut
from core.once import Once

AT_ONCE, WAITING, WITHIN_S = 3, 32, 30.0
Result = TypeVar("Result")


class Desk:
    """At most `at_once` calculations run and `waiting` wait; each is answered within `within_s`, or not at all."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING, within_s: float = WITHIN_S) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="desk")
        self._most, self._within_s = at_once + waiting, within_s
        self._lock, self._here = threading.Lock(), 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of `work`; Busy where too many wait, TimedOut where it takes too long."""
        self._enter()
        try:
            done = self._pool.submit(work)
        except BaseException:
            self._leave()
            raise
        done.add_done_callback(lambda _: self._leave())  # also where it is given up before it has begun
        try:
            return await asyncio.wait_for(asyncio.wrap_future(done), self._within_s)
        except TimeoutError:
            message = f"this took longer than {self._within_s:g} s"
            raise TimedOut(message, field="time", expected="a smaller question, or a job") from None

    @property
    def full(self) -> bool:
        """Whether the next one is turned away."""
        return self._here >= self._most

    def _enter(self) -> None:
        with self._lock:
            if self.full:
                expected = f"at most {self._most} at once"
                raise Busy("too many calculations at once; try again in a moment", field="calls", expected=expected)
            self._here += 1

    def _leave(self) -> None:
        with self._lock:
            self._here -= 1


@Once
def desk() -> Desk:
    """The desk of this process."""
    return Desk()
