"""A projection as a banker's workbook: assumptions, statement, debt and tax whose sums are formulas, months and coins."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell

from core import bank_statement as bank
from core import exports
from core.bank_statement import Line
from core.errors import ValidationError
from core.results import Projection, WeatherNote
from core.scenario import Scenario, leaves
from core.shown import is_share, rests_in_words
from core.vocabulary import METRICS, word

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MONEY = '#,##0.00_);[Red](#,##0.00);"–"_)'
SHEETS = ("Statement", "Debt", "Tax")  # with years across
LABEL, FIRST = 0, 2  # columns: label, unit, then year 0
COINS = (
    "month",
    "price_usd",
    "mined_btc",
    "pool_fee_btc",
    "sold_btc",
    "held_btc",
    "mining_revenue_usd",
    "coin_sales_usd",
    "exchange_fee_usd",
    "coin_gain_usd",
    "long_coin_gain_usd",
    "held_usd",
)
SUMMED = (*COINS[2:5], *COINS[6:11])


def plan_workbook(projection: Projection) -> bytes:
    """The workbook: Summary, Assumptions, Statement, Debt, Tax, Monthly, Coins; Debt and Tax where there are any.

    Every formula carries the value that the projection has, so that a reader who does not calculate sees the same.
    ValidationError where the projection was kept before statements were.
    """
    from xlsxwriter import Workbook

    if projection.statement.empty:
        raise ValidationError("this projection has no statement: calculate it anew", field="statement")
    raw = io.BytesIO()
    with Workbook(raw, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        styles = _styles(book)
        names = ("Summary", "Assumptions", "Statement", *_extra(projection), "Monthly", "Coins")
        sheets = {name: book.add_worksheet(name) for name in names}
        exports.write_frame(book, sheets["Summary"], summary(projection), styles["bold"])
        at = _assumptions(sheets["Assumptions"], projection.scenario, styles)
        _years_across(projection, sheets, at, styles)
        exports.write_frame(book, sheets["Monthly"], projection.monthly, styles["bold"])
        _coins(book, sheets["Coins"], projection, styles)
    return raw.getvalue()


def _extra(projection: Projection) -> list[str]:
    return [name for name, of in (("Debt", bank.debt_lines), ("Tax", bank.tax_lines)) if of(projection)]


def _styles(book: Workbook) -> dict[str, Format]:
    sum_line = {"bold": True, "top": 1}
    return {
        "bold": book.add_format({"bold": True}),
        "title": book.add_format({"bold": True, "font_color": "#B45309", "top": 1}),
        "line": book.add_format({"num_format": MONEY}),
        "sum": book.add_format({"num_format": MONEY, **sum_line}),
        "note": book.add_format({"num_format": MONEY, "italic": True, "font_color": "#57534E"}),
        "sum label": book.add_format(sum_line),
        "percent": book.add_format({"num_format": "0.00%"}),
        "plain": book.add_format({"num_format": "General"}),
    }


def summary(projection: Projection) -> pd.DataFrame:
    """What was calculated with what, and every metric with its unit and, where it does not exist, the reason."""
    origin = {
        "Plan": projection.scenario.name,
        "Site": projection.scenario.site.name,
        "Weather": _weather(projection.weather),
        "Model": projection.model_version,
        "Scenario digest": projection.scenario.digest,
    }
    readings = [
        {"Figure": word(r.name).label, "Value": r.value, "Meaning": f"{r.source}, {r.status}, {r.observed_at:%Y-%m-%d}"}
        for r in projection.readings
    ]
    metrics = [
        {
            "Figure": words.label,
            "Value": projection.metrics.get(name),
            "Unit": words.unit,
            "Meaning": projection.reasons.get(name) or words.meaning,
            "Rests on": rests_in_words(name),
        }
        for name, words in METRICS.items()
    ]
    rows = [*({"Figure": key, "Meaning": value} for key, value in origin.items()), *readings, *metrics]
    return pd.DataFrame(rows, columns=["Figure", "Value", "Unit", "Meaning", "Rests on"])


def _weather(note: WeatherNote) -> str:
    return f"{note.source}, {note.status}{f', {note.observed_at[:10]}' if note.observed_at else ''}"


def _assumptions(sheet: Worksheet, scenario: Scenario, styles: dict[str, Format]) -> dict[str, str]:
    """Every field of the scenario, a row each; returns where its value stands, as a formula writes it."""
    for column, (heading, width) in enumerate((("Field", 44), ("Label", 32), ("Unit", 12), ("Value", 24))):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, styles["bold"])
    sheet.freeze_panes(1, 0)
    at = {}
    for row, (path, info, value) in enumerate(leaves(scenario), 1):
        extra = info.json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        for column, text in enumerate((path, str(info.title or path), "" if unit == "1" else unit)):
            sheet.write_string(row, column, exports.sheet_text(text))
        _write_value(sheet, row, value, styles["percent" if is_share(path, unit, value) else "plain"])
        at[path] = f"Assumptions!{xl_rowcol_to_cell(row, 3, row_abs=True, col_abs=True)}"
    return at


def _write_value(sheet: Worksheet, row: int, value: Any, style: Format) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, 3, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, 3, value, style)
    elif value is not None:
        text = exports.said(value) if isinstance(value, tuple) else str(value)
        sheet.write_string(row, 3, exports.sheet_text(text))


# Years across


@dataclass
class _Page:
    """A sheet with a row a line and a column a year, and where each line stands in it."""

    sheet: Worksheet
    name: str
    styles: dict[str, Format]
    years: int  # year 0 included
    rows: dict[str, int] = field(default_factory=dict)
    at: int = 0  # next free row

    def begin(self) -> None:
        self.sheet.set_column(LABEL, LABEL, 38)
        self.sheet.set_column(1, 1, 7)
        self.sheet.set_column(FIRST, FIRST + self.years - 1, 16)
        self.sheet.freeze_panes(1, FIRST)
        self.sheet.write_string(0, LABEL, "USD, out in brackets", self.styles["bold"])
        for year in range(self.years):
            self.sheet.write_number(0, FIRST + year, year, self.styles["bold"])
        self.at = 1

    def cell(self, name: str, year: int, *, elsewhere: bool = False) -> str:
        here = xl_rowcol_to_cell(self.rows[name], FIRST + year)
        return f"{self.name}!{here}" if elsewhere else here

    def span(self, name: str) -> str:
        """All years of a line."""
        return f"{self.cell(name, 0)}:{self.cell(name, self.years - 1)}"

    def row(self, line: Line, formulas: Sequence[str] = ()) -> None:
        """A line with its label; as formulas where given, else as numbers, each with the line's values."""
        label = {"title": "title", "sum": "sum label"}.get(line.kind)
        self.sheet.write_string(self.at, LABEL, exports.sheet_text(line.label), label and self.styles[label])
        if line.kind != "title":
            self.sheet.write_string(self.at, 1, "" if line.unit in {"USD", "1"} else line.unit)
            self.rows[line.name] = self.at
        style = self.styles[line.kind]
        for year, value in enumerate(line.values.tolist()):
            if formulas:
                self.sheet.write_formula(self.at, FIRST + year, f"={formulas[year]}", style, value)
            else:
                self.sheet.write_number(self.at, FIRST + year, value, style)
        self.at += 1

    def sums(self, line: Line) -> list[str]:
        """A sum's formulas over the rows of its parts."""
        rows = [self.rows[part] for part in line.parts]
        if len(rows) > 1 and rows == list(range(rows[0], rows[0] + len(rows))):
            return [f"SUM({self.cell(line.parts[0], y)}:{self.cell(line.parts[-1], y)})" for y in range(self.years)]
        return ["+".join(self.cell(part, y) for part in line.parts) or "0" for y in range(self.years)]


def _years_across(
    projection: Projection, sheets: dict[str, Worksheet], at: dict[str, str], styles: dict[str, Format]
) -> None:
    """Statement, debt and tax, which refer to each other: rows are placed first, then written."""
    years = len(projection.statement)
    names = [name for name in SHEETS if name in sheets]
    pages = {name: _Page(sheets[name], name, styles, years) for name in names}
    lines = {"Statement": bank.cash_lines(projection), "Debt": bank.debt_lines(projection)}
    lines["Tax"] = _tax_rows(projection)
    for name, page in pages.items():
        page.begin()
        page.rows = {line.name: 1 + i for i, line in enumerate(lines[name]) if line.kind != "title"}
    for name, page in pages.items():
        for line in lines[name]:
            page.row(line, _formulas(line, page, pages, at, projection.scenario))
    _returns(pages["Statement"], projection, at)


LINKED = {
    "Statement": {
        "debt_drawn_usd": "Debt",
        "interest_usd": "Debt",
        "debt_repaid_usd": "Debt",
        "state_tax_usd": "Tax",
        "federal_tax_usd": "Tax",
    },
    "Tax": {"ebitda_usd": "Statement", "interest_usd": "Debt"},
    "Debt": {},
}  # lines that are taken from another sheet


def _formulas(
    line: Line, page: _Page, pages: dict[str, _Page], at: dict[str, str], scenario: Scenario
) -> Sequence[str]:
    other = pages.get(LINKED[page.name].get(line.name, ""))
    years = range(page.years)
    if other is not None and line.name in other.rows:
        return [other.cell(line.name, y, elsewhere=True) for y in years]
    if line.kind == "sum":
        return page.sums(line)
    if line.name == "cumulated_usd":
        first = f"${page.cell('equity_cash_usd', 0)}"
        return [f"SUM({first}:{page.cell('equity_cash_usd', y)})" for y in years]
    if line.name == "debt_opening_usd":
        return ["0", *(page.cell("debt_closing_usd", y - 1) for y in years[1:])]
    if page.name == "Debt" and line.name == "dscr":
        paid, cash = "debt_paid_usd", "cfads_usd"
        return [f"IF({page.cell(paid, y)}=0,0,{page.cell(cash, y)}/-{page.cell(paid, y)})" for y in years]
    if page.name == "Tax" and line.name in TAXED:
        return [TAXED[line.name](page, at, y, scenario) for y in years]
    return ()


# Tax


def _covered(page: _Page, at: dict[str, str], year: int, income: str, loss: str) -> str:
    """What losses of earlier years cover of a year's profit."""
    before = page.cell(loss, year - 1) if year else "0"
    return f"MIN({before},{at['finance.tax.loss_limit_frac']}*MAX({page.cell(income, year)},0))"


def _loss(page: _Page, at: dict[str, str], year: int, income: str, loss: str) -> str:
    before = page.cell(loss, year - 1) if year else "0"
    return f"{before}-{_covered(page, at, year, income, loss)}+MAX(-{page.cell(income, year)},0)"


def _owed(page: _Page, at: dict[str, str], year: int, income: str, loss: str, rate: str) -> str:
    """Tax on a year's income, negative as money that goes out."""
    base = page.cell(income, year)
    if loss in page.rows:
        base = f"(MAX({base},0)-{_covered(page, at, year, income, loss)})"
    return f"-ROUND({at[rate]}*{base},2)"


INCOME, LEFT = "taxable_income_usd", "federal_income_usd"
STATE_RATE, FEDERAL_RATE = "finance.tax.state_rate_frac", "finance.tax.federal_rate_frac"
TAXED: dict[str, Any] = {
    "state_loss_usd": lambda page, at, y, _: _loss(page, at, y, INCOME, "state_loss_usd"),
    "state_tax_usd": lambda page, at, y, _: (
        f"{_owed(page, at, y, INCOME, 'state_loss_usd', STATE_RATE)}+{page.cell('state_rounding_usd', y)}"
    ),
    "federal_income_usd": lambda page, at, y, _: f"{page.cell(INCOME, y)}+{page.cell('state_tax_usd', y)}",
    "federal_loss_usd": lambda page, at, y, _: _loss(page, at, y, LEFT, "federal_loss_usd"),
    "federal_owed_usd": lambda page, at, y, _: _owed(page, at, y, LEFT, "federal_loss_usd", FEDERAL_RATE),
    "federal_tax_usd": lambda page, at, y, _: f"{page.cell('federal_owed_usd', y)}+{page.cell('credits_usd', y)}",
}


def _tax_rows(projection: Projection) -> list[Line]:
    """The tax schedule with the steps that lead from income to tax, for both governments."""
    told = {line.name: line for line in bank.tax_lines(projection)}
    if not told:
        return []
    rules, income = projection.scenario.finance.tax, told[INCOME].values
    carried, limit = rules.losses == "carried", rules.loss_limit_frac
    state_owed, state_loss = _worked(income, rules.state_rate_frac, carried, limit)
    state = told["state_tax_usd"].values
    left = _cents(income + state)
    owed, loss = _worked(left, rules.federal_rate_frac, carried, limit)
    federal = told["federal_tax_usd"].values
    losses = [("state_loss_usd", "State losses carried", state_loss), ("federal_loss_usd", "Losses carried", loss)]
    before = [
        line
        for line in told.values()
        if line.name not in {"state_tax_usd", "federal_tax_usd", "tax_usd", "loss_carried_usd"}
    ]
    return [
        *before,
        *(Line(n, label, "note", values) for n, label, values in losses[:1] if carried),
        Line("state_rounding_usd", "Rounding to cents", "note", _cents(state - state_owed)),
        told["state_tax_usd"],
        Line("federal_income_usd", "Income after state tax", "line", left),
        *(Line(n, label, "note", values) for n, label, values in losses[1:] if carried),
        Line("federal_owed_usd", "Federal tax before credits", "line", owed),
        Line("credits_usd", "Credits used, recapture, rounding to cents", "line", _cents(federal - owed)),
        told["federal_tax_usd"],
        told["tax_usd"],
    ]


def _worked(income: Any, rate: float, carried: bool, limit: float) -> tuple[Any, Any]:
    """Tax before credits (negative) and losses carried, as the sheet's formulas reckon them."""
    owed, losses, loss = np.zeros(len(income)), np.zeros(len(income)), 0.0
    for year, usd in enumerate(income.tolist()):
        covered = min(loss, limit * max(usd, 0.0)) if carried else 0.0
        loss = loss - covered + max(-usd, 0.0)
        owed[year] = -_round(rate * ((max(usd, 0.0) - covered) if carried else usd))
        losses[year] = loss
    return owed + 0.0, losses


def _round(usd: float) -> float:
    """To cents, halves away from zero, as a spreadsheet rounds."""
    return math.copysign(math.floor(abs(usd) * 100 + 0.5), usd) / 100


def _cents(usd: Any) -> Any:
    return np.rint(usd * 100) / 100 + 0.0


# Returns


def _returns(page: _Page, projection: Projection, at: dict[str, str]) -> None:
    """NPV and IRR of the owner's cash below the statement, live."""
    cash = projection.statement["equity_cash_usd"].to_numpy(dtype=np.float64)
    rate = projection.scenario.finance.discount_rate
    worth = float((cash * (1.0 + rate) ** -np.arange(len(cash))).sum())
    later = f"{page.cell('equity_cash_usd', 1)}:{page.cell('equity_cash_usd', page.years - 1)}"
    row = page.at + 1
    page.sheet.write_string(row, LABEL, "Net present value", page.styles["bold"])
    formula = f"={page.cell('equity_cash_usd', 0)}+NPV({at['finance.discount_rate']},{later})"
    page.sheet.write_formula(row, FIRST, formula, page.styles["sum"], worth)
    page.sheet.write_string(row + 1, LABEL, "Internal rate of return", page.styles["bold"])
    rate_found = projection.metrics["irr"]
    if rate_found is None or _turns(cash) != 1:  # a spreadsheet would find none, or any one of several
        page.sheet.write_string(row + 1, FIRST, exports.sheet_text(projection.reasons.get("irr", "several exist")))
    else:
        page.sheet.write_formula(
            row + 1, FIRST, f"=IRR({page.span('equity_cash_usd')})", page.styles["percent"], rate_found
        )


def _turns(cash: Any) -> int:
    """How often the sign of a cash flow changes."""
    signs = np.sign(cash[cash != 0])
    return int((np.diff(signs) != 0).sum())


def _coins(book: Workbook, sheet: Worksheet, projection: Projection, styles: dict[str, Format]) -> None:
    """Coins by month, and below them the sums of what flows."""
    frame = projection.monthly[list(COINS)]
    exports.write_frame(book, sheet, frame, styles["bold"])
    row = len(frame) + 1
    sheet.write_string(row, 0, "Sum", styles["sum label"])
    for column, name in _places(SUMMED):
        first, last = xl_rowcol_to_cell(1, column), xl_rowcol_to_cell(row - 1, column)
        sheet.write_formula(row, column, f"=SUM({first}:{last})", styles["sum label"], float(frame[name].sum()))


def _places(names: Iterable[str]) -> list[tuple[int, str]]:
    return [(COINS.index(name), name) for name in names]
