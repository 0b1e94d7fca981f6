"""Lenders' cases, levelised costs and alternatives under tax and debt: by pencil, by re-projection, at the limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.errors import ScenarioError
from core.fetchers.credits import credit_rules
from core.inputs import Market, Weather
from core.models import debt, finance
from core.results import Projection
from core.scenario import Scenario
from core.studies.account import operation_of, sun_frac
from core.studies.alternatives import buy_and_hold
from core.studies.lenders import lender_cases, p99_yield_frac
from core.studies.operation import flows_of
from core.studies.projection import project
from core.studies.run import Run, run, used_readings
from core.studies.zeros import root

pytestmark = pytest.mark.usefixtures("kernel")

TAXED: dict[str, Any] = {
    "finance.tax.federal_rate_frac": 0.21,
    "finance.tax.state_rate_frac": 0.06,
    "finance.depreciation.array.method": "macrs_5",
    "finance.depreciation.machines.method": "macrs_5",
    "finance.debt.share_frac": 0.5,
    "finance.debt.rate": 0.05,
    "finance.debt.term_years": 4,
    "finance.horizon_years": 6,
}
EARNING: dict[str, Any] = {  # enough for a loan
    "outlook.price_usd": 300_000.0,
    "outlook.difficulty": 1e14,
    "outlook.price_growth_per_year": 0.0,
    "outlook.difficulty_growth_per_year": 0.0,
    "finance.horizon_years": 6,
}
GRID_MINE: dict[str, Any] = {
    "array.dc_kw": 0.0,
    "fleet.units": [{"hashrate_ths": 200.0, "power_w": 3500.0, "count": 100, "price_usd": 2500.0}],
    "fleet.uptime_frac": 1.0,
    "fleet.derate_above_c": 90.0,
    "fleet.shutdown_above_c": 100.0,
    "grid.import_limit_kw": 1000.0,
    "grid.import_usd_per_kwh": 0.03,
    "outlook.price_usd": 90_000.0,
    "outlook.difficulty": 1e14,
    "finance.horizon_years": 4,
}


def answer(changes: dict[str, Any], weather: Weather, market: Market) -> Projection:
    return project(Scenario().but(changes), weather, market, rules=credit_rules())


def worked(changes: dict[str, Any], weather: Weather, market: Market) -> Run:
    plan = Scenario().but(changes)
    return run(plan, weather, used_readings(plan, market))


# Lenders


def test_a_poor_year_of_sun_is_2_3263_deviations_below() -> None:
    terms = Scenario().finance.debt
    assert p99_yield_frac(terms) == pytest.approx(1 - 2.3263 * 0.05, abs=5e-6)
    assert p99_yield_frac(terms.model_copy(update={"yield_sd_frac": 0.0})) == 1.0


def test_the_lenders_cases_by_pencil(greensboro: Weather, market: Market) -> None:
    """P50: 70 % of the mining revenue. P99: of that what the sun mined at 88.4 %, and 88.4 % of what is sold."""
    sized = {"finance.debt.target_dscr": 1.3, "finance.debt.hashprice_stress_frac": 0.3}
    told = worked({**EARNING, **sized}, greensboro, market)
    usual, poor = lender_cases(told.scenario.finance, told.assets, operation_of(told.books), sun_frac(told.books))
    assert (usual.dscr, poor.dscr) == (1.3, 1.0)
    yearly, sun = told.books.yearly, 1 - 2.326347874 * 0.05
    costs = (yearly["import_cost_usd"] + yearly["opex_usd"])[1:]
    mined, sold = yearly["mining_revenue_usd"][1:], yearly["export_revenue_usd"][1:]
    assert usual.cfads_usd[1:] == pytest.approx(0.7 * mined + sold - costs, rel=1e-12)
    from_sun = 1 - yearly["import_kwh"][1:] / yearly["mined_kwh"][1:]
    lean = 0.7 * mined * (1 - from_sun * (1 - sun)) + sun * sold - costs
    assert poor.cfads_usd[1:] == pytest.approx(lean, rel=1e-9)


def test_the_loan_covers_both_cases_and_stress_makes_it_smaller(greensboro: Weather, market: Market) -> None:
    sized = {**EARNING, "finance.debt.share_frac": 1.0, "finance.debt.target_dscr": 1.3}
    loans = []
    for stress in (0.0, 0.3, 0.6):
        told = worked({**sized, "finance.debt.hashprice_stress_frac": stress}, greensboro, market)
        service = told.account.loan.service_usd
        cases = lender_cases(told.scenario.finance, told.assets, operation_of(told.books), sun_frac(told.books))
        cover = [float(debt.lowest(debt.dscr(case.cfads_usd, service))) / case.dscr for case in cases]
        capped = told.account.funding.share_frac == 1.0
        assert min(cover) >= 1 - 1e-9
        assert capped or min(cover) == pytest.approx(1.0, rel=1e-9)
        loans.append(float(told.account.funding.principal_usd))
    assert loans[0] >= loans[1] > loans[2] > 0


def test_a_sculpted_loan_is_covered_alike_in_every_year_and_ends_at_nothing(
    greensboro: Weather, market: Market
) -> None:
    sized = {
        **EARNING,
        "outlook.price_growth_per_year": -0.1,
        "finance.debt.share_frac": 1.0,
        "finance.debt.term_years": 5,
        "finance.debt.target_dscr": 1.4,
        "finance.debt.p99_dscr": 0.0,
        "finance.debt.hashprice_stress_frac": 0.5,
        "finance.debt.repayment": "sculpted",
        "finance.construction.months": 6,
    }
    told = worked(sized, greensboro, market)
    (case,) = lender_cases(told.scenario.finance, told.assets, operation_of(told.books), sun_frac(told.books))
    loan = told.account.loan
    assert 0 < told.account.funding.share_frac < 1
    assert debt.dscr(case.cfads_usd, loan.service_usd)[1:6] == pytest.approx([1.4] * 5, rel=1e-9)
    assert loan.service_usd[6] == 0
    assert loan.balance_usd[-1] == pytest.approx(0.0, abs=1e-6)
    level = worked({**sized, "finance.debt.repayment": "level"}, greensboro, market)
    assert float(told.account.funding.principal_usd) > float(level.account.funding.principal_usd)


def test_a_sculpted_loan_needs_a_cover_to_follow() -> None:
    with pytest.raises(ScenarioError) as refused:
        Scenario().but({"finance.debt.repayment": "sculpted"})
    assert "target_dscr above 0" in str(refused.value)


def test_a_plan_that_cannot_carry_a_loan_gets_none(greensboro: Weather, market: Market) -> None:
    for repayment in ("level", "sculpted"):
        poor = {"outlook.price_usd": 100.0, "finance.debt.share_frac": 0.8, "finance.debt.target_dscr": 1.2}
        told = answer({**poor, "finance.debt.repayment": repayment}, greensboro, market)
        assert told.metrics["debt_usd"] == 0
        assert told.reasons["dscr_min"] == "nothing is borrowed"


# What a kWh and a coin cost


def test_lcoe_after_tax_by_pencil(greensboro: Weather, market: Market) -> None:
    """Written off at once in year 1 at a tax of 25 %, a credit of 30 % that halves its basis cut: SAM's way.

    Five years, so that nothing of the credit is owed back.
    """
    changes = {
        "finance.horizon_years": 5,
        "finance.tax.federal_rate_frac": 0.25,
        "finance.depreciation.array.method": "expensed",
        "finance.credits.array_itc_frac": 0.3,
    }
    told = answer(changes, greensboro, market)
    cost, upkeep, kwh = 997_500.0, 16_000 * 1.025 ** np.arange(5), told.yearly["pv_kwh"][1:].to_numpy()
    spent = np.append(cost, 0.75 * upkeep)
    spent[1] -= 0.25 * 0.85 * cost + 0.3 * cost
    worth = 1.08 ** -np.arange(6.0)
    assert told.metrics["lcoe_usd_per_kwh"] == pytest.approx((spent * worth).sum() / (kwh * worth[1:]).sum(), rel=1e-12)


def test_lcos_by_pencil(greensboro: Weather, market: Market) -> None:
    """600 kWh of battery and its upkeep, the array's LCOE for each kWh that charged it."""
    changes = {
        "battery.energy_kwh": 600.0,
        "battery.power_kw": 200.0,
        "finance.horizon_years": 3,
        "grid.export_limit_kw": 0.0,
    }
    told = answer(changes, greensboro, market)
    yearly, worth = told.yearly, 1.08 ** -np.arange(4.0)
    cost = np.append(600 * 280 * 1.05, 600 * 4 * 1.025 ** np.arange(3))
    charging = yearly["charge_kwh"].to_numpy() * told.metrics["lcoe_usd_per_kwh"]
    drawn = (yearly["discharge_kwh"].to_numpy() * worth).sum()
    assert drawn > 0
    assert told.metrics["lcos_usd_per_kwh"] == pytest.approx(((cost + charging) * worth).sum() / drawn, rel=1e-12)


def test_the_cost_of_a_coin_counts_renewal_repair_tax_debt_and_resale(greensboro: Weather, market: Market) -> None:
    renewing = {
        **GRID_MINE,
        **TAXED,
        "fleet.refresh.rule": "age",
        "fleet.refresh.age_years": 2.0,
        "fleet.resale.realised_frac": 0.6,
        "fleet.failures.rate_per_year": 0.2,
        "finance.debt.machine_share_frac": 0.5,
    }
    told = answer(renewing, greensboro, market)
    yearly, parts, worth = told.yearly, told.cost_build_up, 1.08 ** -np.arange(7.0)
    coins = (yearly["mined_btc"] * worth).sum()
    bought = yearly["refresh_usd"].to_numpy() + np.append(250_000.0, np.zeros(6))
    assert parts["machines_usd_per_btc"] == pytest.approx((bought * worth).sum() / coins, rel=1e-12)
    assert parts["sales_usd_per_btc"] == pytest.approx(-(yearly["resale_usd"] * worth).sum() / coins, rel=1e-12)
    running = yearly["opex_usd"] + yearly["repair_usd"]
    assert parts["running_usd_per_btc"] == pytest.approx((running * worth).sum() / coins, rel=1e-12)
    assert parts["sun_usd_per_btc"] == 0
    assert parts["tax_usd_per_btc"] > 0
    assert parts["financing_usd_per_btc"] != 0
    assert sum(parts.values()) == told.metrics["cost_usd_per_btc"]


# Alternatives


def test_selling_the_power_is_the_array_alone_under_the_same_terms(greensboro: Weather, market: Market) -> None:
    plan = answer({**TAXED, "finance.credits.array_itc_frac": 0.3}, greensboro, market)
    bare = answer({**TAXED, "finance.credits.array_itc_frac": 0.3, "fleet.units": []}, greensboro, market)
    untaxed = answer({"finance.horizon_years": 6}, greensboro, market)
    assert plan.metrics["sell_npv_usd"] == pytest.approx(bare.metrics["npv_usd"], rel=1e-12)
    assert plan.metrics["sell_npv_usd"] != pytest.approx(untaxed.metrics["sell_npv_usd"], rel=1e-3)


def test_mining_on_the_grid_alone_pays_the_same_tax_and_debt(greensboro: Weather, market: Market) -> None:
    plan, bare = answer(TAXED, greensboro, market), answer({**TAXED, "array.dc_kw": 0.0}, greensboro, market)
    assert plan.metrics["grid_npv_usd"] == pytest.approx(bare.metrics["npv_usd"], rel=1e-12)


def test_holding_coins_is_taxed_on_its_gain_alone(greensboro: Weather, market: Market) -> None:
    """1,000 at 100 a coin, fee 1 %, sold at 400: gain 2,920.40 taxed at 20 %; sold at 50 nothing is owed or saved."""
    told = worked({"finance.horizon_years": 2, "outlook.exchange_fee_frac": 0.01}, greensboro, market)
    terms = told.scenario.finance.model_copy(
        update={"tax": told.scenario.finance.tax.model_copy(update={"federal_rate_frac": 0.2}), "discount_rate": 0.0}
    )
    plan = told.scenario.model_copy(update={"finance": terms})
    for last, npv in ((400.0, 0.8 * (9.9 * 400 * 0.99 - 1000)), (50.0, 9.9 * 50 * 0.99 - 1000)):
        price = np.append(np.full(23, 100.0), last)
        path = replace(told.path, price_usd=price)
        hold = buy_and_hold(plan, path, np.array([-1000.0, 0.0, 0.0]))
        assert hold.btc == pytest.approx(9.9)
        assert hold.npv_usd == pytest.approx(npv, rel=1e-12)
    assert buy_and_hold(plan, path, np.array([-1000.0, 200.0, 0.0])).paid_btc == pytest.approx(200 * 0.99 / 100)


def test_more_debt_asks_for_less_and_so_buys_fewer_coins(greensboro: Weather, market: Market) -> None:
    own = answer({**EARNING}, greensboro, market)
    lent = answer({**EARNING, "finance.debt.share_frac": 0.5}, greensboro, market)
    assert lent.metrics["hold_btc"] < own.metrics["hold_btc"]


@pytest.mark.parametrize(
    ("metric", "path"),
    [
        ("npv_zero_price_usd", "outlook.price_usd"),
        ("npv_zero_difficulty", "outlook.difficulty"),
        ("npv_zero_import_usd_per_kwh", "grid.import_usd_per_kwh"),
    ],
)
def test_under_tax_and_debt_too_the_plan_is_worth_nothing_where_it_says_so(
    metric: str, path: str, greensboro: Weather, market: Market
) -> None:
    changes = {**GRID_MINE, **TAXED, "finance.debt.machine_share_frac": 0.3, "finance.horizon_years": 4}
    told = answer(changes, greensboro, market)
    again = answer({**changes, path: told.metrics[metric]}, greensboro, market)
    assert again.metrics["mined_kwh_year1"] == pytest.approx(told.metrics["mined_kwh_year1"])
    assert abs(again.metrics["npv_usd"] or 0.0) < 1e-6 * (told.metrics["capex_usd"] or 0.0)


def test_a_root_is_found_whichever_way_it_lies() -> None:
    assert root(lambda x: 3 * x - 6, (0.0, -6.0), 2.0, 1e-9) == 2.0
    assert root(lambda x: x**3 - 8, (5.0, 117.0), 4.0, 1e-9) == pytest.approx(2.0)
    assert root(lambda x: 8 - x**3, (0.0, 8.0), 0.5, 1e-9) == pytest.approx(2.0)
    assert np.isnan(root(lambda x: x + 1, (1.0, 2.0), 0.5, 1e-9, least=0.0))
    assert np.isnan(root(lambda x: x, (1.0, 1.0), np.nan, 1e-9))


# Outlook and dates


def test_the_market_grows_while_the_plant_is_built(greensboro: Weather, market: Market) -> None:
    growing = {
        "outlook.start_month": "2028-07",
        "outlook.price_growth_per_year": 0.2,
        "outlook.difficulty_growth_per_year": 0.3,
    }
    still = answer(growing, greensboro, market).monthly
    grown = answer({**growing, "outlook.grows_from": "reading"}, greensboro, market).monthly
    read = market.height.observed_at
    years = (
        (np.datetime64("2028-07-01") - np.datetime64(read.replace(tzinfo=None), "s")) / np.timedelta64(1, "D") / 365.25
    )
    assert grown["price_usd"][0] == pytest.approx(still["price_usd"][0] * 1.2**years, rel=1e-12)
    assert grown["difficulty"][0] == pytest.approx(still["difficulty"][0] * 1.3**years, rel=1e-12)
    flat = {**growing, "outlook.price_growth_per_year": 0.0, "outlook.difficulty_growth_per_year": 0.0}
    a, b = (answer({**flat, "outlook.grows_from": way}, greensboro, market) for way in ("reading", "first_month"))
    assert a.monthly.equals(b.monthly)
    assert a.metrics == b.metrics


def test_dates_without_a_table_of_rules_say_so(greensboro: Weather, market: Market) -> None:
    dated = {
        "finance.credits.dates_decide": True,
        "finance.credits.array_itc_frac": 0.3,
        **TAXED,
        "finance.tax.losses": "absorbed",
    }
    plan = Scenario().but(dated)
    bare = project(plan, greensboro, market)
    assert any("table of rules" in notice for notice in bare.notices)
    ruled = project(plan, greensboro, market, rules=credit_rules())
    assert not any("table of rules" in notice for notice in ruled.notices)
    assert bare.statement["investment_credit_usd"].sum() == 0
    assert ruled.statement["investment_credit_usd"].sum() == pytest.approx(0.3 * 997_500, abs=0.01)
    assert ruled.metrics["npv_usd"] > bare.metrics["npv_usd"]


def test_more_owning_costs_are_lines_of_the_statement(greensboro: Weather, market: Market) -> None:
    owned = answer({"finance.owning.land_lease_usd_per_year": 1000.0, "finance.horizon_years": 3}, greensboro, market)
    free = answer({"finance.horizon_years": 3}, greensboro, market)
    assert owned.statement["land_lease_usd"].tolist() == [0.0, 1000.0, 1025.0, 1050.63]
    lease = finance.npv_usd(0.08, np.append(0.0, 1000.0 * 1.025 ** np.arange(3)))
    assert free.metrics["npv_usd"] - owned.metrics["npv_usd"] == pytest.approx(lease, rel=1e-9)
    account = worked({"finance.horizon_years": 3}, greensboro, market)
    assert flows_of(account.scenario.finance, account.assets, operation_of(account.books)).opex[0] == 0
