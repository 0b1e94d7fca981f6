"""What the Compare page tells: the best of a row, inputs by their words, charts that show the figures they are given."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import pandas as pd
import pytest

from core import charts
from core.inputs import Market, Weather
from core.results import Projection
from core.scenario import Scenario
from core.studies.projection import project
from pages.ui import plan_inputs
from pages.ui.side_by_side import best

BASE = Scenario().but({"finance.horizon_years": 3})
OTHER = BASE.but(
    {
        "name": "Other",
        "array.mounting": "two_axis",
        "array.losses_frac": 0.2,
        "fleet.units.0.count": 1200,
        "outlook.price_usd": 90_000.0,
        "finance.tax.taxpayer": "household",
    }
)


@pytest.fixture(scope="module")
def plans(greensboro: Weather, market: Market) -> dict[str, Projection]:
    return {"A · Base": project(BASE, greensboro, market), "B · Other": project(OTHER, greensboro, market)}


@pytest.mark.parametrize(
    ("name", "values", "won"),
    [
        ("npv_usd", (1.0, 2.0, None), {"b"}),
        ("npv_usd", (-1.0, -2.0, -1.0), {"a", "c"}),
        ("capex_usd", (5.0, 3.0, 4.0), {"b"}),
        ("payback_years", (None, 8.0, 9.0), {"b"}),
        ("payback_years", (None, None, None), set()),
        ("npv_usd", (7.0, 7.0, 7.0), set()),
        ("debt_usd", (1.0, 2.0, 3.0), set()),  # neither direction is better
    ],
)
def test_the_best_of_a_row_is_marked_by_the_direction_that_is_good(
    name: str, values: tuple[float | None, ...], won: set[str]
) -> None:
    assert best(name, dict(zip("abc", values, strict=True))) == won


def test_one_plan_alone_is_not_the_best() -> None:
    assert best("npv_usd", {"a": 1.0}) == set()


def test_inputs_that_differ_are_told_as_the_forms_tell_them(plans: dict[str, Projection]) -> None:
    told = plan_inputs.differing(plans).to_dict("records")
    assert len(told) == 7
    world = told.pop()
    assert (world["Group"], world["Input"]) == (plan_inputs.WORLD, "Bitcoin price (USD)")
    assert (world["A · Base"][:7], world["B · Other"]) == (
        "75,894 ",
        "–",
    )  # the second has a price of its own and reads none
    rows = {row.pop("Input"): row for row in told}
    assert rows["Scenario name"] == {"Group": "Plan", "A · Base": BASE.name, "B · Other": "Other"}
    assert rows["Mounting"] == {"Group": "Array", "A · Base": "Fixed, open rack", "B · Other": "Two-axis tracker"}
    losses = rows["System losses (%)"]
    assert (losses["A · Base"], losses["B · Other"]) == ("14.0757", "20")
    assert rows["Machine 1: Machines"]["B · Other"] == "1,200"
    price = rows["Bitcoin price (USD)"]
    assert price == {"Group": "Outlook", "A · Base": "As the market has it", "B · Other": "90,000"}
    assert rows["Taxpayer"]["B · Other"] == "Household"


def test_plans_alike_have_no_rows(plans: dict[str, Projection]) -> None:
    only = plans["A · Base"]
    assert plan_inputs.differing({"A": only, "B": only}).empty


# charts


def valid(spec: Any) -> None:
    rows = {
        name: json.loads(frame.to_json(orient="records", date_format="iso")) for name, frame in spec["datasets"].items()
    }
    kind = alt.LayerChart if "layer" in spec else alt.Chart
    kind.from_dict({**spec, "datasets": rows}, validate=True)


@pytest.mark.parametrize("dark", [False, True])
def test_they_are_valid_vega_lite(plans: dict[str, Projection], dark: bool) -> None:
    steps = [charts.Step("Array", -5e4), charts.Step("Machines", 3e5)]
    valid(charts.bridge(charts.Step("First", 1e6), steps, charts.Step("Second", 1.25e6), dark))
    valid(charts.cash_lines(plans, dark))
    valid(charts.coin_lines(plans, dark))
    valid(charts.energy_bars(plans, dark))


def test_a_bridge_goes_from_one_end_to_the_other_step_by_step() -> None:
    steps = [charts.Step("Array", -50.0), charts.Step("Machines", 300.0)]
    frame = charts.bridge(charts.Step("First", 1000.0), steps, charts.Step("Second", 1250.0))["datasets"]["steps"]
    assert frame["start"].tolist() == [1000.0, 1000.0, 950.0, 1250.0]
    assert frame["end"].tolist() == [1000.0, 950.0, 1250.0, 1250.0]
    assert frame["kind"].tolist() == ["plan", "down", "up", "plan"]
    assert frame["text"].tolist() == ["First  $1 k", "Array  −$50", "Machines  +$300", "Second  $1.25 k"]


def test_lines_hold_every_point_of_every_plan_and_letters_do_not_lie_on_each_other(
    plans: dict[str, Projection],
) -> None:
    many = {f"plan {i}": plan for i, plan in enumerate([*plans.values()] * 3)}
    for made, rows in ((charts.cash_lines(many), 4), (charts.coin_lines(many), 36)):
        lines, ends = made["datasets"]["lines"], made["datasets"]["ends"]
        assert lines.groupby("letter").size().tolist() == [rows] * 6
        apart = ends["label_at"].sort_values().diff().dropna()
        assert (apart > 0.07 * (lines["value"].max() - min(lines["value"].min(), 0.0))).all()
    named = charts.cash_lines(plans)["datasets"]["lines"]
    assert (
        named.loc[named["letter"] == "B", "value"].tolist() == plans["B · Other"].yearly["cumulative_cash_usd"].tolist()
    )


def test_energy_bars_sum_to_the_first_year(plans: dict[str, Projection]) -> None:
    energy: pd.DataFrame = charts.energy_bars(plans)["datasets"]["energy"]
    found = energy.pivot_table(index="letter", columns="use", values="mwh")
    for letter, plan in zip("AB", plans.values(), strict=True):
        told = plan.metrics
        assert found.loc[letter, "Exported"] == pytest.approx((told["export_kwh_year1"] or 0) / 1000)
        mined = found.loc[letter, "Mined"] + found.loc[letter].get("Imported", 0.0)
        assert mined == pytest.approx((told["mined_kwh_year1"] or 0) / 1000)
