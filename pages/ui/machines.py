"""The planner's own machines: kept in the store, or in this session alone where nothing may be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core import deeds
from core.errors import Conflict
from core.machine import Machine, plain, read_all
from pages.ui import library, said, session

if TYPE_CHECKING:
    from core.store.database import Database
    from core.store.equipment import Saved

HERE, DELETED = "_machines", "_deleted_machine"


def _door() -> Database | None:
    """Where own machines are: the database of this copy, or one in memory that goes with the session."""
    if library.stores():
        return library.db()
    held: Database | None = st.session_state.get(HERE)
    return held


def _open_door() -> Database:
    from core.store.database import in_memory

    door = _door()
    if door is None:
        door = st.session_state[HERE] = in_memory()
    return door


def kept(text: str = "") -> list[Saved]:
    """Own machines that have the words of `text`, the newest first."""
    from core.store import equipment

    door = _door()
    return equipment.listed(door, session.owner(), text) if door else []


def damaged() -> dict[str, str]:
    """Id and name of own machines that were damaged on the disk."""
    from core.store import equipment

    door = _door()
    return equipment.damaged(door, session.owner()) if door else {}


def keep(machine: Machine, old: Saved | None = None) -> str:
    """Keep a new machine, or the next version of one."""
    from core.store import equipment

    st.session_state[DELETED] = None
    if old is None:
        equipment.create(_open_door(), session.owner(), machine)
        return f"Added “{machine.model}”."
    try:
        equipment.update(_open_door(), session.owner(), old.id, machine, old.version)
    except Conflict as error:
        message = f"{error.message}. Nothing was changed: close this and open the newer version."
        raise Conflict(message, field=error.field) from None
    return f"Saved “{machine.model}”. Plans that use it keep the figures they were given."


def delete(saved_id: str, version: int | None, machine: Machine | None) -> str:
    """Forget a machine; a sound one can be brought back."""
    from core.store import equipment

    equipment.delete(_open_door(), session.owner(), saved_id, version)
    if library.stores():
        deeds.deleted(session.owner(), "machine", saved_id)
    st.session_state[DELETED] = machine
    return f"Deleted “{machine.model}”." if machine else "Deleted the damaged machine."


def deleted() -> Machine | None:
    """What was deleted last and not brought back."""
    machine: Machine | None = st.session_state.get(DELETED)
    return machine


def bring_back() -> str:
    machine = deleted()
    if machine is None:
        return ""
    keep(machine)
    return f"“{machine.model}” is back."


def take_file(raw: bytes) -> str:
    """Keep the machines of a file; those of a name that is here already stay as they are here."""
    here = {plain(saved.machine.model) for saved in kept()}
    found = read_all(raw)
    fresh = [machine for machine in found if plain(machine.model) not in here]
    with _open_door().write():  # all of the file or nothing
        for machine in fresh:
            keep(machine)
    rest = len(found) - len(fresh)
    left = f"; {rest} of a name that is here already left out" if rest else ""
    return f"Added {len(fresh)} of {len(found)} machines{left}."


def use(machine: Machine, count: int) -> str:
    """Add machines to the fleet of the plan, figures and all, so that the plan stands by itself wherever it goes."""
    units = [unit.model_dump(mode="json") for unit in session.current().fleet.units]
    figures = {name: getattr(machine, name) for name in ("model", "hashrate_ths", "power_w", "price_usd")}
    session.change({"fleet.units": [*units, {**figures, "count": count}]})
    session.redraw()
    return f"Added {said.number(count)} × {machine.model} to the plan."


def copied(machine: Machine) -> dict[str, Any]:
    """The fields of a new machine like `machine`, under a name that no own one has yet."""
    taken = {plain(saved.machine.model) for saved in kept()}
    name = machine.model[:110]
    number = 1
    while plain(shown := f"{name} (own{f' {number}' if number > 1 else ''})") in taken:
        number += 1
    return {**machine.model_dump(), "model": shown}
