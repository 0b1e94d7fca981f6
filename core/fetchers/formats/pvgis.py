"""PVGIS csv and json: typical years (`tmy`) and hourly series (`seriescalc`) on the horizontal, in UTC.

Stamps of a typical year say the full hour, its irradiance belongs `irradiance_time_offset` hours later; stamps of a
series carry the true minute. A series gives the beam on the plane, so on the horizontal dni = Gb(i) / sin(H_sun);
on a tilted plane the parts cannot be had back and the file is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import FileError
from core.fetchers.formats.cells import Floats, Where, Whole, fields_of, figure, numbers, place, table
from core.fetchers.formats.recording import Recording, check_count

TMY = {"temp_air": "T2m", "ghi": "G(h)", "dni": "Gb(n)", "dhi": "Gd(h)", "wind_speed": "WS10m"}
SERIES = {"beam": "Gb(i)", "dhi": "Gd(i)", "sun_height": "H_sun", "temp_air": "T2m", "wind_speed": "WS10m"}
STAMP = re.compile(r"\s*([0-9]{4})([0-9]{2})([0-9]{2}):([0-9]{2})([0-9]{2})\s*").fullmatch
ABOUT = {
    "latitude": re.compile(r"Latitude \(decimal degrees\):\s*(\S+)"),
    "longitude": re.compile(r"Longitude \(decimal degrees\):\s*(\S+)"),
    "elevation_m": re.compile(r"Elevation \(m\):\s*(\S+)"),
    "offset": re.compile(r"Irradiance Time Offset \(h\):\s*(\S+)", re.IGNORECASE),
    "slope": re.compile(r"Slope:\s*(\S+)"),
    "database": re.compile(r"Radiation database:\s*(.+)"),
}
# Below this height the sun's beam is too flat to divide by: a rounded 0.1 W/m² would become kilowatts.
LOW_SUN_DEG = 2.0
HIGHEST_DNI = 1412.0  # beyond the atmosphere, early in January
MOST_OBJECTS, MOST_VALUES = 20_000, 400_000  # a year has 8,784 rows of some ten values


def recognised(lines: Sequence[str]) -> bool:
    return any(ABOUT["latitude"].match(line.strip().strip('"')) for line in lines[:3])


def read(lines: Sequence[str]) -> Recording:
    """The csv form."""
    first = next((i for i, line in enumerate(lines[:60]) if line.startswith(("time(UTC),", "time,"))), -1)
    if first < 0:
        expected = "a line that begins time(UTC), or time,"
        raise FileError("there is no line of column names", line=1, column=1, field="header", expected=expected)
    about = _csv_header(lines[:first])
    names = fields_of(lines[first])
    last = next((i for i in range(first + 1, len(lines)) if not lines[i].strip()), len(lines))
    check_count(last - first - 1)
    columns = dict(zip(names, zip(*table(lines[:last], first + 1, [len(names)]), strict=True), strict=True))
    wanted = TMY if names[0] == "time(UTC)" else _series(about, columns)
    spots = {quantity: names.index(_present(name, columns)) + 1 for quantity, name in wanted.items()}
    where = Where(first + 2, {**spots, **{made: spots[have] for made, have in _made(wanted).items()}})
    values = {quantity: numbers(columns[name], quantity, where) for quantity, name in wanted.items()}
    return _recording(about, columns[names[0]], values, where, typical=wanted is TMY)


def _csv_header(lines: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Text and line of every known item of the header."""
    about = {}
    for i, line in enumerate(lines, 1):
        for name, pattern in ABOUT.items():
            if found := pattern.match(line.strip().strip('"')):
                about[name] = found[1].strip(), i
    return about


def recognised_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def read_json(text: str) -> Recording:
    """The json form."""
    if text.count("{") > MOST_OBJECTS or text.count(",") + text.count("[") > MOST_VALUES:
        raise FileError("the JSON holds more than one year", field="file", expected="8,760 or 8,784 hourly rows")
    raw = _loaded(text)
    about = _json_header(raw)
    kind = "tmy_hourly" if isinstance(_at(raw, "outputs", "tmy_hourly"), list) else "hourly"
    rows = _at(raw, "outputs", kind)
    if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
        expected = "outputs.tmy_hourly or outputs.hourly, a list of rows"
        raise FileError("this JSON is not a PVGIS year", field="outputs", expected=expected)
    check_count(len(rows))
    wanted = TMY if kind == "tmy_hourly" else _series(about, rows[0])
    keys = {quantity: f"outputs.{kind}|{name}" for quantity, name in wanted.items()}
    stamp = "time(UTC)" if wanted is TMY else "time"
    keys |= {made: keys[have] for made, have in _made(wanted).items()}
    where = Where(0, {}, {**keys, "time": f"outputs.{kind}|{stamp}", "year": f"outputs.{kind}|{stamp}"})
    values = {quantity: _json_numbers(rows, name, quantity, where) for quantity, name in wanted.items()}
    return _recording(about, [r.get(stamp) for r in rows], values, where, typical=wanted is TMY)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise FileError(
            "this is not JSON",
            line=error.lineno,
            column=error.colno,
            field="file",
            value=error.msg,
            expected="a PVGIS reply",
        ) from None
    except (ValueError, RecursionError) as error:
        raise FileError("this JSON cannot be read", field="file", value=str(error), expected="a PVGIS reply") from None


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number JSON knows")


def _at(node: Any, *path: str) -> Any:
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _json_header(raw: Any) -> dict[str, tuple[str, int]]:
    paths = {
        "latitude": ("location", "latitude"),
        "longitude": ("location", "longitude"),
        "elevation_m": ("location", "elevation"),
        "offset": ("location", "irradiance_time_offset"),
        "slope": ("mounting_system", "fixed", "slope", "value"),
        "database": ("meteo_data", "radiation_db"),
    }
    found = {name: _at(raw, "inputs", *path) for name, path in paths.items()}
    return {name: (str(value), 0) for name, value in found.items() if isinstance(value, str | int | float)}


def _json_numbers(rows: Sequence[Mapping[str, Any]], name: str, quantity: str, where: Where) -> Floats:
    values = np.empty(len(rows))
    for i, row in enumerate(rows):
        value = row.get(name)
        if value is not None and type(value) not in (int, float):
            raise FileError(f"{name} is not a number", value=value, expected="a number", **where.of(quantity, i))
        values[i] = np.nan if value is None else value if abs(value) < 1e9 else np.inf
    return values


def _present(name: str, columns: Mapping[str, Any]) -> str:
    if name not in columns:
        raise FileError(
            f"there is no column {name}", field=name, expected=f"columns {', '.join(columns)[:80]} and {name}"
        )
    return name


def _series(about: Mapping[str, tuple[str, int]], columns: Mapping[str, Any]) -> dict[str, str]:
    """The columns of a series, once it is clear that they can be used."""
    if "Gb(i)" not in columns or "Gd(i)" not in columns:
        raise FileError(
            "this PVGIS series has no beam and diffuse parts",
            field="Gb(i)",
            expected="hourly data downloaded with radiation components (Gb(i), Gd(i)), slope 0; or a TMY file",
        )
    slope, line = about.get("slope", ("none", 0))
    if not re.fullmatch(r"-?0(\.0*)?", slope):
        raise FileError(
            "this PVGIS series is on a tilted or turning plane, from which the horizontal parts cannot be had back",
            line=line,
            column=1 if line else 0,
            field="slope",
            value=slope,
            expected="hourly data downloaded with a fixed plane of slope 0; or a TMY file",
        )
    return SERIES


def _recording(
    about: Mapping[str, tuple[str, int]],
    stamps: Sequence[Any],
    values: dict[str, Floats],
    where: Where,
    *,
    typical: bool,
) -> Recording:
    times = _times(stamps, where)
    minute = int(times[0, 4])
    offset, notes = _offset(about) if typical else (0.0, ())
    spot = place(lambda name: ("0", 0, 0) if name == "time zone" else _said(about, name))
    return Recording(
        form="PVGIS typical year" if typical else "PVGIS hourly series",
        title=about.get("database", ("European Commission, JRC", 0))[0],
        latitude=spot["latitude"],
        longitude=spot["longitude"],
        elevation_m=spot["elevation_m"],
        clock_hours=0.0,
        utc_offset_hours=0.0,
        year=times[:, 0],
        month=times[:, 1],
        day=times[:, 2],
        minute=times[:, 3] * 60 + times[:, 4] - minute,
        step_minutes=60,
        sun_minute=minute + offset * 60,
        values=values if typical else _parts(values),
        where=where,
        typical=typical,
        notes=notes,
    )


def _said(about: Mapping[str, tuple[str, int]], name: str) -> tuple[str, int, int]:
    if name not in about:
        raise FileError(f"the header gives no {name}", line=1, column=1, field=name, expected=name)
    text, line = about[name]
    return text, line, 1 if line else 0


def _offset(about: Mapping[str, tuple[str, int]]) -> tuple[float, tuple[str, ...]]:
    """Hours from the stamp to the moment of the irradiance."""
    if "offset" not in about:
        return 0.0, (
            "The file does not say when within the hour its irradiance was taken (older PVGIS): the full hour is "
            "assumed, which can be off by half an hour and shifts east and west arrays by 1–3 %.",
        )
    text, line, column = _said(about, "offset")
    return figure(text, "irradiance time offset", -1, 1, line=line, column=column), ()


def _times(stamps: Sequence[Any], where: Where) -> Whole:
    found = [STAMP(s) if isinstance(s, str) else None for s in stamps]
    if not all(found):
        i = found.index(None)
        raise FileError("the time cannot be read", value=stamps[i], expected="YYYYMMDD:HHMM", **where.of("time", i))
    return np.array([[int(g) for g in m.groups()] for m in found if m], dtype=np.int64)


def _made(wanted: Mapping[str, str]) -> dict[str, str]:
    """The quantities that come of others, and what to blame when they are off."""
    return {} if wanted is TMY else {"ghi": "beam", "dni": "beam"}


def _parts(values: dict[str, Floats]) -> dict[str, Floats]:
    """ghi, dni and dhi of a horizontal series."""
    beam, dhi, height = values["beam"], values["dhi"], values["sun_height"]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        dni = np.minimum(beam / np.sin(np.radians(height)), HIGHEST_DNI)
    dni = np.where(np.isnan(beam) | np.isnan(height), np.nan, np.where(height >= LOW_SUN_DEG, dni, 0.0))
    return {
        "ghi": beam + dhi,
        "dni": dni,
        "dhi": dhi,
        "temp_air": values["temp_air"],
        "wind_speed": values["wind_speed"],
    }
