"""Risk in a real browser: asked for, watched, cancelled, found again after a reload."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core.scenario import Scenario
from tests.browser.planner import Planner, settled

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
PAYS = Scenario().but({"name": "It pays", "finance.horizon_years": 3, "outlook.price_usd": 250_000.0})


def lived(planner: Planner) -> Planner:
    planner.press("Run")
    expect(planner.page.get_by_text("lives (")).to_be_visible(timeout=120_000)
    # the verdict comes first, and what is pressed before the rest is drawn may be lost
    expect(planner.page.get_by_role("heading", name="What choices are worth")).to_be_visible(timeout=60_000)
    settled(planner.page)
    return planner


def test_a_plan_is_lived_and_read(planner: Planner) -> None:
    planner.open("/risk").import_scenario(PAYS.model_dump(mode="json"))
    expect(planner.page.get_by_text("Bitcoin after 3 years:")).to_be_visible()
    lived(planner)
    for heading in ("What it may be worth", "Bitcoin price", "Cash so far", "One thing at a time", "All together",
                    "Bad turns", "Where it breaks even", "What choices are worth"):  # fmt: skip
        expect(planner.page.get_by_role("heading", name=heading)).to_be_visible()
    told = planner.figures()
    assert told["Chance of a loss"].endswith("%")
    assert told["NPV, poor (P5)"] != told["NPV, good (P95)"]
    assert told["To switch off"].startswith("$")
    assert any(label.startswith("To wait") for label in told)
    expect(planner.page.get_by_text("lives tell the median to")).to_be_visible()


def test_it_is_found_again_after_a_reload(planner: Planner) -> None:
    planner.open("/risk").import_scenario(PAYS.model_dump(mode="json"))
    lived(planner)
    assert "job=" in planner.page.url
    planner.page.reload()
    expect(planner.page.get_by_text("lives (")).to_be_visible()


def test_what_stands_is_not_drawn_anew_when_another_number_of_lives_is_asked_for(planner: Planner) -> None:
    planner.open("/risk").import_scenario(PAYS.model_dump(mode="json"))
    lived(planner)
    reports = planner.page.get_by_role("button", name="Report (PDF)")
    expect(reports).to_be_visible()
    charts = '[data-testid="stVegaLiteChart"] svg.marks'
    expect(planner.page.locator(charts)).to_have_count(8)  # headings are there before charts are drawn
    planner.page.eval_on_selector_all(charts, "found => found.forEach(chart => { chart.stood = true; })")
    planner.type("Paths", 1001)
    expect(reports).to_have_count(0)  # what was run is no longer the plan: something above the charts has gone
    settled(planner.page)
    stood = planner.page.eval_on_selector_all(charts, "found => found.filter(chart => chart.stood).length")
    assert stood == 8


def test_a_million_lives_can_be_cancelled(planner: Planner) -> None:
    planner.open("/risk").import_scenario(
        PAYS.but({"risk.paths": 1_000_000, "finance.horizon_years": 10}).model_dump(mode="json")
    )
    planner.press("Run")
    expect(planner.page.get_by_text("Living the plan")).to_be_visible()
    planner.press("Cancel")
    expect(planner.page.get_by_text("It was cancelled.")).to_be_visible()


def test_the_cone_is_held_against_the_past(planner: Planner) -> None:
    planner.open("/risk")
    planner.press("Hold it against the past")
    expect(planner.page.get_by_text("independent ones they tell").first).to_be_visible(timeout=120_000)


def test_the_past_is_taken_over(planner: Planner) -> None:
    planner.open("/risk")
    planner.page.get_by_text("As the past had it").click()
    planner.press("Take it over")
    expect(planner.unsaved()).to_be_visible()
    # the first: what stood there before may still be on its way out
    expect(planner.number("Price volatility, now (1/√yr)").first).to_have_value("0.709")


def test_a_turn_of_ones_own_is_another_row(planner: Planner) -> None:
    planner.open("/risk").import_scenario(PAYS.model_dump(mode="json"))
    lived(planner)
    planner.page.get_by_text("Your own bad turn").click()
    planner.press("Add it")
    expect(planner.page.get_by_text("Name of the turn: expected 1 to 60 characters")).to_be_visible()
    planner.page.get_by_role("textbox", name="Name of the turn").fill("A year of drought")
    planner.page.get_by_role("spinbutton", name="Sun (% of plan)").fill("50")
    planner.press("Add it")
    expect(planner.page.get_by_role("button", name="Remove them")).to_be_visible()
    rows = planner.table("Table: Bad turns")
    assert [row["turn"] for row in rows][-1] == "A year of drought"
    assert float(rows[-1]["change_usd"]) < 0
    planner.press("Remove them")
    expect(planner.page.get_by_role("button", name="Remove them")).to_have_count(0)


def test_price_is_drawn_from_the_past_and_by_the_figures_again(planner: Planner) -> None:
    planner.open("/risk").import_scenario(PAYS.model_dump(mode="json"))
    settled(planner.page)
    planner.page.wait_for_timeout(500)  # what was imported is drawn anew
    planner.page.get_by_text("As the past had it").click()
    planner.press("Draw price from these months")
    expect(planner.page.get_by_text("Price is made of 84 months of the past, in pieces of 12.")).to_be_visible()
    settled(planner.page)
    lived(planner)
    planner.press("By the figures again")
    expect(planner.page.get_by_text("Price is made of")).to_have_count(0)


def test_what_goes_together_is_asked_for_and_what_cannot_be_is_said(planner: Planner) -> None:
    planner.open("/risk").import_scenario(PAYS.model_dump(mode="json"))
    settled(planner.page)
    planner.page.wait_for_timeout(500)  # what was imported is drawn anew
    planner.page.get_by_text("What goes together").click()
    for pair, value in (("Price · fees", "0.9"), ("Price · power prices", "-0.9"), ("Fees · power prices", "0.9")):
        planner.page.get_by_role("spinbutton", name=pair).fill(value)
    planner.press("Take these")
    expect(planner.unsaved()).to_be_visible()
    lived(planner)
    expect(planner.page.get_by_text("cannot all be: the nearest that can")).to_be_visible()
