"""The best sizes in a real browser: asked for, watched, found again, taken over and taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core.scenario import Scenario
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
PAYS = Scenario().but({"name": "It pays", "finance.horizon_years": 3, "outlook.price_usd": 250_000.0})


def found(planner: Planner) -> Planner:
    planner.press("Find the best sizes")
    expect(planner.page.get_by_text("Best: ")).to_be_visible(timeout=120_000)
    return planner


def test_the_best_sizes_are_found_applied_and_taken_back(planner: Planner) -> None:
    planner.open("/sizing").import_scenario(PAYS.model_dump(mode="json"))
    found(planner)
    told = planner.figures()["Net present value"]
    expect(planner.page.get_by_role("heading", name="The map of designs")).to_be_visible()
    planner.press("Apply this design")
    expect(planner.unsaved()).to_be_visible()
    expect(planner.page.get_by_role("button", name="Apply this design")).to_be_disabled()
    planner.go("Projection")
    expect(planner.figure("Net present value")).to_have_text(told)
    planner.go("Sizing")
    expect(planner.page.get_by_role("button", name="Take it back")).to_be_visible()
    planner.press("Take it back")
    planner.go("Projection")
    expect(planner.number("Machines")).to_have_value("140")


def test_a_search_is_found_again_after_a_reload_and_by_nobody_else(planner: Planner, visit: Visit) -> None:
    planner.open("/sizing").import_scenario(PAYS.model_dump(mode="json"))
    found(planner)
    address = planner.page.url
    assert "job=" in address
    planner.page.reload()
    expect(planner.page.get_by_text("Best: ")).to_be_visible()
    planner.page.goto(address.replace("job=", "job=0"))
    expect(planner.page.get_by_text("is no longer known")).to_be_visible()


def test_where_nothing_pays_the_page_says_so(planner: Planner) -> None:
    poor = Scenario().but({"name": "Poor", "finance.horizon_years": 2, "outlook.price_usd": 20_000.0})
    planner.open("/sizing").import_scenario(poor.model_dump(mode="json"))
    planner.press("Find the best sizes")
    expect(planner.page.get_by_text("Nothing is best.")).to_be_visible(timeout=120_000)


def test_two_kinds_of_machines_are_refused_in_words(planner: Planner) -> None:
    unit = Scenario().fleet.units[0].model_dump(mode="json")
    mixed = Scenario().but({"name": "Mixed", "fleet.units": [unit, {**unit, "model": "Other"}]})
    planner.open("/sizing").import_scenario(mixed.model_dump(mode="json"))
    planner.press("Find the best sizes")
    expect(planner.problem().filter(has_text="one kind")).to_be_visible()


def test_tilt_and_machine_are_sought_applied_and_taken_back(planner: Planner) -> None:
    planner.open("/sizing").import_scenario(
        PAYS.but({"finance.array_usd_per_kw": 250.0, "grid.import_limit_kw": 100.0}).model_dump(mode="json")
    )
    planner.page.get_by_text("Seek the best tilt").click()
    kinds = planner.page.get_by_role("combobox", name="Machines to choose from")
    for model in ("Antminer S21 Pro (234)", "Antminer S21 XP"):
        kinds.fill(model)  # opens the list again where the page was drawn anew
        planner.page.get_by_role("option", name=model, exact=True).click()
    kinds.press("Escape")
    found(planner)
    expect(planner.page.get_by_text("tilted ").first).to_be_visible()
    planner.press("Apply this design")
    expect(planner.page.get_by_role("button", name="Apply this design")).to_be_disabled()
    planner.press("Take it back")
    expect(planner.page.get_by_role("button", name="Apply this design")).to_be_enabled()
    planner.go("Projection")
    expect(planner.number("Machines")).to_have_value("140")


def test_sizes_for_one_who_minds_the_bad_lives(planner: Planner) -> None:
    planner.open("/sizing").import_scenario(PAYS.model_dump(mode="json"))
    planner.choose("Aim", "Mean NPV plus bad lives, weighed")
    found(planner)
    told = planner.figures()
    assert {"Mean NPV", "NPV, bad lives", "Chance of a loss", "Price of choosing"} <= told.keys()
    expect(planner.page.get_by_role("heading", name="What a good mean costs in bad lives")).to_be_visible()
    planner.page.get_by_text("designs that were lived").click()
    rows = planner.table("Table: Designs lived")
    assert float(rows[0]["Mean NPV (USD)"]) > 0
    planner.press("Apply this design")
    expect(planner.unsaved()).to_be_visible()
    assert planner.broken == []


def test_an_aim_that_none_keeps_to_is_said_with_what_comes_nearest(planner: Planner) -> None:
    planner.open("/sizing").import_scenario(PAYS.model_dump(mode="json"))
    planner.choose("Aim", "Highest mean NPV, bad lives held")
    planner.page.get_by_text("What the aims with bad lives ask for").click()
    planner.page.get_by_role("spinbutton", name="CVaR at least (USD)").fill("900000000")
    found(planner)
    expect(planner.page.get_by_text("No design keeps to the aim")).to_be_visible()
