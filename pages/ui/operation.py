"""How this server does: its parts for everybody, its figures, backups, audit log and newest errors for an admin."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import SolarMiningError
from pages.ui import people, said, session, show

LOOK_EVERY_S = 15.0
SHOWN = 20  # errors
BACKUPS_SHOWN = 5
VERIFIED = "_audit_verified"
TILE_PX = 160  # two beside each other on a phone
MIB = 1024 * 1024
COLOURS = {"ok": "green", "busy": "orange", "old": "orange", "jumped": "orange"}
CALM = ("offline", "in memory", "none")
ICONS = {"green": ":material/check_circle:", "gray": ":material/remove_circle:", "orange": ":material/warning:", "red": ":material/error:"}  # fmt: skip
VERDICTS = {
    "ok": "Everything works.",
    "degraded": "Something is amiss; the rest works.",
    "unavailable": "Nothing can be kept now.",
}
KNOWN_BAD = "This SQLite has the WAL-reset bug of versions before 3.51.3: writers take turns across processes, so that it cannot bite."
PARTS = {
    "database": "Whether what is saved can be written down.",
    "disk": "Room where things are kept.",
    "store": "Whether the database holds what was saved, and none had to be moved aside.",
    "secret": "What keys and the audit log are made with: whether it is still the same.",
    "memory": "Memory of this server.",
    "calculations": "Places for calculations and jobs.",
    "sources": "Providers of data from outside.",
    "backups": "Whether there is a young one.",
    "clock": "Whether the calendar was set within the last hour.",
}


def sees_all() -> bool:
    """Whether the one before the page runs this server."""
    return session.conf().mode != "public" and people.role() == "admin"


def health() -> None:
    """Each part by name, as anybody may know it, and what somebody was alerted of."""
    from core.health import probe, verdict

    found = probe().look()
    st.subheader("Health", anchor=False)
    st.caption(VERDICTS[verdict(found)])
    with st.container(horizontal=True, gap="small"):
        for name, state in found.items():
            colour = "gray" if state in CALM else COLOURS.get(state, "red")
            st.badge(f"{name.capitalize()}: {state}", icon=ICONS[colour], color=colour, help=PARTS.get(name))
    if sees_all():
        _lasting()


def _lasting() -> None:
    from core.watch import watch

    for notice in watch().lasting:
        since = datetime.fromtimestamp(notice.since_s, UTC)
        st.warning(session.literal(f"{notice.words}, since {since:%d %B %H:%M} UTC"), icon=":material/warning:")


def figures() -> None:
    """The figures of this process with the last hour of each, for an admin; drawn anew four times a minute."""
    if not sees_all():
        return
    st.subheader("This server", anchor=False)
    _figures()


@st.fragment(run_every=LOOK_EVERY_S)
def _figures() -> None:
    from core.traffic import traffic

    hour, now = traffic().history(), traffic().within(300.0)
    with st.grid(4, min_column_width=TILE_PX):
        _tile(
            "Calls a minute",
            said.number(now.calls / 5, 1),
            [one.calls for one in hour],
            "To the API, over five minutes.",
        )
        failed = "–" if not now.calls else f"{now.failures / now.calls:.1%}"
        _tile("Calls that fail", failed, [one.failures for one in hour], "Of five minutes; refusals do not count.")
        slow = "–" if not now.timed else f"{said.number(1000 * now.p95_s)} ms"
        _tile("Slowest in twenty", slow, [1000 * one.p95_s for one in hour], "p95 of calls that are due at once.")
        _tile("Pages that failed", str(now.mishaps), [one.mishaps for one in hour], "Within five minutes.")
        _process()
    st.caption("The last hour; the right end is now. Prometheus reads the same and more at `/metrics`.")


def _process() -> None:
    from core.jobs import pool
    from core.vitals import vitals
    from core.watch import sessions, watch

    past, now, jobs = list(watch().samples), vitals(), pool().counts()
    memory = [(one.vitals.memory_bytes or 0) / MIB for one in past]
    open_files = [one.vitals.descriptors or 0 for one in past]
    waiting = f"{jobs['running']} run, {jobs['queued']} wait"
    _tile("Open pages", str(sessions()), [one.sessions for one in past], "Pages that are open in browsers.")
    _tile("Jobs", waiting, [one.running + one.waiting for one in past], "Long calculations.")
    of = f"Of {said.number(now.memory_limit_bytes / MIB)} MB." if now.memory_limit_bytes else "Resident."
    _tile("Memory", _megabytes(now.memory_bytes), memory, of)
    words = f"Files and connections; {now.threads} threads. Up for {show.age_in_words(now.up_s)}."
    _tile("Descriptors", "–" if now.descriptors is None else str(now.descriptors), open_files, words)


def _tile(label: str, value: str, past: list[Any], words: str) -> None:
    """One figure and its last hour, drawn once there are two points."""
    chart = {"chart_data": past, "chart_type": "area"} if len(past) > 1 else {}
    st.metric(label, value, help=words, border=True, height="stretch", **chart)  # type: ignore[arg-type]


def _megabytes(size_bytes: float | None) -> str:
    if size_bytes is None:
        return "–"
    return (
        f"{said.number(size_bytes / MIB, 1)} MB"
        if size_bytes < 1000 * MIB
        else f"{said.number(size_bytes / MIB / 1024, 1)} GB"
    )


# --- storage ------------------------------------------------------------------------------------


def storage() -> None:
    """Files, backups and audit log, for an admin."""
    if not sees_all():
        return
    try:
        _files()
        _backups()
        _audit()
    except SolarMiningError as error:
        show.failure(error)


def _files() -> None:
    from core.health import backup_age_s, store_condition
    from core.store import damage
    from core.store.condition import words

    now, age_s = store_condition(), backup_age_s()
    if now is None:
        st.caption("The store has not been looked at yet.")
        return
    for aside in now.set_aside:
        st.warning(session.literal(words(aside)), icon=":material/warning:")
    if now.damage:
        st.error(session.literal(damage.words(now.damage)), icon=":material/error:")
    if now.known_bad:
        st.warning(KNOWN_BAD, icon=":material/warning:")
    told = {
        "Database": _megabytes(now.size_bytes),
        "Write-ahead log": _megabytes(now.wal_bytes),
        "Free on disk": _megabytes(now.free_bytes),
        "Newest backup": "none" if age_s is None else "new" if age_s < 60 else f"{show.age_in_words(age_s)} old",
    }
    with st.grid(4, min_column_width=TILE_PX):
        for label, value in told.items():
            st.metric(label, value, border=True)


def _backups() -> None:
    from core.store import backups

    rows = [
        {
            "Backup": f"{one.created_at:%Y-%m-%d %H:%M}",
            "Size": _megabytes(one.size_bytes),
            "Sum": one.sha256[:16],
        }
        for one in backups.listed(session.conf().home, BACKUPS_SHOWN)
    ]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="Newest backups")


def _audit() -> None:
    """The newest deeds, and a button that checks them all."""
    from core.outside import audit

    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Audit log", anchor=False)
        st.button("Verify", icon=":material/fact_check:", on_click=_verify, help="Read it whole, and check each entry.")
    if told := st.session_state.get(VERIFIED):
        sound, words = told
        (st.success if sound else st.error)(words)
    rows = [
        {"At": f"{one.at:%Y-%m-%d %H:%M}", "Who": one.who, "Did": one.action, "To": one.subject, "Detail": one.detail}
        for one in audit().listed(10)
    ]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="Newest entries of the audit log")
    else:
        st.caption("Nothing was done yet that is noted here: keys, sign-ins, links, deletions.")


def _verify() -> None:
    from core.outside import audit

    if not sees_all():  # the role may have gone since the page was drawn
        return
    began_s = time.perf_counter()
    try:
        first = audit().first_bad()
    except SolarMiningError as error:
        st.session_state[VERIFIED] = (False, error.message)
        return
    took = f"Read in {said.number(time.perf_counter() - began_s, 2)} s"
    words = (
        f"{took}: every entry is as it was written, and none is missing."
        if first is None
        else f"{took}: entry {first} was changed, or is missing."
    )
    st.session_state[VERIFIED] = (first is None, words)


# --- errors -------------------------------------------------------------------------------------


def errors() -> None:
    """The newest warnings and errors, for an admin."""
    if not sees_all():
        return
    from core.recent_errors import recent

    st.subheader("Warnings and errors", anchor=False)
    told = recent().told()[:SHOWN]
    if not told:
        st.caption("None since the start.")
        return
    rows = [
        {"At": one.time[:19].replace("T", " "), "Level": one.level, "Message": one.message, "Request": one.request_id, "Where": one.logger}
        for one in told
    ]  # fmt: skip
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="Newest warnings and errors")
    st.caption("The log has each under the id of its request, with all that is known.")
