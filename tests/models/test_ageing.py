"""Ageing and heat against SAM's energy by year, ASTM's rainflow example, a field test of a machine, and the limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models import ageing

calm = settings(deadline=None)
shares = st.floats(0, 1)


# Panels and machines


def test_panels_lose_energy_by_year_as_in_sam_v38():
    # SAM's commercial case: 943,611.58 kWh in year 1, degradation 0.5 % a year
    energy = 943_611.5809042408 * ageing.panel_health_frac(25, 0.0, 0.005)
    assert energy[:4] == pytest.approx([943_611.5809, 938_893.5230, 934_199.0554, 929_528.0601], rel=1e-9)
    assert energy[24] == pytest.approx(836_656.520758434, rel=1e-12)


def test_a_first_year_loss_lasts():
    health = ageing.panel_health_frac(3, 0.02, 0.005)
    assert health == pytest.approx([0.98, 0.98 * 0.995, 0.98 * 0.995**2], rel=1e-15)


def test_a_usual_module_warranty_is_met_after_25_years():
    # 98 % after the first year and 0.55 % a year after it: sheets promise 84.8 % of straight-line loss, compounding is kinder
    assert 0.848 < ageing.panel_health_frac(25, 0.02, 0.0055)[24] < 0.86


@calm
@given(years=st.integers(1, 40), first=shares, yearly=shares)
def test_health_only_falls_and_stays_a_share(years, first, yearly):
    for health in (ageing.panel_health_frac(years, first, yearly), ageing.hashrate_health_frac(years, yearly)):
        assert health.shape == (years,)
        assert (np.diff(health) <= 0).all()
        assert ((health >= 0) & (health <= 1)).all()


def test_without_degradation_nothing_ages_and_with_all_of_it_only_year_one_is_left():
    assert ageing.panel_health_frac(4, 0.0, 0.0).tolist() == [1, 1, 1, 1]
    assert ageing.hashrate_health_frac(3, 0.0).tolist() == [1, 1, 1]
    assert ageing.hashrate_health_frac(3, 1.0).tolist() == [1, 0, 0]
    assert ageing.panel_health_frac(2, 1.0, 0.0).tolist() == [0, 0]


def test_machines_lose_hash_rate_by_compounding():
    # 5 % a year, a published hydro simulator's assumption: 81.45 % in year 5
    assert ageing.hashrate_health_frac(5, 0.05)[[0, 4]] == pytest.approx([1.0, 0.81450625], rel=1e-14)


# Battery


def test_a_battery_year_by_hand():
    # 1 % by age and 300 full cycles at 0.003 %: 0.9 − 0.01 − 0.009
    left = ageing.battery_health_after_year_frac(0.9, 300_000.0, 1000.0, 0.01, 3e-5, 0.6)
    assert left == pytest.approx(0.881, rel=1e-14)


def test_a_battery_rated_for_6000_cycles_to_80_percent_is_there_after_them():
    health = 1.0
    for _ in range(20):  # 300 cycles a year, no ageing by time
        health = ageing.battery_health_after_year_frac(health, 300_000.0, 1000.0, 0.0, 0.2 / 6000, 0.6)
    assert health == pytest.approx(0.8, rel=1e-12)


@calm
@given(
    health=shares,
    discharged=st.floats(0, 1e9),
    energy=st.floats(0, 1e8),
    calendar=st.floats(0, 0.5),
    cycle=st.floats(0, 0.01),
    floor=st.floats(0.01, 1),
)
def test_a_battery_never_heals_and_never_fades_through_its_floor(health, discharged, energy, calendar, cycle, floor):
    left = ageing.battery_health_after_year_frac(health, discharged, energy, calendar, cycle, floor)
    assert min(health, floor) <= left <= health


def test_a_battery_below_its_floor_stays_where_it_is():
    assert ageing.battery_health_after_year_frac(0.5, 1e6, 1000.0, 0.02, 1e-4, 0.6) == 0.5
    assert ageing.battery_health_after_year_frac(0.605, 1e6, 1000.0, 0.02, 1e-4, 0.6) == 0.6


def test_an_idle_or_absent_battery_ages_by_the_calendar_alone():
    left = ageing.battery_health_after_year_frac(1.0, 0.0, np.array([1000.0, 0.0]), 0.015, 3e-5, 0.6)
    assert left.tolist() == [0.985, 0.985]


def test_batteries_of_many_designs_age_at_once():
    energy, discharged = np.array([[500.0], [1000.0]]), np.array([0.0, 1e5, 2e5])
    left = ageing.battery_health_after_year_frac(1.0, discharged, energy, 0.01, 1e-4, 0.6)
    assert left == pytest.approx(np.array([[0.99, 0.97, 0.95], [0.99, 0.98, 0.97]]), rel=1e-14)


# Failures and replacement


def test_a_machine_that_fails_every_500_days_for_ten_is_there_98_percent_of_the_time():
    # availability of textbooks: MTBF / (MTBF + MTTR) = 490 / 500
    assert ageing.availability_frac(365 / 490, 10.0) == pytest.approx(0.98, rel=1e-14)
    assert ageing.availability_frac([0.0, 3.0], [14.0, 0.0]).tolist() == [1, 1]


def test_drawn_failures_leave_a_machine_available_as_long_as_the_formula_says():
    rng = np.random.default_rng(2)
    runs = rng.exponential(365 / 4.0, 200_000)
    assert runs.sum() / (runs.sum() + 21.0 * runs.size) == pytest.approx(ageing.availability_frac(4.0, 21.0), rel=3e-3)


@calm
@given(rate=st.floats(0, 100), days=st.floats(0, 365), more=st.floats(0, 10))
def test_more_failures_or_longer_repairs_never_give_more_time(rate, days, more):
    here = ageing.availability_frac(rate, days)
    assert 0 < here <= 1
    assert ageing.availability_frac(rate + more, days) <= here
    assert ageing.availability_frac(rate, days + more) <= here


def test_failures_grow_with_age():
    assert ageing.failures_by_age(0.1, 0.5, [0, 1, 2]) == pytest.approx([0.1, 0.15, 0.225], rel=1e-14)
    assert ageing.failures_by_age(0.1, 0.0, np.arange(30.0)).tolist() == [0.1] * 30


def test_inverters_are_replaced_in_the_first_month_after_each_full_life():
    months = ageing.replacement_months(10, 300)
    assert np.flatnonzero(months).tolist() == [120, 240]
    assert not ageing.replacement_months(25, 300).any()  # the plan ends as they do
    assert not ageing.replacement_months(0, 300).any()


def test_the_month_a_battery_passes_its_floor():
    fade = np.full(12, 0.01)
    assert ageing.first_month_below(0.85, fade, 0.795) == 5
    assert ageing.first_month_below(0.85, fade, 0.7) is None
    assert ageing.first_month_below(0.6, np.zeros(3), 0.7) == 0


# Cycles


def counted(level):
    """Cycles by range, as the standard's table prints them."""
    ranges, counts, _ = ageing.rainflow(level)
    return {r: counts[ranges == r].sum() for r in sorted(set(ranges.tolist()))}


def test_the_example_of_astm_e1049():
    """ASTM E1049-85, §5.4.4, figure 6: A to I = −2, 1, −3, 5, −1, 3, −4, 4, −2."""
    level = [-2, 1, -3, 5, -1, 3, -4, 4, -2]
    assert counted(level) == {3: 0.5, 4: 1.5, 6: 0.5, 8: 1.0, 9: 0.5}
    ranges, counts, ends = ageing.rainflow(level)
    assert ranges.tolist() == [3, 4, 4, 8, 9, 8, 6]
    assert counts.tolist() == [0.5, 0.5, 1, 0.5, 0.5, 0.5, 0.5]
    assert ends.tolist() == [1, 2, 5, 3, 6, 7, 8]


def test_the_repeated_history_of_astm_e1049_closes_its_cycles():
    """§5.4.5, the same history begun at its peak D: 3, 4, 7 and 9 once each, where halves pair up."""
    assert counted([5, -1, 3, -4, 4, -3, 1, -2, 5]) == {3: 1, 4: 1, 7: 1, 9: 1}


@calm
@given(st.lists(st.integers(0, 100), min_size=2, max_size=200))
def test_rainflow_keeps_all_movement_and_sees_pauses_and_steps_alike(levels):
    ranges, counts, ends = ageing.rainflow(levels)
    assert 2 * (ranges * counts).sum() == np.abs(np.diff(levels)).sum()
    assert max(ranges, default=0) == max(levels) - min(levels)
    assert set(counts) <= {0.5, 1.0}
    slow = np.interp(np.arange(0, len(levels) - 0.9, 0.5), np.arange(len(levels)), levels)
    assert counted(np.repeat(slow, 2)) == counted(levels)
    assert all(0 < end < len(levels) for end in ends)


def test_a_battery_used_once_a_day_has_a_cycle_a_day():
    day = np.concatenate([np.linspace(10, 90, 12, endpoint=False), np.linspace(90, 10, 12, endpoint=False)])
    assert counted(np.append(np.tile(day, 365), 10.0)) == {80.0: 365}
    assert counted([5.0, 5.0, 5.0]) == {}
    assert counted([1.0]) == {}


def test_shallow_cycles_are_cheap_by_wohler_and_equal_by_throughput():
    """At an exponent of 1.5 four cycles of a quarter wear half as much as one full cycle: 4 · 0.25^1.5 = 0.5."""
    deep, shallow = ageing.cycle_fade_frac([1.0, 0.25], [1.0, 4.0], 3e-5, 1.5)
    assert deep == pytest.approx(3e-5)
    assert shallow == pytest.approx(1.5e-5)
    assert ageing.cycle_fade_frac([1.0, 0.25], [1.0, 4.0], 3e-5, 1.0).tolist() == pytest.approx([3e-5, 3e-5])
    assert ageing.cycle_fade_frac([0.0, 1.0], 10.0, 0.0, 1.5).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: ageing.availability_frac(-1, 1), "failures_per_year"),
        (lambda: ageing.availability_frac(1, math.nan), "repair_days"),
        (lambda: ageing.failures_by_age(0.1, -2, 1), "growth_per_year"),
        (lambda: ageing.failures_by_age(0.1, 0, -1), "age_years"),
        (lambda: ageing.replacement_months(-1, 12), "every_years"),
        (lambda: ageing.first_month_below(1.5, [0.1], 0.7), "health_frac"),
        (lambda: ageing.first_month_below(1.0, [-0.1], 0.7), "fade_frac"),
        (lambda: ageing.rainflow([1, math.inf]), "level"),
        (lambda: ageing.cycle_fade_frac(1.1, 1, 0, 1), "depth_frac"),
        (lambda: ageing.cycle_fade_frac(1, 1, 0, -1), "depth_exponent"),
        (lambda: ageing.panel_health_frac(0, 0, 0), "years"),
        (lambda: ageing.panel_health_frac(2.5, 0, 0), "years"),
        (lambda: ageing.panel_health_frac(2, -0.1, 0), "first_year_degradation_frac"),
        (lambda: ageing.panel_health_frac(2, 0, 1.1), "degradation_frac_per_year"),
        (lambda: ageing.hashrate_health_frac(2, math.nan), "hashrate_degradation_frac_per_year"),
        (lambda: ageing.battery_health_after_year_frac(1.2, 0, 1, 0, 0, 0.6), "health_frac"),
        (lambda: ageing.battery_health_after_year_frac(1, -1, 1, 0, 0, 0.6), "discharged_kwh"),
        (lambda: ageing.battery_health_after_year_frac(1, 0, [1, -1], 0, 0, 0.6), "energy_kwh"),
        (lambda: ageing.battery_health_after_year_frac(1, 0, 1, -0.1, 0, 0.6), "calendar_fade_frac_per_year"),
        (lambda: ageing.battery_health_after_year_frac(1, 0, 1, 0, math.inf, 0.6), "cycle_fade_frac_per_cycle"),
        (lambda: ageing.battery_health_after_year_frac(1, 0, 1, 0, 0, 2), "health_floor_frac"),
    ],
)
def test_impossible_figures_are_refused_by_name(call, field):
    with pytest.raises(ValidationError) as caught:
        call()
    assert caught.value.field == field
