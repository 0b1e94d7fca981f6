"""Several keys to one provider: the first that was not just refused is used, and a refused one rests for an hour."""

from __future__ import annotations

import threading
from collections.abc import Callable

ASIDE_S = 3600.0
BETWEEN = ";"


def split(text: str) -> tuple[str, ...]:
    """The keys that a setting holds between semicolons, in its order."""
    return tuple(key.strip() for key in text.split(BETWEEN) if key.strip())


class Rings:
    """Which keys were refused, and until when they rest; keys are never shown."""

    def __init__(self, elapsed_s: Callable[[], float]) -> None:
        self._elapsed_s = elapsed_s
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def usable(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The keys to try, in order; where all rest, the one that rests the longest already: it may be good again."""
        with self._lock:
            now_s = self._elapsed_s()
            awake = tuple(key for key in keys if self._until.get(key, 0.0) <= now_s)
            return awake or tuple(sorted(keys, key=lambda key: self._until[key])[:1])

    def set_aside(self, key: str) -> None:
        """Let a refused key rest."""
        with self._lock:
            self._until[key] = self._elapsed_s() + ASIDE_S
