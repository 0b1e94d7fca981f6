"""Every page in a real browser: figures, links, widths, and no request to anybody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.fetchers import bitcoin
from core.fetchers.weather import bundled
from core.scenario import Scenario
from core.studies.projection import project
from tests.browser.dashboard import serve
from tests.browser.planner import TITLES, Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]


def test_the_first_page_shows_the_figures_of_the_example(planner: Planner) -> None:
    planner.open("/")
    shown = planner.figures()
    metrics = project(Scenario(), bundled("greensboro"), bitcoin.bundled_market()).metrics
    assert shown["Coins mined"] == f"{metrics['mined_btc']:,.4f} BTC"
    assert shown["Solar energy, year 1"] == f"{metrics['pv_kwh_year1'] / 1000:,.0f} MWh"
    assert shown["First investment"] == f"${metrics['capex_usd'] / 1e6:,.3f} M"
    assert shown["Net present value"] == f"−${-metrics['npv_usd'] / 1e6:,.3f} M"


@pytest.mark.parametrize("path", TITLES)
def test_a_deep_link_works_as_the_first_request_of_a_fresh_server(path: str, visit: Visit, tmp_path: Path) -> None:
    with serve(tmp_path / "home") as address:
        planner = visit(at=address)
        planner.open(path)
        main = planner.page.get_by_test_id("stMain")
        expect(main.get_by_text("Example: 1 MW behind the meter").first).to_be_visible()
        expect(planner.problem().filter(has_text="wrong")).to_have_count(0)


def test_changing_the_machine_count_changes_the_headline_figure(planner: Planner) -> None:
    planner.open("/")
    before = planner.figures()
    planner.type("Machines", 70)
    expect(planner.figure("Net present value")).not_to_have_text(before["Net present value"])
    after = planner.figures()
    assert after["Coins mined"] != before["Coins mined"]
    assert after["Solar energy, year 1"] == before["Solar energy, year 1"]


def test_inputs_survive_a_visit_to_every_other_page(planner: Planner) -> None:
    planner.open("/").type("Machines", 77)
    expect(planner.unsaved()).to_be_visible()
    planner.go("Configuration")
    planner.text("Scenario name").fill("Travelling plan")
    planner.text("Scenario name").press("Enter")
    expect(planner.page.get_by_text("Travelling plan ·")).to_be_visible()
    before = planner.figures()["Coins mined"]
    planner.section("Grid").type("Import limit (kW)", 100)
    expect(planner.figure("Coins mined")).not_to_have_text(before)
    figures = planner.figures()
    for title in ("Equipment", "Compare", "Status", "Projection"):
        planner.go(title)
    expect(planner.number("Machines")).to_have_value("77")
    assert planner.figures()["Coins mined"] == figures["Coins mined"]
    planner.go("Configuration")
    expect(planner.text("Scenario name")).to_have_value("Travelling plan")
    expect(planner.section("Grid").number("Import limit (kW)")).to_have_value("100")


def test_no_page_scrolls_sideways_on_a_phone(visit: Visit) -> None:
    phone = visit(width=390, height=844)
    for path in TITLES:
        phone.open(path)
        assert phone.fits_the_width(), f"{path} is wider than the screen"


def test_no_headline_figure_is_cut_off(visit: Visit) -> None:
    """At the width of a small laptop and of a phone, a plant of a hundred times the example too."""
    for width in (1280, 390):
        visitor = visit(width=width)
        visitor.open("/configuration").section("Array")
        for kilowatts in (1000, 100_000):
            visitor.type("Array size (DC) (kW)", kilowatts)
            expect(visitor.figure("Solar energy, year 1")).to_contain_text(
                "1,358 MWh" if kilowatts == 1000 else "135.8 GWh"
            )
            assert visitor.cut_off() == [], f"at {width} pixels"


def test_every_page_and_tab_is_drawn_without_asking_another_host(planner: Planner) -> None:
    planner.open("/")
    for tab in ("By year", "By month", "By hour, year 1"):
        planner.section(tab)
    planner.page.get_by_text("What these figures rest on").click()
    planner.go("Configuration")
    for name in ("Array", "Battery", "Miners", "Grid", "Bitcoin", "Money"):
        planner.section(name)
    planner.go("Equipment").go("Market").go("Compare").go("Status")
    expect(planner.problem().filter(has_text="wrong")).to_have_count(0)
    assert planner.received, "nothing came over the websocket: the watch on it is broken"
    planner.is_clean()


def test_a_request_to_another_host_would_be_noticed(visit: Visit) -> None:
    """The watch of all other tests, tried on a page that does ask."""
    planner = visit()
    planner.open("/status")
    planner.page.evaluate("() => { new Image().src = 'http://canary.example/pixel.png' }")
    planner.page.wait_for_timeout(200)
    with pytest.raises(AssertionError, match="canary"):
        planner.is_clean()
    planner.outside.clear()
