"""Charts of risk: valid specifications that show the figures they are given."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest

from core import charts

NPV = np.linspace(-3e6, 1e6, 4001)
MARKS = {"VaR 95": -2.8e6, "P50": -1e6}
BARS = pd.DataFrame({"thing": ["Price", "Cost"], "low_usd": [-2e6, -0.9e6], "high_usd": [1e6, -1.1e6]})
SHARES = pd.DataFrame(
    {"thing": ["Price", "Cost"], "first": [0.8, -0.01], "first_low": [0.7, -0.02], "first_high": [0.9, 0.02],
     "total": [0.9, 0.1], "total_low": [0.8, 0.05], "total_high": [1.0, 0.15]}
)  # fmt: skip
FAN = pd.DataFrame(
    {
        "month": pd.date_range("2027-01-01", periods=3, freq="MS"),
        **{f"p{p}": [1.0, 2.0 + p, 3.0 + p] for p in (5, 25, 50, 75, 95)},
    }
)
CELLS = pd.DataFrame(
    {"price_share": [0.1, 0.9] * 2, "difficulty_share": [0.1, 0.1, 0.9, 0.9], "price_usd": [1e4, 1e6] * 2,
     "difficulty": [1e14, 1e14, 1e15, 1e15], "npv_usd": [-1e6, 2e6, -2e6, 1e6]}
)  # fmt: skip
ALL: tuple[Callable[[bool], Any], ...] = (
    lambda dark: charts.fan(FAN, "USD", log=True, money=True, dark=dark),
    lambda dark: charts.fan(FAN, "BTC", dark=dark),
    lambda dark: charts.npv_histogram(NPV, MARKS, dark),
    lambda dark: charts.tornado(BARS, -1e6, dark),
    lambda dark: charts.sobol_bars(SHARES, dark),
    lambda dark: charts.breakeven_surface(CELLS, dark),
)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("draw", ALL)
def test_they_are_valid_vega_lite(draw: Callable[[bool], Any], dark: bool) -> None:
    spec = draw(dark)
    rows = {
        name: json.loads(frame.to_json(orient="records", date_format="iso")) for name, frame in spec["datasets"].items()
    }
    alt.LayerChart.from_dict({**spec, "datasets": rows}, validate=True) if "layer" in spec else alt.Chart.from_dict(
        {**spec, "datasets": rows}, validate=True
    )
    used = {node["name"] for node in _data(spec)}
    assert used == set(spec["datasets"])


def _data(node: Any) -> list[dict[str, str]]:
    if isinstance(node, dict):
        own = [node["data"]] if "data" in node and "name" in node["data"] else []
        return own + [found for key, value in node.items() if key != "datasets" for found in _data(value)]
    return [found for value in node for found in _data(value)] if isinstance(node, list) else []


def test_every_path_is_in_a_bar_and_losses_end_at_nothing() -> None:
    bars = charts.npv_histogram(NPV, MARKS)["datasets"]["bars"]
    assert bars["share"].sum() == pytest.approx(1.0)
    assert bars.loc[bars["kind"] == "loss", "share"].sum() == pytest.approx((NPV < 0).mean(), abs=bars["share"].max())
    assert charts.npv_histogram(np.full(10, -5.0), {})["datasets"]["bars"]["share"].sum() == pytest.approx(1.0)


def test_bars_start_at_the_plan_in_the_order_given() -> None:
    bars = charts.tornado(BARS, -1e6)["datasets"]["bars"]
    assert (bars["start"] == -1e6).all()
    assert bars.loc[bars["end"] == "at its P5", "usd"].tolist() == [-2e6, -0.9e6]
    assert bars["rank"].tolist() == [0, 1, 0, 1]


def test_the_colours_of_the_surface_part_at_nothing() -> None:
    spec = charts.breakeven_surface(CELLS)
    assert spec["encoding"]["color"]["scale"]["domain"] == [-2e6, 0.0, 2e6]
