"""Difficulty that answers to miners' pay: the halvings that were, 25 years of any price, and limits."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import ValidationError
from core.models import draws, mining
from core.models.response import Response, network_efficiency_j_per_th, respond

PATHS, CALM = 4000, Response(shock=0.0)
DAY = 365.25 / 12


@pytest.fixture(scope="module")
def history():
    """Month-end price and difficulty, by month."""
    table = pd.read_csv(Path(__file__).parents[2] / "data" / "history.csv", parse_dates=["day"])
    return table.set_index(table["day"].dt.strftime("%Y-%m"))


def block_cost_usd(j_per_th, usd_per_kwh):
    """Power of a block at difficulty 1, from what a petahash costs and what it would earn at one dollar a block [USD]."""
    return mining.hashcost_usd_per_ph_day(j_per_th, usd_per_kwh) / mining.hashprice_usd_per_ph_day(1.0, 1.0, 1.0)


def ratio(told, price, fees, cost):
    """Hashprice over hashcost, (months, paths)."""
    income = mining.hashprice_usd_per_ph_day(price, told.difficulty, told.subsidy_btc, fees)
    return income / mining.hashprice_usd_per_ph_day(1.0, 1.0, 1.0) / np.asarray(cost)[:, None]


def quarter_century(end: float, how: Response, paths: int = 400):
    """25 years from the end of April 2026 with a price that ends at a multiple, hardware that improves 12 % a year and less."""
    months, years = 300, np.arange(300) / 12
    new = 15.0 * np.exp(-0.12 * 8 * -np.expm1(-years / 8))
    mean = network_efficiency_j_per_th(new, 22.0)
    cost = block_cost_usd(mean, 0.05)
    price = 75_894.0 * np.multiply.outer(end ** (np.arange(months) / months), np.ones(paths))
    normal = draws.normals(1, 0, 0, paths, months)
    return respond(how, 1.3897e14, 946_200.0, np.full(months, DAY), price, 0.025, cost, normal), price, cost


# What was


@pytest.mark.parametrize(
    ("first", "last", "height", "subsidy", "fees", "j_per_th", "moved"),
    [  # Cambridge: 58 TWh a year at 115 EH/s in mid-2020; 28 J/TH in mid-2024; 45 $/MWh
        ("2020-05", "2020-11", 632_500.0, 6.25, 0.6, 57.0, 0.235),
        ("2024-04", "2024-10", 841_500.0, 3.125, 0.3, 30.0, 0.082),
    ],
)
def test_what_difficulty_did_in_half_a_year_after_a_halving_was_likely(
    history, first, last, height, subsidy, fees, j_per_th, moved
):
    prices = history.loc[first:last, "price_usd"].to_numpy()
    price = np.repeat(prices[:, None], PATHS, axis=1)
    start = float(history.loc[first, "difficulty"])
    assert np.log(history.loc[last, "difficulty"] / start) == pytest.approx(moved, abs=0.005)
    cost = block_cost_usd(np.full(len(prices), j_per_th), 0.045)
    normal = draws.normals(3, 0, 0, PATHS, len(prices))
    told = respond(Response(), start, height, np.full(len(prices), DAY), price, fees, cost, normal)
    assert (told.subsidy_btc == subsidy).all()
    low, high = np.quantile(np.log(told.difficulty[-1] / start), [0.05, 0.95])
    assert low < moved < high
    assert high - low < 1.0  # likely not for want of anything being unlikely


def test_difficulty_does_not_halve_at_a_halving():
    told, _, _ = quarter_century(1.0, CALM, 1)
    ln = np.log(told.difficulty[:, 0])
    halved = np.flatnonzero(told.subsidy_btc[1:, 0] < 0.75 * told.subsidy_btc[:-1, 0])
    assert len(halved) >= 5
    for month in halved:
        assert np.exp(ln[month + 3] - ln[month]) > 0.8
        assert np.exp(ln[month + 12] - ln[month]) > 0.5


# 25 years


@pytest.mark.parametrize("end", [10.0, 1.0, 0.1])
@pytest.mark.parametrize("how", [Response(), CALM])
def test_what_mining_pays_stays_near_what_it_costs_whatever_price_does(end, how):
    told, price, cost = quarter_century(end, how)
    median = np.median(ratio(told, price, 0.025, cost), axis=1)
    assert median.min() > 0.5
    assert median.max() < 3.0


def test_ten_times_the_price_is_ten_times_the_difficulty_in_the_end():
    many, one = (quarter_century(end, CALM, 1)[0].difficulty[-1, 0] for end in (10.0, 1.0))
    # elasticity 1 of what a price that still rises makes of it: a month's rise over the pull behind
    behind = np.log(10.0) / 300 * (1 - CALM.price_response) / CALM.pull_per_month
    assert np.log(many / one) == pytest.approx(np.log(10.0) - behind, abs=0.12)


def test_heights_are_those_of_each_path():
    told, _, _ = quarter_century(1.0, Response(), 50)
    np.testing.assert_allclose(told.height_start[1:], told.height_start[:-1] + told.blocks[:-1], rtol=1e-12)
    assert np.ptp(told.height_start[-1]) > 100  # paths that grow faster are further on
    assert told.blocks.mean() == pytest.approx(144 * DAY, rel=0.01)
    assert (np.diff(told.subsidy_btc, axis=0) <= 1e-12).all()
    assert told.subsidy_btc[-1, 0] == pytest.approx(3.125 / 2**6, rel=1e-6)  # 2028 … 2048


# Limits


def steady(how: Response, price: float, months: int = 400):
    """A network without halvings or news: coins are fees alone."""
    ones = np.ones((months, 1))
    cost = np.full(months, block_cost_usd(30.0, 0.05))  # 36 $/PH/day
    return respond(how, 1e14, 33 * 210_000.0 * 2, np.full(months, DAY), price * ones, 3.0, cost, 0 * ones)


@pytest.mark.parametrize("price", [20_000.0, 100_000.0, 900_000.0])
@pytest.mark.parametrize("margin", [1.0, 1.3])
def test_at_rest_mining_pays_its_margin(price, margin):
    told = steady(Response(shock=0.0, margin=margin), price)
    pays = mining.hashprice_usd_per_ph_day(price, told.difficulty[-1, 0], told.subsidy_btc[-1, 0], 3.0)
    assert pays / 36.0 == pytest.approx(margin, rel=1e-6)


def test_no_more_come_than_factories_make():
    told = steady(Response(shock=0.0, entry_most_per_month=0.05), 5e6, 24)
    assert np.diff(np.log(told.difficulty[:, 0])).max() == pytest.approx(0.05, rel=1e-9)


def test_no_more_leave_than_lose():
    told = steady(Response(shock=0.0, exit_pull_per_month=50.0, cost_spread=0.3), 20_000.0, 3)
    pays = mining.hashprice_usd_per_ph_day(20_000.0, 1e14, told.subsidy_btc[0, 0], 3.0)
    from scipy.stats import norm

    losing = norm.cdf(np.log(36.0 / pays) / 0.3)
    assert told.difficulty[1, 0] / 1e14 == pytest.approx(1.0 - losing, rel=1e-9)


def test_a_path_is_the_same_whoever_stands_beside_it():
    rng = np.random.default_rng(0)
    price, normal = 5e4 * np.exp(rng.normal(0, 0.3, (40, 30))), rng.normal(size=(40, 30))
    args = (Response(), 1e14, 900_000.0, np.full(40, DAY))
    whole = respond(*args, price, 0.02, np.full(40, block_cost_usd(20.0, 0.05)), normal)
    part = respond(*args, price[:, 4:9], 0.02, np.full(40, block_cost_usd(20.0, 0.05)), normal[:, 4:9])
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[:, 4:9], other)


def test_the_networks_machines_follow_those_on_sale():
    np.testing.assert_allclose(network_efficiency_j_per_th(np.full(600, 10.0), 30.0)[[0, -1]], [30.0, 10.0], atol=1e-4)
    falling = 15.0 * 0.99 ** np.arange(240)
    mean = network_efficiency_j_per_th(falling, 15.0, life_years=4.0)
    keeps = np.exp(-1 / 48)
    limit = (1 - keeps) / (0.99 - keeps)  # of the recursion in closed form
    np.testing.assert_allclose(mean / falling, limit + (1 - limit) * (keeps / 0.99) ** np.arange(240), rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"margin": 0.0}, "margin"), ({"shock": -1.0}, "shock"), ({"pull_per_month": float("nan")}, "pull_per_month")],
)
def test_what_cannot_be_is_named(change, field):
    with pytest.raises(ValidationError) as refused:
        steady(Response(**change), 1e5, 2)
    assert refused.value.field == field


def test_a_price_of_nothing_is_refused():
    with pytest.raises(ValidationError) as refused:
        steady(Response(), 0.0, 2)
    assert refused.value.field == "price_usd"
