"""The hours of the first year: where power goes week by week, and what knowing more would earn."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.results import Projection
from core.studies.operations import Operations
from pages.ui import session, show

WAYS = ("As run", "Planned ahead", "Perfect foresight")
MIDSUMMER = 26  # the week that is shown first


def page() -> None:
    show.header("Dispatch")
    projection = session.projection_or_error()
    if isinstance(projection, SolarMiningError):
        show.failure(projection)
        return
    with st.spinner("Running the year three ways …"):
        told = session.operations()
    foresight(told)
    hours = chosen_hours(projection, told)
    weekly(hours)
    yearly(projection, hours)


def foresight(told: Operations) -> None:
    """The same year three ways, and what more of the plant would add to the best of them."""
    with st.grid(6, min_column_width=165, gap="small"):
        usd(
            "By the rule",
            told.rule.earned_usd,
            "What dispatch earns in the first year by the rule that the projection follows.",
        )
        usd(
            "Planned ahead",
            told.planning_usd_per_year,
            "More than the rule: a plan made anew each midnight, from prices known ahead and a forecast of the sun.",
            signed=True,
        )
        usd(
            "Perfect foresight",
            told.foresight_usd_per_year,
            "More than the rule: what a controller would earn that knew every hour of the year ahead. Nobody can earn more.",
            signed=True,
        )
        margins = told.margins
        each = "with perfect foresight, a year"
        cents("+1 kWh of battery", margins.battery_usd_per_kwh, each)
        cents("+1 kW of battery", margins.battery_usd_per_kw, each)
        cents("+1 kW of grid", margins.import_usd_per_kw + margins.export_usd_per_kw, each)


def usd(label: str, value: float, meaning: str, *, signed: bool = False) -> None:
    sign = "+" if signed and value >= 0 else ""
    st.metric(
        label, f"{sign}{show.money(value)}", help=f"{meaning} Mining and export, less imports and wear.", border=True
    )


def cents(label: str, value: float, note: str) -> None:
    st.metric(
        label, show.money(value, cents=True), help=f"What it would add {note}, before what it costs.", border=True
    )


def chosen_hours(projection: Projection, told: Operations) -> pd.DataFrame:
    """The hours of the way that is looked at, labelled by the site's clock."""
    way = st.segmented_control("Hours shown", WAYS, default=WAYS[0], required=True, key="way") or WAYS[0]
    hours = charts.local_hours(projection)
    if way == WAYS[0]:
        return hours
    ran = told.rolling if way == WAYS[1] else told.optimal
    return pd.DataFrame(told.hourly(ran), index=hours.index)


def weekly(hours: pd.DataFrame) -> None:
    """A week, hour by hour."""
    with st.container(border=True):
        st.subheader("A week, hour by hour", anchor=False)
        names = charts.weeks(hours)
        week = st.select_slider(
            "Week from", range(len(names)), value=MIDSUMMER, format_func=lambda n: names[n], key="week"
        )
        dark = session.dark()
        show.chart(spec=charts.week_of_dispatch(hours, week, dark), alt="Use of power in each hour of the week")
        st.caption("Areas: where the power of the hour went. Line: the sun. Above the line: imports and the battery.")
        if hours["soc_kwh"].any():
            show.chart(spec=charts.week_of_charge(hours, week, dark), alt="State of charge of the battery")


def yearly(projection: Projection, hours: pd.DataFrame) -> None:
    """The year at a glance: when machines run, and how often how much power flows."""
    dark = session.dark()
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.subheader("Mining by hour and month", anchor=False)
        show.chart(
            spec=charts.hour_by_month(projection, "mining_kw", dark),
            alt="Heat map of mining power by local hour and month, as run",
        )
    with right.container(border=True, height="stretch"):
        st.subheader("How often how much", anchor=False)
        show.chart(spec=charts.duration_curves(hours, dark), alt="Duration curves of sun, mining and the grid")
        st.caption("Each line: the power that is reached or passed in that share of the year's hours.")


page()
