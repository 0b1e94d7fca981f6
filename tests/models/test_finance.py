"""Present worth, returns and paybacks against SAM, REopt, spreadsheets and pyxirr."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import ValidationError
from core.models import finance, rates

FOLDER = os.environ.get("SOLAR_MINING_VALIDATION_DATA")
NOMINAL = 1.064 * 1.025 - 1  # V38: 6.4 % real, 2.5 % inflation

calm = settings(deadline=None)
amounts = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 2))
ledgers = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, max_side=12), elements=amounts)
yearly_rates = st.floats(-0.3, 1.0)


def investments(years=20):
    """One outlay, then income: exactly one rate of return."""
    later = st.lists(st.floats(0, 1e6), min_size=1, max_size=years)
    return st.tuples(st.floats(1, 1e7), later).map(lambda x: np.array([-x[0], *x[1]]))


# SAM's cash flow, case V38


@pytest.fixture(scope="module")
def sam():
    if not FOLDER:
        pytest.skip("SOLAR_MINING_VALIDATION_DATA is not set")
    text = (Path(FOLDER) / "ssc_cashloan_commercial_v38.json").read_text()
    return json.loads(text)["cases"][0]["expected"]


@pytest.mark.data
def test_npv_is_sams_v38(sam):
    assert finance.npv_usd(NOMINAL, sam["cf_after_tax_cash_flow"]) == pytest.approx(287_685.2066, rel=1e-9)


@pytest.mark.data
def test_payback_is_sams_v38(sam):
    assert finance.payback_years(sam["cf_payback_with_expenses"]) == pytest.approx(12.13928, abs=5e-6)


@pytest.mark.data
def test_lcoe_is_sams_nominal_and_real_v38(sam):
    cost, energy = -np.array(sam["cf_after_tax_net_equity_cost_flow"]), sam["cf_energy_net"]
    assert 100 * finance.lcoe_usd_per_kwh(NOMINAL, cost, energy) == pytest.approx(2.180485, abs=5e-7)
    assert 100 * finance.lcoe_real_usd_per_kwh(NOMINAL, 0.025, cost, energy) == pytest.approx(1.740609, abs=5e-7)


# Present worth


def test_npv_by_hand():
    # −100 + 60/1.1 + 60/1.21 = −100 + 54.5454… + 49.5867…
    assert finance.npv_usd(0.1, [-100, 60, 60]) == pytest.approx(4.132231404958678, rel=1e-13)


def test_npv_of_a_spreadsheets_manual():
    # Microsoft, NPV function: 10 %, −10,000 at the end of year 1, then 3,000, 4,200, 6,800
    assert finance.npv_usd(0.1, [0, -10_000, 3_000, 4_200, 6_800]) == pytest.approx(1_188.44, abs=0.005)


@calm
@given(cash=ledgers)
def test_discounting_at_nothing_is_adding_up(cash):
    assert finance.npv_usd(0.0, cash) == pytest.approx(cash.sum(axis=-1), rel=1e-12, abs=1e-6)


@calm
@given(cash=ledgers, rate=yearly_rates, factor=st.floats(-100, 100))
def test_npv_is_linear(cash, rate, factor):
    other = cash[..., ::-1]
    together = finance.npv_usd(rate, cash + factor * other)
    apart = finance.npv_usd(rate, cash) + factor * finance.npv_usd(rate, other)
    size = finance.npv_usd(rate, np.abs(cash)) + abs(factor) * finance.npv_usd(rate, np.abs(other))
    assert np.all(np.abs(together - apart) <= 1e-13 * size + 1e-9)


def test_a_rate_may_differ_by_row():
    cash = np.array([[-100, 60, 60], [-100, 60, 60]])
    both = finance.npv_usd(np.array([0.0, 0.1]), cash)
    assert both == pytest.approx([20.0, finance.npv_usd(0.1, cash[0])], rel=1e-13)
    grid = finance.npv_usd(np.array([[0.0], [0.05], [0.1]]), cash)
    assert grid.shape == (3, 2)


def test_profitability_index_by_hand():
    assert finance.profitability_index(0.1, [-100, 60, 60]) == pytest.approx(1.0413223140495868, rel=1e-13)
    assert math.isnan(finance.profitability_index(0.1, [0, 60]))


# LCOE


def test_fixed_charge_lcoe_is_sams_v40():
    lcoe = finance.fcr_lcoe_usd_per_kwh(52_000_000, 650_000, 0.081602577429, 105_741_823.8917)
    assert lcoe == pytest.approx(0.0462762400555, rel=1e-10)
    assert finance.fcr_lcoe_usd_per_kwh(0, 0, 0.08, 100, 0.01) == 0.01


def test_lcoe_of_an_annuity_is_the_fixed_charge_lcoe():
    recovery = 0.07 / (1 - 1.07**-20)
    cost, energy = np.array([1000.0, *[30.0] * 20]), np.array([0.0, *[1500.0] * 20])
    lcoe = finance.lcoe_usd_per_kwh(0.07, cost, energy)
    assert lcoe == pytest.approx(finance.fcr_lcoe_usd_per_kwh(1000, 30, recovery, 1500), rel=1e-13)


def test_selling_all_energy_at_the_lcoe_leaves_nothing():
    cost, energy = np.array([900.0, 40, 41, 42, 43]), np.array([0, 1000, 990, 980, 970.0])
    lcoe = finance.lcoe_usd_per_kwh(0.09, cost, energy)
    assert finance.npv_usd(0.09, lcoe * energy - cost) == pytest.approx(0, abs=1e-10)


def test_there_is_no_lcoe_without_energy():
    assert np.isnan(finance.lcoe_usd_per_kwh(0.08, [[1, 1], [1, 1]], [[0, 0], [0, 1]])).tolist() == [True, False]


# Payback


@calm
@given(capex=st.floats(1, 1e6), cash=st.floats(1, 1e6))
def test_payback_of_constant_cash_is_capex_over_cash(capex, cash):
    years = capex / cash
    assume(years < 40)
    assert finance.payback_years([-capex] + [cash] * 40) == pytest.approx(years, rel=1e-9)


def test_payback_comes_within_the_year_by_hand():
    # 30 still owed after year 2, of 40 coming in year 3
    assert finance.payback_years([-100, 30, 40, 40]) == 2.75


def test_payback_at_the_very_end_of_the_horizon_survives_rounding():
    assert finance.payback_years([-0.3, 0.1, 0.1, 0.1]) == pytest.approx(3.0, rel=1e-14)
    assert finance.payback_years([-0.7, 0.1, 0.6]) == pytest.approx(2.0, rel=1e-14)


def test_what_is_never_paid_back_says_so():
    answers = finance.payback_years([[-100, 50, 49.99], [-100, 50, 50], [0, -1, 0], [-1, 0, 0]])
    assert answers.tolist() == [math.inf, 2.0, 0.0, math.inf]


def test_a_year_without_cash_delays_payback():
    assert finance.payback_years([-100, 50, 0, 0, 100]) == 3.5
    assert finance.payback_years([-100, 100, 0, 0]) == 1.0


def test_a_replacement_after_payback_does_not_undo_it():
    assert finance.payback_years([-100, 100, -80, 10]) == 1.0
    assert finance.payback_years([-100, 60, -80, 200]) == pytest.approx(2.6, rel=1e-14)


def test_discounted_payback_by_hand():
    # 60/1.1 = 54.5454…; 45.4545… of 49.5867… in year 2
    assert finance.discounted_payback_years(0.1, [-100, 60, 60]) == pytest.approx(1 + 45.4545454545 / 49.5867768595)


@calm
@given(cash=investments(), rate=st.floats(0, 0.5))
def test_discounting_never_shortens_payback_and_nothing_is_the_static_one(cash, rate):
    static = finance.payback_years(cash)
    assert finance.discounted_payback_years(0.0, cash) == static
    assert finance.discounted_payback_years(rate, cash) >= static * (1 - 1e-12)


def test_discounted_payback_ends_at_the_horizon_when_the_rate_is_the_irr():
    cash = np.array([-100, 39, 59, 55, 20.0])
    rate = finance.irr(cash)
    assert finance.discounted_payback_years(rate - 1e-9, cash) == pytest.approx(4.0, abs=1e-6)
    assert finance.discounted_payback_years(rate + 1e-9, cash) == math.inf


# IRR


def test_irr_of_the_published_example_v45():
    assert finance.irr([-100, 39, 59, 55, 20]) == pytest.approx(0.280948421, abs=5e-10)


def test_irr_of_a_spreadsheets_manual():
    # Microsoft, IRR function: 8.7 % over five years, −2.1 % over four
    assert finance.irr([-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]) == pytest.approx(0.0866, abs=5e-5)
    assert finance.irr([-70_000, 12_000, 15_000, 18_000, 21_000]) == pytest.approx(-0.0212, abs=5e-5)


@calm
@given(cash=investments())
def test_npv_at_the_irr_is_nothing(cash):
    rate = finance.irr(cash)
    assume(-0.9 < rate < 1e6)  # false for nan too: no income, no rate
    assert finance.irr_count(cash) == 1
    size = finance.npv_usd(rate, np.abs(cash))
    assert abs(finance.npv_usd(rate, cash)) <= 1e-12 * size


@calm
@given(cash=investments())
def test_irr_is_pyxirrs_where_it_is_unique(cash):
    import pyxirr

    theirs, ours = pyxirr.irr(cash.tolist(), silent=True), finance.irr(cash)
    left = None if theirs is None else pyxirr.npv(theirs, cash.tolist())
    assume(left is not None and abs(left) < 1e-6 and theirs < 100)
    assert ours == pytest.approx(theirs, abs=1e-8, rel=1e-8)


@calm
@given(zeros=st.permutations([0.05, 0.3, 1.0, -0.4, 3.0]), count=st.integers(1, 5), scale=st.sampled_from([-1e6, 1e-3]))
def test_all_rates_of_a_cash_flow_built_from_them_are_found(zeros, count, scale):
    wanted = zeros[:count]
    cash = scale * np.polynomial.polynomial.polyfromroots([1 / (1 + z) for z in wanted])
    assert finance.irr_count(cash) == count
    assert finance.irr(cash) == pytest.approx(min(wanted, key=abs), rel=1e-9)


def test_of_two_rates_the_one_nearest_nothing_is_given():
    # the textbook's strip mine: NPV is 0 at 10 % and at 40 %
    assert finance.irr([-1000, 2500, -1540]) == pytest.approx(0.10, rel=1e-12)
    assert finance.irr_count([-1000, 2500, -1540]) == 2


def test_two_rates_close_together_and_two_in_one_are_found():
    close = np.polynomial.polynomial.polyfromroots([1 / 1.1, 1 / 1.1004])
    assert finance.irr(close) == pytest.approx(0.1, abs=1e-10)
    assert finance.irr_count(close) == 2
    assert finance.irr([-100, 220, -121]) == pytest.approx(0.1, abs=1e-7)


def test_no_rate_exists_where_cash_never_changes_sign_or_never_pays():
    rows = [[1, 2, 3], [-1, -2, -3], [0, 0, 0], [-1, 0, 0], [-100, 10, -1], [100, -150, 100]]
    assert np.isnan(finance.irr(rows)).all()
    assert finance.irr_count(rows).tolist() == [0] * 6
    assert math.isnan(finance.irr([-5.0]))


def test_a_rate_of_nothing_survives_rounding():
    for cash in ([-0.3, 0.1, 0.1, 0.1], [-0.7, 0.1, 0.6], [-1.1, 0.1, 0.2, 0.3, 0.5], [0.3, -0.1, -0.1, -0.1]):
        assert finance.irr(cash) == pytest.approx(0.0, abs=1e-15)
        assert finance.irr_count(cash) == 1


def test_extreme_rates_are_found():
    assert finance.irr([-100, *[0] * 24, 1e-4]) == pytest.approx(1e-6 ** (1 / 25) - 1, rel=1e-12)
    assert finance.irr([-1, 1e9]) == pytest.approx(1e9 - 1, rel=1e-12)
    assert finance.irr([-1, 1e-9]) == pytest.approx(1e-9 - 1, rel=1e-12)


def test_years_of_nothing_before_and_after_move_no_rate():
    assert finance.irr([0, 0, -100, 0, 121, 0, 0]) == pytest.approx(0.1, rel=1e-13)
    assert finance.irr([*[0] * 30, 100, -110]) == pytest.approx(0.1, rel=1e-13)


def test_irr_scales_and_mirrors():
    cash = np.array([-100, 39, 59, 55, 20.0])
    assert finance.irr(1e12 * cash) == pytest.approx(finance.irr(cash), rel=1e-14)
    assert finance.irr(-1e-9 * cash) == pytest.approx(finance.irr(cash), rel=1e-14)


def test_rates_of_random_lives_agree_with_eigenvalues():
    rng = np.random.default_rng(7)
    cash = np.concatenate([-rng.uniform(50, 150, (300, 1)), rng.normal(6, 12, (300, 20))], axis=1)
    counts, best = finance.irr_count(cash), finance.irr(cash)
    assert len(set(counts.tolist())) > 2
    for row, count, rate in zip(cash, counts, best, strict=True):
        roots = np.roots(row[::-1])
        real = 1 / roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)].real - 1
        assert count == len(real)
        assert math.isnan(rate) if not count else rate == pytest.approx(min(real, key=abs), rel=1e-7, abs=1e-9)


# MIRR


def test_mirr_of_published_examples():
    # Microsoft, MIRR function: 12.61 %; numpy-financial's example: 6.66 %
    assert finance.mirr([-120_000, 39_000, 30_000, 21_000, 37_000, 46_000], 0.10, 0.12) == pytest.approx(
        0.1261, abs=5e-5
    )
    assert finance.mirr([-4500, -800, 800, 800, 600, 600, 800, 800, 700, 3000], 0.08, 0.055) == pytest.approx(
        0.0666, abs=5e-5
    )


@calm
@given(cash=investments())
def test_mirr_at_the_irr_is_the_irr(cash):
    rate = finance.irr(cash)
    assume(-0.9 < rate < 10)
    assert finance.mirr(cash, rate, rate) == pytest.approx(rate, abs=1e-9)


def test_mirr_needs_an_outlay():
    assert math.isnan(finance.mirr([1, 2], 0.1, 0.1))
    assert math.isnan(finance.mirr([-1], 0.1, 0.1))
    assert finance.mirr([-1, 0], 0.1, 0.1) == -1.0


# Many at once


@calm
@given(cash=ledgers.filter(lambda a: a.ndim > 1), rate=yearly_rates)
def test_a_batch_answers_as_each_row_alone(cash, rate):
    flat = cash.reshape(-1, cash.shape[-1])
    for measure in (
        lambda c: finance.npv_usd(rate, c),
        lambda c: finance.discounted_payback_years(rate, c),
        lambda c: finance.mirr(c, rate, rate),
        finance.payback_years,
        finance.irr,
    ):
        together = measure(cash)
        assert together.shape == cash.shape[:-1]
        assert together.ravel() == pytest.approx([measure(row) for row in flat], rel=1e-9, abs=1e-12, nan_ok=True)


def test_one_row_gives_a_float():
    for measure in (finance.irr, finance.payback_years, lambda cash: finance.npv_usd(0.1, cash)):
        assert isinstance(measure([-100, 60, 60]), float)


def test_ten_thousand_lives_are_more_than_one_chunk():
    row = np.array([-100, 39, 59, 55, 20.0])
    rates_found = finance.irr(np.tile(row, (rates.ROWS_AT_ONCE + 3, 1)), compiled=False)
    # many rows are summed by Horner's rule and the three left over term by term: the last digits may differ
    assert np.ptp(rates_found) <= 4 * np.spacing(rates_found[0])
    assert rates_found[-1] == pytest.approx(0.280948421, abs=5e-10)


@pytest.mark.parametrize("cash", [[-1, math.nan], [-1, math.inf], [], 5.0, [[], []], ["a", "b"]])
def test_cash_that_is_missing_or_endless_is_refused(cash):
    for measure in (finance.irr, finance.irr_count, finance.payback_years, lambda c: finance.npv_usd(0.1, c)):
        with pytest.raises(ValidationError) as caught:
            measure(cash)
        assert caught.value.field == "cash_usd"


@pytest.mark.parametrize("rate", [-1.0, -2.0, math.nan, math.inf, [0.1, -1.0]])
def test_a_rate_of_minus_one_or_less_is_refused(rate):
    for measure in (finance.npv_usd, finance.discounted_payback_years):
        with pytest.raises(ValidationError) as caught:
            measure(rate, [[-1, 2], [-1, 2]])
        assert caught.value.field == "rate"
