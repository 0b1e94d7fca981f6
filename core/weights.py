"""What results weigh: the memory of their tables and arrays, which is where the megabytes are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def held_bytes(found: Any) -> int:
    """Bytes of the tables and arrays that a result, or what it is put together from, holds; each counted where it stands."""
    if hasattr(found, "memory_usage"):  # a table
        used = found.memory_usage()
        return int(used.sum() if hasattr(used, "sum") else used)
    if hasattr(found, "nbytes"):
        return int(found.nbytes)
    return sum(map(held_bytes, _parts(found)))


def _parts(found: Any) -> Iterable[Any]:
    if isinstance(found, dict):
        return found.values()
    if isinstance(found, list | tuple):
        return found
    return vars(found).values() if hasattr(found, "__dataclass_fields__") else ()
