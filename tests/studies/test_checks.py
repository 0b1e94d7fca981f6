"""The classic mistakes: each is found where it is made, never in the example, and costs what two projections say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from core.fetchers import equipment
from core.fetchers.presets import presets
from core.inputs import Market, Weather
from core.scenario import Scenario
from core.studies.checks import CHECKS, checked, shortcut_npv_usd, worth_usd
from core.studies.findings import Check, Known
from core.studies.projection import project

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SUN_AND_MACHINES = Scenario()
BATTERY = {"battery.energy_kwh": 500.0, "battery.power_kw": 200.0}
LARGE = {"finance.horizon_years": 20, "fleet.refresh.rule": "age", "array.inverter_replacement.every_years": 15}
# the mistake, the plan that makes it, what sets it right
MADE: dict[str, tuple[dict[str, Any], str, Any]] = {
    "flat_through_a_halving": (
        {"outlook.difficulty_growth_per_year": 0.0, "outlook.price_growth_per_year": 0.0},
        "outlook.difficulty_path",
        "responds",
    ),
    "frozen_difficulty": ({"outlook.difficulty_growth_per_year": 0.0}, "outlook.difficulty_growth_per_year", 0.15),
    "price_outruns_difficulty": ({"outlook.price_growth_per_year": 0.2}, "outlook.difficulty_path", "responds"),
    "hopeful_price": (
        {"outlook.price_growth_per_year": 0.5, "outlook.difficulty_path": "responds"},
        "outlook.price_growth_per_year",
        0.12,
    ),
    "stops_before_a_halving": ({"finance.horizon_years": 1}, "finance.horizon_years", 4),
    "free_machines": (
        {"fleet.units": [{"model": "Mine", "hashrate_ths": 200.0, "power_w": 3500.0, "count": 100}]},
        "fleet.units.0.price_usd",
        pytest.approx(200 * 14.6 * (11.0 / 17.5) ** 2, abs=0.01),
    ),
    "machines_outlive_themselves": (
        {**LARGE, "fleet.refresh.rule": "never"},
        "fleet.refresh.rule",
        "unprofitable",
    ),
    "no_cooling": ({"fleet.pue": 1.0}, "fleet.pue", 1.05),
    "always_up": ({"fleet.uptime_frac": 1.0}, "fleet.uptime_frac", 0.97),
    "no_pool_fee": ({"outlook.pool_fee_frac": 0.0}, "outlook.pool_fee_frac", 0.02),
    "machines_never_age": (
        {"fleet.hashrate_degradation_frac_per_year": 0.0},
        "fleet.hashrate_degradation_frac_per_year",
        0.01,
    ),
    "export_at_retail": (
        {"grid.import_usd_per_kwh": 0.12, "grid.export_usd_per_kwh": 0.12},
        "grid.export_usd_per_kwh",
        0.06,
    ),
    "power_never_dearer": ({"grid.price_growth_per_year": 0.0}, "grid.price_growth_per_year", 0.025),
    "money_costs_nothing": ({"finance.discount_rate": 0.0}, "finance.discount_rate", 0.08),
    "no_upkeep": (
        {f"finance.{name}": 0.0 for name in ("array_usd_per_kw_year", "fleet_usd_per_kw_year", "fixed_usd_per_year")},
        "finance.fleet_usd_per_kw_year",
        25.0,
    ),
    "panels_never_age": ({"array.degradation_frac_per_year": 0.0}, "array.degradation_frac_per_year", 0.005),
    "loss_free_array": ({"array.losses_frac": 0.0}, "array.losses_frac", 0.140757),
    "loss_free_inverter": ({"array.inverter_efficiency_frac": 1.0}, "array.inverter_efficiency_frac", 0.96),
    "inverter_for_ever": (
        {**LARGE, "array.inverter_replacement.every_years": 0},
        "array.inverter_replacement.every_years",
        15,
    ),
    "turned_from_the_sun": ({"array.surface_azimuth": 0.0}, "array.surface_azimuth", 180.0),
    "loss_free_battery": (
        {**BATTERY, "battery.round_trip_efficiency_frac": 1.0},
        "battery.round_trip_efficiency_frac",
        0.86,
    ),
    "battery_never_ages": (
        {**BATTERY, "battery.calendar_fade_frac_per_year": 0.0, "battery.cycle_fade_frac_per_cycle": 0.0},
        "battery.calendar_fade_frac_per_year",
        0.01,
    ),
}
OF_THE_WORLD = {"old_market_reading", "old_machine_price"}
# what is left of these depends on the plan
EITHER_WAY = {
    "stops_before_a_halving", "machines_outlive_themselves", "flat_through_a_halving", "price_outruns_difficulty",
    "money_costs_nothing", "export_at_retail", "power_never_dearer", "turned_from_the_sun",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(greensboro: Weather, market: Market) -> Known:
    """A market read this morning, prices of machines of this quarter."""
    fresh = {r.name: replace(r, observed_at=NOW, fetched_at=NOW, status="live") for r in market.readings}
    return Known(greensboro, replace(market, **fresh), NOW, {})


def names(plan: Scenario, world: Known) -> list[str]:
    return [check.name for check in checked(plan, world)]


def only(plan: Scenario, world: Known, name: str) -> Check:
    return next(check for check in checked(plan, world) if check.name == name)


def test_every_check_is_tried() -> None:
    assert {look.__name__ for look in CHECKS} == set(MADE) | OF_THE_WORLD


def test_nothing_is_found_in_the_example(world: Known) -> None:
    assert names(Scenario(), world) == []
    assert names(Scenario().but({"fleet.units": [], "array.dc_kw": 0.0}), world) == []


@pytest.mark.parametrize("key", presets())
def test_nothing_is_found_in_what_is_offered_to_begin_with(key: str, world: Known) -> None:
    assert names(equipment.resolved(presets()[key]), world) == []


@pytest.mark.parametrize("name", MADE)
def test_a_mistake_is_found_where_it_is_made_and_gone_once_it_is_set_right(name: str, world: Known) -> None:
    changes, path, value = MADE[name]
    plan = Scenario().but(changes)
    assert names(plan, world) == [name]
    found = only(plan, world, name)
    assert found.title
    assert found.words.endswith(".")
    right = found.amended(plan)
    assert right.at(path) == value
    assert name not in names(right, world)
    assert names(found.amended(right), world) == names(right, world)


@pytest.mark.parametrize("name", MADE)
def test_what_a_mistake_is_worth_is_the_difference_of_two_projections(
    name: str, world: Known, greensboro: Weather, kernel: None
) -> None:
    plan = Scenario().but(MADE[name][0])
    right = only(plan, world, name).amended(plan)
    told = worth_usd(right, greensboro, world.market) - worth_usd(plan, greensboro, world.market)
    projected = [project(one, greensboro, world.market).metrics["npv_usd"] or 0.0 for one in (right, plan)]
    assert told == pytest.approx(projected[0] - projected[1], rel=1e-9, abs=1e-6)
    assert told != 0
    if name not in EITHER_WAY:
        assert told < 0, "the mistake flatters the plan"


def test_an_old_market_is_told_and_counted_from_the_day_of_its_reading(world: Known, market: Market) -> None:
    old = world._replace(market=market, now=NOW)
    found = only(Scenario(), old, "old_market_reading")
    days = (NOW - market.price_usd.observed_at).days
    assert f"{days} days" in found.words or f"{days + 1} days" in found.words
    assert names(found.amended(Scenario()), old) == []
    assert names(Scenario().but({"outlook.price_usd": 8e4, "outlook.difficulty": 1e14}), old) == []


def test_a_month_old_reading_is_the_first_that_is_old(world: Known) -> None:
    for days, expected in ((29, []), (31, ["old_market_reading"])):
        assert names(Scenario(), world._replace(now=NOW + timedelta(days=days))) == expected


def test_an_old_price_of_a_machine_falls_with_its_age(world: Known) -> None:
    plan = equipment.resolved(Scenario().but({"fleet.units": [{"model": "Antminer S21", "count": 100}]}))
    days = equipment.old_prices_days(plan, date(2026, 12, 1))
    assert list(days) == [0]
    found = only(plan, world._replace(old_prices_days=days), "old_machine_price")
    before = plan.fleet.units[0].price_usd or 0.0
    assert found.changes == {"fleet.units.0.price_usd": round(before * 0.85 ** (days[0] / 365.25), 2)}
    assert equipment.old_prices_days(found.amended(plan), date(2026, 12, 1)) == {}


def test_cooling_is_asked_for_where_it_is_hot_or_where_there_are_many(world: Known, greensboro: Weather) -> None:
    few = Scenario().but({"fleet.pue": 1.0, "fleet.units.0.count": 2})
    assert "no_cooling" not in names(few, world)
    hot = replace(greensboro, hourly=greensboro.hourly.assign(temp_air=greensboro.hourly["temp_air"] + 10.0))
    assert "no_cooling" in names(few, world._replace(weather=hot))


def test_south_of_the_equator_the_array_looks_north(world: Known) -> None:
    south = Scenario().but({"site.latitude": -33.0, "array.surface_azimuth": 0.0})
    assert "turned_from_the_sun" not in names(south, world)
    assert only(south.but({"array.surface_azimuth": 180.0}), world, "turned_from_the_sun").changes == {
        "array.surface_azimuth": 0.0
    }


def test_own_prices_and_solo_mining_are_left_in_peace(world: Known) -> None:
    own = {"outlook.price_path": "own", "outlook.own_price_usd": (8e4, 2e5)}
    assert names(Scenario().but({**own, "outlook.price_growth_per_year": 0.9}), world) == []
    assert names(Scenario().but({"outlook.payout.scheme": "solo", "outlook.pool_fee_frac": 0.0}), world) == []
    assert (
        names(Scenario().but({"grid.tariff.settlement.rule": "net_billing", "grid.export_usd_per_kwh": 0.06}), world)
        == []
    )


def test_the_shortcut_is_an_annuity_of_the_first_year(greensboro: Weather, market: Market, kernel: None) -> None:
    answer = project(Scenario(), greensboro, market)
    spent, years = answer.metrics["capex_usd"] or 0.0, answer.metrics["static_payback_years"] or 0.0
    by_hand = -spent + spent / years * (1 - 1.08**-10) / 0.08
    assert shortcut_npv_usd(answer) == pytest.approx(by_hand, rel=1e-12)
    assert by_hand > (answer.metrics["npv_usd"] or 0.0)
    poor = project(Scenario().but({"outlook.price_usd": 1.0}), greensboro, market)
    assert shortcut_npv_usd(poor) is None


def test_the_halving_is_found_by_height(world: Known) -> None:
    """Block 1,050,000 at 144 a day from the reading."""
    found = only(Scenario().but({"finance.horizon_years": 1}), world, "stops_before_a_halving")
    left = (1_050_000 - world.market.height.value) / 144
    assert f"{NOW + timedelta(days=left):%Y}" in found.words
    assert np.isfinite(left)
