"""Part of the Compare page: plans side by side, as figures with the best of each row marked, and as charts."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core import charts
from core.results import Projection
from core.vocabulary import METRICS
from pages.ui import session, show

SHOWN = (
    "npv_usd",
    "irr",
    "payback_years",
    "static_payback_years",
    "capex_usd",
    "mined_btc",
    "cost_usd_per_btc",
    "mining_revenue_usd",
    "export_revenue_usd",
    "import_cost_usd",
    "pv_kwh_year1",
    "mined_kwh_year1",
    "curtailed_kwh_year1",
    "solar_share_frac",
    "fleet_utilisation_frac",
    "lcoe_usd_per_kwh",
    "sell_npv_usd",
    "grid_npv_usd",
    "hold_npv_usd",
)
BEST = "★"
ALIKE = 1e-9  # relative


def lettered(projections: dict[str, Projection]) -> dict[str, Projection]:
    """Under names that begin with the letters of the charts."""
    marked = zip(charts.letters(len(projections)), projections.items(), strict=True)
    return {f"{letter} · {name}": projection for letter, (name, projection) in marked}


def figures(projections: dict[str, Projection]) -> None:
    plans = lettered(projections)
    rows = [{"Figure": METRICS[name].label} | in_words(plans, name) for name in SHOWN]
    st.subheader("Figures", anchor=False)
    show.table(pd.DataFrame(rows), "Comparison")
    if len(plans) > 1:
        st.caption(f"{BEST} marks the best of a row, where one direction is better.")
    versions = {p.model_version for p in projections.values()}
    if len(versions) > 1:
        st.warning(f"These were calculated by different model versions: {', '.join(sorted(versions))}.")


def in_words(plans: dict[str, Projection], name: str) -> dict[str, str]:
    """A figure of each plan, the best of them marked."""
    won = best(name, {plan: p.metrics[name] for plan, p in plans.items()})
    return {plan: f"{show.metric_in_words(p, name)}{f' {BEST}' if plan in won else ''}" for plan, p in plans.items()}


def best(name: str, values: Mapping[str, float | None]) -> set[str]:
    """Which plans have the best value; none where no direction is better, or where all are alike."""
    known = {plan: value for plan, value in values.items() if value is not None}
    good = METRICS[name].good
    if len(values) < 2 or not known or not good:
        return set()
    top = (max if good == "up" else min)(known.values())
    won = {plan for plan, value in known.items() if math.isclose(value, top, rel_tol=ALIKE)}
    return set() if len(won) == len(values) else won


def pictures(projections: dict[str, Projection]) -> None:
    """Cash, coins and energy of all; a letter stands for a plan, as in the tables."""
    dark = session.dark()
    with st.container(border=True):
        st.subheader("Cumulated cash", anchor=False)
        show.chart(
            spec=charts.cash_lines(projections, dark),
            alt=f"Cumulated cash of each plan by year. {ends_in_words(projections)}",
        )
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader("Coins by month", anchor=False)
        show.chart(spec=charts.coin_lines(projections, dark), alt="Coins mined by each plan, month by month")
    with right.container(border=True, height="stretch"):
        st.subheader("Energy of the first year", anchor=False)
        show.chart(
            spec=charts.energy_bars(projections, dark),
            alt="Energy mined, exported, imported and curtailed by each plan",
        )
    st.caption(session.literal(" · ".join(lettered_names(projections))))


def lettered_names(projections: dict[str, Projection]) -> list[str]:
    return [f"{letter} {name}" for letter, name in zip(charts.letters(len(projections)), projections, strict=True)]


def ends_in_words(projections: dict[str, Projection]) -> str:
    ends = (f"{name}: {show.money(float(p.yearly['cumulative_cash_usd'].iloc[-1]))}" for name, p in projections.items())
    return f"At the end: {'; '.join(ends)}."
