"""What was written out lately and never changes, at hand for the next who asks: the least used goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict

from core.once import Once

MOST_BYTES = 32 * 1024 * 1024


class Shelf:
    """Bytes by name, `most_bytes` of them at most. Whether a caller may have them is for the caller's side to know."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._size = most_bytes, 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, name: str) -> bytes | None:
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
            return self._kept.get(name)

    def put(self, name: str, text: bytes) -> None:
        with self._lock:
            self._size += len(text) - len(self._kept.pop(name, b""))
            self._kept[name] = text
            while self._size > self._most:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone)

    def drop(self, name: str) -> None:
        with self._lock:
            self._size -= len(self._kept.pop(name, b""))


@Once
def shelf() -> Shelf:
    """The shelf of this process."""
    return Shelf()
