"""How the program is doing and what its figures rest on."""

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

import core
from core.errors import SolarMiningError
from core.schedule import QUESTIONS, leader
from pages.ui import account, library, live, operation, said, session, show

REFRESH, TOLD = "refresh", "_refreshed"
STATES = {"ready": "ready", "open": "resting (breaker open)", "half-open": "being tried", "unused": "not used"}
LEADERS = {
    "this one": "Kept fresh in the background by this process.",
    "another one": "Kept fresh in the background by another process on the same data.",
    "none": "Nothing keeps the data fresh in the background now.",
}

MODES = {
    "local": "One planner on this computer. What you save stays in a database here.",
    "public": "Open to anybody. Nothing you enter is stored on the server: save downloads a file.",
    "server": "A shared server. What you save is kept there under your sign-in, for you alone unless you share a link.",
}


def page() -> None:
    show.header("Status")
    engine()
    operation.health()
    operation.figures()
    operation.errors()
    account.guarded()
    refresh()
    ages()
    providers()
    weather()
    storage()
    operation.storage()


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


# --- data from outside ----------------------------------------------------------------------------


def refresh() -> None:
    """A button that asks everything now, and what came of it."""
    from core.outside import outside

    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Data from outside", anchor=False)
        st.button(
            "Refresh",
            icon=":material/refresh:",
            on_click=_refresh,
            disabled=outside().offline or live.waits(REFRESH),
            help="Ask every provider now, whatever is kept.",
        )
    told: dict[str, str] = st.session_state.get(TOLD, {})
    fresh = sum(how == "live" for how in told.values())
    if outside().offline:
        st.info("No call is made: SOLAR_MINING_OFFLINE is set. Everything comes from what ships with the program.")
    elif live.waits(REFRESH):
        st.progress(len(told) / len(QUESTIONS), f"Asking … {len(told)} of {len(QUESTIONS)} questions")
    elif told:
        st.caption(f"Asked {len(told)} questions: {fresh} answered anew, {len(told) - fresh} not.")
    st.caption(LEADERS[leader()])


def _refresh() -> None:
    from core.schedule import refresh as ask_all

    told: dict[str, str] = {}
    st.session_state[TOLD] = told

    def note(name: str, came: object) -> None:
        told[name] = getattr(came, "status", "none")  # an error has none

    live.send(REFRESH, lambda: ask_all(note), again=True)


def ages() -> None:
    """Every question the pages rest on: who answered it, when, and whether that is fresh."""
    from core.fetchers.ask import known
    from core.outside import outside

    rows = []
    for question, asked in QUESTIONS:
        try:
            told = known(question, asked, outside())
        except SolarMiningError as error:
            rows.append({"Data": question.name, "Status": "none", "Why": error.message})
            continue
        rows.append(
            {
                "Data": question.name,
                "Status": told.status,
                "Age": show.age_in_words(told.age_s(session.now())),
                "As of": f"{told.observed_at:%Y-%m-%d %H:%M}",
                "Source": told.source,
                "Fresh for": show.age_in_words(question.soft_s),
                "Why": told.why,
            }
        )
    frame = pd.DataFrame(rows)
    if not frame["Why"].fillna("").any():
        frame = frame.drop(columns="Why")
    st.dataframe(frame, hide_index=True, height="content", alt="Age of data")


def providers() -> None:
    """How each provider does."""
    from core.fetchers.sources import SOURCES
    from core.outside import outside

    st.subheader("Providers", anchor=False)
    now = session.now()
    rows = [
        {
            "Provider": health.name,
            "State": STATES.get(health.state, health.state),
            "Calls": health.calls,
            "Failures": health.failures,
            "Last answer": "–" if health.age_s is None else ago(health.age_s),
            "Latency": "–" if health.latency_s is None else f"{said.number(health.latency_s, 2)} s",
            "Last error": _last_error(health, now),
            "Notice": "; ".join(part for part in (health.why, health.notice) if part),
        }
        for health in outside().health(SOURCES)
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        alt="Health of providers",
        height="content",
    )


def _last_error(health: Any, now: datetime) -> str:
    if not health.last_error:
        return ""
    return f"{health.last_error} ({ago((now - health.last_error_at).total_seconds())})"


def ago(seconds: float) -> str:
    """How long ago."""
    return "just now" if seconds < 60 else f"{show.age_in_words(seconds)} ago"


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
        "Place": f"{said.number(year.latitude, 3)}°, {said.number(year.longitude, 3)}°, {said.measure(year.elevation_m, 'm')}",
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
