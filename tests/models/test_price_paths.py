"""Price paths against closed forms of the processes, published moments, and the history they are made of."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core.errors import ValidationError
from core.models import draws
from core.models.price_paths import (
    Volatility,
    deviation,
    deviation_sd,
    log_changes,
    quantiles_usd,
    resampled,
    spread_of_years,
    spread_out,
    volatility_per_year,
)

PATHS, MONTHS = 40_000, 60


@pytest.fixture(scope="module")
def normal():
    return draws.normals(11, 0, 0, PATHS, MONTHS)


@pytest.fixture(scope="module")
def more():
    """What jumps are drawn by."""
    return draws.uniforms(11, 1, 0, PATHS, MONTHS), draws.normals(11, 2, 0, PATHS, MONTHS)


@pytest.fixture(scope="module")
def history():
    """Month-end prices from 2018 on, as bundled."""
    table = pd.read_csv(Path(__file__).parents[2] / "data" / "history.csv", comment="#")
    return table[table["day"] >= "2017-12-31"]["price_usd"].to_numpy()


# A random walk


def test_a_random_walk_has_the_moments_of_geometric_brownian_motion(normal):
    how, years = Volatility(0.6, 0.6), MONTHS / 12
    end = deviation(how, normal)[-1]
    assert abs(np.median(end)) < 4 * 1.2533 * 0.6 * np.sqrt(years / PATHS)  # drift on the median
    assert end.std() == pytest.approx(0.6 * np.sqrt(years), rel=0.015)
    mean = np.exp(0.18 * years)  # e^(σ²T/2) above the median
    error = mean * np.sqrt(np.expm1(0.36 * years) / PATHS)
    assert abs(np.exp(end).mean() - mean) < 4 * error


def test_its_quantiles_are_the_closed_ones(normal):
    how, share = Volatility(0.6, 0.6), [0.05, 0.5, 0.95]
    told = quantiles_usd(np.full(MONTHS + 1, 80_000.0), how, share)
    drawn = 80_000.0 * np.exp(np.quantile(deviation(how, normal), share, axis=1))
    np.testing.assert_allclose(told[:, -1], drawn[:, -1], rtol=0.05)
    assert told[2, -1] / 80_000.0 == pytest.approx(np.exp(1.6448536 * 0.6 * np.sqrt(5)), rel=1e-6)


def test_71_percent_for_25_years_is_the_absurd_range_that_is_warned_of():
    p5, p95 = quantiles_usd(np.ones(301), Volatility(0.71, 0.71), [0.05, 0.95])[:, -1]
    assert p95 / p5 == pytest.approx(np.exp(2 * 1.6448536 * 0.71 * 5), rel=1e-6)
    assert p95 / p5 > 1e5
    calmer = quantiles_usd(np.ones(301), Volatility(0.71, 0.25, fade_years=4.0, pull_per_year=0.3), [0.05, 0.95])[:, -1]
    assert calmer[1] / calmer[0] < 20


def test_without_volatility_every_path_is_the_median(normal):
    assert not deviation(Volatility(0.0, 0.0), normal).any()


# Held by its trend, and calmer in time


def test_a_price_held_by_its_trend_has_the_stationary_variance(normal):
    how = Volatility(0.5, 0.5, pull_per_year=2.0)
    end = deviation(how, normal)[-1]
    assert end.var() == pytest.approx(0.25 / (2 * 2.0), rel=0.03)  # σ² / 2κ
    paths = deviation(how, normal)
    lag = np.corrcoef(paths[-2], paths[-1])[0, 1]
    assert lag == pytest.approx(np.exp(-2.0 / 12), abs=0.01)


def test_a_weak_pull_is_the_random_walk_in_the_limit(normal):
    walk = deviation(Volatility(0.5, 0.5), normal)
    held = deviation(Volatility(0.5, 0.5, pull_per_year=1e-9), normal)
    np.testing.assert_allclose(held, walk, atol=1e-7)


def test_volatility_fades_from_the_one_to_the_other():
    how = Volatility(0.8, 0.3, fade_years=2.0)
    months = volatility_per_year(how, 600)
    assert months[0] == pytest.approx(0.3 + 0.5 * np.exp(-1 / 48), rel=1e-12)
    assert months[-1] == pytest.approx(0.3, abs=1e-9)
    assert (np.diff(months) < 0).all()
    assert (volatility_per_year(Volatility(0.8, 0.3), 5) == 0.3).all()


@pytest.mark.parametrize(
    "how",
    [
        Volatility(0.8, 0.3, fade_years=2.0),
        Volatility(0.6, 0.6, pull_per_year=0.8),
        Volatility(0.4, 0.4, jumps_per_year=1.5, jump_mean=-0.2, jump_deviation=0.15),
        Volatility(0.8, 0.4, 3.0, 0.5, 2.0, -0.1, 0.2),
    ],
)
def test_the_spread_is_the_closed_one_in_every_month(how, normal, more):
    drawn = deviation(how, normal, *more).std(axis=1)
    np.testing.assert_allclose(drawn[1:], deviation_sd(how, MONTHS)[1:], rtol=0.035)


# Jumps


def test_jumps_have_mertons_moments(normal, more):
    how = Volatility(0.3, 0.3, jumps_per_year=2.0, jump_mean=-0.25, jump_deviation=0.1)
    end, years = deviation(how, normal, *more)[-1], MONTHS / 12
    variance = 0.09 * years + 2.0 * years * (0.25**2 + 0.1**2)
    assert end.mean() == pytest.approx(0.0, abs=4 * np.sqrt(variance / PATHS))
    assert end.var() == pytest.approx(variance, rel=0.03)
    third = 2.0 * years * (-(0.25**3) - 3 * 0.25 * 0.1**2)  # λT(m³ + 3ms²)
    assert stats.skew(end) == pytest.approx(third / variance**1.5, abs=0.06)


def test_jumps_that_cannot_come_change_nothing(normal, more):
    without = deviation(Volatility(0.3, 0.3), normal)
    np.testing.assert_array_equal(deviation(Volatility(0.3, 0.3, jump_mean=-0.5), normal, *more), without)


def test_their_number_is_poissons(more):
    how = Volatility(0.0, 0.0, jumps_per_year=6.0, jump_mean=1.0)
    number = deviation(how, np.zeros((MONTHS, PATHS)), *more)[1] + 0.5  # less the half a month has on average
    np.testing.assert_allclose(
        np.bincount(np.rint(number).astype(int), minlength=4)[:4] / PATHS, stats.poisson(0.5).pmf(range(4)), atol=0.01
    )


# A spread of one's own


@pytest.mark.parametrize("pull", [0.0, 0.5])
@pytest.mark.parametrize("asked", [[0.6, 0.9, 1.1], [0.6, 0.2, 0.5], [0.8, 0.0, 0.4], [0.4]])
def test_a_spread_of_ones_own_is_there_in_every_month(asked, pull, normal):
    sd = spread_of_years(asked, MONTHS)
    drawn = spread_out(sd, normal, pull)
    np.testing.assert_allclose(drawn.std(axis=1), sd, rtol=0.02, atol=1e-9)
    ends = [*asked, *[asked[-1]] * 5][:5]
    np.testing.assert_allclose(sd[12::12], ends, rtol=1e-12)
    assert np.abs(np.median(drawn, axis=1)).max() < 5 * 1.2533 * max(asked) / np.sqrt(PATHS)


def test_the_spread_of_a_random_walk_is_a_random_walk(normal):
    """σ·√t at the years' ends, without pull: the very same paths as geometric Brownian motion."""
    walk = deviation(Volatility(0.6, 0.6), normal)
    told = spread_out(spread_of_years(0.6 * np.sqrt(np.arange(1, 6)), MONTHS), normal)
    np.testing.assert_allclose(told, walk, atol=1e-9)


def test_a_spread_that_stays_forgets_at_the_pull(normal):
    drawn = spread_out(spread_of_years([0.5], MONTHS), normal, 1.2)
    assert np.corrcoef(drawn[36], drawn[48])[0, 1] == pytest.approx(np.exp(-1.2), abs=0.02)


# Pieces of history


def test_history_has_the_moments_that_were_read_from_it(history):
    changes = log_changes(history)
    assert len(changes) >= 84
    first = changes[:84]  # 2018–2024
    assert first.mean() == pytest.approx(0.0233, abs=0.0005)
    assert first.std(ddof=1) == pytest.approx(0.205, abs=0.001)


def test_pieces_of_history_have_its_spread_and_no_drift(history):
    changes, share = log_changes(history), draws.uniforms(5, 3, 0, 20_000, 4)
    steps = np.diff(resampled(changes, share, 6), axis=0)
    assert steps.std() == pytest.approx(changes.std(), rel=0.02)
    assert abs(steps.mean()) < 4 * changes.std() / np.sqrt(20_000 * 4)
    assert set(np.round(steps.ravel()[:1000], 9)) <= set(np.round(changes - changes.mean(), 9))


def test_long_pieces_keep_the_memory_that_single_months_lose():
    rng, memory = np.random.default_rng(2), 0.6
    changes = np.zeros(400)
    for n in range(1, 400):
        changes[n] = memory * changes[n - 1] + rng.normal()
    told = np.corrcoef(changes[:-1], changes[1:])[0, 1]
    share = draws.uniforms(6, 0, 0, 4000, 48)  # begins of pieces, months of one each

    def lag(block: int) -> float:
        steps = np.diff(resampled(changes, share[: 48 // block], block), axis=0)
        return float(np.corrcoef(steps[:-1].ravel(), steps[1:].ravel())[0, 1])

    assert lag(24) == pytest.approx(told * 23 / 24, abs=0.04)  # one step in 24 joins two pieces
    assert abs(lag(1)) < 0.02


def test_a_piece_as_long_as_history_is_history_turned(history):
    changes = log_changes(history)[:24]
    share = np.full((1, 1), 5 / 24 + 1e-9)
    steps = np.diff(resampled(changes, share, 24), axis=0)[:, 0]
    np.testing.assert_allclose(steps, np.roll(changes - changes.mean(), -5), atol=1e-12)


# What cannot be


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"now_per_year": -0.1}, "now_per_year"),
        ({"pull_per_year": float("nan")}, "pull_per_year"),
        ({"jump_mean": float("inf")}, "jump_mean"),
        ({"jumps_per_year": 1000.0}, "jumps_per_year"),
        ({"jumps_per_year": 1.0}, "jump_share"),
    ],
)
def test_what_cannot_be_is_named(how, field):
    with pytest.raises(ValidationError) as refused:
        deviation(Volatility(**how), np.zeros((3, 2)))
    assert refused.value.field == field


def test_a_history_too_short_is_named():
    share = np.full((3, 2), 0.5)
    for changes, block, field in (
        ([0.1], 1, "changes"),
        ([0.1, 0.2], 3, "block_months"),
        ([0.1, np.nan], 1, "changes"),
    ):
        with pytest.raises(ValidationError) as refused:
            resampled(changes, share, block)
        assert refused.value.field == field
    with pytest.raises(ValidationError):
        log_changes([1.0, 0.0])
