"""The figures that sum a projection up, by vocabulary name, and the reason where one does not exist."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.inputs import HOURS
from core.models import finance, mining
from core.studies import cash
from core.studies.energy import machine_kw
from core.studies.run import Run

Floats = NDArray[np.float64]
Values = dict[str, float]


def measure(base: Run, sell: Run, grid: Run) -> tuple[dict[str, float | None], dict[str, str]]:
    """Every metric, None where it does not exist, and the reasons for those.

    sell, grid: the same site without machines and without sun, for comparison.
    """
    values = {
        **_totals(base),
        **_first_year(base),
        **_returns(base),
        **_fleet(base),
        **_energy_costs(base),
        **_coin_costs(base),
        **_breakevens(base),
        **_npv_zeros(base),
        **_compared(base, sell, grid),
    }
    told = {name: float(value) if np.isfinite(value) else None for name, value in values.items()}
    return told, {name: _reason(name, base) for name, value in told.items() if value is None}


def _reason(name: str, base: Run) -> str:
    cash_usd = base.books.cash_usd
    if name in {"irr", "mirr"}:
        return "no IRR exists: the cash never turns " + ("negative" if (cash_usd >= 0).all() else "positive")
    if name == "static_payback_years":
        return "never pays back: the first year earns nothing at today's price and difficulty"
    if name.endswith("payback_years"):
        return "never pays back within the horizon"
    if name.startswith("lcoe"):
        return "the array gives no energy"
    if base.books.yearly["mined_btc"].sum() == 0:
        return "nothing is mined"
    return "does not apply to this site"


def _totals(base: Run) -> Values:
    names = (
        "mining_revenue_usd",
        "export_revenue_usd",
        "import_cost_usd",
        "opex_usd",
        "capex_usd",
        "net_cash_usd",
        "mined_btc",
    )
    return {name: base.books.yearly[name].sum() for name in names}


def _first_year(base: Run) -> Values:
    yearly, flows, array = base.books.yearly, base.flows, base.scenario.array
    kinds = ("pv", "mined", "import", "export", "curtailed", "discharge")
    pv, mined = yearly["pv_kwh"][1], yearly["mined_kwh"][1]
    return {
        **{f"{kind}_kwh_year1": yearly[f"{kind}_kwh"][1] for kind in kinds},
        "mined_btc_year1": yearly["mined_btc"][1],
        "clipped_kwh_year1": flows.clipped_kwh[0],
        "specific_yield_kwh_per_kw": _ratio(pv, array.dc_kw),
        "capacity_factor_frac": _ratio(pv, array.dc_kw * HOURS),
        "performance_ratio_frac": _ratio(pv, array.dc_kw * flows.poa_kwh_per_m2),
        "solar_share_frac": _ratio(mined - yearly["import_kwh"][1], mined),
        "fleet_utilisation_frac": _ratio(mined, flows.fleet_kwh_possible),
        "battery_cycles_year1": flows.cycles[0],
        "battery_health_end_frac": flows.battery_health_frac[-1] if base.scenario.battery.energy_kwh else np.nan,
    }


def _ratio(a: float, b: float) -> float:
    return float(a / b) if b else float("nan")


def _returns(base: Run) -> Values:
    rate, flow = base.scenario.finance.discount_rate, base.books.cash_usd
    return {
        "npv_usd": finance.npv_usd(rate, flow),
        "irr": finance.irr(flow),
        "mirr": finance.mirr(flow, rate, rate),
        "payback_years": finance.payback_years(flow),
        "discounted_payback_years": finance.discounted_payback_years(rate, flow),
        "static_payback_years": _static_payback_years(base),
        "profitability_index": finance.profitability_index(rate, flow),
    }


def _static_payback_years(base: Run) -> float:
    """First investment over first-year cash with the first month's price, difficulty and subsidy frozen."""
    monthly = {name: values[:12] for name, values in base.books.monthly.items()}
    at_first_month = float(base.coins_per_kwh[0] * base.path.price_usd[0])
    frozen = monthly["net_cash_usd"] - monthly["mining_revenue_usd"] + monthly["mined_kwh"] * at_first_month
    earned = float(frozen.sum())
    return base.books.yearly["capex_usd"][0] / earned if earned > 0 else float("inf")


def _fleet(base: Run) -> Values:
    fleet = base.scenario.fleet
    return {
        "fleet_kw": machine_kw(fleet) * fleet.pue,
        "fleet_hashrate_ths": cash.fleet_hashrate_ths(fleet),
        "efficiency_j_per_th": cash.efficiency_j_per_th(fleet),
        "hashprice_usd_per_ph_day": base.hashprice_usd_per_ph_day[0],
        "energy_usd_per_kwh": _energy_usd_per_kwh(base),
        "hashcost_usd_per_ph_day": _hashcost_usd_per_ph_day(base),
    }


def _hashcost_usd_per_ph_day(base: Run) -> float:
    worth = _energy_usd_per_kwh(base)
    if np.isnan(worth):
        return worth
    return float(
        mining.hashcost_usd_per_ph_day(cash.efficiency_j_per_th(base.scenario.fleet) * base.scenario.fleet.pue, worth)
    )


def _energy_usd_per_kwh(base: Run) -> float:
    """What a kWh mined in the first year costs: imports at their price, own energy at the export income it gave up."""
    grid, yearly = base.scenario.grid, base.books.yearly
    mined, bought = yearly["mined_kwh"][1], yearly["import_kwh"][1]
    forgone = max(grid.export_usd_per_kwh, 0.0) if grid.export_limit_kw > 0 else 0.0
    return _ratio(bought * grid.import_usd_per_kwh + (mined - bought) * forgone, mined)


def _levelised(base: Run, cost_usd: Floats, quantity: Floats) -> float:
    return float(finance.lcoe_usd_per_kwh(base.scenario.finance.discount_rate, cost_usd, quantity))


def _opex_of(base: Run, *components: str) -> Floats:
    """Yearly fixed cost of some components, year 0 first (years + 1,) [USD]."""
    first = cash.fixed_opex_usd_per_year(base.scenario)
    years = np.arange(base.scenario.finance.horizon_years)
    grown = (1.0 + base.scenario.finance.inflation_per_year) ** years
    return np.append(0.0, sum(first[name] for name in components) * grown)


def _cost_of(base: Run, *components: str) -> Floats:
    """Investment with its contingency, and yearly fixed cost, of some components (years + 1,) [USD]."""
    capex, share = base.books.capex, 1.0 + base.scenario.finance.contingency_frac
    cost = _opex_of(base, *(name for name in components if name in {"array", "battery"}))
    cost[0] = share * sum(capex[name] for name in components)
    return cost


def _energy_costs(base: Run) -> Values:
    yearly, costs = base.books.yearly, base.scenario.finance
    array, stored = _cost_of(base, "array"), _cost_of(base, "array", "battery")
    # curtailed energy and battery losses are not delivered
    delivered = yearly["mined_kwh"] + yearly["export_kwh"] - yearly["import_kwh"]
    return {
        "lcoe_usd_per_kwh": _levelised(base, array, yearly["pv_kwh"]),
        "lcoe_real_usd_per_kwh": finance.lcoe_real_usd_per_kwh(
            costs.discount_rate, costs.inflation_per_year, array, yearly["pv_kwh"]
        ),
        "lcoe_delivered_usd_per_kwh": _levelised(base, stored, delivered),
    }


def _coin_costs(base: Run) -> Values:
    """All-in cost of a coin, and mining's own cost with solar energy at its LCOE or at the export income it gave up."""
    yearly, coins = base.books.yearly, base.books.yearly["mined_btc"]
    everything = yearly["capex_usd"] + yearly["opex_usd"] + yearly["import_cost_usd"] - yearly["salvage_usd"]
    own = everything - _cost_of(base, "array", "battery") + yearly["salvage_usd"]
    solar = yearly["mined_kwh"] - yearly["import_kwh"]
    grown = np.append(1.0, (1.0 + base.scenario.grid.price_growth_per_year) ** np.arange(len(coins) - 1))
    forgone = max(base.scenario.grid.export_usd_per_kwh, 0.0) if base.scenario.grid.export_limit_kw > 0 else 0.0
    lcoe = _levelised(base, _cost_of(base, "array"), yearly["pv_kwh"])
    return {
        "cost_usd_per_btc": _levelised(base, everything, coins),
        "cost_usd_per_btc_at_lcoe": _levelised(base, own + (solar * lcoe if np.isfinite(lcoe) else 0.0), coins),
        "cost_usd_per_btc_at_export": _levelised(base, own + solar * grown * forgone, coins),
    }


def _breakevens(base: Run) -> Values:
    """Where mining in the first month just pays for its energy, pool fee and PUE included."""
    fleet, kept = base.scenario.fleet, 1.0 - base.scenario.outlook.pool_fee_frac
    if not cash.fleet_hashrate_ths(fleet):
        return dict.fromkeys(("breakeven_usd_per_kwh", "breakeven_price_usd", "breakeven_difficulty"), np.nan)
    efficiency = cash.efficiency_j_per_th(fleet) * fleet.pue / kept
    hashprice, price, difficulty = base.hashprice_usd_per_ph_day[0], base.path.price_usd[0], base.path.difficulty[0]
    variable = base.scenario.finance.variable_usd_per_kwh / fleet.pue
    earns = float(mining.breakeven_usd_per_kwh(efficiency, hashprice)) - variable
    share = _ratio(_energy_usd_per_kwh(base) + variable, earns + variable)
    return {
        "breakeven_usd_per_kwh": earns,
        "breakeven_price_usd": price * share,
        "breakeven_difficulty": _ratio(difficulty, share),
    }


def _npv_zeros(base: Run) -> Values:
    """First-month price, difficulty and import price at which NPV is 0, operation unchanged.

    NPV is linear in each revenue or cost stream while dispatch stands still; letting dispatch adapt can only do better.
    """
    rate, yearly, grid = base.scenario.finance.discount_rate, base.books.yearly, base.scenario.grid
    npv = float(finance.npv_usd(rate, base.books.cash_usd))
    mined = float(finance.npv_usd(rate, yearly["mining_revenue_usd"]))
    growth = np.append(1.0, (1.0 + grid.price_growth_per_year) ** np.arange(len(yearly["import_kwh"]) - 1))
    bought = float(finance.npv_usd(rate, yearly["import_kwh"] * growth))
    share = 1.0 - _ratio(npv, mined)
    return {
        "npv_zero_price_usd": base.path.price_usd[0] * share if share > 0 else np.nan,
        "npv_zero_difficulty": base.path.difficulty[0] / share if share > 0 else np.nan,
        "npv_zero_import_usd_per_kwh": grid.import_usd_per_kwh + _ratio(npv, bought),
    }


def _compared(base: Run, sell: Run, grid: Run) -> Values:
    rate = base.scenario.finance.discount_rate
    hold = cash.buy_and_hold(base.scenario, base.path, base.books.cash_usd)
    return {
        "sell_npv_usd": finance.npv_usd(rate, sell.books.cash_usd),
        "grid_npv_usd": finance.npv_usd(rate, grid.books.cash_usd),
        "hold_npv_usd": hold.npv_usd,
        "hold_btc": hold.btc,
    }
