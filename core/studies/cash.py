"""From energy and coins to cash before tax and debt: monthly books and their years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.models import ageing, mining
from core.models.network import NetworkPath, growth_factor
from core.scenario import Scenario
from core.studies.connection import billed
from core.studies.energy import Energy
from core.studies.fleet import FleetLife, machine_kw
from core.studies.treasury import coin_lines
from core.vocabulary import BILL

Floats = NDArray[np.float64]
SECONDS_PER_HOUR = 3600.0
STOCKS = ("held_btc", "held_usd")


@dataclass(frozen=True, eq=False)
class Books:
    """Money by month (months,) and by year (years + 1,), year 0 the investment; [USD], coins [BTC], energy [kWh].

    Costs are counted positive; `net_cash_usd` is in minus out, before tax and debt.
    """

    monthly: dict[str, Floats]
    yearly: dict[str, Floats]
    capex: dict[str, float]
    prices: dict[str, Floats]  # of energy by month, peaks and fixed charges apart [USD/kWh]


def coins_per_kwh(scenario: Scenario, path: NetworkPath, fees_btc: float, life: FleetLife) -> Floats:
    """Coins kept per kWh that machines draw in each step of the fleet, (steps, months) [BTC/kWh].

    Expected by difficulty, after the pool's fee; cooling apart.
    """
    kept = life.step_ths_per_kw * (1.0 - scenario.outlook.pool_fee_frac)
    coins: Floats = mining.expected_btc(kept, SECONDS_PER_HOUR, path.difficulty, path.subsidy_btc, fees_btc)
    return coins


def mine_usd_per_kwh(scenario: Scenario, path: NetworkPath, coins: Floats) -> Floats:
    """What a kWh that machines draw earns net of the variable cost, (steps, months) [USD/kWh]: what dispatch decides by."""
    variable = scenario.finance.variable_usd_per_kwh * np.repeat(_inflation(scenario), 12)
    worth: Floats = coins * path.price_usd - variable
    return worth


def _inflation(scenario: Scenario) -> Floats:
    return yearly(scenario.finance.inflation_per_year, scenario)


def yearly(rate: float, scenario: Scenario) -> Floats:
    """How much a price has grown in each year of operation, first year 1, (years,)."""
    grown: Floats = growth_factor(rate, np.arange(scenario.finance.horizon_years))
    return grown


def capex_usd(scenario: Scenario) -> dict[str, float]:
    """The first investment by component [USD], contingency on all but the machines."""
    costs, fleet = scenario.finance, scenario.fleet
    built = {
        "array": scenario.array.dc_kw * costs.array_usd_per_kw,
        "battery": scenario.battery.energy_kwh * costs.battery_usd_per_kwh,
        "site": machine_kw(fleet) * fleet.pue * costs.site_usd_per_kw,
        "interconnection": costs.interconnection_usd,
        "other": costs.other_usd,
    }
    machines = sum((unit.price_usd or 0.0) * unit.count for unit in fleet.units)
    return {**built, "contingency": costs.contingency_frac * sum(built.values()), "machines": machines}


def fixed_opex_usd_per_year(scenario: Scenario) -> dict[str, float]:
    """First-year costs that do not depend on use, by component [USD/yr]."""
    costs, fleet = scenario.finance, scenario.fleet
    return {
        "array": scenario.array.dc_kw * costs.array_usd_per_kw_year,
        "battery": scenario.battery.energy_kwh * costs.battery_usd_per_kwh_year,
        "mining": machine_kw(fleet) * fleet.pue * costs.fleet_usd_per_kw_year,
        "fixed": costs.fixed_usd_per_year,
    }


def books(
    scenario: Scenario, path: NetworkPath, flows: Energy, life: FleetLife, coins: Floats, fees_btc: float
) -> Books:
    """Monthly and yearly books of a site that ran as `flows` with the fleet of `life`.

    coins (steps, months) [BTC per kWh that machines draw], fees_btc [BTC per block].
    """
    capex = capex_usd(scenario)
    power = _power_lines(scenario, flows)
    monthly = _monthly(scenario, path, flows, coins, power, fees_btc, _renewals_usd(scenario, flows, life, capex))
    return Books(monthly, _yearly(scenario, monthly, capex), capex, _prices(scenario, flows))


def _power_lines(scenario: Scenario, flows: Energy) -> dict[str, Floats]:
    """What the grid bills and pays by month, grown with its prices, (months,) [USD]."""
    told = billed(scenario.grid, flows.import_kw, flows.export_kw, flows.connection.clock)
    lines = {
        **{name: getattr(told, name) for name in BILL},
        "import_cost_usd": told.owed_usd,
        "export_revenue_usd": told.export_income_usd,
    }
    grown = yearly(scenario.grid.price_growth_per_year, scenario)[:, None]
    return {name: (usd * grown).reshape(-1) for name, usd in lines.items()}


def _prices(scenario: Scenario, flows: Energy) -> dict[str, Floats]:
    """Mean price of a kWh bought and sold in the hours of each month, (months,) [USD/kWh]."""
    joined, grown = flows.connection, yearly(scenario.grid.price_growth_per_year, scenario)
    return {
        name: np.multiply.outer(grown, joined.clock.by_month(getattr(joined, name)) / joined.clock.lengths).reshape(-1)
        for name in ("import_usd_per_kwh", "export_usd_per_kwh")
    }


def _renewals_usd(scenario: Scenario, flows: Energy, life: FleetLife, capex: dict[str, float]) -> dict[str, Floats]:
    """What is bought, mended and sold again in the course of operation, by month [USD]."""
    inverter, battery = scenario.array.inverter_replacement, scenario.battery.replacement
    month = np.arange(len(life.machine_kw))
    inflation = np.repeat(_inflation(scenario), 12)
    cells = battery.cost_frac * (1.0 + battery.price_change_per_year) ** (month / 12)
    due = ageing.replacement_months(inverter.every_years, month.size)
    return {
        "refresh_usd": life.refresh_usd,
        "battery_renewal_usd": capex["battery"] * cells * flows.battery_renewed_frac,
        "inverter_renewal_usd": capex["array"] * inverter.cost_frac * inflation * due,
        "repair_usd": life.repair_usd,
        "resale_usd": life.resale_usd,
    }


def _monthly(
    scenario: Scenario,
    path: NetworkPath,
    flows: Energy,
    coins: Floats,
    power: dict[str, Floats],
    fees_btc: float,
    renewals: dict[str, Floats],
) -> dict[str, Floats]:
    energy = {name: kwh.reshape(-1) for name, kwh in flows.monthly_kwh.items()}
    inflation = np.repeat(_inflation(scenario), 12)
    mined_btc = (flows.hashing_kwh * coins).sum(axis=0)
    income = {
        "mined_btc": mined_btc,
        "mining_revenue_usd": mined_btc * path.price_usd,
    }
    owed = power["import_cost_usd"] - power["export_revenue_usd"] - power["demand_response_usd"]
    by_use = flows.machines_kwh.sum(axis=0) * scenario.finance.variable_usd_per_kwh
    opex = (sum(fixed_opex_usd_per_year(scenario).values()) / 12 + by_use) * inflation
    renewed = sum(usd for name, usd in renewals.items() if name != "resale_usd") - renewals["resale_usd"]
    treasury = coin_lines(scenario, path, mined_btc, fees_btc, owed + opex + renewed)
    net = treasury["coin_sales_usd"] - owed - opex
    net = net - treasury["exchange_fee_usd"] - renewed
    return {**energy, **income, **treasury, **power, "opex_usd": opex, **renewals, "net_cash_usd": net}


def _yearly(scenario: Scenario, monthly: dict[str, Floats], capex: dict[str, float]) -> dict[str, Floats]:
    years = scenario.finance.horizon_years
    yearly = {name: _by_year(name, values.reshape(years, 12)) for name, values in monthly.items()}
    invested, salvage = np.zeros(years + 1), np.zeros(years + 1)
    resold = capex["machines"] if scenario.fleet.resale.realised_frac else 0.0  # at their price of the day, not twice
    invested[0] = sum(capex.values())
    salvage[-1] = scenario.finance.salvage_frac * (invested[0] - resold)
    net = yearly["net_cash_usd"] + salvage - invested
    return {**yearly, "capex_usd": invested, "salvage_usd": salvage, "net_cash_usd": net}


def _by_year(name: str, months: Floats) -> Floats:
    """A monthly line (years, 12) by year (years + 1,): stocks at the year's end, luck as independent months add, sums else."""
    if name in STOCKS:
        return np.append(0.0, months[:, -1])
    if name == "payout_sd_btc":
        return np.append(0.0, np.sqrt((months**2).sum(axis=1)))
    if name == "no_block_probability_frac":
        return np.append(1.0, months.prod(axis=1))
    return np.append(0.0, months.sum(axis=1))
