"""The place and what makes and keeps its power: site, array, battery."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from core.sections.quantity import Section, quantity, zones
from core.sections.renewal import BatteryReplacement, InverterReplacement

FILE = "file:"  # opens the name of a weather year that was uploaded; its digest follows
Mounting = Literal["fixed", "roof", "one_axis", "one_axis_backtracked", "two_axis"]


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
        if value not in zones():
            raise ValueError("an IANA time zone such as America/Chicago")
        return value

    @property
    def uploaded(self) -> str | None:
        """The digest of the weather file that was uploaded for it, None where there is none."""
        return self.weather.removeprefix(FILE) if self.weather.startswith(FILE) else None


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
    inverter_replacement: InverterReplacement = InverterReplacement()

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
    wear_usd_per_kwh: float | None = quantity(
        None,
        "USD/kWh",
        "Price of wear",
        "Of a kWh discharged, in dispatch: it must earn more; empty: what its fade brings new cells nearer, where they are bought.",
        0,
        10,
    )
    grid_charging: bool = Field(
        False,
        title="Charges from the grid",
        description="Where dispatch is planned ahead, the battery may also be charged with power that is bought; the rule charges from the sun alone.",
    )
    replacement: BatteryReplacement = BatteryReplacement()

    @model_validator(mode="after")
    def _window(self) -> Self:
        if self.soc_min_frac > self.soc_max_frac:
            raise ValueError("soc_min_frac at or below soc_max_frac")
        if self.replacement.rule != "never" and self.replacement.below_frac <= self.health_floor_frac:
            raise ValueError("replacement.below_frac above health_floor_frac, below which nothing fades")
        return self
