"""Value at risk and its mean beyond, against closed forms and tails counted by hand."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import ValidationError
from core.models import risk

calm = settings(deadline=None)
NORMAL = NormalDist()
SEVEN = [30.0, -50.0, 10.0, 0.0, -20.0, 20.0, 40.0]  # sorted: −50 −20 0 10 20 30 40
results = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e9, 1e9, allow_subnormal=False))
levels = st.floats(0, 1)


@pytest.fixture(scope="module")
def normal_quantiles():
    """The middle of each of 40,000 equal slices of a standard normal: a sample without chance."""
    count = 40_000
    return np.array([NORMAL.inv_cdf((i + 0.5) / count) for i in range(count)])


# Closed forms


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
def test_a_normal_tail_has_its_closed_form(normal_quantiles, level):
    values, z = 1e6 + 2.5e6 * normal_quantiles, NORMAL.inv_cdf(1 - level)
    assert risk.var_usd(values, level) == pytest.approx(1e6 + 2.5e6 * z, abs=2.5e6 * 1e-3)
    mean_beyond = 1e6 - 2.5e6 * NORMAL.pdf(z) / (1 - level)
    assert risk.cvar_usd(values, level) == pytest.approx(mean_beyond, abs=2.5e6 * 1e-3)


def test_the_normal_tail_at_95_percent_is_the_tabled_one(normal_quantiles):
    # 1.645 and 2.063 standard deviations, as in any table
    assert risk.var_usd(normal_quantiles, 0.95) == pytest.approx(-1.645, abs=1e-3)
    assert risk.cvar_usd(normal_quantiles, 0.95) == pytest.approx(-2.063, abs=1e-3)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_a_lognormal_tail_has_its_closed_form(normal_quantiles, level):
    mu, sigma, z = 13.0, 0.8, NORMAL.inv_cdf(1 - level)
    values = np.exp(mu + sigma * normal_quantiles)
    assert risk.var_usd(values, level) == pytest.approx(math.exp(mu + sigma * z), rel=1e-3)
    mean_below = math.exp(mu + sigma**2 / 2) * NORMAL.cdf(z - sigma) / (1 - level)
    assert risk.cvar_usd(values, level) == pytest.approx(mean_below, rel=1e-3)


@pytest.mark.parametrize("level", [0.0, 0.25, 0.9, 0.95])
def test_an_even_tail_averages_to_its_middle(level):
    values = np.arange(1000) + 0.5  # uniform from 0 to 1000
    assert risk.cvar_usd(values, level) == pytest.approx(1000 * (1 - level) / 2, rel=1e-12)


# Fractional tails by hand


@pytest.mark.parametrize(
    ("level", "var", "cvar"),
    [
        (0.9, -50, -50),  # 0.7 paths: part of the worst one
        (0.8, -20, (-50 - 0.4 * 20) / 1.4),  # 1.4 paths
        (0.7, 0, (-50 - 20 + 0.1 * 0) / 2.1),  # 2.1 paths
        (0.5, 10, (-50 - 20 + 0 + 0.5 * 10) / 3.5),  # 3.5 paths
        (1.0, -50, -50),
        (0.0, 40, 30 / 7),
    ],
)
def test_seven_values_by_hand(level, var, cvar):
    assert risk.var_usd(SEVEN, level) == var
    assert risk.cvar_usd(SEVEN, level) == pytest.approx(cvar, rel=1e-14)


def test_the_worst_five_of_a_hundred():
    values = np.arange(1.0, 101.0)[::-1]
    assert risk.var_usd(values, 0.95) == 5.0
    assert risk.cvar_usd(values, 0.95) == 3.0


@pytest.mark.parametrize("count", [20, 40, 60, 90, 100, 1000, 10_000])
@pytest.mark.parametrize("percent", [1, 5, 10, 20, 30, 45, 90])
def test_rounding_of_the_level_never_moves_the_edge(count, percent):
    values = np.arange(1.0, count + 1)
    tail = count * percent / 100
    assert risk.var_usd(values, 1 - percent / 100) == math.ceil(tail)
    assert risk.var_usd(values, (100 - percent) / 100) == math.ceil(tail)


# Invariants


@calm
@given(values=results, level=levels)
def test_the_tail_lies_between_the_worst_and_its_edge(values, level):
    tail, edge = risk.cvar_usd(values, level), risk.var_usd(values, level)
    slack = 1e-9 * np.abs(values).max()
    assert values.min() - slack <= tail <= edge + slack
    assert tail <= values.mean() + slack
    assert edge in values


@calm
@given(values=results, level=levels)
def test_var_is_the_quantile_of_the_empirical_distribution(values, level):
    edge = risk.var_usd(values, level)
    share = 1 - level
    assert (values <= edge).mean() >= share - 1e-12
    assert (values < edge).mean() <= share + 1e-12


@calm
@given(values=results, level=levels, shift=st.floats(-1e9, 1e9), scale=st.floats(0.001, 1000))
def test_the_tail_moves_and_scales_with_its_values(values, level, shift, scale):
    moved = risk.cvar_usd(scale * values + shift, level)
    slack = 1e-12 * (scale * np.abs(values).max() + abs(shift)) * len(values)
    assert moved == pytest.approx(scale * risk.cvar_usd(values, level) + shift, abs=slack + 1e-12)


@calm
@given(values=results, low=levels, high=levels)
def test_a_stricter_level_never_looks_better(values, low, high):
    low, high = sorted((low, high))
    slack = 1e-9 * np.abs(values).max()
    assert risk.cvar_usd(values, high) <= risk.cvar_usd(values, low) + slack
    assert risk.var_usd(values, high) <= risk.var_usd(values, low)


@calm
@given(pairs=hnp.arrays(np.float64, st.tuples(st.just(2), st.integers(1, 40)), elements=st.floats(-1e6, 1e6)))
def test_two_plans_together_are_never_worse_than_apart(pairs):
    apart = risk.cvar_usd(pairs[0], 0.9) + risk.cvar_usd(pairs[1], 0.9)
    assert risk.cvar_usd(pairs.sum(axis=0), 0.9) >= apart - 1e-6


def test_the_limits_are_the_worst_path_and_the_mean_of_all():
    values = np.array(SEVEN)
    assert risk.cvar_usd(values, 1 - 1e-12) == -50
    assert risk.cvar_usd(values, 1e-12) == pytest.approx(values.mean(), abs=1e-9)
    assert risk.cvar_usd([7.0], 0.95) == risk.var_usd([7.0], 0.95) == 7.0


def test_designs_on_the_leading_axes_answer_as_each_alone():
    rng = np.random.default_rng(3)
    values = rng.normal(0, 1e6, (2, 3, 101))
    for measure in (risk.var_usd, risk.cvar_usd):
        together = measure(values, 0.95)
        assert together.shape == (2, 3)
        assert together[1, 2] == pytest.approx(measure(values[1, 2], 0.95), rel=1e-14)
        assert isinstance(measure(values[0, 0], 0.95), float)


def test_the_order_of_paths_does_not_matter_and_they_are_left_alone():
    values = np.array(SEVEN)
    assert risk.cvar_usd(values[::-1], 0.8) == risk.cvar_usd(values, 0.8)
    assert values.tolist() == SEVEN


@pytest.mark.parametrize("values", [[1.0, math.nan], [math.inf, 1.0], [], 5.0, ["a"], [[], []]])
@pytest.mark.parametrize("measure", [risk.var_usd, risk.cvar_usd])
def test_results_that_are_missing_or_endless_are_refused(measure, values):
    with pytest.raises(ValidationError) as caught:
        measure(values, 0.95)
    assert caught.value.field == "values"


@pytest.mark.parametrize("level", [-0.01, 1.01, 95, math.nan])
@pytest.mark.parametrize("measure", [risk.var_usd, risk.cvar_usd])
def test_a_level_that_is_no_share_is_refused(measure, level):
    with pytest.raises(ValidationError) as caught:
        measure([1.0, 2.0], level)
    assert caught.value.field == "level"
