"""A first year run three ways: by the rule, by plans made anew each day, and with perfect foresight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.inputs import Weather
from core.models import foresight, foresight_margins
from core.models.dispatch import FLOWS, Hours, Storage, dispatch
from core.models.foresight import earned_usd
from core.models.foresight_demand import Demand, demand_usd, with_demand
from core.models.foresight_margins import Margins
from core.studies.energy import SiteYears, site_years
from core.studies.run import Run
from core.studies.storage import storage_of

Floats = NDArray[np.float64]
IMPORT, SOC = FLOWS.index("import_kw"), FLOWS.index("soc_kwh")
DAY_H = 24
LOOK_AHEAD_H = 48
NEWS_FRAC = 0.25  # weight of the last day in what is expected of the next
ROUNDS = 20  # of running the year anew with the charge it ended with


@dataclass(frozen=True, eq=False)
class Way:
    """One way to run the year: flows (7, hours) in the order of `dispatch.FLOWS` [kW; kWh], earnings [USD]."""

    flows: Floats
    earned_usd: float


@dataclass(frozen=True, eq=False)
class Operations:
    """The same year three ways, each ending with the charge it begins with, and what more of the plant would add.

    Earnings are of dispatch alone: mining at its worth and export, less import, its peaks and battery wear. `bound_usd`:
    what no way can exceed, where peaks cost money the best that was found; `forecast_pv_kw` (days, 48): what the rolling plans expected; `margins`: of the optimal year.
    """

    hours: Hours
    rule: Way
    rolling: Way
    optimal: Way
    bound_usd: float
    forecast_pv_kw: Floats
    margins: Margins

    def hourly(self, way: Way) -> dict[str, Floats]:
        """One way's hours by column, as a projection has them."""
        return {"pv_kw": self.hours.pv_kw, **dict(zip(FLOWS, way.flows, strict=True))}

    @property
    def foresight_usd_per_year(self) -> float:
        """What knowing the whole year is worth over the rule."""
        return self.optimal.earned_usd - self.rule.earned_usd

    @property
    def planning_usd_per_year(self) -> float:
        """What of it plans with a forecast capture; below 0 where the rule does better than they."""
        return self.rolling.earned_usd - self.rule.earned_usd


def first_year(base: Run, weather: Weather, *, compiled: bool = True) -> Operations:
    """The first year of a scenario that has been run, three ways."""
    scenario = base.scenario
    site = site_years(scenario, weather, base.life, base.worth_usd_per_kwh)
    battery = storage_of(scenario.battery, 1.0, scenario.battery.soc_min_frac * scenario.battery.energy_kwh)
    return operations(
        site.hours(0, held=False),
        battery,
        peaks=_peaks(site),
        grid_charging=scenario.battery.grid_charging,
        compiled=compiled,
    )


def foresight_by_year(base: Run, weather: Weather, *, compiled: bool = True) -> Floats:
    """What knowing each year whole would earn above the rule, before tax, (years,) [USD]; peaks that are charged for apart."""
    scenario, health = base.scenario, base.flows.battery_health_frac
    site = site_years(scenario, weather, base.life, base.worth_usd_per_kwh)
    return np.array([_foresight_usd(site, year, float(health[year]), compiled) for year in range(site.years)])


def _foresight_usd(site: SiteYears, year: int, health_frac: float, compiled: bool) -> float:
    battery = site.scenario.battery
    hours = replace(site.hours(year), whole_kw=None)
    storage = storage_of(battery, health_frac, battery.soc_min_frac * battery.energy_kwh)
    flows = _cyclic(lambda start: dispatch(hours, start, compiled=compiled), storage)
    start = storage._replace(soc_kwh=float(flows[SOC, -1]))
    best = foresight.bound_usd(hours, start, grid_charging=battery.grid_charging, compiled=compiled)
    return max(best - earned_usd(hours, flows), 0.0)


class Peaks(NamedTuple):
    """What a month's peak of import costs, and the limits (hours,) [kW] that rule and plans keep to for it."""

    demand: Demand
    held_kw: Floats


def _peaks(site: SiteYears) -> Peaks | None:
    """The peaks that are charged for in a site's first year, ratchets apart; None where none is."""
    joined = site.connection
    if joined.demand is None:
        return None
    priced = joined.demand
    demand = Demand(
        joined.clock.of_operation, priced.period, priced.month_usd_per_kw, priced.timed_usd_per_kw, priced.free_kw
    )
    return Peaks(demand, site.hours(0).import_limit_kw)


def operations(
    hours: Hours,
    storage: Storage,
    forecast_pv_kw: Floats | None = None,
    *,
    peaks: Peaks | None = None,
    grid_charging: bool = False,
    compiled: bool = True,
) -> Operations:
    """Run a year of whole days by rule, rolling and optimal dispatch.

    forecast_pv_kw: (hours,) or (days, 48), from what the days before showed where None. `peaks`: where a month's highest
    import costs money; rule and plans keep to limits set ahead, the optimal year searches its own.
    `grid_charging` is for the plans: the rule charges from the sun alone. The optimal year may begin with the charge of
    either other way, whichever earns more, so that it is never below them.
    Machines are divisible in all three, so that the ways differ by what they know alone.
    """
    free = replace(hours, whole_kw=None)
    hours = free if peaks is None else replace(free, import_limit_kw=peaks.held_kw)
    forecast = expected_pv_kw(hours.pv_kw) if forecast_pv_kw is None else forecast_pv_kw

    def by_rule(battery: Storage) -> Floats:
        return dispatch(hours, battery, compiled=compiled)

    def by_plans(battery: Storage) -> Floats:
        return foresight.rolling(
            hours, battery, forecast, look_ahead_h=LOOK_AHEAD_H, grid_charging=grid_charging, compiled=compiled
        )

    rule, rolling = (_cyclic(run, storage) for run in (by_rule, by_plans))
    starts = [storage._replace(soc_kwh=float(flows[SOC, -1])) for flows in (rule, rolling)]
    plans = [foresight.optimal(hours, s, grid_charging=grid_charging, compiled=compiled) for s in starts]
    bound = max(plan.bound_usd for plan in plans)
    if peaks is not None:
        plans.append(with_demand(free, starts[1], peaks.demand, grid_charging=grid_charging, compiled=compiled).plan)
    optimal = max((_way(hours, peaks, plan.flows) for plan in plans), key=lambda way: way.earned_usd)
    start = storage._replace(soc_kwh=float(optimal.flows[SOC, -1]))
    return Operations(
        hours,
        _way(hours, peaks, rule),
        _way(hours, peaks, rolling),
        optimal,
        bound if peaks is None else optimal.earned_usd,
        forecast,
        foresight_margins.margins(hours, start, grid_charging=grid_charging, compiled=compiled),
    )


def _way(hours: Hours, peaks: Peaks | None, flows: Floats) -> Way:
    """A year's flows with what they earn, less what their peaks cost."""
    cost = 0.0 if peaks is None else demand_usd(peaks.demand, flows[IMPORT])
    return Way(flows, earned_usd(hours, flows) - cost)


def _cyclic(run: Callable[[Storage], Floats], storage: Storage) -> Floats:
    """A year that ends with the charge it begins with: run anew with the charge of the end until that stands."""
    flows = run(storage)
    for _ in range(ROUNDS):
        end = float(flows[SOC, -1])
        if abs(end - storage.soc_kwh) <= 1e-9 * max(storage.highest_kwh, 1.0):
            break
        storage = storage._replace(soc_kwh=end)
        flows = run(storage)
    return flows


def expected_pv_kw(pv_kw: Floats, look_ahead_h: int = LOOK_AHEAD_H) -> Floats:
    """What a controller at each midnight expects of the sun (days, look_ahead_h) [kW], knowing the days before alone.

    For each hour of the day, what it expected of the last day moved a quarter of the way towards what that day brought.
    The year is a circle: its last weeks come before its first day.
    """
    days = pv_kw.reshape(-1, DAY_H)
    expected, level = np.empty((len(days), look_ahead_h)), days.mean(axis=0)
    for day in range(-min(60, len(days)), len(days)):
        if day >= 0:
            expected[day] = np.resize(level, look_ahead_h)
        level = level + NEWS_FRAC * (days[day] - level)
    return expected
