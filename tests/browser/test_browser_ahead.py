"""The part of a page that is drawn ahead of the rest when a field in it is changed, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.fetchers import bitcoin
from core.fetchers.weather import bundled
from core.scenario import Scenario
from core.studies.projection import project
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

DC, HORIZON, PRICE = "Array size (DC) (kW)", "Horizon (yr)", "Import price (USD/kWh)"


def npv_in_table(planner: Planner) -> str:
    rows = {row["Figure"]: row for row in planner.table("Table: Summary")}
    return rows["Net present value"]["Shown"]


def test_the_rest_of_the_page_follows_the_figure(planner: Planner) -> None:
    planner.open("/")
    before = planner.figures()["Net present value"]
    planner.type("Machines", 70)
    expect(planner.figure("Net present value")).not_to_have_text(before)
    expect(planner.unsaved()).to_be_visible()
    assert npv_in_table(planner) == planner.figures()["Net present value"]
    planner.press("Undo")
    expect(planner.figure("Net present value")).to_have_text(before)
    expect(planner.unsaved()).to_have_count(0)
    assert npv_in_table(planner) == before


def test_nothing_is_lost_of_what_is_typed_while_the_page_is_still_drawn(planner: Planner) -> None:
    planner.open("/")
    typed = {"Machines": 81, DC: 1200, HORIZON: 8, PRICE: 0.07}
    for machines in (60, 61, 62):
        planner.type("Machines", machines)
    for label, value in typed.items():
        planner.type(label, value)
    changes = {"fleet.units.0.count": 81, "array.dc_kw": 1200.0, "finance.horizon_years": 8}
    plan = Scenario().but({**changes, "grid.import_usd_per_kwh": 0.07})
    mined = project(plan, bundled("greensboro"), bitcoin.bundled_market()).metrics["mined_btc"]
    expect(planner.figure("Coins mined")).to_have_text(f"{mined:,.4f} BTC")
    for label, value in typed.items():
        assert float(planner.number(label).input_value()) == value
    assert npv_in_table(planner) == planner.figures()["Net present value"]
    planner.section("By year")
    assert len(planner.table("Table: Statement by year")) == 9


def test_a_refused_value_leaves_the_figures_and_the_rest_as_they_were(planner: Planner) -> None:
    planner.open("/")
    before = planner.figures()
    planner.type(HORIZON, 99_999)
    expect(planner.page.get_by_text("outside the allowed range")).to_be_visible()
    assert planner.figures() == before
    assert npv_in_table(planner) == before["Net present value"]
    expect(planner.unsaved()).to_have_count(0)
