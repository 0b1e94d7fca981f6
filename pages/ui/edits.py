"""What was done to the draft, step by step: each can be undone and done again, opening another scenario too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.scenario import Scenario, leaves

DONE, UNDONE = "_done", "_undone"
DRAFT, BASE, SAVED = "_draft", "_base", "_saved"
MOST = 50  # steps kept
WHOLE = {"fleet.units": "Machines", "grid.tariff": "Tariff"}  # what has no field of its own


@dataclass(frozen=True)
class Step:
    """The work as it stood before a step, or, among the undone, after it. `opened`: another scenario took its place."""

    what: str
    draft: dict[str, Any]
    base: dict[str, Any]
    saved: dict[str, Any] | None
    opened: bool = False


def begun(what: str, *, opened: bool = False) -> None:
    """Remember the work as it stands: something is about to be done to it."""
    state = st.session_state
    if DRAFT not in state:
        return
    done: list[Step] = state.setdefault(DONE, [])
    done.append(Step(what, state[DRAFT], state[BASE], state[SAVED], opened))
    del done[:-MOST]
    state[UNDONE] = []


def undo() -> None:
    """Take back the last step."""
    _swap(DONE, UNDONE)


def redo() -> None:
    """Do again what was taken back last."""
    _swap(UNDONE, DONE)


def last_done() -> str:
    """What would be undone, empty where there is nothing."""
    return _last(DONE)


def last_undone() -> str:
    """What would be done again, empty where there is nothing."""
    return _last(UNDONE)


def _last(stack: str) -> str:
    steps: list[Step] = st.session_state.get(stack, [])
    return steps[-1].what if steps else ""


def _swap(taken: str, given: str) -> None:
    """The work goes back to what the last step of one pile says, and what it was goes onto the other pile.

    What was saved in the meantime stays saved: only a step that opened another scenario changes what the draft is held against.
    """
    state = st.session_state
    if not state.get(taken):
        return
    step: Step = state[taken].pop()
    now = replace(step, draft=state[DRAFT], base=state[BASE], saved=state[SAVED])
    state.setdefault(given, []).append(now)
    state[DRAFT] = step.draft
    if step.opened:
        state[BASE], state[SAVED] = step.base, step.saved


def named(scenario: Scenario, paths: Iterable[str]) -> str:
    """Some dotted paths in words: the first by its label, the others counted."""
    first, *others = paths
    label = next((title for path, title in WHOLE.items() if first == path), "") or _title(scenario, first)
    return f"{label} and {len(others)} more" if others else label


def _title(scenario: Scenario, path: str) -> str:
    found = (str(info.title) for known, info, _ in leaves(scenario) if known == path or known.startswith(f"{path}."))
    return next(found, path.rsplit(".", 1)[-1].replace("_", " "))


def shared(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """`new` with each part that is as in `old` taken from there, so that fifty steps take little more room than one."""
    same = {
        name: (shared(value, old[name]) if isinstance(value, dict) and isinstance(old.get(name), dict) else value)
        for name, value in new.items()
    }
    return {name: old[name] if name in old and old[name] == value else value for name, value in same.items()}
