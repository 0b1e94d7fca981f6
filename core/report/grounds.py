"""What a report rests on: every input, every reading with its age, the method in short, and what is not modelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from core.report.parts import Cell, Figure, Row, Section, Table, Words
from core.results import Projection
from core.scenario import Scenario, leaves
from core.shown import (
    caption,
    exact,
    is_share,
    metric_in_words,
    origin,
    reading,
    weather_origin,
)
from core.vocabulary import METRICS

SECTIONS = {
    "name": "Plan", "site": "Site", "array": "Array", "battery": "Battery", "fleet": "Fleet", "grid": "Grid", "outlook": "Outlook",
    "finance": "Money", "risk": "Risk settings",
}  # fmt: skip
PLACES = {"units": "kind", "depreciation": "", "demand_response": "response", "inverter_replacement": ""}
MOST_CHARACTERS = 60  # of a value in a table
METHOD = (
    "Sun: the position of the sun at each hour of a weather year gives the light on the modules (Perez), their temperature and power "
    "(PVWatts or the CEC model), and the inverter's output after clipping; panels age year by year.",
    "Energy: in each of 8,760 hours of every year a kilowatt-hour goes where it earns most: machines, battery, grid or nowhere. Energy "
    "is bought only where mining it earns more than it costs. Heat slows machines hour by hour.",
    "Coins: expected coins are hashes over difficulty · 2³², times subsidy and fees, less the pool's fee. The subsidy halves by block "
    "height; difficulty follows the plan's outlook and Bitcoin's own retarget, never an estimate of the network's hash rate.",
    "Money: nominal US dollars. Monthly books become yearly cash after tax and debt; tax carries losses, write-offs and credits forward. "
    "Net present value and internal rate of return are of the owner's yearly cash, year 0 undiscounted. The model equals SAM's cash-loan "
    "model where both apply, which a test checks.",
    "Risk, where it was run: each life draws price, difficulty (which answers price), fees, power prices, sun, idle machines, building "
    "cost and delay. CVaR 95 is the mean of the worst twentieth, VaR 95 the best of them.",
)
LIMITS = (
    "By its rule the battery is charged by the sun alone unless the plan charges it from the grid. Tariffs know no public holidays, and "
    "demand charges no less than an hour. The leap day is left out of every year.",
    "Taxes: state credits, the general limit of business credits, the end of carried losses and a lower rate on capital gains are left "
    "out. Coins held are worth their price, which no sale of theirs moves.",
    "In the lives of a risk analysis machines are renewed in the months in which the plan renews them, and a real sun year lends its yield, "
    "not its hours.",
    "A projection is a calculation under the assumptions below, no promise: bitcoin's price, its difficulty and the law may turn out "
    "otherwise. It is not an offer, and not investment, tax or legal advice.",
)


def grounds(projection: Projection, on: date) -> tuple[Section, ...]:
    """The parts that are looked up."""
    scenario = projection.scenario
    return (
        Section("Assumptions", (Words(_how_to_read(scenario), "small"), *_inputs(scenario))),
        Section("Data from outside", (_readings(projection, on), *_weather(projection, on))),
        Section("All figures", (_figures(projection),)),
        Section("Method in short", tuple(Words(text, "fine") for text in METHOD)),
        Section("What is not modelled", tuple(Words(text, "fine") for text in LIMITS)),
        Section("How to get this again", (_replay(projection, on),)),
    )


# Inputs


def _how_to_read(scenario: Scenario) -> str:
    changed = sum(default != value for _, value, default in _with_defaults(scenario))
    if not changed:
        return "Every input of the plan; all are the program's own."
    return f"Every input of the plan. {changed} of them, in bold, are not the program's own, which the last column then says."


def _with_defaults(scenario: Scenario) -> Iterator[tuple[str, Any, Any]]:
    own = {path: value for path, _, value in leaves(Scenario())}
    for path, _, value in leaves(scenario):
        yield path, value, own.get(path)


def _inputs(scenario: Scenario) -> tuple[Table, ...]:
    """A table for each section of the scenario."""
    defaults = {path: value for path, _, value in leaves(Scenario())}
    rows: dict[str, list[Row]] = {}
    for path, info, value in leaves(scenario):
        extra = info.json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        told, own = said(path, unit, value), said(path, unit, defaults.get(path))
        known = path in defaults
        note = "default" if known and value == defaults[path] else own if known else "added"
        cells: tuple[Cell, ...] = (_label(path, str(info.title or path)), told, note)
        rows.setdefault(path.split(".")[0], []).append(Row(cells, "line" if note == "default" else "sum", path))
    heads = ("Input", "Value", "Default")  # told once
    return tuple(
        Table(
            SECTIONS.get(key, key),
            ("", "", "") if i else heads,
            tuple(found),
            (),
            (0.48, 0.33, 0.19),
            small=True,
            quiet=(2,),
        )
        for i, (key, found) in enumerate(rows.items())
    )


def _label(path: str, title: str) -> str:
    """The title, with what it belongs to where that is deeper than the section."""
    way = path.split(".")[1:-1]
    if not way:
        return title
    words = (str(int(part) + 1) if part.isdigit() else PLACES.get(part, part).replace("_", " ") for part in way)
    place = " ".join(word for word in words if word.lower() not in title.lower())
    return f"{title} · {place}" if place else title


def said(path: str, unit: str, value: Any) -> str:
    """A value of the scenario with its unit; shares in percent, long lists by their length."""
    if value is None or (isinstance(value, tuple | str) and not value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple) and isinstance(value[0], tuple):
        return f"{len(value)} × {len(value[0])} values"
    if isinstance(value, tuple) and len(value) > 1 and all(item == value[0] for item in value):
        return f"{_plain(path, unit, value[0])} each"
    if isinstance(value, tuple):
        text = ", ".join(_plain(path, unit, item) for item in value)
        return text if len(text) <= MOST_CHARACTERS else f"{len(value):,} values"
    return _plain(path, unit, value)


def _plain(path: str, unit: str, value: Any) -> str:
    if is_share(path, unit, value):
        return f"{value * 100:,.6g} %".replace("-", "−")
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = f"{value:,.10g}" if isinstance(value, float) else f"{value:,}"
        return f"{text} {'' if unit == '1' else unit}".strip().replace("-", "−", 1 if value < 0 else 0)
    return str(value)


# Readings


def _readings(projection: Projection, on: date) -> Table:
    """Figures from outside, how old they were on the day of the report, and from whom."""
    day = _end_of(on)
    rows = tuple(
        Row((caption(r.name), Figure(reading(r.value), r.value), origin(r, day)), name=r.name)
        for r in projection.readings
    )
    return Table("", ("Figure", "Value", "From where and when"), rows, (1,), (0.24, 0.3, 0.46), small=True)


def _end_of(on: date) -> datetime:
    return datetime.combine(on, time.max, tzinfo=UTC)


def _weather(projection: Projection, on: date) -> tuple[Words, ...]:
    note = projection.weather
    return (Words(f"Weather: {weather_origin(note, _end_of(on))}; digest {note.digest}.", "small"),)


# Figures


def _figures(projection: Projection) -> Table:
    """Every metric as it is shown and in full digits; where there is none, why."""
    rows = []
    for name, words in METRICS.items():
        value, unit = projection.metrics[name], "" if words.unit == "1" else words.unit
        if value is None:
            cells: tuple[Cell, ...] = (
                words.label,
                metric_in_words(projection, name),
                projection.reasons.get(name, "").split(":")[0],
            )
        else:
            cells = (
                words.label,
                metric_in_words(projection, name),
                Figure(f"{exact(name, value)} {unit}".strip(), value),
            )
        rows.append(Row(cells, name=name))
    return Table("", ("Figure", "Shown", "In full"), tuple(rows), (1, 2), (0.4, 0.25, 0.35), small=True)


def _replay(projection: Projection, on: date) -> Table:
    scenario = projection.scenario
    told = {
        "Report of": f"{on:%d %B %Y}",
        "Model version": projection.model_version,
        "Engine": projection.engine,
        "Scenario digest": scenario.digest,
        "Weather digest": projection.weather.digest,
        "Seed": f"{scenario.risk.seed}",
        "Paths": f"{scenario.risk.paths:,}",
    }
    note = "The same scenario, weather, readings, model version and seed give the same figures."
    return Table("", ("", ""), tuple(Row((label, text)) for label, text in told.items()), (), (0.36, 0.64), note)
