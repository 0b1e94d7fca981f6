"""EnergyPlus weather (EPW): eight header lines, then 35 fields an hour in local standard time.

Fields and missing codes: EnergyPlus Auxiliary Programs, "EnergyPlus Weather File (EPW) Data Dictionary". The hour
field ends the hour (1–24); irradiance is the sum over that hour, so the sun belongs to its middle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.errors import FileError
from core.fetchers.formats.cells import Where, fields_of, header_fields, numbers, place, table, whole_numbers
from core.fetchers.formats.recording import Recording, check_count

FIELD = {"temp_air": 6, "ghi": 13, "dni": 14, "dhi": 15, "wind_speed": 21}
LOCATION = {"latitude": 6, "longitude": 7, "time zone": 8, "elevation_m": 9}
LEAST, MOST = 22, 35  # older files end before the last fields


def recognised(lines: Sequence[str]) -> bool:
    return lines[0].lstrip().upper().startswith("LOCATION,")


def read(lines: Sequence[str]) -> Recording:
    header = header_fields(lines, 0, 10)
    first = _first_row(lines)
    check_count(len(lines) - first)
    where = Where(first + 1, {"year": 1, "time": 2, **{name: i + 1 for name, i in FIELD.items()}})
    rows = table(lines, first, [_width(lines[first], first + 1)])
    columns = list(zip(*rows, strict=True))
    year, month, day, hour = (whole_numbers(columns[i], "time", where) for i in range(4))
    spot = place(lambda name: (header[LOCATION[name]], 1, LOCATION[name] + 1))
    return Recording(
        form="EPW",
        title=", ".join(f for f in header[1:5] if f not in ("", "-")),
        latitude=spot["latitude"],
        longitude=spot["longitude"],
        elevation_m=spot["elevation_m"],
        clock_hours=spot["time zone"],
        utc_offset_hours=spot["time zone"],
        year=year,
        month=month,
        day=day,
        minute=(hour - 1) * 60,
        step_minutes=60,
        sun_minute=30.0,
        values={name: numbers(columns[i], name, where) for name, i in FIELD.items()},
        where=where,
        typical=len(np.unique(year)) > 1 or _says_typical(lines[:first]),
    )


def _first_row(lines: Sequence[str]) -> int:
    for i, line in enumerate(lines[:20]):
        if line.upper().startswith("DATA PERIODS"):
            _check_period(line, i + 1)
            return i + 1
    raise FileError(
        "the header has no DATA PERIODS line", line=min(8, len(lines)), column=1, field="header", expected="eight lines"
    )


def _check_period(line: str, number: int) -> None:
    fields = [f.strip() for f in fields_of(line)]
    if fields[1:3] != ["1", "1"]:
        raise FileError(
            "the file is not one period of hourly rows",
            line=number,
            column=2,
            field="DATA PERIODS",
            value=",".join(fields[1:3]),
            expected="1,1",
        )


def _width(line: str, number: int) -> int:
    width = len(fields_of(line))
    if not LEAST <= width <= MOST:
        raise FileError(
            f"the row has {width} fields",
            line=number,
            column=min(width, MOST) + 1,
            field="row",
            value=width,
            expected=f"{LEAST} to {MOST} fields separated by commas and decimals with a point",
        )
    return width


def _says_typical(header: Sequence[str]) -> bool:
    said = " ".join([header[0], *(line for line in header if line.upper().startswith("COMMENTS"))]).upper()
    return any(word in said for word in ("TMY", "TYPICAL", "IWEC", "CWEC", "TRY"))
