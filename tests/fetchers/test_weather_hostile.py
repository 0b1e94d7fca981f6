"""Files that are too big, not text, of the wrong length, full of holes or simply wrong (FILE-01 … FILE-05, FILE-07)."""

import gzip
import io
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import weather_samples as make

from core.errors import FileError, FileTooLarge, NotFound
from core.fetchers.weather_files import read_weather

EPW = make.epw()
TMY3 = make.tmy3()
FIRST = 9  # line of an EPW's first row
GHI, TEMP, WIND = 14, 7, 22  # columns


def zipped(*parts: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            archive.writestr(name, data)
    return out.getvalue()


def packed() -> dict[str, bytes]:
    bomb = zipped(("a.epw", bytes(20_000_000)))
    return {
        "6 MB": make.text(EPW) * 6,
        "gz": gzip.compress(make.text(EPW)),
        "zip 1:1000": bomb,
        "nested zip": zipped(("b.zip", bomb)),
        "polyglot": make.text(EPW) + bomb,
        "image": b"\x89PNG\r\n\x1a\n" + bytes(1000),
        "UTF-16 without a mark": make.text(EPW[:500]).decode().encode("utf-16-le"),
        "200,000 columns": b"LOCATION," + b"1," * 200_000,
        "200,000 columns in a row": make.text([*EPW[:8], "1," * 200_000, *EPW[9:]]),
        "nested json": b"[" * 1_000_000,
        "many objects": b"[" + b"{}," * 1_500_000 + b"{}]",
        "many numbers": b"[" + b"0," * 2_400_000 + b"0]",
        "a huge number": b'{"inputs": ' + b"9" * 4_000_000 + b"}",
        "blank lines": b"\n" * 5_000_000,
        "short lines": b"LOCATION,\n" + b"1\n" * 1_000_000,
        "nothing": b"",
        "blanks": b" \r\n" * 100,
        "web page": b"<!DOCTYPE html><html><body>502</body></html>",
        "an error in csv": b"Error Code,Error Message\nAPI_KEY_MISSING,No api_key was supplied\n",
    }


@pytest.mark.parametrize("kind", list(packed()))
def test_what_is_not_a_weather_file_is_refused_within_a_second(kind):
    """FILE-01, FILE-05."""
    data = packed()[kind]
    started = time.perf_counter()
    with pytest.raises(FileError) as caught:
        read_weather(data)
    assert time.perf_counter() - started <= 1.0
    assert caught.value.expected
    if kind == "6 MB":
        assert isinstance(caught.value, FileTooLarge)


CHILD = """
import sys
sys.path.insert(0, "tests/fetchers")
import test_weather_hostile as hostile
from core.errors import FileError
from core.fetchers.weather_files import read_weather

def peak_kb():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

def growth_mb(source):
    open("/proc/self/clear_refs", "w").write("5")  # the high-water mark starts again at what is resident now
    before = peak_kb()
    try:
        read_weather(source)
    except FileError:
        return (peak_kb() - before) / 1024
    raise SystemExit("read what should be refused")

cases = {**hostile.packed(), "200 MB line": b"1" * 200_000_000, "200 MB path": sys.argv[1]}
print(max((round(growth_mb(source), 1), name) for name, source in cases.items()))
"""


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="resident memory is read from Linux /proc")
def test_refusing_a_file_costs_at_most_30_mb(tmp_path):
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print("largest growth [MB]:", done.stdout.strip())
    assert float(done.stdout.split(",")[0].strip("(")) <= 30


def test_a_200_mb_file_is_refused_by_its_size_alone(tmp_path, monkeypatch):
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    monkeypatch.setattr(Path, "open", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(FileTooLarge):
        read_weather(path)


@pytest.mark.parametrize(
    ("rows", "hint"),
    [(100, "100 rows"), (8759, "1 too few"), (8761, "1 too many"), (17520, "half-hourly"), (1_000_000, "too large")],
)
def test_an_epw_of_the_wrong_length_is_refused_and_told_why(rows, hint):
    lines = [*EPW[:8], *np.resize(EPW[8:], rows).tolist()]
    with pytest.raises(FileError, match=hint):
        read_weather(make.text(lines))


def test_both_8760_and_8784_rows_are_read():
    for year in (1999, 2000):
        assert len(read_weather(make.text(make.epw(year))).hourly) == 8760


def test_rows_out_of_order_are_named():
    lines = [*EPW]
    lines[5000], lines[5001] = lines[5001], lines[5000]
    with pytest.raises(FileError) as caught:
        read_weather(make.text(lines))
    assert caught.value.line == 5001
    assert caught.value.expected == "the row that starts 07-28 00:00"


@pytest.mark.parametrize(
    ("column", "name", "code"),
    [
        (TEMP, "temp_air", "99.9"),
        (GHI, "ghi", "9999"),
        (GHI + 1, "dni", "9999"),
        (GHI + 2, "dhi", "999999999"),
        (GHI, "ghi", "999999999"),
        (WIND, "wind_speed", "999"),
        (WIND, "wind_speed", "999.0"),
        (GHI, "ghi", ""),
    ],
)
def test_missing_codes_of_an_epw_are_filled_from_their_neighbours_and_reported(column, name, code):
    lines = EPW
    for line in (3000, 3001, 3002, 6000):
        lines = make.with_cell(lines, line, column, code)
    weather = read_weather(make.text(lines))
    known = make.values()[name].to_numpy().astype(float)
    a, b = known[2999 - FIRST], known[3003 - FIRST]
    got = np.roll(weather.hourly[name].to_numpy(), -7)  # back to the file's rows
    assert got[3000 - FIRST : 3003 - FIRST] == pytest.approx([a + (b - a) * k / 4 for k in (1, 2, 3)])
    assert f"4 missing values of {name} interpolated." in weather.notes
    low, high = known.min(), known.max()
    assert low <= got.min() <= got.max() <= high  # no code has become a value


def test_minus_9900_is_missing_in_tmy3():
    weather = read_weather(make.text(make.with_cell(TMY3, 100, 3, "-9900")))
    assert "1 missing values of ghi interpolated." in weather.notes
    assert weather.hourly["ghi"].min() >= 100


def test_nines_are_missing_in_tm2():
    lines = make.tm2()
    lines[99] = lines[99][:67] + "9999?0" + lines[99][73:95] + "999?0" + lines[99][100:]
    weather = read_weather(make.text(lines))
    assert {"1 missing values of temp_air interpolated.", "1 missing values of wind_speed interpolated."} <= set(
        weather.notes
    )


def test_null_and_blank_are_missing_in_pvgis():
    raw = make.pvgis_tmy_json()
    raw["outputs"]["tmy_hourly"][50]["T2m"] = None
    assert "1 missing values of temp_air interpolated." in read_weather(make.as_json(raw)).notes
    lines = make.with_cell(make.pvgis_tmy(), 100, 2, "")
    assert "1 missing values of temp_air interpolated." in read_weather(make.text(lines)).notes


def test_a_gap_over_new_year_is_one_gap():
    lines = EPW
    for line in (FIRST, FIRST + 1, len(EPW) - 1, len(EPW)):
        lines = make.with_cell(lines, line, GHI, "9999")
    with pytest.raises(FileError, match="4 hours in a row") as caught:
        read_weather(make.text(lines))
    assert caught.value.line == len(EPW) - 1


def test_more_than_three_hours_in_a_row_are_refused_with_their_place():
    lines = EPW
    for line in range(500, 504):
        lines = make.with_cell(lines, line, TEMP, "99.9")
    with pytest.raises(FileError) as caught:
        read_weather(make.text(lines))
    assert (caught.value.line, caught.value.column, caught.value.field) == (500, TEMP, "temp_air")


@pytest.mark.parametrize(("gaps", "read"), [(175, True), (176, False)])  # 2 % of 8,760 is 175.2
def test_more_than_two_percent_of_gaps_are_refused(gaps, read):
    data = make.values()
    data.loc[np.arange(gaps) * 40, "temp_air"] = 99.9
    lines = make.text(make.epw(data=data))
    if read:
        assert f"{gaps} missing values of temp_air interpolated." in read_weather(lines).notes
    else:
        with pytest.raises(FileError, match=r"2\.0% of the year"):
            read_weather(lines)


@pytest.mark.parametrize(
    "cell", ["-5000", "2500", "inf", "-inf", "nan", "1e999", "1_000", "about 5", "12,5", "１２", "0x10", "--1"]
)
@pytest.mark.parametrize("column", [TEMP, GHI, WIND])
def test_a_value_that_cannot_be_is_refused_with_line_and_column(cell, column):
    lines = make.with_cell(EPW, 4321, column, cell)
    with pytest.raises(FileError) as caught:
        read_weather(make.text(lines))
    assert caught.value.line == 4321
    assert caught.value.column == (36 if cell == "12,5" else column)
    assert caught.value.details["expected"]


@pytest.mark.parametrize(("column", "cell"), [(TEMP, "150"), (TEMP, "-95"), (GHI, "-11"), (WIND, "76"), (WIND, "-1")])
def test_the_limits_are_those_of_nature(column, cell):
    with pytest.raises(FileError, match="out of range"):
        read_weather(make.text(make.with_cell(EPW, 77, column, cell)))


def test_an_instruments_small_negative_zero_is_zero_and_said_so():
    weather = read_weather(make.text(make.with_cell(EPW, 77, GHI, "-3.5")))
    assert weather.hourly["ghi"].min() == 0.0
    assert any("slightly negative" in note for note in weather.notes)


@pytest.mark.parametrize(
    ("path", "value"), [("G(h)", -5000.0), ("Gb(n)", 2500), ("T2m", "warm"), ("T2m", True), ("WS10m", 10**400)]
)
def test_a_bad_value_in_json_is_named_by_its_path(path, value):
    raw = make.pvgis_tmy_json()
    raw["outputs"]["tmy_hourly"][1234][path] = value
    with pytest.raises(FileError) as caught:
        read_weather(make.as_json(raw))
    assert caught.value.field == f"outputs.tmy_hourly.1234.{path}"


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_json_knows_no_nan_and_no_infinity(word):
    data = make.as_json(make.pvgis_tmy_json()).replace(b'"G(h)": 100.0', b'"G(h)": ' + word.encode(), 1)
    with pytest.raises(FileError):
        read_weather(data)


def test_a_bad_value_in_tm2_is_named_by_line_and_character():
    lines = make.tm2()
    lines[99] = lines[99][:17] + "2500" + lines[99][21:]
    with pytest.raises(FileError) as caught:
        read_weather(make.text(lines))
    assert (caught.value.line, caught.value.column) == (100, 18)


@pytest.mark.parametrize(
    "lines", [EPW, TMY3, make.sam(), make.pvgis_tmy(), make.tm2()], ids=["epw", "tmy3", "sam", "pvgis", "tm2"]
)
@pytest.mark.parametrize("way", ["utf-16", "utf-16-be", "bom", "crlf", "cr", "latin-1"])
def test_encodings_and_line_ends_do_not_change_what_is_read(lines, way):
    plain = make.text(lines)
    data = {
        "utf-16": plain.decode().encode("utf-16"),
        "utf-16-be": b"\xfe\xff" + plain.decode().encode("utf-16-be"),
        "bom": b"\xef\xbb\xbf" + plain,
        "crlf": make.text(lines, "\r\n"),
        "cr": make.text(lines, "\r"),
        "latin-1": plain.replace(b"Somewhere", "São Tomé".encode("latin-1")),
    }[way]
    assert read_weather(data).digest == read_weather(plain).digest


@pytest.mark.parametrize("mark", [";", "\t"])
@pytest.mark.parametrize("lines", [EPW, TMY3, make.sam()], ids=["epw", "tmy3", "sam"])
def test_another_separator_is_named(lines, mark):
    data = make.text([line.replace(".", ",").replace(",", mark) for line in lines])
    with pytest.raises(FileError, match="separated by") as caught:
        read_weather(data)
    assert (caught.value.line, caught.value.column) == (1, 1)


@pytest.mark.parametrize("column", [7, 8, 9, 10])
@pytest.mark.parametrize("cell", ["", "x", "1e9", "nan", "-999"])
def test_a_header_without_a_usable_place_is_refused_by_column(column, cell):
    with pytest.raises(FileError) as caught:
        read_weather(make.text(make.with_cell(EPW, 1, column, cell)))
    assert (caught.value.line, caught.value.column) == (1, column)


OPENED: list[str] = []  # every path this process opens or lists, while a test listens
LISTENING = [False]
sys.addaudithook(
    lambda event, args: OPENED.append(str(args[0])) if LISTENING[0] and event in ("open", "os.listdir") else None
)


@pytest.mark.parametrize("name", ["../../x", "a\0b", "CON", "x" * 4000, "C:\\a\\..\\b", "<b>&\n"])
def test_the_uploads_name_is_shown_but_never_used_as_a_path(name):
    data = make.text(EPW)
    plain = read_weather(data)
    OPENED.clear()
    LISTENING[0] = True
    weather = read_weather(data, name)
    LISTENING[0] = False
    assert OPENED == []
    assert weather.source.isprintable()
    assert len(weather.source) <= 260
    assert weather.digest == plain.digest


def test_the_listening_hears_a_file_being_opened(tmp_path):
    (tmp_path / "a.epw").write_bytes(b"x")
    OPENED.clear()
    LISTENING[0] = True
    with pytest.raises(FileError):
        read_weather(tmp_path / "a.epw")
    LISTENING[0] = False
    assert str(tmp_path / "a.epw") in OPENED


@pytest.mark.parametrize("path", ["../../x", "a\0b", "CON", "x" * 4000])
def test_a_hostile_path_is_not_found(path):
    with pytest.raises(NotFound):
        read_weather(path)
