"""Plans explained against each other, and the page Method, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core.scenario import Scenario
from core.studies.validation import cases
from tests.browser.planner import Planner

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
BASE = Scenario().but({"name": "Base", "finance.horizon_years": 2})
LARGE = BASE.but({"name": "Larger array", "array.dc_kw": 1400.0, "fleet.pue": 1.2})
WORKING_MS = 120_000  # engines may have to be compiled


def usd(text: str) -> float:
    """What a page says of an amount, such as −$1.234 M; a download keeps a plus from becoming a formula."""
    sign, digits, unit = re.fullmatch(r"'?([−+]?)\$([\d,.]+)( M)?", text).groups()  # type: ignore[union-attr]
    return float(digits.replace(",", "")) * (1e6 if unit else 1.0) * (-1.0 if sign == "−" else 1.0)


def explained(planner: Planner) -> Planner:
    planner.open("/").import_scenario(LARGE.model_dump(mode="json"))
    planner.press("Keep projection").told("Kept the projection of “Larger array”")
    planner.import_scenario(BASE.model_dump(mode="json")).go("Compare")
    expect(planner.page.get_by_text("Most of it comes from")).to_be_visible(timeout=WORKING_MS)
    return planner


def test_the_drivers_sum_to_the_difference_of_the_figures(planner: Planner) -> None:
    explained(planner)
    *bars, total = planner.table("Table: Difference by driver")
    assert [bar["Driver"] for bar in bars] == ["Array", "Machines"]
    adds = [usd(bar["Adds"]) for bar in bars]
    assert sum(adds) == pytest.approx(usd(total["Adds"]), abs=len(adds))
    (npv,) = [row for row in planner.table("Table: Comparison") if row["Figure"] == "Net present value"]
    first, second = (usd(npv[name].removesuffix(" ★")) for name in npv if name.startswith(("A ", "B ")))
    assert second - first == pytest.approx(sum(adds), abs=1000)  # millions are told to the thousand
    chart = planner.page.get_by_label(re.compile("Bridge from the net present value of the first plan"))
    expect(chart.first).to_be_visible()


def test_two_plans_alike_have_no_bridge(planner: Planner) -> None:
    planner.open("/").import_scenario(BASE.model_dump(mode="json"))
    planner.press("Keep projection").told("Kept the projection of “Base”")
    planner.go("Compare")
    expect(planner.page.get_by_text("Nothing that a net present value depends on differs")).to_be_visible()


def test_a_bridge_path_by_path_is_asked_for(planner: Planner) -> None:
    explained(planner)
    planner.page.get_by_text("Path by path", exact=True).click()
    planner.press("Explain path by path")
    expect(planner.page.get_by_text("Means sum to the difference")).to_be_visible(timeout=WORKING_MS)
    rows = planner.table("Table: Difference by driver and path")
    assert [row["Driver"] for row in rows] == ["Array", "Machines"]
    assert all("±" in row["Adds on average"] and row["Adds anything in"].endswith("% of lives") for row in rows)


def test_it_fits_a_telephone_by_night(visit: Visit) -> None:
    planner = explained(visit(dark=True))
    planner.page.set_viewport_size({"width": 390, "height": 844})
    planner.page.wait_for_timeout(500)
    assert planner.fits_the_width()
    assert planner.cut_off() == []


def test_the_method_page_proves_itself_when_asked(planner: Planner) -> None:
    """V28 and V29 among them, with the reason why the published payback is not ours."""
    planner.open("/method").section("Proof")
    before = planner.table("Table: Validation cases")
    assert "Verdict" not in before[0]
    planner.press("Work them all out now")
    expect(planner.page.get_by_text(re.compile(r"\d+ of \d+ cases pass, 0 fail"))).to_be_visible(timeout=WORKING_MS)
    verdicts = [row["Verdict"] for row in planner.table("Table: Validation cases")]
    assert set(verdicts) <= {"✓ passes", "– not run"}
    assert len(verdicts) <= len(cases())
    rows = {row["Figure"]: row for row in planner.table("Table: Worked examples")}
    assert rows["Payback, mining"]["Published"] == "3.5"
    assert float(rows["Payback, mining"]["Ours"]) == pytest.approx(3.81, abs=0.005)
    expect(planner.page.get_by_text("netted over the year as if night were day")).to_be_visible()


def test_formulas_are_looked_for_and_guides_read(planner: Planner) -> None:
    planner.open("/method").type("Look for", "hashcost luxor electricity that")
    expect(planner.page.get_by_text("Electricity that one PH/s burns in a day.")).to_be_visible()
    for tab, words in (
        ("Errors found", "Kilowatts are compared with megawatt-hours"),
        ("Not modelled", "Tariffs know no public holidays"),
        ("Guides", "Plan a first mine"),
    ):
        planner.section(tab)
        expect(planner.page.get_by_text(words).first).to_be_visible()
    planner.is_clean()
