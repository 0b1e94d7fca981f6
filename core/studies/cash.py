"""From energy and coins to cash: monthly books, a yearly statement, and what the same money would do elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.models import finance, mining
from core.models.network import NetworkPath, growth_factor
from core.scenario import Scenario
from core.studies.energy import Energy
from core.studies.fleet import efficiency_j_per_th, fleet_hashrate_ths, machine_kw

Floats = NDArray[np.float64]
JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True, eq=False)
class Books:
    """Money by month (months,) and by year (years + 1,), year 0 the investment; [USD], coins [BTC], energy [kWh].

    Costs are counted positive; `net_cash_usd` is in minus out.
    """

    monthly: dict[str, Floats]
    yearly: dict[str, Floats]
    capex: dict[str, float]
    prices: dict[str, Floats]  # of energy by month [USD/kWh]

    @property
    def cash_usd(self) -> Floats:
        return self.yearly["net_cash_usd"]


def coins_per_kwh(scenario: Scenario, path: NetworkPath, fees_btc: float, hashrate_health_frac: Floats) -> Floats:
    """Coins kept per kWh of site draw, (months,) [BTC/kWh]: expected by difficulty, after the pool's fee.

    3.6 MJ / (J/TH · PUE) · health · (1 − fee) terahashes; 0 without machines.
    """
    if fleet_hashrate_ths(scenario.fleet) == 0:
        return np.zeros_like(path.difficulty)
    terahashes = JOULES_PER_KWH / (efficiency_j_per_th(scenario.fleet) * scenario.fleet.pue)
    kept = terahashes * np.repeat(hashrate_health_frac, 12) * (1.0 - scenario.outlook.pool_fee_frac)
    coins: Floats = mining.expected_btc(kept, 1.0, path.difficulty, path.subsidy_btc, fees_btc)
    return coins


def mine_usd_per_kwh(scenario: Scenario, path: NetworkPath, coins: Floats) -> Floats:
    """What a kWh of site draw earns net of the variable cost, (years, 12) [USD/kWh]: what dispatch decides by."""
    years = scenario.finance.horizon_years
    variable = scenario.finance.variable_usd_per_kwh / scenario.fleet.pue * _inflation(scenario)
    worth: Floats = (coins * path.price_usd).reshape(years, 12) - variable[:, None]
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


def books(scenario: Scenario, path: NetworkPath, flows: Energy, coins: Floats) -> Books:
    """Monthly and yearly books of a site that ran as `flows`; `coins` (months,) [BTC per kWh of site draw]."""
    power = np.repeat(yearly(scenario.grid.price_growth_per_year, scenario), 12)
    prices = {
        "import_usd_per_kwh": scenario.grid.import_usd_per_kwh * power,
        "export_usd_per_kwh": scenario.grid.export_usd_per_kwh * power,
        "fixed_usd": scenario.grid.fixed_usd_per_month * power,
    }
    monthly = _monthly(scenario, path, flows, coins, prices)
    capex = capex_usd(scenario)
    return Books(monthly, _yearly(scenario, monthly, sum(capex.values())), capex, prices)


def _monthly(
    scenario: Scenario, path: NetworkPath, flows: Energy, coins: Floats, prices: dict[str, Floats]
) -> dict[str, Floats]:
    energy = {name: kwh.reshape(-1) for name, kwh in flows.monthly_kwh.items()}
    inflation = np.repeat(_inflation(scenario), 12)
    mined_btc = energy["mined_kwh"] * coins
    income = {
        "mined_btc": mined_btc,
        "mining_revenue_usd": mined_btc * path.price_usd,
        "export_revenue_usd": energy["export_kwh"] * prices["export_usd_per_kwh"],
    }
    bought = energy["import_kwh"] * prices["import_usd_per_kwh"] + prices["fixed_usd"]
    by_use = energy["mined_kwh"] / scenario.fleet.pue * scenario.finance.variable_usd_per_kwh
    opex = (sum(fixed_opex_usd_per_year(scenario).values()) / 12 + by_use) * inflation
    net = income["mining_revenue_usd"] + income["export_revenue_usd"] - bought - opex
    return {**energy, **income, "import_cost_usd": bought, "opex_usd": opex, "net_cash_usd": net}


def _yearly(scenario: Scenario, monthly: dict[str, Floats], capex: float) -> dict[str, Floats]:
    years = scenario.finance.horizon_years
    yearly = {name: np.append(0.0, values.reshape(years, 12).sum(axis=1)) for name, values in monthly.items()}
    invested, salvage = np.zeros(years + 1), np.zeros(years + 1)
    invested[0], salvage[-1] = capex, scenario.finance.salvage_frac * capex
    net = yearly["net_cash_usd"] + salvage - invested
    discount = (1.0 + scenario.finance.discount_rate) ** -np.arange(years + 1)
    return {
        **yearly,
        "capex_usd": invested,
        "salvage_usd": salvage,
        "net_cash_usd": net,
        "cumulative_cash_usd": np.cumsum(net),
        "discounted_cash_usd": net * discount,
    }


@dataclass(frozen=True)
class Hold:
    """Buying coins with the same money on the same dates, and selling them at the end."""

    btc: float
    npv_usd: float


def buy_and_hold(scenario: Scenario, path: NetworkPath, cash_usd: Floats) -> Hold:
    """The mine's first investment and every later cash call put into coins instead.

    Year 0 buys at the first month's price, the call of year n at that year's last; all is sold in the last month,
    the exchange fee taken each time. Unlevered, before tax.
    """
    kept = 1.0 - scenario.outlook.exchange_fee_frac
    calls = np.maximum(-cash_usd, 0.0)
    prices = np.append(path.price_usd[0], path.price_usd[11::12])
    btc = float((calls * kept / prices).sum())
    flows = -calls
    flows[-1] += btc * path.price_usd[-1] * kept
    if not np.isfinite(flows).all():  # coins that cost nothing
        return Hold(float("nan"), float("nan"))
    return Hold(btc, float(finance.npv_usd(scenario.finance.discount_rate, flows)))
