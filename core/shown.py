"""Figures of a plan as people read them, on pages and paper: what `say` writes, and when there is nothing to write."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from core.formulas import RESTS_ON, WEATHER
from core.inputs import Reading
from core.results import Projection, WeatherNote
from core.say import ENGLISH, Marks, metric, money, number, percent
from core.say import exact as in_digits
from core.units import DAY_S, DAYS_PER_YEAR
from core.vocabulary import word

EXACT_DIGITS = 6


def amount(value: float | None, marks: Marks = ENGLISH) -> str:
    """Dollars and cents as a statement prints them: out in brackets, a dash for nothing."""
    if value is None or value != value:
        return ""
    if round(value, 2) == 0:
        return "–"
    return f"({number(-value, 2, marks)})" if value < 0 else number(value, 2, marks)


def metric_in_words(projection: Projection, name: str, marks: Marks = ENGLISH) -> str:
    """A metric as a page shows it; "Never" or "None" where it does not exist."""
    value, reason = projection.metrics[name], projection.reasons.get(name, "")
    if value is not None:
        return metric(name, value, marks)
    return "Never" if reason.startswith("never") else "None" if reason.startswith("no ") else "–"


def of_lives(name: str, value: float, marks: Marks = ENGLISH) -> str:
    """A figure of a risk analysis as a page shows it."""
    if name.endswith("_frac"):
        return percent(value, 1, marks)
    return f"{number(value, 2, marks)} BTC" if name.endswith("_btc") else money(value, marks)


def caption(name: str) -> str:
    """Label and unit of a column."""
    words = word(name)
    return f"{words.label} ({words.unit})" if words.unit not in {"", "1"} else words.label


def reading(value: float, marks: Marks = ENGLISH) -> str:
    """A figure from outside in all its digits."""
    return number(value, 0, marks) if value >= 1e6 else in_digits(value, 10, marks)


def origin(found: Reading, now: datetime) -> str:
    """Where a figure from outside is from, and how old it is."""
    return _planners(found) or f"{_source(found)}; {_standing(found, now)}"


def _planners(found: Reading) -> str:
    return "the planner's own" if found.status == "planner" else ""


def _source(found: Reading) -> str:
    return f"{found.source} ({found.notice})" if found.notice else found.source


def _standing(found: Reading, now: datetime) -> str:
    return f"{found.status}, of {found.observed_at:%Y-%m-%d}, {age_in_words(found.age_s(now))} old"


def weather_origin(note: WeatherNote, now: datetime) -> str:
    """Where the weather is from, and how old it is where that is known; a planner's own file has the age of the file."""
    if note.status == "planner" or not note.observed_at:
        return f"{note.source}; {'the planner’s own' if note.status == 'planner' else note.status}"
    at = datetime.fromisoformat(note.observed_at)
    return f"{note.source}; {note.status}, of {at:%Y-%m-%d}, {age_in_words(max((now - at).total_seconds(), 0.0))} old"


def origins(projection: Projection, name: str, now: datetime) -> tuple[str, ...]:
    """What of the world moves a metric, with source and age, a line for what is alike in age; none where the plan alone moves it."""
    rests, alike = RESTS_ON[name], dict[str, list[str]]()
    for found in projection.readings:
        if found.name in rests:
            label = word(found.name).label
            told = label if _planners(found) else f"{label} ({_source(found)})"
            alike.setdefault(_planners(found) or _standing(found, now), []).append(told)
    sun = (f"Weather: {weather_origin(projection.weather, now)}",) if WEATHER in rests else ()
    return (*sun, *(f"{', '.join(told)}: {standing}" for standing, told in alike.items()))


def rests_in_words(name: str) -> str:
    """What moves a metric, in a few words."""
    market = any(part != WEATHER for part in RESTS_ON[name])
    return ", ".join(("plan", *(["weather"] if WEATHER in RESTS_ON[name] else []), *(["market"] if market else [])))


def exact(name: str, value: float | None) -> str:
    """A metric without its unit in the digits that can be compared: dollars to the cent, else six digits."""
    if value is None:
        return "–"
    places = EXACT_DIGITS - 1 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:,.{2 if word(name).unit == 'USD' else max(0, places)}f}".replace("-", "−")


def is_share(path: str, unit: str, value: Any) -> bool:
    """Whether a field of a scenario is a share or a yearly rate, which people read in percent."""
    return isinstance(value, float) and ("_frac" in path.rsplit(".", 1)[-1] or unit == "1/yr")


def old_in_words(seconds: float) -> str:
    """How old something is, as people say it."""
    return "just now" if seconds < 60 else f"{age_in_words(seconds)} old"


def age_in_words(seconds: float) -> str:
    """An age as people say it."""
    if 60 <= seconds < 3600:
        return f"{int(seconds / 60)} min"
    sizes = ((DAYS_PER_YEAR * DAY_S, "year"), (30.4 * DAY_S, "month"), (DAY_S, "day"), (3600.0, "hour"))
    for size, unit in sizes:
        if seconds >= size:
            count = int(seconds / size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
