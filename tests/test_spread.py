"""Bands on the Projection page: those of a run of this very plan, and the plan's own path among them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.inputs import Market, Weather
from core.results import Projection
from core.scenario import Scenario
from core.studies.projection import project
from core.studies.simulation import RiskAnalysis, simulate
from pages.ui import spread, work
from tests.plans import PLANS


@pytest.fixture(scope="module", params=["example", "everything"])
def plan(request: pytest.FixtureRequest) -> Scenario:
    return PLANS[request.param]


@pytest.fixture(scope="module")
def answer(plan: Scenario, greensboro: Weather, market: Market) -> Projection:
    return project(plan, greensboro, market)


@pytest.fixture(scope="module")
def lived(greensboro: Weather, market: Market) -> RiskAnalysis:
    return simulate(PLANS["example"], greensboro, market, 50, compiled=False)


def test_the_plans_cash_is_the_owners_at_the_end_of_each_year(answer: Projection) -> None:
    values = spread._plan(answer, "cash_usd")["value"].to_numpy()
    assert np.allclose(values[11::12], answer.statement["equity_cash_usd"].cumsum()[1:])
    assert spread._plan(answer, "mined_btc")["value"].iloc[-1] == pytest.approx(answer.metrics["mined_btc"])


def test_bands_are_shown_for_the_plan_that_was_lived_and_no_other(
    lived: RiskAnalysis, greensboro: Weather, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Any = SimpleNamespace(lives=lived, asked=SimpleNamespace(weather=greensboro))
    projection = project(PLANS["example"], greensboro, market)
    monkeypatch.setattr(work, "newest", lambda kind: told)
    monkeypatch.setattr(work, "question", lambda: (PLANS["example"], greensboro, market, ()))
    assert spread.lives(projection) is lived
    monkeypatch.setattr(work, "question", lambda: (PLANS["example"].but({"array.dc_kw": 1.0}), greensboro, market, ()))
    assert spread.lives(projection) is None
    monkeypatch.setattr(work, "question", lambda: (PLANS["example"], replace(greensboro, source="another"), market, ()))
    told.asked.weather = SimpleNamespace(digest="of another year")
    assert spread.lives(projection) is None


def test_without_a_run_there_are_no_bands(answer: Projection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "newest", lambda kind: None)
    assert spread.lives(answer) is None
    monkeypatch.setattr(work, "newest", lambda kind: SimpleNamespace(other=1))
    monkeypatch.setattr(work, "question", lambda: (PLANS["example"], None, None, ()))
    assert spread.lives(answer) is None
