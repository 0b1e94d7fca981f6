"""The workbook: its formulas, worked out anew from its constants, give the projection's figures to the cent."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from core import bank_statement as bank
from core.errors import ValidationError
from core.exports_plan import plan_workbook
from core.inputs import Market, Weather
from core.models import finance
from core.results import Projection
from core.scenario import leaves
from core.studies.projection import project
from tests.plans import PLANS
from tests.spreadsheet import Spreadsheet

HALF_A_CENT = 0.005


@pytest.fixture(scope="module", params=PLANS)
def answer(request: pytest.FixtureRequest, greensboro: Weather, market: Market) -> Projection:
    return project(PLANS[request.param], greensboro, market)


@pytest.fixture(scope="module")
def sheets(answer: Projection) -> Spreadsheet:
    return Spreadsheet(plan_workbook(answer))


def test_every_formula_gives_the_value_that_is_kept_with_it(sheets: Spreadsheet) -> None:
    found = sheets.formulas()
    assert len(found) > 100
    for sheet, address in found:
        worked = sheets.value(sheet, address)
        assert worked == pytest.approx(sheets.kept(sheet, address), abs=HALF_A_CENT, rel=1e-9), f"{sheet}!{address}"


def test_lines_of_the_statement_are_the_projections_to_the_cent(answer: Projection, sheets: Spreadsheet) -> None:
    """From revenue to the owner's cash: worked out in the workbook, and from core with costs counted positive."""
    shown = {
        "Revenue": ("revenue_usd", 1),
        "Running cost in all": ("running_cost_usd", -1),
        "EBITDA": ("ebitda_usd", 1),
        "Investment in all": ("investment_usd", -1),
        "Income tax": ("tax_usd", -1),
        "Equity cash after tax": ("equity_cash_usd", 1),
    }
    for label, (name, sign) in shown.items():
        worked = np.array(sheets.row("Statement", label), dtype=float)
        assert np.abs(worked - sign * answer.statement[name].to_numpy()).max() < HALF_A_CENT, label
    cumulated = np.array(sheets.row("Statement", "Equity cash, cumulated"), dtype=float)
    assert cumulated == pytest.approx(answer.statement["equity_cash_usd"].cumsum().to_numpy(), abs=HALF_A_CENT)


def test_debt_and_tax_are_the_projections_to_the_cent(answer: Projection, sheets: Spreadsheet) -> None:
    frame = answer.statement
    if not frame["debt_balance_usd"].any():
        assert sheets.book.sheetnames == ["Summary", "Assumptions", "Statement", "Monthly", "Coins"]
        return
    assert sheets.row("Debt", "Debt at the end of the year") == pytest.approx(
        frame["debt_balance_usd"].tolist(), abs=HALF_A_CENT
    )
    assert sheets.row("Debt", "DSCR") == pytest.approx(frame["dscr"].tolist(), abs=1e-5)
    for label, name in {"State tax": "state_tax_usd", "Federal tax": "federal_tax_usd"}.items():
        assert sheets.row("Tax", label) == pytest.approx((-frame[name]).tolist(), abs=HALF_A_CENT), label
    assert sheets.row("Tax", "Income before losses carried") == pytest.approx(
        frame["taxable_income_usd"].tolist(), abs=HALF_A_CENT
    )
    if answer.scenario.finance.tax.losses == "carried":
        years = len(frame)
        assert sheets.row("Tax", "Losses carried") == pytest.approx(
            frame["loss_carried_usd"].tolist(), abs=0.02 * years
        )
    assert np.abs(sheets.row("Tax", "Rounding to cents")).max() <= 0.03


def test_credits_in_the_workbook_are_those_granted(answer: Projection, sheets: Spreadsheet) -> None:
    """Over the whole life no more is used than was granted; where other income absorbs them, in the very year."""
    granted = (answer.statement["investment_credit_usd"] + answer.statement["production_credit_usd"]).to_numpy()
    if not granted.any():
        return
    used = np.array(sheets.row("Tax", "Credits used, recapture, rounding to cents"), dtype=float)
    assert used.sum() <= granted.sum() + 0.02 * len(used)
    if answer.scenario.finance.tax.losses == "absorbed":
        assert used == pytest.approx(granted, abs=0.03)


def test_npv_and_irr_are_live_and_those_of_the_projection(answer: Projection, sheets: Spreadsheet) -> None:
    page = sheets.book["Statement"]
    at = {page.cell(row, 1).value: row for row in range(1, page.max_row + 1)}
    cash = answer.statement["equity_cash_usd"].to_numpy()
    worth = sheets.value("Statement", f"C{at['Net present value']}")
    assert worth == pytest.approx(finance.npv_usd(answer.scenario.finance.discount_rate, cash), abs=HALF_A_CENT)
    assert worth == pytest.approx(
        answer.metrics["npv_usd"], abs=HALF_A_CENT * len(cash)
    )  # of cash in fractions of cents
    cell = page.cell(at["Internal rate of return"], 3)
    if answer.metrics["irr"] is None:
        assert cell.data_type == "s"
        assert "no IRR" in cell.value
    elif cell.data_type == "f":
        assert sheets.value("Statement", cell.coordinate) == pytest.approx(answer.metrics["irr"], abs=1e-6)


def test_every_assumption_is_in_the_workbook(answer: Projection, sheets: Spreadsheet) -> None:
    rows = {row[0].value: row[3].value for row in sheets.book["Assumptions"].iter_rows(min_row=2)}
    wanted = {path: value for path, _, value in leaves(answer.scenario)}
    assert set(rows) == set(wanted)
    for path, value in wanted.items():
        if isinstance(value, bool | int | float):
            assert rows[path] == value, path
        elif value is None:
            assert rows[path] is None, path


def test_where_a_banker_expects_a_formula_there_is_one(greensboro: Weather, market: Market) -> None:
    """Subtotals, tax and returns, and the sheets that take a line from each other."""
    sheets = Spreadsheet(plan_workbook(project(PLANS["everything"], greensboro, market)))
    wanted = {
        "Statement": ("Revenue", "Running cost in all", "EBITDA", "Investment in all", "Cash before tax and debt", "State tax",
                      "Federal tax", "Income tax", "Interest", "Repayment", "Debt, net", "Equity cash after tax",
                      "Equity cash, cumulated"),
        "Debt": ("Debt at the start of the year", "Debt at the end of the year", "Debt service", "DSCR"),
        "Tax": ("EBITDA", "Interest", "Income before losses carried", "State tax", "Federal tax", "Losses carried"),
    }  # fmt: skip
    live = set(sheets.formulas())
    for sheet, labels in wanted.items():
        rows = {cell.value: cell.row for cell in sheets.book[sheet]["A"]}
        for label in labels:
            assert all((sheet, f"{column}{rows[label]}") in live for column in "DEFGH"), f"{sheet}: {label}"


def test_a_changed_assumption_changes_what_hangs_on_it(greensboro: Weather, market: Market) -> None:
    """The discount rate and the tax rates are read from their cells."""
    sheets = Spreadsheet(plan_workbook(project(PLANS["absorbed"], greensboro, market)))
    page = sheets.book["Assumptions"]
    rows = {page.cell(row, 1).value: row for row in range(2, page.max_row + 1)}
    page.cell(rows["finance.tax.federal_rate_frac"], 4).value = 0.0
    page.cell(rows["finance.discount_rate"], 4).value = 0.0
    cash = sheets.row("Statement", "Equity cash after tax")
    statement = sheets.book["Statement"]
    at = next(cell.row for cell in statement["A"] if cell.value == "Net present value")
    assert sheets.value("Statement", f"C{at}") == pytest.approx(sum(cash), abs=HALF_A_CENT)
    assert set(sheets.row("Tax", "Federal tax before credits")) == {0.0}


def test_names_and_texts_are_never_formulas(greensboro: Weather, market: Market) -> None:
    """FILE-08: the only formulas are the workbook's own, in columns of years, and sums of coins."""
    attack = '=HYPERLINK("http://x.invalid","y")'
    plan = PLANS["everything"].but({"name": attack, "site.name": attack, "fleet.units.0.model": attack})
    sheets = Spreadsheet(plan_workbook(project(plan, greensboro, market)))
    for sheet, address in sheets.formulas():
        assert "HYPERLINK" not in sheets.book[sheet][address].value
        assert sheet in {"Statement", "Debt", "Tax", "Coins"}
    texts = [cell.value for page in sheets.book for row in page.iter_rows() for cell in row if cell.data_type == "s"]
    assert texts.count(attack) == 5  # name and site in the summary; name, site and model among the assumptions


def test_months_and_coins_are_the_projections(answer: Projection, sheets: Spreadsheet) -> None:
    months = sheets.book["Monthly"]
    assert months.max_row == len(answer.monthly) + 1
    coins = sheets.book["Coins"]
    headings = [cell.value for cell in coins[1]]
    at = headings.index("sold_btc")
    column = openpyxl.utils.get_column_letter(at + 1)
    assert sheets.value("Coins", f"{column}{coins.max_row}") == pytest.approx(
        answer.monthly["sold_btc"].sum(), abs=1e-9
    )


def test_a_projection_without_a_statement_is_refused_by_name(greensboro: Weather, market: Market) -> None:
    import dataclasses

    old = dataclasses.replace(project(PLANS["example"], greensboro, market), statement=pd.DataFrame())
    with pytest.raises(ValidationError) as refused:
        plan_workbook(old)
    assert refused.value.field == "statement"


# The statement as a banker reads it


def test_each_sum_is_its_parts_to_the_cent(answer: Projection) -> None:
    for lines in (bank.cash_lines(answer), bank.debt_lines(answer), bank.tax_lines(answer)):
        by: dict[str, Any] = {line.name: line.values for line in lines}
        for line in lines:
            if line.kind == "sum":
                parts = sum((by[part] for part in line.parts), start=np.zeros(len(answer.statement)))
                assert np.abs(parts - line.values).max() < HALF_A_CENT, line.name


def test_the_owners_cash_is_the_projections(answer: Projection) -> None:
    """The sum from revenue down, against the column core gives, in cents."""
    by = {line.name: line.values for line in bank.cash_lines(answer)}
    parts = ("revenue_usd", "running_cost_usd", "investment_usd", "sales_usd", "working_capital_moved_usd", "coins_kept_usd",
             "tax_usd", "debt_net_usd", "reserve_moved_usd", "locked_moved_usd")  # fmt: skip
    total = sum((by.get(part, 0.0) for part in parts), start=np.zeros(len(answer.statement)))
    assert np.abs(total - answer.statement["equity_cash_usd"].to_numpy()).max() < HALF_A_CENT


def test_the_steps_of_the_whole_life_add_up_to_the_owners_cash(answer: Projection) -> None:
    left = answer.statement["equity_cash_usd"].sum()
    assert sum(bank.life_steps(answer).values()) == pytest.approx(left, abs=HALF_A_CENT)


def test_lines_that_are_nothing_in_every_year_are_left_out(greensboro: Weather, market: Market) -> None:
    example = project(PLANS["example"], greensboro, market)
    assert all(line.values.any() for line in bank.cash_lines(example) if line.kind == "line")
    assert bank.debt_lines(example) == bank.tax_lines(example) == []
    frame = bank.across(bank.cash_lines(example))
    assert list(frame.columns) == ["Line", "Unit", *map(str, range(11))]


def test_the_workbook_is_read_without_its_formulas_too(answer: Projection) -> None:
    held = openpyxl.load_workbook(io.BytesIO(plan_workbook(answer)), data_only=True)["Statement"]
    at = next(cell.row for cell in held["A"] if cell.value == "Equity cash after tax")
    shown = [cell.value for cell in held[at][2:]]
    assert shown == pytest.approx(answer.statement["equity_cash_usd"].tolist(), abs=1e-9)
