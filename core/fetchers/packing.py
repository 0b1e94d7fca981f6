"""Answers as bytes and back, for the cache: JSON by the fields of their class."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

Told = TypeVar("Told")


def packed(told: Any) -> bytes:
    """A dataclass of numbers, texts, times, lists and mappings as JSON. NaN becomes null, which is not taken back."""
    return bytes(_adapter(type(told)).dump_json(told))  # type: ignore[arg-type]  # mypy: classes can be hashed


def unpacked(kind: type[Told]) -> Callable[[bytes], Told]:
    """The way back to this class; ValueError for bytes that `packed` did not make of it."""

    def unpack(raw: bytes) -> Told:
        told: Told = _adapter(kind).validate_json(raw)  # type: ignore[arg-type]
        return told

    return unpack


@cache
def _adapter(kind: type[Any]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
