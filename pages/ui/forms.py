"""Scenario fields as widgets: label, unit, bounds and help come from the field itself."""

from __future__ import annotations

import math
import types
import typing
from datetime import date
from typing import Any

import streamlit as st
from pydantic.fields import FieldInfo

from core.errors import ScenarioError
from core.scenario import Scenario, leaves
from pages.ui import currency, needs, said, session

PERCENT = 100.0
# every choice a field offers, in words
CHOICES = {
    "fixed": "Fixed, open rack",
    "roof": "Fixed, on a roof",
    "one_axis": "One-axis tracker",
    "one_axis_backtracked": "One-axis tracker, backtracking",
    "two_axis": "Two-axis tracker",
    "air": "Air",
    "liquid": "Hydro or immersion",
    "never": "Never",
    "date": "In the months named",
    "age": "At an age",
    "unprofitable": "When power costs more than they mine",
    "replace": "All cells anew",
    "augment": "As much added as was lost",
    "throughput": "Energy drawn",
    "rainflow": "Depth of each cycle (rainflow)",
    "fpps": "FPPS: every share at its mean worth",
    "pplns": "PPLNS: part of each block found",
    "solo": "Solo: whole blocks or none",
    "sell_all": "Sell all as mined",
    "hold_share": "Hold a share",
    "cover_costs": "Sell to cover costs",
    "above_price": "Sell above a price",
    "fifo": "Oldest first (FIFO)",
    "hifo": "Dearest first (HIFO)",
    "business": "Business",
    "household": "Household",
    "carried": "Carried forward",
    "absorbed": "Absorbed by other income",
    "none": "None",
    "expensed": "All in the first year",
    "straight_line": "Straight line",
    "macrs_3": "MACRS, 3 years",
    "macrs_5": "MACRS, 5 years",
    "macrs_7": "MACRS, 7 years",
    "macrs_10": "MACRS, 10 years",
    "macrs_15": "MACRS, 15 years",
    "macrs_20": "MACRS, 20 years",
    "even": "Even by month",
    "s_curve": "Slow, fast, slow",
    "level": "Level payments",
    "sculpted": "Sculpted to the lender's cases",
    "flat": "Highest import of the month",
    "timed": "Highest import of each period",
    "both": "Both",
    "sold": "Sold at the export price",
    "feed_in": "Sold at the period's price",
    "net_metering": "Net metering: kWh for kWh",
    "net_billing": "Net billing: taken off the bill",
    "first_month": "With the first month",
    "reading": "From the day of reading",
    "follows": "Follows what mining pays",
    "plan": "As planned, whatever price does",
    "grows": "Grows at a rate",
    "power_law": "Power law of the days since 2009",
    "own": "My own prices",
    "responds": "As miners answer to what mining pays",
    "strays": "Strays around the plan",
    "resampled": "Drawn from months of the past",
    "by_year": "As far from the plan as I say, by year",
}
DAYS = ("finance.credits.begun", "finance.credits.in_service", "finance.credits.acquired")
WARMER = ("fleet.cooling.approach_c",)  # differences of temperatures
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


def fields(*paths: str, columns: int = 3) -> None:
    """Widgets for those of some dotted paths that matter, in a grid that folds on narrow screens."""
    scenario = session.current()
    shown = [path for path in paths if needs.matters(path, scenario)]
    with st.grid(columns, min_column_width=190) if shown else st.empty():
        for path in shown:
            field(path)


def field(path: str, *, label: str | None = None) -> None:
    """One widget for one quantity; a value that is refused is told below it and the last good one stays."""
    scenario = session.current()
    info = declared(scenario, path)
    with st.container():
        _widget(path, info, scenario.at(path), label or caption(path, info))
        problem = session.problem(path)
        if problem:
            st.caption(f":red[{session.literal(problem)}]")


def declared(scenario: Scenario, path: str) -> FieldInfo:
    """The field a dotted path names."""
    return next(info for known, info, _ in leaves(scenario) if known == path)


def is_percent(path: str, info: FieldInfo) -> bool:
    """Shares and yearly rates are fractions inside and percent on screen; what is counted is not."""
    name = path.rsplit(".", 1)[-1]
    return "_frac" in name or (_unit(info) == "1/yr" and not _is_count(info))


def _unit(info: FieldInfo) -> str:
    extra = info.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def shown_unit(path: str, info: FieldInfo) -> str:
    """The unit a planner reads."""
    if is_percent(path, info):
        return "% a year" if _unit(info) == "1/yr" else "%"
    if _measured(path, info) != _unit(info):
        return said.shown(0.0, _measured(path, info))[1] if said.customary() else _unit(info)
    return "" if _unit(info) in {"1", "1/yr"} else said.shown(0.0, _unit(info))[1]


def _measured(path: str, info: FieldInfo) -> str:
    """The unit by which a figure is converted: a difference of temperatures has no offset."""
    return "K" if path in WARMER else _unit(info)


def _outside(path: str, info: FieldInfo, value: float) -> float:
    """A value of the scenario as its field shows it: fractions in percent, metres perhaps in feet."""
    shown = value * PERCENT if is_percent(path, info) else said.shown(value, _measured(path, info))[0]
    return round(shown, 9)


def caption(path: str, info: FieldInfo) -> str:
    """Label and unit; the write-off of each class of equipment is told apart by it."""
    unit, title = shown_unit(path, info), str(info.title)
    if path.startswith("finance.depreciation."):
        title = f"{title}, {path.split('.')[2]}"
    return f"{title} ({unit})" if unit else title


def _widget(path: str, info: FieldInfo, value: Any, label: str) -> None:
    key = session.widget_key(path)
    common: dict[str, Any] = {"key": key, "help": info.description, "on_change": _changed, "args": (path, key)}
    options = typing.get_args(info.annotation) if typing.get_origin(info.annotation) is typing.Literal else ()
    if options:
        st.selectbox(label, options, index=options.index(value), format_func=CHOICES.get, **common)
    elif isinstance(value, bool):
        st.checkbox(label, value, **common)
    elif path in DAYS:
        st.date_input(
            label, date.fromisoformat(value), min_value=FIRST_DAY, max_value=LAST_DAY, format="YYYY-MM-DD", **common
        )
    elif path in LISTS:
        known = LISTS[path]()
        listed = known if value in known else [value, *known]
        st.selectbox(label, listed, index=listed.index(value), **common)
    elif isinstance(value, str):
        st.text_input(label, value, max_chars=longest(info), **common)
    elif isinstance(value, tuple):
        st.text_input(label, _joined(path, info, value), placeholder=f"{_items(info)} between commas", **common)
    else:
        _number(path, info, value, label, common)


def _holds_text(info: FieldInfo) -> bool:
    return typing.get_args(info.annotation)[:1] == (str,)


def _items(info: FieldInfo) -> str:
    return "YYYY-MM" if _holds_text(info) else "numbers"


def _joined(path: str, info: FieldInfo, values: tuple[Any, ...]) -> str:
    scale = PERCENT if is_percent(path, info) else 1.0
    return ", ".join(x if isinstance(x, str) else f"{round(x * scale, 9):.10g}" for x in values)


@st.cache_resource
def _zones() -> list[str]:
    from zoneinfo import available_timezones

    return sorted(z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "posix", "right")))


LISTS = {"site.timezone": _zones, "finance.currency": currency.codes}  # texts of which there is a list


def longest(info: FieldInfo) -> int | None:
    return next((m.max_length for m in info.metadata if hasattr(m, "max_length")), None)


def _number(path: str, info: FieldInfo, value: float | None, label: str, common: dict[str, Any]) -> None:
    low, high = bounds(info)
    whole = not is_percent(path, info) and _is_count(info)
    kind: Any = int if whole else float
    st.number_input(
        label,
        min_value=None if low is None else kind(_outside(path, info, low)),
        max_value=None if high is None else kind(_outside(path, info, high)),
        value=None if value is None else kind(_outside(path, info, value)),
        step=1 if whole else _step(value, PERCENT if is_percent(path, info) else 1.0),
        format="%d" if whole else "%.10g",
        placeholder=session.default_hint(path) or ("" if _optional(info) else "a number is needed"),
        **common,
    )


def bounds(info: FieldInfo) -> tuple[float | None, float | None]:
    """Lowest and highest value a field takes."""
    low = next((m.ge for m in info.metadata if getattr(m, "ge", None) is not None), None)
    high = next((m.le for m in info.metadata if getattr(m, "le", None) is not None), None)
    return low, high


def _kinds(info: FieldInfo) -> tuple[Any, ...]:
    note = info.annotation
    return typing.get_args(note) if isinstance(note, types.UnionType) else (note,)


def _is_count(info: FieldInfo) -> bool:
    return int in _kinds(info)


def _optional(info: FieldInfo) -> bool:
    return type(None) in _kinds(info)


def _step(value: float | None, scale: float) -> float:
    """A step of about a twentieth of the value, as 1, 2 or 5 times a power of ten."""
    size = abs((value or 0.0) * scale) / 20
    if size == 0:
        return 0.5 if scale == PERCENT else 1.0
    power = 10.0 ** math.floor(math.log10(size))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= size * 0.999))


def _changed(path: str, key: str) -> None:
    """Take the widget's value into the draft, or say why not."""
    try:
        session.change({path: _meant(path, st.session_state.get(key))})
    except ScenarioError as error:
        session.note_problem(path, error.message)


def _meant(path: str, value: Any) -> Any:
    """What a widget's value means inside: percent as a fraction, text as numbers; ScenarioError where it means nothing."""
    scenario = session.current()
    info = declared(scenario, path)
    if value is None and not _optional(info):
        raise ScenarioError(f"{info.title} cannot be empty", field=path, expected="a number")
    if isinstance(scenario.at(path), tuple):
        return [_inside(path, info, item) for item in _listed(path, str(value), text=_holds_text(info))]
    if isinstance(value, date):
        return value.isoformat()
    return _inside(path, info, value)


def _inside(path: str, info: FieldInfo, value: Any) -> Any:
    if not isinstance(value, float | int) or isinstance(value, bool):
        return value
    if is_percent(path, info):
        return round(value / PERCENT, 12)
    return said.kept(value, _measured(path, info))


def _listed(path: str, given: str, *, text: bool) -> list[Any]:
    """What stands between commas: text as it is, or numbers."""
    parts = [part.strip() for part in given.replace(";", ",").split(",") if part.strip()]
    try:
        return parts if text else [float(part) for part in parts]
    except ValueError:
        raise ScenarioError(
            f"{path}: expected numbers between commas", field=path, value=given, expected="numbers between commas"
        ) from None


UNIT_COLUMNS = ("model", "hashrate_ths", "power_w", "count", "price_usd")


def machines() -> None:
    """The fleet as a table: rows added, changed and removed in place."""
    import pandas as pd

    frame = pd.DataFrame([u.model_dump() for u in session.current().fleet.units], columns=list(UNIT_COLUMNS))
    frame = frame.astype(dict.fromkeys(("hashrate_ths", "power_w", "price_usd"), "float64")).astype({"model": "str"})
    key = session.widget_key("fleet.units")
    st.data_editor(
        frame,
        num_rows="dynamic",
        hide_index=True,
        key=key,
        column_config=_unit_columns(),
        on_change=_machines_changed,
        args=(key,),
        alt="Machines of the fleet, editable",
    )
    if problem := session.problem("fleet.units"):
        st.caption(f":red[{session.literal(problem)}]")


def _unit_columns() -> dict[str, Any]:
    from core.sections import Unit

    words = Unit.model_fields
    numbers = {
        name: st.column_config.NumberColumn(
            caption(name, words[name]), help=words[name].description, min_value=0, step=1 if name == "count" else None
        )
        for name in UNIT_COLUMNS[1:]
    }
    return {"model": st.column_config.TextColumn(str(words["model"].title), help=words["model"].description), **numbers}


def _machines_changed(key: str) -> None:
    """Take the edits into the draft at once; rows that are not complete stay in the table until they are."""
    rows = [unit.model_dump(mode="json") for unit in session.current().fleet.units]
    edits = st.session_state[key]
    for at, new in edits["edited_rows"].items():
        rows[int(at)] |= new
    gone = set(edits["deleted_rows"])
    rows = [row for i, row in enumerate(rows) if i not in gone] + [dict(row) for row in edits["added_rows"]]
    try:
        session.change({"fleet.units": [_machine(row) for row in rows]})
    except ScenarioError as error:
        session.note_problem("fleet.units", f"Not taken over yet: {error.message}")
    else:
        session.redraw()


def _machine(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table as a unit: empty cells left out, one machine where no count is given; its modes stay."""
    given = {name: value for name, value in row.items() if name in (*UNIT_COLUMNS, "modes") and value is not None}
    return {**given, "count": int(given.get("count", 1))}
