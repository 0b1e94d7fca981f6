"""Undo and redo, with the name of what is undone."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui import edits, session


def buttons() -> None:
    """The last step back, and forth again; what it is stands in the help."""
    done, undone = edits.last_done(), edits.last_undone()
    if done:
        _step("Undo", ":material/undo:", "Ctrl+Z", session.undo, done)
    if undone:
        _step("Redo", ":material/redo:", "Ctrl+Shift+Z", session.redo, undone)


def _step(label: str, icon: str, keys: str, take: Callable[[], None], what: str) -> None:
    st.button(label, icon=icon, shortcut=keys, on_click=take, help=f"{label}: {session.literal(what)}")
