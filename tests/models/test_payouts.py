"""Payout schemes against Rosenfeld's solo miner, against drawn blocks, and at their limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models.payouts import drawn_btc, no_block_probability, payout_btc, payout_sd_btc

SCHEMES = ("fpps", "pplns", "solo")


def test_a_solo_miner_of_2011():
    """Rosenfeld (2011), mining alone: 1 GH/s for a day at D = 1,690,906 and 50 BTC: 0.595 BTC in the mean, sd 917 % of it."""
    blocks = 1e9 * 86_400 / (2**32 * 1_690_906)
    assert blocks == pytest.approx(0.0119, abs=5e-5)
    assert payout_btc(blocks, 50.0, 0.0) == pytest.approx(0.595, abs=5e-4)
    assert payout_sd_btc("solo", blocks, 50.0, 0.0) / payout_btc(blocks, 50.0, 0.0) == pytest.approx(9.17, abs=0.01)
    assert no_block_probability(blocks) == pytest.approx(0.98817, abs=1e-5)


def test_a_month_without_a_block():
    assert no_block_probability([0.0, 1.0, 3.0]).tolist() == pytest.approx([1.0, 1 / math.e, 0.049787], rel=1e-5)


def test_solo_and_pool_draws_have_the_mean_and_spread_of_the_closed_forms():
    rng = np.random.default_rng(11)
    draws, n, reward, fee, share = 400_000, 2.5, 3.15, 0.02, 0.05
    for scheme in SCHEMES:
        paid = drawn_btc(scheme, np.full(draws, n), reward, fee, rng, share)
        sd = payout_sd_btc(scheme, n, reward, fee, share)
        assert paid.mean() == pytest.approx(payout_btc(n, reward, fee), abs=4 * sd / math.sqrt(draws) + 1e-12)
        assert paid.std() == pytest.approx(sd, rel=0.01, abs=1e-9)
    solo = drawn_btc("solo", np.full(draws, n), reward, fee, rng)
    assert (solo == 0).mean() == pytest.approx(no_block_probability(n), abs=0.002)


@pytest.mark.parametrize("window", [0.0, 5.0, 40.0, 50.0, 200.0])
def test_the_window_spreads_luck_as_drawn_blocks_do(window):
    """A month's work in a pool that finds 50 blocks a month: each block pays the part of the window that is the month's."""
    rng = np.random.default_rng(3)
    pool, share, reward, runs = 50.0, 0.04, 3.0, 40_000
    w = window / pool  # of the month
    span = 1.0 + w
    counts = rng.poisson(pool * span, runs)
    at = rng.uniform(0.0, span, counts.sum())
    paid = np.minimum(at, 1.0) - np.maximum(at - w, 0.0) if w else np.ones(at.size)
    each = share * reward * (paid / w if w else paid)
    income = np.bincount(np.repeat(np.arange(runs), counts), weights=each, minlength=runs)
    n = share * pool
    assert income.mean() == pytest.approx(payout_btc(n, reward, 0.0), rel=0.005)
    assert income.std() == pytest.approx(payout_sd_btc("pplns", n, reward, 0.0, share, window), rel=0.02)


@given(st.floats(0, 1e6), st.floats(0, 50), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1e4), st.floats(0, 1e4))
def test_luck_is_ordered_and_a_longer_window_has_less(n, reward, fee, share, window, more):
    none, solo = (payout_sd_btc(s, n, reward, fee) for s in ("fpps", "solo"))
    pool, longer = (payout_sd_btc("pplns", n, reward, fee, share, w) for w in (window, window + more))
    assert none == 0
    assert none <= longer <= pool * (1 + 1e-9) + 1e-300
    assert pool <= solo * (1 + 1e-12)


def test_every_scheme_pays_the_same_in_the_mean():
    rng = np.random.default_rng(0)
    means = [drawn_btc(s, np.full(200_000, 4.0), 3.125, 0.0, rng, 0.1).mean() for s in SCHEMES]
    assert means == pytest.approx([12.5] * 3, rel=0.01)


def test_limits():
    assert payout_sd_btc("pplns", 7.0, 3.0, 0.0, 1.0, 0.0) == payout_sd_btc("solo", 7.0, 3.0, 0.0)
    assert payout_sd_btc("pplns", 7.0, 3.0, 0.0, 0.0, 8.0) == 0  # a share of an endless pool
    assert payout_sd_btc("pplns", 0.0, 3.0, 0.0, 0.5, 8.0) == 0
    assert payout_sd_btc("pplns", 1.0, 1.0, 0.0, 0.5, 1e12) < 1e-5
    assert payout_btc(2.0, 3.0, 1.0) == 0
    assert payout_sd_btc("pplns", np.full((2, 12), 3.0), 3.0, 0.0, 0.1, np.full(12, 8.0)).shape == (2, 12)
    endless = drawn_btc("pplns", np.full(5, 3.0), 2.0, 0.0, np.random.default_rng(0), 0.0)
    assert endless.tolist() == [6.0] * 5
    edge = 50.0 * np.array([0.1 - 1e-9, 0.1 + 1e-9])  # the two forms meet where the window is one period
    low, high = payout_sd_btc("pplns", 5.0, 1.0, 0.0, 0.1, edge * 10)
    assert low == pytest.approx(high, rel=1e-8)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: payout_btc(-1, 1, 0), "expected_blocks"),
        (lambda: payout_btc(1, math.nan, 0), "reward_btc"),
        (lambda: payout_btc(1, 1, 1.1), "pool_fee_frac"),
        (lambda: payout_sd_btc("pps+", 1, 1, 0), "scheme"),
        (lambda: payout_sd_btc("pplns", 1, 1, 0, 2.0), "pool_share_frac"),
        (lambda: payout_sd_btc("pplns", 1, 1, 0, 0.5, -1), "window_blocks"),
        (lambda: drawn_btc("prop", 1, 1, 0, np.random.default_rng(0)), "scheme"),
        (lambda: no_block_probability(-1), "expected_blocks"),
    ],
)
def test_impossible_figures_are_refused_by_name(call, field):
    with pytest.raises(ValidationError) as caught:
        call()
    assert caught.value.field == field
