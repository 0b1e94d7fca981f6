"""Statements on screen: years across, brackets for what goes out, words for what does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import bank_statement as bank
from core import charts
from core.bank_statement import Line
from core.results import Projection
from core.shown import amount
from core.vocabulary import word
from pages.ui import said, session, show

if TYPE_CHECKING:
    import pandas as pd

TINTS = {  # ground and ink of a row by its kind: light, dark
    "title": ("background-color: #F3F0E8; color: #9A4508", "background-color: #1E1C18; color: #FBBF24"),
    "sum": ("background-color: #FAF5E6; color: #1C1917", "background-color: #26221A; color: #F5F1E8"),
    "note": ("color: #78716C", "color: #A8A29E"),
    "line": ("", ""),
}
LABEL_PX, YEAR_PX = 218, 122


def table(lines: list[Line], name: str, dark: bool) -> None:
    """Lines with their headings, sums on a ground of their own."""
    import pandas as pd

    years = [str(year) for year in range(max(len(line.values) for line in lines))]
    rows = [
        [_label(line), *([amount(usd, said.marks()) for usd in line.values.tolist()] or [""] * len(years))]
        for line in lines
    ]
    frame = pd.DataFrame(rows, columns=["Line", *years])
    tints = [TINTS[line.kind][dark] for line in lines]
    st.dataframe(
        frame.style.apply(lambda column: [tints[i] for i in column.index], axis=0),
        hide_index=True,
        height="content",
        column_config={
            "Line": st.column_config.TextColumn("USD", pinned=True, width=LABEL_PX),
            **{year: st.column_config.TextColumn(f"Year {year}", width=YEAR_PX, alignment="right") for year in years},
        },
        alt=f"Table: {name}",
    )


def _label(line: Line) -> str:
    unit = "" if line.unit in {"USD", "1"} else f" ({line.unit})"
    return line.label.upper() if line.kind == "title" else line.label + unit


def downloads(projection: Projection, lines: list[Line], name: str) -> None:
    """The table as CSV, and the whole workbook."""
    from core import exports, exports_plan

    with st.container(horizontal=True):
        st.download_button(
            "CSV",
            data=lambda: exports.csv_bytes(bank.across(lines)),
            file_name=exports.file_name(name, "csv"),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"csv {name}",
        )
        st.download_button(
            "Excel workbook",
            data=lambda: exports_plan.plan_workbook(projection),
            file_name=exports.file_name(projection.scenario.name, "xlsx"),
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            icon=":material/download:",
            on_click="ignore",
            key=f"workbook {name}",
            help="Assumptions, statement, debt and tax with live formulas, months and coins.",
        )


def alternatives(projection: Projection) -> None:
    """The net present value of each choice, and of none."""
    names = {
        "This plan": "npv_usd",
        "Sell the power": "sell_npv_usd",
        "Mine on the grid": "grid_npv_usd",
        "Buy and hold": "hold_npv_usd",
    }
    missing = [
        f"{label}: {projection.reasons.get(name, '')}."
        for label, name in names.items()
        if projection.metrics[name] is None
    ]
    words = f"Net present value after tax; doing nothing is $0. This plan {returns_in_words(projection)}."
    bought, paid = projection.metrics["hold_btc"], projection.metrics["paid_btc"]
    if bought is not None and paid is not None:
        words += f" In coins: the owner's money would buy {said.number(bought, 4)} BTC, what the plan pays out buys {said.number(paid, 4)} BTC."
    st.caption(session.literal(" ".join([words, *missing])))


def returns_in_words(projection: Projection) -> str:
    """Rate of return and payback as a sentence goes on, where they do not exist too."""
    rate, payback = projection.metrics["irr"], projection.metrics["payback_years"]
    earned = f"returns {said.number(rate * 100, 1)} % a year" if rate is not None else "has no IRR"
    back = f"pays back in {said.number(payback, 1)} years" if payback is not None else "never pays back"
    return f"{earned} and {back}"


def cover_in_words(frame: pd.DataFrame, covenant: float) -> str:
    """The lowest cover, and what follows from it."""
    served = frame[frame["debt_service_usd"] > 0]
    low = served.loc[served["dscr"].idxmin()]
    words = f"Lowest: {said.number(low['dscr'], 2)} in year {said.number(low['year'])}.".replace("-", "−")
    short = int((served["dscr"] < 1).sum())
    if short:
        words += f" In {short} of {len(served)} years cash does not cover the service: the owner pays in."
    if covenant:
        locked = int((served["dscr"] < covenant).sum())
        words += f" The covenant of {covenant:g} keeps cash from the owner in {locked} of {len(served)} years."
    return words


def written_off(frame: pd.DataFrame) -> Mapping[str, Any]:
    return {"Write-off": frame["depreciation_usd"]}


def tax_in_words(projection: Projection) -> str:
    """Tax and credits of the whole life."""
    frame, owed = projection.statement, projection.metrics["tax_usd"] or 0.0
    credits_usd = float(frame["investment_credit_usd"].sum() + frame["production_credit_usd"].sum())
    words = f"Over the whole life {show.money(owed)} of income tax"
    words += f", after credits of {show.money(credits_usd)}." if credits_usd else "."
    left = float(frame["loss_carried_usd"].iloc[-1])
    return session.literal(words + (f" Losses of {show.money(left)} are never used." if left else ""))


def first_day(projection: Projection) -> tuple[dict[str, float], dict[str, float]]:
    """Uses and sources of the first day's money by their labels [USD]."""
    uses = {word(name).label: usd for name, usd in projection.uses_usd.items()}
    return uses, dict(zip(("Paid by lenders", "Paid by the owner"), projection.sources_usd.values(), strict=True))


def treasury(projection: Projection, dark: bool) -> None:
    """Coins by month and what selling them later brought, or a sentence where all are sold as mined."""
    monthly = projection.monthly
    if not monthly["held_btc"].any():
        sold = float(monthly["sold_btc"].sum())
        st.markdown(
            f"All coins are sold in the month they are mined: **{said.number(sold, 4)} BTC** for "
            f"**{session.literal(show.money(float(monthly['coin_sales_usd'].sum())))}**."
            if sold
            else "Nothing is mined."
        )
        st.caption("Another rule is on the Configuration page, under Bitcoin, Treasury.")
        return
    show.chart(spec=charts.coins_held(projection, dark), alt="Coins held at the end of each month, and sold in it")
    most, gain = monthly["held_btc"].max(), float(monthly["coin_gain_usd"].sum())
    st.caption(
        session.literal(
            f"Area: held at the end of the month; line: sold in it. At most {said.number(most, 4)} BTC are held. Sales bring "
            f"{show.money(gain)} more than the coins were worth when mined, the exchange's fee taken off; what is left is "
            "sold in the last month."
        )
    )


def renewals_in_words(projection: Projection) -> None:
    """What renewals cost, or that there are none."""
    monthly = projection.monthly
    paid = {
        "machines": monthly["refresh_usd"],
        "battery": monthly["battery_renewal_usd"],
        "inverters": monthly["inverter_renewal_usd"],
    }
    parts = [
        f"{name} {int((usd > 0).sum())} × for {show.money(float(usd.sum()))}" for name, usd in paid.items() if usd.any()
    ]
    words = f"Renewed: {', '.join(parts)}." if parts else "Nothing is renewed within the horizon."
    sold = float(monthly["resale_usd"].sum())
    st.caption(session.literal(words + (f" Old machines bring {show.money(sold)}." if sold else "")))
