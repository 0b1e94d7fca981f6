"""How far a figure may move between two answers, or two days of one, before it is doubted."""

from __future__ import annotations

import math
from datetime import date

from core.units import DAY_S
from core.world import Series


def jump_within(told: Series, factor: float, days: float, since: date = date.min) -> str:
    """Where a series jumps from one of its days, from `since` on, to the next."""
    for i in range(1, len(told.days)):
        age_s = (told.days[i] - told.days[i - 1]).days * DAY_S
        if told.days[i - 1] >= since and not steady(told.values[i], told.values[i - 1], factor, age_s, days):
            return f"it jumps from {told.values[i - 1]:g} to {told.values[i]:g} on {told.days[i]}"
    return ""


def steady(value: float, before: float, factor: float, age_s: float, days: float) -> bool:
    """Whether a figure moved by at most `factor`, and by that again for every so many `days` it is old."""
    if not (value > 0 and before > 0):
        return False
    return abs(math.log(value / before)) <= (1 + age_s / DAY_S / days) * math.log(factor)
