"""Addresses to copy: of a page with a plan in it, or with one that is saved."""

from __future__ import annotations

import streamlit as st

from core.plan_link import written
from pages.ui import session


def with_the_plan() -> None:
    """Where nothing is kept a link carries the whole scenario."""
    text = written(session.current())
    if not text:
        st.caption("This scenario is too long for a link: export it and send the file.")
        return
    st.caption("This link carries the whole scenario; nothing of it is kept here.")
    st.code(f"{session.address()}?{session.LINK}={text}", language=None, height=80)


def to_the_saved() -> None:
    """The address of this page with what is saved, for whoever may open it."""
    at = session.saved()
    if at:
        st.caption("This page with the scenario as it is saved, for yourself:")
        st.code(f"{session.address()}?{session.OPEN}={at['id']}", language=None)
