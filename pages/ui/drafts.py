"""What a page was working on, kept unasked: after a reload, a lost connection or a restart of the server it is offered again."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.errors import SolarMiningError
from core.scenario import Scenario, read
from core.store import drafts
from core.store.drafts import Draft
from pages.ui import browser, library, session

PAGE, KEPT, FORGET = "_page", "_kept_draft", "_forgotten_draft"
LATEST_MS = 4e12  # in 2096: later a browser's clock is wrong
SHOWN = 28  # characters of a name on the button


def keep() -> None:
    """Keep the draft as it stands: on the server once for each change, or, where nothing may be kept there, in the browser."""
    scenario = session.current()
    worth = session.unsaved() or (session.saved() is None and scenario != Scenario())
    stored = library.stores()
    kept = not stored or _kept_on_server(scenario if worth else None)
    draft = None if stored or not worth else {"name": scenario.name, "text": scenario.to_json()}
    browser.mount(_page(), draft=draft, forget=st.session_state.pop(FORGET, ""), guard=session.unsaved() and not kept)


def _kept_on_server(scenario: Scenario | None) -> bool:
    """Keep a draft, or forget it where there is none; what a full disk or a busy database refuses is kept next time."""
    asked = scenario.digest if scenario else ""
    if asked == st.session_state.get(KEPT, ""):
        return True
    try:
        if scenario:
            drafts.keep(library.db(), session.owner(), _page(), scenario, session.saved())
        else:
            drafts.forget(library.db(), session.owner(), _page())
    except SolarMiningError:
        return False
    st.session_state[KEPT] = asked
    return True


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
    if not untouched:
        return None
    try:
        return drafts.newest(library.db(), session.owner(), _page()) if library.stores() else _in_browser()
    except SolarMiningError:
        return None


def _in_browser() -> Draft | None:
    """What another page of this browser left; ScenarioError where it is no scenario."""
    left = browser.left()
    if left is None:
        return None
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=min(max(left.at_ms, 0.0), LATEST_MS))
    return Draft(left.page, read(left.text), None, at)


def _take_up(found: Draft) -> str:
    session.take_up(found.scenario, found.saved)
    _forget(found)
    return f"Restored: “{found.scenario.name}”, as it stood."


def _forget(found: Draft) -> str:
    if library.stores():
        drafts.forget(library.db(), session.owner(), found.page)
    else:
        browser.forget()
        st.session_state[FORGET] = found.page
    return ""


def _page() -> str:
    """What this page is called among the pages of its owner."""
    return str(st.session_state.setdefault(PAGE, secrets.token_hex(8)))
