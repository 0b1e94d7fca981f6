"""Machines hour by hour: modes on their hull, heat, thin air, cooling and restarts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models import running

calm = settings(deadline=None)
shares = st.floats(0, 1)
modes = st.lists(st.tuples(st.floats(100, 8000), st.floats(1, 500)), min_size=1, max_size=8)

# Modes


def test_two_modes_are_loaded_efficient_mode_first():
    # eco 2,000 W at 140 TH/s, full 3,510 W at 200 TH/s
    power, hashing = running.steps([3510, 2000], [200, 140])
    assert power.tolist() == [2000, 1510]
    assert hashing.tolist() == [140, 60]
    assert (power / hashing).tolist() == pytest.approx([100 / 7, 1510 / 60])  # J/TH of the first bit and of the last


def test_a_mode_below_the_hull_is_never_run():
    # 2,000 W at 80 TH/s wastes power beside a mix of off and 3,000 W at 180 TH/s (120 TH/s at 2,000 W)
    power, hashing = running.steps([2000, 3000], [80, 180])
    assert power.tolist() == [3000]
    assert hashing.tolist() == [180]
    power, hashing = running.steps([3000, 3500], [180, 170])  # more power for less hash
    assert power.tolist() == [3000]
    assert running.steps([3000, 3000], [170, 180]).hashrate_ths.tolist() == [180]


def test_one_mode_is_one_step():
    assert [list(part) for part in running.steps([3510], [234])] == [[3510.0], [234.0]]


@calm
@given(modes)
def test_steps_grow_worse_and_reach_what_hashes_most(drawn):
    power, hashing = (np.array(column) for column in zip(*drawn, strict=True))
    bits = running.steps(power, hashing)
    per_watt = bits.hashrate_ths / bits.power_w
    assert (np.diff(per_watt) <= 1e-12 * per_watt[:-1]).all()
    assert bits.hashrate_ths.sum() == pytest.approx(hashing.max(), rel=1e-12)
    corner_w, corner_ths = np.append(0, np.cumsum(bits.power_w)), np.append(0, np.cumsum(bits.hashrate_ths))
    inside = power <= corner_w[-1]
    assert (hashing[inside] <= np.interp(power[inside], corner_w, corner_ths) * (1 + 1e-9)).all()


# Heat


def test_a_machine_in_the_heat_does_as_in_the_field_test_v47():
    # Antminer S21: 490 → 440 MHz above 40 °C, stop above 47 °C
    temp = np.array([23.1, 40.0, 40.1, 47.0, 47.1, 55.0])
    kept = running.ambient_derate_frac(temp, 40.0, 0.102, 47.0)
    assert kept == pytest.approx([1, 1, 440 / 490, 440 / 490, 0, 0], abs=1e-4)


def test_a_year_of_hours_keeps_its_shape_and_one_hour_is_a_number():
    assert running.ambient_derate_frac(np.full(8760, 20.0), 40.0, 0.102, 47.0).shape == (8760,)
    assert running.ambient_derate_frac(45.0, 40.0, 0.25, 47.0) == 0.75


@calm
@given(temp=st.lists(st.floats(-60, 70), min_size=2, max_size=50), derate=shares, above=st.floats(-20, 50))
def test_more_heat_never_means_more_hash(temp, derate, above):
    kept = running.ambient_derate_frac(np.sort(temp), above, derate, above + 7)
    assert (np.diff(kept) <= 0).all()
    assert set(kept) <= {1.0, 1.0 - derate, 0.0}


def test_no_derate_leaves_only_the_shutdown_and_equal_thresholds_no_step_between():
    temp = np.array([39.0, 41.0, 48.0])
    assert running.ambient_derate_frac(temp, 40.0, 0.0, 47.0).tolist() == [1, 1, 0]
    assert running.ambient_derate_frac(temp, 40.0, 0.5, 40.0).tolist() == [1, 0, 0]
    assert running.ambient_derate_frac(temp, 40.0, 1.0, 47.0).tolist() == [1, 0, 0]


def test_thin_air_takes_a_degree_for_three_hundred_metres_as_data_sheets_say():
    # from 900 m to 2,000 m: 1 °C for each 300 m
    assert running.thin_air_c(900.0, 900.0, 1000 / 300) == 0.0
    assert running.thin_air_c(1500.0, 900.0, 1000 / 300) == pytest.approx(2.0)
    assert running.thin_air_c(-400.0, 900.0, 1000 / 300) == 0.0


def test_site_draw_rises_with_heat_as_a_t21_s_did():
    # 250 W of 3,420 W over a day's swing of 15 °C: 7.3 %
    swing = running.pue_by_temperature([20.0, 35.0], 1.0, 0.073 / 15, 20.0)
    assert swing == pytest.approx([1.0, 1.0731], abs=1e-4)
    assert running.pue_by_temperature([-30.0, 50.0], 1.05, 0.0, 25.0).tolist() == [1.05, 1.05]


# Starting


def test_every_start_costs_its_minutes():
    # off, all on, half, all on, off: 100 + 50 kW started, a quarter of an hour each
    lost = running.restart_loss_kwh([0.0, 100.0, 50.0, 100.0, 0.0], 15.0)
    assert lost.tolist() == [0.0, 25.0, 0.0, 12.5, 0.0]


def test_machines_that_never_stop_start_never():
    assert running.restart_loss_kwh(np.full(24, 500.0), 60.0).sum() == 0.0


@calm
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0, 60))
def test_starting_loses_no_more_than_is_drawn(drawn, minutes):
    lost = running.restart_loss_kwh(drawn, minutes)
    assert ((lost >= 0) & (lost <= np.array(drawn) * (1 + 1e-12))).all()


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: running.ambient_derate_frac([20, math.nan], 40, 0.1, 47), "temp_air_c"),
        (lambda: running.ambient_derate_frac(20, 40, 1.1, 47), "derate_frac"),
        (lambda: running.ambient_derate_frac(20, 48, 0.1, 47), "shutdown_above_c"),
        (lambda: running.steps([0.0], [1.0]), "power_w"),
        (lambda: running.steps([1.0, 2.0], [1.0]), "hashrate_ths"),
        (lambda: running.thin_air_c(math.inf, 900, 3), "elevation_m"),
        (lambda: running.pue_by_temperature(20, 1.05, -0.1, 20), "rise_per_c"),
        (lambda: running.restart_loss_kwh([1.0], 61), "restart_minutes"),
        (lambda: running.restart_loss_kwh([-1.0], 5), "machine_kw"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call, field):
    with pytest.raises(ValidationError) as caught:
        call()
    assert caught.value.field == field
