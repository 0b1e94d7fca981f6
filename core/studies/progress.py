"""How far a piece of work is, told as it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Tick: TypeAlias = Callable[[float], object]  # hears the share done, 0 to 1, and may raise to stop the work


def part(tick: Tick, begin: float, end: float) -> Tick:
    """Tell the share done of a part of the work as one of the whole."""
    return lambda share: tick(begin + (end - begin) * share)
