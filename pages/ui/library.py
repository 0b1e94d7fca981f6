"""What the planner keeps: saving, opening, importing, and the door to the store.

Where the mode forbids storing, scenarios are kept as downloads and projections in this session alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import deeds
from core.errors import Conflict, NotFound, SolarMiningError
from core.fetchers.presets import presets
from core.inputs import Weather
from core.results import Projection
from core.scenario import read
from core.sections import FILE
from pages.ui import links, said, session

if TYPE_CHECKING:
    from core.store.database import Database

NOTES, HELD = "_notes", "_held"
HELD_MOST = 12
PINNED = ("price_usd", "difficulty", "fees_btc_per_block")  # what an outlook may hold of a market


def db() -> Database:
    """The database of this copy, opened once a process."""
    from core.outside import database

    return database()


def stores() -> bool:
    return session.conf().stores_on_server


def facts() -> dict[str, str]:
    """What is kept, for the status page."""
    from core.store import equipment
    from core.store.database import sqlite_version
    from core.store.pages import counted

    with db().read() as tables:
        scenarios, projections = (counted(tables, name, session.owner()) for name in ("scenarios", "projections"))
    return {
        "Scenarios": said.number(scenarios),
        "Projections": said.number(projections),
        "Own machines": str(len(equipment.listed(db(), session.owner()))),
        "SQLite": sqlite_version(),
    }


# --- what a button did, told on the next run -----------------------------------------------------


def told(action: Callable[[], str]) -> None:
    """Run what a button asks for and say how it went."""
    try:
        note(action(), "success")
    except NotFound as error:
        note(f"{error.message}: {error.value}" if error.value else error.message, "error")
    except SolarMiningError as error:
        note(error.message, "error")


def note(text: str, kind: str) -> None:
    if text:
        st.session_state.setdefault(NOTES, []).append((kind, text))


def notes() -> None:
    """Say what the last buttons did; in the page, as a toast would lie over the buttons for seconds."""
    for kind, text in st.session_state.pop(NOTES, []):
        if kind == "success":
            st.badge(session.literal(text, brackets=False), icon=":material/check_circle:", color="green")
        else:
            st.error(session.literal(text), icon=":material/error:")


# --- header -------------------------------------------------------------------------------------


def actions() -> None:
    """Undo, save, keep and the rest, at the right of every page's title."""
    from pages.ui import account, habits, steps

    with st.container(horizontal=True, vertical_alignment="center", width="content", key="actions"):
        steps.buttons()
        save_button()
        st.button(
            "Keep projection",
            icon=":material/bookmark_add:",
            on_click=told,
            args=(keep_projection,),
            help="Keep this answer with its inputs and readings, to compare later.",
        )
        with st.popover("Scenario", icon=":material/folder_open:"):
            menu()
        habits.popover()
        account.badge()


def save_button() -> None:
    if stores():
        st.button("Save", type="primary", shortcut="Ctrl+S", icon=":material/save:", on_click=told, args=(save,))
    else:
        download("Save", type="primary", shortcut="Ctrl+S", icon=":material/save:", key="save file")


def download(label: str, **kwargs: Any) -> None:
    from core import exports

    scenario = session.current()
    st.download_button(
        label,
        data=scenario.to_json(indent=2),
        file_name=exports.file_name(scenario.name, "json"),
        mime="application/json",
        on_click=(lambda: session.mark_saved(None)) if not stores() else "ignore",
        **kwargs,
    )


def menu() -> None:
    """Open, copy, import and export."""
    if session.unsaved():
        st.button(
            "Back to what was saved" if session.saved() else "Back to what was opened",
            icon=":material/settings_backup_restore:",
            on_click=session.revert,
            help="All changes since then are taken back at once; Undo brings them again.",
        )
    if stores():
        saved = saved_scenarios()
        chosen = st.selectbox(
            "Open a saved scenario",
            list(saved),
            index=None,
            format_func=lambda i: saved[i].name,
            placeholder="Choose" if saved else "Nothing saved yet",
            key=session.widget_key("open"),
        )
        if chosen:
            told(lambda: open_scenario(chosen))
            st.rerun()
        st.button("Save as a copy", icon=":material/content_copy:", on_click=told, args=(save_copy,))
        st.button(
            "Share a link",
            icon=":material/link:",
            on_click=told,
            args=(share,),
            disabled=session.saved() is None or session.unsaved(),
            help="Whoever has the link may read the scenario as it is saved. Save it first.",
        )
        links.to_the_saved()
    else:
        links.with_the_plan()
    preset = st.selectbox(
        "Start from an example",
        list(presets()),
        index=None,
        format_func=lambda key: presets()[key].name,
        placeholder="Choose",
        key=session.widget_key("preset"),
    )
    if preset:
        session.adopt(presets()[preset])
        st.rerun()
    import_file()
    download("Export as JSON", icon=":material/download:", key="export file")


def import_file() -> None:
    file = st.file_uploader(
        "Import a scenario (JSON)", type="json", key=session.widget_key("import"), max_upload_size=1
    )
    if file is None:
        return
    try:
        session.adopt(read(file.getvalue()))
    except SolarMiningError as error:
        st.error(session.literal(f"{error.message}"))
        return
    note("Scenario imported. Save it to keep it.", "success")
    st.rerun()


# --- scenarios ----------------------------------------------------------------------------------


def saved_scenarios() -> dict[str, Any]:
    from core.store import scenarios

    return {row.id: row for row in scenarios.listed(db(), session.owner())}


def save() -> str:
    """Save the draft over the version it was opened from, or as a new scenario."""
    from core.store import scenarios

    at, draft = session.saved(), session.current()
    try:
        row = scenarios.save(
            db(), session.owner(), draft, id=at["id"] if at else None, version=at["version"] if at else None
        )
    except Conflict as error:
        raise Conflict(
            f"{error.message}. Your draft is untouched: save it as a copy, or open the newer version.",
            field=error.field,
        ) from None
    session.mark_saved({"id": row.id, "version": row.version})
    return f"Saved “{draft.name}”."


def save_copy() -> str:
    from core.store import scenarios

    draft = session.current()
    row = scenarios.save(db(), session.owner(), draft)
    session.mark_saved({"id": row.id, "version": row.version})
    return f"Saved a copy of “{draft.name}”."


def open_scenario(scenario_id: str) -> str:
    from core.store import scenarios

    if not stores():
        raise NotFound("nothing is kept here that could be opened by its name", field="config", value=scenario_id)
    scenario, row = scenarios.load(db(), session.owner(), scenario_id)
    left = f" What was not saved of “{session.current().name}” comes back with Undo." if session.unsaved() else ""
    session.adopt(scenario, {"id": row.id, "version": row.version})
    return f"Opened “{scenario.name}”.{left}"


def share() -> str:
    """Make a link to the saved scenario behind the draft."""
    from pages.ui import account

    at = session.saved()
    return account.share("scenario", at["id"]) if at else "Save the scenario first."


def duplicate_scenario(scenario_id: str) -> str:
    from core.store import scenarios

    return f"Duplicated as “{scenarios.duplicate(db(), session.owner(), scenario_id).name}”."


def delete_scenario(scenario_id: str) -> str:
    from core.store import scenarios

    scenarios.delete(db(), session.owner(), scenario_id)
    deeds.deleted(session.owner(), "scenario", scenario_id)
    at = session.saved()
    if at and at["id"] == scenario_id:
        session.forget_saved()
    return "Scenario deleted. The draft on screen is untouched."


def rename_scenario(scenario_id: str, name: str) -> str:
    from core.store import scenarios

    row = scenarios.rename(db(), session.owner(), scenario_id, name)
    at = session.saved()
    if at and at["id"] == scenario_id:
        session.renamed(name, {"id": row.id, "version": row.version})
    return f"Renamed to “{name}”."


# --- projections --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A projection kept in this session alone."""

    id: str
    name: str
    created_at: datetime
    projection: Projection


def kept() -> str:
    """The id of the draft's projection as it is kept; it is kept now where it is not yet."""
    from core.store import projections

    answer = session.projection()
    same = projections.page(db(), session.owner(), 1, scenario_digest=answer.scenario.digest)
    if same and projections.load(db(), session.owner(), same[0].id).metrics == answer.metrics:
        return same[0].id
    return _keep(answer)


def _keep(answer: Projection) -> str:
    from core.store import projections

    save_weather(session.weather())  # before the answer: it is never there without the sun it rests on
    return projections.save(db(), session.owner(), answer).id


def keep_projection() -> str:
    """Keep the draft's projection: in the store, or in this session where nothing may be stored."""
    answer = session.projection()
    if stores():
        _keep(answer)
    else:
        held: list[Held] = st.session_state.setdefault(HELD, [])
        held.insert(0, Held(secrets.token_hex(8), answer.scenario.name, session.now(), answer))
        del held[HELD_MOST:]
    return f"Kept the projection of “{answer.scenario.name}”."


def kept_projections() -> list[Any]:
    """Kept projections, newest first: id, name, created_at."""
    if not stores():
        return list(st.session_state.get(HELD, []))
    from core.store import projections

    return list(projections.listed(db(), session.owner()))


def load_projection(projection_id: str) -> Projection:
    if not stores():
        found = [h.projection for h in st.session_state.get(HELD, []) if h.id == projection_id]
        if not found:
            raise NotFound("that projection is no longer kept", field="id", value=projection_id)
        return found[0]
    from core.store import projections

    return projections.load(db(), session.owner(), projection_id)


def open_projected(projection_id: str) -> str:
    """Take the scenario of a kept projection as the draft, readings apart: the market may have moved."""
    scenario = load_projection(projection_id).scenario
    session.adopt(scenario)
    return f"Opened the scenario of “{scenario.name}”."


def replay_projection(projection_id: str) -> str:
    """Take the scenario of a kept projection with the weather year and the market figures it was made with."""
    answer = load_projection(projection_id)
    pinned = {f"outlook.{r.name}": r.value for r in answer.readings if r.name in PINNED}
    session.adopt(answer.scenario.but({**pinned, "site.weather": f"{FILE}{answer.weather.digest}"}))
    return f"Opened “{answer.scenario.name}” with the weather and the market of then."


def weather_here(answer: Projection) -> bool:
    """Whether the weather year of a kept projection is kept too."""
    from core.store import weathers

    return stores() and weathers.has(db(), session.owner(), answer.weather.digest)


def duplicate_projection(projection_id: str) -> str:
    from core.store import projections

    return f"Duplicated as “{projections.duplicate(db(), session.owner(), projection_id).name}”."


def rename_projection(projection_id: str, name: str) -> str:
    from core.store import projections

    projections.rename(db(), session.owner(), projection_id, name)
    return f"Renamed to “{name}”."


def delete_projection(projection_id: str) -> str:
    if not stores():
        st.session_state[HELD] = [h for h in st.session_state.get(HELD, []) if h.id != projection_id]
    else:
        from core.store import projections

        projections.delete(db(), session.owner(), projection_id)
        deeds.deleted(session.owner(), "projection", projection_id)
    return "Projection deleted."


# --- weather ------------------------------------------------------------------------------------


def save_weather(year: Weather) -> None:
    from core.store import weathers

    weathers.save(db(), session.owner(), year)


def load_weather(digest: str) -> Weather:
    from core.store import weathers

    return weathers.load(db(), session.owner(), digest)
