"""A validation case: a figure from outside, ours beside it, and how close it has to be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from core.inputs import Market, Weather

Within = Literal["relative", "absolute", "exact"]


@dataclass(frozen=True, eq=False)
class Ground:
    """What cases stand on that is not in them: the bundled weather year and market, and the year of Phoenix where it is at hand."""

    greensboro: Weather
    market: Market
    phoenix: Weather | None = None
    kept: dict[str, Any] = field(default_factory=dict)  # what several cases share

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` makes, made once."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]


class Case(NamedTuple):
    """One published figure.

    `expected` ± `tolerance`, a share of it where `within` is "relative". `ours` works it out; `needs`: what is missing where
    the ground has not got it, empty where nothing can be.
    """

    id: str
    subject: str
    quantity: str
    unit: str
    expected: float
    tolerance: float
    within: Within
    source: str
    ours: Callable[[Ground], float]
    needs: Callable[[Ground], str] = lambda ground: ""


class Outcome(NamedTuple):
    """A case worked out: ours is nan where it could not be run, for want of what `missing` says."""

    case: Case
    ours: float
    missing: str

    @property
    def off(self) -> float:
        """Ours less expected, as a share of it where tolerance is one."""
        difference = self.ours - self.case.expected
        return difference / abs(self.case.expected) if self.case.within == "relative" else difference

    @property
    def passed(self) -> bool | None:
        """Whether ours is close enough; None where it was not run."""
        return None if self.missing else bool(abs(self.off) <= self.case.tolerance)


def outcome(case: Case, ground: Ground) -> Outcome:
    """Work a case out."""
    missing = case.needs(ground)
    return Outcome(case, math.nan if missing else float(case.ours(ground)), missing)
