"""What a page was working on, kept unasked: after a reload, a lost connection or a restart of the server it is offered again."""

from __future__ import annotations

import secrets

import streamlit as st

from core.errors import SolarMiningError
from core.scenario import Scenario
from core.store import drafts
from core.store.drafts import Draft
from pages.ui import library, session

PAGE, KEPT = "_page", "_kept_draft"
SHOWN = 28  # characters of a name on the button


def keep() -> None:
    """Keep the draft as it stands, once for each change; what a full disk or a busy database refuses is kept next time."""
    if not library.stores():
        return
    scenario = session.current()
    asked = scenario.digest if session.unsaved() or (session.saved() is None and scenario != Scenario()) else ""
    if asked == st.session_state.get(KEPT, ""):
        return
    try:
        if asked:
            drafts.keep(library.db(), session.owner(), _page(), scenario, session.saved())
        else:
            drafts.forget(library.db(), session.owner(), _page())
    except SolarMiningError:
        return
    st.session_state[KEPT] = asked


def offer() -> None:
    """A button that takes up what another page left, while this one is as it was opened."""
    found = _left()
    if found is None:
        return
    name = found.scenario.name if len(found.scenario.name) <= SHOWN else f"{found.scenario.name[:SHOWN]}…"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="left draft"):
        st.button(
            f"Restore unsaved “{session.literal(name)}”",
            icon=":material/restore:",
            type="tertiary",
            help=f"As it stood at {found.updated_at:%H:%M UTC on %d %B}, not saved then.",
            on_click=library.told,
            args=(lambda: _take_up(found),),
            key="take up draft",
        )
        st.button(
            "Discard it", type="tertiary", on_click=library.told, args=(lambda: _forget(found),), key="forget draft"
        )


def _left() -> Draft | None:
    untouched = not session.unsaved() and session.saved() is None and session.current() == Scenario()
    if not library.stores() or not untouched:
        return None
    try:
        return drafts.newest(library.db(), session.owner(), _page())
    except SolarMiningError:
        return None


def _take_up(found: Draft) -> str:
    session.take_up(found.scenario, found.saved)
    drafts.forget(library.db(), session.owner(), found.page)
    return f"Restored: “{found.scenario.name}”, as it stood."


def _forget(found: Draft) -> str:
    drafts.forget(library.db(), session.owner(), found.page)
    return ""


def _page() -> str:
    """What this page is called among the pages of its owner."""
    return str(st.session_state.setdefault(PAGE, secrets.token_hex(8)))
