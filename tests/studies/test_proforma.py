"""The after-tax pro-forma against SAM's own figures, SAM itself, and sums that must close."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import vocabulary
from core.errors import ValidationError
from core.models import debt, finance
from core.sections import Construction, Credits, Debt, Finance, Owning, Recovery, Tax
from core.studies.funding import LenderCase
from core.studies.levies import Asset
from core.studies.operation import Operation, escalated_usd
from core.studies.proforma import proforma
from core.studies.statement import lines
from tests.studies.sam_loans import Case, ours, random_case, sams

FOLDER = os.environ.get("SOLAR_MINING_VALIDATION_DATA")
calm = settings(deadline=None, max_examples=60)
close = {"rel": 1e-9, "abs": 1e-6}  # a millionth of a dollar on a million


def published(name):
    if not FOLDER:
        pytest.skip("SOLAR_MINING_VALIDATION_DATA is not set")
    case = json.loads((Path(FOLDER) / name).read_text())["cases"][0]
    return case["inputs"], case["expected"]


def case_of(inputs, **changes):
    return Case(
        energy_value_usd=tuple(inputs["annual_energy_value"][1:]),
        energy_kwh=inputs["gen_year1_kwh"],
        cost_usd=inputs["total_installed_cost"],
        capacity_kw=inputs["system_capacity"],
        om_usd_per_kw=inputs["om_capacity"][0],
        federal=inputs["federal_tax_rate"][0] / 100,
        state=inputs["state_tax_rate"][0] / 100,
        itc=inputs["itc_fed_percent"][0] / 100,
        **changes,
    )


# SAM's figures


@pytest.mark.data
def test_v38_every_figure_of_sams_commercial_case():
    inputs, expected = published("ssc_cashloan_commercial_v38.json")
    statement = ours(case_of(inputs))
    found, loan = statement.metrics, statement.loan
    for figure, value in (
        (found["npv_usd"], 287_685.2066),
        (found["payback_years"], 12.13928246),
        (100 * found["lcoe_usd_per_kwh"], 2.180485147),
        (100 * found["lcoe_real_usd_per_kwh"], 1.740608647),
        (statement.books.credit_usd.sum(), 241_382.86848),
        (loan.service_usd[1], 59_428.42767),
        (statement.equity_usd[1], 268_661.00179),
        (100 * found["effective_tax_frac"], 26.53),
        (100 * found["wacc"], 2.9388),
        (loan.balance_usd[0], expected["loan_amount"]),
    ):
        assert figure == pytest.approx(value, rel=1e-9)
    for ours_by_year, name in lines_of(statement):
        assert ours_by_year == pytest.approx(expected[name], **close), name


def lines_of(statement):
    """Our lines beside SAM's names."""
    return (
        (statement.energy_kwh, "cf_energy_net"),
        (statement.opex_usd - statement.sales_usd, "cf_operating_expenses"),
        (statement.loan.balance_usd, "cf_debt_balance"),
        (statement.loan.service_usd, "cf_debt_payment_total"),
        (statement.books.deducted_usd, "cf_fed_depreciation"),
        (-statement.cost_usd, "cf_after_tax_net_equity_cost_flow"),
        (statement.equity_usd, "cf_after_tax_cash_flow"),
        (statement.project_usd, "cf_payback_with_expenses"),
    )


@pytest.mark.data
def test_every_figure_of_sams_residential_case():
    inputs, expected = published("ssc_cashloan_residential_dev.json")
    statement = ours(case_of(inputs, commercial=False, depreciation="none"))
    found = statement.metrics
    for figure, name in (
        (found["npv_usd"], "npv"),
        (found["payback_years"], "payback"),
        (100 * found["lcoe_usd_per_kwh"], "lcoe_nom"),
        (100 * found["lcoe_real_usd_per_kwh"], "lcoe_real"),
        (statement.books.credit_usd.sum(), "itc_total_fed"),
        (100 * found["effective_tax_frac"], "effective_tax_rate"),
        (100 * found["wacc"], "wacc"),
    ):
        assert figure == pytest.approx(expected[name], rel=1e-9), name
    for ours_by_year, name in lines_of(statement):
        assert ours_by_year == pytest.approx(expected[name], **close), name


@pytest.mark.parametrize("block", range(10))
def test_two_hundred_random_cases_are_sams(block):
    """Cash, cost, debt, NPV, LCOE, credits and WACC to a millionth; paybacks and IRR where SAM's are well defined.

    SAM differs by convention, and these are modelled: salvage is a negative running cost in the last year and taxed whole;
    what was not written off is never deducted; a household deducts property tax and mortgage interest alone; a production
    credit is rounded to a tenth of a cent; a payback in the last year is not seen.
    """
    rng = np.random.default_rng([38, block])
    for number in range(20):
        case = random_case(rng, number)
        mine, theirs = ours(case), sams(case)
        for ours_by_year, name in lines_of(mine):
            largest = np.abs(theirs[name]).max() + 1.0
            assert ours_by_year == pytest.approx(theirs[name], rel=1e-6, abs=1e-9 * largest), (number, name)
        for name, value in (
            ("npv", mine.metrics["npv_usd"]),
            ("lcoe_nom", 100 * mine.metrics["lcoe_usd_per_kwh"]),
            ("lcoe_real", 100 * mine.metrics["lcoe_real_usd_per_kwh"]),
            ("itc_total_fed", mine.books.credit_usd.sum()),
            ("wacc", 100 * mine.metrics["wacc"]),
        ):
            assert value == pytest.approx(theirs[name], rel=1e-6, abs=1e-6), (number, name)
        assert mine.production_credit_usd == pytest.approx(theirs["cf_ptc_fed"], rel=1e-9)
        check_payback(mine.project_usd, mine.metrics["payback_years"], theirs["payback"])
        worth = mine.project_usd / (1.0 + case.nominal_rate) ** np.arange(case.years + 1)
        check_payback(worth, mine.metrics["discounted_payback_years"], theirs["discounted_payback"])
        check_irr(mine, theirs["irr"])


def check_payback(cash, found, theirs):
    """SAM does not look at the last year: what turns positive only then never pays back there."""
    turned = np.flatnonzero(np.cumsum(cash)[:-1] > 0)
    if len(turned):
        assert found == pytest.approx(theirs, rel=1e-6)
    else:
        assert np.isnan(theirs)
        assert found > len(cash) - 2


def check_irr(mine, theirs):
    """SAM stops its search at a rate good to about 1e-5; it is nan where the search left the rails."""
    if np.isnan(theirs) or finance.irr_count(mine.equity_usd) != 1 or not -90 < theirs < 100:
        return
    found = mine.metrics["equity_irr"]
    assert found == pytest.approx(theirs / 100, abs=1e-5)
    at_ours, at_theirs = (abs(finance.npv_usd(rate, mine.equity_usd)) for rate in (found, theirs / 100))
    assert at_ours <= at_theirs + 1e-6


def test_reopts_share_of_capital_cost_v41():
    # what credit and write-off are worth on a dollar: REopt takes the credit at the end of year 1
    terms = Finance(discount_rate=0.083, tax=Tax(federal_rate_frac=0.26, losses="absorbed", leftover_deducted=False))
    dollar = Asset("plant", np.append(1.0, np.zeros(8)), Recovery(method="macrs_5"), credit_frac=0.3)
    statement = proforma(terms, [dollar], Operation(np.zeros(9)))
    assert 1.0 + statement.metrics["npv_usd"] == pytest.approx(0.455005797, rel=1e-8)


# A plan of our own


def plan(**changes):
    """A plant, a fleet renewed in year 5, and ten years of work, in terms that use every part."""
    years = 10
    renewed = np.zeros(years + 1)
    renewed[[0, 5]] = 400_000, 250_000
    sold_in = np.full(years + 1, years)
    sold_in[0] = 5
    resale = np.zeros(years + 1)
    resale[[0, 5]] = 40_000, 10_000
    assets = [
        Asset("array", np.append(1_000_000.0, np.zeros(years)), Recovery(method="macrs_5"), credit_frac=0.3),
        Asset("machines", renewed, Recovery(method="expensed"), 0.0, sold_in, resale, is_machines=True),
    ]
    operation = Operation(
        np.append(0.0, np.full(years, 1.6e6)),
        {"mining": escalated_usd(420_000, -0.03, years), "export": escalated_usd(30_000, 0.02, years)},
        {"upkeep": escalated_usd(60_000, 0.025, years)},
    )
    terms = Finance(
        horizon_years=years,
        owning=Owning(
            property_tax_frac=0.01, insurance_frac=0.004, land_lease_usd_per_year=5000.0, working_capital_days=30.0
        ),
        construction=Construction(months=9, curve="s_curve", delay_months=2),
        debt=Debt(
            share_frac=0.6,
            rate=0.07,
            term_years=8,
            interest_only_months=6,
            payments_per_year=12,
            machine_share_frac=0.5,
            machine_term_years=9,
            machine_life_years=3,
            covenant_dscr=1.2,
            reserve_months=6,
            refresh_reserve=True,
        ),
        tax=Tax(federal_rate_frac=0.21, state_rate_frac=0.05),
    )
    return terms.model_copy(update=changes), assets, operation


def test_the_books_close():
    statement = proforma(*plan())
    loan, accounts = statement.loan, statement.accounts
    assert sum(statement.uses_usd.values()) == pytest.approx(sum(statement.sources_usd.values()))
    assert loan.balance_usd[-1] == 0.0
    assert loan.repaid_usd.sum() == pytest.approx(loan.balance_usd[0])
    assert accounts.reserve_usd[-1] == accounts.locked_usd[-1] == statement.working_capital_usd[-1] == 0.0
    # over the whole life: every dollar in and out, whatever the year
    everything = (
        statement.ebitda_usd - statement.capex_usd + statement.sales_usd - statement.tax_usd - loan.interest_usd
    ).sum() - statement.funding.interest_usd
    assert statement.equity_usd.sum() == pytest.approx(everything)


def test_tax_over_a_whole_life_is_on_the_profit_of_a_whole_life():
    terms, assets, operation = plan()
    assets = [replace(asset, credit_frac=0.0) for asset in assets]
    statement = proforma(terms, assets, operation)
    profit = (statement.ebitda_usd - statement.capex_usd + statement.sales_usd - statement.loan.interest_usd).sum()
    assert statement.taxes.income_usd.sum() == pytest.approx(profit - statement.funding.interest_usd)
    for book in statement.books.ledgers.values():
        assert (book.basis_usd >= 0).all()
        assert book.basis_usd[-1] == 0.0


def test_machines_are_not_financed_beyond_their_life():
    statement = proforma(*plan())
    no_plant = plan()[0]
    alone = proforma(
        no_plant.model_copy(update={"debt": no_plant.debt.model_copy(update={"share_frac": 0.0})}), *plan()[1:]
    )
    assert alone.loan.balance_usd[0] == 200_000.0
    assert alone.loan.balance_usd[2] > 0.0
    assert alone.loan.balance_usd[3:].tolist() == [0.0] * 8
    assert statement.loan.balance_usd[0] > 200_000.0 + 600_000.0  # interest while building has joined it


def test_without_tax_and_debt_it_is_the_simple_cash_flow():
    _, assets, operation = plan()
    statement = proforma(Finance(), assets, operation)
    simple = sum(operation.revenue_usd.values()) - operation.opex_usd["upkeep"]
    simple = simple - sum(asset.cost_usd for asset in assets) + sum(asset.sales_usd for asset in assets)
    assert statement.equity_usd == pytest.approx(simple, rel=1e-13)
    assert statement.project_usd == pytest.approx(simple, rel=1e-13)
    assert statement.tax_usd.tolist() == [0.0] * 11
    assert statement.metrics["npv_usd"] == pytest.approx(finance.npv_usd(0.08, simple), rel=1e-13)
    assert np.isnan(statement.metrics["lowest_dscr"])


def test_npv_at_the_irr_is_nothing():
    statement = proforma(*plan())
    for cash, name in ((statement.equity_usd, "equity_irr"), (statement.project_usd, "project_irr")):
        assert finance.npv_usd(statement.metrics[name], cash) == pytest.approx(0.0, abs=1e-6)


def test_absorbed_losses_are_worth_more_than_carried_ones():
    terms, assets, operation = plan()
    absorbed = terms.model_copy(update={"tax": terms.tax.model_copy(update={"losses": "absorbed"})})
    assert (
        proforma(absorbed, assets, operation).metrics["npv_usd"] > proforma(terms, assets, operation).metrics["npv_usd"]
    )


def test_an_early_sale_owes_the_credit_back():
    years = 4
    cost = np.append(100.0, np.zeros(years))
    terms = Finance(tax=Tax(federal_rate_frac=0.2, losses="absorbed"), discount_rate=0.0)
    kept = Asset("battery", cost, Recovery(method="straight_line", straight_line_years=4), credit_frac=0.3)
    statement = proforma(terms, [kept], Operation(np.zeros(years + 1)))
    # sold at the horizon after four full years: a fifth of 30 is owed back, and half of that joins the basis again
    assert statement.investment_credit_usd.tolist() == [0.0, 30.0, 0.0, 0.0, -6.0]
    assert statement.tax_usd == pytest.approx([0.0, -0.2 * 21.25 - 30.0, -4.25, -4.25, -4.25 + 6.0 - 0.2 * 3.0])


def test_debt_is_sized_on_the_lenders_worst_case():
    terms, assets, operation = plan()
    terms = terms.model_copy(update={"construction": Construction()})
    cfads = np.append(0.0, np.full(10, 90_000.0))
    cases = [LenderCase(2.0 * cfads, 1.3), LenderCase(cfads, 1.0)]
    statement = proforma(terms, assets, operation, cases)
    plant = statement.loan.balance_usd[0] - 200_000.0
    assert 0 < plant < 600_000.0
    schedule = debt.loan(plant, 0.07, 8, 10, 6, 12)
    assert debt.lowest(debt.dscr(cfads, schedule.service_usd)) == pytest.approx(1.0)
    built = proforma(plan()[0], assets, operation, cases)  # interest while building fits under the same cap
    assert built.loan.balance_usd[0] - 200_000.0 == pytest.approx(plant, rel=1e-9)


def test_without_a_lenders_case_the_plan_itself_must_cover_the_target():
    terms, assets, operation = plan(construction=Construction(), tax=Tax())
    own = terms.debt.model_copy(update={"target_dscr": 2.0, "machine_share_frac": 0.0, "share_frac": 1.0})
    assets = [replace(assets[1], name="plant", is_machines=False, cost_usd=2.0 * assets[0].cost_usd)]
    statement = proforma(terms.model_copy(update={"debt": own}), assets, operation)
    assert 0 < statement.loan.balance_usd[0] < 2_000_000
    assert statement.metrics["lowest_dscr"] == pytest.approx(2.0)


def test_covenant_locks_cash_up_until_cover_returns():
    terms, assets, operation = plan()
    poor = escalated_usd(420_000, -0.03, 10)
    poor[3] = 150_000.0
    operation = replace(operation, revenue_usd={"mining": poor})
    statement = proforma(terms, assets, operation)
    assert statement.dscr[3] < 1.2
    assert statement.equity_usd[3] <= 0.0
    free = proforma(
        terms.model_copy(update={"debt": terms.debt.model_copy(update={"covenant_dscr": 0.0})}), assets, operation
    )
    assert free.equity_usd.sum() == pytest.approx(statement.equity_usd.sum())


def test_production_credit_pays_by_energy():
    terms, assets, operation = plan(credits=Credits(ptc_usd_per_kwh=0.03, ptc_years=4, worth_frac=0.9))
    statement = proforma(terms, assets, operation)
    assert statement.production_credit_usd[1:6].tolist() == pytest.approx([0.9 * 48_000.0] * 4 + [0.0])


def test_paths_answer_as_each_alone():
    terms, assets, operation = plan()
    level = np.array([0.5, 1.0, 1.7])[:, None]
    many = replace(operation, revenue_usd={name: level * values for name, values in operation.revenue_usd.items()})
    together = proforma(terms, assets, many)
    table = lines(together)
    for i in range(3):
        one = replace(operation, revenue_usd={name: values[i] for name, values in many.revenue_usd.items()})
        alone = proforma(terms, assets, one)
        for name, values in lines(alone).items():
            assert table[name][i] == pytest.approx(values, rel=1e-12, abs=1e-6, nan_ok=True), name
        for name, value in alone.metrics.items():
            ours_here = np.broadcast_to(together.metrics[name], (3,))[i]
            assert ours_here == pytest.approx(value, rel=1e-9, nan_ok=True), name


def test_coins_kept_are_taxed_when_mined_and_their_gain_when_sold():
    # 100 mined in year 1 and kept; sold in year 3 for 150: tax 20, 0, 10, cash −20, 0, 140
    terms = Finance(tax=Tax(federal_rate_frac=0.2, losses="absorbed"), discount_rate=0.0)
    mined, unsold, gain = (np.array(a) for a in ([0, 100.0, 0, 0], [0, 100.0, 0, -100.0], [0, 0, 0, 50.0]))
    statement = proforma(terms, [], Operation(np.zeros(4), {"mining": mined}, {}, unsold, gain))
    assert statement.tax_usd == pytest.approx([0.0, 20.0, 0.0, 10.0])
    assert statement.equity_usd == pytest.approx([0.0, -20.0, 0.0, 140.0])


amounts = st.floats(0, 2e6)


@calm
@given(
    revenue=st.lists(amounts, min_size=2, max_size=15),
    cost=st.floats(1e3, 1e7),
    share=st.floats(0, 1),
    rate=st.floats(0, 0.2),
    federal=st.floats(0, 0.5),
    carried=st.booleans(),
    method=st.sampled_from(["none", "expensed", "straight_line", "macrs_3", "macrs_20"]),
    reserve=st.integers(0, 12),
    covenant=st.floats(0, 2),
)
def test_any_plan_closes(revenue, cost, share, rate, federal, carried, method, reserve, covenant):
    years = len(revenue)
    terms = Finance(
        debt=Debt(share_frac=share, rate=rate, term_years=7, reserve_months=reserve, covenant_dscr=covenant),
        tax=Tax(federal_rate_frac=federal, state_rate_frac=0.06, losses="carried" if carried else "absorbed"),
        construction=Construction(months=6),
    )
    plant = Asset("plant", np.append(cost, np.zeros(years)), Recovery(method=method))
    statement = proforma(terms, [plant], Operation(np.ones(years + 1), {"all": np.append(0.0, revenue)}))
    size = cost + sum(revenue)
    paid = sum(revenue) - cost - statement.funding.interest_usd - statement.loan.interest_usd.sum()
    assert statement.equity_usd.sum() == pytest.approx(paid - statement.tax_usd.sum(), abs=1e-9 * size)
    assert statement.taxes.income_usd.sum() == pytest.approx(paid, abs=1e-9 * size)
    assert statement.loan.balance_usd[-1] == 0.0
    assert (statement.books.ledgers["plant"].basis_usd >= 0).all()
    assert sum(statement.uses_usd.values()) == pytest.approx(sum(statement.sources_usd.values()), abs=1e-9 * size)


def test_every_line_of_the_statement_has_words_and_one_shape():
    table = lines(proforma(*plan()))
    assert len({values.shape for values in table.values()}) == 1
    for name in table:
        assert vocabulary.word(name).meaning, name


def test_years_must_agree():
    terms, _, operation = plan()
    with pytest.raises(ValidationError) as caught:
        proforma(terms, [Asset("short", np.zeros(5))], operation)
    assert caught.value.field == "assets.short"
