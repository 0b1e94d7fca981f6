"""The report by one press: on the page, with the risk of the same plan once that was run, and behind a link."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.scenario import Scenario
from tests.browser.planner import Planner
from tests.browser.test_browser_risk import lived
from tests.report.papers import Page, pdf_text

pytestmark = pytest.mark.browser

PLAN = Scenario().but(
    {"name": "<b>Paid</b> *back*", "finance.horizon_years": 3, "outlook.price_usd": 250_000.0, "risk.paths": 500}
)
HTML, PDF = r"Report \(HTML", r"Report \(PDF"  # a press asks for whole words
WAIT_MS = 120_000  # for the first report of a process, on a busy machine


def test_one_press_gives_the_figures_on_the_page_and_then_their_risk(planner: Planner) -> None:
    planner.page.set_default_timeout(WAIT_MS)
    planner.open("/").import_scenario(PLAN.model_dump(mode="json"))
    expect(planner.page.get_by_text("Run the page Risk before")).to_be_visible()
    tiles = planner.figures()
    page = Page(planner.download(HTML))
    said = {name: text for name, _, text in reversed(page.figures) if name}
    assert said["npv_usd"] == tiles["Net present value"]
    assert said["mined_btc"] == tiles["Coins mined"]
    assert "<b>Paid</b> *back*" in page.text
    assert "No risk analysis was run" in page.text
    lived(planner.go("Risk"))
    text = pdf_text(planner.download(PDF))
    assert "lived500times(seed1)" in text
    assert "Sensitivities" in text
    planner.go("Projection")
    expect(planner.page.get_by_text("With the risk analysis of 500 lives")).to_be_visible()
    assert "lived 500 times" in Page(planner.download(HTML)).text
    planner.type("Horizon (yr)", 4)  # another plan: what was lived is not of it
    expect(planner.page.get_by_text("Run the page Risk before")).to_be_visible()
