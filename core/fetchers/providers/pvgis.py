"""PVGIS of the European Commission's Joint Research Centre: typical and real years for most of the land, without a key.

Contract: joint-research-centre.ec.europa.eu, "PVGIS API non-interactive service". The address names release 5.3, because
the one without a number changes its answers silently. Values are those of an instant: a series is stamped with its
minute, a typical year with the full hour and an offset beside it. Weather is asked for under an open sky
(usehorizon=0): what the horizon hides is taken away once, by `array.horizon`.
A refusal is JSON with a message (HTTP 400); an overload is HTTP 529 with a web page.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.errors import SourceError
from core.fetchers import fields
from core.fetchers.fields import Fields, failed, number, refused
from core.fetchers.hours import checked
from core.fetchers.provider import Reply, Request, Source, parsed
from core.fetchers.spots import Spot, SpotYear
from core.fetchers.weather_files import read_weather
from core.inputs import Weather

NAME = "PVGIS"
BASE = "https://re.jrc.ec.europa.eu"
PATH = "/api/v5_3/"
FIRST_YEAR, LAST_YEAR = 2005, 2023  # of release 5.3
SHADED = "What the far horizon hides is already missing from this light: leave the horizon of the array empty."
NOTICE = "PVGIS © European Union, Joint Research Centre"
PER_MINUTE = 60  # of all its services together


def call(base: str, tool: str, spot: Spot, params: dict[str, str]) -> Request:
    """The call of one tool of PVGIS, answered in JSON."""
    place = {"lat": f"{spot.latitude:.4f}", "lon": f"{spot.longitude:.4f}"}
    return Request(f"{base}{PATH}{tool}", {**place, "outputformat": "json", **params})


def body_of(reply: Reply, spot: Spot) -> Fields:
    """The reply of any tool; SourceError in PVGIS's own words where it refuses, or where it is for another place."""
    if reply.status != 200:
        raise failed(NAME, _refusal(reply))
    body = Fields.of(fields.body_of(reply, NAME), NAME)
    if "message" in body.raw and "outputs" not in body.raw:
        raise failed(NAME, body.raw["message"])
    place = body.object("inputs").object("location")
    spot.check_near(NAME, place.number("latitude"), place.number("longitude"))
    return body


def _refusal(reply: Reply) -> str:
    try:
        raw: Any = parsed(reply.body)
    except SourceError as error:
        return f"HTTP {reply.status}, {error.message}"
    return str(raw.get("message") or f"HTTP {reply.status}") if isinstance(raw, dict) else f"HTTP {reply.status}"


def _ask_typical(base: str, asked: Spot, key: str) -> Request:
    years = {"startyear": str(FIRST_YEAR), "endyear": str(LAST_YEAR)}
    return call(base, "tmy", asked, {"usehorizon": "0", **years})


def _read_typical(reply: Reply, asked: Spot) -> Weather:
    """{"inputs": {"location": {…, "irradiance_time_offset": h}}, "outputs": {"tmy_hourly": [{"time(UTC)", …}]}}"""
    return _weather(reply, asked, "tmy_hourly")


def _ask_year(base: str, asked: SpotYear, key: str) -> Request:
    asked.check_known(NAME, FIRST_YEAR, LAST_YEAR)
    years = {"startyear": str(asked.year), "endyear": str(asked.year)}
    plane = {"trackingtype": "0", "angle": "0", "aspect": "0", "components": "1", "pvcalculation": "0"}
    return call(base, "seriescalc", asked.spot, {"usehorizon": "0", **years, **plane})


def _read_year(reply: Reply, asked: SpotYear) -> Weather:
    """{"outputs": {"hourly": [{"time": "20130101:0010", "Gb(i)", "Gd(i)", "H_sun", "T2m", "WS10m"}]}}, plane level"""
    weather = _weather(reply, asked.spot, "hourly")
    if weather.year != asked.year:
        raise refused(NAME, "time", weather.year, f"the year {asked.year}")
    return weather


def _weather(reply: Reply, spot: Spot, rows: str) -> Weather:
    """The year under `outputs.rows`, which tells a typical year from a series."""
    body = body_of(reply, spot)
    body.object("outputs").rows(rows)
    weather = checked(NAME, spot, lambda: read_weather(reply.body))
    about = body.object("inputs").raw.get("meteo_data")
    if isinstance(about, dict) and about.get("use_horizon") is True:  # although it was asked for without
        return replace(weather, notes=(*weather.notes, SHADED))
    return weather


def elevation_m(body: Fields) -> float:
    """Height of the ground that a reply of any tool carries [m]."""
    return number(body.object("inputs").object("location").raw.get("elevation"), NAME, "elevation")


TYPICAL = Source[Spot, Weather](NAME, BASE, _ask_typical, _read_typical, PER_MINUTE, notice=NOTICE)
YEAR = Source[SpotYear, Weather](NAME, BASE, _ask_year, _read_year, PER_MINUTE, notice=NOTICE)
