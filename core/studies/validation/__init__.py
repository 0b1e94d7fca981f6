"""Published figures beside ours: the one list that tests hold us to and that a page works out before a reader's eyes."""

from __future__ import annotations

from collections.abc import Iterator

from core.studies.progress import Tick
from core.studies.validation import energy, money, network, studies
from core.studies.validation.case import Case, Ground, Outcome, outcome

__all__ = ["Case", "Ground", "Outcome", "cases", "outcome", "outcomes"]


def cases() -> tuple[Case, ...]:
    """Every case, by subject."""
    return (*network.cases(), *energy.cases(), *money.cases(), *studies.cases())


def outcomes(ground: Ground, tick: Tick = lambda share: None) -> tuple[Outcome, ...]:
    """Every case worked out; `tick` is told the share done and may raise to stop."""
    return tuple(_told(ground, tick))


def _told(ground: Ground, tick: Tick) -> Iterator[Outcome]:
    asked = cases()
    for n, case in enumerate(asked, 1):
        yield outcome(case, ground)
        tick(n / len(asked))
