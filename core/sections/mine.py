"""What turns power into coins: the machines, the connection, the outlook for bitcoin."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from core.sections.coins import Hardware, Payout, Treasury
from core.sections.quantity import Count, Section, quantity
from core.sections.renewal import Failures, Refresh, Resale


class Unit(Section):
    """Machines of one kind: a model of the catalogue, own figures, or both (own figures win)."""

    model: str = Field(
        "", title="Model", description="Name in the equipment catalogue, or a label of your own.", max_length=120
    )
    hashrate_ths: float | None = quantity(None, "TH/s", "Hash rate", "Of one machine when new.", 0.001, 1e5)
    power_w: float | None = quantity(None, "W", "Power", "Of one machine at the wall, cooling apart.", 0.1, 1e6)
    count: Count = quantity(1, "", "Machines", "How many of this kind.", 0, 10_000_000)
    price_usd: float | None = quantity(None, "USD", "Price", "Of one machine, delivered.", 0, 1e7)

    @model_validator(mode="after")
    def _figures_or_model(self) -> Self:
        if (self.hashrate_ths is None or self.power_w is None) and not self.model:
            raise ValueError("hashrate_ths and power_w, or a model of the catalogue")
        return self


class Fleet(Section):
    """The mining machines and how they behave."""

    units: tuple[Unit, ...] = Field(
        (Unit(model="Antminer S21 Pro (234)", hashrate_ths=234.0, power_w=3510.0, count=140, price_usd=1920.0),),
        title="Machines",
        max_length=50,
        strict=False,
    )
    pue: float = quantity(
        1.05, "1", "PUE", "Power usage effectiveness: site draw over machine draw, cooling included.", 1, 3
    )
    uptime_frac: float = quantity(
        0.97,
        "1",
        "Uptime",
        "Share of powered hours in which a machine really hashes; idle machines draw nothing.",
        0,
        1,
    )
    hashrate_degradation_frac_per_year: float = quantity(
        0.01, "1/yr", "Hash rate degradation", "Hash rate lost a year at the same power.", 0, 0.5
    )
    derate_above_c: float = quantity(
        40.0, "°C", "Heat derate above", "Outdoor temperature above which machines clock down.", -20, 100
    )
    derate_frac: float = quantity(
        0.102, "1", "Heat derate", "Share of hash rate and power given up above that temperature.", 0, 1
    )
    shutdown_above_c: float = quantity(
        47.0, "°C", "Heat shutdown above", "Outdoor temperature above which machines stop.", -20, 120
    )
    refresh: Refresh = Refresh()
    failures: Failures = Failures()
    resale: Resale = Resale()

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.shutdown_above_c < self.derate_above_c:
            raise ValueError("shutdown_above_c at or above derate_above_c")
        return self


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
        0.02, "1/yr", "Power price growth", "Yearly growth of both energy prices and the fixed charge.", -0.5, 1
    )


class Outlook(Section):
    """What bitcoin may do. Empty readings are taken from the market."""

    start_month: str = Field("2027-01", title="First month", description="First month of operation, YYYY-MM.")
    price_usd: float | None = quantity(None, "USD", "Bitcoin price", "Today's; empty: the market reading.", 0, 1e9)
    difficulty: float | None = quantity(None, "1", "Difficulty", "Today's; empty: the market reading.", 1, 1e24)
    fees_btc_per_block: float | None = quantity(
        None, "BTC", "Fees per block", "Mean transaction fees; empty: the market reading.", 0, 50
    )
    price_growth_per_year: float = quantity(
        0.12, "1/yr", "Price growth", "Yearly growth of the bitcoin price.", -0.9, 5
    )
    difficulty_growth_per_year: float = quantity(
        0.15,
        "1/yr",
        "Difficulty growth",
        "Yearly growth of difficulty; about 15 % is low, 35 % was usual, 50 % is high.",
        -0.9,
        5,
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

    @field_validator("start_month")
    @classmethod
    def _month(cls, value: str) -> str:
        if not re.fullmatch(r"20(09|[1-9]\d)-(0[1-9]|1[0-2])", value):
            raise ValueError("a month as YYYY-MM, 2009-01 or later")
        return value
