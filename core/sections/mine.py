"""What joins the plant to the world: the connection and the outlook for bitcoin."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from core.sections.coins import Hardware, Payout, Treasury
from core.sections.quantity import Section, listed, quantity
from core.sections.tariff import DemandResponse, Outages, Tariff
from core.units import HOURS


def _by_hour(label: str, meaning: str) -> Any:
    """Empty, or a value for each hour of the UTC year."""
    told = f"{meaning} Hours of the UTC year from January 1, as weather has them, first year; empty: none."
    return Field((), title=label, description=told, json_schema_extra={"unit": "USD/kWh"}, strict=False)


class Grid(Section):
    """The connection and what energy costs and earns there. Both limits 0: off-grid."""

    import_limit_kw: float = quantity(500.0, "kW", "Import limit", "Largest draw from the grid; 0: none.", 0, 1e8)
    export_limit_kw: float = quantity(500.0, "kW", "Export limit", "Largest feed into the grid; 0: none.", 0, 1e8)
    import_usd_per_kwh: float = quantity(
        0.055, "USD/kWh", "Import price", "All-in price of a kWh bought, first year.", 0, 10
    )
    export_usd_per_kwh: float = quantity(
        0.03, "USD/kWh", "Export price", "Income per kWh sold, first year; may be negative.", -1, 10
    )
    fixed_usd_per_month: float = quantity(
        0.0, "USD/month", "Fixed charge", "Owed each month whatever is drawn, first year.", 0, 1e7
    )
    price_growth_per_year: float = quantity(
        0.02, "1/yr", "Power price growth", "Yearly growth of all prices and charges of the grid.", -0.5, 1
    )
    import_hourly_usd_per_kwh: tuple[float, ...] = _by_hour(
        "Import price by hour", "Instead of the import price; on top of the tariff's periods, where it has any."
    )
    export_hourly_usd_per_kwh: tuple[float, ...] = _by_hour("Export price by hour", "Instead of the export price.")
    tariff: Tariff = Tariff()
    outages: Outages = Outages()
    demand_response: DemandResponse = DemandResponse()

    @field_validator("import_hourly_usd_per_kwh", "export_hourly_usd_per_kwh")
    @classmethod
    def _whole_year(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) not in (0, HOURS):
            raise ValueError(f"{HOURS} hours, or none")
        if value and not -10 <= min(value) <= max(value) <= 100:
            raise ValueError("prices from -10 to 100 USD/kWh")
        return value

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.tariff.settlement.rule == "net_metering" and self.import_hourly_usd_per_kwh:
            raise ValueError("no import price by the hour under net_metering, which counts kWh and not their worth")
        return self


class Outlook(Section):
    """What bitcoin may do. Empty readings are taken from the market."""

    start_month: str = Field("2027-01", title="First month", description="First month of operation, YYYY-MM.")
    price_usd: float | None = quantity(None, "USD", "Bitcoin price", "Today's; empty: the market reading.", 0, 1e9)
    difficulty: float | None = quantity(None, "1", "Difficulty", "Today's; empty: the market reading.", 1, 1e24)
    fees_btc_per_block: float | None = quantity(
        None, "BTC", "Fees per block", "Mean transaction fees; empty: the market reading.", 0, 50
    )
    price_path: Literal["grows", "power_law", "own"] = Field(
        "grows",
        title="Price path",
        description="grows: at the price growth; power_law: with the days since January 2009 to a power; own: by the planner's own prices, year by year. The plan, and the middle of what chance makes of it.",
    )
    price_growth_per_year: float = quantity(
        0.12, "1/yr", "Price growth", "Yearly growth of the bitcoin price.", -0.9, 5
    )
    power_law_exponent: float = quantity(
        5.8,
        "1",
        "Power of the days",
        "For power_law: Burger fitted 5.8 to 2010–2019; no law of nature, but growth that slows by itself.",
        0,
        10,
    )
    own_price_usd: tuple[float, ...] = listed(
        "USD",
        "Own prices",
        "For own: at the end of each year of operation; the last stays. Between them growth is even.",
        40,
    )
    difficulty_growth_per_year: float = quantity(
        0.15,
        "1/yr",
        "Difficulty growth",
        "Yearly growth of difficulty; about 15 % is low, 35 % was usual, 50 % is high.",
        -0.9,
        5,
    )
    difficulty_path: Literal["grows", "responds"] = Field(
        "grows",
        title="Difficulty path",
        description="grows: at the difficulty growth; responds: miners come while mining pays and go where it does not, by the price, the halvings and the machines on sale.",
    )
    network_j_per_th: float = quantity(
        20.0,
        "J/TH",
        "Network's mean machine",
        "Where difficulty responds: today's; 28 in mid-2024 (Cambridge). It follows the machines on sale.",
        0.1,
        1000,
    )
    network_usd_per_kwh: float = quantity(
        0.05, "USD/kWh", "Network's power", "Where difficulty responds: what a mean miner pays.", 0.001, 10
    )
    growth_fade_years: float = quantity(
        0.0, "yr", "Growth fades over", "Years in which both growth rates fall to 37 %; 0: they never fade.", 0, 100
    )
    grows_from: Literal["first_month", "reading"] = Field(
        "first_month",
        title="Growth starts",
        description="first_month: today's price and difficulty hold until operation begins; reading: they grow from the day they were read, while the plant is built.",
    )
    exchange_fee_frac: float = quantity(
        0.0025,
        "1",
        "Exchange fee",
        "Lost whenever coins are bought or sold on the market; used by buy and hold.",
        0,
        0.2,
    )
    pool_fee_frac: float = quantity(0.02, "1", "Pool fee", "Share of mined coins the pool keeps.", 0, 0.99)
    payout: Payout = Payout()
    treasury: Treasury = Treasury()
    hardware: Hardware = Hardware()

    @field_validator("own_price_usd")
    @classmethod
    def _prices(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0.0 < price <= 1e9 for price in value):
            raise ValueError("prices above 0 and up to 1e9")
        return value

    @field_validator("start_month")
    @classmethod
    def _month(cls, value: str) -> str:
        if not re.fullmatch(r"20(09|[1-9]\d)-(0[1-9]|1[0-2])", value):
            raise ValueError("a month as YYYY-MM, 2009-01 or later")
        return value
