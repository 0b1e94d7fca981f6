"""Keys of providers, entered by an admin; none is shown again."""

from __future__ import annotations

import streamlit as st

from core import provider_keys
from core.store.vault import LONGEST
from pages.ui import library, people

KEY = "_provider_key"
WORDS = {"entered": "entered here", "set": "set by the environment", "none": "no key"}


def section() -> None:
    """A popover beside the account, for an admin alone."""
    if people.role() != "admin":
        return
    with st.popover("Provider keys", icon=":material/vpn_key:"):
        held = {one.id: one for one in provider_keys.held()}
        st.caption(
            "Kept sealed beside the database, and used from the next call on. A key that was entered is not shown again."
        )
        chosen = st.selectbox(
            "Provider",
            list(held),
            format_func=lambda name: f"{held[name].provider}: {WORDS[held[name].held]}",
            key="_provider",
        )
        st.text_input("Key", type="password", max_chars=LONGEST, key=KEY, autocomplete="off")
        with st.container(horizontal=True):
            st.button("Keep the key", on_click=library.told, args=(lambda: entered(chosen),), key="keep provider key")
            if held[chosen].held == "entered":
                forget = "forget provider key"
                st.button("Forget the key", on_click=library.told, args=(lambda: forgotten(chosen),), key=forget)


def entered(provider_id: str) -> str:
    """Keep what was typed, which leaves the page."""
    _refuse_others()
    key = st.session_state.get(KEY, "")
    st.session_state[KEY] = ""
    return f"Kept the key of {provider_keys.put(provider_id, key, people.owner()).provider}."


def forgotten(provider_id: str) -> str:
    _refuse_others()
    provider_keys.forget(provider_id, people.owner())
    return "Forgot the key."


def _refuse_others() -> None:
    """Looked at anew with each press: a right may be gone since the page was drawn."""
    from core.errors import Forbidden

    if people.role() != "admin":
        raise Forbidden("this needs the role admin", field="role", value=people.role(), expected="admin")
