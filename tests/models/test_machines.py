"""The curve of hardware against machines that were sold, renewal by pencil, and the limits."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models import machines
from core.models.machines import Curve, Plan, bought_month, efficiency_j_per_th, price_usd_per_th, resale_usd_per_th
from core.sections import Hardware

SHOWN = Hardware()
CURVE = Curve(
    SHOWN.efficiency_j_per_th,
    SHOWN.improvement_per_year,
    SHOWN.improvement_fade_years,
    SHOWN.price_usd_per_th,
    SHOWN.price_decline_frac_per_year,
    SHOWN.class_exponent,
)
NO_DATES = np.zeros(600, bool)
ASICS = Path(__file__).parents[2] / "data" / "asics.csv"

# what the same machine cost per TH/s: dealers' list of 2025, broker's asks of the second half of 2026
FELL = {"S19 XP": (14.3, 2.75), "S21+": (15.1, 6.65), "S21 Pro": (18.3, 8.2), "S21 XP": (25.3, 12.0),
        "S21+ Hyd": (18.1, 6.45), "S21e XP Hyd 3U": (22.6, 8.7)}  # fmt: skip


def asks():
    with ASICS.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["price_basis"] == "ask"]
    return np.array([[float(row["efficiency_j_per_th"]), float(row["price_usd_per_th"])] for row in rows]).T


# The curve


def test_machines_improved_as_fast_as_the_curve_says():
    """Antminer S9, 98 J/TH, June 2016; S23, 11 J/TH, January 2026: makers' data sheets."""
    rate = math.log(98 / 11) / (9 + 7 / 12)
    assert rate == pytest.approx(CURVE.improvement_per_year, abs=0.02)
    assert efficiency_j_per_th(-10.4, CURVE) == pytest.approx(98, rel=0.4)


def test_prices_by_class_are_those_the_asks_show():
    j_per_th, asked = asks()
    assert j_per_th.size >= 30
    slope, at_newest = np.polyfit(np.log(j_per_th / CURVE.efficiency_j_per_th), np.log(asked), 1)
    assert -slope == pytest.approx(CURVE.class_exponent, abs=0.22)  # one standard error
    assert math.exp(at_newest) == pytest.approx(CURVE.price_usd_per_th, rel=0.01)
    off = np.log(price_usd_per_th(0.0, j_per_th, CURVE) / asked)
    assert np.median(np.abs(off)) < 0.2
    assert off.std() < 0.3


def test_a_model_loses_value_as_models_did_within_a_year():
    falls = [new / old for old, new in FELL.values()]
    ours = price_usd_per_th(0.0, 15.0, CURVE) / price_usd_per_th(-1.3, 15.0, CURVE)
    assert min(falls) < ours < max(falls)


@given(st.floats(0, 30), st.floats(0, 5), st.floats(1, 200), st.floats(0.1, 5))
def test_later_is_better_and_cheaper_and_so_is_what_burns_more(years, later, j_per_th, more):
    assert efficiency_j_per_th(years + later, CURVE) <= efficiency_j_per_th(years, CURVE) * (1 + 1e-12)
    assert price_usd_per_th(years + later, j_per_th, CURVE) <= price_usd_per_th(years, j_per_th, CURVE) * (1 + 1e-12)
    assert price_usd_per_th(years, j_per_th + more, CURVE) < price_usd_per_th(years, j_per_th, CURVE)


def test_limits_of_the_curve():
    still = CURVE._replace(improvement_per_year=0.0, price_decline_frac_per_year=0.0, class_exponent=0.0)
    assert efficiency_j_per_th([-5.0, 0.0, 20.0], still).tolist() == [11.0] * 3
    assert price_usd_per_th([-5.0, 0.0, 20.0], 30.0, still).tolist() == [14.6] * 3
    steady = CURVE._replace(fade_years=0.0)
    assert efficiency_j_per_th(10.0, steady) == pytest.approx(11 * math.exp(-2.4), rel=1e-14)
    assert efficiency_j_per_th(1e4, CURVE) == pytest.approx(11 * math.exp(-0.24 * 8), rel=1e-12)
    step = efficiency_j_per_th([-1e-6, 1e-6], CURVE)  # past and future meet without a kink
    assert step[1] / step[0] == pytest.approx(math.exp(-0.24 * 2e-6), rel=1e-9)


def test_resale_is_the_price_of_the_class_less_the_sale_and_wear():
    new = price_usd_per_th(3.0, 15.0, CURVE)
    assert resale_usd_per_th(3.0, 15.0, 3.0, CURVE, 0.8, 0.1) == pytest.approx(new * 0.8 * 0.9**3, rel=1e-14)
    assert resale_usd_per_th(3.0, 15.0, 3.0, CURVE, 0.0, 0.1) == 0
    assert resale_usd_per_th(3.0, 15.0, 0.0, CURVE, 1.0, 1.0) == new


# Renewal


def plan(rule, **changes):
    return Plan(rule, NO_DATES, 48, 3, 40)._replace(**changes)


def bought(rule, months=60, worth=60.0, usd=0.05, first=30.0, new=15.0, health=1.0):
    flat = [np.full(months, v) if np.isscalar(v) else np.asarray(v) for v in (worth, usd, new, health)]
    return bought_month(rule, flat[0], flat[1], first, flat[2], flat[3])


def test_never_keeps_the_first_machines():
    assert bought(plan("never"), usd=9.0).tolist() == [0] * 60


def test_renewal_by_age_and_by_date():
    assert bought(plan("age", age_months=24)).tolist() == [0] * 24 + [24] * 24 + [48] * 12
    dates = NO_DATES.copy()
    dates[[0, 7, 30]] = True
    assert bought(plan("date", dates=dates)).tolist() == [0] * 7 + [7] * 23 + [30] * 30


def test_after_the_last_renewal_machines_retire():
    assert bought(plan("age", age_months=24, times=1)).tolist() == [0] * 24 + [24] * 24 + [-1] * 12
    assert bought(plan("age", age_months=24, times=0)).tolist() == [0] * 24 + [-1] * 36


def test_machines_that_lost_for_three_months_are_renewed_in_the_fourth():
    """30 J/TH at 5 cents cost $36/PH/day, 15 J/TH half of it; hashprice falls from 60 to 30 in month 10."""
    worth = np.where(np.arange(60) < 10, 60.0, 30.0)
    assert bought(plan("unprofitable"), worth=worth).tolist() == [0] * 13 + [13] * 47
    assert bought(plan("unprofitable", losing_months=1), worth=worth).tolist() == [0] * 11 + [11] * 49
    assert bought(plan("unprofitable", times=0), worth=worth).tolist() == [0] * 13 + [-1] * 47


def test_a_good_month_starts_the_count_anew():
    worth = np.full(12, 30.0)
    worth[5] = 40.0
    assert bought(plan("unprofitable", losing_months=4), 12, worth).tolist() == [0] * 4 + [4] * 8
    worth[3] = 40.0
    assert bought(plan("unprofitable", losing_months=4), 12, worth).tolist() == [0] * 10 + [10] * 2


def test_nothing_is_bought_that_would_lose_at_once():
    new = np.where(np.arange(60) < 40, 28.0, 20.0)  # 28 J/TH cost 33.6: no better than waiting at 30
    assert bought(plan("unprofitable"), worth=30.0, new=new).tolist() == [0] * 40 + [40] * 20


def test_lost_hash_rate_brings_the_end_nearer():
    worn = 0.99 ** np.arange(60)  # 36 earned of 40 after 11 months
    months = bought(plan("unprofitable"), worth=40.0, health=worn)
    assert 0.99**10 * 40 > 36 > 0.99**11 * 40
    assert months.tolist().index(14) == 14


def test_paths_renew_each_at_its_time():
    worth = np.full((2, 3, 40), 60.0)
    worth[1, 2, 10:] = 30.0
    months = bought_month(plan("unprofitable"), worth, np.full(40, 0.05), 30.0, np.full(40, 15.0), np.ones(40))
    assert months.shape == (2, 3, 40)
    assert months[1, 2, -1] == 13
    assert months.sum() == months[1, 2].sum()


@given(st.sampled_from(["age", "unprofitable"]), st.integers(1, 30), st.integers(1, 6), st.integers(0, 4), st.data())
def test_a_fleet_is_bought_in_order_and_never_comes_back(rule, age, losing, times, data):
    worth = np.array(data.draw(st.lists(st.floats(1, 100), min_size=36, max_size=36)))
    months = bought(plan(rule, age_months=age, losing_months=losing, times=times), 36, worth)
    alive = months >= 0
    assert (np.diff(alive.astype(int)) <= 0).all()
    assert (np.diff(months[alive]) >= 0).all()
    assert (months <= np.arange(36)).all()
    assert len(set(months[alive].tolist())) <= times + 1


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: efficiency_j_per_th(math.nan, CURVE), "years"),
        (lambda: efficiency_j_per_th(1, CURVE._replace(efficiency_j_per_th=0.0)), "efficiency_j_per_th"),
        (lambda: efficiency_j_per_th(1, CURVE._replace(improvement_per_year=-1.0)), "improvement_per_year"),
        (lambda: price_usd_per_th(1, 0.0, CURVE), "j_per_th"),
        (
            lambda: price_usd_per_th(1, 1.0, CURVE._replace(price_decline_frac_per_year=2.0)),
            "price_decline_frac_per_year",
        ),
        (lambda: resale_usd_per_th(1, 1, -1, CURVE, 0.5, 0.1), "age_years"),
        (lambda: resale_usd_per_th(1, 1, 1, CURVE, 1.5, 0.1), "realised_frac"),
        (lambda: bought(plan("age"), first=0.0), "first_j_per_th"),
        (lambda: bought(plan("age"), health=2.0), "health_by_age_frac"),
        (lambda: bought(plan("age"), worth=math.inf), "hashprice_usd_per_ph_day"),
    ],
)
def test_impossible_figures_are_refused_by_name(call, field):
    with pytest.raises(ValidationError) as caught:
        call()
    assert caught.value.field == field


def test_the_retired_are_marked_by_a_number_no_month_has():
    assert machines.RETIRED < 0
