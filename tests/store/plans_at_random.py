"""Plans whose every figure is drawn at random within its bounds."""

from __future__ import annotations

import random
from typing import Any

from pydantic.fields import FieldInfo

from core.errors import ScenarioError
from core.scenario import Scenario, leaves

CHANGED = 12  # leaves of a plan that are drawn


def plan(seed: int) -> Scenario:
    """The example with some of its figures drawn anew; a draw that another figure forbids is left out."""
    chance, made = random.Random(seed), Scenario()
    found = [(path, info, value) for path, info, value in leaves(made) if isinstance(value, float | int)]
    for path, info, value in chance.sample(found, CHANGED):
        drawn = not value if isinstance(value, bool) else number(info, value, chance)
        try:
            made = made.but({path: drawn})
        except ScenarioError:
            continue
    return made.but({"name": f"plan {seed}"})


def number(info: FieldInfo, value: Any, chance: random.Random) -> float | int:
    low = next((rule.ge for rule in info.metadata if hasattr(rule, "ge")), 0)
    high = next((rule.le for rule in info.metadata if hasattr(rule, "le")), 1e6)
    drawn = chance.uniform(float(low), float(high))
    return int(drawn) if isinstance(value, int) else drawn
