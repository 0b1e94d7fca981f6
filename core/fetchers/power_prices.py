"""Prices of power, retail by state and wholesale by hour: who is asked, and what is believed. None are made up.

Wholesale prices are not held against the last ones: they rise a hundredfold within an hour, and fall below 0.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from core.errors import SourceError, ValidationError
from core.fetchers.ask import SPARE_S, WITHIN_S, YEAR_S, Answer, Question, ask
from core.fetchers.jumps import steady
from core.fetchers.packing import packed, unpacked
from core.fetchers.providers import eia, ercot
from core.fetchers.providers.eia import StateSector
from core.fetchers.providers.ercot import AtPoint, Document, Documents, Market, day_starts
from core.fetchers.world import World
from core.units import DAY_S
from core.world import PowerPrices, RetailPrices

LEAST_RETAIL_USD, MOST_RETAIL_USD = 0.01, 2.0
JUMP, JUMP_DAYS = 2.0, 180.0  # Texas industry: from 6 to 12 cents within the year 2022
LEAST_USD, MOST_USD = -0.5, 9.5  # the cap of ERCOT was 9 dollars a kWh in February 2021, with adders on top
MOST_DAYS = 31
SOME_REASONS = 3
HOUR = timedelta(hours=1)


def retail_doubt(told: RetailPrices, asked: StateSector) -> str:
    """Every month's price in the range of those in America."""
    wrong = [price for price in told.usd_per_kwh if not LEAST_RETAIL_USD <= price <= MOST_RETAIL_USD]
    return f"a kWh costs {wrong[0]:g} USD" if wrong else ""


def retail_jump(told: RetailPrices, last: RetailPrices, age_s: float) -> str:
    """The newest price within a factor 2 of the last newest, and that again for every 180 days."""
    if steady(told.usd_per_kwh[0], last.usd_per_kwh[0], JUMP, age_s, JUMP_DAYS):
        return ""
    return f"the price jumped from {last.usd_per_kwh[0]:g} to {told.usd_per_kwh[0]:g} USD/kWh"


def retail_month(told: RetailPrices) -> datetime:
    """The start of the newest month."""
    return datetime(told.months[0].year, told.months[0].month, 1, tzinfo=UTC)


def wholesale_doubt(told: PowerPrices, asked: AtPoint) -> str:
    """Every price between the floor and the cap of the market."""
    wrong = [price for price in told.usd_per_kwh if not LEAST_USD <= price <= MOST_USD]
    return f"a kWh costs {wrong[0]:g} USD" if wrong else ""


RETAIL: Question[StateSector, RetailPrices] = Question(  # asked by state and sector
    name="retail prices",
    sources=(eia.RETAIL,),
    soft_s=7 * DAY_S,
    hard_s=YEAR_S,
    plausible=retail_doubt,
    jump=retail_jump,
    pack=packed,
    unpack=unpacked(RetailPrices),
    observed=retail_month,
)
DOCUMENTS: Question[Market, Documents] = Question(  # which documents ERCOT has, asked by market
    name="market documents",
    sources=(ercot.LIST,),
    soft_s=900,
    hard_s=30 * DAY_S,
    pack=packed,
    unpack=unpacked(Documents),
)
DOCUMENT: Question[AtPoint, PowerPrices] = Question(  # what one of them says of a point; it never changes
    name="market prices",
    sources=(ercot.DOCUMENT,),
    soft_s=10 * YEAR_S,
    hard_s=10 * YEAR_S,
    plausible=wholesale_doubt,
    pack=packed,
    unpack=unpacked(PowerPrices),
)


@dataclass(frozen=True)
class Wholesale:
    """Prices of a market at a settlement point, for the days from `first` to `last` of the Central clock."""

    market: Market
    point: str
    first: date
    last: date

    def __post_init__(self) -> None:
        ercot.check_point(self.point)
        if self.market not in ercot.REPORTS:
            expected = f"one of {', '.join(ercot.REPORTS)}"
            raise ValidationError("market: not known", field="market", value=self.market, expected=expected)
        if not 0 <= (self.last - self.first).days < MOST_DAYS:
            expected = f"the same day or one of the {MOST_DAYS - 1} after {self.first}"
            raise ValidationError("last: out of range", field="last", value=self.last, expected=expected)

    @property
    def begin(self) -> datetime:
        """The first moment [UTC]."""
        return day_starts(self.first)

    @property
    def end(self) -> datetime:
        """The moment after the last [UTC]."""
        return day_starts(self.last + timedelta(days=1))


def wholesale(asked: Wholesale, world: World, *, within_s: float = WITHIN_S) -> Answer[PowerPrices]:
    """Hourly prices of ERCOT [USD/kWh, UTC]; SourceError where not one hour can be had within `within_s`.

    `why` names what is missing. The real-time market takes a document for each quarter of an hour, more than its limit
    of calls lets through at once: those that came are kept, so asking again brings further hours.
    """
    deadline = time.monotonic() + within_s
    listed = ask(DOCUMENTS, asked.market, world, within_s=within_s)
    reasons = [listed.why] if listed.why else []
    answers: list[Answer[PowerPrices]] = []
    for document in _published_for(listed.value.documents, asked):
        left_s = max(deadline - time.monotonic(), SPARE_S)
        try:
            answers.append(ask(DOCUMENT, AtPoint(asked.market, document.number, asked.point), world, within_s=left_s))
        except SourceError as error:
            reasons.append(error.message)
    return _answer(asked, answers, reasons)


def _published_for(documents: Iterable[Document], asked: Wholesale) -> list[Document]:
    """The documents whose prices may fall into the days asked about, oldest first: what they hold decides.

    Day-ahead prices come out on the day before, at worst after midnight; real-time prices within minutes.
    """
    ahead, late = (timedelta(days=1), 6 * HOUR) if asked.market == "day-ahead" else (timedelta(), HOUR)
    begin, end = asked.begin - ahead, asked.end - ahead + late
    return [document for document in documents if begin <= document.published_at < end]


def _answer(asked: Wholesale, answers: list[Answer[PowerPrices]], reasons: list[str]) -> Answer[PowerPrices]:
    told = hourly(asked, [answer.value for answer in answers])
    hours = int((asked.end - asked.begin) / HOUR)
    missing = hours - len(told.starts)
    if not told.starts:
        if answers and not any(answer.value.starts for answer in answers):
            expected = "a settlement point of ERCOT, such as HB_WEST"
            raise ValidationError("point: not in the report", field="point", value=asked.point, expected=expected)
        shown = "; ".join(dict.fromkeys(reasons[-SOME_REASONS:])) or "ERCOT lists no document for these days"
        raise SourceError(f"no wholesale prices: {shown}", field="wholesale prices", expected="days of the last month")
    if missing:
        reasons.append(f"{missing} of {hours} hours are missing")
    fetched_at = min(answer.fetched_at for answer in answers)
    live = any(answer.status == "live" for answer in answers)
    why = "; ".join(dict.fromkeys(reasons[-SOME_REASONS:]))
    observed_at = min(told.starts[-1] + HOUR, fetched_at)
    return Answer(told, ercot.NAME, observed_at, fetched_at, "live" if live else "cached", why, ercot.NOTICE)


def hourly(asked: Wholesale, told: Iterable[PowerPrices]) -> PowerPrices:
    """Prices of several documents, the newest last, as hours within the days asked about.

    An hour of quarters is their plain mean, as a steady load pays it, and left out unless all four are known.
    """
    found: dict[datetime, dict[datetime, float]] = {}
    minutes = ercot.MINUTES[asked.market]
    for prices in told:
        for start, usd_per_kwh in zip(prices.starts, prices.usd_per_kwh, strict=True):
            if asked.begin <= start < asked.end:
                found.setdefault(start.replace(minute=0), {})[start] = usd_per_kwh
    whole = {hour: parts for hour, parts in sorted(found.items()) if len(parts) * minutes == 60}
    means = (math.fsum(parts.values()) / len(parts) for parts in whole.values())
    return PowerPrices(asked.point, 60, tuple(whole), tuple(means))
