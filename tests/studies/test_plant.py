"""A scenario's investment as classes of equipment, and the statement of a scenario without tax and debt."""

import numpy as np
import pytest

from core.fetchers.credits import credit_rules
from core.scenario import Scenario
from core.studies.cash import capex_usd
from core.studies.levies import Asset
from core.studies.operation import Operation
from core.studies.plant import plant_assets
from core.studies.proforma import proforma
from core.studies.run import run, used_readings

ITC = {"finance.credits.array_itc_frac": 0.3, "finance.credits.battery_itc_frac": 0.3, "battery.energy_kwh": 500.0}
MACRS = {"finance.depreciation.array.method": "macrs_5", "finance.depreciation.array.bonus_frac": 1.0}


def assets(changes, rules=()):
    plan = Scenario().but(changes)
    return {asset.name: asset for asset in plant_assets(plan.finance, capex_usd(plan), rules)}


def test_classes_carry_the_whole_investment():
    plan = Scenario().but({"battery.energy_kwh": 800.0, "finance.interconnection_usd": 40_000.0})
    found = plant_assets(plan.finance, capex_usd(plan))
    assert sum(asset.cost_usd.sum() for asset in found) == pytest.approx(sum(capex_usd(plan).values()), rel=1e-13)
    machines = next(asset for asset in found if asset.is_machines)
    assert machines.cost_usd[0] == capex_usd(plan)["machines"]


def test_the_planners_own_figures_stand_unless_dates_decide():
    found = assets({**ITC, **MACRS, "finance.credits.begun": "2030-01-01"}, credit_rules())
    assert found["array"].credit_frac == found["battery"].credit_frac == 0.3
    assert found["array"].recovery.bonus_frac == 1.0


def test_dates_decide_on_credit_and_bonus():
    late = {
        "finance.credits.dates_decide": True,
        "finance.credits.begun": "2034-05-01",
        "finance.credits.in_service": "2035-01-01",
        "finance.credits.acquired": "2024-12-31",
    }
    found = assets({**ITC, **MACRS, **late}, credit_rules())
    assert found["array"].credit_frac == 0.0
    assert found["battery"].credit_frac == pytest.approx(0.3 * 0.75)
    assert found["array"].recovery.bonus_frac == 0.0


HOLDING = {"outlook.treasury.rule": "hold_share", "outlook.treasury.hold_frac": 0.5}


@pytest.mark.parametrize("changes", [{}, {"battery.energy_kwh": 800.0, "finance.salvage_frac": 0.1}, HOLDING])
def test_a_scenario_without_tax_and_debt_has_the_cash_it_has_today(changes, greensboro, market):
    plan = Scenario().but(changes)
    books = run(plan, greensboro, used_readings(plan, market), compiled=False).books
    yearly = books.yearly
    renewed = ("refresh_usd", "battery_renewal_usd", "inverter_renewal_usd")
    costs = ("import_cost_usd", "opex_usd", "repair_usd", "exchange_fee_usd")
    gain = yearly["coin_gain_usd"] + yearly["exchange_fee_usd"]
    statement = proforma(
        plan.finance,
        [*plant_assets(plan.finance, books.capex), Asset("renewals", sum(yearly[name] for name in renewed))],
        Operation(
            yearly["pv_kwh"],
            {name: yearly[name] for name in ("mining_revenue_usd", "export_revenue_usd", "resale_usd")},
            {name: yearly[name] for name in costs},
            unsold_usd=yearly["mining_revenue_usd"] - yearly["coin_sales_usd"] + gain,
            coin_gain_usd=gain,
        ),
    )
    assert statement.equity_usd == pytest.approx(books.yearly["net_cash_usd"], rel=1e-11, abs=1e-6)
    assert np.array_equal(statement.project_usd, statement.equity_usd)
