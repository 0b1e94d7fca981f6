"""The figures that sum a projection up, by vocabulary name, and the reason where one does not exist."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.models import debt, finance, mining
from core.results import COST_PARTS
from core.studies.alternatives import compared
from core.studies.costs import costs
from core.studies.fleet import efficiency_j_per_th, fleet_hashrate_ths, machine_kw
from core.studies.run import Run
from core.studies.zeros import npv_zeros
from core.units import HOURS

Floats = NDArray[np.float64]
Values = dict[str, float]


def measure(base: Run, sell: Run, grid: Run) -> tuple[dict[str, float | None], dict[str, str]]:
    """Every metric, None where it does not exist, and the reasons for those.

    sell, grid: the same site without machines and without sun, for comparison.
    """
    forgone = _forgone_usd(base, sell)
    values = {
        **_totals(base),
        **_first_year(base),
        **_returns(base),
        **_fleet(base, forgone),
        **costs(base, forgone),
        **_breakevens(base, forgone),
        **npv_zeros(base),
        **compared(base, sell, grid),
    }
    told = {name: float(value) if np.isfinite(value) else None for name, value in values.items()}
    return told, {name: _reason(name, base) for name, value in told.items() if value is None}


def _reason(name: str, base: Run) -> str:
    """Why a figure does not exist, in words that go after a colon."""
    if name in {"irr", "mirr", "project_irr"}:
        return f"no IRR exists: {_no_rate(base.account.project_usd if name == 'project_irr' else base.cash_usd)}"
    if name == "static_payback_years":
        return "never pays back: the first year earns nothing at today's price and difficulty"
    if name.endswith("payback_years"):
        return "never pays back within the horizon"
    for words, absent, names in _absences(base):
        if absent and name in names:
            return words
    return "power costs nothing: mining pays at any price and difficulty"


def _no_rate(cash_usd: Floats) -> str:
    if (cash_usd >= 0).all():
        return "the cash never turns negative"
    if (cash_usd <= 0).all():
        return "the cash never turns positive"
    return "what comes back does not cover the investment at any rate above −100 %, or later years take it back"


def _absences(base: Run) -> tuple[tuple[str, bool, set[str]], ...]:
    """(words, whether it is so, the metrics that then do not exist)."""
    scenario, yearly = base.scenario, base.books.yearly
    grid, mined = scenario.grid, yearly["mined_btc"].sum()
    array = {"specific_yield_kwh_per_kw", "capacity_factor_frac", "performance_ratio_frac", "sell_npv_usd"}
    levelised = {"lcoe_usd_per_kwh", "lcoe_real_usd_per_kwh", "lcoe_delivered_usd_per_kwh", "cost_usd_per_btc_at_lcoe"}
    levelised |= {"lcos_usd_per_kwh"}
    coins = {"cost_usd_per_btc", "cost_usd_per_btc_at_lcoe", "cost_usd_per_btc_at_export", "npv_zero_price_usd"}
    coins |= set(COST_PARTS)
    mining = {"energy_usd_per_kwh", "hashcost_usd_per_ph_day", "solar_share_frac", "npv_zero_difficulty"}
    machines = {"efficiency_j_per_th", "fleet_utilisation_frac", "breakeven_usd_per_kwh", "grid_npv_usd"}
    breakevens = {"breakeven_price_usd", "breakeven_difficulty"}
    return (
        ("there is no battery", scenario.battery.energy_kwh == 0, {"battery_health_end_frac", "lcos_usd_per_kwh"}),
        ("there is no array", scenario.array.dc_kw == 0, array | levelised),
        ("there are no machines", fleet_hashrate_ths(scenario.fleet) == 0, machines | coins | mining | breakevens),
        ("there is no export connection", grid.export_limit_kw == 0, {"sell_npv_usd"}),
        ("there is no import connection", grid.import_limit_kw == 0, {"grid_npv_usd", "npv_zero_import_usd_per_kwh"}),
        ("nothing is mined", mined == 0, machines | coins | mining | breakevens),
        ("nothing is imported", yearly["import_kwh"].sum() == 0, {"npv_zero_import_usd_per_kwh"}),
        ("nothing is invested", yearly["capex_usd"][0] == 0, {"profitability_index"}),
        ("the owner invests nothing of their own", base.cash_usd[0] >= 0, {"profitability_index"}),
        ("nothing is borrowed", True, {"dscr_min", "llcr"}),
        ("nothing is discharged", yearly["discharge_kwh"].sum() == 0, {"lcos_usd_per_kwh"}),
        ("no energy is delivered", True, levelised | {"fleet_utilisation_frac"}),
        ("the plan earns at any bitcoin price", True, {"npv_zero_price_usd", "npv_zero_difficulty"}),
        ("coins cost nothing in this outlook", True, {"hold_btc", "hold_npv_usd", "paid_btc"}),
    )


def _forgone_usd(base: Run, sell: Run) -> Floats:
    """Export income a year that mining gave up: what the array alone would have sold, less what the plan sells."""
    forgone: Floats = np.maximum(sell.books.yearly["export_revenue_usd"] - base.books.yearly["export_revenue_usd"], 0.0)
    return forgone


def _totals(base: Run) -> Values:
    names = (
        "mining_revenue_usd",
        "export_revenue_usd",
        "import_cost_usd",
        "opex_usd",
        "capex_usd",
        "mined_btc",
    )
    return {"net_cash_usd": base.cash_usd.sum(), **{name: base.books.yearly[name].sum() for name in names}}


def _first_year(base: Run) -> Values:
    yearly, flows, array = base.books.yearly, base.flows, base.scenario.array
    first = slice(0, 12)
    coins, hashing = base.coins_per_kwh[:, first], flows.hashing_kwh[:, first]
    kinds = ("pv", "mined", "import", "export", "curtailed", "discharge")
    pv, mined = yearly["pv_kwh"][1], yearly["mined_kwh"][1]
    return {
        **{f"{kind}_kwh_year1": yearly[f"{kind}_kwh"][1] for kind in kinds},
        "mined_btc_year1": yearly["mined_btc"][1],
        "heat_lost_btc_year1": ((flows.cool_kwh - hashing) * coins).sum(),
        "restart_lost_btc_year1": ((flows.machines_kwh[:, first] - hashing) * coins).sum(),
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
    """a over b; nan where b is nothing, or so near it that the ratio is no number."""
    share = float(a / b) if b else float("nan")
    return share if np.isfinite(share) else float("nan")


def _returns(base: Run) -> Values:
    """Returns on the owner's cash, on the project's as if there were no debt, and what the lender looks at."""
    rate, flow, told = base.scenario.finance.discount_rate, base.cash_usd, base.account
    irr, project_irr = finance.irr(np.stack([flow, told.project_usd]))
    return {
        "npv_usd": finance.npv_usd(rate, flow),
        "irr": irr,
        "mirr": finance.mirr(flow, rate, rate),
        "payback_years": finance.payback_years(flow),
        "discounted_payback_years": finance.discounted_payback_years(rate, flow),
        "static_payback_years": _static_payback_years(base),
        "profitability_index": finance.profitability_index(rate, flow),
        "project_npv_usd": finance.npv_usd(rate, told.project_usd),
        "project_irr": project_irr,
        "dscr_min": debt.lowest(told.dscr),
        "llcr": debt.llcr(told.cfads_usd, told.loan, base.scenario.finance.debt.rate)[0],
        "debt_usd": told.funding.principal_usd,
        "tax_usd": told.tax_usd.sum(),
    }


def _static_payback_years(base: Run) -> float:
    """First investment over first-year cash with the first month's price, difficulty and subsidy frozen."""
    monthly = {name: values[:12] for name, values in base.books.monthly.items()}
    at_first_month = base.coins_per_kwh[:, :1] * base.path.price_usd[0]
    mined = (base.flows.hashing_kwh[:, :12] * at_first_month).sum(axis=0)
    earned = float((monthly["net_cash_usd"] - monthly["mining_revenue_usd"] + mined).sum())
    return base.books.yearly["capex_usd"][0] / earned if earned > 0 else float("inf")


def _fleet(base: Run, forgone_usd: Floats) -> Values:
    fleet, energy = base.scenario.fleet, _energy_usd_per_kwh(base, forgone_usd)
    efficiency = efficiency_j_per_th(fleet)
    known = np.isfinite(energy) and np.isfinite(efficiency)
    return {
        "fleet_kw": machine_kw(fleet) * fleet.pue,
        "fleet_hashrate_ths": fleet_hashrate_ths(fleet),
        "efficiency_j_per_th": efficiency,
        "hashprice_usd_per_ph_day": base.hashprice_usd_per_ph_day[0],
        "energy_usd_per_kwh": energy,
        "hashcost_usd_per_ph_day": mining.hashcost_usd_per_ph_day(efficiency * fleet.pue, energy) if known else np.nan,
    }


def _energy_usd_per_kwh(base: Run, forgone_usd: Floats) -> float:
    """What a kWh mined in the first year costs: imports at their price, own energy at the export income it gave up."""
    yearly = base.books.yearly
    bought = sum(yearly[name][1] for name in ("energy_charge_usd", "demand_charge_usd", "coincident_charge_usd"))
    return _ratio(bought + forgone_usd[1], yearly["mined_kwh"][1])


def _breakevens(base: Run, forgone_usd: Floats) -> Values:
    """Where mining in the first month just pays for its energy and variable cost, pool fee and PUE included."""
    fleet, path, fee = base.scenario.fleet, base.path, base.scenario.outlook.pool_fee_frac
    variable = base.scenario.finance.variable_usd_per_kwh / fleet.pue
    cost = _energy_usd_per_kwh(base, forgone_usd) + variable
    if not fleet_hashrate_ths(fleet) or fee == 1:
        return dict.fromkeys(("breakeven_usd_per_kwh", "breakeven_price_usd", "breakeven_difficulty"), np.nan)
    efficiency, subsidy, fees = efficiency_j_per_th(fleet) * fleet.pue, path.subsidy_btc[0], base.fees_btc
    earned = float(mining.breakeven_usd_per_kwh(efficiency, base.hashprice_usd_per_ph_day[0])) * (1.0 - fee)
    if not cost > 0:  # power costs nothing, or nothing is mined
        return {
            "breakeven_usd_per_kwh": earned - variable,
            "breakeven_price_usd": np.nan,
            "breakeven_difficulty": np.nan,
        }
    return {
        "breakeven_usd_per_kwh": earned - variable,
        "breakeven_price_usd": mining.breakeven_price_usd(efficiency, cost, path.difficulty[0], subsidy, fees, fee),
        "breakeven_difficulty": mining.breakeven_difficulty(efficiency, cost, path.price_usd[0], subsidy, fees, fee),
    }
