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
HOME_USD = 100_000.0  # of a budget, below which costs are a household's
# air-cooled, from cheap to thrifty, each with a price of this year
FIRST_MACHINES = ("Avalon A15 Pro", "Antminer S21 Pro (234)", "Antminer S21 XP")


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


def like(budget_usd: float, *, off_grid: bool) -> str:
    """The key of the plan whose costs and habits a first design takes over."""
    if budget_usd < HOME_USD:
        return "rooftop"
    return "off_grid_container" if off_grid else "behind_the_meter"


def costs_of(key: str, plan: Scenario) -> Scenario:
    """A preset with the outlook of the plan in hand: what somebody thinks of bitcoin holds for every design."""
    return presets()[key].but(
        {
            "outlook": plan.outlook.model_dump(mode="json"),
            "finance.currency": plan.finance.currency,
            "array.mounting": "fixed",
        }
    )


@cache
def _file(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return raw
