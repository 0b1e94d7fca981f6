"""Halvings are marked on every axis of time: in years and months, for one plan, several, and many lives."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core import charts
from core.inputs import Market, Weather
from core.results import Projection
from core.scenario import Scenario
from core.studies.projection import project
from core.studies.run import network, used_readings

YEARS = list(range(1, 9))
FAN = pd.DataFrame(
    {
        "month": pd.date_range("2027-01-01", periods=96, freq="MS"),
        **{f"p{p}": np.linspace(1.0, 2.0 + p, 96) for p in (5, 25, 50, 75, 95)},
    }
)


@pytest.fixture(scope="module")
def plan(greensboro: Weather, market: Market) -> Projection:
    return project(Scenario().but({"finance.horizon_years": 8}), greensboro, market)


def rules(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers that draw the marks, rules and words."""
    return [layer for layer in spec["layer"] if layer.get("data") == {"name": "halvings"}]


def test_cover_marks_years_that_it_shows(plan: Projection) -> None:
    halvings = charts.halving_years(plan)
    assert halvings["year"].tolist() == [2, 6]
    spec = charts.cover(YEARS[:4], [1.5] * 4, 1.2, halvings=halvings)
    assert len(rules(spec)) == 2
    assert spec["datasets"]["halvings"]["year"].tolist() == [2], "a year without debt service has no place on the axis"
    assert not rules(charts.cover(YEARS, [1.5] * 8, 1.2))


def test_cumulated_cash_of_several_plans_marks_each_year_once(plan: Projection) -> None:
    spec = charts.cash_lines({"One": plan, "Two": plan})
    assert len(rules(spec)) == 2
    assert spec["datasets"]["halvings"]["year"].tolist() == [2, 6]
    assert all(layer["encoding"]["x"]["type"] == "quantitative" for layer in rules(spec)), "on the axis of its lines"


def test_months_in_which_lives_halve_are_those_of_the_plan(plan: Projection, market: Market) -> None:
    """By height: no life moves them."""
    path = network(plan.scenario, used_readings(plan.scenario, market))
    frame = charts.halvings_in(path.month[path.halves].astype("datetime64[s]"))
    assert [str(month)[:7] for month in frame["month"]] == ["2028-04", "2032-04"]
    assert [str(month)[:7] for month in charts.halving_frame(plan)["month"]] == ["2028-04", "2032-04"]
    spec = charts.fan(FAN, "USD", log=True, money=True, halvings=frame)
    assert len(rules(spec)) == 2
    json.dumps({key: part for key, part in spec.items() if key != "datasets"}, allow_nan=False)


def test_pages_and_report_give_every_fan_and_cover_its_halvings() -> None:
    """Read from the calls themselves: a chart over time that is drawn without is found."""
    import ast
    from pathlib import Path

    root, seen = Path(__file__).parents[1], 0
    for file in (*(root / "pages").rglob("*.py"), *(root / "core" / "report").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"charts.fan", "charts.cover"}:
                seen += 1
                told = ast.unparse(node)
                assert "halving" in told, f"{file}: {told}"
    assert seen >= 5
