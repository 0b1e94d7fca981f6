"""The fleet as it behaves: mixed machines and modes, heat by the hour, cooling, restarts."""

from dataclasses import replace

import numpy as np
import pytest

from core.inputs import Market, Weather
from core.scenario import Scenario
from core.studies.projection import project

QUIET = {
    "grid.import_limit_kw": 0.0,
    "grid.export_limit_kw": 0.0,
    "fleet.uptime_frac": 1.0,
    "fleet.hashrate_degradation_frac_per_year": 0.0,
    "finance.horizon_years": 1,
    "outlook.difficulty_growth_per_year": 0.0,
}


def plan(**changes) -> Scenario:
    return Scenario().but({**QUIET, **{path.replace("__", "."): value for path, value in changes.items()}})


def warmed(weather: Weather, degrees: float, afternoons: bool = True) -> Weather:
    """The same year with every afternoon (or every hour) at one temperature."""
    hourly = weather.hourly.copy()
    rows = np.isin(hourly.index.hour, range(17, 22)) if afternoons else np.ones(len(hourly), bool)
    hourly.loc[rows, "temp_air"] = degrees
    hourly.loc[~rows, "temp_air"] = 20.0
    return replace(weather, hourly=hourly)


def test_a_45_degree_afternoon_derates_as_the_curve_says_and_its_coins_are_shown(greensboro: Weather, market: Market):
    on_grid = plan(array__dc_kw=0.0, grid__import_limit_kw=1e6, grid__import_usd_per_kwh=0.0)
    cool = project(on_grid, warmed(greensboro, 20.0), market)
    hot = project(on_grid, warmed(greensboro, 45.0), market)
    afternoon = np.isin(hot.hourly.index.hour, range(17, 22))
    drawn = hot.hourly["mining_kw"] / cool.hourly["mining_kw"]
    assert drawn[afternoon].to_numpy() == pytest.approx(1 - 0.102, rel=1e-12)
    assert drawn[~afternoon].to_numpy() == pytest.approx(1.0, rel=1e-12)
    lost = hot.metrics["heat_lost_btc_year1"]
    assert lost == pytest.approx(cool.metrics["mined_btc_year1"] - hot.metrics["mined_btc_year1"], rel=1e-9)
    assert lost / cool.metrics["mined_btc_year1"] == pytest.approx(0.102 * 5 / 24, rel=1e-3)
    assert cool.metrics["heat_lost_btc_year1"] == 0.0


def test_a_50_degree_afternoon_stops_machines(greensboro: Weather, market: Market):
    hot = project(plan(), warmed(greensboro, 50.0), market)
    afternoon = np.isin(hot.hourly.index.hour, range(17, 22))
    assert hot.hourly["mining_kw"][afternoon].max() == 0.0
    assert hot.hourly["mining_kw"][~afternoon].max() > 100.0


def test_with_the_curve_off_heat_changes_nothing(greensboro: Weather, market: Market):
    off = {"fleet__derate_frac": 0.0, "fleet__shutdown_above_c": 120.0}
    cool, hot = (project(plan(**off), warmed(greensboro, t), market) for t in (20.0, 20.0001))
    assert hot.metrics["mined_btc_year1"] == pytest.approx(cool.metrics["mined_btc_year1"], rel=1e-6)
    assert hot.metrics["heat_lost_btc_year1"] == 0.0


def test_thin_air_lowers_the_limits_of_air_cooling_and_not_of_liquid(greensboro: Weather, market: Market):
    weather = warmed(greensboro, 39.0)
    low, high = (project(plan(site__elevation_m=height), weather, market) for height in (800.0, 1500.0))
    assert low.metrics["heat_lost_btc_year1"] == 0.0
    assert high.metrics["heat_lost_btc_year1"] > 0.0  # 600 m above 900 m: 2 °C less
    liquid = {"fleet__cooling__kind": "liquid", "fleet__cooling__approach_c": 0.0}
    assert project(plan(site__elevation_m=1500.0, **liquid), weather, market).metrics["heat_lost_btc_year1"] == 0.0
    liquid["fleet__cooling__approach_c"] = 8.0  # 39 °C of air is 47 °C of coolant
    assert project(plan(**liquid), weather, market).metrics["heat_lost_btc_year1"] > 0.0


def test_a_pue_that_rises_in_the_heat_costs_coins_in_proportion(greensboro: Weather, market: Market):
    weather = warmed(greensboro, 35.0, afternoons=False)
    small = {"array__dc_kw": 100.0, "fleet__derate_above_c": 60.0, "fleet__shutdown_above_c": 60.0}
    even = project(plan(**small), weather, market)
    rising = project(plan(**small, fleet__cooling__pue_rise_per_c=0.0105), weather, market)
    assert rising.metrics["mined_kwh_year1"] == pytest.approx(even.metrics["mined_kwh_year1"], rel=1e-9)
    assert rising.metrics["mined_btc_year1"] == pytest.approx(even.metrics["mined_btc_year1"] * 1.05 / 1.155, rel=1e-9)


def test_every_morning_s_start_costs_its_minutes(greensboro: Weather, market: Market):
    told = project(plan(fleet__control__restart_minutes=10.0), greensboro, market)
    base = project(plan(), greensboro, market)
    mining = base.hourly["mining_kw"].to_numpy()
    started = np.maximum(mining - np.roll(mining, 1), 0.0).sum() / 6
    share = started / mining.sum()
    assert 0.01 < share < 0.05
    assert told.metrics["restart_lost_btc_year1"] / base.metrics["mined_btc_year1"] == pytest.approx(share, rel=0.05)
    assert told.metrics["mined_btc_year1"] + told.metrics["restart_lost_btc_year1"] == pytest.approx(
        base.metrics["mined_btc_year1"], rel=1e-9
    )
    assert told.metrics["mined_kwh_year1"] == base.metrics["mined_kwh_year1"]


MODES = [{"power_w": 2000.0, "hashrate_ths": 160.0}, {"power_w": 4200.0, "hashrate_ths": 255.0}]


def test_little_sun_is_hashed_in_the_mode_that_makes_most_of_it(greensboro: Weather, market: Market):
    little = {"array__dc_kw": 150.0}  # 140 machines in the first mode take 294 kW
    one = project(plan(**little), greensboro, market)
    several = project(plan(**little).but({"fleet.units.0.modes": MODES}), greensboro, market)
    assert several.metrics["mined_kwh_year1"] == pytest.approx(one.metrics["mined_kwh_year1"], rel=1e-9)
    gain = several.metrics["mined_btc_year1"] / one.metrics["mined_btc_year1"]
    assert gain == pytest.approx((160 / 2000) / (234 / 3510), rel=1e-9)
    assert several.metrics["fleet_kw"] == pytest.approx(140 * 4.2 * 1.05)
    assert several.metrics["fleet_hashrate_ths"] == pytest.approx(140 * 255)


def test_a_mixed_fleet_runs_its_better_machines_first(greensboro: Weather, market: Market):
    old = {"model": "old", "hashrate_ths": 100.0, "power_w": 3000.0, "count": 100, "price_usd": 0.0}
    new = {"model": "new", "hashrate_ths": 200.0, "power_w": 3000.0, "count": 100, "price_usd": 0.0}
    little = plan(array__dc_kw=200.0)
    told = project(little.but({"fleet.units": [old, new]}), greensboro, market)
    other = project(little.but({"fleet.units": [new]}), greensboro, market)
    assert told.metrics["mined_btc_year1"] == pytest.approx(other.metrics["mined_btc_year1"], rel=1e-9)
    swapped = project(little.but({"fleet.units": [new, old]}), greensboro, market)
    assert swapped.metrics["mined_btc"] == pytest.approx(told.metrics["mined_btc"], rel=1e-12)


def test_dear_power_is_bought_for_the_better_machines_only(greensboro: Weather, market: Market):
    old = {"model": "old", "hashrate_ths": 100.0, "power_w": 3000.0, "count": 100, "price_usd": 0.0}
    new = {"model": "new", "hashrate_ths": 200.0, "power_w": 3000.0, "count": 100, "price_usd": 0.0}
    grid = plan(array__dc_kw=0.0, grid__import_limit_kw=1e6).but(
        {"fleet.units": [old, new], "finance.variable_usd_per_kwh": 0.0}
    )
    worth_new = project(grid.but({"fleet.units": [new]}), greensboro, market).monthly["mine_usd_per_kwh"]
    between = float(worth_new.min()) * 0.75  # above what the old earn, half of it, below what the new do
    told = project(grid.but({"grid.import_usd_per_kwh": between}), greensboro, market)
    assert told.hourly["mining_kw"].to_numpy() == pytest.approx(100 * 3.0 * 1.05)


def test_equal_machines_are_one_fleet_however_they_are_listed(greensboro: Weather, market: Market):
    unit = {"hashrate_ths": 234.0, "power_w": 3510.0, "price_usd": 1920.0, "model": "same"}
    one = project(Scenario().but({"fleet.units": [{**unit, "count": 140}]}), greensboro, market)
    two = project(Scenario().but({"fleet.units": [{**unit, "count": 100}, {**unit, "count": 40}]}), greensboro, market)
    for name in ("npv_usd", "mined_btc", "import_kwh_year1", "cost_usd_per_btc"):
        assert two.metrics[name] == pytest.approx(one.metrics[name], rel=1e-9)


def test_one_machine_on_a_small_roof_runs_whole_hours_only(greensboro: Weather, market: Market):
    hobby = plan(array__dc_kw=6.0, grid__export_limit_kw=10.0).but(
        {"fleet.units.0.count": 1, "grid.export_usd_per_kwh": 0.01}
    )
    any_part = project(hobby, greensboro, market)
    whole = project(hobby.but({"fleet.control.whole_machines": True}), greensboro, market)
    full = 3.51 * 1.05
    assert set(np.round(whole.hourly["mining_kw"], 6)) == {0.0, round(full, 6)}
    enough = (whole.hourly["pv_kw"] >= full).to_numpy()
    assert (whole.hourly["mining_kw"].to_numpy() > 0).tolist() == enough.tolist()
    assert whole.metrics["mined_btc_year1"] < any_part.metrics["mined_btc_year1"]
    boards = project(hobby.but({"fleet.control.whole_machines": True, "fleet.control.boards": 3}), greensboro, market)
    assert len(set(np.round(boards.hourly["mining_kw"], 6))) == 4
    assert whole.metrics["mined_btc_year1"] < boards.metrics["mined_btc_year1"] < any_part.metrics["mined_btc_year1"]
