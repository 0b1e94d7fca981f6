"""What a utility charges and pays, and when the grid fails or calls. As it stands: the flat prices of the grid section.

Months are those of the calendar, January 1; hours are those of the local clock, 0 the one after midnight. A schedule
says which period holds in each of 12 months × 24 hours; saturdays and sundays are the weekend, and holidays are not known.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from core.sections.quantity import Count, Section, listed, quantity

MONTHS, DAY = 12, 24
MOST_PERIODS, MOST_TIERS = 40, 20
Row = Annotated[tuple[Count, ...], Field(strict=False)]
Schedule = tuple[Row, ...]  # () or 12 rows of 24 numbers of periods, from 0
KwhUnit = Literal["kwh", "kwh_per_day", "kwh_per_kw", "kwh_per_kw_day"]


def months_field(label: str, meaning: str) -> Any:
    """Months of the calendar."""
    return listed("", label, f"{meaning} January is 1; empty: all.", MONTHS)


def check_months(value: tuple[int, ...]) -> tuple[int, ...]:
    """Each month of the calendar at most once."""
    if not all(1 <= month <= MONTHS for month in value) or len(set(value)) != len(value):
        raise ValueError("months from 1 to 12, each once")
    return value


def check_schedule(value: Schedule) -> Schedule:
    """Empty, or whole."""
    if value and (len(value) != MONTHS or any(len(row) != DAY for row in value)):
        raise ValueError("12 months of 24 hours, or none")
    return value


def check_periods(periods: int, *schedules: Schedule) -> None:
    """Each number names a period."""
    highest = max((cell for schedule in schedules for row in schedule for cell in row), default=0)
    lowest = min((cell for schedule in schedules for row in schedule for cell in row), default=0)
    if lowest < 0 or highest >= max(periods, 1):
        raise ValueError(f"periods of the schedule from 0 to {max(periods, 1) - 1}")


def check_hours(from_hour: int, to_hour: int) -> None:
    if from_hour >= to_hour:
        raise ValueError("to_hour above from_hour")


class EnergyTier(Section):
    """What a kWh costs up to an amount of energy in the month."""

    usd_per_kwh: float = quantity(0.05, "USD/kWh", "Price", "Adjustments included, first year.", -1, 10)
    up_to: float | None = quantity(None, "", "Up to", "Where the tier ends; empty: it does not.", 0, 1e12)
    unit: KwhUnit = Field(
        "kwh",
        title="Counted in",
        description="kwh: energy of the month; kwh_per_day: times the days of the month; kwh_per_kw: times the month's peak import; kwh_per_kw_day: times both.",
    )


class EnergyPeriod(Section):
    """Prices of the hours of one period. Tiers count the energy of the whole month, of which a period has its share."""

    tiers: tuple[EnergyTier, ...] = Field(
        (EnergyTier(),), title="Tiers", min_length=1, max_length=MOST_TIERS, strict=False
    )
    sell_usd_per_kwh: float | None = quantity(
        None, "USD/kWh", "Feed-in price", "Per kWh fed in; empty: the grid's export price.", -1, 10
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        *inner, last = self.tiers
        if last.up_to is not None or any(tier.up_to is None for tier in inner):
            raise ValueError("up_to empty in the last tier and in no other")
        for low, high in pairwise(inner):
            if low.unit == high.unit and not (low.up_to or 0.0) < (high.up_to or 0.0):
                raise ValueError("tiers that ascend")
        return self


class EnergyCharge(Section):
    """Prices of energy by period. Without periods the grid's import price holds, or its price by the hour.

    Where both are given, a price by the hour comes on top of the periods: supply and delivery.
    """

    periods: tuple[EnergyPeriod, ...] = listed("", "Periods", "With their tiers; empty: none.", MOST_PERIODS)
    weekday: Schedule = listed("", "Weekdays", "Period by month and hour; empty: the first.", MONTHS)
    weekend: Schedule = listed("", "Weekends", "Period by month and hour; empty: as on weekdays.", MONTHS)
    adjustment_usd_per_kwh: tuple[float, ...] = listed(
        "USD/kWh", "Adjustment by month", "Added to each kWh bought, such as fuel; January first; empty: none.", MONTHS
    )

    _shape = field_validator("weekday", "weekend")(check_schedule)

    @field_validator("adjustment_usd_per_kwh")
    @classmethod
    def _twelve(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) not in (0, MONTHS) or not all(-1 <= usd <= 10 for usd in value):
            raise ValueError("twelve prices from -1 to 10, or none")
        return value

    @model_validator(mode="after")
    def _known_periods(self) -> Self:
        check_periods(len(self.periods), self.weekday, self.weekend)
        return self


class DemandTier(Section):
    """What a kW of a month's peak costs, block by block."""

    usd_per_kw: float = quantity(10.0, "USD/kW", "Price", "Per kW and month, adjustments included.", -1000, 1000)
    up_to_kw: float | None = quantity(None, "kW", "Up to", "Where the block ends; empty: it does not.", 0, 1e9)


class DemandPeriod(Section):
    """Prices of the highest hourly mean of a month within a period."""

    tiers: tuple[DemandTier, ...] = Field(
        (DemandTier(),), title="Tiers", min_length=1, max_length=MOST_TIERS, strict=False
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        *inner, last = self.tiers
        if last.up_to_kw is not None or any(tier.up_to_kw is None for tier in inner):
            raise ValueError("up_to_kw empty in the last tier and in no other")
        if any(not (low.up_to_kw or 0.0) < (high.up_to_kw or 0.0) for low, high in pairwise(inner)):
            raise ValueError("tiers that ascend")
        return self


class FlatDemand(Section):
    """The price of a month's highest import at any hour."""

    periods: tuple[DemandPeriod, ...] = listed("", "Seasons", "Prices; empty: no such charge.", MOST_PERIODS)
    months: Row = listed(
        "", "Season by month", "Number of its season, from 0, January first; empty: the first.", MONTHS
    )

    @model_validator(mode="after")
    def _known_periods(self) -> Self:
        if len(self.months) not in (0, MONTHS):
            raise ValueError("months: twelve numbers, or none")
        check_periods(len(self.periods), (self.months,))
        return self


class TimedDemand(Section):
    """The price of a month's highest import within the hours of each period."""

    periods: tuple[DemandPeriod, ...] = listed("", "Periods", "Prices; empty: no such charge.", MOST_PERIODS)
    weekday: Schedule = listed("", "Weekdays", "Period by month and hour; empty: the first.", MONTHS)
    weekend: Schedule = listed("", "Weekends", "Period by month and hour; empty: as on weekdays.", MONTHS)

    _shape = field_validator("weekday", "weekend")(check_schedule)

    @model_validator(mode="after")
    def _known_periods(self) -> Self:
        check_periods(len(self.periods), self.weekday, self.weekend)
        return self


class CoincidentDemand(Section):
    """The price of what is drawn while the grid has its peak: the hottest weekday hour of a month, or hours by list.

    Nobody knows that hour before the month is over: a careful mine stands off in some of the hottest.
    """

    usd_per_kw: float = quantity(
        0.0, "USD/kW", "Price", "Per kW drawn in each such hour; four hours at 15 are 60 a year.", 0, 1000
    )
    months: Row = months_field("Months with a peak", "One hour each.")
    from_hour: Count = quantity(14, "h", "Peak from", "First local hour that may hold the peak.", 0, 23)
    to_hour: Count = quantity(18, "h", "Peak until", "Local hour by which it is over.", 1, 24)
    hours: Row = listed(
        "h", "Hours by list", "Instead of months: hours of the UTC year, 0 to 8759, as weather has them.", 1000
    )
    stand_off_hours: Count = quantity(
        0,
        "h",
        "Hours stood off",
        "In each month with a peak: the hottest, in which nothing is drawn to miss it.",
        0,
        744,
    )

    _known = field_validator("months")(check_months)

    @model_validator(mode="after")
    def _order(self) -> Self:
        check_hours(self.from_hour, self.to_hour)
        if not all(0 <= hour < 8760 for hour in self.hours) or len(set(self.hours)) != len(self.hours):
            raise ValueError("hours from 0 to 8759, each once")
        return self


class Ratchet(Section):
    """Demand that is billed at least: a share of the highest peak of the months before, or a fixed number of kW."""

    shares_frac: tuple[float, ...] = listed(
        "1", "Ratchet", "Share of the highest peak looked back on: one, or twelve, January first; empty: none.", MONTHS
    )
    look_back_months: Count = quantity(11, "months", "Looks back", "How many months before, besides its own.", 1, 12)
    peak_months: Row = months_field("Months looked at", "Whose peaks count.")
    on: Literal["flat", "timed", "both"] = Field(
        "flat",
        title="Ratchet on",
        description="flat: the month's peak at any hour; timed: each period's peak against its own; both.",
    )
    least_kw: float = quantity(0.0, "kW", "Least billed demand", "Of the charges named.", 0, 1e9)

    _known = field_validator("peak_months")(check_months)

    @field_validator("shares_frac")
    @classmethod
    def _shares(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) not in (0, 1, MONTHS) or not all(0 <= share <= 1 for share in value):
            raise ValueError("one share from 0 to 1, twelve, or none")
        return value


class Settlement(Section):
    """How energy that is fed in is paid. Accounts are settled at the end of each year of operation."""

    rule: Literal["sold", "feed_in", "net_metering", "net_billing"] = Field(
        "sold",
        title="Export is",
        description="sold: at the grid's export price; feed_in: at the period's; net_metering: kWh against kWh of the same period, the rest carried over; net_billing: at the period's price, off the bill, the rest carried over.",
    )
    true_up_usd_per_kwh: float = quantity(
        0.03, "USD/kWh", "Paid at true-up", "For net_metering: per kWh left over at the end of a year.", 0, 10
    )
    credit_paid_frac: float = quantity(
        0.0, "1", "Credit paid out", "For net_billing: share of the money left over at the end of a year.", 0, 1
    )


class Tariff(Section):
    """All charges of a connection but those of the grid section, whose fixed charge comes on top."""

    name: str = Field("", title="Tariff", description="Utility and name, as a label.", max_length=200)
    source: str = Field("", title="Tariff source", description="Where the figures are from.", max_length=400)
    energy: EnergyCharge = EnergyCharge()
    flat_demand: FlatDemand = FlatDemand()
    timed_demand: TimedDemand = TimedDemand()
    coincident: CoincidentDemand = CoincidentDemand()
    ratchet: Ratchet = Ratchet()
    settlement: Settlement = Settlement()
    fixed_usd_per_month: float = quantity(0.0, "USD/month", "Customer charge", "Owed each month.", 0, 1e7)
    fixed_usd_per_day: float = quantity(0.0, "USD/day", "Customer charge by day", "Owed each day.", 0, 1e6)
    minimum_usd_per_month: float = quantity(
        0.0, "USD/month", "Minimum bill", "Least sum of all charges in a month.", 0, 1e7
    )
    minimum_usd_per_year: float = quantity(
        0.0, "USD/yr", "Minimum of a year", "Least sum of all charges in a year of operation.", 0, 1e8
    )


class Outages(Section):
    """When the connection is dead: events spread evenly over the year, at hours of the day that vary."""

    events_per_year: Count = quantity(
        0, "1/yr", "Outages", "Events a year; nothing is bought or sold in them.", 0, 1000
    )
    hours_each: Count = quantity(4, "h", "Hours each", "How long one lasts.", 1, 2000)

    @model_validator(mode="after")
    def _within_a_year(self) -> Self:
        if self.events_per_year * self.hours_each > 8760:
            raise ValueError("events_per_year times hours_each at most 8760 hours")
        return self


class DemandResponse(Section):
    """Load that the grid may call off: paid for standing by, and for each call."""

    committed_kw: float = quantity(0.0, "kW", "Committed", "Load that is given up when called; 0: none.", 0, 1e8)
    firm_kw: float = quantity(0.0, "kW", "Firm import", "What may still be drawn from the grid when called.", 0, 1e8)
    usd_per_kw_month: float = quantity(
        3.0, "USD/kW", "Standby payment", "Per kW committed, in each of the months below.", 0, 1000
    )
    usd_per_kwh: float = quantity(0.1, "USD/kWh", "Call payment", "Per kWh given up when called.", 0, 100)
    hours_per_year: Count = quantity(
        40, "h/yr", "Hours called", "Spread evenly over the weekdays of the months.", 0, 8760
    )
    months: Row = months_field("Months", "In which it may be called.")
    from_hour: Count = quantity(14, "h", "Called from", "First local hour that may be called.", 0, 23)
    to_hour: Count = quantity(20, "h", "Called until", "Local hour by which calls are over.", 1, 24)

    _known = field_validator("months")(check_months)

    @model_validator(mode="after")
    def _order(self) -> Self:
        check_hours(self.from_hour, self.to_hour)
        most = 20 * (len(self.months) or MONTHS) * (self.to_hour - self.from_hour)  # no month has fewer weekdays
        if self.committed_kw and self.hours_per_year > most:
            raise ValueError(f"hours_per_year at most {most}, which the weekdays of the months have for certain")
        return self
