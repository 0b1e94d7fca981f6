"""Part of the Compare page: every input in which plans differ, by its words in the forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st
from pydantic.fields import FieldInfo

from core import exports
from core.inputs import Reading
from core.results import Projection
from core.scenario import leaves
from pages.ui import forms, said, sections, show

WORLD = "What it rests on"
ELSEWHERE = {
    "name": "Plan",
    "site": "Site and weather",
    "array": "Array",
    "battery": "Battery",
    "fleet": "Miners",
    "grid": "Grid",
    "outlook": "Bitcoin",
    "finance": "Money",
    "risk": "Risk",
}
NOTHING = "–"
SHORT = 18  # characters: a longer title of a group gives way to that of its section


def section(projections: Mapping[str, Projection]) -> None:
    """Only what differs, in the groups and the order of the forms."""
    if len(projections) < 2:
        return
    st.subheader("Inputs that differ", anchor=False)
    frame = differing(projections)
    if frame.empty:
        st.caption("None: the plans have the same inputs and rest on the same readings.")
        return
    show.table(frame, "Inputs that differ")


def differing(projections: Mapping[str, Projection]) -> pd.DataFrame:
    """A row an input: its group, its label with the unit, and what each plan has."""
    plans = {name: _inputs(projection) for name, projection in projections.items()}
    labels: dict[tuple[str, str], None] = {}
    for inputs in plans.values():
        labels |= dict.fromkeys(inputs)
    rows = [
        {
            "Group": group,
            "Input": label,
            **{name: inputs.get((group, label), NOTHING) for name, inputs in plans.items()},
        }
        for group, label in labels
        if len({inputs.get((group, label), NOTHING) for inputs in plans.values()}) > 1
    ]
    return (
        pd.DataFrame(rows).sort_values("Group", key=_order, kind="stable", ignore_index=True)
        if rows
        else pd.DataFrame()
    )


def _order(groups: Any) -> Any:
    known = ["Plan", *dict.fromkeys([*_groups().values(), *ELSEWHERE.values()]), WORLD]
    return groups.map({name: i for i, name in enumerate(dict.fromkeys(known))})


def _inputs(projection: Projection) -> dict[tuple[str, str], str]:
    """What a plan was given, and what it read of the world, in words."""
    groups = _groups()
    own = {
        (_group(path, groups), _label(path, info)): _words(path, info, value)
        for path, info, value in leaves(projection.scenario)
    }
    read = {(WORLD, show.caption(r.name)): _read(r) for r in projection.readings if r.status != "planner"}
    sky, model = (WORLD, "Weather year"), (WORLD, "Model version")
    return (
        own
        | read
        | {sky: f"{projection.weather.source} ({projection.weather.digest})", model: projection.model_version}
    )


def _groups() -> dict[str, str]:
    """By dotted path, the group of the form in which it stands."""
    found = {}
    for tab, groups in sections.SECTIONS.items():
        for group in groups:
            title = group.title if 0 < len(group.title) <= SHORT else tab
            found |= dict.fromkeys((*group.usual, *group.rare), title)
    return found


def _group(path: str, groups: Mapping[str, str]) -> str:
    return groups.get(path) or ELSEWHERE[path.split(".")[0]]


def _label(path: str, info: FieldInfo) -> str:
    """Label and unit of the form; where there are several of a kind, which of them."""
    parts = path.split(".")
    title = info.title or parts[-1].replace("_", " ").capitalize()
    kind = f", {parts[2]}" if path.startswith("finance.depreciation.") else ""
    unit = forms.shown_unit(path, info)
    which = "".join(f"{_one(parts[i - 1])} {int(part) + 1}: " for i, part in enumerate(parts) if part.isdigit())
    return f"{which}{title}{kind}{f' ({unit})' if unit else ''}"


def _one(many: str) -> str:
    """What one of a list is called."""
    return "Machine" if many == "units" else many.removesuffix("s").replace("_", " ").capitalize()


def _words(path: str, info: FieldInfo, value: Any) -> str:
    """A value as the form shows it."""
    if value is None:
        return "As the market has it" if path.startswith("outlook.") else NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, tuple):
        return exports.said(tuple(_words(path, info, item) for item in value)) or NOTHING
    if isinstance(value, int | float):
        return f"{said.exact(round(value * (forms.PERCENT if forms.is_percent(path, info) else 1.0), 9))}".replace(
            "-", "−"
        )
    return forms.CHOICES.get(value, value) if isinstance(value, str) else str(value)


def _read(reading: Reading) -> str:
    return f"{said.exact(reading.value)} ({reading.source}, {reading.observed_at:%Y-%m-%d})"
