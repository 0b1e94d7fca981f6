"""What one press changes of the plan, and how another puts it back."""

from __future__ import annotations

from typing import Any, NamedTuple

import streamlit as st

from core.scenario import Scenario
from pages.ui import library, session

TAKEN = "_before_taking"


class Before(NamedTuple):
    """What there was: all of the draft's standing where another plan was taken, else some of its paths."""

    name: str
    standing: dict[str, Any]
    changes: dict[str, Any]


def take(scenario: Scenario) -> str:
    """Go on with another plan; the one in hand can be put back."""
    names = (session.DRAFT, session.BASE, session.SAVED)
    before = Before(session.current().name, {name: st.session_state.get(name) for name in names}, {})
    session.take_up(scenario, None)
    st.session_state[TAKEN] = before
    return f"In hand now: “{scenario.name}”."


def amend(title: str, changes: dict[str, Any]) -> None:
    """Change some paths of the plan; they can be put back as they were."""
    plan = session.current()
    raw = plan.model_dump(mode="json")
    session.change(changes)
    session.redraw()
    st.session_state[TAKEN] = Before(title, {}, {path: _plain(raw, path) for path in changes})


def _plain(raw: Any, path: str) -> Any:
    for key in path.split("."):
        raw = raw[int(key)] if isinstance(raw, list) else raw[key]
    return raw


def put_back() -> str:
    """As it was before the last press."""
    before: Before | None = st.session_state.pop(TAKEN, None)
    if before is None:
        return ""
    if before.standing:
        st.session_state.update(before.standing)
    else:
        session.change(before.changes)
    session.redraw()
    return f"Put back: “{before.name}”."


def button(key: str) -> None:
    """The way back, where there is one."""
    before: Before | None = st.session_state.get(TAKEN)
    if before is None:
        return
    words = f"Back to “{before.name}”" if before.standing else f"Take back “{before.name}”"
    st.button(
        session.literal(words), icon=":material/undo:", on_click=library.told, args=(put_back,), key=f"put back {key}"
    )
