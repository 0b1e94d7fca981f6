"""A first year run three ways: what foresight is worth, and what a controller can expect of the sun."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.inputs import Market, Weather
from core.models.dispatch import FLOWS, NO_STORAGE, Storage
from core.models.foresight import compile_kernel, optimal
from core.scenario import Scenario
from core.studies.connection import connection
from core.studies.energy import site_years
from core.studies.operations import Operations, expected_pv_kw, first_year, operations
from core.studies.run import run
from tests.models.foresight_cases import Case, lp_usd, scenario_year
from tests.models.test_foresight import check

SOC = FLOWS.index("soc_kwh")


@pytest.fixture(autouse=True, scope="module")
def _ready(kernel: None) -> None:
    compile_kernel()


def ran(case: Case) -> Operations:
    return operations(case.hours, case.storage, grid_charging=case.grid_charging)


@pytest.mark.parametrize("seed", [1, 2, 4, 5])
def test_each_way_ends_as_it_begins_and_foresight_earns_most(seed: int) -> None:
    case = scenario_year(seed)
    shown = ran(case)
    for way in (shown.rule, shown.rolling, shown.optimal):
        check(case, way.flows, case.storage._replace(soc_kwh=float(way.flows[SOC, -1])))
        assert way.earned_usd <= shown.optimal.earned_usd + 1e-9 * case.gross_usd
    assert shown.optimal.earned_usd <= shown.bound_usd + 1e-9 * case.gross_usd
    assert shown.optimal.earned_usd <= lp_usd(case, any_start=True) + 1e-7 * case.gross_usd
    assert shown.foresight_usd_per_year >= 0.0
    assert shown.planning_usd_per_year <= shown.foresight_usd_per_year + 1e-9 * case.gross_usd
    assert min(shown.margins) >= -1e-6


def test_a_scenarios_first_year(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but(
        {"battery.energy_kwh": 1000.0, "battery.power_kw": 250.0, "finance.horizon_years": 1, "array.dc_kw": 1500.0}
    )
    base = run(plan, greensboro, market.readings)
    hours = site_years(plan, greensboro, base.life, base.worth_usd_per_kwh).hours(0)
    shown = operations(hours, Storage(100.0, 1000.0, 250.0, 0.95, 100.0))
    assert shown.optimal.earned_usd >= shown.rule.earned_usd
    assert shown.forecast_pv_kw.shape == (365, 48)


def test_without_a_battery_all_ways_are_one() -> None:
    shown = ran(scenario_year(3)._replace(storage=NO_STORAGE, grid_charging=False))
    assert shown.foresight_usd_per_year == pytest.approx(0.0, abs=1e-6)
    assert shown.planning_usd_per_year == pytest.approx(0.0, abs=1e-6)


def test_machines_are_divisible_in_all_ways() -> None:
    case = scenario_year(2)
    whole = replace(case.hours, whole_kw=np.full(case.hours.step_kw.shape, 30.0))
    divisible, shown = ran(case), ran(case._replace(hours=whole))
    assert shown.rule.earned_usd == divisible.rule.earned_usd
    assert shown.hours.whole_kw is None


def test_the_optimal_way_is_the_plan_of_its_own_start() -> None:
    case = scenario_year(2)
    shown = ran(case)
    start = case.storage._replace(soc_kwh=float(shown.optimal.flows[SOC, -1]))
    assert optimal(case.hours, start).earned_usd == pytest.approx(shown.optimal.earned_usd, rel=1e-12)


def test_what_is_expected_knows_the_days_before_alone() -> None:
    rng = np.random.default_rng(3)
    pv = np.maximum(rng.normal(100, 60, 8760), 0.0)
    later = pv.copy()
    later[5000 // 24 * 24 :] = 7.0
    one, other = expected_pv_kw(pv), expected_pv_kw(later)
    day = 5000 // 24
    np.testing.assert_allclose(one[60 : day + 1], other[60 : day + 1], rtol=1e-6)  # the year is a circle
    assert not np.allclose(one[day + 1], other[day + 1])


def test_steady_sun_is_expected_as_it_is() -> None:
    day = np.maximum(np.sin(np.linspace(0, 2 * np.pi, 24, endpoint=False)), 0.0)
    np.testing.assert_allclose(expected_pv_kw(np.tile(day, 365)), np.tile(day, (365, 2)), atol=1e-12)


def test_news_moves_what_is_expected_by_a_quarter() -> None:
    pv = np.zeros(8760)
    pv[100 * 24 : 101 * 24] = 80.0
    expected = expected_pv_kw(pv)
    assert expected[100].max() < 1e-3
    assert expected[101] == pytest.approx(20.0, abs=1e-3)
    assert expected[102] == pytest.approx(15.0, abs=1e-3)


def test_where_peaks_are_charged_for_all_three_ways_pay_for_theirs(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 1, "battery.energy_kwh": 500.0, "battery.power_kw": 200.0})
    charged = plan.but({"grid.tariff.flat_demand.periods": [{"tiers": [{"usd_per_kw": 8.0}]}]})
    free, paid = (first_year(run(p, greensboro, market.readings), greensboro) for p in (plan, charged))
    assert paid.rule.earned_usd < free.rule.earned_usd
    assert paid.optimal.earned_usd >= paid.rolling.earned_usd >= paid.rule.earned_usd - 0.01 * abs(paid.rule.earned_usd)
    months = run(charged, greensboro, market.readings).books.monthly
    billed = months["demand_charge_usd"].sum()
    gross = (months["mining_revenue_usd"] + months["export_revenue_usd"] - months["energy_charge_usd"]).sum()
    peaks = np.maximum.reduceat(paid.rule.flows[FLOWS.index("import_kw")], site_starts(charged, greensboro))
    assert billed == pytest.approx(8.0 * peaks.sum(), rel=1e-6)
    assert gross - billed == pytest.approx(paid.rule.earned_usd, rel=2e-3)  # coins without the variable cost


def site_starts(plan: Scenario, weather: Weather) -> np.ndarray:
    return connection(plan, weather).clock.starts
