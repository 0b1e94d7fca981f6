"""Loans, cover ratios, sizing, accounts and building time: SAM's loan, spreadsheets' manuals, and sums that must close."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models import debt, finance

calm = settings(deadline=None)
rates = st.one_of(st.just(0.0), st.floats(1e-6, 0.3))


def test_level_payment_is_sams_and_a_spreadsheets():
    assert debt.level_payment_usd(928_395.648, 0.04, 25) == pytest.approx(59_428.427670882, rel=1e-12)
    # Microsoft, PMT function: 8 % a year, 10 months, $10,000: $1,037.03
    assert debt.level_payment_usd(10_000, 0.08 / 12, 10) == pytest.approx(1_037.03, abs=0.005)
    assert debt.level_payment_usd(100.0, 0.0, 4) == 25.0


def test_balance_is_sams_v38():
    loan = debt.loan(928_395.648, 0.04, 25, 25)
    assert loan.balance_usd[:4] == pytest.approx(
        [928_395.648, 906_103.0462491, 882_918.7404282, 858_807.0623744], rel=1e-12
    )
    assert loan.balance_usd[-1] == 0.0
    assert loan.service_usd[1:] == pytest.approx(59_428.4276708824, rel=1e-12)


@calm
@given(
    principal=st.floats(0, 1e9),
    rate=rates,
    term=st.integers(1, 30),
    years=st.integers(1, 35),
    per_year=st.sampled_from([1, 2, 4, 12]),
    data=st.data(),
)
def test_a_loan_ends_at_nothing_and_its_payments_are_worth_what_was_lent(principal, rate, term, years, per_year, data):
    idle = data.draw(st.integers(0, term * per_year - 1)) * (12 // per_year)
    loan = debt.loan(principal, rate, term, years, idle, per_year)
    assert loan.balance_usd[-1] == 0.0
    assert (loan.balance_usd >= -1e-9 * principal).all()
    assert loan.repaid_usd.sum() == pytest.approx(principal, rel=1e-9)
    assert loan.balance_usd == pytest.approx(principal - np.cumsum(loan.repaid_usd), abs=1e-9 * principal + 1e-9)
    if per_year == 1:
        assert finance.npv_usd(rate, loan.service_usd) == pytest.approx(principal, rel=1e-9)


def test_interest_alone_first():
    loan = debt.loan(1000.0, 0.12, 3, 5, interest_only_months=12, payments_per_year=12)
    assert loan.interest_usd[1] == pytest.approx(120.0)
    assert loan.repaid_usd[1] == 0.0
    assert loan.service_usd[2] == pytest.approx(12 * debt.level_payment_usd(1000.0, 0.01, 24))
    assert loan.service_usd[4:].tolist() == [0.0, 0.0]


def test_what_is_owed_at_the_horizon_is_repaid_then():
    loan = debt.loan(1000.0, 0.05, 10, 4)
    assert loan.balance_usd[-2] > 600
    assert loan.repaid_usd[-1] == pytest.approx(loan.balance_usd[-2])


def test_loans_add_up_and_take_paths():
    many = debt.loan(np.array([100.0, 200.0]), 0.1, 2, 3)
    both = debt.together([many, debt.loan(50.0, 0.0, 1, 3)])
    assert both.balance_usd[:, 0].tolist() == [150.0, 250.0]
    assert both.balance_usd[:, 1] == pytest.approx(many.balance_usd[:, 1])


def test_sculpted_debt_keeps_cover_and_is_worth_its_payments():
    cfads = np.array([0, 130.0, 140, 120, 90, 60])
    service = np.where(np.arange(6) <= 4, cfads / 1.3, 0.0)
    loan = debt.sculpted_loan(service, 0.06)
    assert loan.balance_usd[0] == pytest.approx(finance.npv_usd(0.06, service))
    assert debt.dscr(cfads, loan.service_usd)[1:5] == pytest.approx(1.3)
    assert debt.llcr(cfads, loan, 0.06)[:4] == pytest.approx(1.3)
    assert loan.balance_usd[4:].tolist() == [0.0, 0.0]
    assert loan.repaid_usd.sum() == pytest.approx(loan.balance_usd[0])


def test_cover_by_hand():
    loan = debt.loan(100.0, 0.0, 2, 3)
    cover = debt.dscr([0, 75.0, 60.0, 60.0], loan.service_usd)
    assert cover[1:3].tolist() == [1.5, 1.2]
    assert np.isnan(cover[[0, 3]]).all()
    assert debt.lowest(cover) == 1.2
    assert math.isnan(debt.lowest([np.nan, np.nan]))
    assert debt.llcr([0, 75.0, 60.0, 60.0], loan, 0.0)[:2].tolist() == [1.35, 1.2]


@calm
@given(
    cash=st.lists(st.floats(-100, 1e6), min_size=3, max_size=20),
    target=st.floats(1.0, 3.0),
    rate=rates,
    term=st.integers(1, 15),
)
def test_debt_sized_at_a_cover_has_that_cover_in_its_worst_year(cash, target, rate, term):
    cfads = np.append(0.0, cash)
    unit = debt.loan(1.0, rate, term, len(cash))
    principal = debt.sized_principal_usd(cfads, target, unit)
    worst = cfads[1 : min(term, len(cash)) + 1].min()
    if worst <= 0:
        assert principal == 0.0
    elif principal > 1e-6:
        sized = debt.loan(principal, rate, term, len(cash))
        assert debt.lowest(debt.dscr(cfads, sized.service_usd)) == pytest.approx(target, rel=1e-9)


def test_llcr_of_debt_with_level_cover_is_that_cover():
    loan = debt.loan(500.0, 0.07, 6, 8)
    assert debt.llcr(1.4 * loan.service_usd, loan, 0.07)[:6] == pytest.approx(1.4)


# Accounts


def test_service_reserve_holds_the_months_that_follow():
    service = np.array([0, 120.0, 60, 30, 0])
    assert debt.service_reserve_usd(service, 6).tolist() == [60, 30, 15, 0, 0]
    assert debt.service_reserve_usd(service, 18).tolist() == [150, 75, 30, 0, 0]
    assert debt.service_reserve_usd(service, 0).tolist() == [0.0] * 5


def test_refresh_reserve_is_full_just_before_it_is_spent():
    cost = np.array([[999.0, 0, 0, 300, 0, 200, 0], [0, 0, 0, 0, 0, 0, 0]])
    assert debt.refresh_reserve_usd(cost).tolist() == [[0, 100, 200, 0, 100, 0, 0], [0.0] * 7]


def test_waterfall_by_hand():
    #      year:   0     1    2     3    4
    cash = np.array([-100.0, 30, 20, -25, 40])
    flow = debt.waterfall(cash, [10.0, 15, 15, 15, 0], [False, False, True, False, False])
    assert flow.reserve_usd.tolist() == [10, 15, 15, 10, 0]
    assert flow.locked_usd.tolist() == [0, 0, 20, 0, 0]
    assert flow.paid_usd.tolist() == [-110, 25, 0, 0, 50]


@calm
@given(
    cash=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
    target=st.floats(0, 1e6),
    data=st.data(),
)
def test_all_cash_reaches_the_owner_in_the_end(cash, target, data):
    shut = data.draw(st.lists(st.booleans(), min_size=len(cash), max_size=len(cash)))
    flow = debt.waterfall(cash, target, shut)
    assert flow.paid_usd.sum() == pytest.approx(sum(cash), abs=1e-6)
    assert (flow.reserve_usd >= 0).all()
    assert (flow.locked_usd >= 0).all()
    assert flow.reserve_usd[-1] == flow.locked_usd[-1] == 0.0
    held = flow.reserve_usd + flow.locked_usd
    assert flow.paid_usd == pytest.approx(np.array(cash) - np.diff(held, prepend=0.0), abs=1e-6)
    called = flow.paid_usd[1:] < -1e-9  # the owner pays only when every account is empty
    assert (held[1:][called] == 0).all()


def test_without_accounts_the_owner_gets_the_cash():
    cash = np.array([-10.0, 3, -4, 5])
    assert debt.waterfall(cash, 0.0).paid_usd.tolist() == cash.tolist()


# Building


def test_spending_curves_sum_to_one_and_an_s_curve_is_slow_at_both_ends():
    even, curve = debt.spending_fractions(12), debt.spending_fractions(12, "s_curve", 3)
    assert even.sum() == pytest.approx(1.0)
    assert curve.sum() == pytest.approx(1.0)
    assert len(curve) == 15
    assert curve[:12] == pytest.approx(curve[:12][::-1])
    assert curve[0] < even[0] < curve[5]


def test_interest_while_building_by_hand():
    # 100 drawn at mid-month, 1 % a month: 0.5, then 1.005 on 100.5
    site = debt.building(100.0, 100.0, 0.12, [1.0, 0.0])
    assert site.interest_usd == pytest.approx([0.5, 1.005])
    assert site.capitalised_usd == pytest.approx(1.505)


@calm
@given(cost=st.floats(1, 1e8), share=st.floats(0, 1), months=st.integers(1, 40), first=st.booleans())
def test_draws_and_equity_pay_for_everything(cost, share, months, first):
    spending = debt.spending_fractions(months, "s_curve")
    site = debt.building(cost, share * cost, 0.08, spending, equity_first=first)
    assert site.drawn_usd.sum() == pytest.approx(share * cost, rel=1e-9, abs=1e-6)
    assert site.drawn_usd + site.equity_usd == pytest.approx(cost * spending, rel=1e-9, abs=1e-6)
    assert (site.drawn_usd >= -1e-6).all()
    late = debt.building(cost, share * cost, 0.08, spending, equity_first=True)
    assert late.capitalised_usd <= site.capitalised_usd + 1e-12 * cost


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("principal_usd", lambda: debt.loan(-1.0, 0.1, 5, 5)),
        ("principal_usd", lambda: debt.loan(math.inf, 0.1, 5, 5)),
        ("payments_per_year", lambda: debt.loan(1.0, 0.1, 5, 5, 0, 5)),
        ("interest_only_months", lambda: debt.loan(1.0, 0.1, 5, 5, 6, 1)),
        ("interest_only_months", lambda: debt.loan(1.0, 0.1, 5, 5, 60, 1)),
        ("service_usd", lambda: debt.sculpted_loan([0, -1.0], 0.1)),
        ("target_dscr", lambda: debt.sized_principal_usd([0, 1.0], 0.0, debt.loan(1.0, 0.1, 1, 1))),
        ("months", lambda: debt.spending_fractions(0)),
        ("curve", lambda: debt.spending_fractions(3, "late")),
        ("principal_usd", lambda: debt.building(1.0, 2.0, 0.1, [1.0])),
    ],
)
def test_what_cannot_be_is_refused(field, call):
    with pytest.raises(ValidationError) as caught:
        call()
    assert caught.value.field == field
