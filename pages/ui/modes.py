"""The power modes of a machine as a table, and the order in which the fleet is loaded with them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import ScenarioError
from core.sections import Mode, Unit
from core.studies.fleet import W_PER_KW, unit_steps
from pages.ui import said, session

COLUMNS = ("hashrate_ths", "power_w")


def editor() -> None:
    """Modes of one machine of the plan: rows added, changed and removed in place."""
    units = session.current().fleet.units
    if not units:
        return
    with st.expander("Power modes", icon=":material/speed:"):
        at = 0
        if len(units) > 1:
            at = st.selectbox(
                "Machine", range(len(units)), format_func=lambda i: units[i].model or f"Machine {i + 1}", key="modes of"
            )
        _table(at, units[at])
        st.caption(_order(units[at]))


def _table(at: int, unit: Unit) -> None:
    import pandas as pd

    path = f"fleet.units.{at}.modes"
    frame = pd.DataFrame([mode.model_dump() for mode in unit.modes], columns=list(COLUMNS), dtype="float64")
    key = session.widget_key(path)
    words = Mode.model_fields
    st.data_editor(
        frame,
        num_rows="dynamic",
        hide_index=True,
        key=key,
        column_config={
            name: st.column_config.NumberColumn(
                f"{words[name].title} ({_unit(name)})", help=words[name].description, min_value=0
            )
            for name in COLUMNS
        },
        on_change=_changed,
        args=(path, key),
        alt="Power modes of the machine, editable",
    )
    if problem := session.problem(path):
        st.caption(f":red[{session.literal(problem)}]")


def _unit(name: str) -> str:
    extra = Mode.model_fields[name].json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def _changed(path: str, key: str) -> None:
    """Take the edits into the draft; rows that are not complete stay in the table until they are."""
    rows: list[dict[str, Any]] = [mode.model_dump(mode="json") for mode in session.current().at(path)]
    edits = st.session_state[key]
    for at, new in edits["edited_rows"].items():
        rows[int(at)] |= new
    gone = set(edits["deleted_rows"])
    rows = [row for i, row in enumerate(rows) if i not in gone]
    rows += [{name: row.get(name) for name in COLUMNS} for row in edits["added_rows"]]
    try:
        session.change({path: rows})
    except ScenarioError as error:
        session.note_problem(path, f"Not taken over yet: {error.message}")
    else:
        session.redraw()


def _order(unit: Unit) -> str:
    """In words, which bits of power the machine is loaded with first."""
    bits = unit_steps(unit)
    if not bits.power_w.size:
        return "The machine has no figures yet."
    told = [
        f"{said.number(watts)} W at {said.number(watts / rate, 1)} J/TH"
        for watts, rate in zip(bits.power_w, bits.hashrate_ths, strict=True)
    ]
    whole = f"{said.number(bits.power_w.sum() / W_PER_KW, 2)} kW in all"
    if len(told) == 1:
        return f"The nominal figures are a mode too. Loaded in one step: {told[0]}."
    return f"The nominal figures are a mode too. Loaded in this order: {', then '.join(told)}; {whole}."
