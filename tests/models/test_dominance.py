"""Stochastic dominance: cases by hand, normal and lognormal closed forms, the samples' own theorems, limits, bad input."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import ValidationError
from core.models.dominance import dominance

SWAPPED = {"first": "second", "second": "first", "neither": "neither", "alike": "alike"}
HALF = [NormalDist().inv_cdf(0.5 + (i + 0.5) / 4000) for i in range(2000)]
Z = np.concatenate(
    [-np.array(HALF[::-1]), HALF]
)  # a standard normal without chance, the same on both sides to the last bit
results = hnp.arrays(np.float64, st.integers(1, 12), elements=st.floats(-1e9, 1e9))
few = hnp.arrays(np.float64, st.integers(1, 6), elements=st.integers(-3, 3))


def verdicts(first: object, second: object) -> tuple[str, str]:
    told = dominance(first, second)
    return told.first_order.better, told.second_order.better


# By hand


def test_one_more_dollar_in_every_state_is_first_order() -> None:
    assert verdicts([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]) == ("first", "first")


def test_a_mean_preserving_spread_is_second_order_alone() -> None:
    """{1, 3} against {0, 4}: F₂ − F₁ is ½ from 0 to 1, 0 to 3, −½ to 4; its area ½, and 0 in the end."""
    told = dominance([1.0, 3.0], [0.0, 4.0])
    assert (told.first_order.better, told.second_order.better) == ("neither", "first")
    assert told.first_order.crossings.tolist() == [3.0]
    assert told.second_order.crossings.size == 0


def test_a_higher_mean_with_a_worse_end_is_neither() -> None:
    """{0, 10} against {1, 2}: F₂ − F₁ is −½ from 0 to 1, 0 to 2, ½ to 10; its area −½ up to 2, and 0 at 3."""
    told = dominance([0.0, 10.0], [1.0, 2.0])
    assert (told.first_order.better, told.second_order.better) == ("neither", "neither")
    assert told.first_order.crossings.tolist() == [2.0]
    assert told.second_order.crossings.tolist() == [3.0]


def test_samples_of_different_size_are_held_by_share() -> None:
    assert verdicts([1.0, 2.0], [1.0, 1.0, 2.0, 2.0]) == ("alike", "alike")
    assert verdicts([1.0, 2.0, 2.0], [1.0, 2.0]) == ("first", "first")  # two in three against one in two
    assert verdicts([5.0], [4.0, 5.0, 4.5]) == ("first", "first")


def test_what_meets_at_the_end_without_a_lead_is_alike_there() -> None:
    """{0, 3} against {0, 1, 2, 3}: same ends, same mean, the second is the narrower one."""
    assert verdicts([0.0, 3.0], [0.0, 1.0, 2.0, 3.0]) == ("neither", "second")


# Closed forms


def test_normals_of_one_variance_and_a_higher_mean_are_first_order() -> None:
    assert verdicts(1.0 + 2.0 * Z, 2.0 * Z) == ("first", "first")


@pytest.mark.parametrize("narrow", [0.1, 0.7, 1.9999])
def test_normals_of_one_mean_and_less_variance_are_second_order_alone(narrow: float) -> None:
    """No tolerance: areas come back to nothing at the end to the last bit, where floats would not."""
    told = dominance(narrow * Z, 2.0 * Z)
    assert (told.first_order.better, told.second_order.better) == ("neither", "first")
    assert told.first_order.crossings == pytest.approx([0.0], abs=2.0 * 2.0 * Z[2000])  # at the mean


def test_normals_cross_where_their_quantiles_meet() -> None:
    """μ₁ + σ₁z = μ₂ + σ₂z at z = (μ₂ − μ₁) / (σ₁ − σ₂): of N(1, 3²) and N(0, 1) at −½, worth −½."""
    told = dominance(1.0 + 3.0 * Z, Z)
    assert told.first_order.better == "neither"
    at = told.first_order.crossings
    assert at == pytest.approx([-0.5], abs=3.0 * np.diff(Z).max())
    assert told.second_order.better == "neither"  # the higher mean has the worse end


@pytest.mark.parametrize(("mu", "sigma"), [(0.1, 0.5), (1.0, 0.5)])
def test_lognormals_of_one_spread_are_first_order_by_their_median(mu: float, sigma: float) -> None:
    assert verdicts(np.exp(mu + sigma * Z), np.exp(sigma * Z)) == ("first", "first")


def test_lognormals_of_one_mean_are_second_order_by_their_spread() -> None:
    """E = exp(μ + σ²/2); they cross at exp((μ₁σ₂ − μ₂σ₁) / (σ₂ − σ₁)). Source: Levy (2016), lognormal rules."""
    s1, s2 = 0.3, 0.8
    m1, m2 = -(s1**2) / 2, -(s2**2) / 2
    told = dominance(np.exp(m1 + s1 * Z), np.exp(m2 + s2 * Z))
    assert (told.first_order.better, told.second_order.better) == ("neither", "first")
    meets = math.exp((m1 * s2 - m2 * s1) / (s2 - s1))
    assert told.first_order.crossings == pytest.approx([meets], rel=1e-2)


# Theorems


@given(results, results)
def test_swapped_samples_swap_the_verdict(first: np.ndarray, second: np.ndarray) -> None:
    there, back = dominance(first, second), dominance(second, first)
    for one, other in zip(there, back, strict=True):
        assert other.better == SWAPPED[one.better]
        assert other.crossings.tolist() == one.crossings.tolist()
        assert (one.better == "neither") == bool(one.crossings.size)


@given(results, results)
def test_first_order_entails_second_order_and_a_higher_mean(first: np.ndarray, second: np.ndarray) -> None:
    of_all, of_the_wary = verdicts(first, second)
    if of_all in ("first", "second", "alike"):
        assert of_the_wary == of_all
    if of_the_wary == "first":
        exact = math.fsum(first) / len(first) - math.fsum(second) / len(second)
        assert exact >= -1e-6  # of means as floats, not of the verdict
        assert first.min() >= second.min()


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=8))
def test_samples_of_one_size_are_judged_by_their_ordered_results(pairs: list[tuple[int, int]]) -> None:
    """Levy's rule: first order, each ordered result; second order, each sum of the worst."""
    first, second = (np.sort(np.array(row)) for row in zip(*pairs, strict=True))
    expected = []
    for lead in (first - second, np.cumsum(first) - np.cumsum(second)):
        ahead, behind = (lead > 0).any(), (lead < 0).any()
        expected.append("neither" if ahead and behind else "first" if ahead else "second" if behind else "alike")
    assert verdicts(first, second) == tuple(expected)


@given(few, few, st.floats(-1e6, 1e6), st.floats(0.01, 1e6))
def test_a_common_shift_and_scale_change_nothing_where_they_are_exact(
    first: np.ndarray, second: np.ndarray, shift: float, scale: float
) -> None:
    scale, shift = 2.0 ** round(math.log2(scale)), float(round(shift))
    assert verdicts(first * scale + shift * scale, second * scale + shift * scale) == verdicts(first, second)


# Limits


def test_a_sample_and_itself_are_alike_whatever_its_figures() -> None:
    odd = [0.1, 1e300, -1e-300, 5e-324, 0.0, -0.0]
    assert verdicts(odd, odd[::-1]) == ("alike", "alike")


def test_the_smallest_lead_there_is_counts() -> None:
    assert verdicts([1e6], [np.nextafter(1e6, 0.0)]) == ("first", "first")
    assert verdicts([5e-324, 1e300], [0.0, 1e300]) == ("first", "first")


def test_sure_results_are_ordered_by_their_size() -> None:
    assert verdicts([-1.0], [1.0]) == ("second", "second")


def test_a_hundred_thousand_paths_are_no_trouble() -> None:
    rng = np.random.default_rng(1)
    drawn = rng.normal(size=100_000)
    assert verdicts(drawn + 0.5, drawn) == ("first", "first")


@pytest.mark.parametrize("wrong", [[], [[1.0, 2.0]], 3.0, [1.0, float("nan")], [float("inf")], ["much"], None])
@pytest.mark.parametrize("name", ["first", "second"])
def test_what_is_no_sample_is_named(wrong: object, name: str) -> None:
    given = {"first": [1.0], "second": [1.0], name: wrong}
    with pytest.raises(ValidationError) as error:
        dominance(given["first"], given["second"])
    assert error.value.field == name
