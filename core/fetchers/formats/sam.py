"""NSRDB and SAM csv: a line of names, a line of values, a line of columns, then one row a step.

`Time Zone` is the clock of the stamps (0 when asked for in UTC), `Local Time Zone` that of the site. NSRDB values
belong to the moment of their stamp (Sengupta et al. 2018, "The National Solar Radiation Data Base"), hourly files are
stamped :30 or :00; SAM files without a minute column belong to the middle of the hour (SAM help, "Weather File
Formats").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from core.errors import FileError
from core.fetchers.formats.cells import Where, Whole, header_fields, numbers, place, table, whole_numbers
from core.fetchers.formats.recording import Recording, check_count

NAMES: dict[str, tuple[str, ...]] = {
    "ghi": ("ghi", "gh", "global", "global horizontal", "global horizontal irradiance"),
    "dni": ("dni", "dn", "beam", "direct normal", "direct normal irradiance"),
    "dhi": ("dhi", "df", "diffuse", "diffuse horizontal", "diffuse horizontal irradiance"),
    "temp_air": ("temperature", "air temperature", "tdry", "dry bulb", "dry bulb temp", "ambient", "ambient temp"),
    "wind_speed": ("wind speed", "wspd", "windspeed"),
}
PLACE = {
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "time zone": ("time zone", "timezone", "tz"),
    "elevation_m": ("elevation", "elev", "site elevation"),
}
UNITS = {
    **dict.fromkeys(("ghi", "dni", "dhi"), ("w/m2", "w/m^2", "w/m²")),
    "temp_air": ("c", "°c", "degc", "deg c", "celsius"),
    "wind_speed": ("m/s",),
}
UNIT_NAMES = {"ghi": "ghi units", "dni": "dni units", "dhi": "dhi units", "temp_air": "temperature units"}
COUNTS = (8760, 8784, 17520, 17568)


def recognised(lines: Sequence[str]) -> bool:
    names = [_plain(f) for f in lines[0].split(",")]
    return "latitude" in names and ("time zone" in names or names[0] == "source")


def read(lines: Sequence[str]) -> Recording:
    about = dict(zip(map(_plain, header_fields(lines, 0, 4)), header_fields(lines, 1, 4), strict=False))
    _check_units(about)
    names = [_plain(name) for name in header_fields(lines, 2, 8)]
    check_count(len(lines) - 3, COUNTS)
    index = {quantity: _column(names, quantity, known) for quantity, known in NAMES.items()}
    where = Where(4, {"year": 1, "time": 2, **{quantity: i + 1 for quantity, i in index.items()}})
    filled = len(names) - next(i for i, name in enumerate(reversed(names)) if name)
    columns = list(zip(*table(lines, 3, {len(names), filled}), strict=False))  # some rows may lack the empty end
    times = {unit: _time(columns, names, unit, where) for unit in ("year", "month", "day", "hour", "minute")}
    step = 30 if len(lines) - 3 > 8784 else 60
    sun_minute = float(times["minute"][0] % step) if "minute" in names else 30.0
    spot = place(lambda name: _about(about, PLACE[name]))
    local, line, column = _about(about, ("local time zone", *PLACE["time zone"]))
    offset = place(lambda name: (local, line, column) if name == "time zone" else ("0", line, column))["time zone"]
    return Recording(
        form=_form(about),
        title=_title(about),
        latitude=spot["latitude"],
        longitude=spot["longitude"],
        elevation_m=spot["elevation_m"],
        clock_hours=spot["time zone"],
        utc_offset_hours=offset,
        year=times["year"],
        month=times["month"],
        day=times["day"],
        minute=times["hour"] * 60 + times["minute"] - int(sun_minute if "minute" in names else 0),
        step_minutes=step,
        sun_minute=sun_minute,
        values={quantity: numbers(columns[i], quantity, where) for quantity, i in index.items()},
        where=where,
        typical=len(np.unique(times["year"])) > 1 or "tmy" in ",".join(about.values()).casefold(),
    )


def _plain(name: str) -> str:
    """A column name without its unit, case and punctuation."""
    return " ".join(re.sub(r"[_\-]", " ", re.sub(r"\([^()]*\)", "", name)).casefold().split())


def _column(names: list[str], quantity: str, known: tuple[str, ...]) -> int:
    hits = [i for i, name in enumerate(names) if name in known]
    if len(hits) != 1:
        what = f"no column for {quantity}" if not hits else f"{len(hits)} columns for {quantity}"
        column = hits[1] + 1 if hits else len(names)
        raise FileError(what, line=3, column=column, field=quantity, expected=f"one column {known[0]!r}")
    return hits[0]


def _time(columns: list[tuple[str, ...]], names: list[str], unit: str, where: Where) -> Whole:
    if unit in names:
        i = names.index(unit)
        return whole_numbers(columns[i], unit, Where(where.first_line, {unit: i + 1}))
    if unit == "minute":
        return np.zeros(len(columns[0]), dtype=np.int64)
    raise FileError(f"no column for the {unit}", line=3, column=1, field=unit, expected=f"a column {unit!r}")


def _about(about: dict[str, str], names: tuple[str, ...]) -> tuple[str, int, int]:
    """Text, line and column of the first of these names in the header."""
    for name in names:
        if name in about:
            return about[name], 2, list(about).index(name) + 1
    raise FileError(f"the header gives no {names[0]}", line=1, column=1, field=names[0], expected=f"{names[0]!r}")


def _check_units(about: dict[str, str]) -> None:
    wind = "wind speed units" if "wind speed units" in about else "wind speed"
    for quantity, name in {**UNIT_NAMES, "wind_speed": wind}.items():
        unit = about.get(name, "").casefold()
        if unit and unit not in UNITS[quantity]:
            raise FileError(
                f"{quantity} is in another unit",
                line=2,
                column=list(about).index(name) + 1,
                field=quantity,
                value=about[name],
                expected=UNITS[quantity][0],
            )


def _form(about: dict[str, str]) -> str:
    return "NSRDB csv" if about.get("source", "").upper().startswith("NSRDB") else "SAM csv"


def _title(about: dict[str, str]) -> str:
    parts = [about.get(key, "") for key in ("source", "location id", "city", "state", "version")]
    return ", ".join(p for p in parts if p not in ("", "-"))
