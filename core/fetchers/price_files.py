"""An hourly price file that a planner brings: csv with a time and a price, or ERCOT's settlement point prices.

Nothing is guessed in silence: which column, clock and unit was read stands in the notes, and what could be two things
is refused with what to say. Line and column of an error count from 1.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from core.errors import FileError, SourceError, ValidationError
from core.fetchers.formats.cells import NUMBER, Where, fields_of, numbers, table
from core.fetchers.formats.text import Wanted, content_of, lines_of, text_of, tidy
from core.fetchers.price_year import STEPS_MINUTES, Floats, PriceYear, Whole, circle
from core.fetchers.providers import ercot

Unit = Literal["USD/kWh", "USD/MWh", "¢/kWh"]
PER_KWH: dict[str, float] = {"USD/kWh": 1.0, "USD/MWh": 1000.0, "¢/kWh": 100.0}
PRICES = Wanted(
    noun="price file",
    expected="a csv with a header, a column of times and one of prices, as plain text",
    most_lines=106_000,  # a leap year of five minutes
    more_than="a year of five minutes",
    rows="a year of hours, halves or quarters of an hour, or five minutes",
)
STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.0+)?(?: ?(Z|UTC|[+-]\d\d:?\d\d))?", re.ASCII | re.IGNORECASE
).fullmatch
ZONE = re.compile(r"[A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?", re.ASCII)
PRICE_WORDS = ("price", "lmp", "spp", "usd", "$", "cent", "¢", "mwh", "kwh", "rate", "dam", "rtm")
MARKUP = ("<", "{", "[")
OTHER_MONEY = ("eur", "€", "gbp", "£", "cad", "aud", "sek", "nok", "brl", "inr")
SURELY_KWH, SURELY_MWH = 0.5, 20.0  # typical price that can be but USD/kWh, but USD/MWh


@dataclass(frozen=True)
class Asked:
    """How a file is to be read where it does not say: name of the price column or settlement point, unit, zone."""

    column: str = ""
    unit: Unit | Literal[""] = ""
    timezone: str = ""

    def __post_init__(self) -> None:
        if self.unit and self.unit not in PER_KWH:
            expected = f"one of {', '.join(PER_KWH)}"
            raise ValidationError(f"unit: expected {expected}", field="unit", value=self.unit, expected=expected)
        if self.timezone and self.timezone not in _zones():
            expected = "a zone such as America/Chicago or UTC"
            raise ValidationError(
                f"timezone: expected {expected}", field="timezone", value=self.timezone, expected=expected
            )


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def read_prices(
    source: str | os.PathLike[str] | bytes,
    name: str = "",
    *,
    column: str = "",
    unit: Unit | Literal[""] = "",
    timezone: str = "",
) -> PriceYear:
    """The prices of a year [USD/kWh] from a file, its content or path; `name` is what the upload was called, for display.

    `column`: header of the price, or settlement point of ERCOT, where there are several. `unit`: where the header
    names none and the size of the prices does not tell. `timezone`: of times without an offset. FileError says what
    cannot be read, and where.
    """
    asked = Asked(column, unit, timezone)
    lines = lines_of(text_of(content_of(source, PRICES), PRICES), PRICES)
    head = tuple(cell.strip().strip('"') for cell in fields_of(lines[0]))
    market = next((market for market in get_args(ercot.Market) if ercot.COLUMNS[market] == head), None)
    series = _settlement(lines, market, asked) if market else _plain(lines, head, asked)
    found, notes = circle(series.starts_s, series.usd_per_kwh, series.minutes, series.refuse)
    shown = tidy(name) or "price file"
    return PriceYear(found, f"{shown}: {series.title}", (*series.notes, *notes))


@dataclass(frozen=True, eq=False)
class Series:
    """What stands in the file, in order of time: start of each interval [s since 1970], price, and its line."""

    title: str
    starts_s: Whole
    usd_per_kwh: Floats
    minutes: int
    lines: Sequence[int]
    column: int
    notes: tuple[str, ...]

    def refuse(self, message: str, row: int | None, value: object, expected: str) -> FileError:
        """An error at a row of the series."""
        place = {} if row is None else {"line": self.lines[row], "column": self.column}
        return FileError(message, field="price", value=value, expected=expected, **place)


# A csv of any market


def _plain(lines: list[str], head: tuple[str, ...], asked: Asked) -> Series:
    if len(head) < 2 or lines[0].lstrip()[:1] in MARKUP:
        raise _no_table(lines)
    rows = table(lines, 1, (len(head),))
    if not rows:
        raise FileError(
            "there are no rows below the header", line=1, field="rows", value=0, expected="a year of prices"
        )
    _check_header(head, rows[0])
    time_at = _time_column(head, rows[0])
    price_at = _price_column(head, rows, time_at, asked)
    starts_s, minutes, said = _times(rows, time_at, head[time_at], asked)
    figures = numbers([row[price_at] for row in rows], "price", Where(2, {"price": price_at + 1}))
    unit, why = _unit(head[price_at], figures, price_at, asked)
    title = head[price_at] or f"column {price_at + 1}"
    note = f"Prices from the column “{tidy(title)}”, read as {unit}: {why}."
    return Series(
        tidy(title), starts_s, figures / PER_KWH[unit], minutes, range(2, 2 + len(rows)), price_at + 1, (note, *said)
    )


def _no_table(lines: list[str]) -> FileError:
    """Why there is but one field in the first line."""
    why = "there is but one column"
    for mark, word in ((";", "semicolons"), ("\t", "tabs")):
        if mark in lines[0]:
            why = f"the fields are separated by {word}"
    if lines[0].lstrip()[:1] in MARKUP:
        why = "this is a web page or JSON, not a price file"
    return FileError(why, line=1, column=1, field="file", value=tidy(lines[0], 40), expected=PRICES.expected)


def _check_header(head: tuple[str, ...], first: list[str]) -> None:
    if any(STAMP(cell) for cell in head) or all(NUMBER(cell) for cell in head):
        value = tidy(",".join(head), 40)
        raise FileError(
            "the first line is no header", line=1, column=1, field="header", value=value, expected=PRICES.expected
        )
    if not any(STAMP(cell.strip()) for cell in first):
        expected = "a time as YYYY-MM-DD HH:MM, with or without its offset from UTC"
        raise FileError(
            "no column holds a time", line=2, column=1, field="time", value=tidy(first[0], 40), expected=expected
        )


def _time_column(head: tuple[str, ...], first: list[str]) -> int:
    """Of the columns that hold times: one in UTC, one of starts, one that is not of ends, the first."""
    times = [n for n, cell in enumerate(first) if STAMP(cell.strip())]
    wanted: tuple[Callable[[str], bool], ...] = (
        lambda name: "utc" in name and "end" not in name,
        lambda name: "start" in name or "begin" in name,
        lambda name: "end" not in name,
    )
    for fits in wanted:
        if found := [n for n in times if fits(head[n].casefold())]:
            return found[0]
    return times[0]


def _price_column(head: tuple[str, ...], rows: list[list[str]], time_at: int, asked: Asked) -> int:
    if asked.column:
        if head.count(asked.column) != 1:
            raise _unclear(head, [n for n in range(len(head)) if n != time_at], asked.column)
        return head.index(asked.column)
    figures = [n for n in range(len(head)) if n != time_at and any(NUMBER(row[n]) for row in rows[:100])]
    named = [n for n in figures if any(word in head[n].casefold() for word in PRICE_WORDS)]
    found = named or figures
    if not found:
        value, expected = tidy(",".join(head), 60), "a column of prices"
        raise FileError("no column holds a price", line=1, column=1, field="price", value=value, expected=expected)
    if len(found) > 1:
        raise _unclear(head, found, ", ".join(head[n] for n in found[:5]))
    return found[0]


def _unclear(head: tuple[str, ...], found: list[int], value: str) -> FileError:
    expected = "one of " + ", ".join(tidy(head[n], 30) for n in found[:8])
    return FileError(
        "which column holds the price is to be said", line=1, column=found[0] + 1 if found else 1, field="column",
        value=tidy(value), expected=expected,
    )  # fmt: skip


def _unit(name: str, figures: Floats, column: int, asked: Asked) -> tuple[str, str]:
    """The unit, and why it is taken to be that one."""
    plain = re.sub(r"[\s_]+", " ", name.casefold())
    if other := next(
        (money for money in OTHER_MONEY if re.search(rf"(?<![a-z]){re.escape(money)}(?![a-z])", plain)), ""
    ):
        raise FileError(
            "the prices are in another currency",
            line=1,
            column=column + 1,
            field="price",
            value=other,
            expected="US dollars",
        )
    if asked.unit:
        return asked.unit, "as was said"
    if "mwh" in plain:
        return "USD/MWh", "the header says so"
    if "kwh" in plain:
        cents = "¢" in plain or "cent" in plain or re.search(r"(?<![a-z])ct?s?(?: ?/| per)", plain)
        return ("¢/kWh" if cents else "USD/kWh"), "the header says so"
    known = np.abs(figures[np.isfinite(figures)])
    typical = float(np.median(known)) if known.size else 0.0
    if 0 < typical <= SURELY_KWH:
        return "USD/kWh", f"the header names no unit, and half of them are below {typical:.3g}"
    if typical >= SURELY_MWH:
        return "USD/MWh", f"the header names no unit, and half of them are above {typical:.3g}"
    expected = f"a unit in the header, or said beside the file: {', '.join(get_args(Unit))}"
    raise FileError(
        "the unit of the prices is not known",
        line=1,
        column=column + 1,
        field="unit",
        value=f"typically {typical:.3g}",
        expected=expected,
    )


# Times


def _times(rows: list[list[str]], at: int, name: str, asked: Asked) -> tuple[Whole, int, tuple[str, ...]]:
    """Starts of the intervals [s since 1970, UTC], ascending, their minutes, and which clock was read."""
    told = [_stamp(row[at], n, at) for n, row in enumerate(rows)]
    offsets = {stamp.tzinfo is not None for stamp in told}
    if len(offsets) > 1:
        row = next(n for n, stamp in enumerate(told) if (stamp.tzinfo is None) != (told[0].tzinfo is None))
        raise _wrong_time("some times have an offset, some have none", row, at, rows[row][at], "all alike")
    zone = "" if offsets == {True} else _zone(name, at, asked)
    moments = _in_zone(told, rows, at, zone) if zone else told
    stamps = np.array([int(moment.timestamp()) for moment in moments], dtype=np.int64)
    minutes = _step(stamps, rows, at)
    clock = f"on the clock of {zone}" if zone else "with their offset from UTC"
    ends = "end" in name.casefold()
    said = f"Times from the column “{tidy(name or f'column {at + 1}')}”, {clock}, at the {'end' if ends else 'start'} of {minutes} minutes."
    return stamps - 60 * minutes * ends, minutes, (said,)


def _wrong_time(message: str, row: int, at: int, value: str, expected: str) -> FileError:
    return FileError(message, line=row + 2, column=at + 1, field="time", value=tidy(value, 40), expected=expected)


def _stamp(cell: str, row: int, at: int) -> datetime:
    found = STAMP(cell.strip())
    expected = "a time as YYYY-MM-DD HH:MM, with or without its offset from UTC"
    if found is None:
        raise _wrong_time("this is not a time", row, at, cell, expected)
    day, clock, offset = found.groups()
    offset = "" if offset is None else "+00:00" if offset.upper() in ("Z", "UTC") else offset
    try:
        stamp = datetime.fromisoformat(f"{day}T{clock}{offset}")
    except ValueError as error:
        raise _wrong_time("there is no such time", row, at, cell, expected) from error
    if not 1970 < stamp.year < 2100:
        raise _wrong_time("the year is out of range", row, at, cell, "a year from 1971 to 2099")
    return stamp


def _zone(name: str, at: int, asked: Asked) -> str:
    """The zone of times without offset: as was said, as the header names it, UTC where it says so."""
    named = next((zone for zone in ZONE.findall(name) if zone in _zones()), "")
    if zone := asked.timezone or named or ("UTC" if re.search(r"utc|gmt", name.casefold()) else ""):
        return zone
    raise FileError(
        "the times have no offset, and no zone is named", line=1, column=at + 1, field="timezone", value=tidy(name, 40),
        expected="a zone in the header or said beside the file, such as America/Chicago or UTC",
    )  # fmt: skip


def _in_zone(told: list[datetime], rows: list[list[str]], at: int, name: str) -> list[datetime]:
    """Times of a clock in UTC. An hour that comes twice is known by its order; one that does not exist is refused."""
    zone = ZoneInfo(name)
    found: list[datetime] = []
    for row, plain in enumerate(told):
        moment = plain.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) != plain:
            expected = (
                f"times of the clock of {name}, or with their offset; a zone such as Etc/GMT+6 knows no summer time"
            )
            raise _wrong_time(f"this time does not exist in {name}", row, at, rows[row][at], expected)
        if found and moment <= found[-1]:
            moment = plain.replace(tzinfo=zone, fold=1).astimezone(UTC)
        found.append(moment)
    return found


def _step(stamps: Whole, rows: list[list[str]], at: int) -> int:
    """The minutes of an interval: those between most neighbours; all must ascend, and keep to that step."""
    gaps = np.diff(stamps)
    wrong = np.flatnonzero(gaps <= 0)
    if wrong.size:
        row = int(wrong[0]) + 1
        raise _wrong_time("the times do not ascend", row, at, rows[row][at], "each time once, the oldest first")
    usual = Counter(gaps.tolist()).most_common(1)[0][0] if gaps.size else 0
    if usual not in {60 * minutes for minutes in STEPS_MINUTES}:
        shown = str(timedelta(seconds=int(usual)))
        raise _wrong_time(
            "the step between times is not usable",
            min(1, len(rows) - 1),
            at,
            shown,
            "an hour, or 30, 20, 15, 10 or 5 minutes",
        )
    off = np.flatnonzero(stamps % usual != 0)
    if off.size:
        row = int(off[0])
        raise _wrong_time(f"this time is off the step of {usual // 60} minutes", row, at, rows[row][at], "full steps")
    return int(usual // 60)


# ERCOT


def _settlement(lines: list[str], market: ercot.Market, asked: Asked) -> Series:
    """Settlement point prices of any days in one csv, whichever order they are in."""
    rows = table(lines, 1, (len(ercot.COLUMNS[market]),))
    at = ercot.POINT_COLUMN[market]
    point = _point([row[at].strip() for row in rows], at, asked)
    found: dict[datetime, tuple[float, int]] = {}
    for line, row in enumerate(rows, 2):
        if row[at].strip() != point or ercot.WEIGHTED in row:
            continue
        start, usd_per_kwh = _interval(row, market, line)
        if start in found:
            raise FileError(
                "this interval comes again",
                line=line,
                column=1,
                field="DSTFlag",
                value=tidy(row[-1]),
                expected="each interval once",
            )
        found[start] = usd_per_kwh, line
    starts = sorted(found)
    return Series(
        title=f"ERCOT {market}, {point}",
        starts_s=np.array([int(start.timestamp()) for start in starts], dtype=np.int64),
        usd_per_kwh=np.array([found[start][0] for start in starts], dtype=np.float64),
        minutes=ercot.MINUTES[market],
        lines=[found[start][1] for start in starts],
        column=ercot.COLUMNS[market].index("SettlementPointPrice") + 1,
        notes=(f"ERCOT’s {market} prices at {point}, in USD/MWh on the Central clock, hours by their end.",),
    )


def _point(points: list[str], at: int, asked: Asked) -> str:
    known = sorted(set(points))
    if asked.column in known or (len(known) == 1 and not asked.column):
        return asked.column or known[0]
    expected = f"one of {', '.join(known[:5])}" + (f" and {len(known) - 5} more" if len(known) > 5 else "")
    raise FileError(
        "which settlement point is to be said",
        line=2,
        column=at + 1,
        field="column",
        value=asked.column,
        expected=tidy(expected, 200),
    )


def _interval(row: list[str], market: ercot.Market, line: int) -> tuple[datetime, float]:
    try:
        return ercot.interval(row, market)
    except SourceError as error:
        columns: Any = ercot.COLUMNS[market]
        column = columns.index(error.field) + 1 if error.field in columns else 1
        raise FileError(
            error.message, line=line, column=column, field=error.field, value=error.value, expected=error.expected
        ) from error
