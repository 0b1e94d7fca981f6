"""The bills of paths: what the meter of a tariff reads, as columns of a table of responses, and what is owed for it.

A tariff whose hours have prices and nothing else needs none of it. Tiers, credits, peaks and minimums are worked out for each
path from what it bought and sold in each period and month, by the very rules that bill the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.models.bills import Bill, Meter, Peaks, charged, demand_bins, energy_bins, energy_periods, peak_hours
from core.models.clock import MONTHS, Bins, Clock
from core.models.lanes import Sums
from core.sections import Grid

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.intp]
BOUGHT, SOLD = 2, 3  # of the flows beside the steps: charge, discharge, import, export, curtailed


@dataclass(frozen=True, eq=False)
class Metering:
    """What is read of a year. Columns: energy bought by period, sold by period, peak of the month, peaks by period of demand,
    and import in the hours of the grid's peak.

    `bin_of_hour` (hours,): bins that differ in nothing that is read; `month`, `period`, `timed`, `at_peak` (bins,) of each.
    """

    grid: Grid
    clock: Clock
    energy: Bins
    demand: Bins
    bin_of_hour: Whole
    month: Whole
    period: Whole
    timed: Whole
    at_peak: Whole

    @property
    def columns(self) -> int:
        return 2 * self.energy.periods + self.demand.periods + 2

    def told(self, ran: Sums, steps: int) -> Floats:
        """The columns of designs that were run by these bins, (designs, 12, columns)."""
        bought, sold = ran.energy_kwh[..., steps + BOUGHT], ran.energy_kwh[..., steps + SOLD]
        parts = [
            *(self._summed(kwh, self.period == n) for kwh in (bought, sold) for n in range(self.energy.periods)),
            self._highest(ran.peak_import_kw, self.timed >= 0),
            *(self._highest(ran.peak_import_kw, self.timed == n) for n in range(self.demand.periods)),
            self._summed(bought, self.at_peak == 1),
        ]
        return np.stack(parts, axis=-1)

    def by_month(self, values: Floats) -> Floats:
        """Sums of bins (designs, bins, …) by month, (designs, 12, …)."""
        return np.asarray(np.add.reduceat(values, self._begins, axis=1))

    def _summed(self, values: Floats, chosen: NDArray[np.bool_]) -> Floats:
        return self.by_month(np.where(chosen, values, 0.0))

    def _highest(self, values: Floats, chosen: NDArray[np.bool_]) -> Floats:
        return np.asarray(np.maximum.reduceat(np.where(chosen, values, 0.0), self._begins, axis=1))

    @property
    def _begins(self) -> Whole:
        """The first bin of each month: bins are sorted by month."""
        return np.searchsorted(self.month, np.arange(MONTHS))

    def bill(self, columns: Floats, import_usd: Floats, export_usd: Floats, before: Peaks | None) -> Bill:
        """The bills of a year in first-year money, lines (paths, 12), from columns (columns, 12, paths).

        import_usd, export_usd (12, paths): at the prices of the hours.
        """
        periods = self.energy.periods
        read = np.moveaxis(columns, (0, 1, 2), (1, 2, 0))  # (paths, columns, 12)
        bought, sold = read[:, :periods], read[:, periods : 2 * periods]
        peaks = Peaks(read[:, 2 * periods], read[:, 2 * periods + 1 : -1])
        nothing = np.zeros_like(peaks.month_kw)
        hourly = import_usd.T - self._scheduled_usd(bought) if self.grid.import_hourly_usd_per_kwh else nothing
        nets = self.grid.tariff.settlement.rule == "net_metering"
        meter = Meter(bought, sold, nothing if nets else export_usd.T, hourly, peaks, read[:, -1], nothing)
        return charged(self.grid, meter, self.clock, before)

    def _scheduled_usd(self, bought: Floats) -> Floats:
        """What dispatch reckoned energy at but for prices by the hour: the last tier of each period, and what is added."""
        last = np.array([period.tiers[-1].usd_per_kwh for period in energy_periods(self.grid)])
        added = np.asarray(self.grid.tariff.energy.adjustment_usd_per_kwh or (0.0,) * MONTHS)[self.clock.months]
        return np.asarray((bought * (last[:, None] + added)).sum(axis=1))


def metering(grid: Grid, clock: Clock) -> Metering | None:
    """What must be read for a grid's bills; None where the prices of its hours say all but what is fixed."""
    tariff = grid.tariff
    plain = not (
        any(len(period.tiers) > 1 for period in tariff.energy.periods)
        or tariff.settlement.rule in ("net_metering", "net_billing")
        or tariff.flat_demand.periods
        or tariff.timed_demand.periods
        or tariff.coincident.usd_per_kw
        or tariff.minimum_usd_per_month
        or tariff.minimum_usd_per_year
    )
    if plain:
        return None
    energy, demand, timed = energy_bins(grid, clock), demand_bins(tariff, clock), tariff.timed_demand
    month = clock.of_operation
    period = clock.scheduled(tariff.energy.weekday, tariff.energy.weekend)
    of_demand = clock.scheduled(timed.weekday, timed.weekend) if timed.periods else np.zeros(clock.hours, np.intp)
    peak = peak_hours(tariff.coincident, clock).astype(np.intp)
    bins, of_hour = np.unique(np.stack([month, period, of_demand, peak]), axis=1, return_inverse=True)
    return Metering(grid, clock, energy, demand, of_hour.astype(np.intp), *bins)
