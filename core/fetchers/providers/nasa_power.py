"""NASA POWER: hourly years for any place on Earth since 2001, without a key, on a grid of one degree.

Contract: power.larc.nasa.gov/docs, "Hourly API". Values are means of the hour that starts at their label. Without
time-standard=UTC the hours are those of the local sun. Missing is `fill_value`, −999. Units are those of the community
"re": Wh/m² in an hour, °C, m/s. The newest months change for a while after they are published.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from core.errors import SourceError
from core.fetchers.fields import Fields, body_of, failed, number, refused, row, words_of
from core.fetchers.formats.cells import Floats
from core.fetchers.hours import Hours, floats, labels, typical_of, year_of
from core.fetchers.provider import Reply, Request, Source, parsed
from core.fetchers.spots import Spot, SpotYear
from core.inputs import Weather

NAME = "NASA POWER"
BASE = "https://power.larc.nasa.gov"
FIRST_YEAR = 2001
TYPICAL_YEARS = (2019, 2023)  # final data of all sources; five years are a reply of some five megabytes
PARAMETERS = {
    "ghi": "ALLSKY_SFC_SW_DWN",
    "dni": "ALLSKY_SFC_SW_DNI",
    "dhi": "ALLSKY_SFC_SW_DIFF",
    "temp_air": "T2M",
    "wind_speed": "WS10M",
}
UNITS = {
    **dict.fromkeys(("ghi", "dni", "dhi"), ("Wh/m^2", "W/m^2")),  # the same, in an hour
    "temp_air": ("C",),
    "wind_speed": ("m/s",),
}
NOTICE = "Data: NASA POWER project, NASA Langley Research Center"


def _call(base: str, spot: Spot, first_year: int, last_year: int) -> Request:
    params = {
        "parameters": ",".join(PARAMETERS.values()),
        "community": "re",
        "latitude": f"{spot.latitude:.4f}",
        "longitude": f"{spot.longitude:.4f}",
        "start": f"{first_year}0101",
        "end": f"{last_year}1231",
        "format": "JSON",
        "time-standard": "UTC",
    }
    return Request(f"{base}/api/temporal/hourly/point", params)


def _ask_typical(base: str, asked: Spot, key: str) -> Request:
    return _call(base, asked, *TYPICAL_YEARS)


def _read_typical(reply: Reply, asked: Spot) -> Weather:
    first, last = TYPICAL_YEARS
    return typical_of(_hours(reply, first, last), last - first + 1, asked)


def _ask_year(base: str, asked: SpotYear, key: str) -> Request:
    asked.check_known(NAME, FIRST_YEAR)
    return _call(base, asked.spot, asked.year, asked.year)


def _read_year(reply: Reply, asked: SpotYear) -> Weather:
    return year_of(_hours(reply, asked.year, asked.year), asked.spot)


def _hours(reply: Reply, first_year: int, last_year: int) -> Hours:
    """{"geometry": {"coordinates": [lon, lat, m]}, "properties": {"parameter": {NAME: {"2019010100": x}}}, "header", …}"""
    body = _body(reply)
    header = body.object("header")
    if header.raw.get("time_standard") != "UTC":
        raise refused(NAME, "header.time_standard", header.raw.get("time_standard"), "UTC")
    fill = number(header.raw.get("fill_value", -999.0), NAME, "header.fill_value")
    _check_units(body.object("parameters"))
    lon_lat_m = row(body.object("geometry").raw.get("coordinates"), 3, NAME, "geometry.coordinates")
    longitude, latitude, elevation_m = (number(x, NAME, "geometry.coordinates") for x in lon_lat_m[:3])
    told = body.object("properties").object("parameter")
    keys = _keys(first_year, last_year)
    return Hours(
        provider=NAME,
        title=_title(header),
        latitude=latitude,
        longitude=longitude,
        elevation_m=elevation_m,
        first_year=first_year,
        values={name: _column(told.object(code).raw, keys, code, fill) for name, code in PARAMETERS.items()},
        notes=_messages(body.raw),
    )


def _body(reply: Reply) -> Fields:
    """The reply; SourceError in POWER's own words where it holds messages instead of data, whatever the status."""
    if reply.status != 200:
        raise failed(NAME, _refusal(reply))
    body = Fields.of(body_of(reply, NAME), NAME)
    if "properties" not in body.raw:
        raise failed(NAME, _words(body.raw) or "no data")
    return body


def _refusal(reply: Reply) -> str:
    try:
        raw: Any = parsed(reply.body)
    except SourceError as error:
        return f"HTTP {reply.status}, {error.message}"
    return (_words(raw) if isinstance(raw, dict) else "") or f"HTTP {reply.status}"


def _words(raw: Mapping[str, Any]) -> str:
    header = raw.get("header")
    return "; ".join(_messages(raw)) or (words_of(header) if isinstance(header, str) else "")


def _messages(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """What the provider has to say beside its data."""
    messages = raw.get("messages")
    return tuple(words_of(message) for message in messages[:5]) if isinstance(messages, list) else ()


def _check_units(parameters: Fields) -> None:
    for name, code in PARAMETERS.items():
        unit = parameters.object(code).raw.get("units")
        if unit not in UNITS[name]:
            raise refused(NAME, f"parameters.{code}.units", unit, UNITS[name][0])


@cache
def _keys(first_year: int, last_year: int) -> tuple[str, ...]:
    stamps = labels(first_year, last_year - first_year + 1)
    return tuple(map("%d%02d%02d%02d".__mod__, zip(stamps.year, stamps.month, stamps.day, stamps.hour, strict=True)))


def _column(told: Mapping[str, Any], keys: tuple[str, ...], code: str, fill: float) -> Floats:
    """One parameter in order of time; an hour that is not there is missing, an hour that was not asked for is refused."""
    strays = told.keys() - set(keys)
    if strays:
        raise refused(NAME, f"parameter.{code}", min(strays), f"hours from {keys[0]} to {keys[-1]}")
    values = floats([told.get(key) for key in keys], NAME, f"parameter.{code}")
    return np.where(values == fill, np.nan, values)


def _title(header: Fields) -> str:
    """The data behind the figures and the release that served them."""
    sources, api = header.raw.get("sources"), header.raw.get("api")
    names = [str(s) for s in sources[:6]] if isinstance(sources, list) else []
    release = str(api.get("version", "")) if isinstance(api, dict) else ""
    return ", ".join(part for part in (*names, release) if part) or "hourly"


TYPICAL = Source[Spot, Weather](NAME, BASE, _ask_typical, _read_typical, per_minute=20, notice=NOTICE)
YEAR = Source[SpotYear, Weather](NAME, BASE, _ask_year, _read_year, per_minute=20, notice=NOTICE)
