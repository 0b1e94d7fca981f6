"""Every hour of every year: sun, dispatch and ageing. What the machines earn decides, what they earn is not counted here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.inputs import HOURS, Weather
from core.models import ageing, solar
from core.models.dispatch import FLOWS, Hours, Storage, dispatch
from core.models.network import growth_factor
from core.scenario import Scenario
from core.sections import Array, Battery
from core.studies.calendar import Calendar, calendar
from core.studies.fleet import available_fleet_kw

Floats = NDArray[np.float64]
ARRAYS_KEPT = 8


@dataclass(frozen=True, eq=False)
class Energy:
    """Hourly flows of the first year and monthly sums of every year.

    `first_year` (8, 8760) [kW; kWh for soc]: solar, then `dispatch.FLOWS`. `monthly_kwh`: name → (years, 12).
    `clipped_kwh` (years,); panel and hash rate health (years,) [1]; battery health (years + 1,) at the start of each
    year and the end of the last [1]; `cycles` (years,) full equivalent.
    """

    calendar: Calendar
    first_year: Floats
    monthly_kwh: dict[str, Floats]
    clipped_kwh: Floats
    poa_kwh_per_m2: float
    panel_health_frac: Floats
    battery_health_frac: Floats
    hashrate_health_frac: Floats
    cycles: Floats
    fleet_kwh_possible: float


def energy(scenario: Scenario, weather: Weather, mine_usd_per_kwh: Floats, *, compiled: bool = True) -> Energy:
    """Run the site through the horizon, year after year, as cycle fade follows last year's use.

    mine_usd_per_kwh (years, 12): worth of a kWh of site draw in each month of operation. Returns `Energy`.
    """
    years = scenario.finance.horizon_years
    when = calendar(scenario.site.timezone, scenario.outlook.start_month)
    sun = sunshine(scenario.array, weather, years)
    pv_kw = np.take(sun.ac_kw, when.order, axis=-1)  # C order, as the kernel wants it
    fleet_kw = available_fleet_kw(scenario.fleet, weather)[when.order]
    flows, health, cycles = _years(scenario, pv_kw, fleet_kw, mine_usd_per_kwh, when, compiled)
    monthly = {_energy_name(name): when.by_month(flows[:, i]) for i, name in enumerate(FLOWS) if name != "soc_kwh"}
    return Energy(
        calendar=when,
        first_year=np.concatenate([pv_kw[:1], flows[0]]),
        monthly_kwh={"pv_kwh": when.by_month(pv_kw), **monthly},
        clipped_kwh=sun.clipped_kwh,
        poa_kwh_per_m2=sun.poa_kwh_per_m2,
        panel_health_frac=_panel_health(scenario.array, years),
        battery_health_frac=health,
        hashrate_health_frac=ageing.hashrate_health_frac(years, scenario.fleet.hashrate_degradation_frac_per_year),
        cycles=cycles,
        fleet_kwh_possible=float(fleet_kw.sum()),
    )


def _energy_name(flow: str) -> str:
    return {"mining_kw": "mined_kwh"}.get(flow, flow.removesuffix("_kw") + "_kwh")


@dataclass(frozen=True, eq=False)
class Sunshine:
    """What the array gives in each year: AC (years, 8760) [kW], clipped (years,) [kWh], light on its plane."""

    ac_kw: Floats
    clipped_kwh: Floats
    poa_kwh_per_m2: float


def sky(weather: Weather) -> solar.Sky:
    """Sun and sky of a place, kept with its weather year."""
    if "sky" not in weather.kept:
        weather.kept["sky"] = solar.sky(weather)
    above: solar.Sky = weather.kept["sky"]
    return above


def sunshine(array: Array, weather: Weather, years: int) -> Sunshine:
    """The array over the years, kept with the weather year, as most of what a planner changes leaves the sun alone."""
    kept: dict[Any, Sunshine] = weather.kept.setdefault("sunshine", {})
    key = (array, years)
    if key not in kept:
        while len(kept) >= ARRAYS_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[key] = _sunshine(array, sky(weather), years)
    return kept[key]


def _sunshine(array: Array, above: solar.Sky, years: int) -> Sunshine:
    ac_kw, clipped_kw = solar.inverter_kw(
        array, np.multiply.outer(_panel_health(array, years), solar.dc_kw(array, above))
    )
    poa_kwh_per_m2 = float(solar.poa_global(array, above).sum()) / 1000.0
    return Sunshine(ac_kw, clipped_kw.sum(axis=-1), poa_kwh_per_m2)


def _panel_health(array: Array, years: int) -> Floats:
    return ageing.panel_health_frac(years, array.first_year_degradation_frac, array.degradation_frac_per_year)


def _years(
    scenario: Scenario, pv_kw: Floats, fleet_kw: Floats, mine: Floats, when: Calendar, compiled: bool
) -> tuple[Floats, Floats, Floats]:
    """Flows (years, 7, 8760), battery health at the start of each year and the end of the last, cycles in each."""
    battery, grid, years = scenario.battery, scenario.grid, len(pv_kw)
    flows, health, cycles = np.empty((years, len(FLOWS), HOURS)), np.ones(years + 1), np.zeros(years)
    soc = battery.soc_min_frac * battery.energy_kwh
    growth = growth_factor(grid.price_growth_per_year, np.arange(years))
    for year in range(years):
        hours = Hours(
            pv_kw[year],
            fleet_kw,
            when.hourly(mine[year]),
            np.full(HOURS, grid.import_usd_per_kwh * growth[year]),
            np.full(HOURS, grid.export_usd_per_kwh * growth[year]),
            grid.import_limit_kw,
            grid.export_limit_kw,
        )
        storage = _storage(battery, health[year], soc)
        dispatch(hours, storage, compiled=compiled, out=flows[year])
        soc = float(flows[year, FLOWS.index("soc_kwh"), -1])
        drawn = _drawn_kwh(battery, flows[year, FLOWS.index("discharge_kw")])
        cycles[year] = drawn / battery.energy_kwh if battery.energy_kwh else 0.0
        health[year + 1] = _next_health(battery, health[year], drawn)
    return flows, health, cycles


def _storage(battery: Battery, health_frac: float, soc_kwh: float) -> Storage:
    capacity = battery.energy_kwh * health_frac
    low, high = battery.soc_min_frac * capacity, battery.soc_max_frac * capacity
    way = float(np.sqrt(battery.round_trip_efficiency_frac))
    return Storage(low, high, battery.power_kw, way, float(np.clip(soc_kwh, low, high)))


def _drawn_kwh(battery: Battery, discharge_kw: Floats) -> float:
    """Energy drawn from the cells in a year [kWh]: what they give loses half of the round trip on its way out."""
    return float(discharge_kw.sum() / np.sqrt(battery.round_trip_efficiency_frac))


def _next_health(battery: Battery, health_frac: float, drawn_kwh: float) -> float:
    fades = (battery.calendar_fade_frac_per_year, battery.cycle_fade_frac_per_cycle, battery.health_floor_frac)
    return float(ageing.battery_health_after_year_frac(health_frac, drawn_kwh, battery.energy_kwh, *fades))
