"""What wears out, breaks and is renewed: machines, battery, inverter. As they stand, nothing is."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from core.sections.quantity import Count, Section, quantity


class Refresh(Section):
    """When machines give way to those then on sale, at the same power; prices and J/TH follow the outlook's hardware."""

    rule: Literal["never", "date", "age", "unprofitable"] = Field(
        "never",
        title="Renew machines",
        description="never; date: in the months named; age: when they are that old; unprofitable: after months in which their power cost more than they mined.",
    )
    dates: tuple[str, ...] = Field(
        (),
        title="Renewal months",
        description="Months as YYYY-MM, for the rule date.",
        json_schema_extra={"unit": ""},
        max_length=40,
        strict=False,
    )
    age_years: float = quantity(4.0, "yr", "Renewal age", "For the rule age.", 0.25, 40)
    losing_months: Count = quantity(
        3, "months", "Losing months", "In a row, for the rule unprofitable: power costs more than coins bring.", 1, 120
    )
    power_usd_per_kwh: float | None = quantity(
        None,
        "USD/kWh",
        "Power price of the test",
        "First year, for the rule unprofitable; empty: the import price, or off the import grid the export price.",
        0,
        10,
    )
    times: Count = quantity(
        40, "", "Renewals", "After that many the rule retires machines, and their power is sold or lost.", 0, 40
    )
    class_ratio: float = quantity(
        1.0,
        "1",
        "Class of the new machines",
        "Their J/TH over that of the newest on sale; above 1 they are cheaper.",
        1,
        5,
    )
    install_days: float = quantity(2.0, "days", "Days to install", "Without hashing in the month of renewal.", 0, 28)

    @field_validator("dates")
    @classmethod
    def _months(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month) for month in value):
            raise ValueError("months as YYYY-MM")
        return value


class Failures(Section):
    """How often machines break, and what it takes to mend them; idle days beside those of uptime."""

    rate_per_year: float = quantity(
        0.0, "1/yr", "Failures", "Per machine and year in service when new; no long record is published.", 0, 20
    )
    growth_per_year: float = quantity(0.0, "1/yr", "Growth of failures", "With each year of a machine's age.", 0, 2)
    repair_days: float = quantity(14.0, "days", "Repair time", "From failure to restart, freight included.", 0, 365)
    repair_usd: float = quantity(150.0, "USD", "Repair cost", "Per failure, first-year money.", 0, 1e6)


class Resale(Section):
    """What machines bring when they are renewed, retired or left at the end, by J/TH and age."""

    realised_frac: float = quantity(
        0.0,
        "1",
        "Resale",
        "Share of the price of their class that day which a sale brings; 0: they are scrapped. Above 0 the salvage value leaves machines out.",
        0,
        1,
    )
    age_decline_frac_per_year: float = quantity(
        0.1, "1/yr", "Wear discount", "Less for each year of age, beside the fall of their class.", 0, 1
    )


class InverterReplacement(Section):
    """New inverters when the old ones have served."""

    every_years: Count = quantity(
        0, "yr", "Inverter life", "Replaced after so many years; 0: never; 15 is usual.", 0, 40
    )
    cost_frac: float = quantity(
        0.08, "1", "Inverter cost", "Share of the array's first cost; grows with inflation.", 0, 1
    )


class BatteryReplacement(Section):
    """What happens when the battery has faded, and how its cycles are counted."""

    rule: Literal["never", "replace", "augment"] = Field(
        "never",
        title="Battery replacement",
        description="never; replace: all cells anew; augment: as much capacity as was lost is added.",
    )
    below_frac: float = quantity(
        0.7, "1", "Replaced below", "Share of the original capacity; the month after it is passed.", 0.01, 1
    )
    cost_frac: float = quantity(
        0.6,
        "1",
        "Replacement cost",
        "Share of the battery's first cost per kWh: cells without housing and inverter.",
        0,
        2,
    )
    price_change_per_year: float = quantity(
        -0.04, "1/yr", "Battery price change", "Nominal, of what a replacement costs.", -0.5, 0.5
    )
    counting: Literal["throughput", "rainflow"] = Field(
        "throughput",
        title="Cycles counted by",
        description="throughput: energy drawn over capacity; rainflow: each cycle by its depth.",
    )
    depth_exponent: float = quantity(
        1.5,
        "1",
        "Depth exponent",
        "For rainflow: wear of a cycle goes with its depth to this power; 1: as throughput.",
        0.5,
        4,
    )
