"""What a utility bills and pays: each month's energy, demand, fixed charges and export, to the cent, in money of year 1.

Power is the mean of an hour [kW], import and export never below 0 and never both in one hour. All of it may have
leading axes, such as years, of which each is a bill of its own; what one leaves to the next comes in as `before`.

Energy: tiers count the energy of the whole month, and each period has its share of every tier, as SAM has it
(NREL/ssc, lib_utility_rate). Demand: the highest hourly mean, which a meter of 15 minutes may exceed. Under
net metering kWh of a period are set against kWh of the same period; what is left stays with it for later months, and
serves every period in months that do not have it. Minimum: the least sum of all charges but for what export earns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.models.calls import called_hours, outage_hours, peak_hours, stood_off_hours
from core.models.clock import MONTHS, Bins, Clock, Flags, Floats, Whole
from core.models.metering import billed_kw, block_usd, metered, paid_out, tier_usd
from core.sections import Grid
from core.sections.tariff import EnergyPeriod, EnergyTier, Tariff

__all__ = [
    "Bill", "Clock", "Peaks", "bill", "called_hours", "energy_periods", "outage_hours", "peak_hours", "prices",
    "stood_off_hours",
]  # fmt: skip


class Peaks(NamedTuple):
    """Highest import [kW]: of each month (…, 12), and of each timed period in it (…, periods, 12)."""

    month_kw: Floats
    timed_kw: Floats


@dataclass(frozen=True, eq=False)
class Bill:
    """The lines of each month of operation, (…, 12) [USD], charges and income positive.

    `export_credit_usd` is taken off the charges; `export_income_usd` and `demand_response_usd` are paid in money.
    `peaks`: what the next year looks back on.
    """

    energy_charge_usd: Floats
    demand_charge_usd: Floats
    coincident_charge_usd: Floats
    fixed_charge_usd: Floats
    minimum_charge_usd: Floats
    export_credit_usd: Floats
    export_income_usd: Floats
    demand_response_usd: Floats
    peaks: Peaks

    @property
    def owed_usd(self) -> Floats:
        """What is paid to the utility, (…, 12)."""
        charges = self.energy_charge_usd + self.demand_charge_usd + self.coincident_charge_usd
        return charges + self.fixed_charge_usd + self.minimum_charge_usd - self.export_credit_usd

    @property
    def earned_usd(self) -> Floats:
        """What the utility and the grid pay, (…, 12)."""
        return self.export_income_usd + self.demand_response_usd


# Prices that dispatch decides by


def prices(grid: Grid, clock: Clock, import_kw: Floats | None = None) -> tuple[Floats, Floats]:
    """What one more kWh costs and earns in each hour, (hours,) twice [USD/kWh], demand and peaks apart.

    A tier depends on the month's energy: that of `import_kw`, (hours,) of a typical year, or without one the last, as
    mines run at a high load. Under net metering a kWh fed in saves one of its period, or earns the true-up price where
    nothing can be bought.
    """
    buy = _buy(grid, clock, import_kw)
    settlement = grid.tariff.settlement
    if settlement.rule != "net_metering":
        return buy, _sell(grid, clock)
    return buy, buy.copy() if grid.import_limit_kw else np.full(clock.hours, settlement.true_up_usd_per_kwh)


def energy_periods(grid: Grid) -> tuple[EnergyPeriod, ...]:
    """The periods of the tariff, or one at the grid's flat price, at 0 where a price by the hour stands instead."""
    flat = 0.0 if grid.import_hourly_usd_per_kwh else grid.import_usd_per_kwh
    return grid.tariff.energy.periods or (EnergyPeriod(tiers=(EnergyTier(usd_per_kwh=flat),)),)


def _buy(grid: Grid, clock: Clock, import_kw: Floats | None) -> Floats:
    periods = energy_periods(grid)
    energy = grid.tariff.energy
    period = clock.scheduled(energy.weekday, energy.weekend)
    if import_kw is None:
        by_month = np.array([[p.tiers[-1].usd_per_kwh] * MONTHS for p in periods])
    else:
        kwh, peak_kw = clock.by_month(import_kw), np.maximum.reduceat(import_kw, clock.starts)
        by_month = np.stack([_reached(p, kwh, peak_kw, clock.days) for p in periods])
    usd: Floats = by_month[period, clock.of_operation] + _adjustment(grid.tariff, clock)[clock.of_operation]
    return usd + np.asarray(grid.import_hourly_usd_per_kwh)[clock.order] if grid.import_hourly_usd_per_kwh else usd


def _reached(period: EnergyPeriod, kwh: Floats, peak_kw: Floats, days: Floats) -> Floats:
    """The price of the tier that a month's energy reaches, (12,) [USD/kWh]."""
    more = np.maximum(kwh * 1e-9, 1e-6)
    cost = tier_usd(period, np.stack([kwh, kwh + more]), peak_kw, days)
    return np.asarray((cost[1] - cost[0]) / more)


def _sell(grid: Grid, clock: Clock) -> Floats:
    """What a kWh fed in earns, (hours,) [USD/kWh], under any rule but net metering."""
    hourly = grid.export_hourly_usd_per_kwh
    usual = np.asarray(hourly)[clock.order] if hourly else np.full(clock.hours, grid.export_usd_per_kwh)
    energy = grid.tariff.energy
    if grid.tariff.settlement.rule == "sold" or not energy.periods:
        return usual
    named = np.array([np.nan if p.sell_usd_per_kwh is None else p.sell_usd_per_kwh for p in energy.periods])
    told = named[clock.scheduled(energy.weekday, energy.weekend)]
    return np.where(np.isnan(told), usual, told)


def _adjustment(tariff: Tariff, clock: Clock) -> Floats:
    """Added to each kWh in each month of operation, (12,) [USD/kWh]."""
    return np.asarray(tariff.energy.adjustment_usd_per_kwh or (0.0,) * MONTHS)[clock.months]


# The meter


class Meter(NamedTuple):
    """What is read in a year: energy by period (…, periods, 12) [kWh], the rest (…, 12).

    `sold_kwh` is read under net metering alone, else export is worth `export_usd` at the prices of its hours.
    `hourly_usd`: of import, where prices go by the hour. `coincident_kwh`: import in the hours of the grid's peak.
    """

    bought_kwh: Floats
    sold_kwh: Floats
    export_usd: Floats
    hourly_usd: Floats
    peaks: Peaks
    coincident_kwh: Floats
    response_usd: Floats


def metered_year(grid: Grid, import_kw: Floats, export_kw: Floats, clock: Clock) -> Meter:
    """What the meter reads of a year of import and export, (…, hours) [kW]."""
    tariff, nothing = grid.tariff, np.zeros((*import_kw.shape[:-1], MONTHS))
    energy, timed = energy_bins(grid, clock), demand_bins(tariff, clock)
    nets, hourly = tariff.settlement.rule == "net_metering", grid.import_hourly_usd_per_kwh
    bought = energy.sums(import_kw)
    return Meter(
        bought,
        energy.sums(export_kw) if nets else np.zeros_like(bought),
        nothing if nets else _by_price(export_kw, _sell(grid, clock), clock),
        clock.by_month(import_kw * np.asarray(hourly)[clock.order]) if hourly else nothing,
        Peaks(np.maximum.reduceat(import_kw, clock.starts, axis=-1), timed.peaks(import_kw)),
        clock.by_month(import_kw * peak_hours(tariff.coincident, clock)) if tariff.coincident.usd_per_kw else nothing,
        _response(grid, import_kw, clock),
    )


def energy_bins(grid: Grid, clock: Clock) -> Bins:
    """The hours by period of energy."""
    energy = grid.tariff.energy
    return Bins.of(clock, clock.scheduled(energy.weekday, energy.weekend), len(energy_periods(grid)))


def demand_bins(tariff: Tariff, clock: Clock) -> Bins:
    """The hours by period of demand."""
    timed = tariff.timed_demand
    return Bins.of(clock, clock.scheduled(timed.weekday, timed.weekend), max(len(timed.periods), 1))


# The bill


def bill(grid: Grid, import_kw: Floats, export_kw: Floats, clock: Clock, before: Peaks | None = None) -> Bill:
    """The bills of a year of import and export, (…, hours) [kW]; `before`: peaks of the year before, none if new."""
    return charged(grid, metered_year(grid, import_kw, export_kw, clock), clock, before)


def charged(grid: Grid, read: Meter, clock: Clock, before: Peaks | None = None) -> Bill:
    """The bills of what a meter read in a year; `before`: peaks of the year before, none if new."""
    tariff = grid.tariff
    energy, export = _energy(grid, read, clock)
    demand = _demand(tariff, read.peaks, clock, before)
    coincident = np.asarray(read.coincident_kwh * tariff.coincident.usd_per_kw)
    fixed: Floats = np.broadcast_to(_fixed(grid, clock), energy.shape)
    charges = energy + demand + coincident + fixed
    minimum = _minimum(tariff, charges)
    income, credit = _credited(tariff, export, charges, minimum)
    return Bill(energy, demand, coincident, fixed, minimum, credit, income, read.response_usd, read.peaks)


def _energy(grid: Grid, read: Meter, clock: Clock) -> tuple[Floats, Floats]:
    """What is owed for energy and what export is worth, each (…, 12) [USD]."""
    tariff, periods = grid.tariff, energy_periods(grid)
    bought, export = read.bought_kwh, read.export_usd
    if tariff.settlement.rule == "net_metering":
        bought, left = metered(bought, read.sold_kwh, energy_bins(grid, clock).present)
        export = np.zeros_like(export)
        export[..., -1] = left * tariff.settlement.true_up_usd_per_kwh
    usd = _tiered(periods, bought, read.peaks.month_kw, clock.days) + bought.sum(axis=-2) * _adjustment(tariff, clock)
    return usd + read.hourly_usd if grid.import_hourly_usd_per_kwh else usd, export


def _by_price(kw: Floats, usd_per_kwh: Floats, clock: Clock) -> Floats:
    """(…, 12) [USD]; at one price the sum of energy times it, which rounds as a plain product does."""
    if (usd_per_kwh == usd_per_kwh[0]).all():
        return np.asarray(clock.by_month(kw) * usd_per_kwh[0])
    return clock.by_month(kw * usd_per_kwh)


def _tiered(periods: tuple[EnergyPeriod, ...], kwh: Floats, peak_kw: Floats, days: Floats) -> Floats:
    """Energy by period (…, periods, 12) at its tiers, each a share of what the whole month would cost, (…, 12) [USD]."""
    if all(len(period.tiers) == 1 for period in periods):
        usd = np.array([period.tiers[0].usd_per_kwh for period in periods])
        return np.asarray((kwh * usd[:, None]).sum(axis=-2))
    total = kwh.sum(axis=-2)
    share = np.divide(kwh, total[..., None, :], out=np.zeros_like(kwh), where=total[..., None, :] > 0)
    whole = np.stack([tier_usd(period, total, peak_kw, days) for period in periods], axis=-2)
    return np.asarray((share * whole).sum(axis=-2))


def _demand(tariff: Tariff, peaks: Peaks, clock: Clock, before: Peaks | None) -> Floats:
    """What is owed for peaks, (…, 12) [USD]."""
    timed, flat, ratchet = tariff.timed_demand, tariff.flat_demand, tariff.ratchet
    usd = np.zeros_like(peaks.month_kw)
    if flat.periods:
        kw = peaks.month_kw
        if ratchet.on != "timed":
            kw = billed_kw(ratchet, kw, before.month_kw if before else None, clock.months)
        season = np.asarray(flat.months or (0,) * MONTHS)[clock.months]
        blocks = np.stack([block_usd(period, kw) for period in flat.periods], axis=-2)
        usd = usd + np.take_along_axis(blocks, _like(season[None, :], blocks), axis=-2)[..., 0, :]
    if timed.periods:
        kw = peaks.timed_kw
        if ratchet.on != "flat":
            present = demand_bins(tariff, clock).present
            kw = billed_kw(ratchet, kw, before.timed_kw if before else None, clock.months) * present
        usd = usd + sum(block_usd(period, kw[..., n, :]) for n, period in enumerate(timed.periods))
    return usd


def _like(index: Whole, values: Floats) -> Whole:
    """An index with as many leading axes as what it is taken from."""
    return np.broadcast_to(index, (*values.shape[:-2], 1, MONTHS))


def _fixed(grid: Grid, clock: Clock) -> Floats:
    """Owed whatever is drawn, (12,) [USD]."""
    tariff = grid.tariff
    return grid.fixed_usd_per_month + tariff.fixed_usd_per_month + tariff.fixed_usd_per_day * clock.days


def _minimum(tariff: Tariff, charges: Floats) -> Floats:
    """What is missing to the least bill of each month, and with the last month to that of the year, (…, 12) [USD]."""
    missing = np.maximum(tariff.minimum_usd_per_month - charges, 0.0)
    year = (charges + missing).sum(axis=-1)
    missing[..., -1] += np.maximum(tariff.minimum_usd_per_year - year, 0.0)
    return np.asarray(missing)


def _credited(tariff: Tariff, export: Floats, charges: Floats, minimum: Floats) -> tuple[Floats, Floats]:
    """What export earns in money and what it takes off the bill, each (…, 12) [USD]."""
    settlement = tariff.settlement
    if settlement.rule != "net_billing":
        return export, np.zeros_like(export)
    owed = np.maximum(charges + minimum - tariff.minimum_usd_per_month, 0.0)  # a credit cannot go below the minimum
    credit, left = paid_out(export, owed)
    income = np.zeros_like(export)
    income[..., -1] = left * settlement.credit_paid_frac
    return income, credit


def _response(grid: Grid, import_kw: Floats, clock: Clock) -> Floats:
    """What standing by and being called off earns, (…, 12) [USD]: nothing for load that is drawn all the same."""
    response = grid.demand_response
    if not response.committed_kw:
        return np.zeros((*import_kw.shape[:-1], MONTHS))
    called: Flags = called_hours(response, clock)
    too_much = np.maximum(import_kw - response.firm_kw, 0.0)
    given_up = np.where(called, np.maximum(response.committed_kw - too_much, 0.0), 0.0)
    ready = np.isin(clock.months + 1, response.months) if response.months else np.ones(MONTHS)
    standby = response.committed_kw * response.usd_per_kw_month * ready
    return standby + clock.by_month(given_up) * response.usd_per_kwh
