"""The hours of the first year: where power goes week by week, and what knowing more would earn."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.results import Projection
from core.studies.operations import Operations
from core.vocabulary import word
from pages.ui import ahead, session, show

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
    shown(projection, told)


@ahead.apart
def shown(projection: Projection, told: Operations) -> None:
    """The hours of one way to run the year; another way draws them alone."""
    hours = chosen_hours(projection, told)
    weekly(hours)
    yearly(hours)


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


@ahead.apart
def weekly(hours: pd.DataFrame) -> None:
    """A week, hour by hour; another one draws this part alone."""
    with st.container(border=True):
        st.subheader("A week, hour by hour", anchor=False)
        names = charts.weeks(hours)
        week = st.select_slider(
            "Week from", range(len(names)), value=MIDSUMMER, format_func=lambda n: names[n], key="week"
        )
        dark = session.dark()
        show.chart(
            spec=charts.week_of_dispatch(hours, week, dark),
            alt="Where the power of each hour of the week came from and went",
        )
        stored = " Stored: into the battery, and out of it." if hours["charge_kw"].any() else ""
        st.caption(f"Mined: from the sun at once.{stored} Imported: mined from the grid.")
        if hours["soc_kwh"].any():
            show.chart(spec=charts.week_of_charge(hours, week, dark), alt="State of charge of the battery")


def yearly(hours: pd.DataFrame) -> None:
    """The year at a glance: when machines run, and how often how much power flows."""
    dark = session.dark()
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        by_hour_and_month(hours)
    with right.container(border=True, height="stretch"):
        st.subheader("How often how much", anchor=False)
        show.chart(spec=charts.duration_curves(hours, dark), alt="Duration curves of sun, mining and the grid")
        st.caption("Each line: the power that is reached or passed in that share of the year's hours.")


@ahead.apart
def by_hour_and_month(hours: pd.DataFrame) -> None:
    """One flow of the year by hour of the day and month, of those that there are."""
    flows = {word(name).label: name for name in hours.columns if name != "soc_kwh" and hours[name].any()}
    if not flows:
        st.caption("Nothing flows.")
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("By hour and month", anchor=False)
        chosen = st.selectbox("Flow", list(flows), key="flow", label_visibility="collapsed", width=190)
    show.chart(
        spec=charts.heat_map(hours, flows[chosen], session.dark()),
        alt=f"Heat map of {chosen} by local hour and month",
    )


page()
