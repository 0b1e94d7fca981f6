"""One's account: who is signed in, keys for scripts, links that were shared."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core import deeds
from core.errors import SolarMiningError
from core.outside import database
from core.store import keys, shares
from pages.ui import library, my_data, people, provider_keys, session, show

MADE = "_key_made"
SHARED, SHOWN = "_link_made", "_page_shown"
RANKS = ("viewer", "planner", "admin")
MAY = {
    "viewer": "viewer: reads and calculates",
    "planner": "planner: also keeps and changes",
    "admin": "admin: also runs the server",
}
LIVES = {30: "30 days", 90: "90 days", 365: "1 year"}


def badge() -> None:
    """Who is signed in, and the way out, beside the title of every page."""
    if session.conf().mode != "server":
        return
    with st.popover(session.literal(people.name()), icon=":material/account_circle:"):
        st.caption(f"Signed in as {people.role()}. Keys and shared links are on the page Status.")
        st.button("Sign out", icon=":material/logout:", on_click=people.sign_out, key="sign out")


def section() -> None:
    """Keys and links, where this copy keeps things."""
    if not library.stores():
        return
    st.subheader("Account", anchor=False)
    st.caption(
        f"What you keep belongs to `{people.owner()}`, whether a page or a script keeps it. Your role is {people.role()}."
    )
    _made()
    _keys()
    _new_key()
    _links()
    with st.container(horizontal=True):
        my_data.section()
        provider_keys.section()


# --- keys ---------------------------------------------------------------------------------------


def make_key(label: str, role: str, days: int) -> str:
    """Make a key of one's own, with no more rights than one has."""
    mine = people.role()
    allowed = RANKS[min(RANKS.index(role), RANKS.index(mine))]
    owner = people.owner()
    key, text = deeds.make_key(owner, owner, allowed, label, days)
    st.session_state[MADE] = text
    return f"Made the key “{key.label}”."


def revoke_key(key_id: str) -> str:
    owner = people.owner()
    key = deeds.revoke_key(owner, key_id, owner)
    return f"Revoked the key “{key.label}”."


def left_for(page: str) -> None:
    """Forget a new key or link that was shown, once another page is opened."""
    if page != "status":
        forget_made()
    if page != st.session_state.get(SHOWN):
        forget_link()
    st.session_state[SHOWN] = page


def forget_made() -> None:
    st.session_state.pop(MADE, None)


def _made() -> None:
    """The new key, until it is copied or the page left: news that draw the page anew must not take it away."""
    text = st.session_state.get(MADE, "")
    if not text:
        return
    st.success("Your new key. Copy it now: it is not kept and cannot be shown again.", icon=":material/key:")
    st.code(text, language=None)
    st.button("I have copied it", icon=":material/check:", on_click=forget_made)


def _keys() -> None:
    own = [key for key in keys.listed(database(), people.owner(), 100) if key.live(session.now())]
    if not own:
        st.caption("No key of yours lives. A script needs one in the header X-API-Key when it calls from elsewhere.")
        return
    columns = {
        "Key": [f"{key.prefix}…" for key in own],
        "For": [key.label for key in own],
        "Role": [key.role for key in own],
        "Expires": [f"{key.expires_at:%Y-%m-%d}" for key in own],
        "Last used": [f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never" for key in own],
    }
    st.dataframe(pd.DataFrame(columns), hide_index=True, height="content", alt="Your keys")
    _taken_back("key", {key.id: f"{key.label} ({key.prefix}…)" for key in own}, "Revoke", revoke_key)


def _new_key() -> None:
    with st.form("new key", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.text_input("New key for", max_chars=keys.LONGEST_LABEL, placeholder="night batch", width=220)
        mine = RANKS.index(people.role()) + 1
        role = st.selectbox("May", RANKS[:mine], index=min(1, mine - 1), format_func=lambda role: MAY[role], width=260)
        days = st.selectbox("Lives", list(LIVES), index=1, format_func=lambda days: LIVES[days], width=120)
        if st.form_submit_button("Make a key", icon=":material/key:"):
            library.told(lambda: make_key(label, role, days))
            st.rerun()


# --- links --------------------------------------------------------------------------------------


def share(kind: str, subject_id: str, place: str = "header") -> str:
    """Make a link to something that was saved; it is shown at the `place` where it was asked for."""
    made = deeds.share(people.owner(), kind, subject_id)
    st.session_state[SHARED] = (made.id, place)
    return f"Shared “{made.name}” until {made.expires_at:%d %B %Y}."


def share_answer() -> str:
    """Keep the answer of the draft, where it is not kept yet, and make a link to it."""
    return share("projection", library.kept(), "report")


def new_link(place: str) -> None:
    """The link that was just made there, to be copied, until another page is opened."""
    made, asked_at = st.session_state.get(SHARED, ("", ""))
    if asked_at != place:
        return
    with st.container(border=True):
        st.markdown(
            "**The link.** Whoever has it may read this one thing, without a sign-in. The page Status takes it back."
        )
        st.code(link(made), language=None, wrap_lines=True)
        st.button("Done", icon=":material/check:", on_click=forget_link, key="link done")


def forget_link() -> None:
    st.session_state.pop(SHARED, None)


def take_back(share_id: str) -> str:
    deeds.take_back(people.owner(), share_id)
    forget_link()
    return "Took the link back: it shows nothing any more."


def _links() -> None:
    """What one shared; whoever has such a link may read that one thing."""
    own = shares.listed(database(), people.owner(), 100)
    if not own:
        return
    st.markdown("**Shared links**")
    frame = pd.DataFrame(
        {
            "Shows": [f"{share.kind} “{share.name}”" for share in own],
            "Link": [link(share.id) for share in own],
            "Until": [f"{share.expires_at:%Y-%m-%d}" for share in own],
        }
    )
    st.dataframe(frame, hide_index=True, height="content", alt="Shared links")
    _taken_back("link", {share.id: f"{share.name} ({share.id[:8]}…)" for share in own}, "Take back", take_back)


def link(share_id: str) -> str:
    """The address that opens a share."""
    return f"{session.root()}/?share={share_id}"


def _taken_back(what: str, names: dict[str, str], label: str, action: Any) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(f"Which {what}", list(names), format_func=lambda key: names[key], width=320)
        st.button(label, icon=":material/block:", on_click=library.told, args=(lambda: action(chosen),), key=label)


def guarded() -> None:
    """The section, or why it cannot be shown."""
    try:
        section()
    except SolarMiningError as error:
        show.failure(error)
