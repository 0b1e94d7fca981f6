"""The year's energy as flows, and the chains from sunlight to cash: nothing is lost on the way, and nothing is made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import bank_statement as bank
from core import charts
from core.charts.flows import Flow, split_hours
from core.fetchers.presets import presets
from core.inputs import Market, Weather
from core.models import solar
from core.results import Projection
from core.scenario import Scenario
from core.studies.energy import sky, sunshine
from core.studies.projection import project
from core.studies.sunlight import light_steps
from tests.plans import PLANS

SITES = {**presets(), **PLANS}
BARE = {"array.dc_kw": 0.0, "fleet.units": [], "grid.import_limit_kw": 0.0, "grid.export_limit_kw": 0.0}


@pytest.fixture(scope="module", params=SITES)
def answer(request: pytest.FixtureRequest, greensboro: Weather, market: Market) -> Projection:
    return project(SITES[request.param], greensboro, market)


def test_every_hour_is_split_without_a_rest(answer: Projection) -> None:
    hours, split = answer.hourly, split_hours(answer.hourly)
    for name, column in {"Machines": "mining_kw", "Battery": "charge_kw", "Sold": "export_kw"}.items():
        assert np.allclose(sum(kw for (_, end), kw in split.items() if end == name), hours[column], atol=1e-6)
    for name, column in {"Sun": "pv_kw", "Battery": "discharge_kw", "Grid": "import_kw"}.items():
        assert np.allclose(sum(kw for (start, _), kw in split.items() if start == name), hours[column], atol=1e-6)
    assert all((kw >= -1e-9).all() for kw in split.values())


def test_an_hour_by_hand() -> None:
    """Of 100 kW of sun 10 are curtailed and 90 mined; the 20 that machines still lack come from the battery, then the grid."""
    hour = pd.DataFrame(
        {"pv_kw": [100.0], "mining_kw": [110.0], "charge_kw": [0.0], "discharge_kw": [15.0], "import_kw": [5.0],
         "export_kw": [0.0], "curtailed_kw": [10.0]}
    )  # fmt: skip
    split = {way: float(kw[0]) for way, kw in split_hours(hour).items() if kw[0]}
    assert split == {
        ("Sun", "Nowhere"): 10.0,
        ("Sun", "Machines"): 90.0,
        ("Battery", "Machines"): 15.0,
        ("Grid", "Machines"): 5.0,
    }


def test_flows_of_a_year_come_to_its_metrics(answer: Projection) -> None:
    flows = charts.year_flows(answer.hourly, 123_000.0)
    into = {name: sum(f.kwh for f in flows if f.end == name) for name in ("Machines", "Sold", "Nowhere")}
    metrics = answer.metrics
    few = 1e-3 * sum(f.kwh for f in flows)
    assert into["Machines"] == pytest.approx(metrics["mined_kwh_year1"], abs=few)
    assert into["Sold"] == pytest.approx(metrics["export_kwh_year1"], abs=few)
    assert into["Nowhere"] == pytest.approx(metrics["curtailed_kwh_year1"], abs=few)
    assert sum(f.kwh for f in flows if f.start == "Sun") == pytest.approx(metrics["pv_kwh_year1"] + 123_000.0, abs=few)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_bands_are_as_wide_as_what_flows_and_stay_within_their_places(answer: Projection, dark: bool) -> None:
    flows = charts.year_flows(answer.hourly, 50_000.0)
    frames = charts.energy_flow(flows, dark)["datasets"]
    ribbons, places = frames["ribbons"], frames["places"].set_index("place")
    assert np.allclose(ribbons["high"] - ribbons["low"], ribbons["mwh"] * 1000.0)
    for (start, end), band in ribbons.groupby(["start", "end"]):
        first, last = band.iloc[0], band.iloc[-1]
        assert places["low"][start] - 1e-6 <= first["low"]
        assert first["high"] <= places["high"][start] + 1e-6
        assert places["low"][end] - 1e-6 <= last["low"]
        assert last["high"] <= places["high"][end] + 1e-6
    for _, column in frames["places"].groupby("column"):
        ordered = column.sort_values("low")
        assert (ordered["low"].to_numpy()[1:] >= ordered["high"].to_numpy()[:-1]).all(), "places lie over each other"


def test_what_flows_into_a_full_battery_may_be_less_than_what_comes_out() -> None:
    flows = [Flow("Battery", "Machines", "Stored", 9.0), Flow("Sun", "Battery", "Stored", 4.0)]
    places = charts.energy_flow(flows)["datasets"]["places"].set_index("place")
    assert places["mwh"]["Battery"] == pytest.approx(0.009)


def test_nothing_flowing_draws_nothing(greensboro: Weather, market: Market) -> None:
    flows = charts.year_flows(project(Scenario().but(BARE), greensboro, market).hourly)
    assert flows == []
    assert charts.energy_flow(flows)["datasets"]["ribbons"].empty


def test_steps_of_light_sum_to_the_ac_energy_and_begin_where_the_performance_ratio_does(
    answer: Projection, greensboro: Weather
) -> None:
    steps = light_steps(answer.scenario.array, greensboro)
    light = steps["Light on the modules"]
    assert sum(steps.values()) == pytest.approx(answer.metrics["pv_kwh_year1"], rel=1e-9)
    assert answer.metrics["performance_ratio_frac"] == pytest.approx(sum(steps.values()) / light, rel=1e-9)
    assert steps["Clipped"] == pytest.approx(-answer.metrics["clipped_kwh_year1"], abs=1e-6)
    assert all(
        steps[name] <= 0 for name in ("Shade, reflection, dirt", "System losses", "First-year ageing", "Inverter")
    )


def test_each_loss_answers_to_its_own_field(greensboro: Weather) -> None:
    array = Scenario().array.model_copy(update={"bifaciality_frac": 0.0, "first_year_degradation_frac": 0.02})
    steps = light_steps(array, greensboro)
    dc = sunshine_dc(array, greensboro)
    assert steps["From behind"] == 0.0
    assert steps["First-year ageing"] == pytest.approx(-0.02 * dc)
    assert steps["System losses"] == pytest.approx(-array.losses_frac / (1 - array.losses_frac) * dc)
    both = light_steps(array.model_copy(update={"bifaciality_frac": 0.7}), greensboro)
    assert both["From behind"] > 0
    assert both["Shade, reflection, dirt"] == pytest.approx(steps["Shade, reflection, dirt"])


def sunshine_dc(array: object, weather: Weather) -> float:
    return float(solar.dc_kw(array, sky(weather)).sum())  # type: ignore[arg-type]


def test_an_array_of_nothing_has_steps_of_nothing(greensboro: Weather) -> None:
    assert set(light_steps(Scenario().but({"array.dc_kw": 0.0}).array, greensboro).values()) == {0.0}
    assert sunshine(Scenario().array, greensboro, 1).poa_kwh_per_m2 > 0


def test_the_chain_ends_with_the_sun_that_machines_get(answer: Projection, greensboro: Weather) -> None:
    steps = charts.sun_chain(light_steps(answer.scenario.array, greensboro), answer)
    hours = answer.hourly
    at_machines = (
        hours["pv_kw"] - hours["curtailed_kw"] - hours["export_kw"] - hours["charge_kw"] + hours["discharge_kw"]
    )
    assert steps[-1].kwh == pytest.approx(at_machines.sum())
    bars = charts.energy_chain(steps)["datasets"]["steps"]
    assert bars["share"].iloc[0] == pytest.approx(100.0)
    levels = bars[bars["kind"] == "level"]
    ends = bars["end"].shift()[levels.index[1:]]
    assert np.allclose(levels["end"].iloc[1:], ends, atol=0.3), "a level is not where the step before it ended"


def test_cash_of_a_year_adds_up_to_the_cent_from_all_coins(answer: Projection) -> None:
    for year in (1, 2, len(answer.statement) - 1):
        steps = bank.year_steps(answer, year)
        assert sum(steps.values()) == pytest.approx(answer.statement["equity_cash_usd"][year], abs=0.005)
        fee = answer.scenario.outlook.pool_fee_frac
        assert -steps["Pool fee"] == pytest.approx(fee * steps["Coins, all"], rel=1e-6, abs=0.01)
        assert steps["Coins, all"] + steps["Pool fee"] == pytest.approx(answer.statement["mining_revenue_usd"][year])
