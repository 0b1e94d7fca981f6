"""The projection as a whole: figures worked by hand, limits, and properties over random sites."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import core
from core.errors import CalculationError, ScenarioError
from core.fetchers.presets import presets
from core.inputs import Market, Weather
from core.models import finance, mining
from core.results import Projection
from core.scenario import Scenario
from core.studies.chances import chances
from core.studies.energy import sunshine
from core.studies.projection import RUNS_KEPT, project
from core.studies.run import network, used_readings
from core.vocabulary import HOURLY, METRICS, PERIODS

pytestmark = pytest.mark.usefixtures("kernel")

CASES = int(os.environ.get("SOLAR_MINING_CASES", "500"))  # NUM-05 asks for 10,000

STEADY = {
    "outlook.price_usd": 80_000.0,
    "outlook.difficulty": 1e14,
    "outlook.fees_btc_per_block": 0.05,
    "outlook.price_growth_per_year": 0.0,
    "outlook.difficulty_growth_per_year": 0.0,
    "outlook.pool_fee_frac": 0.02,
    "outlook.start_month": "2026-06",
    "finance.horizon_years": 1,
}


@pytest.fixture(scope="module")
def example(greensboro: Weather, market: Market) -> Projection:
    return project(Scenario(), greensboro, market)


def test_a_grid_mine_equals_a_calculation_by_hand(greensboro: Weather, market: Market) -> None:
    """100 machines of 200 TH/s and 3,500 W, always on, no sun: one year by pencil."""
    plan = Scenario().but(
        {
            **STEADY,
            "array.dc_kw": 0.0,
            "fleet.units": [{"hashrate_ths": 200.0, "power_w": 3500.0, "count": 100, "price_usd": 2500.0}],
            "fleet.pue": 1.1,
            "fleet.uptime_frac": 1.0,
            "fleet.derate_above_c": 90.0,
            "fleet.shutdown_above_c": 100.0,
            "grid.import_limit_kw": 1000.0,
            "grid.import_usd_per_kwh": 0.05,
        }
    )
    metrics = project(plan, greensboro, market).metrics
    energy = 100 * 3.5 * 1.1 * 8760
    coins = 100 * 200e12 * 8760 * 3600 / (1e14 * 2**32) * (3.125 + 0.05) * 0.98
    assert metrics["mined_kwh_year1"] == pytest.approx(energy, rel=1e-12)
    assert metrics["mined_btc"] == pytest.approx(coins, rel=1e-9)
    assert metrics["mining_revenue_usd"] == pytest.approx(coins * 80_000, rel=1e-9)
    assert metrics["import_cost_usd"] == pytest.approx(energy * 0.05, rel=1e-12)
    capex = 100 * 2500 + (100 * 3.5 * 1.1 * 250 + 25_000) * 1.05
    assert metrics["capex_usd"] == pytest.approx(capex, rel=1e-12)
    opex = 100 * 3.5 * 1.1 * 25 + 10_000
    assert metrics["opex_usd"] == pytest.approx(opex, rel=1e-12)
    net = coins * 80_000 - energy * 0.05 - opex
    assert metrics["npv_usd"] == pytest.approx(-capex + net / 1.08, rel=1e-9)
    assert metrics["cost_usd_per_btc"] == pytest.approx(
        (capex + (opex + energy * 0.05) / 1.08) / (coins / 1.08), rel=1e-9
    )
    assert metrics["static_payback_years"] == pytest.approx(capex / net, rel=1e-9)
    assert metrics["hashprice_usd_per_ph_day"] == pytest.approx(
        mining.hashprice_usd_per_ph_day(80_000, 1e14, 3.125, 0.05)
    )
    assert metrics["breakeven_price_usd"] == pytest.approx(
        mining.breakeven_price_usd(17.5 * 1.1, 0.05, 1e14, 3.125, 0.05, 0.02)
    )
    assert metrics["breakeven_difficulty"] == pytest.approx(
        mining.breakeven_difficulty(17.5 * 1.1, 0.05, 80_000, 3.125, 0.05, 0.02)
    )
    assert metrics["pv_kwh_year1"] == 0
    assert metrics["lcoe_usd_per_kwh"] is None


def test_an_array_alone_equals_a_calculation_by_hand(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but(
        {
            **STEADY,
            "fleet.units": [],
            "grid.export_limit_kw": 1e6,
            "grid.export_usd_per_kwh": 0.04,
            "finance.horizon_years": 2,
        }
    )
    result = project(plan, greensboro, market)
    first, second = result.yearly["pv_kwh"][1:]
    assert second == pytest.approx(first * 0.995, rel=2e-3)
    assert result.metrics["export_revenue_usd"] == pytest.approx(first * 0.04 + second * 0.04 * 1.02, rel=1e-12)
    array, upkeep = 1000 * 950 * 1.05, 16_000
    lcoe = (array + upkeep / 1.08 + upkeep * 1.025 / 1.08**2) / (first / 1.08 + second / 1.08**2)
    assert result.metrics["lcoe_usd_per_kwh"] == pytest.approx(lcoe, rel=1e-12)
    assert result.metrics["sell_npv_usd"] == pytest.approx(result.metrics["npv_usd"], rel=1e-12)
    assert result.metrics["mined_btc"] == 0
    assert result.reasons["cost_usd_per_btc"] == "there are no machines"


def test_years_sum_months_and_year_one_sums_hours(example: Projection) -> None:
    hours = example.hourly.sum()
    for hourly, monthly in (
        ("pv_kw", "pv_kwh"),
        ("mining_kw", "mined_kwh"),
        ("import_kw", "import_kwh"),
        ("export_kw", "export_kwh"),
    ):
        assert hours[hourly] == pytest.approx(example.yearly[monthly][1], rel=1e-12)
        assert example.monthly[monthly].sum() == pytest.approx(example.yearly[monthly].sum(), rel=1e-12)
    net = example.yearly["mining_revenue_usd"] + example.yearly["export_revenue_usd"] + example.yearly["salvage_usd"]
    net -= example.yearly["import_cost_usd"] + example.yearly["opex_usd"] + example.yearly["capex_usd"]
    assert np.allclose(net, example.yearly["net_cash_usd"], rtol=1e-12)
    assert example.metrics["npv_usd"] == pytest.approx(finance.npv_usd(0.08, example.yearly["net_cash_usd"].to_numpy()))


def test_every_column_and_metric_has_its_words(example: Projection) -> None:
    assert set(example.metrics) == set(METRICS)
    assert list(example.hourly.columns) == list(HOURLY)
    assert {*example.monthly.columns, *example.yearly.columns} == set(PERIODS)
    assert len(example.hourly) == 8760
    assert len(example.monthly) == 120
    assert len(example.yearly) == 11


def test_what_does_not_exist_says_why(example: Projection) -> None:
    missing = {name for name, value in example.metrics.items() if value is None}
    assert missing == set(example.reasons)
    assert example.reasons["payback_years"].startswith("never pays back")
    assert example.reasons["battery_health_end_frac"]


def test_a_halving_within_the_horizon_halves_the_coins(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({**STEADY, "finance.horizon_years": 4, "fleet.hashrate_degradation_frac_per_year": 0.0})
    months = project(plan, greensboro, market).monthly.set_index("month")
    before, after = pd.Timestamp("2027-06-01"), pd.Timestamp("2028-06-01")
    assert months["subsidy_btc"][before] == 3.125
    assert months["subsidy_btc"][after] == 1.5625
    rate = months["mined_btc"] / months["mined_kwh"]
    assert rate[after] / rate[before] == pytest.approx((1.5625 + 0.05) / (3.125 + 0.05), rel=1e-9)


def test_the_planner_overrides_the_market_and_it_shows(greensboro: Weather, market: Market) -> None:
    result = project(Scenario().but({"outlook.price_usd": 1.0}), greensboro, market)
    by_name = {r.name: r for r in result.readings}
    assert by_name["price_usd"].status == "planner"
    assert by_name["price_usd"].value == 1.0
    assert by_name["difficulty"].status == "bundled"
    assert by_name["difficulty"].value == market.difficulty.value


def test_one_hour_makes_another_year_and_another_answer_num_01(greensboro: Weather, market: Market) -> None:
    """Thirty years that differ from the first in a single hour, wherever it lies: no cache takes one for another."""
    day = np.flatnonzero(greensboro.hourly["ghi"].to_numpy() > 300)
    before = project(Scenario().but({"finance.horizon_years": 1}), greensboro, market)
    for hour in np.random.default_rng(1).choice(day, 30, replace=False):
        hourly = greensboro.hourly.copy()
        hourly.iloc[hour, hourly.columns.get_loc("dhi")] += 1.0
        other = replace(greensboro, hourly=hourly)
        assert other.digest != greensboro.digest
        after = project(Scenario().but({"finance.horizon_years": 1}), other, market)
        assert after.metrics["pv_kwh_year1"] > before.metrics["pv_kwh_year1"], hour


def test_operation_starts_in_its_month_and_the_sun_with_it(greensboro: Weather, market: Market) -> None:
    january = project(Scenario(), greensboro, market)
    july = project(Scenario().but({"outlook.start_month": "2027-07"}), greensboro, market)
    assert july.monthly["month"].iloc[0] == pd.Timestamp("2027-07-01")
    assert july.hourly.index[0] == pd.Timestamp("2027-07-01 04:00", tz="UTC")  # midnight in New York
    assert july.hourly.index.is_monotonic_increasing
    assert july.hourly.index.is_unique
    assert np.allclose(np.roll(january.monthly["pv_kwh"][:12], -6), july.monthly["pv_kwh"][:12])


@pytest.mark.parametrize(
    "zone", ["UTC", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Kiritimati", "America/St_Johns"]
)
def test_local_months_hold_every_hour_once(zone: str, greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"site.timezone": zone})
    result = project(plan, greensboro, market)
    assert result.monthly["pv_kwh"][:12].sum() == pytest.approx(result.hourly["pv_kw"].sum(), rel=1e-9)
    assert result.hourly.index.is_unique


def test_plain_and_compiled_engines_agree(greensboro: Weather, market: Market) -> None:
    for plan in presets().values():
        fast, plain = (project(plan, greensboro, market, compiled=c) for c in (True, False))
        assert (fast.engine, plain.engine) == ("numba", "numpy")
        assert fast.metrics["npv_usd"] == pytest.approx(plain.metrics["npv_usd"], rel=1e-9)
        assert np.allclose(fast.hourly, plain.hourly, rtol=1e-9, atol=1e-6)


def test_a_battery_ages_with_use_and_years(greensboro: Weather, market: Market) -> None:
    plan = presets()["off_grid_container"]
    result = project(plan, greensboro, market)
    health = result.yearly["battery_health_frac"].to_numpy()[1:]
    cycles = result.metrics["battery_cycles_year1"]
    assert cycles is not None
    assert cycles > 100
    assert health[0] == 1
    assert health[1] == pytest.approx(1 - 0.01 - 3e-5 * cycles, rel=1e-9)
    assert np.all(np.diff(health) < 0)


def test_machines_without_figures_are_refused_by_name(greensboro: Weather, market: Market) -> None:
    with pytest.raises(ScenarioError) as caught:
        project(Scenario().but({"fleet.units": [{"model": "Nobody's", "count": 1}]}), greensboro, market)
    assert caught.value.field == "fleet.units.0.model"


def test_the_public_door_answers_from_bundled_data() -> None:
    result = core.project(core.Scenario())
    assert result.weather.status == "bundled"
    assert all(r.status == "bundled" for r in result.readings)
    assert result.model_version == core.MODEL_VERSION
    by_model = core.Scenario().but({"fleet.units": [{"model": "Antminer S21 Pro (234)", "count": 140}]})
    assert core.project(by_model).metrics["mined_btc"] == result.metrics["mined_btc"]


finite = {"allow_nan": False, "allow_infinity": False}


@st.composite
def plans(draw: st.DrawFn) -> Scenario:
    """Sites over the documented ranges, extremes included."""
    number = st.floats
    changes: dict[str, Any] = {
        "array.dc_kw": draw(st.just(0.0) | number(0, 1e5, **finite)),
        "array.dc_ac_ratio": draw(number(0.3, 5)),
        "array.mounting": draw(st.sampled_from(["fixed", "roof", "one_axis", "one_axis_backtracked", "two_axis"])),
        "array.surface_tilt": draw(number(0, 90)),
        "array.surface_azimuth": draw(number(0, 360)),
        "battery.energy_kwh": draw(st.just(0.0) | number(0, 1e5)),
        "battery.power_kw": draw(number(0, 1e5)),
        "battery.round_trip_efficiency_frac": draw(number(0.3, 1)),
        "fleet.units": [
            {
                "hashrate_ths": draw(number(0.001, 1e5)),
                "power_w": draw(number(0.1, 1e6)),
                "count": draw(st.integers(0, 1000)),
                "price_usd": draw(number(0, 1e5)),
            }
        ],
        "fleet.uptime_frac": draw(number(0, 1)),
        "grid.import_limit_kw": draw(st.just(0.0) | number(0, 1e5)),
        "grid.export_limit_kw": draw(st.just(0.0) | number(0, 1e5)),
        "grid.import_usd_per_kwh": draw(number(0, 10)),
        "grid.export_usd_per_kwh": draw(number(-1, 10)),
        "outlook.price_usd": draw(number(0, 1e9)),
        "outlook.difficulty": draw(number(1, 1e24)),
        "outlook.price_growth_per_year": draw(number(-0.9, 5)),
        "outlook.difficulty_growth_per_year": draw(number(-0.9, 5)),
        "finance.horizon_years": draw(st.integers(1, 6) | st.just(40)),
        "finance.discount_rate": draw(number(-0.5, 1)),
        "finance.inflation_per_year": draw(number(-0.2, 1)),
    }
    return Scenario().but(changes)


def answer(plan: Scenario, weather: Weather, market: Market) -> Projection | CalculationError:
    try:
        return project(plan, weather, market)
    except CalculationError as error:
        return error


@settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans())
def test_any_site_gives_finite_figures_or_a_named_error(plan: Scenario, greensboro: Weather, market: Market) -> None:
    result = answer(plan, greensboro, market)
    if isinstance(result, CalculationError):
        assert result.field
        return
    hours = result.hourly
    flow = hours["pv_kw"] + hours["discharge_kw"] + hours["import_kw"]
    used = hours["mining_kw"] + hours["charge_kw"] + hours["export_kw"] + hours["curtailed_kw"]
    assert (np.abs(flow - used) <= 1e-9 * np.maximum(flow, 1)).all()
    assert (hours["import_kw"] <= plan.grid.import_limit_kw).all()
    assert (hours["mining_kw"] <= result.metrics["fleet_kw"] * (1 + 1e-12) + 1e-9).all()
    assert not ((hours["charge_kw"] > 0) & (hours["discharge_kw"] > 0)).any()
    assert (hours["soc_kwh"] <= plan.battery.energy_kwh * (1 + 1e-9)).all()
    for frame in (result.hourly, result.monthly.drop(columns="month"), result.yearly):
        assert np.isfinite(frame.to_numpy()).all()
    for name, value in result.metrics.items():
        assert (value is None) == (name in result.reasons), name
        assert value is None or np.isfinite(value)


def test_machines_that_all_but_never_run_leave_no_figure_without_end(greensboro: Weather, market: Market) -> None:
    still = Scenario().but(
        {"fleet.uptime_frac": 5e-324, "grid.import_limit_kw": 0.0, "outlook.price_usd": 1.0, "outlook.difficulty": 1.0}
    )
    told = project(still, greensboro, market)
    assert all(value is None or np.isfinite(value) for value in told.metrics.values())
    assert {name for name, value in told.metrics.items() if value is None} == set(told.reasons)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans(), more=st.floats(1, 3))
def test_more_panels_never_give_less_energy(plan: Scenario, more: float, greensboro: Weather) -> None:
    assume(plan.array.dc_kw > 0)
    large = plan.but({"array.dc_kw": plan.array.dc_kw * more})
    small_kw, large_kw = (sunshine(p.array, greensboro, 1).ac_kw[0] for p in (plan, large))
    assert (large_kw >= small_kw * (1 - 1e-12)).all()


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans())
def test_a_zero_battery_is_no_battery_and_the_same_plan_gives_the_same_bits(
    plan: Scenario, greensboro: Weather, market: Market
) -> None:
    calm = plan.but({"outlook.difficulty": 1e14, "outlook.price_usd": 1e5, "finance.horizon_years": 1})
    none, empty = calm.but({"battery.energy_kwh": 0.0, "battery.power_kw": 0.0}), calm.but({"battery.energy_kwh": 0.0})
    first, second, third = (project(p, greensboro, market) for p in (none, empty, empty))
    assert first.hourly.equals(second.hourly)
    assert second.hourly.to_numpy().tobytes() == third.hourly.to_numpy().tobytes()
    assert second.metrics == third.metrics


def test_what_was_projected_before_changes_nothing_and_little_of_it_is_kept(
    greensboro: Weather, market: Market, example: Projection
) -> None:
    """The alternatives are kept with the weather year: another plan, market or engine never gets them."""
    fresh = replace(greensboro)
    for count in range(1, 9):
        project(Scenario().but({"fleet.units.0.count": count}), fresh, market)
    project(Scenario().but({"array.dc_kw": 500.0}), fresh, market)
    project(Scenario(), fresh, replace(market, price_usd=replace(market.price_usd, value=5e4)))
    assert len(fresh.kept["alternatives"]) == RUNS_KEPT
    again = project(Scenario(), fresh, market)
    assert again.metrics == example.metrics
    for name in ("hourly", "monthly", "yearly", "statement"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(example, name), check_exact=True)


@pytest.mark.parametrize("grows_from", ["first_month", "reading"])
def test_other_price_paths_are_the_plan_and_the_middle_of_its_chances(grows_from, greensboro, market):
    own = {"outlook.price_path": "own", "outlook.own_price_usd": [150_000.0, 90_000.0]}
    law = {"outlook.price_path": "power_law", "outlook.power_law_exponent": 5.8}
    for changes in (own, law):
        plan = Scenario().but({"finance.horizon_years": 3, "outlook.grows_from": grows_from, **changes})
        price = project(plan, greensboro, market).monthly["price_usd"].to_numpy()
        readings = used_readings(plan, market)
        path = network(plan, readings)
        assert price == pytest.approx(path.price_usd)
        told = chances(plan, path, 0.0, 1, 0, 4096).price_usd
        assert np.median(told, axis=1) == pytest.approx(path.price_usd, rel=0.05)
    assert price[12] / price[0] == pytest.approx(((6937 + 365) / 6937) ** 5.8, rel=0.02)
    today = next(r.value for r in readings if r.name == "price_usd")
    assert (price[0] > today * 1.1) if grows_from == "reading" else (price[0] == today)


def test_own_prices_that_cannot_be_are_refused():
    for prices in ([0.0], [-5.0], [1e10], [1.0] * 41):
        with pytest.raises(ScenarioError):
            Scenario().but({"outlook.own_price_usd": prices})
