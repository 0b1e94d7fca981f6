"""Months from sorted hours: what the rule of dispatch does in every hour, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from core.models import sorted_hours
from core.models.dispatch import NO_STORAGE, Hours, dispatch, step_flows
from core.models.sorted_hours import (
    BOUGHT_KWH,
    BOUGHT_USD,
    PV_KWH,
    SOLD_KWH,
    SOLD_USD,
    TOLD,
    Groups,
    Inverter,
    groups,
    told,
)

HOURS, PRICES = 240, 3
INVERTER = Inverter(0.964, 2.5, 310.0)


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    sorted_hours.compile_kernel()


def site(seed: int, steps: int) -> tuple[np.ndarray, np.ndarray, Groups]:
    """DC power of some hours, the group of each, and the groups: any prices, outages, limits, heat."""
    rng = np.random.default_rng(seed)
    dc_kw = np.maximum(rng.normal(100.0, 180.0, HOURS), 0.0) * (rng.random(HOURS) > 0.1)
    number = rng.integers(0, 2 * PRICES, HOURS)
    buy = rng.uniform(0.0, 0.12, 2 * PRICES)
    sell = buy * rng.uniform(0.0, 1.0, 2 * PRICES) * (rng.random(2 * PRICES) > 0.3)
    limit = rng.choice([0.0, 60.0, np.inf], 2 * PRICES)
    export = np.where(sell > 0, rng.choice([40.0, np.inf], 2 * PRICES), 0.0)
    of_group = {
        "month": np.repeat([0.0, 1.0], PRICES),
        "buy_usd_per_kwh": np.where(limit > 0, buy, np.inf),
        "sell_usd_per_kwh": np.where(export > 0, sell, 0.0),
        "import_kw": limit,
        "export_kw": export,
        "pue": rng.choice([1.0, 1.1], 2 * PRICES),
        "draw_kw": rng.uniform(0.0, 120.0, (steps, 1)) * rng.choice([0.0, 0.9, 1.0], 2 * PRICES),
        "worth": np.sort(rng.uniform(0.2, 1.0, (steps, 1)), axis=0)[::-1] * np.ones(2 * PRICES),
    }
    return dc_kw, number, groups(dc_kw, number, of_group)


def by_the_hour(
    dc_kw: np.ndarray, number: np.ndarray, of: Groups, light: float, worth: np.ndarray, alive: np.ndarray
) -> np.ndarray:
    """The same months by `dispatch`, hour by hour."""
    pv_kw = np.clip(INVERTER.slope * (light * dc_kw - INVERTER.start_kw), 0.0, INVERTER.rating_kw)
    month = of.month[number]
    step_kw = of.draw_kw[:, number] * alive[month]
    hours = Hours(
        pv_kw, step_kw, of.worth[:, number] * worth[month],
        np.where(np.isinf(of.buy_usd_per_kwh), 0.5, of.buy_usd_per_kwh)[number], of.sell_usd_per_kwh[number],
        of.import_kw[number], of.export_kw[number],
    )  # fmt: skip
    mining, _, _, _, bought, sold, _ = dispatch(hours, NO_STORAGE)
    rows = [
        *(step_flows(mining, step_kw) / of.pue[number]), bought, sold, bought * hours.import_usd_per_kwh,
        sold * hours.export_usd_per_kwh, pv_kw,
    ]  # fmt: skip
    return np.array([[row[month == m].sum() for m in range(2)] for row in rows])


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_months_are_those_of_the_rule_hour_by_hour(steps: int, compiled: bool) -> None:
    for seed in range(40):
        dc_kw, number, of = site(seed, steps)
        rng = np.random.default_rng(1000 + seed)
        light = np.append(rng.uniform(0.3, 1.4, 6), 0.0)
        worth, alive = rng.uniform(-0.02, 0.25, (12, 7)), rng.uniform(0.0, 1.0, (12, 7))
        months = told(of, INVERTER, light, worth, alive, compiled=compiled)
        for path in range(7):
            exact = by_the_hour(dc_kw, number, of, light[path], worth[:, path], alive[:, path])
            assert months[:, :2, path] == pytest.approx(exact, rel=1e-9, abs=1e-9 * 300.0 * HOURS)
        assert (months[:, 2:] == 0).all()


def test_both_engines_agree() -> None:
    _, _, of = site(3, 2)
    rng = np.random.default_rng(5)
    asked = rng.uniform(0.0, 1.5, 300), rng.uniform(-0.1, 0.3, (12, 300)), rng.uniform(0.0, 1.0, (12, 300))
    fast, plain = (told(of, INVERTER, *asked, compiled=compiled) for compiled in (True, False))
    assert fast == pytest.approx(plain, rel=1e-11, abs=1e-8)


def test_what_is_worth_nothing_does_not_run_and_sells_its_sun() -> None:
    _, _, of = site(3, 1)
    free = of._replace(sell_usd_per_kwh=np.full(6, 0.03), export_kw=np.full(6, np.inf))
    months = told(free, INVERTER, np.ones(1), np.zeros((12, 1)), np.ones((12, 1)))
    assert len(months) == 1 + TOLD
    assert (months[[0, 1 + BOUGHT_KWH, 1 + BOUGHT_USD]] == 0).all()
    assert months[1 + SOLD_KWH] == pytest.approx(months[1 + PV_KWH])
    assert months[1 + SOLD_USD] == pytest.approx(0.03 * months[1 + PV_KWH])
