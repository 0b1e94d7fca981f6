"""From one NPV to another: the bars sum to the difference, and each is what theory says it must be."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from core.inputs import Market, Weather
from core.scenario import Scenario, leaves
from core.studies.bridge import DRIVERS, between, bridge, driver_of, inputs_that_differ
from core.studies.bridge_lives import bridge_of_lives
from core.studies.differences import Plan, differences
from core.studies.projection import project
from core.studies.sizing import compile_kernels

SHORT = Scenario().but({"finance.horizon_years": 3})
CHANGES = {
    "array.dc_kw": 1500.0,
    "battery.energy_kwh": 800.0,
    "battery.power_kw": 400.0,
    "fleet.pue": 1.15,
    "outlook.pool_fee_frac": 0.04,
}
OTHER = SHORT.but(CHANGES)


@pytest.fixture
def plans(greensboro: Weather, market: Market, kernel: None) -> tuple[Plan, Plan]:
    return Plan(SHORT, greensboro, market), Plan(OTHER, greensboro, market)


def worth(plan: Plan) -> float:
    found = project(*plan).metrics["npv_usd"]
    assert found is not None
    return found


def test_the_bars_lead_from_the_npv_of_one_projection_to_that_of_the_other(plans: tuple[Plan, Plan]) -> None:
    found = bridge(*plans)
    assert found.start_usd == pytest.approx(worth(plans[0]), rel=1e-12)
    assert found.end_usd == pytest.approx(worth(plans[1]), rel=1e-12)
    assert found.start_usd + sum(bar.usd for bar in found.bars) == pytest.approx(found.end_usd, abs=1e-6)
    assert [bar.driver for bar in found.bars] == ["Array", "Battery", "Machines", "Bitcoin"]
    assert {bar.driver: bar.inputs for bar in found.bars} == {"Array": 1, "Battery": 2, "Machines": 1, "Bitcoin": 1}
    assert found.runs == 16


def test_a_bar_is_the_mean_over_all_orders_written_out(plans: tuple[Plan, Plan]) -> None:
    names = tuple(inputs_that_differ(*plans))
    kept: dict[frozenset[str], float] = {}

    def npv(changed: frozenset[str]) -> float:
        if changed not in kept:
            kept[changed] = worth(between(*plans, changed))
        return kept[changed]

    total = dict.fromkeys(names, 0.0)
    for order in (orders := list(permutations(names))):
        for k, name in enumerate(order):
            total[name] += npv(frozenset(order[: k + 1])) - npv(frozenset(order[:k]))
    for bar in bridge(*plans).bars:
        assert bar.usd == pytest.approx(total[bar.driver] / len(orders), abs=1e-5)
        assert bar.first_usd == pytest.approx(npv(frozenset({bar.driver})) - npv(frozenset()), abs=1e-5)
        assert bar.last_usd == pytest.approx(npv(frozenset(names)) - npv(frozenset(names) - {bar.driver}), abs=1e-5)


def test_the_way_back_is_the_same_with_the_other_sign(plans: tuple[Plan, Plan]) -> None:
    there, back = bridge(*plans), bridge(*plans[::-1])
    for one, other in zip(there.bars, back.bars, strict=True):
        assert one.usd == pytest.approx(-other.usd, abs=1e-6)


def test_one_driver_alone_explains_all_and_none_nothing(plans: tuple[Plan, Plan]) -> None:
    costly = plans[0]._replace(scenario=SHORT.but({"finance.array_usd_per_kw": 1200.0}))
    (bar,) = bridge(plans[0], costly).bars
    assert bar.driver == "Costs"
    assert bar.usd == bar.first_usd == bar.last_usd < 0
    renamed = plans[0]._replace(scenario=SHORT.but({"name": "Other", "site.name": "There", "risk.paths": 700}))
    same = bridge(plans[0], renamed)
    assert (same.bars, same.runs) == ((), 1)
    assert same.start_usd == same.end_usd


def test_the_weather_counts_with_the_site_and_the_market_with_the_outlook(plans: tuple[Plan, Plan]) -> None:
    year, market = plans[0].weather, plans[0].market
    dull = replace(year, hourly=year.hourly.assign(ghi=year.hourly["ghi"] * 0.9, dni=year.hourly["dni"] * 0.8))
    cheap = replace(market, price_usd=replace(market.price_usd, value=market.price_usd.value / 2))
    assert inputs_that_differ(plans[0], Plan(SHORT, dull, cheap)) == {"Site and weather": 1, "Bitcoin": 1}
    own = SHORT.but({"outlook.price_usd": 90_000.0})  # a price of its own hides the market's
    assert inputs_that_differ(Plan(own, year, market), Plan(own, year, cheap)) == {}
    sky, coins = bridge(plans[0], Plan(SHORT, dull, cheap)).bars
    assert coins.usd < sky.usd < 0


def test_every_input_has_a_driver_but_words_display_and_chance() -> None:
    homeless = {path for path, _, _ in leaves(Scenario()) if not driver_of(path)}
    assert {"name", "site.name", "finance.currency"} <= homeless
    assert all(path in ("name", "site.name", "finance.currency") or path.startswith("risk.") for path in homeless)
    assert {driver_of(path) for path, _, _ in leaves(Scenario())} - {""} == set(DRIVERS)
    assert driver_of("finance.owning.insurance_frac") == driver_of("finance.array_usd_per_kw") == "Costs"
    assert driver_of("finance.debt.rate") == driver_of("finance.horizon_years") == "Horizon, debt and tax"


def test_it_tells_how_far_it_is_and_can_be_stopped(plans: tuple[Plan, Plan]) -> None:
    seen: list[float] = []
    bridge(*plans, tick=seen.append)
    assert seen == [pytest.approx((k + 1) / 16) for k in range(16)]

    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        bridge(*plans, tick=stop)


# path by path


def test_in_every_life_the_parts_sum_to_the_difference_that_a_comparison_finds(plans: tuple[Plan, Plan]) -> None:
    for plan in plans:
        compile_kernels(plan.scenario)
    told = bridge_of_lives(*plans, 300, 5)
    pair = differences(*plans, 300, 5)
    assert told.paths_usd.sum(axis=0) == pytest.approx(pair.paths["difference_usd"].to_numpy(), abs=1e-4)
    assert told.end_usd - told.start_usd == pytest.approx(pair.metrics["difference_mean_usd"], abs=1e-4)
    assert sum(part.mean_usd for part in told.parts) == pytest.approx(told.end_usd - told.start_usd, abs=1e-4)
    assert told.analyses == 8
    for part, usd in zip(told.parts, told.paths_usd, strict=True):
        assert part.p5_usd <= part.p50_usd <= part.p95_usd
        assert part.adds_frac == pytest.approx((usd > 0).mean())
        assert part.error_usd == pytest.approx(np.std(usd, ddof=1) / np.sqrt(300))


def test_lives_stand_in_the_world_of_the_first_plan(plans: tuple[Plan, Plan]) -> None:
    dreamt = plans[0]._replace(scenario=SHORT.but({"outlook.price_growth_per_year": 0.9}))
    told = bridge_of_lives(plans[0], dreamt, 50, 5)
    assert told.parts == ()
    assert told.start_usd == told.end_usd
