"""The planner's currency: what a US dollar costs in it, for display."""

from __future__ import annotations

from core.errors import SourceError
from core.fetchers.ask import ask
from core.fetchers.market import DOLLARS, reading
from core.fetchers.rates import RATES
from core.fetchers.world import World
from core.inputs import Reading
from core.results import FX


def dollar_in(currency: str, world: World) -> tuple[Reading | None, tuple[str, ...]]:
    """The rate of a currency as a reading, none for dollars; where nobody knows it, none and a notice that says so."""
    if currency == DOLLARS:
        return None, ()
    unknown = (f"No exchange rate of {currency} is known: figures are in US dollars.",)
    try:
        answer = ask(RATES, DOLLARS, world)
    except SourceError:
        return None, unknown
    rate = answer.value.per_base.get(currency)
    return (None, unknown) if rate is None else (reading(FX, answer, lambda told: told.per_base[currency]), ())
