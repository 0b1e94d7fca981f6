"""Example sites a planner recognises, as they ship with the program."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from core.scenario import Scenario, read

FOLDER = Path(__file__).resolve().parents[2] / "data" / "presets"
ORDER = ("behind_the_meter", "off_grid_container", "utility_scale", "rooftop", "grid_tied_mine")


@cache
def presets() -> dict[str, Scenario]:
    """Scenario by key, in the order they are offered; each file holds only what differs from the example."""
    return {key: read(json.loads((FOLDER / f"{key}.json").read_text(encoding="utf-8"))) for key in ORDER}
