"""The connection of a site through a year: what power costs and earns there, how much may flow, and what is billed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from core.inputs import Weather
from core.models.bills import Bill, bill, prices
from core.models.calls import called_hours, connected_kw, outage_hours, stood_off_hours
from core.models.clock import Clock
from core.models.dispatch import Hours
from core.models.set_points import DemandPrices, demand_usd_per_kw, limits_kw, set_points
from core.scenario import Scenario
from core.sections import Grid
from core.studies.clock import clock

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Connection:
    """A year at the site's local hours, each but the last (8760,), prices in first-year money.

    `import_limit_kw`, `export_limit_kw`: 0 in an outage, and what the grid leaves when it calls load off.
    `demand`: what a month's peak costs; None where no peak is paid for.
    """

    clock: Clock
    import_usd_per_kwh: Floats
    export_usd_per_kwh: Floats
    import_limit_kw: Floats
    export_limit_kw: Floats
    demand: DemandPrices | None

    def hours(
        self, pv_kw: Floats, step_kw: Floats, worth_usd_per_kwh: Floats, growth: float, *, held: bool = True
    ) -> Hours:
        """What dispatch sees in a year whose prices have grown by a factor; worth (steps, hours) [USD/kWh of site draw].

        Where a peak costs money, import is `held` below a set point for each month, chosen ahead from the year as it is
        expected: the controller keeps to it whatever comes.
        """
        hours = Hours(
            pv_kw,
            step_kw,
            worth_usd_per_kwh,
            self.import_usd_per_kwh * growth,
            self.export_usd_per_kwh * growth,
            self.import_limit_kw,
            self.export_limit_kw,
        )
        return hours if self.demand is None or not held else replace(hours, import_limit_kw=self._held(hours, growth))

    def _held(self, hours: Hours, growth: float) -> Floats:
        assert self.demand is not None
        margin = hours.worth_usd_per_kwh - hours.import_usd_per_kwh
        filled = np.cumsum(hours.step_kw, axis=0)
        unserved = np.minimum(np.clip(filled - hours.pv_kw, 0.0, hours.step_kw), hours.import_limit_kw)
        grown = replace(
            self.demand,
            month_usd_per_kw=self.demand.month_usd_per_kw * growth,
            timed_usd_per_kw=self.demand.timed_usd_per_kw * growth,
        )
        caps = set_points(margin, unserved, self.clock, grown)
        return np.minimum(hours.import_limit_kw, limits_kw(caps, self.clock, grown))


def connection(scenario: Scenario, weather: Weather) -> Connection:
    """The connection of a scenario; the weather's temperatures say when the grid has its peaks."""
    grid, when = scenario.grid, clock(scenario.site.timezone, scenario.outlook.start_month, weather)
    buy, sell = prices(grid, when)
    dead = outage_hours(grid.outages, when.hours)
    limit = np.where(called_hours(grid.demand_response, when), grid.demand_response.firm_kw, np.inf)
    limit[stood_off_hours(grid.tariff.coincident, when)] = 0.0
    peaks = grid.tariff.flat_demand.periods or grid.tariff.timed_demand.periods
    return Connection(
        when,
        buy,
        sell,
        connected_kw(np.minimum(grid.import_limit_kw, limit), dead),
        connected_kw(grid.export_limit_kw, dead),
        demand_usd_per_kw(grid, when) if peaks else None,
    )


def mean_import_usd_per_kwh(scenario: Scenario) -> float:
    """What a kWh bought at an even rate through the first year costs, peaks apart [USD/kWh]."""
    if flat_price(scenario.grid):
        return scenario.grid.import_usd_per_kwh
    return float(prices(scenario.grid, clock(scenario.site.timezone, scenario.outlook.start_month))[0].mean())


def flat_price(grid: Grid) -> bool:
    """Whether every kWh costs the import price of the grid section, in every hour and whatever the month brings."""
    tariff = grid.tariff
    return not (
        tariff.energy.periods
        or any(tariff.energy.adjustment_usd_per_kwh)
        or grid.import_hourly_usd_per_kwh
        or tariff.settlement.rule in ("net_metering", "net_billing")
    )


def billed(grid: Grid, import_kw: Floats, export_kw: Floats, when: Clock) -> Bill:
    """The bills of years, import and export (years, 8760) [kW], in first-year money; lines (years, 12).

    One year after the other where a peak is remembered into the next.
    """
    if not grid.tariff.ratchet.shares_frac:
        return bill(grid, import_kw, export_kw, when)
    years: list[Bill] = []
    for bought, sold in zip(import_kw, export_kw, strict=True):
        years.append(bill(grid, bought, sold, when, years[-1].peaks if years else None))
    lines = {f.name: np.stack([getattr(year, f.name) for year in years]) for f in fields(Bill) if f.name != "peaks"}
    return Bill(**lines, peaks=years[-1].peaks)
