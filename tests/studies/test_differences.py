"""Two plans under the same chances: what chance does to both falls out; what else could be done, as the projection has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import core
from core.errors import ValidationError
from core.inputs import Market, Weather
from core.models import lanes, risk
from core.models.price_paths import quantiles_usd
from core.scenario import Scenario
from core.studies.alternatives import buy_and_hold
from core.studies.chances import volatility
from core.studies.differences import GRID, HOLD, SELL, Differences, Plan, differences, held_npv_usd
from core.studies.projection import project
from core.studies.run import network, run, used_readings
from core.studies.simulation import BATCH, simulate
from tests.studies.risk_cases import STILL

pytestmark = pytest.mark.usefixtures("kernel")
NEAR = Scenario().but({"finance.horizon_years": 3, "outlook.price_usd": 200_000.0})
# quick to live: nothing else could be done with it but hold coins, and its sun is sure
ALONE = NEAR.but({
    "finance.horizon_years": 2, "grid.import_limit_kw": 0.0, "grid.export_limit_kw": 0.0, "risk.yield_deviation": 0.0,
    "risk.yield_deviation_of_years": 0.0, "array.first_year_degradation_frac": 0.0, "array.degradation_frac_per_year": 0.0,
})  # fmt: skip
SURE_COST = {"risk.overrun_deviation": 0.0}
TAXED = {"finance.tax.federal_rate_frac": 0.21, "finance.tax.state_rate_frac": 0.05}
BIGGER = {"fleet.units.0.count": 400, "name": "More machines"}


@pytest.fixture(scope="module", autouse=True)
def _lanes() -> None:
    lanes.compile_kernel(1)


@pytest.fixture(scope="module")
def bigger(greensboro: Weather, market: Market) -> Differences:
    """A plan, and the same with more machines."""
    return differences(Plan(NEAR, greensboro, market), Plan(NEAR.but(BIGGER), greensboro, market), paths=2000)


def alternative(told: Differences, plan: str, name: str) -> dict[str, float]:
    rows = told.alternatives.set_index(["plan", "alternative"])
    return dict(rows.loc[(plan, name)])


# By pencil


def test_a_plan_and_itself_differ_by_nothing_on_any_path(greensboro: Weather, market: Market) -> None:
    told = differences(
        Plan(ALONE, greensboro, market), Plan(ALONE.but({"name": "Twin"}), greensboro, market), paths=500
    )
    assert (told.paths["difference_usd"] == 0.0).all()
    assert told.paths["first_npv_usd"].std() > 0
    assert told.metrics["second_better_probability_frac"] == told.metrics["first_better_probability_frac"] == 0.0
    assert told.metrics["variance_ratio"] == 0.0
    assert [order.better for order in told.orders] == ["alike", "alike"]
    assert told.notices == ()


@pytest.mark.parametrize("contingency", [0.0, 0.05, 0.3])
def test_a_cost_paid_once_is_the_difference_on_every_path(
    contingency: float, greensboro: Weather, market: Market
) -> None:
    plan = ALONE.but({**SURE_COST, "finance.contingency_frac": contingency})
    dearer = plan.but({"finance.other_usd": plan.finance.other_usd + 80_000.0})
    told = differences(Plan(plan, greensboro, market), Plan(dearer, greensboro, market), paths=500)
    expected = np.full(500, -80_000.0 * (1.0 + contingency))
    assert told.paths["difference_usd"].to_numpy() == pytest.approx(expected, abs=1e-6)  # of millions, in floats
    assert [order.better for order in told.orders] == ["first", "first"]
    assert told.metrics["first_better_probability_frac"] == 1.0
    assert told.metrics["difference_p5_usd"] == pytest.approx(told.metrics["difference_p95_usd"], abs=1e-6)


def test_a_cost_that_may_overrun_does_so_alike_in_both(greensboro: Weather, market: Market) -> None:
    dearer = ALONE.but({"finance.other_usd": ALONE.finance.other_usd + 80_000.0})
    told = differences(Plan(ALONE, greensboro, market), Plan(dearer, greensboro, market), paths=500)
    overrun = simulate(ALONE, greensboro, market, paths=500).paths["overrun_frac"]
    expected = -80_000.0 * (1.0 + ALONE.finance.contingency_frac) * overrun.to_numpy()
    assert told.paths["difference_usd"].to_numpy() == pytest.approx(expected, abs=1e-6)


# Chance


def test_each_plan_is_lived_as_when_alone(bigger: Differences, greensboro: Weather, market: Market) -> None:
    for name, plan in (("first", NEAR), ("second", NEAR.but(BIGGER))):
        alone = simulate(plan, greensboro, market, paths=2000)
        assert bigger.paths[f"{name}_npv_usd"].equals(alone.paths["npv_usd"])
        assert bigger.metrics[f"{name}_cvar_95_usd"] == alone.metrics["cvar_95_usd"]
        assert bigger.errors[f"{name}_cvar_95_usd"] == alone.errors["cvar_95_usd"]


def test_chances_in_common_tell_the_difference_with_far_less_noise(
    bigger: Differences, greensboro: Weather, market: Market
) -> None:
    """What the ratio promises is what chances of their own show: of another seed, paths shuffled, as scrambled points of two
    seeds share the half they fall into."""
    other = simulate(NEAR.but(BIGGER), greensboro, market, paths=2000, seed=99).paths["npv_usd"].to_numpy()
    apart = np.random.default_rng(5).permutation(other) - bigger.paths["first_npv_usd"].to_numpy()
    own, common = float(apart.var()), float(bigger.paths["difference_usd"].var())
    assert common < own / 5.0
    error = float(risk.mean_error_usd((apart - apart.mean()) ** 2))  # of a variance, as the mean of squares that it is
    assert bigger.metrics["variance_ratio"] == pytest.approx(common / own, abs=4.0 * error / own * common / own)


def test_figures_are_those_of_the_paths(bigger: Differences) -> None:
    apart = bigger.paths["difference_usd"]
    assert apart.equals(bigger.paths["second_npv_usd"] - bigger.paths["first_npv_usd"])
    assert bigger.metrics["difference_p5_usd"] == pytest.approx(np.quantile(apart, 0.05))
    assert bigger.metrics["second_better_probability_frac"] == (apart > 0).mean()
    n, p = len(apart), (apart > 0).mean()
    wilson = np.sqrt(p * (1 - p) / n + 1 / (4 * n**2)) / (1 + 1 / n)
    assert bigger.errors["second_better_probability_frac"] == pytest.approx(wilson, rel=1e-9)
    assert bigger.errors["difference_mean_usd"] == pytest.approx(apart.std() / np.sqrt(n))
    assert "variance_ratio" not in bigger.errors


def test_without_chance_there_is_no_variance_to_spare(greensboro: Weather, market: Market) -> None:
    plan = ALONE.but(STILL)
    told = differences(Plan(plan, greensboro, market), Plan(plan.but(BIGGER), greensboro, market), paths=100)
    assert np.isnan(told.metrics["variance_ratio"])
    assert np.ptp(told.paths["difference_usd"]) == 0.0


# One world


def test_the_second_plan_is_lived_in_the_world_of_the_first(greensboro: Weather, market: Market) -> None:
    dreamt = ALONE.but({"outlook.price_growth_per_year": 0.9, "risk.price_volatility_per_year": 0.1, "risk.seed": 7})
    told = differences(Plan(ALONE, greensboro, market), Plan(dreamt, greensboro, market), paths=200)
    assert (told.paths["difference_usd"] == 0.0).all()
    assert told.notices == (
        "The second plan is lived in the world of the first. Its own is left out: Price growth, Price volatility, now.",
    )


def test_a_market_read_on_another_day_is_the_first_plans(greensboro: Weather, market: Market) -> None:
    plan = ALONE.but({"outlook.price_usd": None})
    later = replace(market, price_usd=replace(market.price_usd, value=2.0 * market.price_usd.value))
    told = differences(Plan(plan, greensboro, market), Plan(plan, greensboro, later), paths=200)
    assert (told.paths["difference_usd"] == 0.0).all()
    assert told.notices[0].endswith("left out: Bitcoin price.")


def test_what_is_the_plans_own_stays_its_own(greensboro: Weather, market: Market) -> None:
    cheap = ALONE.but({"outlook.pool_fee_frac": 0.0})
    told = differences(Plan(ALONE, greensboro, market), Plan(cheap, greensboro, market), paths=200)
    assert told.notices == ()
    assert (told.paths["difference_usd"] > 0.0).all()
    assert told.scenarios[1].outlook.pool_fee_frac == 0.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"finance.horizon_years": 4}, "different times"),
        ({"outlook.start_month": "2028-01"}, "different months"),
        ({"finance.discount_rate": 0.2}, "own rate"),
    ],
)
def test_what_is_not_the_same_in_both_is_said(
    change: dict[str, object], words: str, greensboro: Weather, market: Market
) -> None:
    told = differences(Plan(ALONE, greensboro, market), Plan(ALONE.but(change), greensboro, market), paths=100)
    assert len(told.notices) == 1
    assert words in told.notices[0]


def test_another_sky_is_said(greensboro: Weather, market: Market) -> None:
    darker = replace(greensboro, hourly=greensboro.hourly.assign(ghi=greensboro.hourly["ghi"] * 0.9))
    told = differences(Plan(ALONE, greensboro, market), Plan(ALONE, darker, market), paths=100)
    assert "different weather years" in told.notices[0]


# What else could be done


def test_without_chance_alternatives_are_those_beside_the_projection(greensboro: Weather, market: Market) -> None:
    plan = NEAR.but({**STILL, **TAXED})
    metrics = project(plan, greensboro, market).metrics
    told = differences(Plan(plan, greensboro, market), Plan(plan, greensboro, market), paths=100)
    near = 1e-4 * (metrics["capex_usd"] or 0.0)  # as near as paths are to the projection
    for name, metric in (("This plan", "npv_usd"), (SELL, "sell_npv_usd"), (GRID, "grid_npv_usd")):
        row = alternative(told, "first", name)
        assert [row[f"p{p}_usd"] for p in (5, 50, 95)] == pytest.approx([metrics[metric]] * 3, abs=near)
    assert metrics["hold_npv_usd"] == pytest.approx(alternative(told, "second", HOLD)["p50_usd"], rel=1e-9)


@pytest.mark.parametrize("terms", [{}, TAXED, {**TAXED, "finance.tax.taxpayer": "household"}])
@pytest.mark.parametrize("end_usd", [20_000.0, 200_000.0, 2_000_000.0])
def test_coins_of_the_first_day_are_those_of_buy_and_hold(
    terms: dict[str, object], end_usd: float, market: Market
) -> None:
    plan = NEAR.but(terms)
    path = network(plan, used_readings(plan, market))
    price = path.price_usd.copy()
    price[-1] = end_usd
    paid = np.array([-1e6, 0.0, 0.0, 0.0])
    exact = buy_and_hold(plan, replace(path, price_usd=price), paid).npv_usd
    assert held_npv_usd(plan, 1e6, price[0], np.array([end_usd])) == pytest.approx([exact], rel=1e-12)


def test_coins_held_are_worth_what_the_price_path_says(greensboro: Weather, market: Market) -> None:
    """Untaxed, NPV rises with the last price alone: its percentiles are those of the closed form of price."""
    plan = ALONE.but({"finance.horizon_years": 5})
    base = run(plan, greensboro, used_readings(plan, market))
    months = len(base.path.days)
    price_end = quantiles_usd([base.path.price_usd[-1]] * months, volatility(plan.risk), [0.05, 0.5, 0.95])[:, -1]
    assert price_end[1] == pytest.approx(base.path.price_usd[-1])  # the plan is the median
    paid = -base.cash_usd[0]
    growth = price_end / base.path.price_usd[0] * (1.0 - plan.outlook.exchange_fee_frac) ** 2
    expected = paid * (growth / (1.0 + plan.finance.discount_rate) ** 5 - 1.0)
    told = differences(Plan(plan, greensboro, market), Plan(plan, greensboro, market), paths=4096)
    held = held_npv_usd(
        plan,
        paid,
        base.path.price_usd[0],
        simulate(plan, greensboro, market, paths=4096).paths["price_end_usd"].to_numpy(),
    )
    row = alternative(told, "first", HOLD)
    for share, exact in zip((0.05, 0.5, 0.95), expected, strict=True):
        assert row[f"p{round(100 * share)}_usd"] == pytest.approx(np.quantile(held, share))
        low, high = risk.percentile_interval_usd(held, share, 0.999)
        assert low < exact < high


def test_an_alternative_that_cannot_be_is_no_row(greensboro: Weather, market: Market) -> None:
    off_grid = NEAR.but({"grid.import_limit_kw": 0.0, "grid.export_limit_kw": 0.0})
    free = NEAR.but({"fleet.units": [], "array.dc_kw": 0.0, "finance.other_usd": 0.0})
    told = differences(Plan(off_grid, greensboro, market), Plan(free, greensboro, market), paths=100)
    rows = told.alternatives.groupby("plan")["alternative"].agg(list)
    assert rows["first"] == ["This plan", HOLD]
    assert rows["second"] == ["This plan"]


def test_how_often_the_plan_is_better_is_counted_over_its_paths(
    bigger: Differences, greensboro: Weather, market: Market
) -> None:
    sell = simulate(
        NEAR.model_copy(update={"fleet": NEAR.fleet.model_copy(update={"units": ()})}), greensboro, market, paths=2000
    )
    row = alternative(bigger, "first", SELL)
    assert row["plan_better_probability_frac"] == (bigger.paths["first_npv_usd"] > sell.paths["npv_usd"]).mean()
    assert row["paths"] == 2000
    assert np.isnan(alternative(bigger, "first", "This plan")["plan_better_probability_frac"])


# Running


def test_work_tells_how_far_it_is_and_is_cut_short_where_time_is_up(greensboro: Weather, market: Market) -> None:
    shares: list[float] = []
    plan = ALONE.but({"finance.horizon_years": 1})
    told = differences(
        Plan(plan, greensboro, market), Plan(plan.but(BIGGER), greensboro, market),
        paths=4 * BATCH, tick=shares.append, enough=lambda: True,
    )  # fmt: skip
    assert shares == sorted(shares)
    assert 0.0 < shares[0] < shares[-1] <= 1.0
    assert len(told.paths) == 2 * BATCH
    assert f"{2 * BATCH:,} of the {4 * BATCH:,}" in told.notices[0]


def test_the_same_seed_tells_the_same(greensboro: Weather, market: Market) -> None:
    pair = Plan(ALONE, greensboro, market), Plan(ALONE.but(BIGGER), greensboro, market)
    one, again, other = (differences(*pair, paths=200, seed=seed) for seed in (3, 3, 4))
    assert one.metrics == again.metrics
    assert one.metrics != other.metrics


@pytest.mark.parametrize(("name", "paths", "seed"), [("paths", 0, 1), ("seed", 100, -1)])
def test_what_cannot_be_asked_is_named(name: str, paths: int, seed: int, greensboro: Weather, market: Market) -> None:
    pair = Plan(ALONE, greensboro, market), Plan(ALONE.but(BIGGER), greensboro, market)
    with pytest.raises(ValidationError) as error:
        differences(*pair, paths=paths, seed=seed)
    assert error.value.field == name


def test_it_is_asked_by_the_name_of_the_house(greensboro: Weather, market: Market) -> None:
    told = core.differences(ALONE, ALONE.but(BIGGER), greensboro, market, paths=100, seed=2)
    assert isinstance(told, core.Differences)
    assert len(told.paths) == 100
