"""Every hour of every year: sun, dispatch and ageing. What the machines earn decides, what they earn is not counted here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.inputs import HOURS, Weather
from core.models import ageing, solar
from core.models.dispatch import FLOWS, Hours
from core.models.network import growth_factor
from core.scenario import Scenario
from core.sections import Array
from core.studies.calendar import Calendar, calendar
from core.studies.fleet import FleetLife, heat_kept_frac
from core.studies.storage import battery_year

Floats = NDArray[np.float64]
ARRAYS_KEPT = 8


@dataclass(frozen=True, eq=False)
class Energy:
    """Hourly flows of the first year and monthly sums of every year.

    `first_year` (8, 8760) [kW; kWh for soc]: solar, then `dispatch.FLOWS`. `monthly_kwh`: name → (years, 12).
    `clipped_kwh` (years,); panel and hash rate health (years,) [1], the latter at the start of each year; battery health
    (years + 1,) at the start of each year and the end of the last [1]; `cycles` (years,) full equivalent;
    `battery_renewed_frac` (months,): capacity put into the battery anew, as a share of nameplate.
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
    battery_renewed_frac: Floats
    fleet_kwh_possible: float


def energy(
    scenario: Scenario, weather: Weather, life: FleetLife, mine_usd_per_kwh: Floats, *, compiled: bool = True
) -> Energy:
    """Run the site through the horizon, year after year, as cycle fade follows last year's use.

    life: the fleet by month; mine_usd_per_kwh (years, 12): worth of a kWh of site draw in each month of operation.
    """
    years = scenario.finance.horizon_years
    when = calendar(scenario.site.timezone, scenario.outlook.start_month)
    sun = sunshine(scenario.array, weather, years)
    pv_kw = np.take(sun.ac_kw, when.order, axis=-1)  # C order, as the kernel wants it
    fleet_kw = _fleet_kw(scenario, weather, life, when)
    flows, health, cycles, renewed = _years(scenario, pv_kw, fleet_kw, mine_usd_per_kwh, when, compiled)
    monthly = {_energy_name(name): when.by_month(flows[:, i]) for i, name in enumerate(FLOWS) if name != "soc_kwh"}
    return Energy(
        calendar=when,
        first_year=np.concatenate([pv_kw[:1], flows[0]]),
        monthly_kwh={"pv_kwh": when.by_month(pv_kw), **monthly},
        clipped_kwh=sun.clipped_kwh,
        poa_kwh_per_m2=sun.poa_kwh_per_m2,
        panel_health_frac=_panel_health(scenario.array, years),
        battery_health_frac=health,
        hashrate_health_frac=life.health_frac[::12],
        cycles=cycles,
        battery_renewed_frac=renewed,
        fleet_kwh_possible=float(fleet_kw[0].sum()),
    )


def _fleet_kw(scenario: Scenario, weather: Weather, life: FleetLife, when: Calendar) -> Floats:
    """Largest site draw for mining in each hour, (years, 8760) [kW]: machines in service, uptime, heat and PUE in it."""
    fleet, kept = scenario.fleet, heat_kept_frac(scenario.fleet, weather)[when.order]
    site_kw = (life.machine_kw * fleet.pue * fleet.uptime_frac).reshape(-1, 12)
    first: Floats = when.hourly(site_kw[0]) * kept
    if (site_kw == site_kw[0]).all():
        return np.broadcast_to(first, (len(site_kw), HOURS))
    return np.stack([when.hourly(year) * kept for year in site_kw])


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
) -> tuple[Floats, Floats, Floats, Floats]:
    """Flows (years, 7, 8760), battery health at the start of each year and the end of the last, cycles in each year,
    capacity renewed in each month."""
    battery, grid, years = scenario.battery, scenario.grid, len(pv_kw)
    flows, health, cycles = np.empty((years, len(FLOWS), HOURS)), np.ones(years + 1), np.zeros(years)
    renewed = np.zeros(years * 12 + 1)
    soc = battery.soc_min_frac * battery.energy_kwh
    growth = growth_factor(grid.price_growth_per_year, np.arange(years))
    for year in range(years):
        hours = Hours(
            pv_kw[year],
            fleet_kw[year],
            when.hourly(mine[year]),
            np.full(HOURS, grid.import_usd_per_kwh * growth[year]),
            np.full(HOURS, grid.export_usd_per_kwh * growth[year]),
            grid.import_limit_kw,
            grid.export_limit_kw,
        )
        health[year + 1], soc, cycles[year], fresh = battery_year(
            battery, hours, health[year], soc, when, compiled, flows[year]
        )
        renewed[year * 12 : year * 12 + 13] += fresh
    return flows, health, cycles, renewed[:-1]  # cells due after the last month are not bought
