"""TMY3 as published by NREL: a line for the station, a line of column names, then hours of local standard time.

Wilcox and Marion (2008), "Users Manual for TMY3 Data Sets", NREL/TP-581-43156, tables 1-1 to 1-3: the time ends the
hour (01:00–24:00), irradiance is the sum over that hour, −9900 is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from core.errors import FileError
from core.fetchers.formats.cells import Where, Whole, header_fields, numbers, place, table
from core.fetchers.formats.recording import Recording, check_count

NAMES = {
    "ghi": "GHI (W/m^2)",
    "dni": "DNI (W/m^2)",
    "dhi": "DHI (W/m^2)",
    "temp_air": "Dry-bulb (C)",
    "wind_speed": "Wspd (m/s)",
}
STATION = {"time zone": 3, "latitude": 4, "longitude": 5, "elevation_m": 6}
DATE = re.compile(r"\s*([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})\s*").fullmatch
TIME = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*").fullmatch


def recognised(lines: Sequence[str]) -> bool:
    return len(lines) > 1 and lines[1].lstrip().casefold().startswith("date (mm/dd/yyyy),")


def read(lines: Sequence[str]) -> Recording:
    station, names = header_fields(lines, 0, 7), header_fields(lines, 1, 3)
    check_count(len(lines) - 2)
    index = {quantity: _column(names, name) for quantity, name in NAMES.items()}
    where = Where(3, {"year": 1, "time": 1, **{quantity: i + 1 for quantity, i in index.items()}})
    columns = list(zip(*table(lines, 2, [len(names)]), strict=True))
    dates = _parts(columns[0], DATE, "MM/DD/YYYY", 1)
    times = _parts(columns[1], TIME, "HH:MM", 2)
    spot = place(lambda name: (station[STATION[name]], 1, STATION[name] + 1))
    return Recording(
        form="TMY3",
        title=", ".join(station[1:3]),
        latitude=spot["latitude"],
        longitude=spot["longitude"],
        elevation_m=spot["elevation_m"],
        clock_hours=spot["time zone"],
        utc_offset_hours=spot["time zone"],
        year=dates[:, 2],
        month=dates[:, 0],
        day=dates[:, 1],
        minute=(times[:, 0] - 1) * 60 + times[:, 1],
        step_minutes=60,
        sun_minute=30.0,
        values={quantity: numbers(columns[i], quantity, where) for quantity, i in index.items()},
        where=where,
        typical=True,
    )


def _column(names: list[str], name: str) -> int:
    folded = [n.casefold() for n in names]
    if folded.count(name.casefold()) != 1:
        raise FileError("a column is missing or doubled", line=2, column=1, field=name, expected=f"one column {name!r}")
    return folded.index(name.casefold())


def _parts(texts: Sequence[str], match: object, form: str, column: int) -> Whole:
    found = [match(t) for t in texts]  # type: ignore[operator]
    if not all(found):
        i = found.index(None)
        raise FileError(
            "the time cannot be read", line=i + 3, column=column, field="time", value=texts[i].strip(), expected=form
        )
    return np.array([[int(g) for g in m.groups()] for m in found], dtype=np.int64)
