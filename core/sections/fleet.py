"""The mining machines: their kinds and modes, their cooling, how they are switched, renewed, repaired and sold."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from core.sections.quantity import Count, Section, quantity
from core.sections.renewal import Failures, Refresh, Resale


class Mode(Section):
    """A setting in which a machine runs beside its nominal one: as measured, or as its firmware offers it."""

    hashrate_ths: float = quantity(200.0, "TH/s", "Hash rate", "Of one machine in this mode.", 0.001, 1e5)
    power_w: float = quantity(2800.0, "W", "Power", "Of one machine in this mode, at the wall.", 0.1, 1e6)


class Unit(Section):
    """Machines of one kind: a model of the catalogue, own figures, or both (own figures win)."""

    model: str = Field(
        "", title="Model", description="Name in the equipment catalogue, or a label of your own.", max_length=120
    )
    hashrate_ths: float | None = quantity(None, "TH/s", "Hash rate", "Of one machine when new.", 0.001, 1e5)
    power_w: float | None = quantity(None, "W", "Power", "Of one machine at the wall, cooling apart.", 0.1, 1e6)
    count: Count = quantity(1, "", "Machines", "How many of this kind.", 0, 10_000_000)
    price_usd: float | None = quantity(None, "USD", "Price", "Of one machine, delivered.", 0, 1e7)
    modes: tuple[Mode, ...] = Field(
        (),
        title="Power modes",
        description="Other settings of the machine. Each hour the fleet is loaded where a kilowatt hashes most.",
        max_length=12,
        json_schema_extra={"unit": ""},
        strict=False,
    )

    @model_validator(mode="after")
    def _figures_or_model(self) -> Self:
        if (self.hashrate_ths is None or self.power_w is None) and not self.model:
            raise ValueError("hashrate_ths and power_w, or a model of the catalogue")
        return self


class Cooling(Section):
    """What carries the heat away, and what it costs in a hot hour."""

    kind: Literal["air", "liquid"] = Field(
        "air",
        title="Cooling",
        description="air: machines breathe outdoor air, which cools less the thinner it is; liquid: hydro or immersion with a dry cooler, whose coolant is warmer than the air.",
    )
    approach_c: float = quantity(
        8.0, "°C", "Coolant above air", "How much warmer the coolant reaches the machines than outdoor air.", 0, 60
    )
    thin_air_above_m: float = quantity(
        900.0, "m", "Thin air above", "Elevation from which the heat limits of air cooling fall.", 0, 6000
    )
    thin_air_c_per_km: float = quantity(
        3.33,
        "°C/km",
        "Heat limits fall by",
        "For each kilometre above that elevation; data sheets of air-cooled machines say 1 °C for 300 m.",
        0,
        30,
    )
    pue_rise_per_c: float = quantity(
        0.0, "1/°C", "PUE rise", "Rise of the PUE for each degree of outdoor air above the next figure.", 0, 0.2
    )
    pue_rises_above_c: float = quantity(
        25.0, "°C", "PUE rises above", "Outdoor temperature from which fans, pumps and chillers work harder.", -40, 60
    )


class Control(Section):
    """How machines are switched with the sun."""

    whole_machines: bool = Field(
        False,
        title="Whole machines only",
        description="A machine runs a whole hour or not at all; without it the mean of an hour may be any part of the fleet.",
    )
    boards: Count = quantity(
        1, "", "Hash boards switched", "Parts of a machine that can be switched apart; used for whole machines.", 1, 16
    )
    restart_minutes: float = quantity(
        0.0,
        "min",
        "Restart loss",
        "Minutes a machine draws its power without hashing each time it is started: boot, tuning, ramp.",
        0,
        60,
    )


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
        40.0, "°C", "Heat derate above", "Temperature of what cools the machines above which they clock down.", -20, 100
    )
    derate_frac: float = quantity(
        0.102, "1", "Heat derate", "Share of hash rate and power given up above that temperature.", 0, 1
    )
    shutdown_above_c: float = quantity(
        47.0, "°C", "Heat shutdown above", "Temperature of what cools the machines above which they stop.", -20, 120
    )
    cooling: Cooling = Cooling()
    control: Control = Control()
    refresh: Refresh = Refresh()
    failures: Failures = Failures()
    resale: Resale = Resale()

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.shutdown_above_c < self.derate_above_c:
            raise ValueError("shutdown_above_c at or above derate_above_c")
        return self
