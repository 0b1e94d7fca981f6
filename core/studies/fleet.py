"""The fleet: what its machines draw and hash, month by month as they age, break and are renewed, and hour by hour in the heat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.inputs import Weather
from core.models import ageing, machines, mining, running
from core.models.machines import Curve, Plan
from core.models.network import NetworkPath, growth_factor
from core.scenario import Scenario
from core.sections import Fleet, Hardware, Refresh, Unit
from core.studies.connection import mean_import_usd_per_kwh

Floats = NDArray[np.float64]
W_PER_KW = 1000.0


def unit_steps(unit: Unit) -> running.Steps:
    """A machine of a kind loaded bit by bit over its nominal figures and modes; no bits where it has no figures."""
    if not unit.power_w or not unit.hashrate_ths:
        return running.Steps(np.zeros(0), np.zeros(0))
    return _steps((unit.power_w, unit.hashrate_ths), *((mode.power_w, mode.hashrate_ths) for mode in unit.modes))


@lru_cache(maxsize=256)
def _steps(*modes: tuple[float, float]) -> running.Steps:
    """The bits of modes [W, TH/s]: kept by figures alone, so that no planner's name of a machine outlasts the session."""
    return running.steps(*zip(*modes, strict=True))


def machine_kw(fleet: Fleet) -> float:
    """Draw of all machines together at the start in the mode that hashes most, cooling apart [kW]."""
    return float(sum(unit_steps(unit).power_w.sum() * unit.count for unit in fleet.units) / W_PER_KW)


def fleet_hashrate_ths(fleet: Fleet) -> float:
    """Hash rate of all machines of the start when new, in the mode that hashes most [TH/s]."""
    return float(sum(unit_steps(unit).hashrate_ths.sum() * unit.count for unit in fleet.units))


def efficiency_j_per_th(fleet: Fleet) -> float:
    """Energy per terahash of the first fleet as a whole when new, cooling apart [J/TH]; nan without machines."""
    hashrate = fleet_hashrate_ths(fleet)
    return machine_kw(fleet) * W_PER_KW / hashrate if hashrate > 0 else float("nan")


class Climate(NamedTuple):
    """What the weather does to the fleet, each (8760,) in the order of the weather year.

    `kept_frac`: share of hash rate and power that heat leaves [1]; `pue`: site draw over machine draw [1].
    """

    kept_frac: Floats
    pue: Floats


def climate(scenario: Scenario, weather: Weather) -> Climate:
    """Heat and cooling hour by hour, by the temperature of what cools the machines."""
    fleet, cooling, air = scenario.fleet, scenario.fleet.cooling, weather.hourly["temp_air"].to_numpy()
    if cooling.kind == "air":
        lower, warmer = (
            running.thin_air_c(scenario.site.elevation_m, cooling.thin_air_above_m, cooling.thin_air_c_per_km),
            0.0,
        )
    else:
        lower, warmer = 0.0, cooling.approach_c
    kept = running.ambient_derate_frac(
        air + warmer, fleet.derate_above_c - lower, fleet.derate_frac, fleet.shutdown_above_c - lower
    )
    return Climate(kept, running.pue_by_temperature(air, fleet.pue, cooling.pue_rise_per_c, cooling.pue_rises_above_c))


class Vintage(NamedTuple):
    """Machines of one kind bought together: months of operation in which they come and go, 0 for the first fleet; [USD]."""

    bought: int
    gone: int
    cost_usd: float
    proceeds_usd: float


@dataclass(frozen=True, eq=False)
class FleetLife:
    """The fleet in each month of operation, every field but the last four (months,).

    `machine_kw`: draw of the machines in service, cooling apart; in repair, being installed and retired left out.
    `efficiency_j_per_th`: of these as a whole when new, nan where there are none; `health_frac`: their hash rate over that
    when new. `renewed`: machines bought. Nominal money [USD]: `refresh_usd` for them, `resale_usd` for what they replace
    and, in the last month, for what is left; `repair_usd`. `vintages`: the same purchases and sales, each by itself.
    `step_kw`, `step_ths_per_kw` (steps, months): the same machines as bits of draw, what hashes most per kW first;
    `ready_frac`: share of the machines' draw that is not in repair [1]. `step_one_kw`: the bit of the smallest part that can be switched, a machine or a hash board.
    """

    machine_kw: Floats
    efficiency_j_per_th: Floats
    health_frac: Floats
    renewed: Floats
    refresh_usd: Floats
    resale_usd: Floats
    repair_usd: Floats
    vintages: tuple[Vintage, ...]
    step_kw: Floats
    step_ths_per_kw: Floats
    step_one_kw: Floats
    ready_frac: Floats

    @property
    def hashrate_ths(self) -> Floats:
        """Hash rate of the machines in service as they are [TH/s]; 0 where there are none."""
        rated = self.machine_kw * W_PER_KW / self.efficiency_j_per_th
        hashing: Floats = np.where(self.machine_kw > 0, rated * self.health_frac, 0.0)
        return hashing


class _Outlook(NamedTuple):
    """What renewal is decided by, each (months,): hardware on sale, health by age, hashprice and power."""

    curve: Curve
    years: Floats  # since the reading of the hardware
    days: Floats
    new_j_per_th: Floats
    new_usd_per_th: Floats
    health_by_age: Floats
    hashprice_usd_per_ph_day: Floats
    usd_per_kwh: Floats
    inflation: Floats
    dates: NDArray[np.bool_]


def fleet_life(scenario: Scenario, path: NetworkPath, fees_btc: float) -> FleetLife:
    """Run the machines through the horizon: ageing, failures, renewal and resale.

    Kinds of machines are renewed each at its own time, at the same power.
    """
    outlook = _outlook(scenario, path, fees_btc)
    kinds = [_kind(scenario.fleet, unit, outlook) for unit in scenario.fleet.units]
    months = len(path.days)
    kw = _summed((k.watts for k in kinds), months) / W_PER_KW
    hashing = _summed((k.hashing_ths for k in kinds), months)
    with np.errstate(invalid="ignore"):
        efficiency = kw * W_PER_KW / np.where(hashing > 0, hashing, np.nan)
    step_kw, step_ths_per_kw, step_one_kw = _merit_order(scenario.fleet, kinds, months)
    return FleetLife(
        machine_kw=kw,
        efficiency_j_per_th=efficiency,
        health_frac=_mixed_health(kinds, hashing, outlook.health_by_age),
        renewed=_summed((k.renewed for k in kinds), months),
        refresh_usd=_summed((k.refresh_usd for k in kinds), months),
        resale_usd=_summed((k.resale_usd for k in kinds), months),
        repair_usd=_summed((k.repair_usd for k in kinds), months),
        vintages=tuple(vintage for k in kinds for vintage in k.vintages),
        step_kw=step_kw,
        step_ths_per_kw=step_ths_per_kw,
        step_one_kw=step_one_kw,
        ready_frac=_ready_frac(kinds, months),
    )


def _ready_frac(kinds: list[_Kind], months: int) -> Floats:
    drawn = _summed((k.watts for k in kinds), months)
    whole = _summed((k.watts / k.ready_frac for k in kinds), months)
    return np.divide(drawn, whole, out=np.ones(months), where=whole > 0)


def _merit_order(fleet: Fleet, kinds: list[_Kind], months: int) -> tuple[Floats, Floats, Floats]:
    """Draw [kW], hash rate per draw [TH/s per kW] and smallest part [kW] of every bit of the fleet, (steps, months).

    The bit that hashes most per kW in the month comes first. A machine bought anew has modes in the proportions of the one
    it replaces.
    """
    bits = [_bits(unit, kind, fleet.control.boards) for unit, kind in zip(fleet.units, kinds, strict=True)]
    none = np.zeros((0, months))
    kw, per_kw, one_kw = (np.concatenate(part) for part in zip((none, none, none), *bits, strict=True))
    if len(kw) < 2:
        return kw, per_kw, one_kw
    order = np.argsort(-per_kw, axis=0, kind="stable")
    first, then, last = (np.take_along_axis(part, order, axis=0) for part in (kw, per_kw, one_kw))
    return first, then, last


def _bits(unit: Unit, kind: _Kind, boards: int) -> tuple[Floats, Floats, Floats]:
    """The same of one kind of machine, (its bits, months), in the order in which it is loaded."""
    watts, rates = unit_steps(unit)
    months = len(kind.watts)
    if not watts.size:
        return (np.zeros((0, months)),) * 3
    hashing = kind.hashing_ths * kind.health_frac
    full = np.divide(hashing, kind.watts, out=np.zeros(months), where=kind.watts > 0) * W_PER_KW
    kw = np.multiply.outer(watts / watts.sum(), kind.watts) / W_PER_KW
    per_kw = np.multiply.outer(rates / watts * (watts.sum() / rates.sum()), full)
    return kw, per_kw, np.broadcast_to((watts / W_PER_KW / boards)[:, None], kw.shape)


def _summed(rows: Iterable[Floats], months: int) -> Floats:
    return sum(rows, start=np.zeros(months))


class _Kind(NamedTuple):
    """One kind of machine by month: watts and rated TH/s in service, health, number bought, money spent and earned;
    and its vintages."""

    watts: Floats
    hashing_ths: Floats
    health_frac: Floats
    ready_frac: Floats
    renewed: Floats
    refresh_usd: Floats
    resale_usd: Floats
    repair_usd: Floats
    vintages: list[Vintage]


def _kind(fleet: Fleet, unit: Unit, outlook: _Outlook) -> _Kind:
    watts, hashrate = (float(part.sum()) * unit.count for part in unit_steps(unit))
    month = np.arange(len(outlook.days))
    since = _bought_month(fleet, watts, hashrate, outlook)
    alive, new = since >= 0, (since == month) & (month > 0)
    age = np.where(alive, month - since, 0)
    rated = np.where(since > 0, watts / outlook.new_j_per_th[since], hashrate)
    failures = ageing.failures_by_age(fleet.failures.rate_per_year, fleet.failures.growth_per_year, age / 12)
    ready = ageing.availability_frac(failures, fleet.failures.repair_days)
    in_service = alive * ready * np.where(new, 1.0 - fleet.refresh.install_days / outlook.days, 1.0)
    broken = alive * unit.count * failures * ready * outlook.days / ageing.PLAN_DAYS_PER_YEAR
    refresh_usd = np.where(new, rated * outlook.new_usd_per_th, 0.0)
    last, gone = _going(since)
    brought = _resale_usd(fleet, outlook, since, last, rated, watts)
    resale_usd = np.zeros(len(month))
    np.add.at(resale_usd, gone, brought)
    paid = np.where(since[last] > 0, refresh_usd[since[last]], (unit.price_usd or 0.0) * unit.count)
    return _Kind(
        watts=watts * in_service,
        hashing_ths=rated * in_service,
        health_frac=outlook.health_by_age[age],
        ready_frac=ready,
        renewed=np.where(new, float(unit.count), 0.0),
        refresh_usd=refresh_usd,
        resale_usd=resale_usd,
        repair_usd=broken * fleet.failures.repair_usd * outlook.inflation,
        vintages=[
            Vintage(*entry)
            for entry in zip(since[last].tolist(), gone.tolist(), paid.tolist(), brought.tolist(), strict=True)
        ],
    )


def _bought_month(fleet: Fleet, watts: float, hashrate_ths: float, outlook: _Outlook) -> NDArray[np.int64]:
    if fleet.refresh.rule == "never" or not watts * hashrate_ths:
        return np.zeros(len(outlook.days), np.int64)
    return machines.bought_month(
        _plan(fleet.refresh, outlook.dates),
        outlook.hashprice_usd_per_ph_day,
        outlook.usd_per_kwh,
        watts / hashrate_ths,
        outlook.new_j_per_th,
        outlook.health_by_age,
    )


def _going(since: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The last month of each machine's life, and the month in which it is sold: those left go in the last of all."""
    following = np.append(since[1:], machines.RETIRED)
    last = np.flatnonzero((since >= 0) & (following != since))
    return last, np.minimum(last + 1, len(since) - 1)


def _resale_usd(
    fleet: Fleet,
    outlook: _Outlook,
    since: NDArray[np.int64],
    last: NDArray[np.intp],
    rated_ths: Floats,
    watts: float,
) -> Floats:
    """What machines bring when they go after the month `last`, by what they still hash, of its shape."""
    if not fleet.resale.realised_frac or not watts or not rated_ths.all():
        return np.zeros(len(last))
    age = last + 1 - since[last]
    hashing = rated_ths[last] * outlook.health_by_age[last - since[last]]
    usd_per_th = machines.resale_usd_per_th(
        outlook.years[last] + 1 / 12,
        watts / hashing,
        age / 12,
        outlook.curve,
        fleet.resale.realised_frac,
        fleet.resale.age_decline_frac_per_year,
    )
    brought: Floats = hashing * usd_per_th
    return brought


def _mixed_health(kinds: list[_Kind], hashing_ths: Floats, health_by_age: Floats) -> Floats:
    """Health of kinds of several ages together; of one age it is theirs."""
    if not kinds:
        return health_by_age
    healths = np.stack([k.health_frac for k in kinds])
    total = np.where(hashing_ths > 0, hashing_ths, 1.0)
    mixed = sum((k.hashing_ths / total * k.health_frac for k in kinds), start=np.zeros(len(total)))
    alike = (healths == healths[0]).all(axis=0) | (hashing_ths <= 0)
    return np.where(alike, healths[0], mixed)


# What decides


def hardware_curve(hardware: Hardware) -> Curve:
    """The outlook's curve of machines on sale, as `core.models.machines` takes it."""
    return Curve(
        hardware.efficiency_j_per_th,
        hardware.improvement_per_year,
        hardware.improvement_fade_years,
        hardware.price_usd_per_th,
        hardware.price_decline_frac_per_year,
        hardware.class_exponent,
    )


@lru_cache(maxsize=64)
def _on_sale(
    hardware: Hardware, first: np.datetime64, months: int, class_ratio: float
) -> tuple[Floats, Floats, Floats]:
    """Years since the reading of the hardware, J/TH and USD/TH of the class then on sale, each (months,)."""
    curve, month = hardware_curve(hardware), first + np.arange(months)
    years = (month - np.datetime64(hardware.as_of, "M")).astype(np.float64) / 12.0
    new = machines.efficiency_j_per_th(years, curve) * class_ratio
    return years, new, machines.price_usd_per_th(years, new, curve)


def _outlook(scenario: Scenario, path: NetworkPath, fees_btc: float) -> _Outlook:
    fleet, hardware, years = scenario.fleet, scenario.outlook.hardware, scenario.finance.horizon_years
    since, new, price = _on_sale(hardware, path.month[0], len(path.month), fleet.refresh.class_ratio)
    fade = ageing.hashrate_health_frac(years, fleet.hashrate_degradation_frac_per_year)
    inflation = np.repeat(growth_factor(scenario.finance.inflation_per_year, np.arange(years)), 12)
    return _Outlook(
        curve=hardware_curve(hardware),
        years=since,
        days=path.days,
        new_j_per_th=new,
        new_usd_per_th=price,
        health_by_age=np.repeat(fade, 12),
        hashprice_usd_per_ph_day=_hashprice(scenario, path, fees_btc),
        usd_per_kwh=_power_usd_per_kwh(scenario) * fleet.pue + scenario.finance.variable_usd_per_kwh * inflation,
        inflation=inflation,
        dates=np.isin(path.month, np.array(fleet.refresh.dates, "datetime64[M]")),
    )


def _power_usd_per_kwh(scenario: Scenario) -> Floats:
    """Price of site power that renewal reckons with, by month: the planner's, else import, else export, else none."""
    grid, own = scenario.grid, scenario.fleet.refresh.power_usd_per_kwh
    first = (
        own
        if own is not None
        else mean_import_usd_per_kwh(scenario)
        if grid.import_limit_kw > 0
        else max(grid.export_usd_per_kwh, 0.0) * (grid.export_limit_kw > 0)
    )
    growth: Floats = np.repeat(growth_factor(grid.price_growth_per_year, np.arange(scenario.finance.horizon_years)), 12)
    return first * growth


def _plan(refresh: Refresh, dates: NDArray[np.bool_]) -> Plan:
    return Plan(refresh.rule, dates, max(round(refresh.age_years * 12), 1), refresh.losing_months, refresh.times)


def _hashprice(scenario: Scenario, path: NetworkPath, fees_btc: float) -> Floats:
    """Hashprice net of the pool's fee by month, worked out only where a rule asks for it."""
    if scenario.fleet.refresh.rule == "never":
        return np.zeros(len(path.days))
    gross = mining.hashprice_usd_per_ph_day(path.price_usd, path.difficulty, path.subsidy_btc, fees_btc)
    kept: Floats = gross * (1.0 - scenario.outlook.pool_fee_frac)
    return kept
