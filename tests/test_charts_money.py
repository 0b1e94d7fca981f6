"""Charts of the money: valid on both grounds, few points, and figures that are the statement's."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import numpy as np
import pytest

from core import bank_statement as bank
from core import charts
from core.inputs import Market, Weather
from core.results import Projection
from core.studies.projection import project
from tests.plans import PLANS

MOST_POINTS = 2_000


def valid(spec: Any) -> dict[str, Any]:
    """A specification as Altair's schema takes it, with its frames written out."""
    frames = {
        name: json.loads(frame.to_json(orient="records", date_format="iso")) for name, frame in spec["datasets"].items()
    }
    whole = {**spec, "datasets": frames}
    json.dumps(whole, allow_nan=False)
    alt.Chart.from_dict(whole) if "mark" in spec else alt.LayerChart.from_dict(whole)
    assert sum(map(len, frames.values())) <= MOST_POINTS
    return whole


@pytest.fixture(scope="module", params=["example", "everything"])
def answer(request: pytest.FixtureRequest, greensboro: Weather, market: Market) -> Projection:
    return project(PLANS[request.param], greensboro, market)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_chart_is_valid_and_small(answer: Projection, dark: bool) -> None:
    frame = answer.statement
    for spec in (
        charts.life_waterfall(bank.life_steps(answer), "Left", dark),
        charts.cash_by_year(frame["year"], frame["equity_cash_usd"], dark),
        charts.stacked_by_year(frame["year"], {"a": frame["interest_usd"]}, ("b", frame["debt_balance_usd"]), dark),
        charts.stacked_by_year(frame["year"], {"a": frame["tax_usd"], "b": frame["revenue_usd"]}, dark=dark),
        charts.cover(frame["year"], frame["dscr"].where(frame["debt_service_usd"] > 0), 1.2, dark),
        charts.shares(answer.uses_usd, answer.sources_usd, dark=dark),
        charts.renewal_timeline(answer, dark),
        charts.coins_held(answer, dark),
    ):
        valid(spec)


def test_the_waterfall_ends_at_what_is_left_for_the_owner(answer: Projection) -> None:
    spec = charts.life_waterfall(bank.life_steps(answer), "Left")
    steps = spec["datasets"]["steps"]
    assert steps["end"].iloc[-1] == pytest.approx(answer.statement["equity_cash_usd"].sum(), abs=0.005)
    assert np.allclose(steps["start"].iloc[1:-1], steps["end"].iloc[:-2])
    assert (steps["usd"].iloc[:-1].abs() >= 0.01).all(), "a step of nothing is drawn"


def test_a_waterfall_of_nothing_still_draws() -> None:
    spec = charts.life_waterfall({"Revenue": 0.0}, "Left")
    valid(spec)
    assert spec["datasets"]["steps"]["usd"].tolist() == [0.0]


def test_the_line_of_cash_is_its_running_sum() -> None:
    spec = charts.cash_by_year([0, 1, 2], [-5.0, 3.0, 4.0])
    assert spec["datasets"]["cash"]["sum"].tolist() == [-5.0, -2.0, 2.0]


def test_years_without_service_have_no_cover_and_those_below_the_covenant_are_told_apart() -> None:
    spec = charts.cover([0, 1, 2, 3], [np.nan, 1.5, 1.1, 0.9], 1.2)
    dots = spec["datasets"]["cover"]
    assert dots["year"].tolist() == [1, 2, 3]
    assert dots["below"].tolist() == [False, True, True]
    assert spec["datasets"]["covenant"]["label"].tolist() == ["covenant 1.2"]
    assert charts.cover([1], [1.5], 0.0)["datasets"]["covenant"].empty


def test_parts_of_nothing_are_left_out_of_bars() -> None:
    bars = charts.shares({"Array": 10.0, "Battery": 0.0}, {"Equity": 10.0})["datasets"]["bars"]
    assert bars["part"].tolist() == ["Array  $10", "Equity  $10"]
    assert bars["group"].tolist() == ["0", "1"]
    parts = charts.stacked_by_year([0, 1], {"a": [0.0, 0.0], "b": [0.0, 1.0]})["datasets"]["parts"]
    assert set(parts["part"]) == {"b"}


def test_renewals_are_marked_in_their_months(greensboro: Weather, market: Market) -> None:
    """Machines at four years of age from January 2027: 2031, 2035, 2039. Inverters after twelve: January 2039."""
    events = charts.renewal_timeline(project(PLANS["everything"], greensboro, market))["datasets"]["events"]
    months = {what: [f"{m:%Y-%m}" for m in rows["month"]] for what, rows in events.groupby("what")}
    assert months["Machines"] == ["2031-01", "2035-01", "2039-01"]
    assert months["Inverters"] == ["2039-01"]
    assert months["Halvings"] == ["2028-04", "2032-04", "2036-03", "2040-03"]
    assert months["Battery"], "the battery passes 90 % within fifteen years"
    assert (events.loc[events["what"] != "Halvings", "usd"] > 0).all()
