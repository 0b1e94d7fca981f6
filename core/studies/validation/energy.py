"""Cases of sun and energy: V32, V35, V36, V37, V46, V47."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.models import running, solar
from core.models.solar import Sky
from core.results import Projection
from core.scenario import Scenario
from core.sections import Array, Fleet
from core.studies.projection import project
from core.studies.validation.case import Case, Ground

SUN, SITE = "Sun", "Where energy goes"
LOSSES = (0.02, 0.03, 0.02, 0.02, 0.005, 0.015, 0.01, 0.0, 0.03)
PHOENIX_FILE = "SAM's weather file USA AZ Phoenix (TMY2): upload it as the weather of the plan, and run the cases again"
PHOENIX_KWH = 7043.197
SSC = "NREL/ssc, test of PVWatts v8 (2025)"
WITH_BATTERY = {"battery.energy_kwh": 1500.0, "battery.power_kw": 500.0, "finance.horizon_years": 2}
NO_IMPORT = {**WITH_BATTERY, "grid.import_usd_per_kwh": 5.0}
ANY_RUN = "Must hold in any run; tried on the example with a battery"
BALANCE_KW = 1e-6  # of a thousand: 1e-9


def cases() -> tuple[Case, ...]:
    return (*_sun(), *_invariants())


def _needs_phoenix(ground: Ground) -> str:
    return "" if ground.phoenix else PHOENIX_FILE


def _fixed_kwh(sky: Sky, dc_kw: float) -> float:
    return float(solar.ac_kw(Array(mounting="fixed", surface_tilt=20.0, dc_kw=dc_kw), sky).sum())


def _phoenix_kwh(ground: Ground) -> float:
    assert ground.phoenix is not None  # asked before by `needs`
    weather = ground.phoenix
    return float(ground.once("phoenix", lambda: _fixed_kwh(solar.sky(weather), 4.0)))


def _sun() -> tuple[Case, ...]:
    return (
        Case("V32", SUN, "Year of 4 kW at 20° in Phoenix", "kWh", PHOENIX_KWH, 0.002, "relative", SSC, _phoenix_kwh, _needs_phoenix),
        Case("V32", SUN, "Specific yield there", "kWh/kW", 1760.799, 0.002, "relative", SSC, lambda ground: _phoenix_kwh(ground) / 4.0, _needs_phoenix),
        Case("V35", SUN, "Year of 1 MW at 20° in Greensboro", "kWh", 1_351_136.0, 0.005, "relative", "PySAM 7.1.1 on the year that pvlib ships", lambda ground: _fixed_kwh(solar.sky(ground.greensboro), 1000.0)),
        Case("V36", SUN, "Losses of 2, 3, 2, 2, 0.5, 1.5, 1, 0 and 3 % together", "%", 14.0757, 1e-4, "absolute", "PVWatts, default losses", lambda ground: 100.0 * solar.combined_losses_frac(LOSSES)),
        Case("V37", SUN, "The year of Phoenix by PVWatts v7", "kWh", 6_999.02, 0.02, "relative", "NREL/ssc, comments: versions differ by 2 %", _phoenix_kwh, _needs_phoenix),
        Case("V37", SUN, "The year of Phoenix by PVWatts v5", "kWh", 6_909.79, 0.02, "relative", "NREL/ssc, comments: versions differ by 2 %", _phoenix_kwh, _needs_phoenix),
    )  # fmt: skip


def _plan(ground: Ground, name: str = "battery") -> Projection:
    changes = {"battery": WITH_BATTERY, "no import": NO_IMPORT}[name]
    made: Projection = ground.once(name, lambda: project(Scenario().but(changes), ground.greensboro, ground.market))
    return made


def _unbalanced_hours(ground: Ground) -> float:
    h = _plan(ground).hourly
    source = h["pv_kw"] + h["import_kw"] + h["discharge_kw"]
    use = h["mining_kw"] + h["export_kw"] + h["charge_kw"] + h["curtailed_kw"]
    return float(((source - use).abs() > BALANCE_KW).sum())


def _charge_outside_hours(ground: Ground) -> float:
    kwh = _plan(ground).hourly["soc_kwh"]
    return float(((kwh < -BALANCE_KW) | (kwh > WITH_BATTERY["battery.energy_kwh"] + BALANCE_KW)).sum())


def _both_ways_hours(ground: Ground) -> float:
    h = _plan(ground).hourly
    return float(((h["charge_kw"] > BALANCE_KW) & (h["discharge_kw"] > BALANCE_KW)).sum())


def _above_fleet_hours(ground: Ground) -> float:
    found = _plan(ground)
    return float(
        (found.hourly["mining_kw"] > found.monthly["machines_kw"].max() * found.scenario.fleet.pue + BALANCE_KW).sum()
    )


def _imported_hours(ground: Ground) -> float:
    return float((_plan(ground, "no import").hourly["import_kw"] > BALANCE_KW).sum())


def _left_at(temp_c: float) -> float:
    """Share of hash rate that the defaults of a fleet leave at an air temperature."""
    fleet = Fleet()
    return float(
        running.ambient_derate_frac(
            np.array([temp_c]), fleet.derate_above_c, fleet.derate_frac, fleet.shutdown_above_c
        )[0]
    )


def _invariants() -> tuple[Case, ...]:
    def none(quantity: str, ours: Callable[[Ground], float]) -> Case:
        return Case("V46", SITE, quantity, "hours", 0.0, 0.0, "exact", ANY_RUN, ours)

    return (
        none("Hours whose energy does not balance", _unbalanced_hours),
        none("Hours with the battery's charge out of bounds", _charge_outside_hours),
        none("Hours that charge and discharge at once", _both_ways_hours),
        none("Hours in which miners draw more than the fleet can", _above_fleet_hours),
        none("Hours of import where it costs more than it mines", _imported_hours),
        Case("V47", SITE, "Hash rate of an S21 left at 43 °C", "1", 440.0 / 490.0, 0.002, "absolute", "Hackernoon, test of an S21: 490 to 440 MHz above 40 °C", lambda ground: _left_at(43.0)),
        Case("V47", SITE, "Hash rate of an S21 left at 48 °C", "1", 0.0, 0.0, "exact", "The same test: it shuts down above 47 °C", lambda ground: _left_at(48.0)),
    )  # fmt: skip
