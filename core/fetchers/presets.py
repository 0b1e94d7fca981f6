"""Whole plans a planner recognises, as they ship with the program."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from core.scenario import Scenario, read

FOLDER = Path(__file__).resolve().parents[2] / "data" / "presets"
ORDER = (
    "behind_the_meter",
    "grid_battery",
    "grid_tied_mine",
    "off_grid_container",
    "off_grid_desert",
    "utility_scale",
    "old_machines",
    "rooftop",
)


class About(NamedTuple):
    """What a preset is, and where its figures are from."""

    words: str
    sources: tuple[str, ...]


@cache
def presets() -> dict[str, Scenario]:
    """Scenario by key, in the order they are offered; each file holds only what differs from the example."""
    return {key: read({name: part for name, part in _file(key).items() if name != "about"}) for key in ORDER}


@cache
def about() -> dict[str, About]:
    """What is told of each preset, by key, in the same order."""
    told = {key: _file(key)["about"] for key in ORDER}
    return {key: About(words["words"], tuple(words["sources"])) for key, words in told.items()}


@cache
def _file(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return raw
