"""From cells of text to numbers, each refusal with its line and column.

A column is the number of the comma-separated field (of the character in fixed-width TM2), counted from 1.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import FileError

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
# Plain numbers only: float() alone would also take "1_000", "nan", "infinity" and digits of other scripts.
NUMBER = re.compile(r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?\s*").fullmatch


@dataclass(frozen=True)
class Where:
    """Where the rows stand in the file, to name the place of a bad value."""

    first_line: int  # of row 0; 0 in JSON, which has no lines to speak of
    columns: dict[str, int]  # quantity → column
    keys: dict[str, str] | None = None  # quantity → path of the list and key, in JSON

    def of(self, name: str, row: int) -> dict[str, Any]:
        """The facts a FileError takes for one quantity in one row."""
        if self.keys is not None:
            path, key = self.keys[name].split("|")
            return {"field": f"{path}.{row}.{key}"}
        return {"line": self.first_line + row, "column": self.columns.get(name, 1), "field": name}


def fields_of(line: str) -> list[str]:
    """The comma-separated fields of one line, quotes understood."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return line.split(",")


def header_fields(lines: Sequence[str], index: int, least: int) -> list[str]:
    """The fields of a header line, which must have at least so many."""
    fields = [f.strip() for f in fields_of(lines[index])] if index < len(lines) else []
    if len(fields) < least:
        raise FileError(
            "the header is incomplete",
            line=index + 1,
            column=len(fields) + 1,
            field="header",
            value=len(fields),
            expected=f"at least {least} fields separated by commas",
        )
    return fields


def table(lines: Sequence[str], first: int, widths: Iterable[int]) -> list[list[str]]:
    """The rows from index `first` on, each with an accepted number of fields."""
    accepted = set(widths)
    rows = [fields_of(line) for line in lines[first:]]
    for i, row in enumerate(rows):
        if len(row) not in accepted:
            raise _wrong_width(row, first + i + 1, accepted)
    return rows


def _wrong_width(row: list[str], line: int, accepted: set[int]) -> FileError:
    wanted = max(accepted)
    why = "the line is blank" if row in ([], [""]) else f"the row has {len(row)} fields"
    if len(row) > wanted:
        why += "; a decimal comma would do this"
    elif any(";" in f or "\t" in f for f in row):
        why += "; fields are separated by commas, not by semicolons or tabs"
    column = min(len(row), wanted) + 1 if row not in ([], [""]) else 1
    expected = " or ".join(f"{w} fields" for w in sorted(accepted))
    return FileError(why, line=line, column=column, field="row", value=len(row), expected=expected)


def numbers(texts: Sequence[str], name: str, where: Where) -> Floats:
    """A column of figures, blank cells as nan. Each different text is read once: most repeat often."""
    known = {text: float(text) if NUMBER(text) else float("nan") for text in set(texts)}
    if bad := {text for text in known if text.strip() and not NUMBER(text)}:
        row = next(i for i, text in enumerate(texts) if text in bad)
        raise FileError(f"{name} is not a number", value=texts[row].strip(), expected="a number", **where.of(name, row))
    return np.fromiter(map(known.__getitem__, texts), dtype=np.float64, count=len(texts))


def whole_numbers(texts: Sequence[str], name: str, where: Where) -> Whole:
    """A column of dates or hours: whole numbers from 0 to 9999."""
    figures = numbers(texts, name, where)
    bad = ~((figures >= 0) & (figures <= 9999) & (figures == np.floor(figures)))
    if bad.any():
        row = int(bad.argmax())
        raise FileError(
            f"{name} is not a whole number",
            value=texts[row].strip(),
            expected="a whole number",
            **where.of(name, row),
        )
    return figures.astype(np.int64)


def figure(text: str, name: str, low: float, high: float, *, line: int = 0, column: int = 0) -> float:
    """One number of the header, within its bounds."""
    value = float(text) if NUMBER(text) else float("nan")
    if not low <= value <= high:
        raise FileError(
            f"the header's {name} is not usable",
            line=line,
            column=column,
            field=name,
            value=text.strip(),
            expected=f"a number from {low:g} to {high:g}",
        )
    return value


BOUNDS: dict[str, tuple[float, float]] = {
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "elevation_m": (-430, 9000),
    "time zone": (-12, 14),
}


def place(find: Callable[[str], tuple[str, int, int]]) -> dict[str, float]:
    """Latitude, longitude, elevation and time zone; `find` gives each one's text, line and column."""
    found = {name: find(name) for name in BOUNDS}
    return {
        name: figure(text, name, *BOUNDS[name], line=line, column=column)
        for name, (text, line, column) in found.items()
    }
