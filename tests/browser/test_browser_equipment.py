"""Machines of one's own and modules of the library, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.machine import read_all
from core.models import library
from core.scenario import Scenario, read
from tests.browser.planner import Planner, settled

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
TABLE = "Table: Machines"


def fill(planner: Planner, **fields: object) -> Planner:
    """Fill the fields of the form that is open, by their labels."""
    form = planner.page.get_by_test_id("stDialog")
    for name, value in fields.items():
        label = name.replace("_", " ")
        box = form.get_by_role("textbox", name=label, exact=True).or_(
            form.get_by_role("spinbutton", name=re.compile(rf"^{label}( \(|$)"))
        )
        box.fill(str(value))
    return planner


def send(planner: Planner, button: str) -> Planner:
    form = planner.page.get_by_test_id("stDialog")
    form.get_by_test_id("stFormSubmitButton").get_by_role("button", name=re.compile(button)).click()
    return planner


def add(planner: Planner, name: str, hashrate_ths: float = 250, power_w: float = 3500) -> Planner:
    planner.press("Add a machine")
    fill(planner, Model=name, Hash_rate=hashrate_ths, Power=power_w)
    return send(planner, "Add").told(f"Added “{name}”")


def own_rows(planner: Planner) -> dict[str, dict[str, str]]:
    return {row["model"]: row for row in planner.table(TABLE) if row["origin"] == "own"}


def test_a_machine_is_added_used_and_edited_and_is_there_after_a_reload(planner: Planner) -> None:
    planner.open("/")
    before = planner.figures()
    add(planner.go("Equipment"), "Rig of a reload")
    planner.tick(TABLE, "Rig of a reload").number("How many").fill("100")
    planner.number("How many").press("Enter")
    settled(planner.page)
    planner.press("Use in the plan").told("Added 100 × Rig of a reload")
    expect(planner.page.get_by_text("140 × Antminer S21 Pro (234), 100 × Rig of a reload")).to_be_visible()
    planner.go("Projection")
    used = planner.figures()
    assert float(used["Coins mined"].split()[0]) > float(before["Coins mined"].split()[0])
    planner.go("Equipment").tick(TABLE, "Rig of a reload").press("Edit")
    fill(planner, Hash_rate=260, Price=2600, Price_date="2026-11-20", Price_source="an offer")
    send(planner, "Save changes").told("Saved “Rig of a reload”")
    planner.go("Projection")
    assert planner.figures()["Coins mined"] == used["Coins mined"], "a plan keeps the figures it was given"
    planner.page.reload()
    planner.arrived("Projection").go("Equipment")
    row = own_rows(planner)["Rig of a reload"]
    assert (row["hashrate_ths"], row["power_w"], row["price_usd"], row["price_date"], row["price_source"]) == (
        "260.0", "3500.0", "2600.0", "2026-11-20", "an offer")  # fmt: skip
    assert row["price_usd_per_th"] == "10.0"


def test_a_plan_that_only_names_an_own_machine_gets_its_figures(planner: Planner) -> None:
    add(planner.open("/equipment"), "Rig by name")
    scenario = json.loads(Scenario().to_json())
    scenario["fleet"]["units"] = [{"model": "RIG BY NAME", "count": 120}]
    planner.open("/").import_scenario(scenario)
    by_name = planner.figures()
    scenario["fleet"]["units"] = [{"model": "x", "hashrate_ths": 250.0, "power_w": 3500.0, "count": 120}]
    planner.import_scenario(scenario)
    expect(planner.problem()).to_have_count(0)
    assert planner.figures() == by_name


def test_a_deleted_machine_can_be_brought_back(planner: Planner) -> None:
    add(planner.open("/equipment"), "Rig to regret")
    planner.tick(TABLE, "Rig to regret").press("Delete").told("Deleted “Rig to regret”")
    assert "Rig to regret" not in own_rows(planner)
    planner.press("Bring back").told("“Rig to regret” is back")
    assert own_rows(planner)["Rig to regret"]["hashrate_ths"] == "250.0"
    expect(planner.page.get_by_role("button", name="Bring back")).to_have_count(0)


def test_a_bundled_machine_is_copied_as_an_own_one_with_its_dated_price(planner: Planner) -> None:
    planner.open("/equipment")
    search = planner.page.get_by_role("searchbox", name="Search")
    search.fill("antminer s19 xp")
    search.press("Enter")
    expect(planner.page.get_by_role("region", name=TABLE).locator("td").filter(has_text="Antminer T21")).to_have_count(
        0
    )
    planner.tick(TABLE, "Antminer S19 XP").press("Copy as my own")
    expect(planner.text("Price date")).to_have_value("2026-H2")
    send(planner, "Add").told("Added “Antminer S19 XP (own)”")
    row = own_rows(planner)["Antminer S19 XP (own)"]
    assert (row["price_usd"], row["price_date"], row["manufacturer"]) == ("385.0", "2026-H2", "Bitmain")
    assert "broker list" in row["price_source"]


def test_what_is_wrong_with_a_machine_is_said_in_words_and_nothing_typed_is_lost(planner: Planner) -> None:
    planner.open("/equipment").press("Add a machine")
    form = planner.page.get_by_test_id("stDialog")
    for given, words in (
        ({"Model": "Half a rig"}, "Hash rate: expected a value"),
        ({"Hash_rate": 1, "Power": 20, "Price": 5}, "Price date: expected a day"),
        ({"Price_date": "2026-11"}, "Price source: expected where the price is from"),
        ({"Price_source": "me", "Released": "soon"}, "Released: expected a month"),
    ):
        send(fill(planner, **given), "Add")
        expect(form.get_by_test_id("stAlert")).to_contain_text(words)
    expect(form.get_by_role("textbox", name="Model", exact=True)).to_have_value("Half a rig")
    send(fill(planner, Released="2026"), "Add").told("Added “Half a rig”")
    planner.press("Add a machine")
    send(fill(planner, Model="HALF A RIG", Hash_rate=1, Power=1), "Add")
    expect(form.get_by_test_id("stAlert")).to_contain_text("a name that none of your machines has yet")


def test_a_hostile_name_stays_text(planner: Planner) -> None:
    name = "<img src=x onerror=alert(1)> **b** $x$ [l](/canary) :red[ink]"
    add(planner.open("/equipment"), name)
    planner.tick(TABLE, name).press("Use in the plan").told("10 ×")
    planner.tick(TABLE, name).press("Delete").told("Deleted")
    expect(planner.page.get_by_role("button", name="Bring back")).to_contain_text(name)
    main = planner.page.get_by_test_id("stMain")
    assert main.locator("img[src='x'], .katex, a[href*='canary']").count() == 0
    planner.is_clean()


def test_in_public_own_machines_live_in_the_session_and_travel_as_files(
    visit: Visit, public_address: str, public_home: Path
) -> None:
    planner = visit(at=public_address, alone=True)
    add(planner.open("/equipment"), "Rig of a visitor", 321)
    planner.tick(TABLE, "Rig of a visitor").press("Use in the plan").told("Added 10 × Rig of a visitor")
    planner.go("Status").go("Equipment")
    assert list(own_rows(planner)) == ["Rig of a visitor"]
    unit = read(planner.download("Save")).fleet.units[1]
    assert (unit.model, unit.hashrate_ths, unit.power_w, unit.count) == ("Rig of a visitor", 321.0, 3500.0, 10)
    planner.page.get_by_text("Own machines as a file").click()
    raw = planner.download("Download my machines")
    assert [machine.model for machine in read_all(raw)] == ["Rig of a visitor"]

    other = visit(at=public_address, alone=True)
    other.open("/equipment")
    assert own_rows(other) == {}
    assert b"Rig of a visitor" not in b"".join(other.received)
    for told in ("Added 1 of 1 machines", "Added 0 of 1 machines; 1 of a name that is here already left out"):
        if not other.page.get_by_test_id("stFileUploader").filter(has_text="such a file").is_visible():
            other.page.get_by_text("Own machines as a file").click()
        other.give_file("such a file", "machines.json", raw)
        other.told(told)
    assert own_rows(other)["Rig of a visitor"]["hashrate_ths"] == "321.0"
    planner.page.reload()
    assert own_rows(planner.arrived("Equipment")) == {}
    assert list(public_home.rglob("*")) == []


def test_a_module_is_found_by_words_and_the_library_stays_on_the_server(planner: Planner) -> None:
    planner.open("/configuration").section("Array")
    before = planner.figures()["Solar energy, year 1"]
    planner.page.get_by_text("More settings").click()
    expect(planner.page.get_by_text("CEC list of 2019-03-05")).to_contain_text("Mono-c-Si · 320 W · efficiency 19.7 %")
    search = planner.page.get_by_role("searchbox", name="Find a module")
    search.fill("solar")
    search.press("Enter")
    expect(planner.page.get_by_text("the first 50 are listed")).to_be_visible(timeout=60_000)
    words = {" ".join(name.replace("_", " ").split()).encode() for name in library.library().columns}
    received = b"".join(planner.received)
    assert 50 <= sum(name in received for name in words) <= 60  # a short name may stand within a longer one
    search.fill("sunpower x22-360")
    search.press("Enter")
    expect(planner.page.get_by_text("5 modules found")).to_be_visible()
    settled(planner.page)
    planner.page.get_by_text("CEC list of 2019-03-05").scroll_into_view_if_needed()
    planner.page.wait_for_timeout(300)  # a list that is open closes when the page scrolls
    planner.choose("Module", "SunPower SPR X22 360")
    expect(planner.page.get_by_text("CEC list of 2019-03-05")).to_contain_text("360 W · efficiency 22.1 %")
    expect(planner.figure("Solar energy, year 1")).not_to_have_text(before)


def test_a_module_nobody_knows_is_said_with_near_names(planner: Planner) -> None:
    scenario = json.loads(Scenario().but({"array.module": "Canadian Solar Inc. CS1H-320MX"}).to_json())
    planner.open("/configuration").import_scenario(scenario).section("Array")
    expect(planner.problem()).to_contain_text("no module 'Canadian Solar Inc. CS1H-320MX'", timeout=60_000)
    expect(planner.page.get_by_text("array.module: expected such as")).to_contain_text("Canadian_Solar_Inc__CS1H_320MS")
