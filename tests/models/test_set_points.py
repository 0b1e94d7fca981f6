"""Limits of import set before the month: against a linear programme and every level by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.models.clock import Clock
from core.models.set_points import DemandPrices, demand_usd_per_kw, limits_kw, set_points
from tests.models.tariffs import DAYTIME, HOURS, PLAIN, Floats, blocks, grid, load

SHORT = Clock(  # twelve months of 24 hours
    month=np.repeat(np.arange(12), 24),
    hour=np.tile(np.arange(24), 12),
    weekend=np.zeros(288, dtype=bool),
    starts=np.arange(12) * 24,
    order=np.arange(288),
)


def earned(caps: Floats, margin: Floats, unserved: Floats, when: Clock, prices: DemandPrices) -> float:
    """What limits earn, charges paid: the figure that set_points is to maximise."""
    limit = limits_kw(caps, when, prices)
    below = np.cumsum(unserved, axis=0) - unserved
    by_step = np.clip(limit - below, 0.0, unserved)
    served, total = by_step.sum(axis=0), float((margin * by_step).sum())
    month_kw = np.zeros(12)
    for month in range(12):
        here = when.of_operation == month
        peaks = [served[here & (prices.period == p)].max(initial=0.0) for p in range(len(caps))]
        total -= float(prices.timed_usd_per_kw[:, month] @ peaks)
        month_kw[month] = max(peaks)
    year_kw = month_kw[prices.looked_at].max(initial=0.0)
    billed = np.maximum(np.maximum(month_kw, prices.ratchet_frac * year_kw), prices.free_kw)
    return total - float(prices.month_usd_per_kw @ (billed - prices.free_kw))


def best_by_programme(margin: Floats, unserved: Floats, when: Clock, prices: DemandPrices) -> float:
    """The same by HiGHS: served by hour, a peak by period and month, a peak by month, what is billed of it above what
    is billed anyway, and the peak of the year."""
    from scipy.optimize import linprog
    from scipy.sparse import lil_matrix

    steps, hours = margin.shape
    slots, flows = 12 * len(prices.timed_usd_per_kw), steps * hours
    peak, bill, year = flows + slots, flows + slots + 12, flows + slots + 24
    cost = np.concatenate(
        [-margin.ravel(), prices.timed_usd_per_kw.ravel(), np.zeros(12), prices.month_usd_per_kw, [0.0]]
    )
    rows, right = lil_matrix((2 * hours + 36, year + 1)), np.zeros(2 * hours + 36)
    for hour in range(hours):
        month, slot = when.of_operation[hour], prices.period[hour] * 12 + when.of_operation[hour]
        for step in range(steps):
            rows[hour, step * hours + hour] = rows[hours + hour, step * hours + hour] = 1.0
        rows[hour, flows + slot] = rows[hours + hour, peak + month] = -1.0
    for month, share in enumerate(prices.ratchet_frac):
        at = 2 * hours + 3 * month
        rows[at, peak + month], rows[at, bill + month] = 1.0, -1.0
        rows[at + 1, year], rows[at + 1, bill + month] = share, -1.0
        right[at : at + 2] = prices.free_kw[month]
        if prices.looked_at[month]:
            rows[at + 2, peak + month], rows[at + 2, year] = 1.0, -1.0
    bounds = [(0.0, kw) for kw in unserved.ravel()] + [(0.0, None)] * (slots + 25)
    return -float(linprog(cost, A_ub=rows.tocsr(), b_ub=right, bounds=bounds, method="highs").fun)


def test_one_price_by_hand() -> None:
    """10, 20 and 30 kW wanted at 3, 4 and 2 dollars: below 10 a kW earns 9, to 20 it earns 6, to 30 it earns 2."""
    margin, unserved = np.zeros(288), np.zeros(288)
    margin[:3], unserved[:3] = [3.0, 4.0, 2.0], [10.0, 20.0, 30.0]
    for price, cap in ((1.9, 30.0), (2.1, 20.0), (6.5, 10.0), (9.5, 0.0), (0.0, np.inf)):
        prices = DemandPrices(np.full(12, price), np.zeros((1, 12)), np.zeros(288, dtype=int), np.zeros(12))
        assert set_points(margin, unserved, SHORT, prices)[0, 0] == cap


def test_steps_by_hand() -> None:
    """Hour one wants 10 kW at 5 and 10 more at 1 dollar, hour two 15 at 3: to 10 a kW earns 8, to 15 it earns 4, then 1."""
    margin, unserved = np.zeros((2, 288)), np.zeros((2, 288))
    margin[:, 0], unserved[:, 0] = [5.0, 1.0], [10.0, 10.0]
    margin[0, 1], unserved[0, 1] = 3.0, 15.0
    for price, cap in ((0.9, 20.0), (1.1, 15.0), (4.1, 10.0), (8.1, 0.0)):
        prices = DemandPrices(np.full(12, price), np.zeros((1, 12)), np.zeros(288, dtype=int), np.zeros(12))
        assert set_points(margin, unserved, SHORT, prices)[0, 0] == cap


@pytest.mark.parametrize("seed", range(24))
def test_no_limits_earn_more(seed: int) -> None:
    """One step and three; with and without prices by period, by month, of what is billed anyway, with a ratchet; margins below 0."""
    rng = np.random.default_rng(seed)
    shape = (3 if seed % 2 else 1, 288)
    margin = -np.sort(-rng.normal(0.03, 0.04, shape), axis=0)
    unserved = rng.uniform(0, 100, shape) * (rng.random(shape) < 0.7)
    if seed % 4 == 3:
        unserved = np.round(unserved, -1)  # many hours alike
    prices = DemandPrices(
        month_usd_per_kw=rng.uniform(0, 0.6, 12) * (seed % 3 > 0),
        timed_usd_per_kw=rng.uniform(0, 0.4, (2, 12)) * (seed % 4 > 1),
        period=(SHORT.hour >= 12).astype(int),
        free_kw=rng.uniform(0, 60, 12) * (seed % 5 == 1),
        ratchet_frac=np.full(12, rng.uniform(0.3, 1.0)) * (seed >= 12),
        looked_at=np.arange(12) % 3 < (3 if seed % 2 else 2),
    )
    caps = set_points(margin, unserved, SHORT, prices)
    wanted = unserved * (margin > 0)  # what does not pay is not imported, whatever the limit
    ours = earned(caps, margin, wanted, SHORT, prices)
    assert ours == pytest.approx(best_by_programme(margin, wanted, SHORT, prices), rel=1e-9, abs=1e-9)
    for _ in range(20):
        other = np.where(np.isfinite(caps), caps * rng.uniform(0.8, 1.2, caps.shape), caps)
        assert earned(other, margin, wanted, SHORT, prices) <= ours + 1e-9


def test_prices_of_the_tariff_by_season_period_and_block() -> None:
    changes: dict[str, Any] = {
        "tariff__flat_demand": {"periods": [blocks((9.0, 100.0), (7.0, None)), blocks((14.0, None))], "months": [0] * 5 + [1] * 4 + [0] * 3},
        "tariff__timed_demand": {"periods": [blocks((0.0, None)), blocks((4.0, 50.0), (3.0, None))], "weekday": DAYTIME},
        "tariff__ratchet": {"least_kw": 25.0},
    }  # fmt: skip
    site = grid(**changes)
    dear = demand_usd_per_kw(site, PLAIN)
    assert list(dear.month_usd_per_kw) == [7.0] * 5 + [14.0] * 4 + [7.0] * 3
    assert (dear.timed_usd_per_kw == [[0.0] * 12, [3.0] * 12]).all()
    assert (dear.free_kw == 25.0).all()
    assert not dear.ratchet_frac.any()
    assert (dear.period == ((PLAIN.hour >= 8) & (PLAIN.hour < 20))).all()
    small = demand_usd_per_kw(site, PLAIN, np.full(12, 80.0), np.full((2, 12), 40.0))
    assert list(small.month_usd_per_kw)[:6] == [9.0] * 5 + [14.0]
    assert (small.timed_usd_per_kw[1] == 4.0).all()


def test_without_demand_charges_nothing_is_limited() -> None:
    prices = demand_usd_per_kw(grid(), PLAIN)
    caps = set_points(np.full(HOURS, 0.02), load((0, HOURS, 50.0)), PLAIN, prices)
    assert np.isinf(limits_kw(caps, PLAIN, prices)).all()


def test_a_whole_year_has_a_limit_in_every_month_and_period() -> None:
    rng = np.random.default_rng(1)
    site = grid(
        tariff__flat_demand={"periods": [blocks((9.0, None))]},
        tariff__timed_demand={"periods": [blocks((1.0, None)), blocks((4.0, None))], "weekday": DAYTIME},
    )
    prices = demand_usd_per_kw(site, PLAIN)
    caps = set_points(rng.uniform(0, 0.1, HOURS), rng.uniform(0, 500, HOURS), PLAIN, prices)
    assert caps.shape == (2, 12)
    assert ((caps > 0) & (caps <= 500)).all()


def test_a_ratchet_by_hand() -> None:
    """July's 50 kW: a kW costs 10 dollars, and 8 in each other month, where it lets 3.20 be earned: 62.80 in all.

    Other months have an hour of 100 kW at 4 dollars, which pays no peak of its own: up to 80 % of July's it costs nothing.
    """
    share = np.full(12, 0.8)
    for worth, july, others in ((63.0, 50.0, 40.0), (62.0, 0.0, 0.0)):
        margin, unserved = np.full(288, 0.0), np.zeros(288)
        margin[::24], unserved[::24] = 4.0, 100.0
        margin[6 * 24], unserved[6 * 24] = worth, 50.0
        prices = DemandPrices(np.full(12, 10.0), np.zeros((1, 12)), np.zeros(288, dtype=int), np.zeros(12), share)
        caps = set_points(margin, unserved, SHORT, prices)[0]
        assert list(caps) == [others] * 6 + [july] + [others] * 5


def test_the_ratchet_of_a_tariff_is_in_its_prices() -> None:
    changes = {
        "tariff__flat_demand": {"periods": [blocks((9.0, None))]},
        "tariff__ratchet": {"shares_frac": [0.8], "peak_months": [7]},
    }
    prices = demand_usd_per_kw(grid(**changes), PLAIN)
    assert list(prices.ratchet_frac) == [0.8] * 12
    assert list(prices.looked_at) == [month == 6 for month in range(12)]
