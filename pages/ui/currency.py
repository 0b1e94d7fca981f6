"""The planner's currency: what is known of its rate, and figures said in it beside those in dollars."""

from __future__ import annotations

from core import say
from core.fetchers.ask import known
from core.fetchers.market import DOLLARS, reading
from core.fetchers.rates import RATES
from core.inputs import Reading
from core.outside import outside
from core.results import FX, Projection
from pages.ui import said


def codes() -> list[str]:
    """Currencies whose rate is known, dollars first."""
    return [DOLLARS, *sorted(code for code in known(RATES, DOLLARS, outside()).value.per_base if code != DOLLARS)]


def rate_of(code: str) -> Reading | None:
    """What a dollar costs in a currency as it is known now, nobody asked; None for dollars and for what nobody knows."""
    answer = known(RATES, DOLLARS, outside())
    if code == DOLLARS or code not in answer.value.per_base:
        return None
    return reading(FX, answer, lambda told: told.per_base[code])


def also(projection: Projection, usd: float | None) -> str:
    """An amount in the planner's currency, empty where that is dollars or its rate is not known."""
    rate = projection.fx
    if rate is None or usd is None:
        return ""
    return say.amount(usd * rate.value, projection.scenario.finance.currency, said.marks())
