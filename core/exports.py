"""Results as files: CSV and Excel, in which no text can turn into a formula."""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from numbers import Number
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.errors import ValidationError

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

# a spreadsheet takes a text that begins so for a formula, or strips the beginning and then does (OWASP, "CSV injection")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")  # what neither UTF-8 nor XML can hold
DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")  # no file may be called so on Windows
SHEET_ROWS = 1_048_576
SHEET_COLUMNS = 16_384
CELL_CHARACTERS = 32_767
MOST_SAID = 400  # values of a list: a horizon by degrees
SHEET_NAME_CHARACTERS = 31
FILE_NAME_CHARACTERS = 60
EXACT_IN_EXCEL = 2**53  # larger whole numbers lose digits there
FIRST_EXCEL_YEAR = 1900
DAY_WIDTH, TIME_WIDTH, LEAST_WIDTH, MOST_WIDTH = 11, 17, 8, 48  # characters

Column = tuple[str, "pd.Series[Any]"]


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A table as CSV in UTF-8: numbers to the last bit, text quoted and harmless, times with their offset.

    The index comes first unless it only counts the rows.
    """
    columns = _columns(frame)
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([_harmless(name) for name, _ in columns])
    writer.writerows(zip(*([_csv_cell(v) for v in values.astype(object)] for _, values in columns), strict=True))
    return NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text.getvalue()).encode()


def xlsx_bytes(sheets: Mapping[str, pd.DataFrame]) -> bytes:
    """Tables as one Excel workbook, a sheet each: text stays text, times are in UTC and the heading says so.

    ValidationError where a table has more rows or columns than a sheet.
    """
    from xlsxwriter import Workbook

    raw = io.BytesIO()
    with Workbook(raw, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for name, frame in zip(_sheet_names(list(sheets)), sheets.values(), strict=True):
            write_frame(book, book.add_worksheet(name), frame, bold)
    return raw.getvalue()


def write_frame(book: Workbook, sheet: Worksheet, frame: pd.DataFrame, bold: Format) -> None:
    """A table from the upper left corner of a sheet, headings in `bold`; ValidationError where it is too large."""
    columns = _columns(frame)
    _refuse_too_large(len(frame) + 1, SHEET_ROWS, "rows")
    _refuse_too_large(len(columns), SHEET_COLUMNS, "columns")
    _fill(book, sheet, columns, bold)


def file_name(text: str, ext: str) -> str:
    """A name for a download that is never a path and never empty: letters and digits of `text`, dashes, and `ext`."""
    if not re.fullmatch(r"[a-z0-9]{1,8}", ext):
        raise ValidationError("no such kind of file", field="ext", value=ext, expected="such as csv or xlsx")
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else "-" for c in unicodedata.normalize("NFKC", text))
    stem = re.sub("-+", "-", kept).strip("-")[:FILE_NAME_CHARACTERS].rstrip("-")
    if not stem or DEVICES.fullmatch(stem):
        stem = f"export-{stem}".rstrip("-")
    return f"{stem}.{ext}"


def _columns(frame: pd.DataFrame) -> list[Column]:
    """Heading and values of each column, those of an index that says more than a count first."""
    index = frame.index
    levels = range(0 if isinstance(index, pd.RangeIndex) else index.nlevels)
    first = [pd.Series(index.get_level_values(i)) for i in levels]
    return [
        *((str(v.name or ("time" if v.dtype.kind == "M" else "row")), v) for v in first),
        *((str(name), frame.iloc[:, i]) for i, name in enumerate(frame.columns)),
    ]


def _harmless(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet calculates: an apostrophe before a beginning that it would."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv_cell(value: Any) -> Any:
    if _missing(value):
        return None
    if isinstance(value, Number):
        return value
    return _harmless(value.isoformat(sep=" ") if isinstance(value, datetime) else str(value))


def _missing(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _refuse_too_large(count: int, most: int, what: str) -> None:
    if count > most:
        raise ValidationError(
            f"the table has too many {what} for Excel", field=what, value=count, expected=f"at most {most:,}"
        )


def _fill(book: Workbook, sheet: Worksheet, columns: list[Column], bold: Format) -> None:
    sheet.freeze_panes(1, 0)
    for at, (name, values) in enumerate(columns):
        cells, heading = _in_utc(values, name)
        style, width = _style(book, cells, heading)
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, sheet_text(heading), bold)
        for row, value in enumerate(cells.astype(object), 1):
            if not _missing(value):
                _write(sheet, row, at, value, style)


def _in_utc(values: pd.Series[Any], name: str) -> tuple[pd.Series[Any], str]:
    """A column Excel can hold: it knows no time zones, and local times would repeat an hour each autumn."""
    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        return values, name
    return values.dt.tz_convert("UTC").dt.tz_localize(None), name if "utc" in name.lower() else f"{name} (UTC)"


def _style(book: Workbook, cells: pd.Series[Any], heading: str) -> tuple[Format | None, int]:
    """Number format and width of a column."""
    width = min(max(len(heading) + 1, LEAST_WIDTH), MOST_WIDTH)
    if cells.dtype.kind != "M":
        return None, width
    times = cells.dropna()
    days = bool((times.dt.normalize() == times).all())
    style = book.add_format({"num_format": "yyyy-mm-dd" if days else "yyyy-mm-dd hh:mm"})
    return style, max(width, DAY_WIDTH if days else TIME_WIDTH)


def _write(sheet: Worksheet, row: int, at: int, value: Any, style: Format | None) -> None:
    """One cell by the kind of its value; what Excel cannot hold exactly becomes text."""
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
    elif isinstance(value, Number) and _fits_excel(value):
        sheet.write_number(row, at, value)
    elif isinstance(value, datetime) and value.tzinfo is None and value.year >= FIRST_EXCEL_YEAR:
        sheet.write_datetime(row, at, value, style)
    else:
        sheet.write_string(row, at, sheet_text(str(value)))


def _fits_excel(value: Any) -> bool:
    return (
        abs(value) <= EXACT_IN_EXCEL
        if isinstance(value, int)
        else not isinstance(value, complex) and math.isfinite(value)
    )


def said(values: tuple[object, ...]) -> str:
    """A list of a scenario as text; how many there are where they would fill pages, such as hours of a year."""
    return ", ".join(map(str, values)) if len(values) <= MOST_SAID else f"{len(values):,} values"


def sheet_text(text: str) -> str:
    """Text as a cell takes it; the writer would pass what stands between <r> and </r> on as markup."""
    text = NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", "\N{REPLACEMENT CHARACTER}"))
    text = text[: CELL_CHARACTERS - 1]
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def _sheet_names(wanted: list[str]) -> list[str]:
    """Names Excel accepts: 31 characters without []:*?/\\ or an apostrophe at either end, no two alike."""
    names: list[str] = []
    for text in wanted:
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", NO_CHARACTER.sub(" ", text)).strip(" '")
        base = base[:SHEET_NAME_CHARACTERS].rstrip(" '") or "Sheet"
        base = f"{base} 1" if base.lower() == "history" else base  # Excel keeps that name for itself
        name, count = base, 1
        while name.lower() in {other.lower() for other in names}:
            count += 1
            name = f"{base[: SHEET_NAME_CHARACTERS - 5]} {count}"
        names.append(name)
    return names
