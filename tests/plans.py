"""Plans that tests of the money share: one with everything set, and ways to have less."""

from __future__ import annotations

from core.scenario import Scenario

# a loan on plant and machines, tax of two governments, credits, renewal, coins kept: each line of a statement is used
EVERYTHING = {
    "name": "=Loaded plan",
    "battery.energy_kwh": 1000.0,
    "battery.power_kw": 500.0,
    "battery.replacement.rule": "replace",
    "battery.replacement.below_frac": 0.9,
    "fleet.units.0.count": 100,
    "fleet.refresh.rule": "age",
    "fleet.failures.rate_per_year": 0.08,
    "fleet.resale.realised_frac": 0.7,
    "array.inverter_replacement.every_years": 12,
    "outlook.treasury.rule": "hold_share",
    "outlook.treasury.hold_frac": 0.1,
    "outlook.treasury.sales_pay_fee": True,
    "outlook.price_growth_per_year": 0.25,
    "finance.horizon_years": 15,
    "finance.salvage_frac": 0.05,
    "finance.debt.share_frac": 0.25,
    "finance.debt.term_years": 8,
    "finance.debt.machine_share_frac": 0.5,
    "finance.debt.covenant_dscr": 1.1,
    "finance.debt.reserve_months": 6,
    "finance.construction.months": 9,
    "finance.owning.property_tax_frac": 0.01,
    "finance.owning.insurance_frac": 0.005,
    "finance.owning.land_lease_usd_per_year": 5000.0,
    "finance.owning.working_capital_days": 20.0,
    "finance.tax.federal_rate_frac": 0.21,
    "finance.tax.state_rate_frac": 0.05,
    "finance.credits.array_itc_frac": 0.3,
    "finance.credits.battery_itc_frac": 0.3,
    "finance.depreciation.array.method": "macrs_5",
    "finance.depreciation.battery.method": "macrs_5",
    "finance.depreciation.site.method": "macrs_15",
    "finance.depreciation.machines.method": "macrs_5",
    "finance.depreciation.machines.bonus_frac": 1.0,
}
ABSORBED = {**EVERYTHING, "finance.tax.losses": "absorbed", "finance.tax.interest_deducted": False}
HOUSEHOLD = {**EVERYTHING, "finance.tax.taxpayer": "household"}
PLANS = {
    "example": Scenario(),
    "everything": Scenario().but(EVERYTHING),
    "absorbed": Scenario().but(ABSORBED),
    "household": Scenario().but(HOUSEHOLD),
}
