"""A machine as a form at the side: label, unit, bounds and help come from the fields themselves."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from core.errors import SolarMiningError
from core.machine import Cooling, Machine, read
from core.vocabulary import MACHINES
from pages.ui import forms, library, machines, session

TITLES = {"air": "Air", "hydro": "Hydro (coolant)", "immersion": "Immersion"}
PAIRS = (
    ("model",),
    ("manufacturer", "cooling"),
    ("hashrate_ths", "power_w"),
    ("price_usd", "price_date"),
    ("price_source",),
    ("temp_min_c", "temp_max_c"),
    ("released", "note"),
)
FIELDS = Machine.model_fields


def words(name: str) -> tuple[str, str]:
    """Label with unit, and meaning, of a column of the catalogue."""
    if name in FIELDS:
        return forms.caption(name, FIELDS[name]), FIELDS[name].description or ""
    found = MACHINES[name]
    return f"{found.label} ({found.unit})" if found.unit else found.label, found.meaning


def add(start: dict[str, Any]) -> None:
    """Open the form for a new machine, filled with `start`."""

    @st.dialog("A machine of your own", position="right")
    def opened() -> None:
        _form(start, None, "Add")

    opened()


def edit(saved: Any) -> None:
    """Open the form of a machine that is kept."""

    @st.dialog("Edit the machine", position="right")
    def opened() -> None:
        _form(saved.machine.model_dump(), saved, "Save changes")

    opened()


def _form(start: dict[str, Any], saved: Any, button: str) -> None:
    with st.form(f"machine {saved.id if saved else start.get('model', 'new')}", border=False):
        given: dict[str, Any] = {}
        for pair in PAIRS:
            with st.grid(len(pair), min_column_width=140):
                for name in pair:
                    given[name] = _widget(name, start.get(name))
        sent = st.form_submit_button(button, type="primary", icon=":material/check:")
    if not sent:
        return
    try:
        message = machines.keep(read({k: v for k, v in given.items() if v is not None}), saved)
    except SolarMiningError as error:
        label = FIELDS[error.field].title if error.field in FIELDS else ""
        told = f"{label}: expected {error.expected}" if label and error.expected else error.message
        st.error(session.literal(told), icon=":material/error:")
        return
    library.note(message, "success")
    session.redraw()
    st.rerun()


def _widget(name: str, value: Any) -> Any:
    info = FIELDS[name]
    label = forms.caption(name, info)
    if name == "cooling":
        choices = list(get_args(Cooling))
        at = choices.index(value) if value in choices else 0
        return st.selectbox(label, choices, index=at, format_func=TITLES.get, help=info.description)
    if name == "note":
        return st.text_area(label, value or "", max_chars=forms.longest(info), height=68, help=info.description)
    if info.annotation is str:
        return st.text_input(label, value or "", max_chars=forms.longest(info), help=info.description)
    low, high = (float(bound) for bound in forms.bounds(info) if bound is not None)
    return st.number_input(label, low, high, value, format="%.10g", help=info.description)
