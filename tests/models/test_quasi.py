"""Evenly spread chances: as random as others month by month, and sharper in what a sample of them tells."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from core.errors import ValidationError
from core.models import draws, quasi

MONTHS, PATHS = 60, 1 << 13


@pytest.fixture(scope="module")
def drawn():
    return np.stack(quasi.normals(7, (0, 1, 2), 0, PATHS, MONTHS).moves)


@pytest.mark.parametrize("months", [1, 2, 60, 300])
def test_waves_turn_and_nothing_else(months):
    turn = quasi.waves(months)
    np.testing.assert_allclose(turn @ turn.T, np.eye(months), atol=1e-10)


def test_they_are_the_principal_components_of_a_random_walk():
    month = np.arange(1, 25)
    values, vectors = np.linalg.eigh(np.minimum.outer(month, month).astype(float))
    walk = np.cumsum(quasi.waves(24), axis=0)  # what each wave does to the walk
    theirs = vectors[:, ::-1] * np.sqrt(values[::-1])
    np.testing.assert_allclose(np.abs(walk), np.abs(theirs), atol=1e-10)


def test_every_month_is_standard_normal_and_apart_from_the_others(drawn):
    for stream in drawn:
        assert np.abs(stream.mean(axis=1)).max() < 4.5 / np.sqrt(PATHS)
        np.testing.assert_allclose(stream.std(axis=1), 1.0, atol=4.5 / np.sqrt(2 * PATHS))
        assert stats.kstest(stream[30], "norm").pvalue > 1e-3
    apart = np.corrcoef(drawn.reshape(3 * MONTHS, PATHS))
    assert np.abs(apart[~np.eye(3 * MONTHS, dtype=bool)]).max() < 5.2 / np.sqrt(PATHS)
    assert np.isfinite(drawn).all()


def test_a_path_is_the_same_in_any_batch(drawn):
    np.testing.assert_allclose(
        quasi.normals(7, (0, 1, 2), 100, 50, MONTHS).moves, drawn[..., 100:150], rtol=0, atol=1e-12
    )
    other = quasi.normals(8, (0, 1, 2), 100, 50, MONTHS).moves
    assert not np.isclose(other, drawn[..., 100:150]).any(axis=(0, 1)).all()


def test_batches_in_any_order_and_from_many_threads_are_the_paths_they_are():
    drawn = quasi.normals(9, (0, 1), 0, 1024, 12, (5,))
    firsts = [512, 128, 896, 0, 640, 128, 256, 768, 384]
    with ThreadPoolExecutor(4) as pool:
        for first, part in zip(
            firsts, pool.map(lambda f: quasi.normals(9, (0, 1), f, 128, 12, (5,)), firsts), strict=True
        ):
            np.testing.assert_allclose(part.moves, np.stack(drawn.moves)[..., first : first + 128], rtol=0, atol=1e-12)
            np.testing.assert_array_equal(part.once, drawn.once[..., first : first + 128])


@pytest.mark.parametrize(("months", "waves", "paths"), [(1, 1, 3), (60, 16, 64), (61, 5, 200)])
def test_the_kernel_gives_the_waves_that_numpy_gives(months, waves, paths):
    draws.compile_kernel()
    rng = np.random.default_rng(2)
    slow, even, plain = (
        quasi.waves(months)[:, :waves],
        rng.normal(size=(waves, paths)),
        rng.normal(size=(months, paths)),
    )
    fast = plain.copy()
    quasi.waved(slow, even, plain, compiled=False)
    quasi.waved(slow, even, fast)
    np.testing.assert_allclose(fast, plain, atol=1e-12)
    np.testing.assert_allclose(slow.T @ fast, even, atol=1e-12)


def test_without_leading_waves_nothing_is_even():
    plain = quasi.normals(7, (0,), 0, 20, 12, (5,), leading=0)
    np.testing.assert_array_equal(plain.moves[0], draws.normals(7, 0, 0, 20, 12))
    np.testing.assert_array_equal(plain.once[0], draws.normals(7, 5, 0, 20, 1)[0])


def test_fast_waves_are_those_that_were_drawn():
    even, plain = (quasi.normals(7, (0, 1), 0, 64, MONTHS, leading=n).moves for n in (20, 0))
    turn = quasi.waves(MONTHS).T
    np.testing.assert_allclose((turn @ even)[:, 10:], (turn @ plain)[:, 10:], atol=1e-12)
    assert not np.isclose((turn @ even)[:, :10], (turn @ plain)[:, :10]).any(axis=2).all()


def test_what_a_path_has_one_of_is_normal_and_even():
    once = quasi.normals(7, (0, 1), 0, PATHS, 12, (5, 6)).once
    assert once.shape == (2, PATHS)
    for values in once:  # an even sample is nearer to the curve than chance would be
        assert stats.kstest(values, "norm").statistic < 0.3 / np.sqrt(PATHS)
    assert abs(np.corrcoef(once)[0, 1]) < 4.5 / np.sqrt(PATHS)


def test_a_sample_of_them_tells_the_median_and_the_tail_better():
    """Over 64 seeds: where a price that strays 60 % a year for ten years ends, and its mean over them."""
    even, plain = [], []
    for seed in range(64):
        for leading, told in ((quasi.LEADING, even), (0, plain)):
            steps = np.stack(quasi.normals(seed, (0, 1), 0, 1024, 120, leading=leading).moves) * 0.6 / np.sqrt(12)
            price = np.exp(np.cumsum(steps[0] + 0.3 * steps[1], axis=0)).mean(axis=0)
            worst = np.sort(price)[:51]
            told.append((np.median(price), worst.mean()))
    ratio = np.var(plain, axis=0) / np.var(even, axis=0)
    assert (ratio > 1.5).all()  # the 95 % interval of a ratio of 64 samples is about × or ÷ 1.65


def test_more_paths_than_there_are_points_are_refused():
    with pytest.raises(ValidationError) as refused:
        quasi.normals(1, (0,), 2**30, 1, 2)
    assert refused.value.field == "count"
