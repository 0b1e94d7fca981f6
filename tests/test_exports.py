"""Downloads: figures exact, text only ever text, names that are never paths."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import exports
from core.errors import ValidationError
from core.exports import csv_bytes, file_name, xlsx_bytes
from core.results import Projection
from core.scenario import Scenario
from core.studies.projection import project

PREFIXES = ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"]
ATTACKS = [f'{prefix}HYPERLINK("http://x.invalid","y")' for prefix in PREFIXES]


@pytest.fixture(scope="module")
def answer(greensboro: Any, market: Any) -> Projection:
    return project(Scenario(), greensboro, market)


def csv_rows(frame: pd.DataFrame) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_bytes(frame).decode("utf-8"), newline="")))


def unescape(text: str) -> str:
    """Excel's own form of control characters read back, once: openpyxl leaves it, and its helper reads it twice."""
    return re.sub("_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), text)


def sheet(frame: pd.DataFrame) -> Any:
    return openpyxl.load_workbook(io.BytesIO(xlsx_bytes({"table": frame})))["table"]


@pytest.mark.parametrize("attack", ATTACKS, ids=[repr(p) for p in PREFIXES])
def test_no_text_begins_a_formula_in_csv(attack: str) -> None:
    """FILE-08: in a cell, a heading and an index; the rest of the text is untouched."""
    frame = pd.DataFrame({attack: [attack, -1.5]}, index=pd.Index([attack, "plain"], name=attack))
    (heading, one, two) = csv_rows(frame)
    assert heading == ["'" + attack] * 2
    assert one == ["'" + attack] * 2
    assert two == ["plain", "-1.5"]


@pytest.mark.parametrize("attack", ATTACKS, ids=[repr(p) for p in PREFIXES])
def test_every_text_is_a_text_cell_in_excel(attack: str) -> None:
    """FILE-08, read back with openpyxl."""
    cells = sheet(pd.DataFrame({attack: [attack], "number": [-1.5]}))
    assert cells["A1"].data_type == cells["A2"].data_type == "s"
    assert unescape(cells["A2"].value) == attack.replace("\0", "\ufffd")
    assert cells["A2"].hyperlink is None
    assert (cells["B2"].value, cells["B2"].data_type) == (-1.5, "n")


def test_negative_numbers_stay_numbers_and_text_that_looks_like_one_stays_text() -> None:
    frame = pd.DataFrame({"mixed": [-1.5, "-1.5", -2, np.int64(-3), np.float32(-0.5), Decimal("-4.25"), None]})
    assert [row[0] for row in csv_rows(frame)[1:]] == ["-1.5", "'-1.5", "-2", "-3", "-0.5", "-4.25", ""]
    cells = sheet(frame)
    assert [cells.cell(row, 1).data_type for row in range(2, 9)] == ["n", "s", "n", "n", "n", "n", "n"]
    assert cells["A5"].value == -3
    assert cells["A8"].value is None


def test_things_that_only_turn_into_text_are_made_harmless_too() -> None:
    frame = pd.DataFrame({"x": pd.Series([pd.Timedelta(-1, "h"), pd.Timestamp("2026-01-01", tz="UTC")], dtype=object)})
    assert [row[0] for row in csv_rows(frame)[1:]] == ["'-1 days +23:00:00", "2026-01-01 00:00:00+00:00"]
    assert [sheet(frame).cell(row, 1).data_type for row in (2, 3)] == ["s", "s"]


def test_text_is_quoted_so_that_no_separator_opens_a_cell() -> None:
    assert csv_bytes(pd.DataFrame({"a;b": ['x";=1+1', "x,=1"]})) == b'"a;b"\r\n"x"";=1+1"\r\n"x,=1"\r\n'


def test_excel_text_is_no_markup_no_link_and_valid_xml() -> None:
    """The writer passes <r>…</r> through as rich text, where a figure or broken XML could hide."""
    rich = ["<r><t>=1</t></r>", "<r></si><c><f>1</f></c></r>"]
    texts = [*rich, "https://x.invalid", "a\x01b", "\ufffe", "&<>\"'"]
    raw = xlsx_bytes({"t": pd.DataFrame({"x": [*texts, "_x003D_1"]})})
    back = [unescape(row[0].value) for row in openpyxl.load_workbook(io.BytesIO(raw)).active.iter_rows(min_row=2)]
    assert back[:-1] == [rich[0] + " ", rich[1] + " ", *texts[2:4], "\ufffd", texts[5]]
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        assert "hyperlink" not in book.read("xl/worksheets/sheet1.xml").decode()
        assert "<t>_x005F_x003D_1</t>" in book.read("xl/sharedStrings.xml").decode()  # openpyxl drops the x005F


def test_half_a_character_does_not_break_a_file() -> None:
    frame = pd.DataFrame({"x": pd.Series(["a\ud800"], dtype=object)})
    assert csv_rows(frame)[1] == ["a\ufffd"]
    assert sheet(frame)["A2"].value == "a\ufffd"


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_csv_keeps_every_number_to_the_last_bit(numbers: list[float]) -> None:
    back = pd.read_csv(io.BytesIO(csv_bytes(pd.DataFrame({"x": numbers}))))
    assert back["x"].astype(float).tolist() == numbers


def test_a_projection_survives_csv_and_excel(answer: Projection) -> None:
    """FILE-09: identical to 1e-12; Excel holds 16 to 17 digits."""
    back = pd.read_csv(io.BytesIO(csv_bytes(answer.hourly)), index_col=0, parse_dates=True)
    assert back.index.name == "time"
    assert (back.index == answer.hourly.index).all()
    assert (back.to_numpy() == answer.hourly.to_numpy()).all()
    for table in (answer.monthly, answer.yearly):
        rows = list(sheet(table).iter_rows(min_row=2, values_only=True))
        figures = table.select_dtypes("number")
        places = [list(table.columns).index(name) for name in figures]
        read = np.array([[row[i] for i in places] for row in rows], dtype=float)
        np.testing.assert_allclose(read, figures.to_numpy(dtype=float), rtol=1e-12)


def test_a_count_as_index_is_left_out_and_any_other_kept() -> None:
    assert csv_rows(pd.DataFrame({"x": [1]})) == [["x"], ["1"]]
    assert csv_rows(pd.DataFrame({"x": [1]}, index=["a"])) == [["row", "x"], ["a", "1"]]
    clash = pd.DataFrame({"x": [1]}, index=pd.Index(["a"], name="x"))
    assert csv_rows(clash) == [["x", "x"], ["a", "1"]]
    deep = pd.DataFrame({"x": [1]}, index=pd.MultiIndex.from_tuples([("a", 2)], names=["p", "q"]))
    assert csv_rows(deep) == [["p", "q", "x"], ["a", "2", "1"]]


def test_zoned_times_reach_excel_in_utc_and_the_heading_says_so() -> None:
    """The night the clocks go back in Berlin: 02:00 comes twice there, and is 00:00 and 01:00 in UTC."""
    night = pd.date_range("2026-10-25 00:00", periods=4, freq="h", tz="Europe/Berlin", name="local")
    cells = sheet(pd.DataFrame({"seen": night, "naive": night.tz_localize(None), "day": [pd.Timestamp(2026, 1, 1)] * 4},
                               index=night))  # fmt: skip
    assert [cell.value for cell in cells[1]] == ["local (UTC)", "seen (UTC)", "naive", "day"]
    assert [cells.cell(row, 1).value for row in range(2, 6)] == [
        datetime(2026, 10, 24, 22), datetime(2026, 10, 24, 23), datetime(2026, 10, 25, 0), datetime(2026, 10, 25, 1),
    ]  # fmt: skip
    assert cells["C2"].value == datetime(2026, 10, 25)
    assert cells["D2"].number_format == "yyyy-mm-dd"
    assert csv_rows(pd.DataFrame({"x": [1] * 4}, index=night))[4] == ["2026-10-25 02:00:00+01:00", "1"]


def test_what_excel_has_no_kind_for_becomes_text_or_nothing() -> None:
    odd = [None, float("nan"), pd.NaT, pd.NA, float("inf"), 2**53 + 1, date(2026, 1, 2), datetime(1850, 1, 1), 1j, True]
    cells = sheet(pd.DataFrame({"x": pd.Series(odd, dtype=object)}))
    read = [cells.cell(row, 1).value for row in range(2, 12)]
    assert read == [None] * 4 + ["inf", "9007199254740993", "2026-01-02", "1850-01-01 00:00:00", "1j", True]
    assert csv_rows(pd.DataFrame({"x": pd.Series(odd, dtype=object)}))[1:5] == [[""]] * 4


def test_a_missing_time_is_an_empty_cell() -> None:
    frame = pd.DataFrame({"when": pd.to_datetime(["2026-01-01 12:30", None])})
    assert sheet(frame)["A3"].value is None
    assert sheet(frame)["A2"].value == datetime(2026, 1, 1, 12, 30)
    assert csv_rows(frame)[2] == [""]


def test_a_long_text_is_cut_to_what_a_cell_holds() -> None:
    assert len(sheet(pd.DataFrame({"x": ["y" * 40_000]}))["A2"].value) == 32_766


def test_a_list_is_told_whole_unless_it_fills_pages() -> None:
    assert exports.said((0.1, 2, "a")) == "0.1, 2, a"
    assert exports.said((0.05,) * 8760) == "8,760 values"
    assert exports.said(()) == ""


def test_a_table_beyond_a_sheet_is_refused_before_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = pd.DataFrame(np.zeros((1, 16_385)))
    with pytest.raises(ValidationError) as refused:
        xlsx_bytes({"t": wide})
    assert refused.value.field == "columns"
    monkeypatch.setattr(exports, "SHEET_ROWS", 3)
    xlsx_bytes({"t": pd.DataFrame({"x": [1, 2]})})
    with pytest.raises(ValidationError) as refused:
        xlsx_bytes({"t": pd.DataFrame({"x": [1, 2, 3]})})
    assert refused.value.field == "rows"


def test_sheet_names_are_what_excel_accepts_and_no_two_alike() -> None:
    table = pd.DataFrame({"x": [1]})
    wanted = ["", "a/b:c?[d]*\\", "History", "'q'", "x" * 40, "X" * 40, "x" * 31, "\ud800", "year", "YEAR"]
    names = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(dict.fromkeys(wanted, table)))).sheetnames
    assert len({name.lower() for name in names}) == len(wanted)
    assert all(0 < len(name) <= 31 for name in names)
    assert names[1] == "a b c  d"
    assert names[8:] == ["year", "YEAR 2"]


def test_an_empty_table_is_a_heading() -> None:
    empty = pd.DataFrame({"x": [], "when": pd.to_datetime([])})
    assert csv_bytes(empty) == b'"x","when"\r\n'
    assert [cell.value for cell in sheet(empty)[1]] == ["x", "when"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example: 1 MW behind the meter", "Example-1-MW-behind-the-meter.csv"),
        ("../../etc/passwd", "etc-passwd.csv"),
        ("a\0b", "a-b.csv"),
        ("CON", "export-CON.csv"),
        ("", "export.csv"),
        ("...", "export.csv"),
        ("／\u202e🌞", "export.csv"),
        ("Grüße सौर", "Grüße-सौर.csv"),
        ("x" * 4000, "x" * 60 + ".csv"),
    ],
)
def test_a_file_is_named_for_its_text(text: str, name: str) -> None:
    assert file_name(text, "csv") == name


@given(st.text(max_size=200))
def test_no_text_makes_a_path(text: str) -> None:
    name = file_name(text, "xlsx")
    assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert not PureWindowsPath(name).is_reserved()
    assert name.endswith(".xlsx")
    assert len(name) > len(".xlsx")
    assert not name.startswith((".", "-"))
    assert len(name.encode()) <= 255


@pytest.mark.parametrize("ext", ["", "../x", "csv/", ".csv", "CSV", "a\0"])
def test_an_extension_is_a_short_word(ext: str) -> None:
    with pytest.raises(ValidationError):
        file_name("x", ext)
