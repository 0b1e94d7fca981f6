"""Random numbers of paths: known answers, moments, the same whoever draws them, and together as asked."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from core.errors import ValidationError
from core.models import draws, draws_kernel

HIGH = 0xFFFFFFFF


def words(*values: int) -> tuple:
    return tuple(np.uint64(value) for value in values)


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [  # Random123's own table of known answers, philox4x32 of 10 rounds
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((HIGH,) * 4, (HIGH,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers(counter, key, answer):
    assert tuple(int(word) for word in draws.philox(words(*counter), key)) == answer


def test_a_path_is_the_same_in_any_batch_and_for_any_horizon():
    whole = draws.uniforms(5, 2, 0, 100, 31)
    np.testing.assert_array_equal(whole[:, 17:40], draws.uniforms(5, 2, 17, 23, 31))
    np.testing.assert_array_equal(whole[:12], draws.uniforms(5, 2, 0, 100, 12))
    far = draws.uniforms(5, 2, 2**32 - 1, 2, 3)  # across the low word of the path
    np.testing.assert_array_equal(far[:, 1:], draws.uniforms(5, 2, 2**32, 1, 3))


@pytest.mark.parametrize(("seed", "stream"), [(6, 2), (5, 3), (5 + 2**32, 2)])
def test_another_seed_or_stream_is_another_chance(seed, stream):
    one, other = draws.uniforms(5, 2, 0, 5000, 1)[0], draws.uniforms(seed, stream, 0, 5000, 1)[0]
    assert not (one == other).any()
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(5000)


def test_numbers_are_even_and_apart_over_paths_and_over_months():
    drawn = draws.uniforms(1, 0, 0, 20_000, 12)
    assert drawn.min() > 0.0
    assert drawn.max() < 1.0
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > 1e-3
    months = np.corrcoef(drawn)
    assert np.abs(months[~np.eye(12, dtype=bool)]).max() < 4.5 / np.sqrt(20_000)
    assert abs(np.corrcoef(drawn[:, :-1].ravel(), drawn[:, 1:].ravel())[0, 1]) < 4 / np.sqrt(240_000)


def test_normals_have_the_moments_and_the_tails_of_a_normal():
    drawn = draws.normals(2, 1, 0, 50_000, 10).ravel()
    error = 1 / np.sqrt(drawn.size)
    assert abs(drawn.mean()) < 4 * error
    assert abs(drawn.var() - 1.0) < 4 * np.sqrt(2) * error
    assert abs(stats.skew(drawn)) < 4 * np.sqrt(6) * error
    assert abs(stats.kurtosis(drawn)) < 4 * np.sqrt(24) * error
    assert (drawn < -3.0902).mean() == pytest.approx(0.001, rel=0.2)


@pytest.mark.parametrize(("first", "count", "months"), [(0, 1, 1), (3, 64, 2), (2**32 - 70, 150, 7), (0, 2048, 301)])
def test_the_kernel_draws_what_numpy_draws(first, count, months):
    """Every word is the same; Wichura's numbers are Cephes' to the last digits."""
    draws.compile_kernel()
    for seed, stream in ((0, 0), (2**64 - 1, 2**32 - 1), (7, 3)):
        fast, plain = (draws.normals(seed, stream, first, count, months, compiled=so) for so in (True, False))
        np.testing.assert_allclose(fast, plain, rtol=4e-15, atol=4e-16)


def test_the_kernel_is_right_far_out():
    """The tail beyond 1 in 10¹¹ comes once in a lifetime: its function against scipy's."""
    for share in (0.05, 1e-3, 1e-9, 2e-11, 1e-12, 2.0**-53):
        assert draws_kernel._in_the_tail(share) == pytest.approx(-ndtri(share), rel=1e-14)


def test_normals_keep_the_order_of_the_uniforms():
    even, normal = draws.uniforms(3, 0, 0, 1000, 1)[0], draws.normals(3, 0, 0, 1000, 1)[0]
    np.testing.assert_array_equal(np.argsort(even), np.argsort(normal))


# Together


R = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 1.0]])


def three(count: int = 40_000) -> np.ndarray:
    return np.stack([draws.normals(4, stream, 0, count, 1)[0] for stream in range(3)])


def test_things_go_together_as_asked_within_the_sampling_error():
    told = np.corrcoef(draws.correlated(three(), R))
    error = (1 - R**2) / np.sqrt(40_000)
    assert (np.abs(told - R) <= 4.5 * error + 1e-12).all()


def test_the_first_thing_is_left_as_it_is_and_none_changes_where_all_are_apart():
    drawn = three(100)
    np.testing.assert_allclose(draws.correlated(drawn, R)[0], drawn[0], rtol=1e-12)
    np.testing.assert_allclose(draws.correlated(drawn, np.eye(3)), drawn, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_two_things_that_always_go_together_are_one(sign):
    one, other = draws.correlated(three(50)[:2], [[1.0, sign], [sign, 1.0]])
    np.testing.assert_allclose(other, sign * one, atol=1e-7)


def test_highams_own_example_is_repaired_as_published():
    # Higham (2002), section 4: nearest to this is 0.7607, 0.1573, with a distance of 0.5278
    told = draws.nearest_correlation([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    np.testing.assert_allclose(told.matrix[0], [1.0, 0.7607, 0.1573], atol=5e-5)
    asked = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    assert np.linalg.norm(told.matrix - asked) == pytest.approx(0.5278, abs=5e-5)
    assert told.moved == pytest.approx(1 - 0.7607, abs=5e-5)
    assert np.linalg.eigvalsh(told.matrix)[0] > 0.0
    draws.correlated(three(10), told.matrix)


def test_a_matrix_that_can_be_is_left_as_it_is():
    told = draws.nearest_correlation(R)
    assert told.moved == 0.0
    np.testing.assert_array_equal(told.matrix, R)


def test_one_that_cannot_be_is_refused_where_it_is_used():
    with pytest.raises(ValidationError, match="can be"):
        draws.correlated(three(10), [[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])


@pytest.mark.parametrize(
    ("matrix", "field"),
    [
        ([[1.0, 0.5], [0.4, 1.0]], "correlation.0.1"),
        ([[1.0, 1.5], [1.5, 1.0]], "correlation.0.1"),
        ([[1.0, float("nan")], [float("nan"), 1.0]], "correlation.0.1"),
        ([[0.9, 0.0], [0.0, 1.0]], "correlation.0.0"),
        ([[1.0, 0.0]], "correlation"),
    ],
)
def test_what_is_no_matrix_of_correlations_is_named(matrix, field):
    with pytest.raises(ValidationError) as refused:
        draws.check_correlation(matrix)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ((-1, 0, 0, 1, 1), "seed"),
        ((0, 2**32, 0, 1, 1), "stream"),
        ((0, 0, 0, 0, 1), "count"),
        ((0, 0, 0, 1, 1.5), "months"),
    ],
)
def test_what_cannot_be_drawn_is_named(given, field):
    with pytest.raises(ValidationError) as refused:
        draws.uniforms(*given)
    assert refused.value.field == field
