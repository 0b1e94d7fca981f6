"""How the program is doing and what its figures rest on."""

import pandas as pd
import streamlit as st

import core
from core.errors import SolarMiningError
from pages.ui import library, session, show

MODES = {
    "local": "One planner on this computer. What you save stays in a database here.",
    "public": "Open to anybody. Nothing you enter is stored on the server: save downloads a file.",
    "server": "A shared server. What you save is kept there on one shelf for all: there is no sign-in yet.",
}


def page() -> None:
    show.header("Status")
    engine()
    st.subheader("Readings from outside", anchor=False)
    show.readings(session.market().readings)
    weather()
    storage()


def engine() -> None:
    from core.models.dispatch import is_compiled

    conf = session.conf()
    with st.grid(4, min_column_width=200):
        st.metric("Mode", conf.mode, help=MODES[conf.mode], border=True)
        st.metric("Environment", conf.env, border=True)
        st.metric(
            "Model version", core.MODEL_VERSION, border=True, help="Saved projections of other versions may differ."
        )
        st.metric(
            "Engine",
            "compiled" if is_compiled() else "plain",
            border=True,
            help="The dispatch kernel is compiled in the background at start; the plain engine gives the same figures.",
        )
    st.caption(MODES[conf.mode])


def weather() -> None:
    st.subheader("Weather in use", anchor=False)
    try:
        year = session.weather()
    except SolarMiningError as error:
        show.failure(error)
        return
    rows = {
        "Source": year.source,
        "Status": year.status,
        "Kind": year.kind,
        "Place": f"{year.latitude:.3f}°, {year.longitude:.3f}°, {year.elevation_m:g} m",
        "Sun at minute": f"{year.sun_minute:g}",
        "Digest": year.digest,
        **{f"Note {i}": note for i, note in enumerate(year.notes, 1)},
    }
    st.dataframe(
        pd.DataFrame(rows.items(), columns=["Fact", "Value"]), hide_index=True, alt="Facts of the weather in use"
    )


def storage() -> None:
    st.subheader("Storage", anchor=False)
    if not session.conf().stores_on_server:
        st.info("Nothing is stored on this server. Save downloads your scenario; open it again with Import.")
        return
    facts = library.facts()
    with st.grid(4, min_column_width=200):
        for label, value in facts.items():
            st.metric(label, value, border=True)


page()
