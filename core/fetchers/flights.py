"""One call for all who ask the same thing at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

Landed = TypeVar("Landed")


class Flights:
    """Work under way, by key: the first who asks does it, the others wait for what it brings."""

    def __init__(self) -> None:
        self._under_way: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    def once(self, key: str, work: Callable[[], Landed], otherwise: Callable[[], Landed], wait_s: float) -> Landed:
        """What `work` brings, done by one of all callers; `otherwise` for those it brought nothing within `wait_s`."""
        with self._lock:
            flight = self._under_way.get(key)
            mine = flight is None
            flight = self._under_way.setdefault(key, _Flight())
        return self._fly(key, flight, work) if mine else flight.awaited(otherwise, wait_s)

    def _fly(self, key: str, flight: _Flight, work: Callable[[], Landed]) -> Landed:
        try:
            flight.brought = [work()]
            brought: Landed = flight.brought[0]
            return brought
        finally:  # also when the thread of a page is stopped in the middle
            with self._lock:
                del self._under_way[key]
            flight.done.set()


class _Flight:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.brought: list[Any] = []

    def awaited(self, otherwise: Callable[[], Landed], wait_s: float) -> Landed:
        self.done.wait(wait_s)
        if not self.brought:
            return otherwise()
        brought: Landed = self.brought[0]
        return brought
