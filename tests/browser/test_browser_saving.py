"""Saving, opening, undoing, comparing and handing on plans, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.scenario import Scenario, read
from tests.browser.dashboard import serve
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]


DC = "Array size (DC) (kW)"


def plan(name: str, **changes: object) -> dict[str, object]:
    """The example under another name, as a file holds it."""
    return json.loads(Scenario().but({"name": name, **changes}).to_json())


def test_a_saved_scenario_opens_after_a_reload_with_the_same_figures(planner: Planner) -> None:
    planner.open("/").import_scenario(plan("Kept over a reload"))
    planner.type("Machines", 88)
    expect(planner.unsaved()).to_be_visible()
    planner.press("Save").told("Saved “Kept over a reload”")
    figures = planner.figures()
    planner.page.reload()
    planner.arrived("Projection")
    expect(planner.number("Machines")).to_have_value("140")
    planner.menu()
    planner.choose("Open a saved scenario", "Kept over a reload")
    expect(planner.number("Machines")).to_have_value("88")
    assert planner.close_menu().figures() == figures


def test_a_saved_scenario_is_there_after_the_server_was_restarted(visit: Visit, tmp_path: Path) -> None:
    with serve(tmp_path / "home") as address:
        planner = visit(at=address)
        planner.open("/").type("Machines", 63)
        expect(planner.unsaved()).to_be_visible()
        planner.press("Save").told("Saved")
        planner.press("Keep projection").told("Kept the projection")
        figures = planner.figures()
    with serve(tmp_path / "home") as address:
        planner = visit(at=address)
        planner.open("/")
        expect(planner.number("Machines")).to_have_value("140")
        planner.menu()
        planner.choose("Open a saved scenario", Scenario().name)
        expect(planner.number("Machines")).to_have_value("63")
        assert planner.close_menu().figures() == figures
        planner.go("Compare").shelf()
        expect(planner.names_on_shelf("projections", "")).to_have_count(1)


def test_what_was_not_saved_is_offered_after_the_server_was_restarted(visit: Visit, tmp_path: Path) -> None:
    with serve(tmp_path / "home") as address:
        planner = visit(at=address)
        planner.open("/").type("Machines", 63)
        expect(planner.unsaved()).to_be_visible()
        figures = planner.figures()
        planner.go("Risk")
    with serve(tmp_path / "home") as address:
        planner = visit(at=address)
        planner.open("/")
        expect(planner.number("Machines")).to_have_value("140")
        planner.press("Restore unsaved “Example: 1 MW").told("Restored")
        expect(planner.number("Machines")).to_have_value("63")
        expect(planner.unsaved()).to_be_visible()
        assert planner.figures() == figures
        other = visit(at=address).open("/")
        other.press("Discard it")
        expect(other.page.get_by_role("button", name="Restore unsaved")).to_have_count(0)
        other.page.reload()
        other.arrived("Projection")
        expect(other.page.get_by_role("button", name="Restore unsaved")).to_have_count(0)


def test_the_unsaved_badge_comes_with_a_change_and_goes_with_undo_or_saving(planner: Planner) -> None:
    planner.open("/configuration").import_scenario(plan("Badge of the unsaved"))
    expect(planner.unsaved()).to_have_count(0)
    planner.section("Array").type(DC, 1100)
    expect(planner.unsaved()).to_be_visible()
    planner.press("Undo")
    expect(planner.unsaved()).to_have_count(0)
    expect(planner.number(DC)).to_have_value("1000")
    planner.type(DC, 1200)
    expect(planner.unsaved()).to_be_visible()
    planner.press("Save").told("Saved “Badge of the unsaved”")
    expect(planner.unsaved()).to_have_count(0)
    expect(planner.number(DC)).to_have_value("1200")


def test_the_menu_goes_back_to_the_last_saved_and_not_to_the_example(planner: Planner) -> None:
    planner.open("/configuration").import_scenario(plan("Undo to the saved"))
    planner.section("Array").type(DC, 1300)
    expect(planner.unsaved()).to_be_visible()
    planner.press("Save").told("Saved “Undo to the saved”")
    saved = planner.figures()
    planner.type("Tilt (°)", 10).type(DC, 1500)
    expect(planner.figure("First investment")).not_to_have_text(saved["First investment"])
    planner.press("Back to what was saved", planner.menu())
    expect(planner.number(DC)).to_have_value("1300")
    expect(planner.number("Tilt (°)")).to_have_value("30")
    expect(planner.unsaved()).to_have_count(0)
    assert planner.figures() == saved


def test_two_kept_projections_stand_side_by_side_with_what_differs(planner: Planner) -> None:
    planner.open("/configuration").import_scenario(plan("Small fleet", **{"fleet.units.0.count": 50}))
    small = planner.figures()["Coins mined"]
    planner.press("Keep projection").told("Kept the projection of “Small fleet”")
    planner.import_scenario(plan("Large fleet", **{"fleet.units.0.count": 300}))
    expect(planner.figure("Coins mined")).not_to_have_text(small)
    large = planner.figures()["Coins mined"]
    planner.press("Keep projection").told("Kept the projection of “Large fleet”")
    planner.go("Compare")
    figures = {row.pop("Figure"): row for row in planner.table("Table: Comparison")}
    coins = {name.split(" · ")[1]: value for name, value in figures["Coins mined"].items()}
    expected = {"Draft": f"{large} ★", "Large fleet": f"{large} ★", "Small fleet": small}
    assert coins.items() >= expected.items()
    differing = {row.pop("Input"): row for row in planner.table("Table: Inputs that differ")}
    group, *others = differing["Machine 1: Machines"].items()
    assert group == ("Group", "Miners")
    counts = {name.split(" · ")[1]: v for name, v in others}
    assert counts.items() >= {"Draft": "300", "Large fleet": "300", "Small fleet": "50"}.items()
    planner.page.get_by_text("The draft", exact=True).click()
    without = planner.page.get_by_role("region", name="Table: Comparison").locator("th")
    expect(without.filter(has_text="Draft")).to_have_count(0)


def test_scenarios_are_renamed_duplicated_opened_and_deleted_on_the_shelf(planner: Planner) -> None:
    planner.open("/compare")
    for name, count in (("Shelf first", 51), ("Shelf second", 52)):
        planner.import_scenario(plan(name, **{"fleet.units.0.count": count}))
        planner.press("Save").told(f"Saved “{name}”")
    shelf, names = planner.shelf(), planner.names_on_shelf("scenarios", "Shelf")
    expect(names).to_have_text(["Shelf second", "Shelf first"])
    planner.pick("scenarios", "Shelf first").press("Duplicate", shelf)
    expect(names).to_have_text(["Shelf first (copy)", "Shelf second", "Shelf first"])
    planner.pick("scenarios", "Shelf second").press("Delete", shelf)
    expect(names).to_have_text(["Shelf first (copy)", "Shelf first"])
    planner.pick("scenarios", "Shelf first (copy)").rename("Shelf third")
    expect(names).to_have_text(["Shelf third", "Shelf first"])
    planner.pick("scenarios", "Shelf third").press("Open", shelf)
    expect(planner.page.get_by_text("Shelf third ·")).to_be_visible()
    assert read(planner.download("Export as JSON", planner.menu())).at("fleet.units.0.count") == 51


def test_deleting_after_a_rename_never_takes_another_scenario(planner: Planner) -> None:
    """A rename moves a scenario to the top of the list: a row that stays picked has to move with it."""
    planner.open("/compare")
    for name in ("Moving older", "Moving newer"):
        planner.import_scenario(plan(name)).press("Save").told(f"Saved “{name}”")
    shelf, names = planner.shelf(), planner.names_on_shelf("scenarios", "Moving")
    planner.pick("scenarios", "Moving older").rename("Moving renamed")
    expect(names).to_have_text(["Moving renamed", "Moving newer"])
    delete = shelf.get_by_role("button", name="Delete")
    if delete.count():
        delete.click()
        expect(names).to_have_text(["Moving newer"])


def test_kept_projections_are_renamed_duplicated_and_deleted_on_the_shelf(planner: Planner) -> None:
    planner.open("/compare").import_scenario(plan("Opinion")).press("Keep projection").told("Kept the projection")
    shelf, names = planner.shelf(), planner.names_on_shelf("projections", "pinion")
    planner.pick("projections", "Opinion").press("Duplicate", shelf)
    expect(names).to_have_text(["Opinion (copy)", "Opinion"])
    planner.pick("projections", "Opinion (copy)").rename("A second opinion")
    expect(names).to_have_text(["A second opinion", "Opinion"])
    planner.pick("projections", "Opinion").press("Delete", shelf)
    expect(names).to_have_text(["A second opinion"])


def test_an_exported_scenario_imports_as_the_same_scenario(planner: Planner) -> None:
    planner.open("/configuration").import_scenario(plan("There and back"))
    planner.section("Array").type(DC, 1234).section("Grid").type("Import price (USD/kWh)", 0.0613)
    expect(planner.unsaved()).to_be_visible()
    planner.page.wait_for_timeout(300)
    figures = planner.figures()
    raw = planner.download("Export as JSON", planner.menu())
    expected = Scenario().but({"name": "There and back", "array.dc_kw": 1234.0, "grid.import_usd_per_kwh": 0.0613})
    assert read(raw) == expected
    planner.open("/configuration").import_scenario(json.loads(raw))
    assert planner.section("Grid").figures() == figures
    assert read(planner.download("Export as JSON", planner.menu())) == expected


def test_a_file_that_is_no_scenario_is_refused_in_words_and_nothing_is_lost(planner: Planner) -> None:
    planner.open("/configuration").section("Array").type(DC, 1450)
    expect(planner.unsaved()).to_be_visible()
    for content, words in ((b"not json at all", "not JSON"), (b'{"array": {"dc_kw": "many"}}', "array.dc_kw")):
        planner.menu()
        planner.give_file("Import a scenario", "broken.json", content)
        expect(planner.problem().filter(has_text=words)).to_be_visible()
        planner.close_menu()
    expect(planner.number(DC)).to_have_value("1450")
