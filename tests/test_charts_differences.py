"""Charts of two plans under the same chances: valid specifications that show the figures they are given."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import numpy as np
import pytest

from core import charts

FIRST = np.linspace(-3e6, 1e6, 4001)
SECOND = FIRST + np.linspace(-2e5, 6e5, 4001)
MARKS = {"P5": -1.6e5, "P50": 2e5, "P95": 5.6e5}


def valid(spec: Any) -> None:
    rows = {name: json.loads(frame.to_json(orient="records")) for name, frame in spec["datasets"].items()}
    alt.LayerChart.from_dict({**spec, "datasets": rows}, validate=True)


@pytest.mark.parametrize("dark", [False, True])
def test_they_are_valid_vega_lite(dark: bool) -> None:
    valid(charts.difference_histogram(SECOND - FIRST, MARKS, dark))
    valid(charts.npv_shares(FIRST, SECOND, dark))


@pytest.mark.parametrize("dark", [False, True])
def test_a_plan_has_one_colour_in_both(dark: bool) -> None:
    bars, lines = charts.difference_histogram(SECOND - FIRST, MARKS, dark), charts.npv_shares(FIRST, SECOND, dark)
    of_bars = bars["layer"][0]["encoding"]["color"]["scale"]
    of_lines = next(layer["encoding"]["color"]["scale"] for layer in lines["layer"] if "color" in layer["encoding"])
    assert of_bars["range"] == of_lines["range"] == [charts.colour("Mined", dark), charts.colour("Imported", dark)]
    assert of_bars["domain"] == ["loss", "gain"]
    assert of_lines["domain"] == ["First", "Second"]
    losses = charts.npv_histogram(FIRST, {}, dark)["layer"][0]["encoding"]["color"]["scale"]["range"]
    assert losses[0] == charts.colour("Out", dark)  # the chart it is made from keeps its own


def test_the_difference_has_nothing_marked_and_every_path_in_a_bar() -> None:
    sets = charts.difference_histogram(SECOND - FIRST, MARKS)["datasets"]
    assert sets["zero"]["x"].tolist() == [0.0]
    assert sets["bars"]["share"].sum() == pytest.approx(1.0)
    won = sets["bars"].loc[sets["bars"]["kind"] == "gain", "share"].sum()
    assert won == pytest.approx((SECOND > FIRST).mean(), abs=sets["bars"]["share"].max())


@pytest.mark.parametrize("usd", [0.0, -5.0, 7.0])
def test_a_difference_that_never_changes_is_one_bar(usd: float) -> None:
    bars = charts.difference_histogram(np.full(10, usd), {})["datasets"]["bars"]
    assert (bars["share"] > 0).sum() == 1


def test_lines_rise_through_the_ordered_paths() -> None:
    lines = charts.npv_shares(FIRST, SECOND)["datasets"]["lines"]
    for plan, values in (("First", FIRST), ("Second", SECOND)):
        line = lines[lines["plan"] == plan]
        assert line["usd"].is_monotonic_increasing
        assert np.quantile(values, line["share"]) == pytest.approx(line["usd"].to_numpy())
    assert len(lines) <= 402


def test_a_line_is_drawn_of_a_plan_without_chance() -> None:
    lines = charts.npv_shares(np.full(5, 3.0), np.full(5, 4.0))["datasets"]["lines"]
    assert set(lines["plan"]) == {"First", "Second"}
