"""The first year's energy from where it comes to where it goes, and the way from sunlight to cash."""

from __future__ import annotations

import streamlit as st

from core import bank_statement as bank
from core import charts
from core.errors import SolarMiningError
from core.results import Projection
from core.studies.sunlight import light_steps
from pages.ui import said, session, show

MWH = 1000.0  # kWh


def energy_flow(projection: Projection, dark: bool) -> None:
    """The year's energy as bands."""
    with st.container(border=True):
        st.subheader("Where the energy goes, year 1", anchor=False)
        metrics = projection.metrics
        share = metrics["performance_ratio_frac"]
        lost = (metrics["pv_kwh_year1"] or 0.0) * (1.0 / share - 1.0) if share else 0.0
        flows = charts.year_flows(projection.hourly, lost)
        if not flows:
            st.caption("No energy flows: the plan has neither an array nor machines with a grid.")
            return
        show.chart(
            spec=charts.energy_flow(flows, dark),
            alt="Sankey diagram of the first year's energy: " + "; ".join(_words(flow) for flow in flows),
        )
        st.caption(
            "Added up hour by hour. The sun serves machines first, then the battery, then the grid. Sun: the light on the "
            "modules at the efficiency on their label."
        )


def _words(flow: charts.Flow) -> str:
    return f"{flow.start} to {flow.end} {said.number(flow.kwh / MWH)} MWh"


def sunlight_to_cash(projection: Projection, dark: bool) -> None:
    """Two chains, of energy and of money, and what joins them."""
    with st.container(border=True):
        st.subheader("From sunlight to cash, year 1", anchor=False)
        left, right = st.columns(2)
        with left:
            _sunlight(projection, dark)
        with right:
            _cash(projection, dark)


def _sunlight(projection: Projection, dark: bool) -> None:
    array = projection.scenario.array
    try:
        steps = charts.sun_chain(light_steps(array, session.weather()), projection)
    except SolarMiningError as error:
        show.failure(error)
        return
    if not array.dc_kw:
        st.caption("The plan has no array.")
        return
    show.chart(spec=charts.energy_chain(steps, dark), alt="What is left of the light on the modules after each step")
    st.caption(
        f"100 % are {said.number(steps[0].kwh / MWH)} MWh: the light on the modules at the efficiency on their label."
    )


def _cash(projection: Projection, dark: bool) -> None:
    if projection.statement.empty:
        st.caption("This projection was kept without a statement.")
        return
    show.chart(
        spec=charts.life_waterfall(bank.year_steps(projection), "Left for the owner", dark),
        alt="Waterfall from all coins mined in the first year to what is left for the owner",
    )
    st.caption(session.literal(_joined(projection)))


def _joined(projection: Projection) -> str:
    """How energy became coins, in the units of each."""
    year = projection.monthly.head(12)
    mwh = float(year["mined_kwh"].sum()) / MWH
    coins = year["mined_btc"] + year["pool_fee_btc"]
    dollars = coins * year["price_usd"]
    if not mwh or not dollars.sum():
        return "Nothing is mined in the first year."
    days = float((dollars / year["hashprice_usd_per_ph_day"]).sum())  # of one PH/s
    return (
        f"{said.number(mwh)} MWh at the machines, {said.number(mwh - float(year['import_kwh'].sum()) / MWH)} of them not bought, are {said.number(days)} "
        f"days of one PH/s; they earn {said.number(coins.sum(), 4)} BTC, or {show.money(float(dollars.sum()))}, before all that follows."
    )
