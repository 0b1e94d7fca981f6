"""The money in full: what the owner gets after tax and debt, and the statement, debt and tax a lender asks for."""

from __future__ import annotations

import streamlit as st

from core import bank_statement as bank
from core import charts
from core.errors import SolarMiningError
from core.results import Projection
from core.vocabulary import word
from pages.ui import accounts, ahead, currency, session, show

TABS = ("Overview", "Statement", "Debt", "Tax", "Coins and renewal")


def page() -> None:
    show.header("Money")
    projection = session.projection_or_error()
    if isinstance(projection, SolarMiningError):
        show.failure(projection)
        return
    tiles(projection)
    tabs(projection)


@ahead.apart
def tabs(projection: Projection) -> None:
    """What is looked at; another tab draws itself alone."""
    drawn = (overview, statement, debt, tax, coins_and_renewal)
    dark = st.context.theme.type == "dark"
    for tab, draw in zip(st.tabs(list(TABS), on_change="rerun", key="money"), drawn, strict=True):
        if tab.open:
            with tab:
                draw(projection, dark)


def tiles(projection: Projection) -> None:
    """What the owner gets, in six figures; words where one does not exist."""
    figures(
        projection, "npv_usd", "irr", "payback_years", "profitability_index", "cost_usd_per_btc", "lcoe_usd_per_kwh"
    )


def figures(projection: Projection, *names: str) -> None:
    """Some more figures of a tab."""
    with st.grid(len(names), min_column_width=165, gap="small"):
        for name in names:
            usd = projection.metrics[name] if word(name).unit == "USD" else None
            note = currency.also(projection, usd)
            show.tile(projection, name, label="IRR" if name == "irr" else "", note=note)


def overview(projection: Projection, dark: bool) -> None:
    for pair in ((whole_life, owners_cash), (coin_cost, first_day)):
        for column, draw in zip(st.columns(2), pair, strict=True):
            with column:
                draw(projection, dark)
    alternatives(projection, dark)


def whole_life(projection: Projection, dark: bool) -> None:
    with st.container(border=True, height="stretch"):
        st.subheader("Cash of the whole life", anchor=False)
        show.chart(
            spec=charts.life_waterfall(bank.life_steps(projection), "Left for the owner", dark),
            alt="Waterfall from mining revenue to what is left for the owner",
        )
        st.caption("Dollars of all years together: green comes in, red goes out.")


def alternatives(projection: Projection, dark: bool) -> None:
    with st.container(border=True, height="stretch"):
        st.subheader("Compared with what?", anchor=False)
        left, right = st.columns([3, 2], vertical_alignment="center")
        with left:
            show.chart(
                spec=charts.compared_with_what(projection, dark), alt="Net present value beside three alternatives"
            )
        with right:
            accounts.alternatives(projection)


def owners_cash(projection: Projection, dark: bool) -> None:
    with st.container(border=True, height="stretch"):
        st.subheader("Owner's cash after tax and debt", anchor=False)
        frame = projection.statement
        show.chart(
            spec=charts.cash_by_year(frame["year"], frame["equity_cash_usd"], dark, charts.halving_years(projection)),
            alt="Owner's cash of each year as bars and its running sum as a line",
        )
        st.caption("Bars: cash of the year. Line: running sum since the first investment.")


def first_day(projection: Projection, dark: bool) -> None:
    with st.container(border=True, height="stretch"):
        st.subheader("Sources and uses", anchor=False)
        paid = sum(projection.sources_usd.values())
        if not paid:
            st.caption("Nothing is invested.")
            return
        show.chart(
            spec=charts.shares(*accounts.first_day(projection), dark=dark),
            alt="What the first day's money pays for, and who pays it",
        )
        st.caption(f"What the first day's {session.literal(show.money(paid))} pay for, and who pays them.")


def coin_cost(projection: Projection, dark: bool) -> None:
    with st.container(border=True, height="stretch"):
        st.subheader("What a coin costs", anchor=False)
        parts = {word(name).label: usd for name, usd in projection.cost_build_up.items()}
        if not parts:
            st.caption("Nothing is mined.")
            return
        show.chart(spec=charts.shares(parts, dark=dark), alt="The all-in cost of a coin by its parts")
        price = float(projection.monthly["price_usd"].iloc[0])
        cost = show.metric_in_words(projection, "cost_usd_per_btc")
        st.caption(
            session.literal(
                f"Together {cost} a coin, levelised over the whole life; it sells for {show.money(price)} today."
            )
        )


def statement(projection: Projection, dark: bool) -> None:
    st.caption(
        "US dollars of each year, year 0 the first day. What goes out is in brackets; every sum is exact to the cent."
    )
    accounts.table(bank.cash_lines(projection), "Statement", dark)
    accounts.downloads(projection, bank.cash_lines(projection), "Statement")


def debt(projection: Projection, dark: bool) -> None:
    lines, frame = bank.debt_lines(projection), projection.statement
    if not lines:
        st.info(
            "Nothing is borrowed. Set a share of debt on the Configuration page, under Money, Debt.",
            icon=":material/account_balance:",
        )
        return
    figures(projection, "debt_usd", "dscr_min", "llcr", "irr", "project_irr")
    covenant = projection.scenario.finance.debt.covenant_dscr
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader("What is owed and paid", anchor=False)
        halvings = charts.halving_years(projection)
        parts = {"Interest": frame["interest_usd"], "Repayment": frame["debt_repaid_usd"]}
        show.chart(
            spec=charts.stacked_by_year(frame["year"], parts, ("Debt owed", frame["debt_balance_usd"]), dark, halvings),
            alt="Interest and repayment of each year as bars, debt at its end as a line",
        )
    with right.container(border=True, height="stretch"):
        st.subheader("How well cash covers it", anchor=False)
        cover = frame["dscr"].where(frame["debt_service_usd"] > 0)
        show.chart(
            spec=charts.cover(frame["year"], cover, covenant, dark, halvings),
            alt="Debt service cover ratio of each year, with the covenant",
        )
        st.caption(accounts.cover_in_words(frame, covenant))
    accounts.table(lines, "Debt schedule", dark)
    accounts.downloads(projection, lines, "Debt schedule")


def tax(projection: Projection, dark: bool) -> None:
    lines, frame = bank.tax_lines(projection), projection.statement
    if not lines:
        st.info(
            "No income tax is set and no credit: cash is before tax. Presets are on the Configuration page, under Money, "
            "Tax and write-off.",
            icon=":material/receipt_long:",
        )
        return
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader("Write-off and taxable income", anchor=False)
        show.chart(
            spec=charts.stacked_by_year(
                frame["year"],
                accounts.written_off(frame),
                ("Taxable income", frame["taxable_income_usd"]),
                dark,
                charts.halving_years(projection),
            ),
            alt="Write-off of each year as bars, taxable income as a line",
        )
    with right.container(border=True, height="stretch"):
        st.subheader("What is owed", anchor=False)
        owed = {"State": frame["state_tax_usd"], "Federal": frame["federal_tax_usd"]}
        show.chart(
            spec=charts.stacked_by_year(
                frame["year"],
                owed,
                ("Losses carried", frame["loss_carried_usd"]),
                dark,
                charts.halving_years(projection),
            ),
            alt="State and federal tax of each year as bars, losses carried as a line",
        )
        st.caption(accounts.tax_in_words(projection))
    accounts.table(lines, "Tax schedule", dark)
    accounts.downloads(projection, lines, "Tax schedule")


def coins_and_renewal(projection: Projection, dark: bool) -> None:
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader("Coins held and sold", anchor=False)
        accounts.treasury(projection, dark)
    with right.container(border=True, height="stretch"):
        st.subheader("What is renewed when", anchor=False)
        show.chart(
            spec=charts.renewal_timeline(projection, dark),
            alt="Months in which machines, battery and inverters are renewed and the subsidy halves",
        )
        accounts.renewals_in_words(projection)


page()
