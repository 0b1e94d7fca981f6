"""Every hour of every year: sun, dispatch and ageing. What the machines earn decides, what they earn is not counted here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.inputs import Weather
from core.models import ageing, running, solar
from core.models.dispatch import FLOWS, Hours, step_flows
from core.models.network import growth_factor
from core.scenario import Scenario
from core.sections import Array
from core.studies.calendar import Calendar, calendar
from core.studies.connection import Connection, connection
from core.studies.fleet import FleetLife, climate
from core.studies.storage import battery_year, wear_usd_per_kwh
from core.units import HOURS

Floats = NDArray[np.float64]
ARRAYS_KEPT = 8
MINING, IMPORT, EXPORT = (FLOWS.index(name) for name in ("mining_kw", "import_kw", "export_kw"))


@dataclass(frozen=True, eq=False)
class Energy:
    """Hourly flows of the first year and monthly sums of every year.

    `first_year` (8, 8760) [kW; kWh for soc]: solar, then `dispatch.FLOWS`. `import_kw`, `export_kw` (years, 8760). `monthly_kwh`: name → (years, 12).
    `machines_kwh`, `hashing_kwh` (steps, months): what machines draw in each step of the fleet, cooling apart, and what of
    it hashes; `cool_kwh` (steps, 12): what would hash in the first year if no hour were hot.
    `clipped_kwh` (years,); panel and hash rate health (years,) [1], the latter at the start of each year; battery health
    (years + 1,) at the start of each year and the end of the last [1]; `cycles` (years,) full equivalent;
    `battery_renewed_frac` (months,): capacity put into the battery anew, as a share of nameplate.
    """

    calendar: Calendar
    connection: Connection
    first_year: Floats
    import_kw: Floats
    export_kw: Floats
    monthly_kwh: dict[str, Floats]
    machines_kwh: Floats
    hashing_kwh: Floats
    cool_kwh: Floats
    clipped_kwh: Floats
    poa_kwh_per_m2: float
    panel_health_frac: Floats
    battery_health_frac: Floats
    hashrate_health_frac: Floats
    cycles: Floats
    battery_renewed_frac: Floats
    fleet_kwh_possible: float


@dataclass(frozen=True, eq=False)
class SiteYears:
    """All that is known before any kilowatt-hour is sent anywhere, hours in the order of operation.

    `pv_kw` (years, 8760); `kept_frac` and `pue` (8760,), as in `fleet.Climate`; (steps, months), cooling apart: `step_kw`
    and `one_kw`, draw of machines in service and of the smallest part that is switched; `worth_usd_per_kwh` of their draw.
    """

    scenario: Scenario
    when: Calendar
    connection: Connection
    pv_kw: Floats
    kept_frac: Floats
    pue: Floats
    step_kw: Floats
    one_kw: Floats
    worth_usd_per_kwh: Floats

    @property
    def years(self) -> int:
        return len(self.pv_kw)

    def hours(self, year: int, *, held: bool = True) -> Hours:
        """What dispatch sees in a year of operation, 0 the first; `held`: below the set points of import."""
        site_side = self.kept_frac * self.pue
        hours = self.connection.hours(
            self.pv_kw[year],
            self._hourly(self.step_kw, year) * site_side,
            self._hourly(self.worth_usd_per_kwh, year) / self.pue,
            float(growth_factor(self.scenario.grid.price_growth_per_year, year)),
            held=held,
        )
        wear = wear_usd_per_kwh(self.scenario.battery, self.scenario.finance.battery_usd_per_kwh)
        whole = self._hourly(self.one_kw, year) * site_side if self.scenario.fleet.control.whole_machines else None
        return replace(hours, wear_usd_per_kwh=wear, whole_kw=whole)

    def _hourly(self, monthly: Floats, year: int) -> Floats:
        return self.when.hourly(monthly[:, 12 * year : 12 * year + 12])

    def machine_side(self, hours: Hours, mining_kw: Floats) -> tuple[Floats, Floats]:
        """Energy that machines draw, and what of it hashes, by step and month of a year, each (steps, 12) [kWh]."""
        drawn = step_flows(mining_kw, hours.step_kw) / self.pue
        minutes = self.scenario.fleet.control.restart_minutes
        if not minutes:
            by_month = self.when.by_month(drawn)
            return by_month, by_month
        total = drawn.sum(axis=0)
        lost = running.restart_loss_kwh(total, minutes)
        hashing = drawn * (1.0 - np.divide(lost, total, out=np.zeros(HOURS), where=total > 0))
        return self.when.by_month(drawn), self.when.by_month(hashing)


def site_years(scenario: Scenario, weather: Weather, life: FleetLife, mine_usd_per_kwh: Floats) -> SiteYears:
    """The sun, the machines and the prices of a site through its horizon.

    life: the fleet by month; mine_usd_per_kwh (steps, months): worth of a kWh that machines draw in each step.
    """
    when = calendar(scenario.site.timezone, scenario.outlook.start_month)
    sun, air = sunshine(scenario.array, weather, scenario.finance.horizon_years), climate(scenario, weather)
    return SiteYears(
        scenario,
        when,
        connection(scenario, weather),
        np.take(sun.ac_kw, when.order, axis=-1),  # C order, as the kernel wants it
        air.kept_frac[when.order],
        air.pue[when.order],
        life.step_kw * scenario.fleet.uptime_frac,
        life.step_one_kw,
        mine_usd_per_kwh,
    )


def energy(
    scenario: Scenario, weather: Weather, life: FleetLife, mine_usd_per_kwh: Floats, *, compiled: bool = True
) -> Energy:
    """Run the site through the horizon, year after year, as cycle fade follows last year's use."""
    site = site_years(scenario, weather, life, mine_usd_per_kwh)
    sun, when = sunshine(scenario.array, weather, site.years), site.when
    ran = _years(site, compiled)
    monthly = {_energy_name(name): when.by_month(ran.flows[:, i]) for i, name in enumerate(FLOWS) if name != "soc_kwh"}
    return Energy(
        calendar=when,
        connection=site.connection,
        import_kw=ran.flows[:, IMPORT].copy(),  # not a view, which would hold all flows
        export_kw=ran.flows[:, EXPORT].copy(),
        first_year=np.concatenate([site.pv_kw[:1], ran.flows[0]]),
        monthly_kwh={"pv_kwh": when.by_month(site.pv_kw), **monthly},
        machines_kwh=ran.machines_kwh,
        hashing_kwh=ran.hashing_kwh,
        cool_kwh=_cool_kwh(site, ran, compiled),
        clipped_kwh=sun.clipped_kwh,
        poa_kwh_per_m2=sun.poa_kwh_per_m2,
        panel_health_frac=_panel_health(scenario.array, site.years),
        battery_health_frac=ran.health_frac,
        hashrate_health_frac=life.health_frac[::12],
        cycles=ran.cycles,
        battery_renewed_frac=ran.renewed_frac,
        fleet_kwh_possible=float(site.hours(0).step_kw.sum()),
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


class _Ran(NamedTuple):
    """How the years went: flows (years, 7, 8760), machine energy (steps, months), battery health at the start of each year
    and the end of the last, cycles in each year, capacity renewed in each month."""

    flows: Floats
    machines_kwh: Floats
    hashing_kwh: Floats
    health_frac: Floats
    cycles: Floats
    renewed_frac: Floats


def _years(site: SiteYears, compiled: bool) -> _Ran:
    battery, years = site.scenario.battery, site.years
    flows, health, cycles = np.empty((years, len(FLOWS), HOURS)), np.ones(years + 1), np.zeros(years)
    machines, hashing = np.empty((2, len(site.step_kw), 12 * years))
    renewed = np.zeros(years * 12 + 1)
    soc = battery.soc_min_frac * battery.energy_kwh
    for year in range(years):
        hours, months = site.hours(year), slice(12 * year, 12 * year + 12)
        health[year + 1], soc, cycles[year], fresh = battery_year(
            battery, hours, health[year], soc, site.when, compiled, flows[year]
        )
        renewed[year * 12 : year * 12 + 13] += fresh
        machines[:, months], hashing[:, months] = site.machine_side(hours, flows[year, MINING])
    # cells due after the last month are not bought
    return _Ran(flows, machines, hashing, health, cycles, renewed[:-1])


def _cool_kwh(site: SiteYears, ran: _Ran, compiled: bool) -> Floats:
    """What would hash in the first year if no hour were hot: the year run once more, where one is."""
    if (site.kept_frac == 1.0).all():
        return ran.hashing_kwh[:, :12]
    cool, battery = replace(site, kept_frac=np.ones(HOURS)), site.scenario.battery
    hours, flows = cool.hours(0), np.empty_like(ran.flows[0])
    soc = battery.soc_min_frac * battery.energy_kwh
    battery_year(battery, hours, 1.0, soc, site.when, compiled, flows)
    return cool.machine_side(hours, flows[MINING])[1]
