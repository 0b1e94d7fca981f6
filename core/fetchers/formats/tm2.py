"""TMY2: one header line and 142 characters an hour, in fixed places.

Marion and Urban (1995), "User's Manual for TMY2s", NREL, section 3: the hour ends the hour (1–24) of local standard
time, irradiance is the sum over it, temperature and wind speed are in tenths, fields of nines are missing.
Columns in errors count characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from core.errors import FileError
from core.fetchers.formats.cells import Floats, Where, Whole, place
from core.fetchers.formats.recording import Recording, check_count

HEADER = re.compile(
    r"\s?(?P<wban>[0-9]{5}) (?P<title>.{22}) (?P<state>..)\s+(?P<zone>-?[0-9]{1,2})"
    r"\s(?P<ns>[NS])\s*(?P<lat>[0-9]{1,2})\s+(?P<latm>[0-9]{1,2})"
    r"\s+(?P<ew>[EW])\s*(?P<lon>[0-9]{1,3})\s+(?P<lonm>[0-9]{1,2})\s+(?P<elev>-?[0-9]{1,5})\s*"
).fullmatch
WIDTH = 142
SLOT = {"ghi": (17, 21), "dni": (23, 27), "dhi": (29, 33), "temp_air": (67, 71), "wind_speed": (95, 98)}
TENTHS = ("temp_air", "wind_speed")
WHOLE = re.compile(r" *-?[0-9]+").fullmatch


def recognised(lines: Sequence[str]) -> bool:
    return HEADER(lines[0]) is not None


def read(lines: Sequence[str]) -> Recording:
    header = HEADER(lines[0])
    if header is None:
        raise FileError("the first line is not a TMY2 header", line=1, column=1, field="header", expected="a station")
    check_count(len(lines) - 1)
    _check_widths(lines)
    where = Where(2, {"year": 2, "time": 4, **{name: start + 1 for name, (start, _) in SLOT.items()}})
    year, month, day, hour = (_slice(lines, (i, i + 2), "time") for i in (1, 3, 5, 7))
    spot = place(lambda name: (_header_value(header, name), 1, 1))
    return Recording(
        form="TMY2",
        title=f"{header['title'].strip()}, {header['state']}",
        latitude=spot["latitude"],
        longitude=spot["longitude"],
        elevation_m=spot["elevation_m"],
        clock_hours=spot["time zone"],
        utc_offset_hours=spot["time zone"],
        year=year + 1900,
        month=month,
        day=day,
        minute=(hour - 1) * 60,
        step_minutes=60,
        sun_minute=30.0,
        values={name: _values(lines, name) for name in SLOT},
        where=where,
        typical=True,
    )


def _header_value(header: re.Match[str], name: str) -> str:
    if name == "time zone":
        return header["zone"]
    if name == "elevation_m":
        return header["elev"]
    degrees, minutes, side = ("lat", "latm", "ns") if name == "latitude" else ("lon", "lonm", "ew")
    size = int(header[degrees]) + int(header[minutes]) / 60
    return f"{-size if header[side] in 'SW' else size:.6f}"


def _check_widths(lines: Sequence[str]) -> None:
    for i, line in enumerate(lines[1:], 2):
        if abs(len(line) - WIDTH) > 1:  # one blank more or less at the end
            raise FileError(
                "the row has another length than TMY2 rows have",
                line=i,
                column=min(len(line), WIDTH) + 1,
                field="row",
                value=len(line),
                expected=f"{WIDTH} characters",
            )


def _slice(lines: Sequence[str], slot: tuple[int, int], name: str) -> Whole:
    texts = [line[slice(*slot)] for line in lines[1:]]
    good = [WHOLE(t) is not None for t in texts]
    if not all(good):
        i = good.index(False)
        raise FileError(
            f"{name} is not a number",
            line=i + 2,
            column=slot[0] + 1,
            field=name,
            value=texts[i],
            expected=f"a whole number in columns {slot[0] + 1} to {slot[1]}",
        )
    return np.array([int(t) for t in texts], dtype=np.int64)


def _values(lines: Sequence[str], name: str) -> Floats:
    raw = _slice(lines, SLOT[name], name).astype(np.float64)
    if name not in TENTHS:
        return raw
    missing = raw == (9999 if name == "temp_air" else 999)
    return np.where(missing, np.nan, raw / 10)
