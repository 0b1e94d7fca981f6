"""The hours of the first year in a real browser: three ways to run it, any week of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core.scenario import Scenario
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
STORED = Scenario().but({"name": "With a battery", "battery.energy_kwh": 300.0, "battery.power_kw": 150.0})


def usd(text: str) -> float:
    return float(re.sub(r"[^\d.−-]", "", text.splitlines()[-1]).replace("−", "-"))


def test_foresight_earns_no_less_than_a_plan_and_more_battery_is_worth_something(planner: Planner) -> None:
    planner.open("/dispatch").import_scenario(STORED.model_dump(mode="json"))
    expect(planner.figure("+1 kWh of battery")).not_to_have_text("$0.00")
    told = planner.figures()
    assert usd(told["By the rule"]) > 100_000
    assert usd(told["Perfect foresight"]) >= usd(told["Planned ahead"]) >= -1.0
    assert usd(told["+1 kWh of battery"]) > 0.0


def test_any_week_is_shown_for_any_way_to_run_it(planner: Planner) -> None:
    planner.open("/dispatch").import_scenario(STORED.model_dump(mode="json"))
    expect(planner.page.get_by_role("heading", name="A week, hour by hour")).to_be_visible()
    expect(planner.page.get_by_label("State of charge of the battery", exact=True)).to_be_visible()
    planner.page.get_by_role("radio", name="Perfect foresight").or_(
        planner.page.get_by_role("button", name="Perfect foresight", exact=True)
    ).first.click()
    slider = planner.page.get_by_role("slider")
    slider.focus()
    planner.page.keyboard.press("Home")
    expect(planner.page.get_by_text("1 Jan").first).to_be_visible()
    expect(planner.problem()).to_have_count(0)
