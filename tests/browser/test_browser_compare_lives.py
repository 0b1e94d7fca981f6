"""Two plans under the same chances in a real browser: chosen, lived, read, cancelled, found again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core.scenario import Scenario
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
USUAL = Scenario().but({"name": "Usual fee", "finance.horizon_years": 2, "outlook.price_usd": 250_000.0})
CHEAP = USUAL.but({"name": "No fee", "outlook.pool_fee_frac": 0.0})
COMPILING_MS = 120_000  # the engines too, on a fresh copy


def kept_and_drafted(planner: Planner, kept: Scenario, draft: Scenario) -> Planner:
    """The draft first, the newest plan that was kept second: as the page offers them."""
    planner.open("/").import_scenario(kept.model_dump(mode="json"))
    planner.press("Keep projection").told(f"Kept the projection of “{kept.name}”")
    return planner.import_scenario(draft.model_dump(mode="json")).go("Compare")


def lived(planner: Planner) -> Planner:
    planner.press("Compare lives")
    expect(planner.page.get_by_text("is worth more than the first")).to_be_visible(timeout=COMPILING_MS)
    return planner


def test_a_plan_without_a_fee_wins_every_life(planner: Planner) -> None:
    lived(kept_and_drafted(planner, CHEAP, USUAL))
    main = planner.page.get_by_test_id("stMain")
    for heading in ("Under the same chances", "Second less first", "Each by itself", "What else could be done"):
        expect(planner.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(
        main.get_by_text(re.compile(r"“No fee.*”, is worth more than the first, “Draft”, in 100\.0 % of"))
    ).to_be_visible()
    expect(main.get_by_text("The second plan dominates at first order")).to_be_visible()
    told = planner.figures()
    assert told["Second beats first"].startswith("100.0 %")
    gains = [told[f"Difference, {name}"] for name in ("poor (P5)", "middle (P50)", "good (P95)")]
    assert all(gain.startswith("$") for gain in gains)
    rows = planner.table("Table: What else could be done")
    assert [row["Instead"] for row in rows] == ["This plan", "Sell the power", "Mine on the grid", "Buy and hold"] * 2
    assert {row["Plan"] for row in rows} == {"First", "Second"}
    assert all(row["Plan is better in"].startswith("–") == (row["Instead"] == "This plan") for row in rows)


def test_another_world_is_said(planner: Planner) -> None:
    dreamt = USUAL.but({"name": "Dreamt", "outlook.price_growth_per_year": 0.9})
    lived(kept_and_drafted(planner, dreamt, USUAL))
    expect(planner.problem().filter(has_text="lived in the world of the first")).to_contain_text("Price growth")
    expect(planner.page.get_by_text("worth the same, each as often")).to_be_visible()


def test_it_is_found_again_after_a_reload_and_can_be_cancelled(planner: Planner) -> None:
    long = USUAL.but({"risk.paths": 1_000_000, "finance.horizon_years": 10})
    kept_and_drafted(planner, CHEAP, long)
    planner.press("Compare lives")
    expect(planner.page.get_by_text("Living the plans")).to_be_visible()
    assert "lives_job=" in planner.page.url
    planner.page.reload()
    planner.arrived("Compare")
    expect(planner.page.get_by_text("Living the plans")).to_be_visible()
    planner.press("Cancel")
    expect(planner.page.get_by_text("It was cancelled.")).to_be_visible()


def test_a_plan_is_not_held_against_itself(planner: Planner) -> None:
    kept_and_drafted(planner, CHEAP, USUAL)
    button = planner.page.get_by_role("button", name="Compare lives")
    expect(button).to_be_enabled()
    planner.choose("Second", "Draft")
    expect(button).to_be_disabled()


def test_it_fits_a_telephone_by_night(visit: Visit) -> None:
    planner = lived(kept_and_drafted(visit(dark=True), CHEAP, USUAL))
    planner.page.set_viewport_size({"width": 390, "height": 844})
    planner.page.wait_for_timeout(500)
    assert planner.fits_the_width()
    assert planner.cut_off() == []


def test_a_stranger_compares_what_this_page_keeps(visit: Visit, public_address: str) -> None:
    planner = visit(at=public_address, alone=True)
    lived(kept_and_drafted(planner, CHEAP, USUAL))
    assert planner.figures()["Second beats first"].startswith("100.0 %")
