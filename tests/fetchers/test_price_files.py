"""Files of hourly prices: what is read and said, and what is refused with its line and column."""

from __future__ import annotations

import gzip
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import FileError, FileTooLarge, NotFound, ValidationError
from core.fetchers.price_files import read_prices
from core.units import HOURS
from tests.fetchers.price_lines import CHICAGO, csv, data, expected, local, price_of, read, refusal, utc

# What is read


@pytest.mark.parametrize(
    ("head", "scale", "asked", "said"),
    [
        ("USD/MWh", 1.0, {}, "USD/MWh: the header says so"),
        ("LMP $/MWh", 1.0, {}, "USD/MWh: the header says so"),
        ("price_usd_per_kwh", 1e-3, {}, "USD/kWh: the header says so"),
        ("Price (¢/kWh)", 0.1, {}, "¢/kWh: the header says so"),
        ("cents per kWh", 0.1, {}, "¢/kWh: the header says so"),
        ("c/kWh", 0.1, {}, "¢/kWh: the header says so"),
        ("price", 1.0, {}, "USD/MWh: the header names no unit, and half of them are above"),
        ("price", 1e-3, {}, "USD/kWh: the header names no unit, and half of them are below"),
        ("price", 0.1, {"unit": "¢/kWh"}, "¢/kWh: as was said"),
    ],
)
def test_the_unit_is_told_by_header_or_size_and_said(head: str, scale: float, asked: Any, said: str) -> None:
    usd, notes = read(csv(utc(), price=head, scale=scale), **asked)
    assert np.allclose(usd, expected(), atol=2e-7)
    assert said in notes


@pytest.mark.parametrize("scale", [0.1, 0.03])
def test_a_unit_that_size_does_not_tell_is_asked_for(scale: float) -> None:
    error = refusal(csv(utc(), price="price", scale=scale))
    assert (error.field, error.line, error.column) == ("unit", 1, 2)


@pytest.mark.parametrize("head", ["EUR/MWh", "price [€/MWh]", "GBP/kWh", "AUD/MWh"])
def test_other_money_is_refused(head: str) -> None:
    assert "currency" in refusal(csv(utc(), price=head)).message


@pytest.mark.parametrize(
    ("time", "form"),
    [
        ("time (UTC)", "%Y-%m-%d %H:%M"),
        ("utc_timestamp", "%Y-%m-%dT%H:%M:%S"),
        ("time", "%Y-%m-%dT%H:%M:%SZ"),
        ("time", "%Y-%m-%d %H:%M:%S UTC"),
        ("time", "%Y-%m-%d %H:%M:%S%z"),
        ("Interval Start", "%Y-%m-%dT%H:%M:%S.000%z"),
    ],
)
def test_times_in_utc_or_with_their_offset(time: str, form: str) -> None:
    usd, _ = read(csv(utc(), time=time, form=form))
    assert np.allclose(usd, expected(), atol=1e-7)


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize("minutes", [60, 30, 15])
def test_a_local_year_has_a_day_of_23_and_one_of_25_hours(year: int, minutes: int) -> None:
    """On the clock of a zone, with and without offsets: each price stays at its UTC hour; a leap day is left out."""
    times = local(year, minutes)
    named, notes = read(csv(times, time="time"), timezone=CHICAGO)
    in_header, _ = read(csv(times, time=f"time {CHICAGO}"))
    offset, _ = read(csv(times, time="time", form="%Y-%m-%dT%H:%M:%S%z"))
    assert np.allclose(named, expected(), atol=1e-7)
    assert np.array_equal(named, in_header)
    assert np.array_equal(named, offset)
    assert f"on the clock of {CHICAGO}" in notes
    assert ("February 29" in notes) == (year == 2024)
    assert ("means of" in notes) == (minutes < 60)


def test_steps_are_averaged_over_their_hour() -> None:
    lines = [
        "time (UTC),USD/MWh",
        *(f"{at:%Y-%m-%d %H:%M},{(0, 10, 20, 50)[n % 4]}" for n, at in enumerate(utc(minutes=15))),
    ]
    usd, notes = read(lines)
    assert np.allclose(usd, 0.020)
    assert "means of 4 steps of 15 minutes" in notes
    del lines[4]  # the dear quarter of the first hour
    usd, notes = read(lines)
    assert usd[0] == pytest.approx(0.010)
    assert "1 hours lack some of their steps" in notes


def test_labels_at_the_end_of_an_interval_are_moved_to_its_start() -> None:
    ends = [at + timedelta(hours=1) for at in utc()]
    rows = [f"{end:%Y-%m-%d %H:%M},{price_of(end - timedelta(hours=1))}" for end in ends]
    usd, notes = read(["hour ending (UTC),USD/MWh", *rows])
    assert np.allclose(usd, expected(), atol=1e-7)
    assert "at the end of 60 minutes" in notes


def test_starts_are_preferred_to_ends_and_utc_to_all() -> None:
    rows = [
        f"{at + timedelta(hours=1):%Y-%m-%d %H:%M},{at - timedelta(hours=6):%Y-%m-%d %H:%M},{at:%Y-%m-%d %H:%M},HB_WEST,{price_of(at)}"
        for at in utc()
    ]
    usd, notes = read(["Interval End,Interval Start,Interval Start UTC,Location,SPP USD/MWh", *rows])
    assert np.allclose(usd, expected(), atol=1e-7)
    assert "“Interval Start UTC”" in notes


def test_negative_prices_stay() -> None:
    lines = csv(utc())
    lines[100] = f"{utc()[99]:%Y-%m-%d %H:%M},-35.5"
    usd, _ = read(lines)
    assert usd[99] == -0.0355


def test_short_gaps_are_filled_and_told() -> None:
    lines = csv(utc())
    lines[11] = lines[11].split(",")[0] + ","  # blank
    usd, notes = read([*lines[:6], *lines[8:]])
    assert "3 hours had no price" in notes
    assert "2 in a row at most" in notes
    assert usd[5] == pytest.approx((2 * expected()[4] + expected()[7]) / 3, abs=1e-7)
    assert usd[10] == pytest.approx((expected()[9] + expected()[11]) / 2, abs=1e-7)


def test_several_prices_need_a_name() -> None:
    lines = [f"{line},{line.split(',')[1]}9" for line in csv(utc())]
    lines[0] = "time (UTC),DAM USD/MWh,RTM USD/MWh"
    error = refusal(lines)
    assert (error.field, error.line, error.column) == ("column", 1, 2)
    assert "RTM" in error.expected
    usd, _ = read(lines, column="DAM USD/MWh")
    assert np.allclose(usd, expected(), atol=1e-7)
    assert refusal(lines, column="RTN").value == "RTN"


def test_encodings_line_ends_quotes_and_names(tmp_path: Path) -> None:
    text = "\n".join(csv(utc(), price='"price, USD/MWh"'))
    for encoded in (text.encode("utf-8-sig"), text.encode("utf-16"), text.replace("\n", "\r\n").encode()):
        found = read_prices(encoded, "../../a\0b" + "x" * 4000)
        assert np.allclose(found.usd_per_kwh, expected(), atol=1e-7)
        assert len(found.source) < 200
        assert "\0" not in found.source
    (tmp_path / "a.csv").write_text(text)
    assert np.allclose(read_prices(tmp_path / "a.csv").usd_per_kwh, expected(), atol=1e-7)
    with pytest.raises(NotFound):
        read_prices(tmp_path / "none.csv")


# What is refused


def changed(row: int, *, time: str | None = None, price: str | None = None) -> list[str]:
    """A file of hours in which one row, from 0, has another cell."""
    lines = csv(utc())
    was = lines[row + 1].split(",")
    lines[row + 1] = f"{was[0] if time is None else time},{was[1] if price is None else price}"
    return lines


@pytest.mark.parametrize("cell", ["nan", "inf", "1_000", "twelve", "12,5", "٣", "=1+1", "1e9999", "--5"])
def test_what_is_no_number_is_named_with_its_place(cell: str) -> None:
    error = refusal(changed(500, price=cell))
    assert (error.line, error.column) == (502, 3 if cell == "12,5" else 2)


@pytest.mark.parametrize("cell", ["99999", "-5000", "1e300"])
def test_a_price_no_market_has_had_is_named_with_its_place(cell: str) -> None:
    error = refusal(changed(500, price=cell))
    assert (error.line, error.column, error.field) == (502, 2, "price")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("2023-02-30 00:00", "no such time"),
        ("2023-01-21 25:00", "no such time"),
        ("01/21/2023 20:00", "not a time"),
        ("2023-01-21 20:00+01:00", "some times have an offset"),
        ("2023-01-21 20:30", "off the step"),
        ("2023-01-20 20:00", "do not ascend"),
        ("9999-01-21 20:00", "out of range"),
        ("", "not a time"),
    ],
)
def test_a_time_that_cannot_be_is_named_with_its_place(cell: str, message: str) -> None:
    error = refusal(changed(500, time=cell))
    assert message in error.message
    assert (error.line, error.column) == (502, 1)


def test_times_without_zone_are_not_guessed() -> None:
    error = refusal(csv(utc(), time="time"))
    assert (error.field, error.line, error.column) == ("timezone", 1, 1)
    with pytest.raises(ValidationError, match="timezone"):
        read_prices(data(csv(utc(), time="time")), timezone="Mars/Olympus")
    with pytest.raises(ValidationError, match="unit"):
        read_prices(data(csv(utc())), unit="EUR/MWh")  # type: ignore[arg-type]


def test_an_hour_that_the_clock_skips_is_refused() -> None:
    """24 hours on each day, on the clock of a zone with summer time: they are of another clock."""
    error = refusal(csv(utc(), time="time"), timezone=CHICAGO)
    assert "does not exist" in error.message
    assert (error.line, error.value) == (2 + (31 + 28 + 11) * 24 + 2, "2023-03-12 02:00")
    usd, _ = read(csv(utc(), time="time"), timezone="Etc/GMT+6")
    assert np.allclose(usd, np.roll(expected(), 6), atol=1e-7)


@pytest.mark.parametrize("keep", [100, 8759 - 30, 8000])
def test_less_than_a_year_is_refused(keep: int) -> None:
    error = refusal(csv(utc())[: keep + 1])
    assert f"{HOURS - keep:,} of 8,760" in error.message
    assert "in a row" in error.message


def test_more_than_a_year_is_refused_at_the_row_that_is_too_much() -> None:
    extra = csv([*utc(), datetime(2024, 1, 1, tzinfo=UTC)])
    assert refusal(extra).line == 8762
    assert refusal(csv([*utc(2023), *utc(2024)])).line == 8762


def test_long_gaps_and_many_short_ones_are_refused() -> None:
    lines = csv(utc())
    assert "4 in a row from 01-01 05:00" in refusal([*lines[:6], *lines[10:]]).message
    many = [line for n, line in enumerate(lines) if n < 2 or n % 40]
    assert "219 of 8,760" in refusal(many).message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \r\n" * 9, "empty"),
        (gzip.compress(b"time,price", mtime=0), "gzip"),
        (b"PK\x03\x04" + bytes(99), "zip"),
        (b"a\0b,c\n", "plain text"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b'{"prices": [1, 2]}', "JSON"),
        (b"0.05\n" * 8760, "one column"),
        (b"time;USD/MWh\n2023-01-01 00:00;5\n", "semicolons"),
        (b"time\tUSD/MWh\n2023-01-01 00:00\t5\n", "tabs"),
        (b"2023-01-01 00:00,5\n2023-01-01 01:00,5\n", "no header"),
        (b"time,USD/MWh\n", "no rows"),
        (b"time,USD/MWh\nyesterday,5\n", "no column holds a time"),
        (b"time (UTC),place\n2023-01-01 00:00,Texas\n", "no column holds a price"),
        (b"time (UTC),USD/MWh\n2023-01-01 00:00,5\n", "step"),
        (b"time (UTC),USD/MWh\n2023-01-01 00:00,5\n2023-01-01 00:07,5\n", "step"),
        (b"time (UTC),USD/MWh\n2023-01-01 00:00,5,6\n", "fields"),
        (b"x" * 30_000, "line is too long"),
        (b"time,USD/MWh\n" + b"1\n" * 1_000_000, "lines"),
        (b"a," * 9_000 + b"b\n", "no rows"),
    ],
)
def test_what_is_no_price_file_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(FileError, match=message) as caught:
        read_prices(content)
    assert caught.value.expected


def test_more_than_5_mb_is_refused_unread() -> None:
    with pytest.raises(FileTooLarge):
        read_prices(b"x" * (5 * 2**20 + 1))


def test_a_file_bent_at_random_is_read_or_refused() -> None:
    """A short year of mutations: nothing but a FileError, and never less than a year."""
    rng = random.Random(7)
    whole = data(csv(utc()))
    marks = b'0123456789-+:., ;\n"TZeE\xff\x00'
    for _ in range(60):
        bent = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(bent)) if rng.random() < 0.5 else rng.randrange(200)
            bent[at : at + rng.randint(0, 3)] = bytes(rng.choices(marks, k=rng.randint(0, 3)))
        try:
            found = read_prices(bytes(bent))
        except FileError:
            continue
        assert len(found.usd_per_kwh) == HOURS
        assert np.isfinite(found.usd_per_kwh).all()
