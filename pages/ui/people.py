"""Who sits before the page: on a server somebody who signed in, elsewhere the one planner."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.api.people import Person, person_of
from core.errors import SolarMiningError, Unauthorized
from core.settings import settings
from pages.ui import session

LOCAL = "local"
SEEN, NEW = "_signed_in", "_new_sign_in"  # NEW until the audit log has it
log = logging.getLogger("solar_mining.pages")


def owner() -> str:
    """Whom what is kept belongs to, looked at anew each time.

    Unauthorized on a server where nobody is signed in, or the sign-in was ended in another tab or browser.
    """
    if session.conf().mode != "server":
        return LOCAL
    found = person()
    if found is None:
        raise Unauthorized("you are signed out: sign in again", field="sign-in", expected="a sign-in that holds")
    return found.owner


def person() -> Person | None:
    """Who is signed in, None where nobody is."""
    from core.outside import database
    from core.store import sign_ins

    claims = _claims()
    found = person_of(dict(claims)) if claims.get("is_logged_in") is True else None
    if found is None or not sign_ins.holds(database(), found.owner, found.since_s):
        return None
    return found


def role() -> str:
    """What the one before the page may do."""
    if session.conf().mode != "server":
        return "admin"
    found = person()
    return found.role(settings().admins) if found else "viewer"


def must_sign_in() -> bool:
    """Whether the pages are closed to whoever is here; notes a sign-in that is new."""
    if session.conf().mode != "server":
        return False
    found = person()
    if found is None:
        return True
    _note(found)
    return False


def name() -> str:
    """How the provider calls the one who is signed in: for the eye alone, as anybody may be called anything."""
    claims = _claims()
    return str(claims.get("name") or claims.get("email") or "Signed in")


def sign_out() -> None:
    """End this sign-in, here whatever the disk does, and wherever else it is open."""
    try:
        _end()
    except SolarMiningError as error:
        log.error("a sign-in is over in one browser alone: %s", error.message)
    finally:
        st.logout()


def _end() -> None:
    from core.outside import audit, database
    from core.store import sign_ins

    found = person()
    if found is not None:
        sign_ins.end(database(), found.owner, found.since_s)
        audit().note(found.owner, "signed out", audit().name(found.owner))


def sign_in_page() -> None:
    """All that somebody sees who is not signed in."""
    with st.container(width=460):
        st.title("Solar Mining Calculator", anchor=False)
        st.markdown("Sign in to plan a mine. What you save is yours alone, unless you share a link to it.")
        names = _providers()
        if not names:
            st.error(
                "Nobody can sign in yet: this server has no [auth] section in its secrets. The README says how to set it up.",
                icon=":material/error:",
            )
        for number, provider in enumerate(names):
            label = f"Sign in with {provider}" if provider != "default" else "Sign in"
            st.button(
                session.literal(label),
                type="primary" if number == 0 else "secondary",
                icon=":material/login:",
                on_click=_login,
                args=(provider,),
                key=f"sign in {provider}",
            )


def _login(provider: str) -> None:
    if provider == "default":
        st.login()
    else:
        st.login(provider)


def _claims() -> dict[str, Any]:
    return dict(st.user.to_dict())


def _note(found: Person) -> None:
    """Write a sign-in down once; what a busy database refuses is written when the page is drawn next."""
    at = (found.owner, found.since_s)
    if st.session_state.get(SEEN) == at:
        return
    try:
        _begin(found, at)
    except SolarMiningError as error:
        log.error("a sign-in is not in the audit log yet: %s", error.message)
        return
    st.session_state[SEEN] = at


def _begin(found: Person, at: tuple[str, int]) -> None:
    from core.outside import audit, database
    from core.store import sign_ins

    if st.session_state.get(NEW) == at or sign_ins.begin(database(), *at):
        st.session_state[NEW] = at
        audit().note(found.owner, "signed in", audit().name(found.owner), found.role(settings().admins))


def _providers() -> list[str]:
    """The providers that the secrets name; "default" for one that has no name."""
    try:
        auth: Any = st.secrets.get("auth", {})
    except (FileNotFoundError, KeyError):  # there are no secrets at all
        return []
    if "server_metadata_url" in auth:
        return ["default"]
    return [str(key) for key, value in auth.items() if isinstance(value, Mapping) and "server_metadata_url" in value]
