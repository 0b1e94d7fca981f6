"""Undo and redo, drafts that the browser keeps, links to a page with its plan, keys, units and numbers by language."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from core import say
from core.scenario import Scenario
from tests.browser.planner import Planner, settled

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
DC, TILT = "Array size (DC) (kW)", "Tilt (°)"
STORE = "solar-mining"


def plan(name: str, **changes: object) -> dict[str, Any]:
    """The example under another name, as a file holds it."""
    held: dict[str, Any] = json.loads(Scenario().but({"name": name, **changes}).to_json())
    return held


def keys(planner: Planner, pressed: str) -> Planner:
    """Press keys with nothing in hand."""
    planner.at_rest()
    planner.page.evaluate("document.activeElement?.blur()")
    planner.page.keyboard.press(pressed)
    return planner


def step(planner: Planner, name: str) -> str:
    """What the help of Undo or Redo says would be done."""
    planner.page.get_by_test_id("stMain").get_by_role("button", name=re.compile(rf"^{name}\b")).hover()
    told = planner.page.get_by_test_id("stTooltipContent").filter(has_text=f"{name}:")
    expect(told).to_be_visible()
    text = told.inner_text()
    planner.page.mouse.move(5, 700)
    expect(told).to_have_count(0)
    return text


def test_every_edit_is_undone_and_done_again_one_by_one_under_its_name(planner: Planner) -> None:
    planner.open("/configuration").section("Array").type(DC, 1100)
    expect(planner.unsaved()).to_be_visible()
    planner.type(TILT, 12)
    planner.go("Projection").type("Machines", 71)
    expect(planner.figure("Net present value")).to_be_visible()
    assert "Machines" in step(planner.go("Configuration"), "Undo") or "Count" in step(planner, "Undo")
    planner.section("Array").press("Undo").press("Undo")
    expect(planner.number(TILT)).to_have_value("30")
    expect(planner.number(DC)).to_have_value("1100")
    assert step(planner, "Redo") == "Redo: Tilt"
    assert step(planner, "Undo") == "Undo: Array size (DC)"
    planner.press("Redo")
    expect(planner.number(TILT)).to_have_value("12")
    planner.press("Undo").press("Undo")
    expect(planner.number(DC)).to_have_value("1000")
    expect(planner.unsaved()).to_have_count(0)


def test_a_new_edit_forgets_what_was_undone(planner: Planner) -> None:
    planner.open("/configuration").section("Array").type(DC, 1100).press("Undo")
    expect(planner.number(DC)).to_have_value("1000")
    planner.type(DC, 1250)
    expect(planner.page.get_by_role("button", name=re.compile("^Redo"))).to_have_count(0)


def test_opening_a_file_is_undone_with_the_unsaved_work_it_replaced(planner: Planner) -> None:
    planner.open("/configuration").section("Array").type(DC, 1234)
    expect(planner.unsaved()).to_be_visible()
    planner.import_scenario(plan("Came from a file"))
    expect(planner.number(DC)).to_have_value("1000")
    assert step(planner, "Undo") == "Undo: Opening “Came from a file”"
    planner.press("Undo")
    expect(planner.number(DC)).to_have_value("1234")
    expect(planner.unsaved()).to_be_visible()
    planner.press("Redo")
    expect(planner.text("Scenario name")).to_have_value("Came from a file")
    expect(planner.unsaved()).to_have_count(0)


def test_what_was_saved_since_stays_saved_when_an_edit_is_undone(planner: Planner) -> None:
    planner.open("/configuration").import_scenario(plan("Saved, then undone"))
    planner.section("Array").type(DC, 1300)
    planner.press("Save").told("Saved “Saved, then undone”")
    planner.press("Undo")
    expect(planner.number(DC)).to_have_value("1000")
    expect(planner.unsaved()).to_be_visible()
    planner.press("Save").told("Saved “Saved, then undone”")  # over its own version: no conflict
    expect(planner.unsaved()).to_have_count(0)


def test_opening_another_scenario_says_that_unsaved_work_comes_back(planner: Planner) -> None:
    planner.open("/configuration").import_scenario(plan("To be opened later")).press("Save").told("Saved")
    planner.import_scenario(plan("Worked on")).section("Array").type(DC, 1400)
    expect(planner.unsaved()).to_be_visible()
    planner.menu()
    planner.choose("Open a saved scenario", "To be opened later")
    planner.told("What was not saved of “Worked on” comes back with Undo")
    planner.close_menu().press("Undo")
    expect(planner.number(DC)).to_have_value("1400")


def test_keys_undo_redo_save_and_lead_from_page_to_page(planner: Planner) -> None:
    planner.open("/configuration").section("Array").type(DC, 1100)
    expect(planner.unsaved()).to_be_visible()
    keys(planner, "Control+z")
    expect(planner.number(DC)).to_have_value("1000")
    keys(planner, "Control+Shift+z")
    expect(planner.number(DC)).to_have_value("1100")
    keys(planner, "Control+s").told("Saved")
    keys(planner, "Alt+PageDown").arrived("Equipment")
    keys(planner, "Alt+PageUp").arrived("Configuration")
    keys(planner, "Control+/")
    expect(planner.page.get_by_test_id("stPopoverBody").get_by_text("Undo, redo")).to_be_visible()
    planner.close_menu()


def test_the_key_for_undo_is_the_fields_own_while_something_is_typed(planner: Planner) -> None:
    planner.open("/configuration").section("Array").type(DC, 1100)
    expect(planner.unsaved()).to_be_visible()
    planner.at_rest()
    planner.text("Scenario name").fill("Half a na")
    planner.page.keyboard.press("Control+z")
    planner.page.wait_for_timeout(1000)
    expect(planner.number(DC)).to_have_value("1100")


def test_the_risk_page_runs_by_key(planner: Planner) -> None:
    planner.open("/risk")
    keys(planner, "Control+Enter")
    expect(planner.page.get_by_text(re.compile(r"Living the plan|lives \(")).first).to_be_visible(timeout=60_000)


# --- what the browser keeps -------------------------------------------------------------------------


def test_in_public_mode_a_draft_survives_a_reload_in_the_browser_alone(
    visit: Visit, public_address: str, public_home: Path
) -> None:
    planner = visit(at=public_address, alone=True)
    planner.open("/configuration").type("Scenario name", "Kept by the browser").section("Array").type(DC, 1111)
    expect(planner.page.get_by_text("Kept by the browser ·")).to_be_visible()
    planner.page.wait_for_function(f"() => (localStorage['{STORE}'] ?? '').includes('1111')")
    planner.page.reload()
    planner.arrived("Configuration").press("Restore unsaved")
    expect(planner.text("Scenario name")).to_have_value("Kept by the browser")
    expect(planner.section("Array").number(DC)).to_have_value("1111")
    assert list(public_home.rglob("*")) == []


def test_a_draft_discarded_or_put_back_is_forgotten_by_the_browser(visit: Visit, public_address: str) -> None:
    planner = visit(at=public_address, alone=True)
    planner.open("/configuration").section("Array").type(DC, 1112)
    planner.page.wait_for_function(f"() => (localStorage['{STORE}'] ?? '').includes('1112')")
    planner.page.reload()
    planner.arrived("Configuration").press("Discard it")
    planner.page.wait_for_function(f"() => !(localStorage['{STORE}'] ?? '').includes('1112')")


@pytest.mark.parametrize("kept", ["[]", "{", '{"drafts": {"a": {"text": "{}", "name": 7, "at": "x"}}, "units": "<b>"}'])
def test_what_the_browser_kept_is_not_believed(kept: str, visit: Visit, public_address: str) -> None:
    planner = visit(at=public_address, alone=True)
    planner.page.add_init_script(f"localStorage['{STORE}'] = {json.dumps(kept)}")
    planner.open("/")
    expect(planner.page.get_by_role("button", name=re.compile("Restore"))).to_have_count(0)
    expect(planner.problem()).to_have_count(0)


def test_a_hostile_name_of_a_draft_in_the_browser_is_shown_as_it_is(visit: Visit, public_address: str) -> None:
    planner = visit(at=public_address, alone=True)
    draft = {"name": "x", "at": 1.8e12, "text": json.dumps(plan("<img src=x> **b**"))}
    planner.page.add_init_script(f"localStorage['{STORE}'] ??= {json.dumps(json.dumps({'drafts': {'a': draft}}))}")
    planner.open("/")
    expect(planner.page.get_by_role("button", name=re.compile(re.escape("<img src=x> **b**")))).to_be_visible()


# --- links ------------------------------------------------------------------------------------------


def test_a_link_opens_exactly_that_page_with_that_saved_scenario(visit: Visit) -> None:
    planner = visit()
    planner.open("/configuration").import_scenario(plan("By its link", **{"array.dc_kw": 777.0}))
    planner.press("Save").told("Saved “By its link”").go("Market")
    link = planner.menu().get_by_test_id("stCode").inner_text().strip()
    other = visit()
    other.page.goto(link)
    other.arrived("Market").told("Opened “By its link”")
    expect(other.unsaved()).to_have_count(0)
    expect(other.page).to_have_url(f"{other.address}/market")
    expect(other.go("Configuration").section("Array").number(DC)).to_have_value("777")


def test_a_link_to_what_nobody_saved_says_so(planner: Planner) -> None:
    planner.page.goto(f"{planner.address}/risk?config=<b>nothing</b>")
    planner.arrived("Risk")
    expect(planner.problem().first).to_contain_text("<b>nothing</b>")


def test_in_public_mode_a_link_opens_its_page_too(visit: Visit, public_address: str) -> None:
    planner = visit(at=public_address, alone=True)
    planner.open("/money").menu()
    link = planner.page.get_by_test_id("stCode").inner_text().strip()
    assert link.startswith(f"{public_address}/money?plan=")
    friend = visit(at=public_address, alone=True)
    friend.page.goto(link)
    friend.arrived("Money").told("from a link")


# --- units and numbers ------------------------------------------------------------------------------


def test_units_are_chosen_once_for_the_browser_and_what_is_kept_stays_metric(visit: Visit) -> None:
    planner = visit(alone=True)
    planner.open("/configuration").section("Site and weather")
    metres = planner.number("Elevation (m)").input_value()
    planner.page.get_by_role("button", name="Help", exact=True).click()
    planner.page.get_by_role("radio", name="US customary").or_(
        planner.page.get_by_test_id("stPopoverBody").get_by_role("button", name="US customary")
    ).first.click()
    feet = planner.number("Elevation (ft)")
    expect(feet).to_be_visible()
    assert float(feet.input_value()) == pytest.approx(float(metres) / 0.3048, rel=1e-8)
    planner.close_menu()
    planner.type("Elevation (ft)", 1000)
    expect(planner.unsaved()).to_be_visible()
    kept = json.loads(planner.download("Export as JSON", planner.menu()))
    assert kept["site"]["elevation_m"] == pytest.approx(304.8)
    planner.page.wait_for_function(f"() => (localStorage['{STORE}'] ?? '').includes('US customary')")
    planner.page.reload()
    planner.arrived("Configuration")
    expect(planner.number("Elevation (ft)")).to_be_visible()


@pytest.fixture
def german(browser: Browser, address: str) -> Any:
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    planner = Planner(page, address)
    yield planner
    context.close()
    planner.is_clean()


def test_numbers_are_written_as_the_browsers_language_writes_them(german: Planner) -> None:
    shown = german.open("/").figures()
    assert re.fullmatch(r"−?\$[\d.]+,\d{3} M", shown["Net present value"])
    assert re.fullmatch(r"\d+,\d{4} BTC", shown["Coins mined"])
    expect(german.page.get_by_text(re.compile(r"forgets halvings would say \d+,\d years"))).to_be_visible()
    ticks = german.page.locator("[data-testid=stVegaLiteChart]")
    assert ticks.count() > 0
    german.section("By month")
    settled(german.page)


FORMATTED = "l => Intl.NumberFormat.supportedLocalesOf(l).length ? new Intl.NumberFormat(l).format(1234567.5) : ''"


def test_our_marks_are_those_of_the_browser(browser: Browser) -> None:
    """Every language we know, beside what Chromium's own tables say."""
    page = browser.new_page()
    wrong = {}
    for language in [*say.WRITTEN, "en-US", "en-GB", "de-DE", "fr-FR", "pt-BR", "ja", "zh-CN", "ko-KR", "he", "th"]:
        told = page.evaluate(FORMATTED, language)  # empty for a language that this browser comes without
        if told and told.replace("'", "’") != say.number(1234567.5, 1, say.marks_of(language)):
            wrong[language] = told
    page.close()
    assert not wrong
