"""The sections of a scenario, as frozen pydantic models.

Each field declares its unit, bounds, label and help once; forms, API schema and documentation read that line.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator


def quantity(
    default: Any, unit: str, label: str, meaning: str, low: float | None = None, high: float | None = None
) -> Any:
    """A field that knows its unit, its words and its bounds."""
    return Field(default, title=label, description=meaning, ge=low, le=high, json_schema_extra={"unit": unit})


def _whole(value: Any) -> Any:
    """12.0 is a whole number, as JSON writers disagree on it; 12.7, "12" and true are not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


Count = Annotated[int, BeforeValidator(_whole)]
Mounting = Literal["fixed", "roof", "one_axis", "one_axis_backtracked", "two_axis"]


class Section(BaseModel):
    """Shared rules: frozen, no unknown fields, no conversions that lose anything, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Site(Section):
    """Where the plant stands."""

    name: str = Field("Greensboro, North Carolina", title="Site name", max_length=120)
    latitude: float = quantity(36.1, "°", "Latitude", "North is positive.", -90, 90)
    longitude: float = quantity(-79.95, "°", "Longitude", "East is positive.", -180, 180)
    elevation_m: float = quantity(273.0, "m", "Elevation", "Height above sea level.", -430, 6000)
    timezone: str = Field(
        "America/New_York", title="Time zone", description="IANA name; local time in charts and tariffs."
    )
    weather: str = Field(
        "auto",
        title="Weather",
        description="auto: the best answer for the place; bundled:NAME: a year that ships with the program; file:DIGEST: an uploaded file.",
        pattern=r"^(auto|bundled:[a-z_]+|file:[0-9a-f]{16})$",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in _zones():
            raise ValueError("an IANA time zone such as America/Chicago")
        return value


class Array(Section):
    """The photovoltaic array and its inverter."""

    dc_kw: float = quantity(
        1000.0, "kW", "Array size (DC)", "Nameplate power of the modules at standard test conditions.", 0, 5e6
    )
    dc_ac_ratio: float = quantity(
        1.2,
        "1",
        "DC to AC ratio",
        "Module power over inverter power; above about 1.3 the inverter clips noons.",
        0.3,
        5,
    )
    mounting: Mounting = Field(
        "fixed",
        title="Mounting",
        description="fixed: open rack in rows; roof: flush with a roof; one_axis: horizontal tracker; one_axis_backtracked: turns back to keep rows out of each other's shade; two_axis.",
    )
    surface_tilt: float = quantity(30.0, "°", "Tilt", "From horizontal; trackers ignore it.", 0, 90)
    surface_azimuth: float = quantity(
        180.0,
        "°",
        "Azimuth",
        "Direction the array faces: 180 is south, 90 east. One-axis: direction of the axis, 180 runs north to south.",
        0,
        360,
    )
    gcr: float = quantity(
        0.4,
        "1",
        "Ground coverage ratio",
        "Module width over row spacing; closer rows shade each other more.",
        0.01,
        0.99,
    )
    rotation_limit: float = quantity(
        45.0, "°", "Tracker rotation limit", "Largest tilt of a one-axis tracker to either side.", 0, 90
    )
    losses_frac: float = quantity(
        0.140757,
        "1",
        "System losses",
        "Soiling, wiring, mismatch, availability and so on, as a share of DC energy.",
        0,
        0.99,
    )
    soiling_frac: tuple[float, ...] = Field(
        (0.0,) * 12,
        title="Soiling by month",
        description="Extra share of light lost to dirt or snow, January first.",
        json_schema_extra={"unit": "1"},
        strict=False,
    )
    inverter_efficiency_frac: float = quantity(0.96, "1", "Inverter efficiency", "Nominal, at rated power.", 0.5, 1)
    module: str = Field(
        "Canadian_Solar_Inc__CS1H_320MS",
        title="Module",
        description="A module of the CEC library; used where no temperature coefficient is given.",
        max_length=120,
    )
    gamma_pdc_per_c: float | None = quantity(
        None,
        "1/°C",
        "Temperature coefficient",
        "Change of DC power per degree, e.g. −0.0035; empty: the module's own curves.",
        -0.02,
        0,
    )
    bifaciality_frac: float = quantity(
        0.0, "1", "Bifaciality", "Efficiency of the rear side over the front; 0 for one-sided modules.", 0, 1
    )
    albedo: float = quantity(0.2, "1", "Albedo", "Share of light the ground reflects; grass 0.2, fresh snow 0.8.", 0, 1)
    horizon: tuple[float, ...] = Field(
        (),
        title="Horizon",
        description="Heights of the far horizon at equal steps from north clockwise; empty: flat.",
        json_schema_extra={"unit": "°"},
        max_length=360,
        strict=False,
    )
    first_year_degradation_frac: float = quantity(
        0.0, "1", "First-year degradation", "Loss of output within the first year (light-induced).", 0, 0.2
    )
    degradation_frac_per_year: float = quantity(
        0.005, "1/yr", "Yearly degradation", "Loss of output each year after the first.", 0, 0.1
    )

    @field_validator("soiling_frac")
    @classmethod
    def _twelve_shares(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) != 12 or not all(0 <= x < 1 for x in value):
            raise ValueError("twelve shares between 0 and 1, January first")
        return value

    @field_validator("horizon")
    @classmethod
    def _heights(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 <= x <= 90 for x in value):
            raise ValueError("heights between 0 and 90 degrees")
        return value


class Battery(Section):
    """Storage on the AC side of the site."""

    energy_kwh: float = quantity(0.0, "kWh", "Battery energy", "Nameplate capacity when new.", 0, 1e8)
    power_kw: float = quantity(0.0, "kW", "Battery power", "Largest charge or discharge, at the AC side.", 0, 1e8)
    round_trip_efficiency_frac: float = quantity(
        0.86,
        "1",
        "Round-trip efficiency",
        "AC energy out over AC energy in; half of the loss falls on each way.",
        0.3,
        1,
    )
    soc_min_frac: float = quantity(0.1, "1", "Lowest state of charge", "Share of capacity never drawn below.", 0, 1)
    soc_max_frac: float = quantity(1.0, "1", "Highest state of charge", "Share of capacity never charged above.", 0, 1)
    calendar_fade_frac_per_year: float = quantity(
        0.01, "1/yr", "Calendar fade", "Capacity lost a year by age alone, as a share of the original.", 0, 0.5
    )
    cycle_fade_frac_per_cycle: float = quantity(
        0.00003, "1", "Cycle fade", "Capacity lost per full cycle, as a share of the original.", 0, 0.01
    )
    health_floor_frac: float = quantity(
        0.6, "1", "Health floor", "Share of the original capacity below which fading stops in the model.", 0.01, 1
    )

    @model_validator(mode="after")
    def _window(self) -> Self:
        if self.soc_min_frac > self.soc_max_frac:
            raise ValueError("soc_min_frac at or below soc_max_frac")
        return self


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
    exchange_fee_frac: float = quantity(
        0.0025,
        "1",
        "Exchange fee",
        "Lost whenever coins are bought or sold on the market; used by buy and hold.",
        0,
        0.2,
    )
    pool_fee_frac: float = quantity(0.02, "1", "Pool fee", "Share of mined coins the pool keeps.", 0, 0.99)

    @field_validator("start_month")
    @classmethod
    def _month(cls, value: str) -> str:
        if not re.fullmatch(r"20(09|[1-9]\d)-(0[1-9]|1[0-2])", value):
            raise ValueError("a month as YYYY-MM, 2009-01 or later")
        return value


class Finance(Section):
    """What it costs and what it must return. Costs are first-year money and grow with inflation."""

    horizon_years: Count = quantity(10, "yr", "Horizon", "Years of operation.", 1, 40)
    discount_rate: float = quantity(0.08, "1/yr", "Discount rate", "Nominal, on equity cash.", -0.5, 1)
    inflation_per_year: float = quantity(0.025, "1/yr", "Inflation", "Yearly growth of running costs.", -0.2, 1)
    array_usd_per_kw: float = quantity(
        950.0, "USD/kW", "Array cost", "Per kW DC, inverter and installation included.", 0, 1e5
    )
    battery_usd_per_kwh: float = quantity(
        280.0, "USD/kWh", "Battery cost", "Per kWh, inverter and installation included.", 0, 1e5
    )
    site_usd_per_kw: float = quantity(
        250.0,
        "USD/kW",
        "Mining site cost",
        "Housing, transformers and cooling per kW of machine draw, PUE included.",
        0,
        1e5,
    )
    interconnection_usd: float = quantity(
        0.0, "USD", "Interconnection cost", "Paid once for the grid connection.", 0, 1e9
    )
    other_usd: float = quantity(25_000.0, "USD", "Other cost", "Land, permits, engineering: paid once.", 0, 1e10)
    contingency_frac: float = quantity(
        0.05, "1", "Contingency", "Added to every item of the first investment but the machines.", 0, 1
    )
    array_usd_per_kw_year: float = quantity(16.0, "USD/kW/yr", "Array upkeep", "Per kW DC and year.", 0, 1e4)
    battery_usd_per_kwh_year: float = quantity(4.0, "USD/kWh/yr", "Battery upkeep", "Per kWh and year.", 0, 1e4)
    fleet_usd_per_kw_year: float = quantity(
        25.0, "USD/kW/yr", "Mining upkeep", "Staff, repairs and network per kW of machine draw and year.", 0, 1e4
    )
    fixed_usd_per_year: float = quantity(
        10_000.0, "USD/yr", "Fixed cost", "Insurance, lease and everything else each year.", 0, 1e9
    )
    variable_usd_per_kwh: float = quantity(
        0.0, "USD/kWh", "Variable mining cost", "Per kWh of machine draw; weighed in every hour's decision.", 0, 10
    )
    salvage_frac: float = quantity(
        0.0, "1", "Salvage value", "Share of the first investment recovered at the end.", 0, 1
    )


class Risk(Section):
    """How a risk analysis is run."""

    paths: Count = quantity(10_000, "paths", "Paths", "Simulated lives of the mine.", 100, 1_000_000)
    seed: Count = quantity(1, "", "Seed", "The same seed gives the same paths.", 0, 2**31 - 1)
