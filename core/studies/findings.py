"""What a check of a plan knows and finds, and the words that checks share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, TypeAlias

from core import say
from core.inputs import Market, Reading, Weather
from core.models.network import outlook_months
from core.scenario import Scenario
from core.sections import Outlook
from core.studies.fleet import fleet_hashrate_ths
from core.units import DAY_S

OLD_READING_DAYS = 30.0


class Known(NamedTuple):
    """What is known beside the plan. `old_prices_days`: age of the prices of machines that are old, by number of the unit."""

    weather: Weather
    market: Market
    now: datetime
    old_prices_days: Mapping[int, int]


class Check(NamedTuple):
    """A mistake that was found. `title`: what it is; `words`: why it is one; `remedy`: the fields that set it right, in words
    and, by path, in `changes`."""

    name: str
    title: str
    words: str
    remedy: str
    changes: dict[str, Any]

    def amended(self, plan: Scenario) -> Scenario:
        """The plan without this mistake."""
        return plan.but(self.changes)


Finding: TypeAlias = Check | None


def mines(plan: Scenario) -> bool:
    """Whether there is anything that hashes."""
    return fleet_hashrate_ths(plan.fleet) > 0


def frozen(outlook: Outlook) -> bool:
    """Whether difficulty never rises."""
    return outlook.difficulty_path == "grows" and outlook.difficulty_growth_per_year <= 0


def old(reading: Reading, now: datetime) -> bool:
    """Whether a figure that moves from day to day was read long ago; the planner's own are as of when they say."""
    moving = reading.name in {"price_usd", "difficulty"} and reading.status != "planner"
    return moving and reading.age_s(now) > OLD_READING_DAYS * DAY_S


def halving(plan: Scenario, known: Known, years: int | None = None) -> date | None:
    """The month of the first halving within the horizon, or so many years; None where there is none."""
    outlook, height = plan.outlook, known.market.height
    path = outlook_months(
        outlook.start_month,
        12 * (years or plan.finance.horizon_years),
        height.observed_at,
        1.0,
        1.0,
        height.value,
        difficulty_growth_per_year=outlook.difficulty_growth_per_year,
        growth_fade_years=outlook.growth_fade_years,
    )
    months = path.month[path.halves]
    return months[0].astype("datetime64[D]").astype(date) if len(months) else None


def percent(share: float) -> str:
    """A share as it is read, without a decimal that says nothing."""
    return say.percent(share, 0 if round(100 * share, 1).is_integer() else 1)


def cents(usd: float) -> str:
    """A price of power."""
    return f"{100 * usd:.3g} ¢"
