"""Exchange rates: who is asked, in which order, what is believed, and what ships with the program."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

from core.errors import SourceError
from core.fetchers.ask import YEAR_S, Bundled, Question
from core.fetchers.jumps import steady
from core.fetchers.packing import packed, unpacked
from core.fetchers.providers import frankfurter, mempool, open_er_api
from core.units import DAY_S
from core.world import Rates

LEAST, MOST = 1e-8, 1e8  # per unit of any base, with room for an inflation
ANCHORS = ("USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD")  # others may lose half in a day, or strike out zeros
JUMP, JUMP_DAYS = 1.5, 90.0  # the Australian dollar lost a third of its worth in US dollars within months of 2008
BUNDLED = Rates("USD", {"USD": 1.0, "EUR": 1 / 1.1568}, date(2026, 3, 25))  # Frankfurter, documentation of v2


def rates_doubt(told: Rates, asked: str) -> str:
    """Positive rates of the base asked for, itself at 1."""
    if told.base != asked or told.per_base.get(asked) != 1 or len(told.per_base) < 2:
        return f"there are no rates beside {asked} at 1"
    wrong = [code for code, rate in told.per_base.items() if not (math.isfinite(rate) and LEAST <= rate <= MOST)]
    return f"the rate of {wrong[0]} is {told.per_base[wrong[0]]:g}" if wrong else ""


def rates_jump(told: Rates, last: Rates, age_s: float) -> str:
    """Main currencies against each other within a factor 1.5, and that again for every 90 days."""
    for code in (c for c in ANCHORS if told.base in ANCHORS and c in told.per_base and c in last.per_base):
        if not steady(told.per_base[code], last.per_base[code], JUMP, age_s, JUMP_DAYS):
            return f"{code} jumped from {last.per_base[code]:g} to {told.per_base[code]:g}"
    return ""


def rates_day(told: Rates) -> datetime:
    """The start of the day on which rates were set."""
    return datetime(told.day.year, told.day.month, told.day.day, tzinfo=UTC)


def bundled_rates(asked: str) -> Bundled[Rates]:
    """Dollars and euros of 2026-03-25, from either; SourceError for other currencies: no rate is made up."""
    if asked not in BUNDLED.per_base:
        raise SourceError(f"no rates for {asked}", field="currency", value=asked, expected="USD or EUR")
    base = BUNDLED.per_base[asked]
    told = Rates(asked, {code: rate / base for code, rate in BUNDLED.per_base.items()}, BUNDLED.day)
    return Bundled(told, "Frankfurter, bundled with the program", rates_day(told))


RATES = Question(  # asked by base currency
    name="rates",
    sources=(frankfurter.RATES, frankfurter.RATES_V1, open_er_api.RATES, mempool.RATES),
    soft_s=DAY_S / 2,
    hard_s=YEAR_S,
    plausible=rates_doubt,
    jump=rates_jump,
    pack=packed,
    unpack=unpacked(Rates),
    observed=rates_day,
    bundled=bundled_rates,
)
