"""NSRDB, PSM version 4: typical and real years for the Americas, with a free key and the e-mail address it belongs to.

Contract: developer.nlr.gov/docs/solar/nsrdb. The old host developer.nrel.gov is gone since 2026-05-29. SOLAR_MINING_NSRDB_KEY
holds both, "KEY EMAIL"; both go into the address, so both are secret. Hours are asked for in UTC (the server's default and
pvlib's differ), stamped in their middle. Errors come in the form of the file asked for, csv, but also as JSON or a page.
"""

from __future__ import annotations

import re
from typing import Any

from core.errors import SourceError
from core.fetchers.fields import failed, refused, words_of
from core.fetchers.hours import checked
from core.fetchers.provider import Reply, Request, Source, parsed
from core.fetchers.spots import Spot, SpotYear
from core.fetchers.weather_files import read_weather
from core.inputs import Weather

NAME = "NSRDB"
BASE = "https://developer.nlr.gov"
PATH = "/api/nsrdb/v2/solar/"
KEY = "SOLAR_MINING_NSRDB_KEY"
FIRST_YEAR = 1998
WEST, EAST, SOUTH, NORTH = -175.0, -25.0, -20.0, 60.0  # what the satellites over the Americas see
NOTICE = "Data: National Solar Radiation Database, National Laboratory of the Rockies"
ATTRIBUTES = "ghi,dni,dhi,air_temperature,wind_speed"


def covers(spot: Spot) -> bool:
    """Whether a place lies in the Americas as NSRDB covers them (Sengupta et al. 2018)."""
    return WEST <= spot.longitude <= EAST and SOUTH <= spot.latitude <= NORTH


def _call(base: str, dataset: str, spot: Spot, names: str, key: str) -> Request:
    if not covers(spot):
        raise SourceError(
            f"{NAME} covers the Americas only",
            field="latitude, longitude",
            value=f"{spot.latitude:.2f}, {spot.longitude:.2f}",
            expected=f"latitude {SOUTH:g} to {NORTH:g}, longitude {WEST:g} to {EAST:g}",
        )
    api_key, email = _key_and_email(key)
    params = {
        "api_key": api_key,
        "email": email,
        "wkt": f"POINT({spot.longitude:.4f} {spot.latitude:.4f})",
        "names": names,
        "interval": "60",
        "attributes": ATTRIBUTES,
        "utc": "true",
        "leap_day": "false",
        "mailing_list": "false",
    }
    return Request(f"{base}{PATH}{dataset}-v4-0-0-download.csv", params, secrets=frozenset({"api_key", "email"}))


def _key_and_email(key: str) -> tuple[str, str]:
    parts = [part for part in re.split(r"[\s,;]+", key) if part]
    if len(parts) != 2 or "@" in parts[0] or "@" not in parts[1]:
        expected = "the key, a blank and the e-mail address it belongs to"
        raise SourceError(f"{NAME}: {KEY} is not complete", field=KEY, expected=expected)  # never the value
    return parts[0], parts[1]


def _ask_typical(base: str, asked: Spot, key: str) -> Request:
    return _call(base, "nsrdb-GOES-tmy", asked, "tmy", key)


def _read_typical(reply: Reply, asked: Spot) -> Weather:
    weather = _weather(reply, asked)
    if weather.kind != "typical":
        raise refused(NAME, "Year", weather.year, "a typical year")
    return weather


def _ask_year(base: str, asked: SpotYear, key: str) -> Request:
    asked.check_known(NAME, FIRST_YEAR)
    return _call(base, "nsrdb-GOES-aggregated", asked.spot, str(asked.year), key)


def _read_year(reply: Reply, asked: SpotYear) -> Weather:
    weather = _weather(reply, asked.spot)
    if (weather.kind, weather.year) != ("year", asked.year):
        raise refused(NAME, "Year", weather.year, f"the year {asked.year}")
    return weather


def _weather(reply: Reply, spot: Spot) -> Weather:
    """Source,…,Latitude,…,Time Zone,Elevation,… / values / Year,Month,Day,Hour,Minute,GHI,… / 8,760 rows"""
    refusal = _refusal(reply)
    if refusal:
        raise failed(NAME, refusal, "a csv file of one year")
    return checked(NAME, spot, lambda: read_weather(reply.body))


def _refusal(reply: Reply) -> str:
    """Why there is no file, in the server's words whatever form they come in; empty where there is one."""
    start = reply.body[:400].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        return _json_words(reply.body) or f"HTTP {reply.status}"
    if start.startswith("Error Code"):
        return words_of(" ".join(start.splitlines()[1:3]).replace(",", ": ", 1))
    if start.startswith("<") or not start:
        return f"HTTP {reply.status}, {'a web page' if start else 'nothing'} instead of a file"
    return f"HTTP {reply.status}, {words_of(start)}" if reply.status != 200 else ""


def _json_words(body: bytes) -> str:
    """{"errors": ["…"]} or {"error": {"code", "message"}}"""
    try:
        raw: Any = parsed(body)
    except SourceError as error:
        return error.message
    found = raw.get("errors") or raw.get("error") if isinstance(raw, dict) else None
    if isinstance(found, dict):
        return f"{found.get('code')}: {found.get('message')}"
    return "; ".join(map(str, found)) if isinstance(found, list) else str(found or "JSON without data")


TYPICAL = Source[Spot, Weather](NAME, BASE, _ask_typical, _read_typical, per_minute=20, key=KEY, notice=NOTICE)
YEAR = Source[SpotYear, Weather](NAME, BASE, _ask_year, _read_year, per_minute=20, key=KEY, notice=NOTICE)
