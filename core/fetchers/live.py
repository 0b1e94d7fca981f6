"""Who answers today: each source asked once, along the way every call goes, and a table of what came of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from time import monotonic
from typing import Any, Literal

from core.errors import SourceError
from core.fetchers.ask import WITHIN_S, Question, ask
from core.fetchers.http import redacted
from core.fetchers.provider import Source
from core.fetchers.providers.ercot import AtPoint, Documents
from core.fetchers.sources import EXAMPLES
from core.fetchers.world import World
from core.inputs import Weather
from core.world import RecentBlocks, Retarget, Series, TariffsFound

MOST_AT_ONCE = 6  # providers; the sources of one are asked one after the other
SHOWN = 60
HEADS = ("provider", "question", "status", "latency", "value", "plausible")

Examples = tuple[tuple[Question[Any, Any], Any], ...]
Errand = tuple[Question[Any, Any], Source[Any, Any], Any]


@dataclass(frozen=True)
class Row:
    """What came of one source: `value` in short where it answered and is believed, else `why` not.

    `status`: live, failed, or unused where a key, an address or the planner's choice is missing.
    """

    provider: str
    question: str
    status: Literal["live", "failed", "unused"]
    latency_s: float | None = None
    value: str = ""
    why: str = ""


def live_table(world: World, examples: Examples = EXAMPLES, within_s: float = WITHIN_S) -> tuple[Row, ...]:
    """Each source of the examples asked once, in their order; no source may take longer than `within_s`.

    It is asked as the world may ask it, but by lines and a cache made for this: nothing kept can answer instead, and
    nothing that comes of it is kept.
    """
    apart = World(None, world.access, alert=lambda said: None)
    errands = [(question, source, asked) for question, asked in examples for source in question.sources]
    providers = dict.fromkeys(source.name for _, source, _ in errands)
    with ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="live") as pool:
        told = pool.map(lambda name: _provider(apart, [e for e in errands if e[1].name == name], within_s), providers)
        rows = {n: row for some in told for n, row in some.items()}
    return tuple(rows[id(source), question.name] for question, source, _ in errands)


def show(world: World, say: Callable[[str], object]) -> int:
    """Tell the table line by line; 0 where every source that is set up answered and is believed, else 1."""
    rows = live_table(world)
    for line in as_lines(rows):
        say(line)
    used = [row for row in rows if row.status != "unused"]
    live = sum(row.status == "live" for row in used)
    say(f"{live} of {len(used)} sources answered; {len(rows) - len(used)} are not set up")
    return 0 if used and live == len(used) else 1


def as_lines(rows: tuple[Row, ...]) -> list[str]:
    """The table in columns, its heads first."""
    cells = [HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(HEADS) - 1)]
    return ["  ".join((*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1])).rstrip() for row in cells]


def _cells(row: Row) -> tuple[str, ...]:
    latency = "" if row.latency_s is None else f"{row.latency_s:.2f} s"
    return (row.provider, row.question, row.status, latency, row.value, "yes" if row.status == "live" else row.why)


def _provider(world: World, errands: list[Errand], within_s: float) -> dict[tuple[int, str], Row]:
    """The rows of one provider."""
    rows: dict[tuple[int, str], Row] = {}
    told: list[Any] = []
    for question, source, blank in errands:
        row, answer = _asked(world, question, source, _filled(blank, told), within_s)
        rows[id(source), question.name] = row
        told.append(answer)
    return rows


def _filled(blank: Any, told: list[Any]) -> Any:
    """What is asked, by the height, label or number that the same provider told before."""
    for answer in told:
        match blank, answer:
            case RecentBlocks(), Retarget(height=height):
                return replace(blank, end_height=height)
            case AtPoint(), Documents(documents=(*_, newest)):
                return replace(blank, document=newest.number)
            case "", TariffsFound(entries=(first, *_)):
                return first.label
    return blank


def _asked(
    world: World, question: Question[Any, Any], source: Source[Any, Any], asked: Any, within_s: float
) -> tuple[Row, Any]:
    blank = Row(source.name, question.name, "failed")
    if lacking := world.access.why_not(source):
        return replace(blank, status="unused", why=lacking), None
    alone = replace(question, name=f"{question.name} of {source.name}, {id(source)}", sources=(source,), bundled=None)
    started = monotonic()
    try:
        told = ask(alone, asked, world, soft_s=0, within_s=within_s).value
    except SourceError as error:
        why = error.message.partition(f"{alone.name}: ")[2].removeprefix(f"{source.name}: ") or error.message
        return replace(blank, latency_s=monotonic() - started, why=why), None
    return replace(blank, status="live", latency_s=monotonic() - started, value=in_short(told)), told


def in_short(told: Any) -> str:
    """An answer on one line of at most SHOWN characters."""
    if isinstance(told, Weather):
        ghi_kwh = told.hourly["ghi"].sum() / 1000
        text = f"{ghi_kwh:,.0f} kWh/m² of sun, {told.hourly['temp_air'].mean():.1f} °C, {told.source}"
    elif isinstance(told, Series):
        text = f"{told.values[-1]:,.6g} on {told.days[-1]}, {len(told.days):,} days"
    elif isinstance(told, tuple):
        text = f"{len(told)} found, first {in_short(told[0])}" if told else "nothing found"
    elif is_dataclass(told):
        text = ", ".join(f"{field.name} {_figure(getattr(told, field.name))}" for field in fields(told))
    else:
        text = _figure(told)
    line = redacted(text, ())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def _figure(value: Any) -> str:
    match value:
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case date() | str():
            return str(value)
        case int() | float():
            return f"{value:,.6g}"
        case tuple() | list() | dict():
            return f"× {len(value)}"
        case _:
            return "–" if value is None else type(value).__name__
