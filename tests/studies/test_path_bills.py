"""Bills inside the paths: those of a path are what its own hours are billed, and without chance they are the plan's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.inputs import Market, Weather
from core.scenario import Scenario
from core.studies.chances import chances
from core.studies.lives import months_of
from core.studies.path_bills import metering
from core.studies.projection import project
from core.studies.run import used_readings
from core.studies.simulation import approximations, ground_of, simulate
from core.studies.sizing import compile_kernels
from tests.models.tariffs import DAYTIME, blocks, tiers
from tests.studies.risk_cases import STILL, by_the_hour

pytestmark = pytest.mark.usefixtures("kernel")
ENERGY, WEEK = (
    "grid.tariff.energy.periods",
    {"grid.tariff.energy.weekday": DAYTIME, "grid.tariff.energy.weekend": [[0] * 24] * 12},
)
TIERS: dict[str, Any] = {
    ENERGY: [tiers((0.05, 80_000.0), (0.08, None)), tiers((0.07, 80_000.0), (0.10, None))], **WEEK,
}  # fmt: skip
DEMAND: dict[str, Any] = {
    "grid.tariff.flat_demand.periods": [blocks((4.0, 300.0), (9.0, None))],
    "grid.tariff.ratchet.shares_frac": [0.8], "grid.tariff.ratchet.look_back_months": 11,
}  # fmt: skip
TARIFFS: dict[str, dict[str, Any]] = {
    "tiers": TIERS,
    "net metering": {
        ENERGY: [tiers((0.06, None)), tiers((0.11, None))], **WEEK, "grid.tariff.settlement.rule": "net_metering",
        "grid.tariff.settlement.true_up_usd_per_kwh": 0.03, "grid.import_limit_kw": 800.0, "fleet.units.0.count": 60,
    },
    "net billing": {
        ENERGY: [tiers((0.06, None), sell=0.03), tiers((0.11, None), sell=0.05)], **WEEK,
        "grid.tariff.settlement.rule": "net_billing", "fleet.units.0.count": 60,
    },
    "demand with a ratchet": {ENERGY: [tiers((0.05, None))], **DEMAND},
    "timed demand": {
        ENERGY: [tiers((0.05, None))], "grid.tariff.timed_demand.periods": [blocks((2.0, None)), blocks((10.0, None))],
        "grid.tariff.timed_demand.weekday": DAYTIME, "grid.tariff.timed_demand.weekend": [[0] * 24] * 12,
    },
    "a peak of the grid": {ENERGY: [tiers((0.05, None))], "grid.tariff.coincident.usd_per_kw": 8.0},
    "a least bill": {ENERGY: [tiers((0.05, None))], "grid.tariff.minimum_usd_per_month": 9_000.0},
    "all at once, renewed in a hot week": {
        **TIERS, **DEMAND, "fleet.refresh.rule": "age", "fleet.refresh.age_years": 1.5, "fleet.derate_above_c": 25.0,
        "fleet.failures.rate_per_year": 0.2, "fleet.resale.realised_frac": 0.6,
    },
    "tiers and a battery": {**TIERS, "battery.energy_kwh": 1500.0, "battery.power_kw": 400.0},
}  # fmt: skip
YEARS, PATHS = 3, 6  # 18 path-years, 216 path-months of each


@pytest.fixture(scope="module", autouse=True)
def _kernels() -> None:
    compile_kernels(Scenario())


def plan_of(name: str, **more: Any) -> Scenario:
    return Scenario().but({"finance.horizon_years": YEARS, "outlook.price_usd": 110_000.0, **TARIFFS[name], **more})


@pytest.mark.parametrize("name", TARIFFS)
def test_a_bill_looked_up_is_that_of_its_hours(name: str, greensboro: Weather, market: Market) -> None:
    """Within half a percent of the gross revenue of each path-year."""
    plan = plan_of(name)
    weather = heat_wave(greensboro) if "hot week" in name else greensboro
    ground = ground_of(plan, weather, used_readings(plan, market), ())
    drawn = chances(plan, ground.base.path, ground.base.fees_btc, 3, 0, PATHS)
    told = months_of(ground.base, ground.site, drawn)
    worst = 0.0  # 0.02 to 0.31 % were found
    for path in range(PATHS):
        hours = by_the_hour(ground.base, weather, drawn, path)
        gross = (hours["mined_btc"] * drawn.price_usd[:, path] + hours["export_usd"]).reshape(-1, 12).sum(axis=1)
        net = [
            (lines["mined_btc"] * drawn.price_usd[:, path] + lines["export_usd"] - lines["bill_usd"])
            .reshape(-1, 12)
            .sum(axis=1)
            for lines in ({name: values[path] for name, values in told.items()}, hours)
        ]
        worst = max(worst, float(np.abs((net[0] - net[1]) / np.maximum(gross, 1.0)).max()))
    assert worst < 0.005


def heat_wave(weather: Weather) -> Weather:
    """The same year with a week of 42 °C by day in July."""
    hourly = weather.hourly.copy()
    week = (hourly.index.month == 7) & (hourly.index.day >= 10) & (hourly.index.day <= 16)
    hourly.loc[week, "temp_air"] = np.maximum(hourly.loc[week, "temp_air"] + 12.0, 30.0)
    return replace(weather, hourly=hourly)


@pytest.mark.parametrize("name", TARIFFS)
def test_without_chance_a_path_pays_what_the_plan_pays(name: str, greensboro: Weather, market: Market) -> None:
    """A ten-thousandth of the investment, and what the set points of later years differ by where peaks are paid for."""
    plan = plan_of(name, **STILL)
    metrics = project(plan, greensboro, market).metrics
    told = simulate(plan, greensboro, market, paths=2)
    apart = 0.005 if plan.grid.tariff.flat_demand.periods or plan.grid.tariff.timed_demand.periods else 1e-4
    assert told.metrics["npv_p50_usd"] == pytest.approx(metrics["npv_usd"], abs=apart * (metrics["capex_usd"] or 0.0))


def test_what_a_plain_tariff_needs_is_nothing_more(greensboro: Weather, market: Market) -> None:
    plan = Scenario()
    ground = ground_of(plan, greensboro, used_readings(plan, market), ())
    assert metering(plan.grid, ground.base.flows.connection.clock) is None
    assert ground.site.metering is None


def test_a_path_of_dear_power_pays_more_for_its_peaks(greensboro: Weather, market: Market) -> None:
    plan = plan_of("demand with a ratchet", **STILL)
    ground = ground_of(plan, greensboro, used_readings(plan, market), ())
    usual = chances(plan, ground.base.path, ground.base.fees_btc, 1, 0, 2)
    dear = replace_index(usual, 1.1)
    low, high = (months_of(ground.base, ground.site, drawn)["bill_usd"].sum() for drawn in (usual, dear))
    assert high == pytest.approx(1.1 * low, rel=0.02)


def replace_index(drawn: Any, by: float) -> Any:
    return drawn._replace(power_index=drawn.power_index * by)


def test_what_paths_leave_out_names_no_bill(greensboro: Weather) -> None:
    assert approximations(plan_of("tiers")) == ()
    assert "set points" in approximations(plan_of("demand with a ratchet"))[0]


def test_a_late_plant_pays_what_is_fixed_and_nothing_for_energy(greensboro: Weather, market: Market) -> None:
    plan = plan_of("tiers", **STILL, **{"grid.tariff.fixed_usd_per_month": 500.0})
    ground = ground_of(plan, greensboro, used_readings(plan, market), ())
    drawn = chances(plan, ground.base.path, ground.base.fees_btc, 1, 0, 2)
    late = drawn._replace(delay_months=np.array([0.0, 4.0]))
    bill = months_of(ground.base, ground.site, late)["bill_usd"]
    assert (bill[0, :4] > 1000.0).all()
    assert bill[1, :4] == pytest.approx(500.0)
