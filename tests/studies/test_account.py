"""Whole projections under tax, debt, credits, renewal and treasury: by pencil, by identities, and against the simple books."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.fetchers.credits import credit_rules
from core.fetchers.presets import presets
from core.inputs import Market, Weather
from core.models import finance
from core.models.treasury import whole_sats
from core.results import COST_PARTS
from core.scenario import Scenario
from core.studies.projection import project
from core.studies.run import Run, run, used_readings
from core.studies.statement import STOCKS, SUMS, apportioned, lines
from core.studies.treasury import coin_ledger
from core.units import SATS_PER_BTC
from core.vocabulary import PERIODS, STATEMENT

pytestmark = pytest.mark.usefixtures("kernel")

RENEWING: dict[str, Any] = {
    "fleet.refresh.rule": "age",
    "fleet.refresh.age_years": 1.5,
    "fleet.resale.realised_frac": 0.6,
    "fleet.failures.rate_per_year": 0.1,
    "array.inverter_replacement.every_years": 3,
    "finance.horizon_years": 5,
    "finance.salvage_frac": 0.1,
}
STORING: dict[str, Any] = {
    "battery.energy_kwh": 800.0,
    "battery.power_kw": 200.0,
    "battery.calendar_fade_frac_per_year": 0.1,
    "battery.replacement.rule": "replace",
}
TAXED: dict[str, Any] = {
    "finance.tax.federal_rate_frac": 0.21,
    "finance.tax.state_rate_frac": 0.06,
    "finance.depreciation.array.method": "macrs_5",
    "finance.depreciation.battery.method": "straight_line",
    "finance.depreciation.site.method": "macrs_15",
    "finance.depreciation.machines.method": "macrs_5",
    "finance.credits.array_itc_frac": 0.3,
    "finance.debt.share_frac": 0.6,
    "finance.debt.machine_share_frac": 0.4,
    "finance.debt.reserve_months": 6,
    "finance.construction.months": 9,
    "finance.owning.insurance_frac": 0.004,
    "finance.owning.property_tax_frac": 0.01,
    "finance.owning.working_capital_days": 30.0,
}


def worked(changes: dict[str, Any], weather: Weather, market: Market, base: Scenario | None = None) -> Run:
    plan = (base or Scenario()).but(changes)
    return run(plan, weather, used_readings(plan, market), credit_rules())


@pytest.mark.parametrize(
    "changes", [{}, RENEWING, {**RENEWING, **STORING}, {**RENEWING, "fleet.resale.realised_frac": 0.0}]
)
@pytest.mark.parametrize("kept", [{}, {"outlook.treasury.rule": "hold_share", "outlook.treasury.sales_pay_fee": True}])
def test_without_tax_and_debt_the_owner_has_the_simple_books_cash(
    changes: dict[str, Any], kept: dict[str, Any], greensboro: Weather, market: Market
) -> None:
    for base in presets().values():
        told = worked({**changes, **kept}, greensboro, market, base)
        simple = told.books.yearly["net_cash_usd"]
        size = np.abs(told.books.yearly["mining_revenue_usd"]).max() + abs(simple[0])
        assert told.cash_usd == pytest.approx(simple, rel=1e-12, abs=1e-12 * size)
        assert np.array_equal(told.account.project_usd, told.cash_usd)
        assert not told.account.tax_usd.any()


def test_three_taxed_and_indebted_years_of_a_grid_mine_by_pencil(greensboro: Weather, market: Market) -> None:
    """Machines of 250,000 over two years straight line, 40 % of them lent at 10 % over two years; tax of 20 % carried."""
    plan = Scenario().but(
        {
            "array.dc_kw": 0.0,
            "fleet.units": [{"hashrate_ths": 200.0, "power_w": 3500.0, "count": 100, "price_usd": 2500.0}],
            "grid.import_limit_kw": 1000.0,
            "grid.import_usd_per_kwh": 0.03,
            "outlook.price_usd": 90_000.0,
            "outlook.difficulty": 1e14,
            "finance.horizon_years": 3,
            "finance.site_usd_per_kw": 0.0,
            "finance.other_usd": 0.0,
            "finance.depreciation.machines.method": "straight_line",
            "finance.depreciation.machines.straight_line_years": 2,
            "finance.tax.federal_rate_frac": 0.2,
            "finance.debt.machine_share_frac": 0.4,
            "finance.debt.machine_rate": 0.1,
            "finance.debt.machine_term_years": 2,
        }
    )
    answer = project(plan, greensboro, market)
    yearly = answer.yearly
    earned = (yearly["mining_revenue_usd"] - yearly["import_cost_usd"] - yearly["opex_usd"])[1:].to_numpy()
    payment = 100_000 * 0.1 / (1 - 1.1**-2)
    interest = np.array([10_000.0, (110_000 - payment) * 0.1, 0.0])
    income = earned - np.array([125_000.0, 125_000.0, 0.0]) - interest
    left, owed = 0.0, []
    for profit in income:
        used = min(left, 0.8 * max(profit, 0.0))
        owed.append(0.2 * (max(profit, 0.0) - used))
        left += max(-profit, 0.0) - used
    cash = np.append(-150_000.0, earned - owed - np.array([payment, payment, 0.0]))
    assert yearly["net_cash_usd"].to_numpy() == pytest.approx(cash, rel=1e-12)
    assert answer.metrics["npv_usd"] == pytest.approx((cash * 1.08 ** -np.arange(4.0)).sum(), rel=1e-12)
    assert answer.metrics["debt_usd"] == pytest.approx(100_000)
    assert answer.metrics["tax_usd"] == pytest.approx(sum(owed), rel=1e-12)
    assert answer.metrics["dscr_min"] == pytest.approx(min((earned - owed)[:2]) / payment, rel=1e-12)
    assert answer.statement["loss_carried_usd"].iloc[-1] == pytest.approx(round(left, 2))


def test_each_vintage_is_written_off_until_it_goes_and_its_sale_is_taxed(greensboro: Weather, market: Market) -> None:
    told = worked({**RENEWING, "finance.depreciation.machines.method": "macrs_5"}, greensboro, market)
    first, *later = told.life.vintages
    assert (first.bought, first.gone) == (0, 18)
    assert [(v.bought, v.gone) for v in later] == [(18, 36), (36, 54), (54, 59)]
    lanes = [asset for asset in told.assets if asset.told_as == "machines"]
    assert sum(asset.cost_usd.sum() for asset in lanes) == pytest.approx(sum(v.cost_usd for v in told.life.vintages))
    assert sum(asset.sales_usd.sum() for asset in lanes) == pytest.approx(told.books.yearly["resale_usd"].sum())
    book = told.account.books
    left = first.cost_usd * (1 - 0.2 - 0.32)  # served in years 1 and 2
    gain_of_first = first.proceeds_usd - left
    assert book.taxed_sales_usd[2] == pytest.approx(gain_of_first, rel=1e-12)


def test_old_machines_without_a_buyer_leave_their_basis_as_a_loss(greensboro: Weather, market: Market) -> None:
    changes = {**RENEWING, "fleet.resale.realised_frac": 0.0, "finance.depreciation.machines.method": "macrs_5"}
    told = worked({**changes, "finance.salvage_frac": 0.0}, greensboro, market)
    first = told.life.vintages[0]
    assert told.account.books.taxed_sales_usd[2] == pytest.approx(-first.cost_usd * 0.48, rel=1e-12)


share = st.floats(0, 1)


@st.composite
def terms(draw: st.DrawFn) -> dict[str, Any]:
    """Plans over the settings of tax, debt, credits, renewal and treasury."""
    method = st.sampled_from(["none", "expensed", "straight_line", "macrs_3", "macrs_5", "macrs_20"])
    sized = draw(st.sampled_from([0.0, 1.0, 1.3]))
    return {
        "finance.horizon_years": draw(st.integers(1, 6)),
        "finance.discount_rate": draw(st.floats(0, 0.2)),
        "finance.salvage_frac": draw(share),
        "finance.tax.federal_rate_frac": draw(st.just(0.0) | st.floats(0, 0.5)),
        "finance.tax.state_rate_frac": draw(st.just(0.0) | st.floats(0, 0.1)),
        "finance.tax.losses": draw(st.sampled_from(["carried", "absorbed"])),
        "finance.tax.taxpayer": draw(st.sampled_from(["business", "business", "household"])),
        **{f"finance.depreciation.{kind}.method": draw(method) for kind in ("array", "battery", "site", "machines")},
        "finance.depreciation.array.bonus_frac": draw(share),
        "finance.credits.array_itc_frac": draw(st.sampled_from([0.0, 0.3, 1.0])),
        "finance.credits.ptc_usd_per_kwh": draw(st.sampled_from([0.0, 0.03])),
        "finance.debt.share_frac": draw(share),
        "finance.debt.machine_share_frac": draw(share),
        "finance.debt.rate": draw(st.floats(0, 0.2)),
        "finance.debt.term_years": draw(st.integers(1, 8)),
        "finance.debt.payments_per_year": draw(st.sampled_from([1, 4, 12])),
        "finance.debt.target_dscr": sized,
        "finance.debt.repayment": draw(st.sampled_from(["level", "sculpted"])) if sized else "level",
        "finance.debt.hashprice_stress_frac": draw(share),
        "finance.debt.covenant_dscr": draw(st.sampled_from([0.0, 1.2])),
        "finance.debt.reserve_months": draw(st.integers(0, 12)),
        "finance.debt.refresh_reserve": draw(st.booleans()),
        "finance.construction.months": draw(st.integers(0, 18)),
        "finance.owning.property_tax_frac": draw(st.floats(0, 0.03)),
        "finance.owning.land_lease_usd_per_year": draw(st.floats(0, 2e4)),
        "finance.owning.working_capital_days": draw(st.floats(0, 90)),
        "battery.energy_kwh": draw(st.sampled_from([0.0, 800.0])),
        "battery.power_kw": 200.0,
        "battery.calendar_fade_frac_per_year": 0.1,
        "battery.replacement.rule": draw(st.sampled_from(["never", "replace", "augment"])),
        "array.inverter_replacement.every_years": draw(st.integers(0, 4)),
        "fleet.refresh.rule": draw(st.sampled_from(["never", "age", "unprofitable"])),
        "fleet.refresh.age_years": draw(st.floats(0.25, 4)),
        "fleet.refresh.times": draw(st.integers(0, 6)),
        "fleet.resale.realised_frac": draw(st.sampled_from([0.0, 0.7])),
        "fleet.failures.rate_per_year": draw(st.floats(0, 1)),
        "outlook.treasury.rule": draw(st.sampled_from(["sell_all", "hold_share", "cover_costs", "above_price"])),
        "outlook.treasury.sell_above_usd": 130_000.0,
        "outlook.treasury.lots": draw(st.sampled_from(["fifo", "hifo"])),
        "outlook.treasury.sales_pay_fee": draw(st.booleans()),
        "outlook.price_growth_per_year": draw(st.floats(-0.4, 0.6)),
        "outlook.grows_from": draw(st.sampled_from(["first_month", "reading"])),
    }


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=terms())
def test_any_projection_closes_num_03(changes: dict[str, Any], greensboro: Weather, market: Market) -> None:
    told = worked(changes, greensboro, market)
    account = told.account
    table = lines(account)
    size = 1.0 + sum(np.abs(values).sum() for name, values in table.items() if name.endswith("_usd"))
    moved = sum(table[name][-1] for name in ("working_capital_usd", "reserve_usd", "locked_usd"))
    total = table["ebitda_usd"] - table["investment_usd"] + table["sales_usd"] - table["coins_kept_usd"]
    total = total - table["tax_usd"] - table["debt_service_usd"] + table["debt_drawn_usd"]
    assert account.equity_usd.sum() == pytest.approx(
        (total - table["construction_interest_usd"]).sum(), abs=1e-12 * size
    )
    assert moved == 0.0
    assert account.loan.balance_usd[-1] == pytest.approx(0.0, abs=1e-12 * size)
    assert sum(account.uses_usd.values()) == pytest.approx(sum(account.sources_usd.values()), abs=1e-12 * size)
    for asset in told.assets:
        book = account.books.ledgers[asset.name]
        added = np.sum(account.funding.added_usd.get(asset.name, 0.0))
        basis = (asset.cost_usd.sum() + added) - asset.credit_frac / 2 * (asset.cost_usd[0] + added)
        assert (book.basis_usd >= 0).all()
        gone = book.deducted_usd.sum() + book.relieved_usd.sum() + book.basis_usd[-1]
        assert gone == pytest.approx(basis, rel=1e-9, abs=1e-6)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=terms())
def test_any_answer_sums_to_the_cent_num_03(changes: dict[str, Any], greensboro: Weather, market: Market) -> None:
    """Each table in whole cents, its sums without a remainder, its uses paid for, its cost the sum of its parts."""
    answer = project(Scenario().but(changes), greensboro, market, rules=credit_rules())
    table, metrics = answer.statement, answer.metrics
    cents = {name: np.rint(table[name].to_numpy() * 100) for name in table if name.endswith("_usd")}
    for name, values in cents.items():
        assert np.array_equal(values / 100, table[name].to_numpy()), name
    for total, parts in SUMS:
        held = sum(np.diff(cents[name], prepend=0.0) for name in ("working_capital_usd", "reserve_usd", "locked_usd"))
        more = held if total == "equity_cash_usd" else 0.0
        assert np.array_equal(cents[total] + more, sum(sign * cents[name] for name, sign in parts.items())), total
    assert np.array_equal(np.diff(cents["debt_balance_usd"]), -cents["debt_repaid_usd"][1:])
    assert np.array_equal(cents["equity_cash_usd"], np.rint(answer.yearly["net_cash_usd"].to_numpy() * 100))
    assert round(100 * sum(answer.uses_usd.values())) == round(100 * sum(answer.sources_usd.values()))
    assert not cents["debt_balance_usd"][-1]
    if metrics["cost_usd_per_btc"] is not None:
        assert sum(answer.cost_build_up.values()) == metrics["cost_usd_per_btc"]
        assert tuple(answer.cost_build_up) == COST_PARTS
        cash_in = (table["revenue_usd"] - table["coins_kept_usd"] - table["equity_cash_usd"]).to_numpy()
        rate, coins = answer.scenario.finance.discount_rate, answer.yearly["mined_btc"].to_numpy()
        theirs = finance.npv_usd(rate, cash_in) / finance.npv_usd(rate, coins)
        assert metrics["cost_usd_per_btc"] == pytest.approx(theirs, rel=1e-6, abs=1.0)
    for name, flow in (("irr", "equity_cash_usd"), ("project_irr", "project_cash_usd")):
        if (rate := metrics[name]) is not None and rate > -0.9:
            size = np.abs(table[flow]).sum() / (1 + min(rate, 0)) ** len(table)
            assert finance.npv_usd(rate, table[flow].to_numpy()) == pytest.approx(0.0, abs=1e-6 * size + 1.0)
    for name, value in metrics.items():
        assert (value is None) == (name in answer.reasons), name


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=terms())
def test_coins_held_and_sold_are_coins_mined_to_the_satoshi(
    changes: dict[str, Any], greensboro: Weather, market: Market
) -> None:
    told = worked(changes, greensboro, market)
    costs = np.full(len(told.path.days), 20_000.0)
    book = coin_ledger(told.scenario, told.path.price_usd, told.books.monthly["mined_btc"], costs)
    assert np.array_equal(book.held_sats + np.cumsum(book.sold_sats), np.cumsum(book.mined_sats))
    assert np.array_equal(book.mined_sats, whole_sats(told.books.monthly["mined_btc"]))
    assert book.held_sats[-1] == 0
    assert abs(book.mined_sats.sum() / SATS_PER_BTC - told.books.monthly["mined_btc"].sum()) <= 0.51 / SATS_PER_BTC
    brought = book.proceeds_cents - book.fee_cents
    assert (brought - book.gain_cents).sum() == book.income_cents.sum()


def test_every_line_of_the_statement_has_words_and_every_word_a_line(greensboro: Weather, market: Market) -> None:
    columns = set(project(Scenario(), greensboro, market).statement)
    assert columns >= set(STATEMENT)
    assert columns <= {*STATEMENT, *PERIODS}
    assert columns >= set(STOCKS)


@given(
    exact=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8),
    off=st.integers(-3, 3),
)
def test_parts_in_whole_cents_sum_and_stay_near(exact: list[float], off: int) -> None:
    parts = np.array(exact)[:, None]
    whole = np.rint(parts.sum(axis=0)) + off
    shared = apportioned(whole, parts)
    assert np.array_equal(shared, np.rint(shared))
    assert shared.sum() == whole[0]
    assert (np.abs(shared - parts) <= 2 + abs(off)).all()
    if np.any(parts):
        assert not shared[parts == 0].any()


def test_parts_of_a_third_each_by_pencil() -> None:
    assert apportioned(np.array([1.0]), np.array([[1 / 3], [1 / 3], [1 / 3]]))[:, 0].tolist() == [1, 0, 0]
    assert apportioned(np.array([3.0]), np.array([[0.5], [0.0], [2.4]]))[:, 0].tolist() == [1, 0, 2]
