"""Keys, units and how numbers are written: what holds on every page."""

from __future__ import annotations

import streamlit as st

from pages.ui import said, session

KEYS = {
    "Save": "Ctrl+S",
    "Undo, redo": "Ctrl+Z, Ctrl+Shift+Z",
    "Calculate on Risk, Sizing, Compare": "Ctrl+Enter",
    "Go to the next page, the one before": "Alt+PageDown, Alt+PageUp",
    "Open this help": "Ctrl+/",
    "Go from field to field": "Tab, Shift+Tab",
    "Press a button, open a list": "Enter, Space",
    "Close a menu or dialog": "Esc",
}


def popover() -> None:
    """What a planner asks for on any page."""
    with st.container(key="help", width="content"), st.popover("Help", icon=":material/help:"):
        keys()
        shown_as()


def keys() -> None:
    st.markdown("**Keys**")
    rows = [f"| {what} | {' '.join(f'`{one}`' for one in names.split(', '))} |" for what, names in KEYS.items()]
    st.markdown("\n".join(["| To | Press |", "|---|---|", *rows]))
    st.caption("On a Mac, ⌘ does what Ctrl does.")


def shown_as() -> None:
    """Units, numbers, currency, colours."""
    st.markdown("**Shown as**")
    key = session.widget_key("units")
    st.segmented_control(
        "Lengths, areas and temperatures",
        [said.METRIC, said.CUSTOMARY],
        default=said.chosen(),
        required=True,
        key=key,
        on_change=_choose,
        args=(key,),
        help="What is saved and exported stays metric.",
    )
    st.caption(
        f"Numbers as your browser's language writes them: {session.literal(said.number(-1234567.5, 1))}. Another currency beside dollars: "
        "Configuration, Money. Light, dark or as your system: the menu at the top right."
    )


def _choose(key: str) -> None:
    said.choose(st.session_state[key])
    session.redraw()
