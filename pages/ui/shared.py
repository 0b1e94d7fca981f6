"""What a share link shows: one scenario or one projection, to read and no more."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core import charts
from core.errors import SolarMiningError
from core.results import Projection
from core.scenario import Scenario, leaves
from pages.ui import answer, people, reports, session, show

PARAMETER = "share"
TOLD = (
    "npv_usd",
    "irr",
    "payback_years",
    "capex_usd",
    "mined_btc",
    "pv_kwh_year1",
    "lcoe_usd_per_kwh",
    "cost_usd_per_btc",
)


def asked() -> str:
    """The link that the address carries, empty without one."""
    return st.query_params.get(PARAMETER, "")


def page() -> None:
    """The thing itself, or that there is nothing."""
    from core.outside import database
    from core.store import shares

    try:
        share, found = shares.opened(database(), asked())
    except SolarMiningError as error:
        show.failure(error)
        _leave("Go to the calculator")
        return
    _head(share.kind, share.name, share.expires_at)
    scenario = found if isinstance(found, Scenario) else found.scenario
    if isinstance(found, Projection):
        _figures(found)
    _settings(scenario)
    st.download_button(
        "Download the scenario",
        scenario.to_json(indent=2),
        "shared-scenario.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
    )
    if not people.must_sign_in():
        st.button("Open a copy", type="primary", icon=":material/folder_open:", on_click=_adopt, args=(scenario,))


def _head(kind: str, name: str, until: datetime) -> None:
    st.title(session.literal(name), anchor=False)
    st.caption(f"A {kind} that was shared with you, to read. The link works until {until:%d %B %Y}.")


def _figures(found: Projection) -> None:
    if found.metrics.keys() >= answer.NEEDED:
        with st.container(border=True):
            answer.card(found, answer.turning_point(found))
    with st.grid(4, min_column_width=200):
        for name in TOLD:
            if name in found.metrics:
                show.tile(found, name, note=show.of_several(found) if name == "irr" else "")
    reports.buttons(found, None, "shared")
    _pictures(found)
    yearly, monthly, readings = st.tabs(["Years", "Months", "Data from outside"])
    with yearly:
        show.table(found.yearly, "yearly")
    with monthly:
        show.table(found.monthly, "monthly", height=380)
    with readings:
        show.readings(found.readings)
    st.caption(f"Model version {found.model_version}.")


def _pictures(found: Projection) -> None:
    left, right = st.columns([3, 2])
    with left.container(border=True, height="stretch"):
        st.subheader("Cash, year by year", anchor=False)
        show.chart(
            spec=charts.cumulated_cash(found, session.dark()),
            alt="Net cash of each year as bars and its running sum as a line",
        )
    with right.container(border=True, height="stretch"):
        st.subheader("Compared with what?", anchor=False)
        show.chart(
            spec=charts.compared_with_what(found, session.dark()), alt="Net present value beside three alternatives"
        )


def _settings(scenario: Scenario) -> None:
    """Every quantity of the scenario that is not the example's."""
    example = Scenario()
    rows = [
        {"Setting": info.title or path, "Value": str(value)}
        for path, info, value in leaves(scenario)
        if path != "name" and value != _of(example, path)
    ]
    with st.expander("Settings that differ from the example", expanded=True):
        if rows:
            st.dataframe(rows, hide_index=True, height="content", alt="Settings")
        else:
            st.caption("None: it is the example as it stands.")


def _of(scenario: Scenario, path: str) -> object:
    try:
        return scenario.at(path)
    except SolarMiningError:  # the example has fewer machines
        return None


def _adopt(scenario: Scenario) -> None:
    session.adopt(scenario)
    _forget()


def _leave(label: str) -> None:
    st.button(label, icon=":material/arrow_back:", on_click=_forget)


def _forget() -> None:
    st.query_params.clear()
