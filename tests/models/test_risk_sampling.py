"""Percentiles, their sampling errors and drawdown, against closed forms, published factors and many samples."""

from statistics import NormalDist

import numpy as np
import pytest

from core.errors import ValidationError
from core.models import risk

NORMAL = NormalDist()


@pytest.fixture(scope="module")
def normal_quantiles():
    """The middle of each of 40,000 equal slices of a standard normal: a sample without chance."""
    return np.array([NORMAL.inv_cdf((i + 0.5) / 40_000) for i in range(40_000)])


@pytest.fixture(scope="module")
def samples():
    """4,000 samples of 500 paths, lognormal: skewed as results of a mine are."""
    return np.exp(np.random.default_rng(7).normal(0.0, 0.8, (4000, 500)))


# Which way P90 is counted


@pytest.mark.parametrize(("share", "factor"), [(0.9, 0.93592), (0.99, 0.88368)])
def test_the_solar_trades_p90_and_p99_are_pvsysts_for_a_deviation_of_5_percent(normal_quantiles, share, factor):
    years = 1.0 + 0.05 * normal_quantiles
    assert risk.exceeded(years, share) == pytest.approx(factor, abs=1e-4)
    assert risk.percentile_usd(years, 1 - share) == pytest.approx(factor, abs=1e-4)


def test_percentiles_of_five_results_by_hand():
    values = [50.0, 10.0, 40.0, 20.0, 30.0]
    assert risk.percentile_usd(values, [0.0, 0.25, 0.5, 0.6, 1.0]).tolist() == pytest.approx([10, 20, 30, 34, 50])
    assert risk.exceeded(values, 0.75) == pytest.approx(20.0)


def test_percentiles_of_many_rows_are_those_of_each(samples):
    together = risk.percentile_usd(samples[:3], [0.05, 0.95])
    assert together.shape == (2, 3)
    assert together[1, 2] == risk.percentile_usd(samples[2], 0.95)


# How well a sample tells it: intervals hold the truth as often as they say


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_an_interval_of_a_percentile_holds_it_as_often_as_it_says(samples, share):
    low, high = risk.percentile_interval_usd(samples, share)
    truth = np.exp(0.8 * NORMAL.inv_cdf(share))
    held = ((low <= truth) & (truth <= high)).mean()
    assert 0.945 <= held <= 0.99  # whole ranks: a little more than asked


def test_the_error_of_the_mean_is_the_deviation_of_means(samples):
    assert risk.mean_error_usd(samples).mean() == pytest.approx(samples.mean(axis=-1).std(), rel=0.05)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_error_of_cvar_is_the_deviation_of_cvars(samples, level):
    values = -samples  # the long tail is the bad one
    spread = risk.cvar_usd(values, level).std()
    assert np.sqrt((risk.cvar_error_usd(values, level) ** 2).mean()) == pytest.approx(spread, rel=0.12)


@pytest.mark.parametrize("p", [0.02, 0.3])
def test_an_interval_of_a_probability_holds_it_as_often_as_it_says(p):
    happens = np.random.default_rng(3).random((4000, 400)) < p
    low, high = risk.probability_interval_frac(happens)
    assert 0.93 <= ((low <= p) & (p <= high)).mean() <= 0.975


def test_wilsons_interval_of_none_in_ten_is_the_tabled_one():
    low, high = risk.probability_interval_frac(np.zeros(10, bool))
    assert low == pytest.approx(0.0, abs=1e-12)
    assert high == pytest.approx(0.2775, abs=1e-4)  # Brown, Cai & DasGupta (2001)
    assert risk.probability_frac([True, False, False, False]) == 0.25


def test_errors_shrink_with_the_root_of_the_paths():
    draws = np.random.default_rng(1).normal(size=100_000)
    few, many = draws[:1000], draws
    assert risk.mean_error_usd(few) / risk.mean_error_usd(many) == pytest.approx(10.0, rel=0.1)
    assert risk.cvar_error_usd(few, 0.95) / risk.cvar_error_usd(many, 0.95) == pytest.approx(10.0, rel=0.25)


def test_one_path_has_no_error_to_tell():
    assert np.isnan(risk.mean_error_usd([5.0]))
    assert np.isnan(risk.cvar_error_usd([5.0, 6.0, 7.0], 0.95))
    assert risk.percentile_interval_usd([5.0], 0.5) == (5.0, 5.0)


# Drawdown


def test_drawdown_by_hand():
    assert risk.drawdown_usd([-100.0, 30.0, 40.0, -60.0, 200.0]) == pytest.approx(100.0)
    assert risk.drawdown_usd([100.0, -30.0, 10.0, -50.0, 200.0]) == pytest.approx(70.0)
    assert risk.drawdown_usd([5.0, 0.0, 7.0]) == 0.0


def test_drawdown_of_rows_and_of_a_shift_in_what_comes_first(samples):
    cash = samples[:5, :50] - 1.4
    assert risk.drawdown_usd(cash).shape == (5,)
    richer = np.concatenate([np.full((5, 1), 1000.0), cash], axis=-1)
    assert (risk.drawdown_usd(richer) >= risk.drawdown_usd(cash) - 1e-9).all()


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused_by_name(share):
    with pytest.raises(ValidationError) as refused:
        risk.percentile_usd([1.0, 2.0], share)
    assert refused.value.field == "share"
    with pytest.raises(ValidationError):
        risk.probability_interval_frac([True], level=1.0)
