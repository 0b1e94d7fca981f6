"""What matters, on functions whose answers are known in closed form."""

import numpy as np
import pytest

from core.errors import ValidationError
from core.models.sensitivity import rank_regression, sobol_indices, tornado

POINTS = 4096


def even(low: float, high: float):
    return lambda share: low + (high - low) * share


# Tornado


def product(x):
    return x[0] * x[1] ** 2 + 0.0 * x[2]


def test_bars_are_those_by_hand_and_need_not_be_alike():
    told = tornado(product, [2.0, 3.0, 5.0], [1.0, 2.0, 0.0], [2.5, 5.0, 9.0])
    assert told.base == 18.0
    assert told.low.tolist() == [9.0, 8.0, 18.0]
    assert told.high.tolist() == [22.5, 50.0, 18.0]
    assert told.order.tolist() == [1, 0, 2]


def test_a_thing_with_both_ends_on_one_side_counts_by_the_further():
    told = tornado(lambda x: x[0] ** 2 + x[1], [0.0, 0.0], [-3.0, -4.0], [1.0, 4.0])
    assert told.low.tolist() == [9.0, -4.0]
    assert told.order.tolist() == [0, 1]  # 9 against 8


def test_a_tornado_is_one_call_of_the_figure():
    calls = []
    tornado(lambda x: calls.append(x.shape) or x.sum(axis=0), np.zeros(4), -np.ones(4), np.ones(4))
    assert calls == [(4, 9)]


# Sobol indices


def test_ishigamis_indices_lie_in_their_intervals():
    def ishigami(x):
        return np.sin(x[0]) + 7.0 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])

    told = sobol_indices(ishigami, [even(-np.pi, np.pi)] * 3, POINTS, 1)
    first, total = np.array([0.3139, 0.4424, 0.0]), np.array([0.5576, 0.4424, 0.2437])  # a = 7, b = 0.1: closed form
    np.testing.assert_allclose(told.first, first, atol=0.02)
    np.testing.assert_allclose(told.total, total, atol=0.02)
    for truth, (low, high) in ((first, told.first_interval), (total, told.total_interval)):
        wide = np.maximum(high - low, 1e-3)
        assert ((low - 0.5 * wide <= truth) & (truth <= high + 0.5 * wide)).all()
        assert (wide < 0.15).all()


def test_the_g_functions_indices_lie_in_their_intervals():
    a = np.array([0.0, 1.0, 4.5, 9.0])

    def g(x):
        return ((np.abs(4.0 * x - 2.0) + a[:, None]) / (1.0 + a[:, None])).prod(axis=0)

    part = 1.0 / (3.0 * (1.0 + a) ** 2)
    whole = np.prod(1.0 + part) - 1.0
    total = part * np.prod(1.0 + part) / (1.0 + part) / whole
    told = sobol_indices(g, [even(0.0, 1.0)] * 4, POINTS, 2)
    np.testing.assert_allclose(told.first, part / whole, atol=0.02)
    np.testing.assert_allclose(told.total, total, atol=0.03)
    wide = told.first_interval[1] - told.first_interval[0]
    assert (
        (told.first_interval[0] - wide / 2 <= part / whole) & (part / whole <= told.first_interval[1] + wide / 2)
    ).all()


def test_of_a_sum_first_and_total_are_the_same_and_one_together():
    told = sobol_indices(lambda x: 3.0 * x[0] + 4.0 * x[1], [even(0, 1), even(10, 11)], POINTS, 3)
    np.testing.assert_allclose(told.first, [9 / 25, 16 / 25], atol=0.01)
    np.testing.assert_allclose(told.total, told.first, atol=0.02)


def test_the_same_seed_is_the_same_answer():
    def ask(seed):
        return sobol_indices(lambda x: x[0] * x[1], [even(1, 2), even(1, 3)], 256, seed).first

    np.testing.assert_array_equal(ask(5), ask(5))
    assert not np.array_equal(ask(5), ask(6))


def test_a_figure_that_nothing_changes_and_points_that_are_no_power_are_refused():
    for figure, points, field in ((lambda x: 0 * x[0], 64, "figure"), (lambda x: x[0], 100, "points")):
        with pytest.raises(ValidationError) as refused:
            sobol_indices(figure, [even(0, 1), even(0, 1)], points, 1)
        assert refused.value.field == field


# Ranks


def test_ranks_find_what_moves_a_curved_figure_wherever_it_only_rises():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3, 5000))
    told = rank_regression(x, np.exp(2.0 * x[0] - x[1]))
    assert told.order.tolist() == [0, 1, 2]
    assert told.coefficient[0] / -told.coefficient[1] == pytest.approx(2.0, rel=0.1)
    assert abs(told.coefficient[2]) < 4 / np.sqrt(5000)
    assert told.explained_frac > 0.9


def test_of_a_sum_of_normals_coefficients_are_spearmans_in_closed_form():
    """Of independent things: 6/π · arcsin(ρ/2), ρ = wᵢ/|w| (Pearson 1907); R² the sum of their squares; a constant counts 0."""
    count, weight = 100_000, np.array([2.0, -1.0, 0.5])
    x = np.random.default_rng(4).normal(size=(3, count))
    told = rank_regression(np.vstack([x, np.full(count, 7.0)]), weight @ x)
    spearman = 6.0 / np.pi * np.arcsin(weight / np.linalg.norm(weight) / 2.0)
    np.testing.assert_allclose(told.coefficient, [*spearman, 0.0], atol=4.5 / np.sqrt(count))
    assert told.explained_frac == pytest.approx((spearman**2).sum(), abs=0.01)
    assert told.order.tolist() == [0, 1, 2, 3]


def test_things_that_go_together_are_told_apart():
    """The figure follows the first alone; the second only goes with it, by 0.9."""
    first, other = np.random.default_rng(5).normal(size=(2, 20_000))
    told = rank_regression(np.stack([first, 0.9 * first + np.sqrt(0.19) * other]), first)
    np.testing.assert_allclose(told.coefficient, [1.0, 0.0], atol=1e-9)


def test_one_that_rises_with_one_thing_alone_is_explained_by_it():
    x = np.random.default_rng(2).normal(size=(1, 100))
    told = rank_regression(x, x[0] ** 3)
    assert told.coefficient[0] == pytest.approx(1.0, abs=1e-12)
    assert told.explained_frac == pytest.approx(1.0, abs=1e-12)


def test_where_ranks_do_not_tell_it_says_so():
    x = np.random.default_rng(3).uniform(-1, 1, size=(2, 4000))
    assert rank_regression(x, x[0] ** 2).explained_frac < 0.01


def test_a_thing_that_never_changes_counts_for_nothing():
    x = np.stack([np.ones(50), np.arange(50.0)])
    told = rank_regression(x, x[1])
    assert told.coefficient.tolist() == pytest.approx([0.0, 1.0])


def test_what_does_not_fit_is_named():
    with pytest.raises(ValidationError) as refused:
        rank_regression(np.ones((2, 5)), np.ones(4))
    assert refused.value.field == "things"
    with pytest.raises(ValidationError):
        tornado(product, [1.0, 2.0], [1.0], [2.0])
    with pytest.raises(ValidationError):
        rank_regression(np.full((1, 5), np.nan), np.ones(5))
