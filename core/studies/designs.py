"""Many sizes of one plant judged at once in the books of the house, each as the causal rule will run it.

A design is an array, a battery and a number of machines; all else is the scenario's. Hours go through `models.lanes`,
year after year with the battery as it has aged; costs are straight lines in the sizes, so those of every design follow from
the scenario's at nothing and at one unit of each; the rest is the pro-forma, which takes any leading axes.

Exact where `approximations` finds nothing: then a design's NPV is that of its projection to rounding. Else the figures are
for choosing among designs, and the few that are chosen are to be projected by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.inputs import CreditRule, Reading, Weather
from core.models import ageing, finance, lanes
from core.models.dispatch import Storage
from core.scenario import Scenario
from core.studies import cash
from core.studies.account import assets_of
from core.studies.cash import Books
from core.studies.connection import flat_price
from core.studies.energy import SiteYears, site_years
from core.studies.fleet import W_PER_KW, FleetLife, fleet_life, unit_steps
from core.studies.lenders import lender_cases
from core.studies.levies import Asset
from core.studies.operation import Operation
from core.studies.proforma import Proforma, proforma
from core.studies.progress import Tick
from core.studies.run import fees_btc, network

Floats: TypeAlias = NDArray[np.float64]
SIZES = ("array.dc_kw", "battery.energy_kwh", "battery.power_kw", "fleet.units.0.count")
DC, ENERGY, POWER, COUNT = range(4)


class Judged(NamedTuple):
    """Designs (n, 4) in the order of `SIZES`, their books, and per design: first investment [USD], coins by year
    (n, years + 1) [BTC], share of the fleet's possible energy that was mined in the first year [1]."""

    sizes: Floats
    account: Proforma
    capex_usd: Floats
    mined_btc: Floats
    served_frac: Floats


def approximations(scenario: Scenario) -> tuple[str, ...]:
    """What of a scenario designs cannot be judged by exactly, in words; empty where they can."""
    battery, fleet, tariff = scenario.battery, scenario.fleet, scenario.grid.tariff
    found = {
        "bills by tariff are taken at the price of each hour": not flat_price(scenario.grid)
        or bool(tariff.flat_demand.periods or tariff.timed_demand.periods or tariff.coincident.usd_per_kw)
        or bool(tariff.minimum_usd_per_month or tariff.minimum_usd_per_year)
        or bool(scenario.grid.demand_response.committed_kw),
        "cells are not renewed": battery.replacement.rule != "never" or battery.replacement.counting != "throughput",
        "coins are sold as they are mined": scenario.outlook.treasury.rule != "sell_all",
        "starts cost nothing, and any part of a machine may run": bool(fleet.control.restart_minutes)
        or fleet.control.whole_machines,
        "cooling takes its mean share": bool(fleet.cooling.pue_rise_per_c),
    }
    return tuple(words for words, so in found.items() if so)


def sized(scenario: Scenario, sizes: Floats) -> Scenario:
    """The scenario with one design's sizes, (4,)."""
    values = {path: float(value) for path, value in zip(SIZES, sizes, strict=True)}
    return scenario.but({**values, SIZES[COUNT]: round(values[SIZES[COUNT]])})


def machine_site_kw(scenario: Scenario) -> float:
    """Site draw of one machine of the kind that is sized, cooling included [kW]."""
    return float(unit_steps(scenario.fleet.units[0]).power_w.sum()) / W_PER_KW * scenario.fleet.pue


@dataclass(frozen=True, eq=False)
class Ground:
    """What all designs share: the scenario at one kW of array and one machine, its life, site and worth of coins.

    `coins_per_kwh` (steps, months) as in `cash.coins_per_kwh`; `price_usd` (months,).
    """

    scenario: Scenario
    one: Scenario
    life: FleetLife
    site: SiteYears
    coins_per_kwh: Floats
    price_usd: Floats
    readings: tuple[Reading, ...]
    rules: tuple[CreditRule, ...]

    @property
    def years(self) -> int:
        return self.site.years


def ground(
    scenario: Scenario, weather: Weather, readings: tuple[Reading, ...], rules: tuple[CreditRule, ...] = ()
) -> Ground:
    """The ground on which designs of a scenario are judged; its fleet has one kind of machine."""
    one = scenario.but({SIZES[DC]: 1.0, SIZES[COUNT]: 1})
    path, fees = network(scenario, readings), fees_btc(readings)
    life = fleet_life(one, path, fees)
    coins = cash.coins_per_kwh(one, path, fees, life)
    site = site_years(one, weather, life, cash.mine_usd_per_kwh(one, path, coins))
    return Ground(scenario, one, life, site, coins, path.price_usd, readings, rules)


def judged(on: Ground, sizes: Floats, *, tick: Tick = lambda share: None, compiled: bool = True) -> Judged:
    """Books of designs (n, 4), sizes in the order of `SIZES`. `tick` is told the share done, and may raise."""
    flows = _flows(on, sizes, tick, compiled)
    operation, assets = _operation(on, sizes, flows), _assets(on, sizes)
    sun = np.divide(
        np.maximum(flows.mined_kwh - flows.import_kwh, 0.0),
        flows.mined_kwh,
        out=np.zeros(flows.mined_kwh.shape),
        where=flows.mined_kwh > 0,
    )
    terms = on.scenario.finance
    with np.errstate(all="ignore"):
        account = proforma(terms, assets, operation, lender_cases(terms, assets, operation, sun))
    possible = on.site.hours(0, held=False).step_kw.sum() * sizes[:, COUNT]
    served = np.divide(flows.mined_kwh[:, 1], possible, out=np.zeros(len(sizes)), where=possible > 0)
    return Judged(sizes, account, _first_usd(assets, len(sizes)), flows.mined_btc, served)


def capex_usd(on: Ground, sizes: Floats) -> Floats:
    """First investment of designs, (n,) [USD]."""
    return _first_usd(_assets(on, sizes), len(sizes))


def _first_usd(assets: list[Asset], designs: int) -> Floats:
    return np.asarray(sum((asset.cost_usd[..., 0] for asset in assets), start=np.zeros(designs)))


def cost_usd_per_btc(on: Ground, told: Judged) -> Floats:
    """All-in cost of a coin of each design, (n,) [USD/BTC], as in the metrics of a projection; nan where none is mined."""
    account = told.account
    spent = account.revenue_usd - account.operation.kept_usd - account.equity_usd
    return np.asarray(finance.levelised_usd_per_btc(on.scenario.finance.discount_rate, spent, told.mined_btc))


class _Flows(NamedTuple):
    """Per design and year, (n, years + 1), year 0 nothing: energy [kWh], money [USD] and coins [BTC]."""

    pv_kwh: Floats
    mined_kwh: Floats
    import_kwh: Floats
    machines_kwh: Floats
    mining_usd: Floats
    export_usd: Floats
    import_usd: Floats
    mined_btc: Floats


def _flows(on: Ground, sizes: Floats, tick: Tick, compiled: bool) -> _Flows:
    battery, site, n = on.scenario.battery, on.site, len(sizes)
    steps, month = len(site.step_kw), site.connection.clock.of_operation
    lines = {name: np.zeros((n, on.years + 1)) for name in _Flows._fields}
    health, soc = np.ones(n), battery.soc_min_frac * sizes[:, ENERGY]
    pue = site.connection.clock.by_month(site.pue) / site.connection.clock.lengths
    for year in range(on.years):
        hours = site.hours(year, held=False)
        told = lanes.sums(
            hours,
            _plants(on.scenario, sizes, health, soc, steps),
            month,
            compiled=compiled and lanes.is_compiled(steps),
        )
        mined, (_, drawn, bought, _, _) = told.energy_kwh[..., :steps], np.moveaxis(told.energy_kwh[..., steps:], -1, 0)
        machines = mined / pue[:, None]
        btc = (machines * on.coins_per_kwh[:, 12 * year : 12 * year + 12].T).sum(axis=-1)
        at = year + 1
        lines["mined_btc"][:, at] = btc.sum(axis=-1)
        lines["pv_kwh"][:, at] = hours.pv_kw.sum() * sizes[:, DC]
        lines["mined_kwh"][:, at], lines["import_kwh"][:, at] = mined.sum(axis=(1, 2)), bought.sum(axis=-1)
        lines["machines_kwh"][:, at] = machines.sum(axis=(1, 2))
        lines["mining_usd"][:, at] = btc @ on.price_usd[12 * year : 12 * year + 12]
        lines["export_usd"][:, at], lines["import_usd"][:, at] = told.export_usd.sum(-1), told.import_usd.sum(-1)
        given = drawn.sum(axis=-1) / np.sqrt(battery.round_trip_efficiency_frac)
        fades = (battery.calendar_fade_frac_per_year, battery.cycle_fade_frac_per_cycle, battery.health_floor_frac)
        health = ageing.battery_health_after_year_frac(health, given, sizes[:, ENERGY], *fades)
        soc = told.soc_kwh
        tick((year + 1) / on.years)
    return _Flows(**lines)


def _plants(scenario: Scenario, sizes: Floats, health: Floats, soc: Floats, steps: int) -> lanes.Plants:
    battery, capacity = scenario.battery, sizes[:, ENERGY] * health
    low, high = battery.soc_min_frac * capacity, battery.soc_max_frac * capacity
    way = float(np.sqrt(battery.round_trip_efficiency_frac))
    storage = Storage(low, high, sizes[:, POWER], way, np.clip(soc, low, high))  # type: ignore[arg-type]
    return lanes.Plants(sizes[:, DC], np.broadcast_to(sizes[:, COUNT], (steps, len(sizes))), storage)


# Money: straight lines in the sizes


def _operation(on: Ground, sizes: Floats, flows: _Flows) -> Operation:
    scenario = on.scenario
    grown, inflation = (
        np.append(0.0, cash.yearly(rate, scenario))
        for rate in (scenario.grid.price_growth_per_year, scenario.finance.inflation_per_year)
    )
    fee = scenario.outlook.exchange_fee_frac if scenario.outlook.treasury.sales_pay_fee else 0.0
    fixed_usd = 12.0 * (scenario.grid.fixed_usd_per_month + scenario.grid.tariff.fixed_usd_per_month)
    fixed_usd += float(site_days(on)) * scenario.grid.tariff.fixed_usd_per_day
    upkeep = _line(on, sizes, lambda plan: np.array([sum(cash.fixed_opex_usd_per_year(plan).values())]))
    repair = np.append(0.0, on.life.repair_usd.reshape(-1, 12).sum(axis=1))
    return Operation(
        flows.pv_kwh,
        {"mining_revenue_usd": flows.mining_usd, "export_revenue_usd": flows.export_usd},
        {
            "import_cost_usd": flows.import_usd + fixed_usd * grown,
            "upkeep_usd": (upkeep + flows.machines_kwh * scenario.finance.variable_usd_per_kwh) * inflation,
            "repair_usd": np.multiply.outer(sizes[:, COUNT], repair),
            "exchange_fee_usd": fee * flows.mining_usd,
        },
    )


def site_days(on: Ground) -> float:
    """Days of a year of operation."""
    return float(on.site.connection.clock.days.sum())


def _assets(on: Ground, sizes: Floats) -> list[Asset]:
    """What designs buy and sell, costs and proceeds (n, years + 1): from the scenario at nothing and at one of each size."""
    made = [_bought(on, plan) for plan in _units(on)]
    names = dict.fromkeys(asset.name for plan in made for asset in plan)
    return [_asset(name, made, sizes) for name in names]


def _asset(name: str, made: list[list[Asset]], sizes: Floats) -> Asset:
    found = [next((asset for asset in plan if asset.name == name), None) for plan in made]
    like = next(asset for asset in found if asset is not None)
    nothing = np.zeros(like.cost_usd.shape)

    def line(read: Callable[[Asset], Floats]) -> Floats:
        rows = [read(asset) if asset is not None else nothing for asset in found]
        return np.asarray(rows[0] + sizes @ np.stack([row - rows[0] for row in rows[1:]]))

    return replace(
        like,
        cost_usd=line(lambda asset: asset.cost_usd),
        proceeds_usd=line(lambda asset: np.broadcast_to(asset.proceeds_usd, asset.cost_usd.shape)),
    )


def _line(on: Ground, sizes: Floats, read: Callable[[Scenario], Floats]) -> Floats:
    """A figure (k,) of a plan that is a straight line in its sizes, for all designs (n, k)."""
    nothing, *ones = (read(plan) for plan in _units(on))
    return np.asarray(nothing + sizes @ np.stack([one - nothing for one in ones]))


def _units(on: Ground) -> list[Scenario]:
    """The scenario with nothing of any size, then with one unit of each."""
    return [sized(on.scenario, row) for row in (np.zeros(4), *np.eye(4))]


def _bought(on: Ground, plan: Scenario) -> list[Asset]:
    """Purchases of a plan that renews machines and inverters but no cells."""
    years, count = on.years, plan.fleet.units[0].count
    life = on.life if count else _no_life(on.life)
    capex = cash.capex_usd(plan)
    inverter = plan.array.inverter_replacement
    due = ageing.replacement_months(inverter.every_years, 12 * years).reshape(years, 12).any(axis=1)
    inflation = cash.yearly(plan.finance.inflation_per_year, plan)
    renewed = np.append(0.0, capex["array"] * inverter.cost_frac * inflation * due)
    lines = {"battery_renewal_usd": np.zeros(years + 1), "inverter_renewal_usd": renewed}
    return assets_of(plan, Books({}, lines, capex, {}), life, on.rules)


def _no_life(life: FleetLife) -> FleetLife:
    """The same dates of purchase and sale without money."""
    return replace(life, vintages=tuple(v._replace(cost_usd=0.0, proceeds_usd=0.0) for v in life.vintages))
