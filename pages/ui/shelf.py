"""The shelf: what is saved, and what can be done with each piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import SolarMiningError
from pages.ui import account, library, session, show


def shelf() -> None:
    """Saved scenarios and kept projections, each opened, renamed, duplicated or deleted."""
    scenarios = list(library.saved_scenarios().values()) if library.stores() else []
    kept = library.kept_projections()
    with st.expander(
        f"Saved: {counted(len(scenarios), 'scenario')}, {counted(len(kept), 'projection')}",
        icon=":material/inventory_2:",
        expanded=bool(st.session_state.get("shelf")),  # the label counts, and would close it with every change
        key="shelf",
        on_change="rerun",
    ):
        if library.stores():
            _scenarios(scenarios)
        else:
            st.caption(
                "Nothing is stored on this server: scenarios are saved as files, projections last as long as this page is open."
            )
        _projections(kept)


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _scenarios(rows: list[Any]) -> None:
    st.markdown("**Scenarios**")
    row = _picked(
        "scenarios", rows, {"Name": lambda r: r.name, "Version": lambda r: r.version, "Saved": lambda r: r.updated_at}
    )
    if row is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _button("Open", "folder_open", library.open_scenario, row.id)
        _button("Duplicate", "content_copy", library.duplicate_scenario, row.id)
        _button("Share", "link", lambda item_id: account.share("scenario", item_id), row.id)
        _button("Delete", "delete", library.delete_scenario, row.id)
        _rename(row, library.rename_scenario)


def _projections(rows: Sequence[Any]) -> None:
    st.markdown("**Projections**")
    row = _picked("projections", rows, {"Name": lambda r: r.name, "Kept": lambda r: r.created_at})
    if row is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _button("Open its scenario", "folder_open", library.open_projected, row.id)
        if library.stores():
            _button("Duplicate", "content_copy", library.duplicate_projection, row.id)
            _button("Share", "link", lambda item_id: account.share("projection", item_id), row.id)
        _button("Delete", "delete", library.delete_projection, row.id)
        if library.stores():
            _rename(row, library.rename_projection)
    _grounds(row.id)


def _grounds(item_id: str) -> None:
    """Which weather and market a kept projection rests on, and whether it can be done again."""
    try:
        answer = library.load_projection(item_id)
        here = library.weather_here(answer)
    except SolarMiningError as error:
        show.failure(error)
        return
    weather = answer.weather
    market = ", ".join(sorted({f"{r.source} ({r.status})" for r in answer.readings}))
    st.caption(session.literal(f"Weather: {weather.source}, {weather.status} then. Market: {market}."))
    if here:
        _button("Open with its weather and market", "replay", library.replay_projection, item_id)


def _picked(what: str, rows: Sequence[Any], columns: dict[str, Any]) -> Any:
    """A table of rows and the one picked, None where there is none."""
    if not rows:
        st.caption(f"No {what} yet.")
        return None
    frame = pd.DataFrame([{label: value(row) for label, value in columns.items()} for row in rows])
    event: Any = st.dataframe(
        frame,
        hide_index=True,
        column_config={
            label: st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss") for label in ("Saved", "Kept")
        },
        on_select="rerun",
        selection_mode="single-row",
        key=session.widget_key(
            f"shelf {what} {hash(tuple(row.id for row in rows))}"
        ),  # no tick outlives its row's place
        alt=f"Saved {what}",
    )
    picked = event.selection.rows
    return rows[picked[0]] if picked and picked[0] < len(rows) else None


def _button(label: str, icon: str, action: Any, item_id: str) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        on_click=library.told,
        args=(lambda: action(item_id),),
        key=f"{label} {item_id}",
    )


def _rename(row: Any, action: Any) -> None:
    key = f"rename {row.id}"
    st.text_input("New name", row.name, max_chars=120, key=key, width=260)
    st.button(
        "Rename",
        icon=":material/edit:",
        on_click=library.told,
        args=(lambda: action(row.id, st.session_state[key]),),
        key=f"do {key}",
    )
