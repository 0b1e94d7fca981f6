"""The money and its risk as sections of a report: statement, debt, what may go wrong, and what moves the result."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core import bank_statement as bank
from core import charts
from core.bank_statement import Line
from core.report.parts import Beside, Block, Chart, Figure, Row, Section, Table, Words
from core.report.plan import figures
from core.results import Projection
from core.say import money
from core.shown import of_lives
from core.vocabulary_lives import word as word_of_lives

if TYPE_CHECKING:
    from core.studies.drivers import Sensitivity
    from core.studies.simulation import RiskAnalysis

# columns of the statement by year: heading, line
CASH = {
    "Revenue": "revenue_usd",
    "Running cost": "running_cost_usd",
    "EBITDA": "ebitda_usd",
    "Investment": "investment_usd",
    "Other": "",  # what is left to the owner's cash: sales of equipment, working capital, coins kept, reserves, lock-up
    "Tax": "tax_usd",
    "Debt, net": "debt_net_usd",
    "Owner's cash": "equity_cash_usd",
    "Cumulated": "cumulated_usd",
}
BAR = 24  # height of a bar that lies [px]
SUMMED = ("ebitda_usd", "investment_usd", "tax_usd", "debt_net_usd")
MONEY = (
    "npv_usd",
    "irr",
    "mirr",
    "profitability_index",
    "payback_years",
    "discounted_payback_years",
    "net_cash_usd",
    "tax_usd",
)
LENDERS = ("debt_usd", "dscr_min", "llcr", "project_npv_usd", "project_irr")
RISK = (
    "npv_p5_usd", "npv_p50_usd", "npv_p95_usd", "npv_mean_usd", "var_95_usd", "cvar_95_usd", "loss_probability_frac",
    "never_pays_back_probability_frac", "out_of_cash_probability_frac", "mined_p50_btc",
)  # fmt: skip
NO_RISK = (
    "No risk analysis was run with these figures, so this report says nothing of how likely they are. It is run on the page "
    "Risk of the dashboard, or with POST /api/v1/risk-analyses; the report then tells the distribution of the net present value, "
    "VaR and CVaR, the chance of a loss, and what moves the result."
)


def whole_usd(value: float) -> str:
    """Dollars of a statement in a report: whole, out in brackets, a dash for nothing."""
    if round(value) == 0:
        return "–"
    return f"({-value:,.0f})" if value < 0 else f"{value:,.0f}"


# Statement


def statement(projection: Projection) -> Section:
    """Cash of each year from revenue to the owner."""
    lines = {line.name: line for line in bank.cash_lines(projection)}
    waterfall = Chart(
        "cash-of-the-whole-life",
        "Cash of the whole life",
        charts.life_waterfall(bank.life_steps(projection), "Left for the owner"),
        "Waterfall from mining revenue to what is left for the owner",
        "Dollars of all years together.",
        BAR * (1 + sum(bool(round(usd, 2)) for usd in bank.life_steps(projection).values())),
    )
    note = (
        "US dollars, nominal; year 0 is the first day; what goes out is in brackets. Other: equipment sold, and what goes into "
        "working capital, coins kept, reserves and the covenant's lock-up. To the cent, and line by line, in the Excel workbook."
    )
    years = Table(
        "After-tax cash by year",
        ("Year", *CASH),
        _years(lines),
        tuple(range(1, len(CASH) + 1)),
        _widths(len(CASH) + 1),
        note,
        True,
    )
    beside = Beside(
        waterfall, figures(projection, "What it comes to", (*MONEY, *(LENDERS if _lent(projection) else ())))
    )
    return Section("Statement", (beside, years, *_debt(projection)))


def _widths(columns: int) -> tuple[float, ...]:
    return (0.06, *([0.94 / (columns - 1)] * (columns - 1)))


def _years(lines: dict[str, Line]) -> tuple[Row, ...]:
    columns = [_column(lines, name) for name in CASH.values()]
    count = len(lines["revenue_usd"].values)
    rows = [
        Row((str(year), *(Figure(whole_usd(column[year]), column[year]) for column in columns)))
        for year in range(count)
    ]
    totals = [
        sum(column) if heading != "Cumulated" else column[-1] for heading, column in zip(CASH, columns, strict=True)
    ]
    return (*rows, Row(("All", *(Figure(whole_usd(usd), usd) for usd in totals)), "sum"))


def _column(lines: dict[str, Line], name: str) -> list[float]:
    if name:
        return [float(usd) for usd in lines[name].values]
    told = sum(lines[part].values for part in SUMMED)
    return [float(usd) for usd in lines["equity_cash_usd"].values - told]


def _lent(projection: Projection) -> bool:
    return bool(projection.statement["debt_balance_usd"].any())


def _debt(projection: Projection) -> tuple[Block, ...]:
    lines = bank.debt_lines(projection)
    if not lines:
        return (Words("Nothing is borrowed.", "small"),)
    frame, covenant = projection.statement, projection.scenario.finance.debt.covenant_dscr
    owed = Chart(
        "debt",
        "Debt: what is owed and paid",
        charts.stacked_by_year(
            frame["year"],
            {"Interest": frame["interest_usd"], "Repayment": frame["debt_repaid_usd"]},
            ("Debt owed", frame["debt_balance_usd"]),
        ),
        "Interest and repayment of each year as bars, debt at its end as a line",
        height=150,
    )
    cover = Chart(
        "debt-service-cover",
        "How well cash covers it",
        charts.cover(
            frame["year"],
            frame["dscr"].where(frame["debt_service_usd"] > 0),
            covenant,
            halvings=charts.halving_years(projection),
        ),
        "Debt service cover ratio of each year, with the covenant",
        height=150,
    )
    return (Beside(owed, cover), _schedule(lines))


def _schedule(lines: Iterable[Line]) -> Table:
    """The debt year by year, as long as there is any."""
    shown = {line.name: line for line in lines}
    columns = {
        "Owed at start": "debt_opening_usd", "Drawn": "debt_drawn_usd", "Repaid": "debt_repaid_usd", "Interest": "interest_usd",
        "Debt service": "debt_paid_usd", "Owed at end": "debt_closing_usd", "CFADS": "cfads_usd", "DSCR": "dscr",
    }  # fmt: skip
    told = {heading: shown[name].values for heading, name in columns.items() if name in shown}
    owed = [
        year
        for year in range(len(shown["debt_opening_usd"].values))
        if any(told[h][year] for h in told if h != "CFADS")
    ]
    rows = tuple(Row((str(year), *(_debt_cell(h, float(values[year])) for h, values in told.items()))) for year in owed)
    count = len(told) + 1
    return Table("Debt schedule", ("Year", *told), rows, tuple(range(1, count)), _widths(count), "US dollars.", True)


def _debt_cell(heading: str, value: float) -> Figure:
    if heading == "DSCR":
        return Figure(f"{value:.2f}".replace("-", "−") if value else "–", value)
    return Figure(whole_usd(value), value)


def _usd(value: float) -> Figure:
    return Figure(money(value), float(value))


# Risk and sensitivities


def risk(projection: Projection, lives: RiskAnalysis | None) -> Section:
    """What may come instead, and how likely; that nobody asked, where nobody did."""
    if lives is None:
        return Section("Risk", (Words(NO_RISK, "warning"),))
    metrics, settings, halvings = lives.metrics, lives.scenario.risk, charts.halving_frame(projection)
    marks = {
        "CVaR 95": metrics["cvar_95_usd"],
        "VaR 95": metrics["var_95_usd"],
        "P50": metrics["npv_p50_usd"],
        "Plan": lives.base["npv_usd"],
    }
    spread = Chart(
        "npv-distribution",
        "What it may be worth",
        charts.npv_histogram(lives.paths["npv_usd"], marks),
        "Share of lives by net present value, with value at risk, its tail mean, the median and the plan",
        "Net present value of each life. VaR 95 is the best of the worst twentieth, CVaR 95 their mean.",
        220,
    )
    rows = tuple(
        Row(
            (
                word_of_lives(name).label,
                Figure(of_lives(name, metrics[name]), metrics[name]),
                f"± {of_lives(name, lives.errors[name])}",
            ),
            name=name,
        )
        for name in RISK
    )
    table = Table("The lives in figures", ("", "", "known to"), rows, (1, 2), (0.5, 0.27, 0.23))
    told = (
        f"The plan was lived {len(lives.paths):,} times (seed {settings.seed}), each time with a price, a network, power prices, sun, idle "
        "machines and building cost of its own; every life goes through the hours, the tariff and the tax of this plan."
    )
    cash = Chart(
        "cash-fan", "Cash so far", charts.fan(lives.fans["cash_usd"], "USD", money=True, halvings=halvings), "Cash so far by month: 5th to 95th percentile",
        "Line: half of the lives lie below. Dark band: the middle half. Light band: nine in ten.", 150,
    )  # fmt: skip
    coins = Chart(
        "coins-fan",
        "Coins mined so far",
        charts.fan(lives.fans["mined_btc"], "BTC", halvings=halvings),
        "Coins so far by month: 5th to 95th percentile",
        "",
        150,
    )
    notes = (*lives.notices, *(f"In the lives, {words}." for words in lives.approximations))
    return Section(
        "Risk", (Words(told), Beside(spread, table), Beside(cash, coins), *(Words(note, "small") for note in notes))
    )


def sensitivities(why: Sensitivity | None) -> tuple[Section, ...]:
    """What moves the result, one thing at a time, and named bad turns; nothing where nobody asked."""
    if why is None:
        return ()
    bars = Chart(
        "tornado",
        "One thing at a time",
        charts.tornado(why.tornado, why.base_usd),
        "Net present value with each thing at its 5th and 95th percentile",
        "Each thing at its 5th and at its 95th percentile, all else as planned.",
        BAR * len(why.tornado),
    )
    told = why.stress[["turn", "npv_usd", "change_usd"]].to_dict("records")
    rows = tuple(Row((turn["turn"], _usd(turn["npv_usd"]), _usd(turn["change_usd"]))) for turn in told)
    turns = Table(
        "Bad turns", ("Each on the plan as it is", "NPV", "Against the plan"), rows, (1, 2), (0.52, 0.22, 0.26)
    )
    return (Section("Sensitivities", (Beside(bars, turns),)),)
