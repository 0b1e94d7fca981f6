"""Charts: valid specifications, few points, and marks where they belong."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import charts
from core.fetchers.equipment import catalogue
from core.fetchers.presets import presets
from core.inputs import Market, Weather
from core.machine import Machine
from core.results import Projection
from core.scenario import Scenario
from core.studies.projection import project
from core.world import Series

MOST_POINTS = 10_000
ALL: tuple[Callable[..., Any], ...] = (
    charts.energy_by_month,
    charts.cumulated_cash,
    charts.coins_by_month,
    charts.worth_of_energy,
    charts.compared_with_what,
    lambda p, dark: charts.hour_by_month(p, "pv_kw", dark),
    lambda p, dark: charts.week_of_dispatch(charts.local_hours(p), 26, dark),
    lambda p, dark: charts.week_of_charge(charts.local_hours(p), 51, dark),
    lambda p, dark: charts.duration_curves(charts.local_hours(p), dark),
    lambda p, dark: charts.cash_lines({"One": p, "Two": p}, dark),
)


@pytest.fixture(scope="module")
def example(greensboro: Weather, market: Market) -> Projection:
    return project(Scenario(), greensboro, market)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("key", presets())
def test_every_chart_of_every_preset_is_valid_and_small(
    key: str, dark: bool, greensboro: Weather, market: Market
) -> None:
    projection = project(presets()[key], greensboro, market)
    for chart in ALL:
        spec = chart(projection, dark)  # its template was validated against the schema of Vega-Lite when it was drawn
        frames = spec.pop("datasets")
        json.dumps(spec, allow_nan=False)
        assert names_of_data(spec) <= set(frames)
        assert 0 < sum(len(frame) for frame in frames.values()) <= MOST_POINTS
        assert all(np.isfinite(frame.select_dtypes("number").to_numpy()).all() for frame in frames.values())


def names_of_data(spec: Any) -> set[str]:
    """The frames a specification asks for, wherever in it."""
    if isinstance(spec, list):
        return set().union(*map(names_of_data, spec))
    if not isinstance(spec, dict):
        return set()
    here = {spec["data"]["name"]} if "data" in spec else set()
    return here.union(*map(names_of_data, spec.values()))


def test_a_chart_drawn_twice_shares_nothing_that_can_change(example: Projection) -> None:
    first, second = charts.coins_by_month(example), charts.coins_by_month(example)
    first["layer"].clear()
    assert second["layer"]


def test_charts_of_an_empty_site_still_draw(greensboro: Weather, market: Market) -> None:
    bare = Scenario().but(
        {"array.dc_kw": 0.0, "fleet.units": [], "grid.import_limit_kw": 0.0, "grid.export_limit_kw": 0.0}
    )
    projection = project(bare, greensboro, market)
    for chart in ALL:
        spec = chart(projection, False)
        spec.pop("datasets")
        json.dumps(spec, allow_nan=False)


def test_halvings_are_marked_in_the_months_they_fall(example: Projection) -> None:
    """By hand: 946,200 + 246 days · 144 blocks stand on 2027-01-01; 144.77 a day then reach 1,050,000 on 2028-04-17,
    and each 210,000 more take 1,450.5 days: 2032-04-07 and 2036-03-27."""
    assert charts.halving_months(example) == [pd.Timestamp(m) for m in ("2028-04-01", "2032-04-01", "2036-03-01")]


def test_the_heat_map_shows_local_noon(example: Projection) -> None:
    means = charts.hour_month_means(example, "pv_kw")
    assert len(means) == 288
    june = means[means["month"] == "Jun"].set_index("hour")["kw"]
    assert june.idxmax() in {12, 13}  # solar noon is at 13:20 in Greensboro's summer time
    assert june[1] == 0
    assert means["kw"].mean() == pytest.approx(example.hourly["pv_kw"].mean(), rel=0.01)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_machines_with_a_price_are_dots_and_own_ones_have_a_ring(dark: bool) -> None:
    own = [Machine(model="mine", hashrate_ths=100.0, power_w=1500.0, price_usd=900.0, price_date="2026-11-20", price_source="offer"),
           Machine(model="free", hashrate_ths=100.0, power_w=1500.0)]  # fmt: skip
    frame = catalogue(own).assign(age=charts.AGES[0])
    spec = charts.price_by_efficiency(frame, dark)
    dots, rings = spec["datasets"]["machines"], spec["datasets"]["own"]
    assert len(dots) == 42  # the catalogue has 41 prices
    assert rings[["model", "efficiency_j_per_th", "price_usd_per_th"]].to_numpy().tolist() == [["mine", 15.0, 9.0]]
    json.dumps({name: part for name, part in spec.items() if name != "datasets"}, allow_nan=False)
    assert charts.price_by_efficiency(frame.iloc[:0], dark)["datasets"]["machines"].empty


def valid(spec: Any) -> dict[str, Any]:
    """A specification as Altair's schema takes it, with its frames written out."""
    import altair as alt

    frames = {
        name: json.loads(frame.to_json(orient="records", date_format="iso")) for name, frame in spec["datasets"].items()
    }
    whole = {**spec, "datasets": frames}
    json.dumps(whole, allow_nan=False)
    alt.Chart.from_dict(whole) if "mark" in spec else alt.LayerChart.from_dict(whole)
    return whole


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_map_shows_the_ground_the_cities_of_its_window_and_the_site(dark: bool) -> None:
    window = charts.Window(0.0, 40.0, 20.0, 50.0)
    ground = np.array([[np.nan, 100.0, 4000.0], [0.0, 300.0, 900.0]], dtype=np.float32)
    cities = pd.DataFrame({"name": ["In", "Out"], "latitude": [45.0, 45.0], "longitude": [10.0, 30.0]})
    spec = charts.site_map(window, ground, cities, cities.head(1), dark)
    whole = valid(spec)
    assert [row["name"] for row in whole["datasets"]["cities"]] == ["In"]
    image = Image.open(io.BytesIO(base64.b64decode(whole["layer"][0]["mark"]["url"].split(",")[1]))).convert("RGB")
    assert image.size == (3, 2)
    tints = [image.getpixel((x, y)) for y in range(2) for x in range(3)]
    assert len(set(tints)) == 6  # sea, and five bands of height


def test_every_place_of_a_window_can_be_clicked_within_half_a_step() -> None:
    window = charts.Window(-180.0, -58.0, 180.0, 78.0)
    spec = charts.site_map(
        window, np.zeros((2, 2), np.float32), *(pd.DataFrame({"name": [], "latitude": [], "longitude": []}),) * 2
    )
    grid = spec["layer"][-1]
    count = grid["data"]["sequence"]["stop"]
    east, north = window.step
    assert count * east * north == pytest.approx(360 * 136)
    assert grid["params"][0]["name"] == "place"


def test_light_by_month_adds_up_to_the_light_of_the_year(greensboro: Weather) -> None:
    spec = charts.light_by_month(greensboro)
    valid(spec)
    assert spec["datasets"]["light"]["kwh"].sum() == pytest.approx(greensboro.hourly["ghi"].sum() / 1000)


@pytest.mark.parametrize("log", [False, True])
def test_market_lines_leave_out_what_a_logarithm_cannot_show_and_mark_the_halvings_of_their_time(log: bool) -> None:
    days = tuple(date(2024, 4, 18) + timedelta(days=i) for i in range(5))
    halvings = [datetime(2020, 5, 11, tzinfo=UTC), datetime(2024, 4, 20, tzinfo=UTC)]
    spec = charts.market_lines(Series(days, (0.0, 1.0, 2.0, 3.0, 4.0)), "USD", halvings, log=log)
    valid(spec)
    assert len(spec["datasets"]["market"]) == (4 if log else 5)
    assert len(spec["datasets"]["halvings"]) == 1


def test_yields_of_years_stand_beside_their_marks() -> None:
    spec = charts.yields_by_year({2019: 1400.0, 2020: 1300.0}, {"P50": 1350.0})
    valid(spec)
    assert spec["datasets"]["marks"]["kwh"].tolist() == [1350.0]


def test_a_week_of_hours_is_the_week_it_says(example: Projection) -> None:
    hours = charts.local_hours(example)
    names = charts.weeks(hours)
    assert (names[0], names[1], len(names)) == ("1 Jan", "8 Jan", 52)
    frame = charts.week_of_dispatch(hours, 1)["datasets"]["uses"]
    kw = {use: rows["kw"].to_numpy() for use, rows in frame.groupby("use")}
    of_week = example.hourly.iloc[168:336]
    assert np.allclose(kw["Mined"] + kw["Imported"], of_week["mining_kw"])
    assert np.allclose(kw["Mined"] + kw["Exported"], of_week["pv_kw"])
    assert str(frame["hour"].iloc[0]) == "2027-01-08 00:00:00"


def test_a_duration_curve_falls_from_the_peak_to_the_least(example: Projection) -> None:
    frame = charts.duration_curves(charts.local_hours(example))["datasets"]["curves"]
    sun = frame[frame["flow"] == "Sun"]["kw"].to_numpy()
    assert sun[0] == example.hourly["pv_kw"].max()
    assert sun[-1] == example.hourly["pv_kw"].min()
    assert (np.diff(sun) <= 0).all()


def test_a_grid_of_prices_shows_each_hour_of_each_month() -> None:
    row = [int(16 <= hour < 20) for hour in range(24)]
    plan = Scenario().but(
        {
            "grid.tariff.energy": {
                "periods": [{"tiers": [{"usd_per_kwh": usd}]} for usd in (0.05, 0.2)],
                "weekday": [row] * 12,
            }
        }
    )
    for dark in (False, True):
        frame = charts.price_grid(plan.grid.tariff.energy, dark)["datasets"]["prices"]
        assert len(frame) == 12 * 24
        assert set(frame[frame["hour"].between(16, 19)]["cents"]) == {20.0}
        assert set(frame[frame["hour"] < 16]["cents"]) == {5.0}


def test_designs_are_drawn_once_each_and_the_frontier_in_its_order() -> None:
    designs = pd.DataFrame(
        {"dc_kw": [0.0, 100.0, 100.0], "energy_kwh": [0.0, 0.0, 50.0], "power_kw": [0.0, 0.0, 20.0], "machines": [0.0, 10.0, 10.0],
         "npv_usd": [0.0, 5e4, 4e4], "capex_usd": [0.0, 9e4, 12e4], "allowed": [True, True, False]}
    )  # fmt: skip
    for dark in (False, True):
        spec = charts.design_map(designs, designs.iloc[1], designs.iloc[0], dark)
        assert spec["datasets"]["designs"]["npv_usd"].tolist() == [5e4, 0.0]
        assert spec["datasets"]["marks"]["what"].tolist() == ["Best", "The plan as it stands"]
        assert charts.frontier(designs, dark)["datasets"]["designs"]["capex_usd"].tolist() == [0.0, 9e4, 12e4]


@pytest.mark.parametrize("dark", [False, True])
def test_lived_designs_are_drawn_but_for_those_that_lose_more_than_the_best_gains(dark: bool) -> None:
    designs = pd.DataFrame(
        {"mean_usd": [900.0, 950.0, -200.0, -5000.0], "cvar_usd": [-50.0, -400.0, -800.0, -9000.0], "meets": [True, False, False, False],
         "loss_frac": [0.1, 0.2, 0.6, 1.0], "dc_kw": 1.0, "energy_kwh": 0.0, "machines": [9, 10, 11, 99]}
    )  # fmt: skip
    frames = charts.mean_and_tail(designs, dark)["datasets"]
    assert frames["designs"]["machines"].tolist() == [9, 10, 11]
    assert frames["designs"]["what"].tolist() == ["keeps to the aim", "misses the aim", "misses the aim"]
    assert frames["best"]["loss_percent"].tolist() == [10.0]
