"""Things a process has one of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Makes something when it is first asked for, once, though several threads ask at the same time.

    `functools.cache` would make one for each of them: two databases in memory, of which one is lost with what is in it.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self.__doc__ = make.__doc__
        self._made, self._lock = cache(make), threading.RLock()
        self.cache_clear, self.cache_info = self._made.cache_clear, self._made.cache_info

    def __call__(self) -> Made:
        with self._lock:
            return self._made()

    def end(self, how: Callable[[Made], object]) -> None:
        """End what was made, where anything was; once it has ended, whoever asks gets another."""
        if self.cache_info().currsize:
            how(self())
            self.cache_clear()
