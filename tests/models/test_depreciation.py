"""Write-offs against the IRS's tables, SAM's straight line, and what a sale must leave behind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models import depreciation, finance

calm = settings(deadline=None)
METHODS = ["expensed", "straight_line", *(f"macrs_{n}" for n in depreciation.MACRS_PERCENT)]
methods = st.sampled_from(METHODS)


def test_the_tables_have_one_home():
    assert finance.macrs_fractions is depreciation.macrs_fractions


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bonus", [0.0, 0.4, 1.0])
def test_every_method_writes_off_everything(method, bonus):
    fractions = depreciation.write_off_fractions(method, 7, bonus)
    assert fractions.sum() == pytest.approx(1.0, abs=1e-12)
    assert (fractions >= 0).all()


def test_bonus_comes_first_and_the_rest_by_the_table():
    # IRS Publication 946, chapter 3: 40 % special allowance, then 60 % by the five-year table
    assert depreciation.write_off_fractions("macrs_5", 1, 0.4) == pytest.approx(
        [0.4 + 0.6 * 0.2, 0.6 * 0.32, 0.6 * 0.192, 0.6 * 0.1152, 0.6 * 0.1152, 0.6 * 0.0576]
    )
    assert depreciation.write_off_fractions("none", 5, 1.0).tolist() == [0.0]
    assert depreciation.straight_line_fractions(4).tolist() == [0.25] * 4


def test_first_investment_is_written_off_from_year_1_and_half_the_credit_cut_as_in_sams_v38():
    cost = np.append(928_395.648, np.zeros(25))
    book = depreciation.ledger(cost, finance.macrs_fractions(5), 0.5 * 0.26 * cost)
    assert book.deducted_usd[:3] == pytest.approx([0.0, 161_540.842752, 258_465.3484032], rel=1e-12)
    assert book.basis_usd[0] == pytest.approx(0.87 * 928_395.648)
    assert book.basis_usd[6:].tolist() == [0.0] * 20


def test_a_later_vintage_starts_in_its_own_year():
    cost = np.array([0, 0, 0, 1000.0, 0, 0, 0, 0, 0])
    book = depreciation.ledger(cost, finance.macrs_fractions(3))
    assert book.deducted_usd == pytest.approx([0, 0, 0, 333.3, 444.5, 148.1, 74.1, 0, 0])


def test_sale_by_hand_recaptures_what_was_written_off_and_calls_the_rest_capital():
    # 1,000 written off 20 + 32 %: 480 left; sold at the end of year 2
    cost, fractions = np.array([1000.0, 0, 0, 0]), finance.macrs_fractions(5)
    for price, ordinary, capital in (
        (700.0, 220.0, 0.0),
        (1300.0, 520.0, 300.0),
        (100.0, -380.0, 0.0),
        (480.0, 0.0, 0.0),
    ):
        book = depreciation.ledger(cost, fractions, 0.0, 2, [price, 0, 0, 0])
        assert book.ordinary_usd[2] == pytest.approx(ordinary)
        assert book.capital_usd[2] == pytest.approx(capital)
        assert book.proceeds_usd.tolist() == [0, 0, price, 0]
        assert book.basis_usd[2:].tolist() == [0.0, 0.0]


def test_the_credits_cut_is_recaptured_with_the_rest():
    # 26 USC 50(c)(4): the reduction of basis counts as depreciation, so a sale at cost recaptures it
    book = depreciation.ledger([1000.0, 0.0], [1.0], [150.0, 0.0], 1, [1000.0, 0.0])
    assert book.ordinary_usd[1] == pytest.approx(1000.0)
    assert book.capital_usd[1] == pytest.approx(0.0)


vintages = st.lists(st.floats(0, 1e7), min_size=2, max_size=15).map(np.array)


@calm
@given(cost=vintages, method=methods, bonus=st.floats(0, 1), cut=st.floats(0, 0.5), data=st.data())
def test_deductions_add_up_to_basis_and_basis_is_never_negative(cost, method, bonus, cut, data):
    n = len(cost)
    sold = np.array([data.draw(st.integers(v, n)) for v in range(n)])  # n: never
    price = np.array(data.draw(st.lists(st.floats(0, 2e7), min_size=n, max_size=n)))
    book = depreciation.ledger(cost, depreciation.write_off_fractions(method, 6, bonus), cut * cost, sold, price)
    size = cost.sum() + 1.0
    assert (book.basis_usd >= 0).all()
    given_up = book.deducted_usd + book.relieved_usd
    assert given_up.sum() + book.basis_usd[-1] == pytest.approx(((1 - cut) * cost).sum(), abs=1e-9 * size)
    # what a sale brings is either basis, ordinary or capital
    parts = book.relieved_usd + book.ordinary_usd + book.capital_usd
    assert parts == pytest.approx(book.proceeds_usd, abs=1e-9 * (size + price.sum()))
    assert book.proceeds_usd.sum() == pytest.approx(price[sold < n].sum())


@calm
@given(cost=st.floats(1, 1e6), method=methods, price=st.floats(0, 1e6), data=st.data())
def test_income_over_a_whole_life_does_not_depend_on_the_method(cost, method, price, data):
    sold = data.draw(st.integers(1, 12))
    book = depreciation.ledger(
        np.append(cost, np.zeros(12)),
        depreciation.write_off_fractions(method, 6),
        0.0,
        np.append(sold, np.full(12, 12)),
        np.append(price, np.zeros(12)),
    )
    taxed = book.ordinary_usd + book.capital_usd - book.deducted_usd
    assert taxed.sum() == pytest.approx(price - cost, abs=1e-6)


def test_paths_and_vintages_broadcast():
    cost = np.tile([100.0, 0, 50, 0, 0], (3, 1))
    sold = np.array([[4, 4, 4, 4, 4], [2, 4, 4, 4, 4], [5, 5, 3, 5, 5]])
    book = depreciation.ledger(cost, finance.macrs_fractions(3), 0.0, sold, 10.0)
    for i in range(3):
        alone = depreciation.ledger(cost[i], finance.macrs_fractions(3), 0.0, sold[i], 10.0)
        assert all(np.array_equal(a[i], b) for a, b in zip(book, alone, strict=True))


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("cost_usd", ([-1.0, 0.0], [1.0])),
        ("cost_usd", ([np.nan, 0.0], [1.0])),
        ("basis_cut_usd", ([1.0, 0.0], [1.0], 2.0)),
        ("sold_in", ([0.0, 1.0], [1.0], 0.0, 0)),
        ("proceeds_usd", ([1.0, 0.0], [1.0], 0.0, 1, -1.0)),
    ],
)
def test_what_cannot_be_is_refused(field, arguments):
    with pytest.raises(ValidationError) as caught:
        depreciation.ledger(*arguments)
    assert caught.value.field == field


@pytest.mark.parametrize("method", ["macrs_6", "macrs_", "sum_of_digits", ""])
def test_unknown_methods_are_refused(method):
    with pytest.raises(ValidationError):
        depreciation.write_off_fractions(method, 5)
    with pytest.raises(ValidationError, match="bonus_frac"):
        depreciation.write_off_fractions("macrs_5", 5, 1.1)
    with pytest.raises(ValidationError, match="years"):
        depreciation.straight_line_fractions(0)


# The tables

IRS = {
    3: "33.33 44.45 14.81 7.41",
    5: "20.00 32.00 19.20 11.52 11.52 5.76",
    7: "14.29 24.49 17.49 12.49 8.93 8.92 8.93 4.46",
    10: "10.00 18.00 14.40 11.52 9.22 7.37 6.55 6.55 6.56 6.55 3.28",
    15: "5.00 9.50 8.55 7.70 6.93 6.23 5.90 5.90 5.91 5.90 5.91 5.90 5.91 5.90 5.91 2.95",
    20: "3.750 7.219 6.677 6.177 5.713 5.285 4.888 4.522 4.462 4.461 4.462 4.461 4.462 4.461 4.462 4.461 4.462 4.461 "
    "4.462 4.461 2.231",
}


@pytest.mark.parametrize("years", IRS)
def test_macrs_is_the_irs_table(years):
    fractions = finance.macrs_fractions(years)
    assert [f"{100 * x:.{3 if years == 20 else 2}f}" for x in fractions] == IRS[years].split()
    assert fractions.sum() == pytest.approx(1.0, abs=1e-12)
    assert len(fractions) == years + 1


@pytest.mark.parametrize("years", IRS)
def test_macrs_is_declining_balance_with_a_half_year_and_a_switch_to_straight_line(years):
    pace, left, derived = (2.0 if years <= 10 else 1.5) / years, 1.0, []
    for year in range(years + 1):
        share = 0.5 if year == 0 else 1.0
        straight = left / (years - year + 0.5) if year else 0.0
        derived.append(min(left, max(left * pace * share, min(share, years - year + 0.5) * straight)))
        left -= derived[-1]
    assert finance.macrs_fractions(years) == pytest.approx(derived, abs=1.01e-4)


@pytest.mark.parametrize("years", [0, 4, 5.5, "5", None, True])
def test_other_recovery_classes_are_refused(years):
    with pytest.raises(ValidationError, match="recovery class"):
        finance.macrs_fractions(years)


def test_the_table_cannot_be_spoiled():
    finance.macrs_fractions(5)[0] = 9.0
    assert finance.macrs_fractions(5).tolist() == [0.2, 0.32, 0.192, 0.1152, 0.1152, 0.0576]


def test_credit_and_depreciation_cut_capital_cost_as_in_reopt_v41():
    shield = finance.present_worth_of_depreciation(0.083, finance.macrs_fractions(5))
    assert 0.30 / 1.083 + 0.26 * (1 - 0.30 / 2) * shield == pytest.approx(0.455005797, rel=1e-8)
