"""What a kWh and a coin cost: levelised, after tax and debt, and what the cost of a coin is made of."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.models import finance
from core.results import COST_PARTS
from core.sections import Debt, Finance
from core.studies import cash
from core.studies.operation import Operation
from core.studies.proforma import Proforma, proforma
from core.studies.run import Run

Floats: TypeAlias = NDArray[np.float64]
SUPPLY = ("array", "battery")


def alone(base: Run, *kinds: str) -> Proforma:
    """Array or battery or both by themselves, under the plan's own terms, with their upkeep and their share of its loan.

    Loan and repayment are level; the whole land lease goes with the array.
    """
    terms = base.scenario.finance
    own = terms.owning if "array" in kinds else terms.owning.model_copy(update={"land_lease_usd_per_year": 0.0})
    rules = terms.credits if "array" in kinds else terms.credits.model_copy(update={"ptc_usd_per_kwh": 0.0})
    update = {"debt": _same_share(terms, base), "owning": own, "credits": rules}
    assets = [asset for asset in base.assets if asset.told_as in kinds]
    upkeep = {"upkeep_usd": np.append(0.0, _upkeep_usd(base, kinds))}
    return proforma(terms.model_copy(update=update), assets, Operation(base.books.yearly["pv_kwh"], {}, upkeep))


def _same_share(terms: Finance, base: Run) -> Debt:
    share = float(base.account.funding.share_frac)
    return terms.debt.model_copy(update={"share_frac": share, "target_dscr": 0.0, "repayment": "level"})


def _upkeep_usd(base: Run, kinds: tuple[str, ...]) -> Floats:
    first = cash.fixed_opex_usd_per_year(base.scenario)
    grown: Floats = sum(first[kind] for kind in kinds) * cash.yearly(
        base.scenario.finance.inflation_per_year, base.scenario
    )
    return grown


def costs(base: Run, forgone_usd: Floats) -> dict[str, float]:
    """What a kWh and a coin cost; forgone_usd (years + 1,) [USD]: export income that mining gave up."""
    array = alone(base, "array").cost_usd
    supply = alone(base, *SUPPLY).cost_usd if base.scenario.battery.energy_kwh else array
    return {**_energy_costs(base, array, supply), **_coin_costs(base, supply, forgone_usd)}


def _energy_costs(base: Run, array: Floats, supply: Floats) -> dict[str, float]:
    """Levelised cost of the array's energy, nominal and real, of what is delivered of it, and of what the battery gives."""
    rate, inflation = base.scenario.finance.discount_rate, base.scenario.finance.inflation_per_year
    generated = base.books.yearly["pv_kwh"]
    lcoe = finance.lcoe_usd_per_kwh(rate, array, generated)
    return {
        "lcoe_usd_per_kwh": lcoe,
        "lcoe_real_usd_per_kwh": finance.lcoe_real_usd_per_kwh(rate, inflation, array, generated),
        "lcoe_delivered_usd_per_kwh": finance.lcoe_usd_per_kwh(rate, supply, delivered_kwh(base)),
        "lcos_usd_per_kwh": _lcos_usd_per_kwh(base, float(lcoe)),
    }


def delivered_kwh(base: Run) -> Floats:
    """Solar energy mined or sold, (years + 1,) [kWh]; what was curtailed or lost in the battery is not."""
    yearly = base.books.yearly
    delivered: Floats = yearly["mined_kwh"] + yearly["export_kwh"] - yearly["import_kwh"]
    return delivered


def _lcos_usd_per_kwh(base: Run, lcoe_usd_per_kwh: float) -> float:
    """A kWh out of the battery: its own cost, and the array's LCOE for what charged it."""
    yearly = base.books.yearly
    if not base.scenario.battery.energy_kwh or not np.isfinite(lcoe_usd_per_kwh):
        return float("nan")
    charging = yearly["charge_kwh"] * lcoe_usd_per_kwh
    rate = base.scenario.finance.discount_rate
    return float(finance.lcos_usd_per_kwh(rate, alone(base, "battery").cost_usd, charging, yearly["discharge_kwh"]))


def _coin_costs(base: Run, supply: Floats, forgone_usd: Floats) -> dict[str, float]:
    """All-in cost of a coin and its parts, and mining's own cost with solar energy at its LCOE or at the income it gave up."""
    yearly, coins = base.books.yearly, base.books.yearly["mined_btc"]
    rate, parts = base.scenario.finance.discount_rate, cost_parts_usd(base)
    everything = sum(parts.values(), start=np.zeros(len(coins)))
    solar, lcoe = yearly["mined_kwh"] - yearly["import_kwh"], 0.0
    if base.scenario.array.dc_kw:
        lcoe = float(finance.lcoe_usd_per_kwh(rate, supply, delivered_kwh(base)))
    own = everything - supply
    told = {name: float(finance.levelised_usd_per_btc(rate, usd, coins)) for name, usd in parts.items()}
    at_lcoe = finance.levelised_usd_per_btc(rate, own + solar * lcoe, coins) if np.isfinite(lcoe) else np.nan
    return {
        **told,
        "cost_usd_per_btc": sum(told.values()),
        "cost_usd_per_btc_at_lcoe": at_lcoe,
        "cost_usd_per_btc_at_export": finance.levelised_usd_per_btc(rate, own + forgone_usd, coins),
    }


def cost_parts_usd(base: Run) -> dict[str, Floats]:
    """Every cost of the owner by year, in the parts of `COST_PARTS`, each (years + 1,) [USD].

    Together they are revenue, less what of it is kept in coins, less the owner's cash.
    """
    told = base.account
    spent, running = told.capex_lines_usd, dict(told.opex_lines_usd)
    bought, upkeep = running.pop("import_cost_usd"), np.append(0.0, _upkeep_usd(base, SUPPLY))
    nothing = np.zeros(len(upkeep))
    rest = sum(running.values(), start=nothing) - upkeep
    held = told.working_capital_usd + told.accounts.reserve_usd + told.accounts.locked_usd
    financing = told.loan.service_usd + np.diff(held, prepend=0.0)
    financing[0] += told.funding.interest_usd - told.funding.principal_usd
    solar = sum((spent.get(kind, nothing) for kind in SUPPLY), start=nothing) + upkeep
    machines, site = spent.get("machines", nothing), spent.get("site", nothing)
    values = (solar, bought, machines, site, rest, told.tax_usd, financing, 0.0 - told.sales_usd)
    return dict(zip(COST_PARTS, values, strict=True))
