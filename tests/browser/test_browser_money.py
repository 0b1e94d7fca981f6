"""The money in a real browser: the statement on screen, as downloaded, in Excel and from core is one; forms and presets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from core import bank_statement as bank
from core.fetchers import bitcoin
from core.fetchers.credits import credit_rules
from core.fetchers.weather import bundled
from core.results import Projection
from core.scenario import Scenario
from core.studies.projection import project
from pages.ui import taxes
from pages.ui.accounts import amount
from pages.ui.sections import SECTIONS
from tests.browser.planner import Planner
from tests.plans import PLANS
from tests.spreadsheet import Spreadsheet

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
TABS = ("Overview", "Statement", "Debt", "Tax", "Coins and renewal")
PLAN = PLANS["everything"]
HALF_A_CENT = 0.005


@pytest.fixture(scope="module")
def answer() -> Projection:
    return project(PLAN, bundled("greensboro"), bitcoin.bundled_market(), rules=credit_rules())


def loaded(visitor: Planner, path: str = "/money") -> Planner:
    """The page with a plan in which everything is set."""
    return visitor.open(path).import_scenario(json.loads(PLAN.to_json()))


def cells(visitor: Planner, name: str) -> Locator:
    return visitor.page.get_by_role("region", name=f"Table: {name}", exact=True).locator("td")


def test_the_statement_is_the_same_on_screen_as_downloaded_in_excel_and_from_core(
    planner: Planner, answer: Projection
) -> None:
    """To the cent: every line and year of the CSV, the sums of the workbook worked out anew, the cells that are drawn."""
    loaded(planner).section("Statement")
    lines = [line for line in bank.cash_lines(answer) if line.kind != "title"]
    rows = list(csv.DictReader(io.StringIO(planner.download("CSV").decode())))
    assert [row["Line"] for row in rows] == [line.label for line in lines]
    for row, line in zip(rows, lines, strict=True):
        assert [float(row[str(y)]) for y in range(len(line.values))] == pytest.approx(line.values.tolist(), abs=1e-9)
    book = Spreadsheet(planner.download("Excel workbook"))
    for line in lines:
        if line.kind == "sum":
            assert book.row("Statement", line.label) == pytest.approx(line.values.tolist(), abs=HALF_A_CENT), line.label
    shown = cells(planner, "Statement").all_inner_texts()
    for line in lines[:6]:
        at = shown.index(line.label)
        assert shown[at + 1 : at + 5] == [amount(usd) for usd in line.values.tolist()[:4]], line.label
    equity = {line.name: line.values for line in lines}["equity_cash_usd"]
    assert equity.tolist() == pytest.approx(answer.statement["equity_cash_usd"].tolist(), abs=1e-9)


def test_headline_figures_are_those_of_core(planner: Planner, answer: Projection) -> None:
    loaded(planner)
    shown = planner.figures()
    npv = answer.metrics["npv_usd"] or 0.0
    assert shown["Net present value"].replace("−", "-").replace("$", "") in {f"{npv:,.0f}", f"{npv / 1e6:,.3f} M"}
    assert shown["Payback"] == (f"{p:,.1f} years" if (p := answer.metrics["payback_years"]) is not None else "Never")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("everything", [False, True], ids=["neutral", "everything"])
def test_every_tab_is_drawn_whole(visit: Visit, width: int, everything: bool) -> None:
    """No error, no headline cut off, nothing to scroll sideways, in a plan without tax and debt and in one with all."""
    visitor = visit(width=width, dark=everything)
    loaded(visitor) if everything else visitor.open("/money")
    for tab in TABS:
        visitor.section(tab)
        expect(visitor.problem().filter(has_text="wrong")).to_have_count(0)
        assert visitor.cut_off() == [], tab
        assert visitor.fits_the_width(), tab


def test_what_is_not_there_is_said_in_words(planner: Planner) -> None:
    planner.open("/money")
    planner.told("has no IRR and never pays back")
    planner.section("Debt").told("Nothing is borrowed")
    planner.section("Tax").told("No income tax is set")
    planner.section("Coins and renewal").told("All coins are sold in the month they are mined")


def test_every_group_of_fields_is_drawn_with_everything_set(visit: Visit) -> None:
    for width in (1280, 390):
        visitor = loaded(visit(width=width), "/configuration")
        for name, groups in SECTIONS.items():
            visitor.section(name)
            for group in groups if len(groups) > 2 else ():
                visitor.section(group.title)
                expect(visitor.problem().filter(has_text="wrong")).to_have_count(0)
                assert visitor.fits_the_width(), group.title


def test_a_tax_preset_is_taken_and_put_back(planner: Planner) -> None:
    planner.open("/configuration").section("Money").section("Tax and write-off")
    before = planner.figures()["Net present value"]
    name = "US corporation, 5-year MACRS, 30 % credit"
    planner.press(name)
    expect(planner.number("Income tax, federal (%)")).to_have_value("21")
    planner.told(taxes.PRESETS[name][0])
    planner.press("Put back")
    expect(planner.number("Income tax, federal (%)")).to_have_value("0")
    assert planner.figures()["Net present value"] == before


def test_a_choice_opens_its_fields_and_what_is_typed_there_counts(planner: Planner) -> None:
    planner.open("/configuration").section("Miners").section("Renewal")
    expect(planner.text("Renewal months")).to_have_count(0)
    planner.choose("Renew machines", "In the months named")
    planner.type("Renewal months", "2031-01, 2034-06").told("Class of the new machines")
    planner.type("Renewal months", "soon").told("months as YYYY-MM")
    planner.go("Money").section("Coins and renewal").told("machines 2 ×")


def test_dates_and_switches_reach_the_plan(planner: Planner) -> None:
    planner.open("/configuration").section("Money").section("Credits")
    planner.type("Investment credit, array (%)", 30)
    planner.page.get_by_text("Dates decide").click()
    planner.told("Construction begun")
    planner.menu()
    kept = json.loads(planner.download("Export as JSON", planner.page.get_by_test_id("stPopoverBody")))
    assert Scenario().but({"finance.credits.array_itc_frac": 0.3, "finance.credits.dates_decide": True}).to_json(
        indent=2
    ) == json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False)


def test_the_planners_currency_stands_beside_the_dollars(planner: Planner) -> None:
    """By the rate that ships with the program, as nobody can be asked here."""
    planner.open("/configuration").section("Money").section("Costs")
    planner.page.get_by_text("More settings").click()
    planner.choose("Currency", "EUR")
    planner.go("Money")
    expect(planner.page.get_by_test_id("stMetricDelta").first).to_contain_text("M EUR")
    expect(planner.figure("Net present value")).to_contain_text("$")
