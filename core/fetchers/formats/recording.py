"""What a weather file holds, before and after it is made one UTC year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pandas as pd

from core.errors import FileError
from core.fetchers.formats.cells import Floats, Where, Whole
from core.fetchers.formats.daylight import night_note, stamp_note
from core.fetchers.formats.text import tidy
from core.inputs import WEATHER_COLUMNS, Weather

# Typical years are made of many years; their labels are of one without February 29, two years from a leap year on
# either side, so that the calendar is nowhere more than half a day off the sun.
NOMINAL_YEAR = 2002
GAP_SHARE = 0.02
GAP_HOURS = 3
# What the sky can do, [W/m²], [°C], [m/s]: extraterrestrial light reaches 1,412; weather records are −89.2 and 56.7 °C.
LIMITS: dict[str, tuple[float, float]] = {
    "ghi": (-10, 1600),
    "dni": (-10, 1500),
    "dhi": (-10, 1200),
    "temp_air": (-90, 60),
    "wind_speed": (0, 75),
}
# Codes for "not measured". All lie outside LIMITS, so that none can be a value.
_FILLS = (-99, -99.9, -999, -999.9, -9900, -9999, -99999)
_NINES = (9999, 99999, 999999, 9999999, 99999999, 999999999)
MISSING: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(("ghi", "dni", "dhi"), _FILLS + _NINES),
    **dict.fromkeys(("temp_air", "wind_speed"), (*_FILLS, 99, 99.9, 999, 999.9, 999.99, 9999.9, *_NINES)),
}


@dataclass(frozen=True)
class Recording:
    """One year as its file tells it, in the file's own clock and steps."""

    form: str  # "EPW", "TMY3" …
    title: str  # the place or data set in the file's words
    latitude: float
    longitude: float
    elevation_m: float
    clock_hours: float  # of the stamps, east of UTC
    utc_offset_hours: float  # of the site
    year: Whole  # per row
    month: Whole
    day: Whole
    minute: Whole  # of the day, at the start of the row
    step_minutes: int
    sun_minute: float  # from the start of a row to the moment its irradiance stands for
    values: dict[str, Floats]
    where: Where
    typical: bool
    notes: tuple[str, ...] = ()


def check_count(rows: int, accepted: tuple[int, ...] = (8760, 8784)) -> None:
    """Refuse anything but a whole year, and say what is off."""
    if rows in accepted:
        return
    near = min(accepted, key=lambda n: abs(n - rows))
    hint = f": {abs(near - rows):,} too {'many' if rows > near else 'few'}" if abs(near - rows) <= 48 else ""
    if rows in (17520, 17568):
        hint = ": half-hourly rows are read from NSRDB/SAM csv files only"
    elif rows > 8784 and rows % 8760 in range(0, 24 * (rows // 8760) + 1, 24):
        hint = f": about {rows // 8760} years; give one"
    raise FileError(
        f"the file holds {rows:,} rows{hint}",
        field="rows",
        value=rows,
        expected=" or ".join(f"{n:,}" for n in accepted) + " rows, one year",
    )


def weather_of(rec: Recording, name: str = "") -> Weather:
    """One UTC year of 8,760 hours made from a recording, with a note for everything that was changed."""
    leap = len(rec.minute) * rec.step_minutes == 8784 * 60
    _check_calendar(rec, leap)
    year, labels = _labels(rec, leap)
    notes = [*rec.notes]
    hourly = {c: _hourly(_filled(_in_range(rec, c, notes), c, rec, notes), rec.step_minutes) for c in WEATHER_COLUMNS}
    shift, sun_minute = _to_utc(rec, notes)
    keep = ~((labels.month == 2) & (labels.day == 29))
    if leap:
        notes.append("February 29 left out: every year here has 8,760 hours.")
    frame = pd.DataFrame({c: np.roll(v, shift)[keep] for c, v in hourly.items()}, index=_index(year))
    moments = _index(year) + pd.Timedelta(seconds=round(sun_minute * 60))
    notes += night_note(frame["ghi"].to_numpy(), moments, rec.latitude, rec.longitude)
    notes += stamp_note(frame, moments, rec.latitude, rec.longitude)
    return Weather(
        latitude=rec.latitude,
        longitude=rec.longitude,
        elevation_m=rec.elevation_m,
        hourly=frame,
        sun_minute=sun_minute,
        source=tidy(f"{rec.form}: {tidy(rec.title)}", 160) + (f" ({tidy(name)})" if tidy(name) else ""),
        kind="typical" if rec.typical else "year",
        utc_offset_hours=rec.utc_offset_hours,
        notes=(_made_of(rec, year), *notes),
        observed_at=datetime(int(rec.year.max()) + 1, 1, 1, tzinfo=UTC),
    )


def _made_of(rec: Recording, label_year: int) -> str:
    first, last = int(rec.year.min()), int(rec.year.max())
    if rec.typical:
        return f"A typical year with months from {first} to {last}; its hours carry the labels of {label_year}."
    return f"The year {first} as it was."


@cache
def _calendar(leap: bool, step_minutes: int) -> tuple[Whole, Whole, Whole]:
    """Month, day and minute of the day of every row of a year."""
    rows = (8784 if leap else 8760) * 60 // step_minutes
    index = pd.date_range("2000-01-01" if leap else "2001-01-01", periods=rows, freq=f"{step_minutes}min")
    minute = index.hour.to_numpy(np.int64) * 60 + index.minute.to_numpy(np.int64)
    return index.month.to_numpy(np.int64), index.day.to_numpy(np.int64), minute


@cache
def _index(year: int) -> pd.DatetimeIndex:
    whole = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:00", freq="h", tz="UTC", unit="s")
    return whole[~((whole.month == 2) & (whole.day == 29))]


def _check_calendar(rec: Recording, leap: bool) -> None:
    month, day, minute = _calendar(leap, rec.step_minutes)
    wrong = (rec.month != month) | (rec.day != day) | (rec.minute != minute)
    if wrong.any():
        i = int(wrong.argmax())
        raise FileError(
            "the rows are not one year in order, January 1 first",
            value=_moment(rec.month[i], rec.day[i], rec.minute[i]),
            expected=f"the row that starts {_moment(month[i], day[i], minute[i])}",
            **rec.where.of("time", i),
        )
    _check_years(rec, leap)


def _moment(month: int, day: int, minute: int) -> str:
    return f"{month:02d}-{day:02d} {minute // 60:02d}:{minute % 60:02d}"


def _check_years(rec: Recording, leap: bool) -> None:
    off = (rec.year < 1900) | (rec.year > 2100)
    if not rec.typical:
        off |= rec.year != rec.year[0]
    if leap and not rec.typical and not pd.Timestamp(int(np.clip(rec.year[0], 1900, 2100)), 2, 1).is_leap_year:
        off[1416] = True  # the first hour of February 29
    if off.any():
        i = int(off.argmax())
        expected = "one calendar year between 1900 and 2100, with February 29 in leap years only"
        raise FileError("the year does not fit", value=int(rec.year[i]), expected=expected, **rec.where.of("year", i))


def _labels(rec: Recording, leap: bool) -> tuple[int, pd.DatetimeIndex]:
    """The year that the hours will carry, and the hours before February 29 is left out."""
    year = NOMINAL_YEAR if rec.typical else int(rec.year[0])
    hours = pd.date_range("2000-01-01" if leap else "2001-01-01", periods=8784 if leap else 8760, freq="h")
    return year, hours


def _in_range(rec: Recording, name: str, notes: list[str]) -> Floats:
    """The values of one quantity, codes for missing as nan; FileError at the first that cannot be."""
    raw = rec.values[name]
    values = np.where(np.isin(raw, MISSING[name]), np.nan, raw)
    low, high = LIMITS[name]
    wrong = ~np.isnan(values) & ~((values >= low) & (values <= high))
    if wrong.any():
        i = int(wrong.argmax())
        raise FileError(
            f"{name} is out of range", value=float(raw[i]), expected=f"{low:g} to {high:g}", **rec.where.of(name, i)
        )
    if name in ("ghi", "dni", "dhi") and (negative := int((values < 0).sum())):
        notes.append(f"{negative:,} slightly negative values of {name} (an instrument's zero at night) set to 0.")
        values = np.where(values < 0, 0.0, values)
    return values + 0.0  # −0.0, as PVGIS writes it, is 0.0


def _filled(values: Floats, name: str, rec: Recording, notes: list[str]) -> Floats:
    """Short gaps interpolated and noted; FileError for long or many. The year is a ring: December meets January."""
    gap = np.isnan(values)
    if not gap.any():
        return values
    longest, start = _longest_run(gap)
    hours = longest * rec.step_minutes / 60
    if gap.mean() > GAP_SHARE or hours > GAP_HOURS:
        raise FileError(
            f"too much of {name} is missing: {gap.mean():.1%} of the year, {hours:g} hours in a row",
            value="missing",
            expected=f"at most {GAP_SHARE:.0%} and {GAP_HOURS} hours in a row",
            **rec.where.of(name, start),
        )
    rows = np.arange(len(values))
    notes.append(f"{int(gap.sum()):,} missing values of {name} interpolated.")
    return np.where(gap, np.interp(rows, rows[~gap], values[~gap], period=len(values)), values)


def _longest_run(gap: np.ndarray) -> tuple[int, int]:
    """Length and first row of the longest run of True on a ring."""
    if gap.all():
        return len(gap), 0
    turn = int((~gap).argmax())  # start the ring at a present value, so that no run is cut in two
    edges = np.diff(np.concatenate([[0], np.roll(gap, -turn).astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    best = int((ends - starts).argmax())
    return int(ends[best] - starts[best]), int((starts[best] + turn) % len(gap))


def _hourly(values: Floats, step_minutes: int) -> Floats:
    """Means over the hour."""
    return np.asarray(values.reshape(-1, 60 // step_minutes).mean(axis=1), dtype=np.float64)


def _to_utc(rec: Recording, notes: list[str]) -> tuple[int, float]:
    """Hours by which rows move to their UTC label, and the sun's minute after that label.

    Two half hours stand for the moment between their own. Zones off the full hour end at the label nearest before
    the sun's moment, so that its minute stays within 0–60.
    """
    middle = rec.sun_minute + (60 - rec.step_minutes) / 2
    if rec.step_minutes == 30:
        notes.append("Half hours averaged in pairs to hours.")
    moment = round(middle - rec.clock_hours * 60, 6)
    shift = int(moment // 60)
    if rec.clock_hours:
        notes.append(f"Local standard time (UTC{rec.clock_hours:+g} h) turned to UTC; the year is closed to a ring.")
    if rec.clock_hours % 1:
        notes.append("The time zone is off the full hour, so an hour here is the nearest one of the file.")
    return shift, moment - 60 * shift
