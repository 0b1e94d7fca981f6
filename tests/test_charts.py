"""Charts: valid specifications, few points, and marks where they belong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core import charts
from core.fetchers.equipment import catalogue
from core.fetchers.presets import presets
from core.inputs import Market, Weather
from core.machine import Machine
from core.results import Projection
from core.scenario import Scenario
from core.studies.projection import project

MOST_POINTS = 10_000
ALL: tuple[Callable[..., Any], ...] = (
    charts.energy_by_month,
    charts.cumulated_cash,
    charts.coins_by_month,
    charts.worth_of_energy,
    charts.compared_with_what,
    lambda p, dark: charts.hour_by_month(p, "pv_kw", dark),
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
