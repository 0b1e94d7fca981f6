"""Difficulty that answers to miners' pay, through a plan and its paths: what it costs to mine stays near what it brings."""

from __future__ import annotations

import numpy as np
import pytest

from core.inputs import Market, Weather
from core.models import mining
from core.scenario import Scenario
from core.studies.chances import chances
from core.studies.miners import block_cost_usd
from core.studies.projection import project
from core.studies.run import network, used_readings
from tests.studies.risk_cases import STILL

pytestmark = pytest.mark.usefixtures("kernel")
YEARS = 25
ANSWERS = {"outlook.difficulty_path": "responds", "risk.difficulty": "responds", "finance.horizon_years": YEARS}


def margin(
    plan: Scenario, month: np.ndarray, price: np.ndarray, difficulty: np.ndarray, reward: np.ndarray
) -> np.ndarray:
    """What a block pays over what its power costs the network's mean machine."""
    cost = block_cost_usd(plan.outlook, month).reshape(-1, *[1] * (price.ndim - 1))
    return price * reward / (difficulty * cost)


PRICES: list[dict[str, object]] = [
    {},
    {"risk.price": "resampled", "risk.resampled_changes": [0.3, -0.25, 0.1, -0.15, 0.2, -0.1, 0.25, -0.3] * 3},
    {"risk.price": "by_year", "risk.price_deviations": [0.5, 0.8, 1.0]},
]


@pytest.mark.parametrize("end", [10.0, 1.0, 0.1])
@pytest.mark.parametrize("price", PRICES)
def test_over_25_years_what_mining_pays_stays_near_what_it_costs_whatever_price_does(
    price: dict[str, object], end: float, market: Market
) -> None:
    """Hashprice over hashcost within 0.5 to 3 in the median of the paths, for prices that rise tenfold, stay, or fall by nine tenths."""
    plan = Scenario().but(
        {
            **ANSWERS,
            **price,
            "risk.fees_jumps_per_year": 0.5,
            "outlook.price_growth_per_year": end ** (1.0 / YEARS) - 1.0,
        }
    )
    readings = used_readings(plan, market)
    path = network(plan, readings)
    fees = next(r.value for r in readings if r.name == "fees_btc_per_block")
    told = chances(plan, path, fees, 1, 0, 512)
    found = np.median(
        margin(plan, path.month, told.price_usd, told.difficulty, told.subsidy_btc + told.fees_btc), axis=1
    )
    assert found.min() > 0.5
    assert found.max() < 3.0
    planned = margin(plan, path.month, path.price_usd, path.difficulty, path.subsidy_btc + fees)
    assert planned.min() > 0.5
    assert planned.max() < 3.0


def test_without_chance_every_path_is_the_plan_that_answers(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({**STILL, **ANSWERS, "finance.horizon_years": 6})
    path = network(plan, used_readings(plan, market))
    told = chances(plan, path, 0.02, 1, 0, 16)
    np.testing.assert_allclose(told.difficulty, np.broadcast_to(path.difficulty[:, None], (72, 16)), rtol=1e-12)
    np.testing.assert_allclose(told.subsidy_btc, np.broadcast_to(path.subsidy_btc[:, None], (72, 16)), rtol=1e-12)
    assert project(plan, greensboro, market).monthly["difficulty"].to_numpy() == pytest.approx(path.difficulty)


def test_a_halving_halves_what_a_hash_earns_and_not_the_difficulty(market: Market) -> None:
    plan = Scenario().but({**ANSWERS, "outlook.price_growth_per_year": 0.0, "finance.horizon_years": 4})
    path = network(plan, used_readings(plan, market))
    month = int(np.argmax(path.halves))
    assert path.difficulty[month + 6] / path.difficulty[month] > 0.7
    before, after = (
        mining.hashprice_usd_per_ph_day(path.price_usd[m], path.difficulty[m], path.subsidy_btc[m], 0.02)
        for m in (month - 1, month + 1)
    )
    assert after / before == pytest.approx(0.5, abs=0.12)


def test_a_price_ten_times_as_high_is_ten_times_the_difficulty_in_the_end(market: Market) -> None:
    low, high = (
        network(plan, used_readings(plan, market))
        for plan in (
            Scenario().but({**ANSWERS, "outlook.price_growth_per_year": 0.0}),
            Scenario().but({**ANSWERS, "outlook.price_path": "own", "outlook.own_price_usd": [758_940.0]}),
        )
    )
    assert high.difficulty[-1] / low.difficulty[-1] == pytest.approx(10.0, rel=0.05)


def test_in_bad_years_miners_leave_and_in_good_ones_they_come(market: Market) -> None:
    plan = Scenario().but({**ANSWERS, "finance.horizon_years": 8})
    path = network(plan, used_readings(plan, market))
    told = chances(plan, path, 0.02, 1, 0, 2048)
    price, difficulty = (
        np.log(getattr(told, name)[-1] / getattr(path, name)[-1]) for name in ("price_usd", "difficulty")
    )
    assert np.corrcoef(price, difficulty)[0, 1] > 0.6
