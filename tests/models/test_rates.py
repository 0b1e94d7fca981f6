"""Rates of return of many rows at once: the compiled kernel, its numpy twin, pyxirr, and what the bound promises."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models import rates

calm = settings(deadline=None)


@pytest.fixture(scope="module", autouse=True)
def kernel():
    rates.compile_kernel()


def mines(rows, periods, seed=1):
    """Monthly cash of mines whose income wanders: some pay, some never do, some end in losses."""
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(-0.004, 0.06, (rows, periods)), axis=1))
    income = 25_000 * level * rng.uniform(0.5, 1.5, (rows, 1)) - 6_000
    return np.concatenate([-rng.uniform(0.8e6, 1.2e6, (rows, 1)), income], axis=1)


def test_kernel_and_twin_agree_and_there_is_every_kind_of_row():
    cash = mines(800, 300)
    one, other = rates.irr(cash), rates.irr(cash, compiled=False)
    assert np.array_equal(np.isnan(one), np.isnan(other))
    assert one == pytest.approx(other, rel=1e-11, abs=1e-13, nan_ok=True)
    assert set(rates.irr_count(cash).tolist()) >= {0, 1, 2, 3}


def test_kernel_gives_a_row_the_same_rate_wherever_it_stands():
    row = np.array([-100, 39, 59, 55, 20.0])
    found = rates.irr(np.tile(row, (rates.ROWS_AT_ONCE + 3, 1)))
    assert np.ptp(found) == 0.0
    assert found[0] == rates.irr(row)


def test_cash_that_may_not_be_written_is_read():
    for cash in (np.array([[-100, 60, 60.0]]), np.array([[-1, 4, -4.2, 1.4, 0.0]])):  # one way and by search
        cash.flags.writeable = False
        assert rates.irr(cash) == pytest.approx(rates.irr(cash, compiled=False), rel=1e-11, nan_ok=True)
        assert rates.irr_count(cash).shape == (1,)


def test_irr_is_pyxirrs_where_it_is_unique():
    import pyxirr

    cash = mines(300, 300, seed=2)
    unique = cash[rates.irr_count(cash) == 1]
    assert len(unique) > 100
    found = rates.irr(unique)
    compared = 0
    for row, rate in zip(unique, found, strict=True):
        theirs = pyxirr.irr(row, silent=True)
        if theirs is None or abs(pyxirr.npv(theirs, row)) > 1.0:  # its search left the rails
            continue
        assert rate == pytest.approx(theirs, abs=1e-8)
        assert abs(pyxirr.npv(rate, row)) < 1e-3
        compared += 1
    assert compared > 0.9 * len(unique)


def test_npv_at_every_rate_is_nothing_to_rounding():
    cash = mines(500, 300, seed=3)
    row, rate = rates._rates_of_return(cash, compiled=True)
    writable = rate > -0.89  # (1 + rate)^−300 beyond is no double
    row, rate = row[writable], rate[writable]
    assert len(row) > 400
    growth = np.exp(-np.log1p(rate)[:, None] * np.arange(301))
    left = np.abs((cash[row] * growth).sum(axis=1)) / (np.abs(cash[row]) * growth).sum(axis=1)
    assert left.max() < 1e-12


def roots_by_eigenvalues(row):
    found = np.roots(row[::-1])
    real = found[(np.abs(found.imag) < 1e-9) & (found.real > 0)].real
    return 1 / real - 1


@calm
@given(st.lists(st.integers(-5, 5), min_size=2, max_size=9))
def test_the_bound_never_misses_a_rate(row):
    cash = np.array([row], dtype=np.float64)
    zeros = roots_by_eigenvalues(np.array(row))
    for compiled in (True, False):
        known, odd = rates._known(cash, cash.sum(axis=1) > 0, compiled)
        for side, count in enumerate((np.sum(zeros > 1e-6), np.sum(zeros < -1e-6))):
            near = np.sum(np.abs(zeros) <= 1e-6)
            if known[side, 0] and not near:
                assert count == int(odd[side, 0])


@calm
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_kernel_and_twin_agree_on_anything(row):
    one, other = rates.irr(row), rates.irr(row, compiled=False)
    assert one == pytest.approx(other, rel=1e-9, abs=1e-12, nan_ok=True)


def test_documented_answers_where_there_are_several_or_none():
    assert rates.irr([-1000, 2500, -1540]) == pytest.approx(0.10)  # of 10 % and 40 % the one nearest 0
    assert rates.irr_count([-1000, 2500, -1540]) == 2
    assert math.isnan(rates.irr([-100, 10, -1]))
    assert rates.irr_count([-100, 10, -1]) == 0


@pytest.mark.parametrize("compiled", [True, False])
def test_rows_with_idle_periods_at_either_end(compiled):
    cash = np.array([[0, 0, -100, 0, 121, 0, 0], [-100, 0, 121, 0, 0, 0, 0], [0, 0, 0, 0, -100, 0, 121.0]])
    assert rates.irr(cash, compiled=compiled) == pytest.approx([0.1] * 3, rel=1e-13)
