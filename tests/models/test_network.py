"""The outlook by month against the calendar, hand calculation and the chain's own pace."""

import math
import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models import mining, network

FOLDER = os.environ.get("SOLAR_MINING_VALIDATION_DATA")
needs_data = pytest.mark.skipif(not FOLDER, reason="SOLAR_MINING_VALIDATION_DATA is not set")
calm = settings(deadline=None)
TODAY = {"observed_at": "2026-04-30", "price_usd": 75_894.0, "difficulty": 1.3897e14, "height": 946_200}


def outlook(start="2026-05", months=36, **changes):
    return network.outlook_months(start, months, **{**TODAY, **changes})


# Growth


@pytest.mark.parametrize(
    ("first", "months", "percent"), [(49.6924e9, 120, 6.75), (7.1829e12, 80, 3.65), (13.6726e12, 47, 4.85)]
)
def test_difficulty_grew_a_month_as_published_v18(first, months, percent):
    growth = network.implied_monthly_growth(first, 126.4114e12, months)
    assert 100 * growth == pytest.approx(percent, abs=0.01)


def test_six_percent_a_month_is_a_hundred_and_one_a_year():
    # Braiins' profitability methodology calls it "about 100 %"
    assert network.yearly_growth(0.06) == pytest.approx(1.0122, abs=5e-5)


@calm
@given(growth=st.floats(-0.9, 5))
def test_monthly_and_yearly_growth_undo_each_other(growth):
    assert network.yearly_growth(network.monthly_growth(growth)) == pytest.approx(growth, rel=1e-12, abs=1e-14)


def test_growth_without_fade_compounds():
    factors = network.growth_factor(0.15, np.array([0.0, 1.0, 2.0, 0.5]))
    assert factors == pytest.approx([1.0, 1.15, 1.3225, math.sqrt(1.15)], rel=1e-14)


def test_fading_growth_is_the_integral_of_a_decaying_rate():
    from scipy.integrate import quad

    for years in (0.5, 3.0, 25.0):
        area, _ = quad(lambda t: math.log(1.35) * math.exp(-t / 4.0), 0.0, years)
        assert network.growth_factor(0.35, years, 4.0) == pytest.approx(math.exp(area), rel=1e-9)


def test_growth_that_hardly_fades_is_constant_growth():
    years = np.linspace(0, 40, 200)
    slow = network.growth_factor(0.35, years, 1e9)
    assert slow == pytest.approx(network.growth_factor(0.35, years), rel=1e-6)


def test_fading_growth_levels_off():
    assert network.growth_factor(0.35, 1e6, 4.0) == pytest.approx(1.35**4, rel=1e-12)
    assert network.growth_factor(0.35, 10.0, 1e-9) == pytest.approx(1.0, rel=1e-8)


# Pace


def test_a_steady_network_finds_144_blocks_a_day():
    assert network.blocks_per_day(0.0) == 144.0


def test_the_pace_is_that_of_a_network_simulated_retarget_by_retarget():
    growth = math.log(1.5) / 365.25  # a day, of hash rate
    clock, difficulty, spans = 0.0, 1.0, []
    for _ in range(200):
        # time in which hashes = ∫ e^(growth · t) reach the epoch's work; one fortnight of work at difficulty 1
        ended = math.log(math.exp(growth * clock) + 14.0 * difficulty * growth) / growth
        spans.append(ended - clock)
        difficulty *= 14.0 / spans[-1]
        clock = ended
    assert 2016 / spans[-1] == pytest.approx(network.blocks_per_day(0.5), rel=4e-4)
    assert 2016 / spans[-1] > 144 * 1.01


@needs_data
@pytest.mark.data
@pytest.mark.parametrize("first_year", [2014, 2018])
def test_blocks_came_at_the_pace_that_difficultys_growth_implies(first_year):
    days = pd.read_csv(Path(FOLDER) / "btc_chain_daily_2009_2024.csv", parse_dates=["date"])
    days = days[days["date"].dt.year >= first_year]
    growth = (days["difficulty_median"].iloc[-1] / days["difficulty_median"].iloc[0]) ** (365.25 / len(days)) - 1
    measured = days["blocks"].mean()
    assert measured > 144 * 1.015  # a plain 144 is off by 2 to 4 %
    assert network.blocks_per_day(growth) == pytest.approx(measured, rel=0.005)


# The outlook


def test_a_year_without_growth_has_exactly_52560_blocks():
    path = outlook("2027-01", 12)
    assert path.days.sum() == 365
    assert path.blocks.sum() == 52_560.0
    assert path.blocks[1] == 28 * 144
    assert path.seconds.sum() == 365 * 86_400


def test_leap_days_are_in_the_calendar():
    path = outlook("2028-01", 12)
    assert path.days.tolist() == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert path.month.dtype == np.dtype("datetime64[M]")
    assert path.month[[0, -1]].astype(str).tolist() == ["2028-01", "2028-12"]


def test_price_and_difficulty_hold_in_the_first_month_and_grow_from_there():
    path = outlook("2029-03", 25, price_growth_per_year=0.12, difficulty_growth_per_year=0.15)
    assert path.price_usd[[0, 12, 24]] == pytest.approx([75_894, 75_894 * 1.12, 75_894 * 1.12**2], rel=1e-14)
    assert path.difficulty[[0, 6, 12]] == pytest.approx([1.3897e14, 1.3897e14 * 1.15**0.5, 1.3897e14 * 1.15])


def test_blocks_go_on_between_the_reading_and_the_start():
    # 2026-04-30 to 2027-01-01 are 246 days
    path = outlook("2027-01", 1, difficulty_growth_per_year=0.5)
    assert path.height_start[0] == 946_200 + 246 * 144
    earlier = outlook("2026-04", 1)
    assert earlier.height_start[0] == 946_200 - 29 * 144


def test_the_next_halving_falls_in_april_2028_by_hand():
    # 1,050,000 − 946,200 = 103,800 blocks = 720.83 days of 144 after 2026-04-30: on 2028-04-19
    path = outlook()
    assert path.month[path.halves].astype(str).tolist() == ["2028-04"]
    # April 2028 begins at 946,200 + 702 · 144 = 1,047,288: 2,712 blocks of 3.125 BTC and 1,608 of 1.5625 BTC
    month = int(np.argmax(path.halves))
    assert path.height_start[month] == 1_047_288
    assert path.subsidy_btc[month] == pytest.approx((2712 * 3.125 + 1608 * 1.5625) / 4320, rel=1e-14)
    assert set(path.subsidy_btc[:month]) == {3.125}
    assert set(path.subsidy_btc[month + 1 :]) == {1.5625}


def test_growing_difficulty_brings_the_halving_forward():
    steady = outlook("2026-05", 40)
    fast = outlook("2026-05", 40, difficulty_growth_per_year=5.0)
    assert fast.month[fast.halves][0] < steady.month[steady.halves][0]


def test_fading_growth_slows_the_blocks_down_to_144():
    path = outlook("2027-01", 480, difficulty_growth_per_year=0.5, growth_fade_years=3.0)
    pace = path.blocks / path.days
    assert (np.diff(pace) < 0).all()
    assert pace[0] == pytest.approx(network.blocks_per_day(0.5), rel=3e-4)
    assert pace[-1] == pytest.approx(144.0, rel=1e-6)
    assert path.difficulty[-1] == pytest.approx(1.3897e14 * 1.5**3, rel=1e-5)


def test_constant_growth_keeps_one_pace_all_along():
    path = outlook("2027-01", 120, difficulty_growth_per_year=0.35)
    assert path.blocks / path.days == pytest.approx(np.full(120, network.blocks_per_day(0.35)), rel=1e-12)


@calm
@given(start=st.integers(0, 2_000_000), blocks=st.integers(1, 6000))
def test_mean_subsidy_is_the_mean_over_every_block(start, blocks):
    each = mining.subsidy_sats(np.arange(start, start + blocks))
    assert network.mean_subsidy_btc(start, blocks) == pytest.approx(each.mean() / 1e8, rel=1e-12)


def test_mean_subsidy_at_and_between_the_edges():
    assert network.mean_subsidy_btc([839_990, 840_000, 839_990], [10, 10, 0]).tolist() == [6.25, 3.125, 6.25]
    assert network.mean_subsidy_btc(839_999.5, 1.0) == pytest.approx((6.25 + 3.125) / 2)
    assert network.mean_subsidy_btc(7e6, 4000.0) == 0.0


def test_a_month_that_opens_with_a_halving_block_holds_it_and_the_one_before_does_not():
    path = outlook("2026-05", 3, height=1_050_000 - 144 - 31 * 144)
    assert path.halves.tolist() == [False, True, False]
    assert path.subsidy_btc.tolist() == [3.125, 1.5625, 1.5625]


def test_the_first_block_of_all_is_no_halving():
    path = network.outlook_months("2009-01", 1, "2009-01-01", 0.0, 1.0, 0)
    assert path.halves.tolist() == [False]
    assert path.subsidy_btc.tolist() == [50.0]


def test_coins_of_decades_add_up_to_the_schedule():
    path = outlook("2026-05", 480)
    end = int(path.height_start[-1] + path.blocks[-1])
    issued = mining.subsidy_sats(np.arange(int(path.height_start[0]), end)).sum() / 1e8
    assert (path.subsidy_btc * path.blocks).sum() == pytest.approx(issued, rel=1e-12)


@pytest.mark.parametrize(
    "moment",
    [
        date(2026, 4, 30),
        datetime(2026, 4, 30),
        datetime(2026, 4, 30, tzinfo=UTC),
        datetime(2026, 4, 30, 5, tzinfo=timezone(timedelta(hours=5))),
        np.datetime64("2026-04-30"),
        "2026-04-30T02:00:00+02:00",
    ],
)
def test_a_moment_may_come_in_any_form(moment):
    assert outlook(observed_at=moment).height_start[0] == 946_344


def test_growth_may_start_with_the_reading_and_never_runs_backwards():
    """A year and a half from 2026-04-30 in years of 365.25 days; operation before the reading starts at the reading."""
    growing = {"price_growth_per_year": 0.2, "difficulty_growth_per_year": 0.3, "from_reading": True}
    late, early = outlook(start="2027-11", **growing), outlook(start="2025-11", **growing)
    years = 550 / 365.25
    still = outlook(start="2027-11")
    assert late.price_usd[0] == pytest.approx(still.price_usd[0] * 1.2**years, rel=1e-12)
    assert late.difficulty[0] == pytest.approx(still.difficulty[0] * 1.3**years, rel=1e-12)
    assert late.price_usd[12] / late.price_usd[0] == pytest.approx(1.2, rel=1e-12)
    assert early.price_usd[0] == still.price_usd[0]
    faded = outlook(start="2027-11", growth_fade_years=3.0, **growing)
    assert faded.price_usd[0] == pytest.approx(still.price_usd[0] * network.growth_factor(0.2, years, 3.0), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"start": "2026-13"}, "start_month"),
        ({"start": "May"}, "start_month"),
        ({"start": "1990-01"}, "start_month"),
        ({"months": 0}, "months"),
        ({"months": 1.5}, "months"),
        ({"observed_at": "yesterday"}, "observed_at"),
        ({"observed_at": None}, "observed_at"),
        ({"price_usd": math.nan}, "price_usd"),
        ({"difficulty": -1.0}, "difficulty"),
        ({"height": math.inf}, "height"),
        ({"difficulty_growth_per_year": -1.0}, "difficulty_growth_per_year"),
        ({"price_growth_per_year": math.nan}, "price_growth_per_year"),
        ({"growth_fade_years": -1.0}, "growth_fade_years"),
    ],
)
def test_impossible_outlooks_are_refused_by_name(changes, field):
    with pytest.raises(ValidationError) as caught:
        outlook(**changes)
    assert caught.value.field == field


def test_conversions_refuse_growth_of_minus_one_and_less():
    for call in (network.monthly_growth, network.yearly_growth, network.blocks_per_day):
        with pytest.raises(ValidationError, match="above -1"):
            call([0.1, -1.0])
    with pytest.raises(ValidationError, match="first"):
        network.implied_monthly_growth(0.0, 1.0, 12)


def test_a_power_law_of_days_grows_as_burgers_corridor():
    """log10 price = −17.016 + 5.845 · log10 days (Burger 2019): 10,000 USD in early 2020, 100,000 by late 2026 of its middle."""
    days = np.array([4000.0, 8000.0])
    told = network.power_law_usd(10 ** (-17.01593313 + 5.84509376 * np.log10(4000.0)), days, 5.84509376)
    np.testing.assert_allclose(told, 10 ** (-17.01593313 + 5.84509376 * np.log10(days)), rtol=1e-9)
    yearly = network.power_law_usd(1.0, 6575.0 + 365.25 * np.arange(3), 5.8)
    assert yearly[1] / yearly[0] > yearly[2] / yearly[1] > 1.0
    assert network.power_law_usd(7.0, days, 0.0).tolist() == [7.0, 7.0]
    with pytest.raises(ValidationError):
        network.power_law_usd(1.0, [0.0, 5.0], 5.8)


def test_an_own_curve_goes_through_its_prices_evenly_and_stays_at_the_last():
    told = network.curve_usd(100.0, [400.0, 50.0], 40)
    assert told[[0, 6, 12, 24, 39]] == pytest.approx([100.0, 200.0, 400.0, 50.0, 50.0])
    assert network.curve_usd(100.0, [], 3).tolist() == [100.0, 100.0, 100.0]
