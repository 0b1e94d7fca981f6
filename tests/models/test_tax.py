"""Income tax, losses and credits: by hand, against SAM's figures, and by what cannot happen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ValidationError
from core.fetchers.credits import credit_rules
from core.models import tax

calm = settings(deadline=None)
incomes = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20).map(np.array)


def test_effective_rate_is_sams_v38():
    assert tax.effective_rate_frac(0.21, 0.07) == pytest.approx(0.2653, abs=1e-15)


def test_absorbed_losses_save_tax_elsewhere():
    levy = tax.income_tax([-100.0, 50.0], 0.2, [0.0, 7.0], absorbed=True)
    assert levy.tax_usd.tolist() == [-20.0, 3.0]


def test_losses_carried_cover_four_fifths_of_a_later_income():
    # IRS Publication 536: a loss after 2017 covers at most 80 % of income
    levy = tax.income_tax([-100.0, 50.0, 100.0], 0.21)
    assert levy.taxable_usd == pytest.approx([0.0, 10.0, 40.0])
    assert levy.loss_carried_usd.tolist() == [100.0, 60.0, 0.0]
    assert tax.income_tax([-100.0, 50.0], 0.21, loss_limit_frac=1.0).tax_usd.tolist() == [0.0, 0.0]


def test_credits_wait_for_tax_and_recapture_does_not():
    levy = tax.income_tax([0.0, 100.0, 100.0, 0.0], 0.2, [30.0, 0.0, 0.0, -5.0])
    assert levy.tax_usd.tolist() == [0.0, 0.0, 10.0, 5.0]
    assert levy.credit_carried_usd.tolist() == [30.0, 10.0, 0.0, 0.0]


@calm
@given(income=incomes, rate=st.floats(0, 0.5), credit=st.floats(0, 1e6))
def test_carrying_never_pays_less_than_absorbing_in_all(income, rate, credit):
    earned = np.append(credit, np.zeros(len(income) - 1))
    carried, absorbed = (tax.income_tax(income, rate, earned, absorbed=a) for a in (False, True))
    assert (carried.tax_usd >= 0).all()
    assert carried.tax_usd.sum() >= absorbed.tax_usd.sum() - 1e-6
    assert carried.credit_usd.sum() + carried.credit_carried_usd[-1] == pytest.approx(credit, abs=1e-6)
    # income is taxed, covered by a loss, or added to one
    assert carried.taxable_usd.sum() - carried.loss_carried_usd[-1] == pytest.approx(income.sum(), abs=1e-6)


@calm
@given(income=st.lists(st.floats(0, 1e6), min_size=1, max_size=20).map(np.array), rate=st.floats(0, 0.5))
def test_without_losses_both_are_the_same(income, rate):
    one, other = (tax.income_tax(income, rate, absorbed=a).tax_usd for a in (False, True))
    assert one == pytest.approx(other)


def test_capital_losses_cover_gains_alone():
    assert tax.ring_fenced_usd([5.0, -30.0, 10.0, 40.0, -5.0]).tolist() == [5.0, 0.0, 0.0, 20.0, 0.0]


@calm
@given(incomes)
def test_ring_fenced_gains_are_never_less_than_all_gains_and_losses(gain):
    taxed = tax.ring_fenced_usd(gain)
    assert (taxed >= 0).all()
    assert taxed.sum() >= gain.sum() - 1e-6
    assert (taxed <= np.maximum(gain, 0.0) + 1e-9).all()


def test_production_credit_is_rounded_to_a_tenth_of_a_cent_as_sam_does():
    energy = np.append(0.0, np.full(12, 1000.0))
    credit = tax.production_credit_usd(energy, 0.0275, 10, 0.025)
    assert credit.tolist() == [0, 28, 28, 29, 30, 30, 31, 32, 33, 34, 34, 0, 0]


def test_recapture_falls_by_a_fifth_a_year():
    assert tax.recaptured_frac([0, 1, 2, 3, 4, 5, 30]).tolist() == [1.0, 0.8, 0.6, 0.4, 0.2, 0.0, 0.0]


@pytest.mark.parametrize(
    ("technology", "begun", "in_service", "share"),
    [
        ("solar", "2026-07-04", "2030-01-01", 1.0),
        ("solar", "2026-07-05", "2027-12-31", 1.0),
        ("solar", "2026-07-05", "2028-01-01", 0.0),
        ("storage", "2033-12-31", "2036-01-01", 1.0),
        ("storage", "2034-01-01", "2036-01-01", 0.75),
        ("storage", "2035-12-31", "2036-01-01", 0.5),
        ("storage", "2036-01-01", "2037-01-01", 0.0),
    ],
)
def test_credits_follow_the_days_of_the_bundled_rules(technology, begun, in_service, share):
    assert tax.share_by_date(credit_rules(), technology, "credit", begun, in_service, "2026-01-01") == share


def test_bonus_asks_for_the_day_of_acquisition():
    for day, share in (("2025-01-19", 0.0), ("2025-01-20", 1.0), ("2027-01-01", 1.0)):
        assert tax.share_by_date(credit_rules(), "solar", "bonus", "2026-01-01", "2027-01-01", day) == share
    assert tax.share_by_date((), "solar", "bonus", "2026-01-01", "2027-01-01", "2026-01-01") == 0.0


def test_rules_carry_their_date_and_source():
    assert len(credit_rules()) >= 6
    for rule in credit_rules():
        assert rule.source
        assert rule.as_of.startswith("20")
        assert 0 < rule.share_frac <= 1


def test_what_cannot_be_is_refused():
    with pytest.raises(ValidationError) as caught:
        tax.income_tax([1.0], 1.0)
    assert caught.value.field == "rate"
    with pytest.raises(ValidationError) as caught:
        tax.share_by_date((), "solar", "credit", "soon", "2027-01-01", "2026-01-01")
    assert caught.value.field == "begun"
