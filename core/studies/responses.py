"""What a site does in each month, worked out hour by hour once for each of some worths of a kWh, suns, fleets and batteries.

Dispatch depends on what a mined kWh is worth beside the prices of the grid, on the sun, on the machines that run and on the
battery's health: a path looks its months up here instead of running 8,760 hours each year. Where prices are few, flows
change only where the worth of a kWh passes one of them, and the table has one entry for all worths between two of them;
where they are many it has nodes, as it has for sun, machines and battery, and is linear between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.inputs import Weather
from core.models import lanes, solar
from core.models.dispatch import Hours, Storage
from core.models.lookup import Axes, between, looked_up
from core.sections import Array
from core.studies.energy import SiteYears, site_years, sky
from core.studies.path_bills import Metering, metering
from core.studies.progress import Tick
from core.studies.run import Run
from core.studies.storage import storage_of, wear_usd_per_kwh

Floats: TypeAlias = NDArray[np.float64]
MANY_PRICES, WORTHS = 40, 32
PEAK_HOURS = (730.0, 650.0, 550.0, 450.0, 350.0, 250.0, 180.0, 120.0, 80.0, 50.0, 25.0)  # of a month
IMPORT, EXPORT, IMPORT_USD, EXPORT_USD, DISCHARGE = range(5)  # after the steps
OTHERS = 5


class Nodes(NamedTuple):
    """How finely tables are made: how many suns and healths of the battery, and which shares of the fleet."""

    suns: int = 9
    alive: tuple[float, ...] = (0.0, 0.3, 0.6, 0.75, 0.85, 0.9, 0.94, 0.97, 1.0)
    healths: int = 4


@dataclass(frozen=True, eq=False)
class Responses:
    """The table of a site under one weather year, prices of the grid as in its first year.

    `flows` (suns, worths, fleets, healths, 12, columns): what machines draw in each step of the fleet, cooling apart, then
    discharge, import, export [kWh], import and export at the hours' prices [USD]. `pv_kwh` (suns, 12).
    Axes: `sun` light over the weather year's, panels' health included; `worth_usd_per_kwh` of what the first step of the
    fleet draws, over the index of power prices: with `stepwise`, places where flows change, else nodes; `alive` draw of
    the machines that run over the whole fleet's; `health` of the battery [1]. `metering`: further columns, for bills.
    """

    flows: Floats
    pv_kwh: Floats
    sun: Floats
    worth_usd_per_kwh: Floats
    alive: Floats
    health: Floats
    stepwise: bool
    fleet_kw: float
    metering: Metering | None = None

    @property
    def steps(self) -> int:
        return int(self.flows.shape[-1]) - OTHERS - (self.metering.columns if self.metering else 0)

    def year(self, sun: Floats, worth_usd_per_kwh: Floats, alive: Floats, health: Floats) -> tuple[Floats, Floats]:
        """Flows (columns, 12, paths) and solar energy (12, paths) of a year; sun and health (paths,), else (12, paths)."""
        axes = Axes(self.sun, self.worth_usd_per_kwh, self.alive, self.health, self.stepwise)
        told = looked_up(self.flows, axes, sun, worth_usd_per_kwh, alive, health)
        pv = sum(self.pv_kwh[index].T * share for index, share in between(self.sun, sun))
        return told, np.asarray(pv)

    def always_on(self) -> Responses:
        """The same site where a kWh mined is worth more than any other, so that machines run whenever they can."""
        return replace(self, flows=self.flows[:, -1:], worth_usd_per_kwh=np.zeros(0), stepwise=True)

    def reaches(self, sun: float) -> bool:
        """Whether years of so little light are in the table."""
        return bool(self.sun[0] <= sun + 1e-9)


def responses(
    base: Run,
    weather: Weather,
    suns: tuple[float, float],
    *,
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> Responses:
    """Run the site of a plan at every node; `suns`: lowest and highest sun that paths will ask for."""
    return responses_of([base], weather, suns, metered=True, tick=tick, compiled=compiled)[0]


def responses_of(
    bases: Sequence[Run],
    weather: Weather,
    suns: tuple[float, float],
    *,
    nodes: Nodes = Nodes(),  # noqa: B008
    metered: bool = False,
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> list[Responses]:
    """The tables of plans that differ in the sizes of array, battery and fleet alone, all with a battery or none.

    They are run side by side, so that many cost little more than one. metered: with what bills need, of one plan alone, its
    import held below the set points that suit each worth with the fleet running as planned.
    """
    widest = max(bases, key=lambda base: base.scenario.array.dc_kw)
    fullest = max(bases, key=lambda base: base.life.step_kw.sum())
    scenario, life = widest.scenario, fullest.life
    site = site_years(scenario, weather, life, fullest.worth_usd_per_kwh)
    full_kw, ratios = fleet_of(fullest)
    stepwise, worths = _worths(site, ratios)
    samples = _midway(worths) if stepwise else worths
    alive = np.asarray(nodes.alive) * (
        life.step_kw.sum(axis=0).max(initial=0.0) / full_kw.sum() if full_kw.any() else 1.0
    )
    healths = (
        np.linspace(scenario.battery.health_floor_frac, 1.0, nodes.healths)
        if scenario.battery.energy_kwh
        else np.ones(1)
    )
    sun = np.linspace(*suns, nodes.suns) if suns[1] - suns[0] > 1e-9 else np.array([suns[1]])
    sizes = [_shares(base, widest, fullest) for base in bases]
    plants = _plants(bases, sizes, alive, healths)
    meter = metering(scenario.grid, site.connection.clock) if metered else None
    columns = len(full_kw) + OTHERS + (meter.columns if meter else 0)
    flows = np.empty((len(sun), len(samples), len(bases), len(alive), len(healths), 12, columns))
    pv_kwh = np.empty((len(sun), 12))
    for i, light in enumerate(sun):
        pv_kw = _pv_kw(scenario.array, weather, float(light))[site.when.order]
        pv_kwh[i] = site.when.by_month(pv_kw)
        for j, worth in enumerate(samples):
            hours = _hours(site, pv_kw, full_kw, worth * ratios)
            if meter:
                hours = replace(hours, import_limit_kw=_held_kw(site, pv_kw, full_kw, worth * ratios))
            flows[i, j] = _told(site, hours, plants, meter, compiled).reshape(flows.shape[2:])
        tick((i + 1) / len(sun))
    return [
        Responses(
            np.ascontiguousarray(flows[:, :, n]),
            pv_kwh * of_array,
            sun,
            worths,
            alive,
            healths,
            stepwise,
            float(full_kw.sum() * of_fleet),
            meter,
        )
        for n, (of_array, of_fleet) in enumerate(sizes)
    ]


def _shares(base: Run, widest: Run, fullest: Run) -> tuple[float, float]:
    """Array and fleet of a plan over the largest of all."""
    dc_kw, kw = widest.scenario.array.dc_kw, fullest.life.step_kw[:, 0].sum()
    return base.scenario.array.dc_kw / dc_kw if dc_kw else 1.0, base.life.step_kw[:, 0].sum() / kw if kw else 1.0


def fleet_of(base: Run) -> tuple[Floats, Floats]:
    """Draw of each step of the whole fleet when it is new [kW], and its worth per kWh over the first step's [1]."""
    life = base.life
    kw, per_kw = life.step_kw[:, 0], life.step_ths_per_kw[:, 0]
    return kw, per_kw / per_kw[0] if len(per_kw) and per_kw[0] > 0 else np.ones(len(per_kw))


def _worths(site: SiteYears, ratios: Floats) -> tuple[bool, Floats]:
    """Worths of a kWh that machines draw at which dispatch may change; where these are many, nodes among them."""
    hours = site.hours(0, held=False)
    way2, wear = site.scenario.battery.round_trip_efficiency_frac, hours.wear_usd_per_kwh
    buy, sell = (
        np.unique(np.round((price * site.pue)[limit > 0], 10))
        for price, limit in (
            (hours.import_usd_per_kwh, hours.import_limit_kw),
            (hours.export_usd_per_kwh, hours.export_limit_kw),
        )
    )
    marks = [np.zeros(1), buy, sell]
    if site.scenario.battery.energy_kwh:
        marks += [(buy - wear) * way2, (sell - wear) * way2, sell / way2 + wear, np.array([wear, wear / way2])]
    marks += _peaks_pay(site, buy)
    found = np.unique(
        np.round(np.concatenate([np.concatenate(marks) / r for r in (ratios if len(ratios) else [1.0])]), 12)
    )
    if len(found) <= MANY_PRICES:
        return True, found
    inner = np.quantile(found, np.linspace(0.0, 1.0, WORTHS))
    return False, np.unique(np.concatenate([[inner[0] - 0.01], inner, [inner[-1] + 0.01]]))


def _peaks_pay(site: SiteYears, buy: Floats) -> list[Floats]:
    """Worths at which a peak begins to pay that serves some hours of a month."""
    demand = site.connection.demand
    if demand is None or not buy.size or site.scenario.grid.tariff.ratchet.shares_frac:
        return []
    usd_per_kw = np.unique(np.round((demand.month_usd_per_kw + demand.timed_usd_per_kw).ravel(), 6))
    some = np.unique(usd_per_kw[usd_per_kw > 0][[0, -1]]) if (usd_per_kw > 0).any() else np.zeros(0)
    return [buy.max() + np.multiply.outer(some, 1.0 / np.array(PEAK_HOURS)).ravel() * float(site.pue.mean())]


def _midway(marks: Floats) -> Floats:
    """A worth in each stretch between marks, and one beyond either end."""
    return np.concatenate([[marks[0] - 0.01], (marks[1:] + marks[:-1]) / 2.0, [marks[-1] + 0.01]])


def _plants(bases: Sequence[Run], sizes: Sequence[tuple[float, float]], alive: Floats, healths: Floats) -> lanes.Plants:
    """A lane for each plan, fleet and battery, plans first."""
    steps = len(bases[0].life.step_kw)
    stores = [storage_of(base.scenario.battery, health, 0.0) for base in bases for _ in alive for health in healths]
    store = Storage(*(np.array(values) for values in zip(*stores, strict=True)))  # type: ignore[arg-type]
    dc_kw, machines = (np.array([size[n] for size in sizes]) for n in (0, 1))
    running = np.multiply.outer(machines, np.repeat(alive, len(healths))).ravel()
    return lanes.Plants(
        np.repeat(dc_kw, len(alive) * len(healths)), np.broadcast_to(running, (steps, running.size)), store
    )


def _pv_kw(array: Array, weather: Weather, light: float) -> Floats:
    above = sky(weather)
    return solar.inverter_kw(array, light * solar.dc_kw(array, above))[0]


def _hours(site: SiteYears, pv_kw: Floats, full_kw: Floats, worth: Floats) -> Hours:
    """The first year's hours with every machine running, at one worth for each step."""
    side = site.kept_frac * site.pue
    hours = site.connection.hours(
        pv_kw, np.multiply.outer(full_kw, side), np.multiply.outer(worth, 1.0 / site.pue), 1.0, held=False
    )
    return replace(
        hours, wear_usd_per_kwh=wear_usd_per_kwh(site.scenario.battery, site.scenario.finance.battery_usd_per_kwh)
    )


def _held_kw(site: SiteYears, pv_kw: Floats, full_kw: Floats, worth: Floats) -> Floats:
    """Limit of import by hour, held below the set points where peaks cost money [kW].

    Under a ratchet they are those of the plan's first year: it is the year's peak that counts, whatever a month is worth.
    """
    if site.scenario.grid.tariff.ratchet.shares_frac:
        return site.hours(0).import_limit_kw
    side = site.kept_frac * site.pue * site.scenario.fleet.uptime_frac
    worths = np.multiply.outer(worth, 1.0 / site.pue)
    return site.connection.hours(pv_kw, np.multiply.outer(full_kw, side), worths, 1.0).import_limit_kw


def _told(site: SiteYears, hours: Hours, plants: lanes.Plants, meter: Metering | None, compiled: bool) -> Floats:
    """(lanes, 12, columns) of a year."""
    clock, steps = site.connection.clock, len(hours.step_kw)
    bins = meter.bin_of_hour if meter else clock.of_operation
    ran = lanes.sums(hours, plants, bins, compiled=compiled and lanes.is_compiled(steps))
    energy, *usd = (
        meter.by_month(part) if meter else part for part in (ran.energy_kwh, ran.import_usd, ran.export_usd)
    )
    pue = clock.by_month(site.pue) / clock.lengths
    _, discharge, bought, sold, _ = np.moveaxis(energy[..., steps:], -1, 0)
    others = np.stack([bought, sold, *usd, discharge], axis=-1)
    read = [meter.told(ran, steps)] if meter else []
    return np.concatenate([energy[..., :steps] / pue[:, None], others, *read], axis=-1)
