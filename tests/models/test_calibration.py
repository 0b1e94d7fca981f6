"""Fits of history against figures worked out elsewhere from the same data, and against histories that were made."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import ValidationError
from core.models.calibration import error_correction, moments

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def history():
    """Month ends to the end of 2024: price, difficulty, subsidy."""
    table = pd.read_csv(DATA / "history.csv", parse_dates=["day"])
    table = table[table["day"] <= "2024-12-31"]
    halvings = pd.to_datetime(pd.read_csv(DATA / "halvings.csv")["time_utc"]).dt.tz_localize(None)
    table["subsidy"] = [50.0 / 2 ** int((halvings <= day).sum()) for day in table["day"]]
    return table


@pytest.mark.parametrize(
    ("months", "price", "difficulty", "correlation"),
    [
        (84, (0.0233, 0.205), (0.0485, 0.093), (0.08, 0.20, 0.14, 0.14)),  # 2018–2024
        (48, (0.0245, 0.187), (0.0370, 0.080), (0.15, 0.38, 0.17, -0.12)),  # 2021–2024
    ],
)
def test_moments_are_those_worked_out_elsewhere(history, months, price, difficulty, correlation):
    told = moments(history["price_usd"], history["difficulty"], months)
    assert (told.price_mean, told.difficulty_mean) == pytest.approx((price[0], difficulty[0]), abs=6e-5)
    assert (told.price_deviation, told.difficulty_deviation) == pytest.approx((price[1], difficulty[1]), abs=1.1e-3)
    np.testing.assert_allclose(told.correlation, correlation, atol=0.0055)


@pytest.mark.parametrize(
    ("months", "halves", "pull", "level", "response", "elasticity", "trend", "deviation"),
    [
        (132, True, (-0.074, 0.011), (0.079, 0.015), 0.047, 1.06, 0.24, 0.096),
        (132, False, (-0.072, 0.011), (0.072, 0.014), 0.045, 1.00, 0.08, 0.096),
        (84, False, (-0.216, 0.046), (-0.009, 0.019), 0.112, -0.04, 0.44, 0.079),
        (48, False, (-0.280, None), (-0.005, None), 0.182, -0.02, 0.50, 0.065),
    ],
)
def test_error_correction_is_the_one_worked_out_elsewhere(
    history, months, halves, pull, level, response, elasticity, trend, deviation
):
    bears = history["price_usd"] * (history["subsidy"] if halves else 1.0)
    told = error_correction(history["difficulty"], bears, history["price_usd"], months)
    assert (told.pull, told.level, told.response) == pytest.approx((pull[0], level[0], response), abs=6e-4)
    assert told.elasticity == pytest.approx(elasticity, abs=0.006)
    assert told.trend_per_year == pytest.approx(trend, abs=0.006)
    assert told.deviation == pytest.approx(deviation, abs=6e-4)
    if pull[1] is not None:
        assert tuple(told.errors[1:3]) == pytest.approx((pull[1], level[1]), abs=6e-4)


def made(months: int, pull: float, elasticity: float, trend: float, rest: float, seed: int = 0):
    """Difficulty that follows a price by known figures."""
    rng = np.random.default_rng(seed)
    ln_price = np.cumsum(rng.normal(0.01, 0.2, months))
    ln_d = np.zeros(months)
    for k in range(1, months):
        toward = 2.0 + elasticity * ln_price[k - 1] + trend * k / 12
        ln_d[k] = ln_d[k - 1] + pull * (toward - ln_d[k - 1]) + rng.normal(0.0, rest)
    return np.exp(ln_d), np.exp(ln_price)


def test_a_history_that_was_made_is_found_again():
    found = [error_correction(d, p, p, 600) for d, p in (made(602, 0.1, 1.0, 0.2, 0.05, seed) for seed in range(300))]
    pulls = np.array([-told.pull for told in found])
    assert pulls.mean() == pytest.approx(0.1, abs=0.012)  # a little high, as of every near random walk
    assert np.mean([told.elasticity for told in found]) == pytest.approx(1.0, abs=0.05)
    assert np.mean([told.trend_per_year for told in found]) == pytest.approx(0.2, abs=0.02)
    assert np.mean([told.errors[1] for told in found]) == pytest.approx(pulls.std(ddof=1), rel=0.12)


def test_without_chance_the_figures_are_exact():
    d, p = made(80, 0.1, 1.0, 0.2, 0.0)
    told = error_correction(d, p, p, 60)
    assert (told.pull, told.elasticity, told.deviation) == pytest.approx((-0.1, 1.0, 0.0), abs=1e-9)


def test_volatility_of_a_year_is_that_of_a_month_by_the_root_of_twelve(history):
    assert moments(history["price_usd"], history["difficulty"], 84).price_volatility_per_year == pytest.approx(
        0.71, abs=0.005
    )


@pytest.mark.parametrize("months", [5, 5000])
def test_a_window_that_history_does_not_have_is_named(history, months):
    for ask in (
        lambda: moments(history["price_usd"], history["difficulty"], months),
        lambda: error_correction(history["difficulty"], history["price_usd"], history["price_usd"], months),
    ):
        with pytest.raises(ValidationError) as refused:
            ask()
        assert refused.value.field == "months"


def test_a_history_that_stands_still_tells_nothing():
    with pytest.raises(ValidationError, match="told apart"):
        error_correction(np.ones(60), np.ones(60), np.ones(60), 48)
    with pytest.raises(ValidationError):
        moments([1.0, -1.0] * 30, [1.0] * 60, 30)
