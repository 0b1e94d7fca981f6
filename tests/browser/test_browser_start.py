"""The first minute in a real browser: a place, a budget and a price to a design in use; examples; classic mistakes set right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.fetchers import bitcoin
from core.fetchers.presets import presets
from core.fetchers.weather import bundled
from core.scenario import Scenario
from core.studies.checks import worth_usd
from tests.browser.dashboard import serve
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
LONG_MS = 240_000  # engines are made ready on the first run on a computer


def test_from_an_empty_database_to_a_design_in_use(visit: Visit, tmp_path: Path) -> None:
    with serve(tmp_path / "home") as address:
        planner = visit(at=address)
        page = planner.open("/").page
        page.get_by_test_id("stMain").get_by_role("link", name="Start anew").click()
        planner.arrived("Start")
        planner.type("Search a place", "nairobi")
        planner.press("Nairobi")
        expect(page.get_by_text("Nairobi, Kenya").first).to_be_visible()
        expect(page.get_by_text("stands in for it")).to_be_visible()
        planner.type("Budget (USD)", 300_000).type("Power price (¢/kWh)", 6)
        planner.press("Design it")
        expect(page.get_by_role("button", name="Use this design")).to_be_visible(timeout=LONG_MS)
        told = planner.figures()
        assert float(told["First investment"].strip("$").replace(",", "")) <= 300_000
        planner.press("Use this design")
        expect(planner.unsaved()).to_be_visible()
        expect(page.get_by_role("button", name="Use this design")).to_be_disabled()
        page.get_by_role("link", name="See the answer").click()
        planner.arrived("Projection")
        expect(planner.figure("Net present value")).to_have_text(told["Net present value"])
        expect(planner.number("Import price (USD/kWh)")).to_have_value("0.06")
        expect(page.get_by_text("at Nairobi, Kenya").first).to_be_visible()


def test_an_example_is_taken_in_one_press_and_put_back(planner: Planner) -> None:
    planner.open("/").type("Machines", 77)
    expect(planner.unsaved()).to_be_visible()
    planner.page.get_by_test_id("stMain").get_by_role("link", name="Start anew").click()
    planner.arrived("Start")
    at = list(presets()).index("grid_battery")
    planner.at_rest()
    planner.page.get_by_role("button", name="Take it").nth(at).click()
    planner.told("In hand now")
    planner.go("Projection")
    expect(planner.number("Machines")).to_have_value("150")
    planner.page.get_by_test_id("stMain").get_by_role("link", name="Start anew").click()
    planner.arrived("Start")
    planner.press("Back to").told("Put back")
    planner.go("Projection")
    expect(planner.number("Machines")).to_have_value("77")


def test_a_budget_too_small_for_anything_is_told_in_words(planner: Planner) -> None:
    planner.open("/start").type("Budget (USD)", 20)
    planner.press("Design it")
    expect(planner.problem().filter(has_text="does not buy")).to_be_visible(timeout=LONG_MS)


def test_a_mistake_is_told_with_what_it_is_worth_set_right_and_taken_back(planner: Planner) -> None:
    plan = Scenario().but({"name": "Frozen", "outlook.difficulty_growth_per_year": 0.0})
    planner.open("/").import_scenario(plan.model_dump(mode="json"))
    two, one = (planner.page.get_by_text(words) for words in ("2 classic mistakes", "1 classic mistake in"))
    two.click()  # frozen difficulty, and the bundled market is old
    sun, market = bundled("greensboro"), bitcoin.bundled_market()
    less = worth_usd(plan, sun, market) - worth_usd(Scenario(), sun, market)
    expect(planner.page.get_by_text(f"${less:,.0f} less")).to_be_visible(timeout=30_000)
    planner.at_rest()
    planner.page.get_by_role("button", name="Set it so").first.click()
    expect(one).to_be_visible()
    planner.press("Take back").told("2 classic mistakes")
    expect(planner.page.get_by_text("Difficulty is frozen.")).to_be_visible()


def test_the_first_page_says_what_is_asked_how_sure_and_compared_with_what(visit: Visit) -> None:
    """On a phone in the dark too."""
    for width, dark in ((1280, False), (390, True)):
        planner = visit(width=width, dark=dark)
        page = planner.open("/").page
        expect(page.get_by_role("heading", name="No: $1.197 M short of earning 8 % a year.")).to_be_visible()
        for words in ("Is it worth building?", "never pays back within 10 years", "How sure?", "Compared with what?"):
            expect(page.get_by_text(words).first).to_be_visible()
        for path in ("/", "/start"):
            planner.open(path)
            assert planner.fits_the_width(), f"{path} at {width} pixels"
        assert planner.cut_off() == []
