"""A projection's statement as a banker reads it: years across, what is paid negative, every sum under its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.results import Projection
from core.scenario import Scenario
from core.units import CENTS_PER_USD
from core.vocabulary import word

Floats: TypeAlias = NDArray[np.float64]
Kind = Literal["title", "line", "sum", "note"]


class Line(NamedTuple):
    """A row. values (years + 1,) [USD] in whole cents, in +, out −; a sum names its parts; a note is in no sum."""

    name: str
    label: str
    kind: Kind
    values: Floats
    parts: tuple[str, ...] = ()
    unit: str = "USD"


RUNNING = (
    "import_cost_usd",
    "upkeep_usd",
    "repair_usd",
    "exchange_fee_usd",
    "property_tax_usd",
    "insurance_usd",
    "land_lease_usd",
)
INVESTED = ("array_investment_usd", "battery_investment_usd", "site_investment_usd", "machines_investment_usd")
OUT = (
    *RUNNING,
    *INVESTED,
    "running_cost_usd",
    "investment_usd",
    "coins_kept_usd",
    "state_tax_usd",
    "federal_tax_usd",
    "tax_usd",
    "interest_usd",
    "construction_interest_usd",
    "debt_repaid_usd",
    "depreciation_usd",
)  # counted positive in the projection, shown negative
MOVED = {  # balances, and the lines that say what they took from the year's cash
    "working_capital_moved_usd": ("working_capital_usd", "Into working capital"),
    "reserve_moved_usd": ("reserve_usd", "Into reserves"),
    "locked_moved_usd": ("locked_usd", "Locked up by the covenant"),
}
LABELS = {
    "cash_before_tax_usd": "Cash before tax and debt",
    "cash_after_tax_usd": "Cash after tax before debt",
    "debt_net_usd": "Debt, net",
    "cumulated_usd": "Equity cash, cumulated",
    "equipment_gain_usd": "Gain on equipment, rounding",
    "coins_kept_usd": "Coins kept, later sold",
    "equity_cash_usd": "Equity cash after tax",
}
REVENUE = ("mining_revenue_usd", "export_revenue_usd", "demand_response_usd")
# name of a sum: its parts. A heading stands before the lines that follow it.
CASH: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("revenue_usd", REVENUE),
    ("running_cost_usd", RUNNING),
    ("ebitda_usd", ("revenue_usd", "running_cost_usd")),
    ("investment_usd", INVESTED),
    (
        "cash_before_tax_usd",
        ("ebitda_usd", "investment_usd", "sales_usd", "working_capital_moved_usd", "coins_kept_usd"),
    ),
    ("tax_usd", ("state_tax_usd", "federal_tax_usd")),
    ("cash_after_tax_usd", ("cash_before_tax_usd", "tax_usd")),
    ("debt_net_usd", ("debt_drawn_usd", "construction_interest_usd", "interest_usd", "debt_repaid_usd")),
    ("equity_cash_usd", ("cash_after_tax_usd", "debt_net_usd", "reserve_moved_usd", "locked_moved_usd")),
)
TITLES = {
    "revenue_usd": "Operation",
    "investment_usd": "Investment",
    "tax_usd": "Tax",
    "debt_net_usd": "Debt",
    "equity_cash_usd": "Owner",
}


def cash_lines(projection: Projection) -> list[Line]:
    """From revenue to the owner's cash, with the notes a lender reads; lines that are 0 in every year are left out."""
    book = _signed(projection.statement)
    rows: list[Line] = []
    known: set[str] = set()
    for name, parts in CASH:
        if name in TITLES:
            rows.append(_title(TITLES[name]))
        new = [part for part in parts if part not in known and np.any(book[part])]
        rows += [_line(book, part) for part in new]
        known |= set(new)
        rows.append(_line(book, name, "sum", tuple(part for part in parts if part in known)))
        known.add(name)
    rows.append(Line("cumulated_usd", LABELS["cumulated_usd"], "note", _cents(np.cumsum(book["equity_cash_usd"]))))
    return rows + _notes(projection.statement)


def debt_lines(projection: Projection) -> list[Line]:
    """The debt as it is drawn, served and repaid; empty where nothing is borrowed."""
    frame = projection.statement
    if not frame["debt_balance_usd"].any():
        return []
    closing = frame["debt_balance_usd"].to_numpy(dtype=np.float64)
    book = _signed(frame)
    rows = [
        Line("debt_opening_usd", "Debt at the start of the year", "line", np.append(0.0, closing[:-1])),
        _line(book, "debt_drawn_usd"),
        _line(book, "debt_repaid_usd"),
        Line(
            "debt_closing_usd",
            "Debt at the end of the year",
            "sum",
            closing,
            ("debt_opening_usd", "debt_drawn_usd", "debt_repaid_usd"),
        ),
        _line(book, "interest_usd"),
        Line(
            "debt_paid_usd",
            word("debt_service_usd").label,
            "sum",
            _cents(book["interest_usd"] + book["debt_repaid_usd"]),
            ("interest_usd", "debt_repaid_usd"),
        ),
    ]
    return rows + [note for note in _notes(frame) if note.name in {"cfads_usd", "dscr", "reserve_usd", "locked_usd"}]


def tax_lines(projection: Projection) -> list[Line]:
    """Taxable income from EBITDA down, and what is owed on it; empty where no tax is set and no credit granted."""
    frame, scenario = projection.statement, projection.scenario
    credited = frame["investment_credit_usd"].any() or frame["production_credit_usd"].any()
    if not (rates(scenario) or credited):
        return []
    book = _signed(frame)
    rows: list[Line] = []
    if scenario.finance.tax.taxpayer == "business":
        parts = income_parts(scenario)
        book["equipment_gain_usd"] = _cents(
            book["taxable_income_usd"] - sum((book[p] for p in parts), start=np.zeros(len(frame)))
        )
        wanted = [p for p in (*parts, "equipment_gain_usd") if p == "ebitda_usd" or np.any(book[p])]
        rows += [_line(book, p) for p in wanted]
        rows.append(_line(book, "taxable_income_usd", "sum", tuple(wanted)))
    else:
        rows.append(_line(book, "taxable_income_usd"))
    rows += [_line(book, n) for n in ("investment_credit_usd", "production_credit_usd") if np.any(book[n])]
    rows += [_line(book, n) for n in ("state_tax_usd", "federal_tax_usd")]
    rows.append(_line(book, "tax_usd", "sum", ("state_tax_usd", "federal_tax_usd")))
    if np.any(book["loss_carried_usd"]):
        rows.append(_line(book, "loss_carried_usd", "note"))
    return rows


def rates(scenario: Scenario) -> bool:
    """Whether any income tax is set."""
    return bool(scenario.finance.tax.federal_rate_frac or scenario.finance.tax.state_rate_frac)


def income_parts(scenario: Scenario) -> tuple[str, ...]:
    """What a business's taxable income is made of, gains on equipment apart."""
    interest = ("interest_usd",) if scenario.finance.tax.interest_deducted else ()
    return ("ebitda_usd", "depreciation_usd", *interest, "taxed_gain_usd")


def across(lines: Iterable[Line]) -> pd.DataFrame:
    """Lines as a table: a row a line, a column a year; titles have none."""
    rows = [
        {"Line": line.label, "Unit": line.unit, **{str(year): usd for year, usd in enumerate(line.values)}}
        for line in lines
        if line.kind != "title"
    ]
    return pd.DataFrame(rows)


def life_steps(projection: Projection) -> dict[str, float]:
    """What adds up to the owner's cash over the whole life [USD], by label: the steps of a waterfall."""
    book = _signed(projection.statement)
    names = (
        *REVENUE,
        *RUNNING,
        "investment_usd",
        "sales_usd",
        "coins_kept_usd",
        "tax_usd",
        "construction_interest_usd",
        "interest_usd",
    )  # what is drawn is repaid, and balances are given back
    steps = {_label(name): float(_cents(book[name].sum())) for name in names}
    principal = float(_cents(book["debt_drawn_usd"].sum() + book["debt_repaid_usd"].sum()))
    return {**steps, "Debt drawn less repaid": principal}


def year_steps(projection: Projection, year: int = 1) -> dict[str, float]:
    """What adds up to the owner's cash of a year [USD], by label, from all coins mined, the pool's fee not yet taken."""
    book = {name: float(values[year]) for name, values in _signed(projection.statement).items()}
    fee = pool_fee_usd(projection, year)
    names = (
        *REVENUE[1:],
        *RUNNING,
        *("investment_usd", "sales_usd", "coins_kept_usd", "tax_usd", "interest_usd", "construction_interest_usd"),
        *("debt_drawn_usd", "debt_repaid_usd", *MOVED),
    )
    gross = {"Coins, all": book["mining_revenue_usd"] + fee, "Pool fee": -fee}
    return {**gross, **{_label(name): book[name] for name in names}}


def pool_fee_usd(projection: Projection, year: int = 1) -> float:
    """What the pool keeps in a year, at the price of each month, in whole cents [USD]."""
    months = projection.monthly.iloc[12 * (year - 1) : 12 * year]
    return float(_cents((months["pool_fee_btc"] * months["price_usd"]).to_numpy().sum()))


def _signed(frame: pd.DataFrame) -> dict[str, Floats]:
    """Columns by name with the signs of a statement, and what balances took."""
    book = {str(name): frame[name].to_numpy(dtype=np.float64) for name in frame.columns}
    for name in OUT:
        book[name] = 0.0 - book[name]
    for name, (balance, _) in MOVED.items():
        book[name] = _cents(-np.diff(frame[balance].to_numpy(dtype=np.float64), prepend=0.0))
    book["cash_before_tax_usd"] = _total(book, "cash_before_tax_usd")
    book["cash_after_tax_usd"] = _total(book, "cash_after_tax_usd")
    book["debt_net_usd"] = _total(book, "debt_net_usd")
    return book


def _total(book: dict[str, Floats], name: str) -> Floats:
    parts = dict(CASH)[name]
    return _cents(sum((book[part] for part in parts), start=np.zeros(len(book["year"]))))


def _cents(usd: Floats | float) -> Floats:
    rounded: Floats = np.rint(np.asarray(usd, dtype=np.float64) * CENTS_PER_USD) / CENTS_PER_USD + 0.0
    return rounded


def _label(name: str) -> str:
    return LABELS.get(name) or (MOVED[name][1] if name in MOVED else word(name).label)


def _line(book: dict[str, Floats], name: str, kind: Kind = "line", parts: tuple[str, ...] = ()) -> Line:
    return Line(name, _label(name), kind, book[name], parts)


def _title(label: str) -> Line:
    return Line("", label, "title", np.zeros(0))


def _notes(frame: pd.DataFrame) -> list[Line]:
    """What stands below the sums: balances, cover and energy; those that are 0 in every year are left out."""
    names = ("cfads_usd", "dscr", "debt_balance_usd", "reserve_usd", "locked_usd", "project_cash_usd", "energy_kwh")
    lent = frame["debt_balance_usd"].any()
    return [
        Line(name, word(name).label, "note", frame[name].to_numpy(dtype=np.float64), (), word(name).unit)
        for name in names
        if frame[name].any() and (lent or name not in {"cfads_usd"})
    ]
