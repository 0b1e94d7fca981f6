"""Open to anybody: what one visitor types stays theirs, and nothing is kept on the server."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from core.scenario import Scenario, leaves, read
from tests.browser.planner import Planner, settled
from tests.fetchers import weather_samples

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
SECTIONS = ("Site and weather", "Array", "Battery", "Miners", "Grid", "Bitcoin", "Money")
WORD = "CanaryOfVisitorA"


def test_saving_is_a_download_and_a_session_of_edits_leaves_nothing_on_the_server(
    visit: Visit, public_address: str, public_home: Path
) -> None:
    planner = visit(at=public_address)
    planner.open("/configuration").type("Scenario name", "Only mine")
    expect(planner.unsaved()).to_be_visible()
    planner.give_file("weather file", "mine.epw", weather_samples.text(weather_samples.epw()))
    planner.told(", uploaded").press("Keep projection").told("Kept the projection of “Only mine”")
    saved = read(planner.download("Save"))
    assert saved.name == "Only mine"
    assert saved.site.weather.startswith("file:")
    expect(planner.unsaved()).to_have_count(0)
    planner.go("Compare").shelf()
    expect(planner.names_on_shelf("projections", "Only mine")).to_have_count(1)
    planner.go("Status")
    expect(planner.page.get_by_text("Nothing is stored on this server")).to_be_visible()
    assert list(public_home.rglob("*")) == []


def test_a_scenario_saved_as_a_file_opens_again_by_import(visit: Visit, public_address: str) -> None:
    planner = visit(at=public_address, alone=True)  # a browser in which no draft of another test lies
    planner.open("/").type("Machines", 61)
    expect(planner.unsaved()).to_be_visible()
    raw = planner.download("Save")
    planner.open("/").import_scenario(json.loads(raw))
    expect(planner.number("Machines")).to_have_value("61")


def test_a_link_carries_the_whole_scenario(visit: Visit, public_address: str, public_home: Path) -> None:
    planner = visit(at=public_address, alone=True)
    planner.open("/").type("Machines", 62)
    expect(planner.unsaved()).to_be_visible()
    figures = planner.figures()
    link = planner.menu().get_by_test_id("stCode").inner_text().strip()
    assert link.startswith(f"{public_address}/?plan=")
    friend = visit(at=public_address, alone=True)
    friend.page.goto(link)
    friend.arrived("Projection").told("from a link")
    expect(friend.number("Machines")).to_have_value("62")
    assert "plan=" not in friend.page.url
    assert friend.figures() == figures
    friend.page.goto(link[:-40])
    friend.arrived("Projection")
    expect(friend.problem()).to_contain_text("this link carries no plan")
    expect(friend.number("Machines")).to_have_value("140")
    assert list(public_home.rglob("*")) == []


def canary_for(box: Locator, index: int) -> str:
    """A value that this box takes and nobody else would type."""
    if box.get_attribute("type") != "number":
        return f"{WORD}{index:03d}"
    low, high = (float(box.get_attribute(name) or default) for name, default in (("min", "-1e9"), ("max", "1e9")))
    step, now = float(box.get_attribute("step") or 1), float(box.input_value() or 0)
    if box.get_attribute("step") == "1" and now == int(now) and high >= 1000 and low >= 0 and step == 1 and now > 100:
        return str(7000 + index)
    value = now + 0.001 * index + 0.000731
    return f"{value if value <= high else now - 0.001 * index - 0.000731:.6f}"


def type_canaries(planner: Planner, first: int) -> list[str]:
    """Fill every text and number box on screen; what was typed."""
    boxes = planner.page.get_by_test_id("stMain").locator("input[type=number]:visible, input[type=text]:visible")
    labels = [box.get_attribute("aria-label") or "" for box in boxes.all()]
    typed = []
    for label in labels:
        box = planner.page.get_by_test_id("stMain").locator(f'input[aria-label="{label}"]')
        if box.get_attribute("role") == "combobox":
            continue
        typed.append(canary_for(box, first + len(typed)))
        box.fill(typed[-1])
        box.press("Enter")
    planner.page.wait_for_timeout(300)
    settled(planner.page)
    return typed


def test_what_one_visitor_types_never_reaches_another(visit: Visit, public_address: str, public_home: Path) -> None:
    a = visit(at=public_address, alone=True)
    a.open("/configuration")
    typed: list[str] = []
    for section in SECTIONS:
        a.section(section)
        more = a.page.get_by_role("tabpanel", name=section, exact=True).get_by_text("More settings")
        if more.count():
            more.click()
            settled(a.page)
            a.page.wait_for_timeout(300)  # it opens by and by
        typed += type_canaries(a, len(typed))
    assert len(typed) >= 50
    a.press("Keep projection").told("Kept the projection")
    raw = a.download("Save")
    taken = [path for path, _, value in leaves(read(raw)) if value != Scenario().at(path)]
    assert len(taken) >= 40, f"typing did not arrive: only {taken}"

    b = visit(at=public_address, alone=True)
    b.open("/configuration")
    seen = []
    for section in SECTIONS:
        b.section(section)
        seen.append(b.page.content())
    for title in ("Equipment", "Compare", "Status", "Projection"):
        b.go(title)
        b.page.wait_for_timeout(200)
        seen.append(b.page.content())
    received = b"".join(b.received)
    assert b"Configuration" in received
    for value in typed:
        assert not any(value in page for page in seen)
        assert value.encode() not in received
        if not value.startswith(WORD):
            assert struct.pack("<d", float(value)) not in received
            assert struct.pack("<d", float(value) / 100) not in received
    assert list(public_home.rglob("*")) == []
