"""What moves the result: bars that agree with the projection, shares that add up, and bad turns that are what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.inputs import Market, Weather
from core.models import lanes
from core.scenario import Scenario
from core.studies.chances import chances
from core.studies.drivers import OWN, POOR, THINGS, Sensitivity, moved, npv_usd, ranked, sensitivity
from core.studies.options import options
from core.studies.projection import project
from core.studies.run import run, used_readings
from core.studies.simulation import ground_of, simulate
from tests.studies.risk_cases import STILL

pytestmark = pytest.mark.usefixtures("kernel")
PLAN = Scenario().but({"finance.horizon_years": 4, "outlook.price_usd": 150_000.0, "risk.delay_deviation_months": 3.0})


@pytest.fixture(scope="module")
def told(greensboro: Weather, market: Market) -> Sensitivity:
    lanes.compile_kernel(1)
    return sensitivity(PLAN, greensboro, market)


def test_the_base_is_the_projection(told: Sensitivity, greensboro: Weather, market: Market) -> None:
    metrics = project(PLAN, greensboro, market).metrics
    assert told.base_usd == pytest.approx(metrics["npv_usd"], abs=1e-4 * (metrics["capex_usd"] or 0.0))
    assert told.invested_usd == pytest.approx(metrics["capex_usd"])


def test_a_bar_is_the_projection_of_the_moved_plan(told: Sensitivity, greensboro: Weather, market: Market) -> None:
    """Building cost at its P95 is the plan with dearer array, site and the rest."""
    dearer = float(np.exp(-POOR * PLAN.risk.overrun_deviation))
    costs = ("array_usd_per_kw", "battery_usd_per_kwh", "site_usd_per_kw", "interconnection_usd", "other_usd")
    plan = PLAN.but({f"finance.{name}": PLAN.at(f"finance.{name}") * dearer for name in costs})
    bar = told.tornado.set_index("thing").loc["Building cost"]
    assert bar["high_usd"] - told.base_usd == pytest.approx(
        project(plan, greensboro, market).metrics["npv_usd"] - project(PLAN, greensboro, market).metrics["npv_usd"],
        rel=1e-6,
    )


def test_bars_point_where_they_should(told: Sensitivity) -> None:
    bars = told.tornado.set_index("thing")
    for name in ("Bitcoin price", "Fees of blocks", "Yield of the array"):
        assert bars.loc[name, "low_usd"] < told.base_usd < bars.loc[name, "high_usd"]
    for name in ("Building cost", "Idle machines", "Difficulty, price apart"):
        assert bars.loc[name, "low_usd"] > told.base_usd > bars.loc[name, "high_usd"]
    assert bars.loc["Delay", "low_usd"] == pytest.approx(told.base_usd)
    assert bars.loc["Delay", "high_usd"] < told.base_usd
    assert next(iter(told.tornado["thing"])) == "Bitcoin price"


def test_shares_of_the_variance_add_up(told: Sensitivity) -> None:
    shares = told.sobol.set_index("thing")
    assert shares["first"].sum() <= 1.0 + 3 * (shares["first_high"] - shares["first"]).max()
    assert shares["total"].sum() >= 0.9
    assert (shares["total_low"] <= shares["total"]).all()
    assert (shares["total"] <= shares["total_high"]).all()


def test_bad_turns_are_bad_where_they_must_be(told: Sensitivity) -> None:
    change = told.stress["change_usd"].to_numpy()
    names = list(told.stress["turn"])
    crash, flat, exodus, rivals, hail, outage, _ = change
    assert crash < flat < 0, names
    assert exodus > 0
    assert rivals < 0
    assert hail < 0
    assert outage < 0
    assert told.stress["npv_usd"].to_numpy() - change == pytest.approx(np.full(7, told.base_usd))


def test_the_surface_rises_with_price_and_falls_with_difficulty(told: Sensitivity) -> None:
    side = round(len(told.surface) ** 0.5)
    npv = told.surface["npv_usd"].to_numpy().reshape(side, side)
    assert (np.diff(npv, axis=1) > 0).all()
    assert (np.diff(npv, axis=0) <= 1e-6).all()
    assert npv[side // 2, side // 2] == pytest.approx(told.base_usd)


def test_without_chance_nothing_moves(greensboro: Weather, market: Market) -> None:
    plan = PLAN.but({**STILL, "risk.delay_deviation_months": 0.0})
    told = sensitivity(plan, greensboro, market)
    assert told.sobol.empty
    assert np.ptp(told.tornado[["low_usd", "high_usd"]].to_numpy()) == pytest.approx(0.0, abs=1e-6)


def test_what_is_not_named_stays(greensboro: Weather, market: Market) -> None:
    ground = ground_of(PLAN, greensboro, used_readings(PLAN, market), ())
    alone = npv_usd(ground, moved(ground.base, {"price": np.array([-1.0, 0.0, 1.0])}))
    all_of = npv_usd(
        ground, moved(ground.base, {name: np.zeros(3) for name in THINGS} | {"price": np.array([-1.0, 0.0, 1.0])})
    )
    assert alone == pytest.approx(all_of)


# Ranks


def test_ranks_of_a_known_figure() -> None:
    """NPV rises with price alone; the delay that never changes is left out."""
    rng = np.random.default_rng(1)
    paths = pd.DataFrame({name: rng.normal(size=500) for name in OWN}).assign(delay_months=0.0)
    told, explained = ranked(paths.assign(npv_usd=np.exp(paths["price_end_usd"])))
    assert told["thing"][0] == OWN["price_end_usd"]
    assert told["coefficient"].to_numpy() == pytest.approx([1.0, *[0.0] * (len(OWN) - 2)], abs=1e-9)
    assert explained == pytest.approx(1.0)


def test_ranks_point_where_bars_do(greensboro: Weather, market: Market) -> None:
    """Where difficulty goes by the plan; where it follows price, a high one tells of dear bitcoin before."""
    plan = PLAN.but({"risk.difficulty": "plan"})
    told, explained = ranked(simulate(plan, greensboro, market, paths=2000).paths)
    row = told.set_index("thing")["coefficient"]
    assert told["thing"][0] == OWN["price_end_usd"]
    assert row[OWN["price_end_usd"]] > 0 > row[OWN["difficulty_end"]]
    assert row["Building cost"] < 0 < row["Machines that run"]
    assert row["Delay"] < 0
    assert 0.0 < explained < 1.0


def test_without_chance_there_is_nothing_to_rank(greensboro: Weather, market: Market) -> None:
    plan = PLAN.but({**STILL, "risk.delay_deviation_months": 0.0})
    told, explained = ranked(simulate(plan, greensboro, market, paths=100).paths)
    assert told.empty
    assert explained == 0.0


@pytest.mark.parametrize("difficulty", ["follows", "plan"])
def test_difficulty_at_its_percentile_is_there_in_every_month(
    difficulty: str, greensboro: Weather, market: Market
) -> None:
    """The 95th percentile of paths that differ in shocks of difficulty alone."""
    plan = Scenario().but(
        {**STILL, "risk.difficulty_shock": 0.08, "risk.difficulty": difficulty, "finance.horizon_years": 5}
    )
    base = run(plan, greensboro, used_readings(plan, market))
    at = moved(base, {"difficulty": np.array([1.6449])}).difficulty[:, 0]
    drawn = chances(plan, base.path, base.fees_btc, 1, 0, 1 << 14).difficulty
    assert np.log(at / base.path.difficulty)[1:] == pytest.approx(
        np.log(np.quantile(drawn, 0.95, axis=1) / base.path.difficulty)[1:], rel=0.04
    )


@pytest.mark.parametrize("work", [sensitivity, options])
def test_it_tells_how_far_it_is_and_stops_where_asked(
    work: Callable[..., object], greensboro: Weather, market: Market
) -> None:
    """With a battery, whose table takes longest: many steps, none of them large."""
    plan = Scenario().but({"finance.horizon_years": 2, "battery.energy_kwh": 500.0, "battery.power_kw": 250.0})
    shares: list[float] = []
    work(plan, replace(greensboro), market, tick=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0
    assert max(np.diff([0.0, *shares])) < 0.35

    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(plan, replace(greensboro), market, tick=stop)
