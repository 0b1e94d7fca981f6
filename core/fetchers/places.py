"""Where is a place of that name, and how high is the ground there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH, available_timezones

from core.errors import SourceError
from core.fetchers import relief
from core.fetchers.ask import LASTS_S, Bundled, Question
from core.fetchers.fields import Fields, refused
from core.fetchers.formats.cells import BOUNDS
from core.fetchers.formats.text import tidy
from core.fetchers.packing import packed, unpacked
from core.fetchers.provider import Reply, Request, Source
from core.fetchers.providers import open_meteo, pvgis
from core.fetchers.spots import Spot, distance_km

MOST_FOUND = 10
LONGEST_NAME = 100
ZONES, COUNTRIES = "zone.tab", "iso3166.tab"
ZONES_AS_OF = datetime(2026, 1, 1, tzinfo=UTC)  # the places do not move
RELIEF_AS_OF = datetime(2023, 1, 1, tzinfo=UTC)  # neither does the ground
GEOCODING_BASE = "https://geocoding-api.open-meteo.com"
ELEVATION_BASE = "https://api.open-meteo.com"
GEOCODING_NOTICE = f"{open_meteo.NOTICE}; names by GeoNames"


@dataclass(frozen=True)
class Found:
    """A place that a name led to. `timezone`: IANA name, empty where it is not known; `elevation_m` likewise None."""

    name: str
    region: str
    country: str
    latitude: float
    longitude: float
    elevation_m: float | None
    timezone: str


@dataclass(frozen=True)
class Elevation:
    """Height of the ground above sea level."""

    elevation_m: float
    source: str


def _ask_name(base: str, asked: str, key: str) -> Request:
    name = tidy(asked, LONGEST_NAME)
    if len(name) < 2:
        expected = "at least two letters"
        raise SourceError("no place has a name that short", field="name", value=name, expected=expected)
    params = {"name": name, "count": str(MOST_FOUND), "language": "en", "format": "json"}
    return open_meteo.call(f"{base}/v1/search", params, key)


def _read_name(reply: Reply, asked: str) -> tuple[Found, ...]:
    """{"results": [{"name", "latitude", "longitude", "elevation", "timezone", "country", "admin1"}]}; absent: none."""
    body = open_meteo.body_of(reply)
    results = body.raw.get("results", [])
    if not isinstance(results, list):
        raise refused(open_meteo.NAME, "results", results, "a list of places")
    return tuple(_found(Fields.of(row, open_meteo.NAME, "results")) for row in results[:MOST_FOUND])


def _found(row: Fields) -> Found:
    latitude, longitude = (_within(row, name) for name in ("latitude", "longitude"))
    zone = row.raw.get("timezone")
    return Found(
        name=tidy(row.text("name")),
        region=tidy(row.raw.get("admin1") or ""),
        country=tidy(row.raw.get("country") or ""),
        latitude=latitude,
        longitude=longitude,
        elevation_m=_known_m(row.raw.get("elevation")),
        timezone=zone if isinstance(zone, str) and zone in _zones() else "",
    )


def _known_m(elevation: Any) -> float | None:
    """A height, or None: GeoNames writes −9999 where it does not know."""
    low, high = BOUNDS["elevation_m"]
    return float(elevation) if isinstance(elevation, int | float) and low <= elevation <= high else None


def _within(row: Fields, name: str) -> float:
    value, (low, high) = row.number(name), BOUNDS[name]
    if not low <= value <= high:
        raise refused(open_meteo.NAME, name, value, f"a number from {low:g} to {high:g}")
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _ask_elevation(base: str, asked: Spot, key: str) -> Request:
    place = {"latitude": f"{asked.latitude:.4f}", "longitude": f"{asked.longitude:.4f}"}
    return open_meteo.call(f"{base}/v1/elevation", place, key)


def _read_elevation(reply: Reply, asked: Spot) -> Elevation:
    """{"elevation": [38.0]}"""
    heights = open_meteo.body_of(reply).rows("elevation")
    if len(heights) != 1:
        raise refused(open_meteo.NAME, "elevation", len(heights), "one height")
    height = Fields(open_meteo.NAME, {"elevation": heights[0]}).number("elevation")
    return _elevation(open_meteo.NAME, height, f"{open_meteo.NAME}, Copernicus GLO-90")


def _ask_horizon(base: str, asked: Spot, key: str) -> Request:
    """The smallest of PVGIS's replies that tells the height of its place."""
    return pvgis.call(base, "printhorizon", asked, {})


def _read_horizon(reply: Reply, asked: Spot) -> Elevation:
    """{"inputs": {"location": {"latitude", "longitude", "elevation": 250.0}}}"""
    return _elevation(pvgis.NAME, pvgis.elevation_m(pvgis.body_of(reply, asked)), pvgis.NAME)


def _elevation(provider: str, height: float, source: str) -> Elevation:
    low, high = BOUNDS["elevation_m"]
    if not low <= height <= high:
        raise refused(provider, "elevation", height, f"a height from {low:g} to {high:g} m")
    return Elevation(height, source)


# What ships with the program


def cities(name: str) -> tuple[Found, ...]:
    """Cities that time zones are named after and that hold these letters: some 400 over the Earth, to search offline.

    With them the places whose sun ships with the program. Those that begin with the letters first. Source: zone.tab of
    the IANA time zone database, public domain.
    """
    letters = " ".join(name.casefold().split())
    hits = [city for city in (*with_sun(), *all_cities()) if letters and letters in city.name.casefold()]
    return tuple(sorted(hits, key=lambda c: (not c.name.casefold().startswith(letters), c.name)))[:MOST_FOUND]


def with_sun() -> tuple[Found, ...]:
    """The places whose typical year ships with the program."""
    from core.fetchers.weather import BUNDLED

    named = [(place.label.split(", "), place) for place in BUNDLED.values()]
    return tuple(
        Found(town, state, "United States", place.latitude, place.longitude, None, place.timezone)
        for (town, state), place in named
    )


@cache
def all_cities() -> tuple[Found, ...]:
    """Every city that a time zone is named after."""
    countries = {row[0]: row[1] for row in _table(COUNTRIES)}
    return tuple(_city(countries.get(row[0], row[0]), row[1], row[2]) for row in _table(ZONES))


def _city(country: str, position: str, zone: str) -> Found:
    """±DDMM±DDDMM or ±DDMMSS±DDDMMSS, and Area/Place or Area/Region/Place."""
    *regions, name = zone.replace("_", " ").split("/")[1:]
    split = max(position.rfind("+"), position.rfind("-"))
    latitude, longitude = _degrees(position[:split], 2), _degrees(position[split:], 3)
    return Found(name, ", ".join(regions), country, latitude, longitude, None, zone)


def nearest_city(spot: Spot) -> Found:
    """The city nearest to a place, of those that time zones are named after."""
    here = (spot.latitude, spot.longitude)
    return min(all_cities(), key=lambda city: distance_km(here, (city.latitude, city.longitude)))


def likely_timezone(spot: Spot) -> str:
    """The zone named after the nearest city: a first guess for a point on a map, wrong near borders."""
    return nearest_city(spot).timezone


def _degrees(text: str, digits: int) -> float:
    whole, minutes, seconds = text[1 : 1 + digits], text[1 + digits : 3 + digits], text[3 + digits :] or "0"
    size = int(whole) + int(minutes) / 60 + int(seconds) / 3600
    return round(-size if text[0] == "-" else size, 4)


def _table(name: str) -> list[list[str]]:
    """Rows of a table that comes with the system's or Python's own time zones; none where neither has it."""
    folders = [Path(folder) for folder in TZPATH]
    here = next((folder / name for folder in folders if (folder / name).is_file()), None)
    try:
        file = here or resources.files("tzdata") / "zoneinfo" / name
        lines = file.read_text(encoding="utf-8").splitlines()
    except (ModuleNotFoundError, FileNotFoundError):
        return []
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


_GEOCODING: Source[str, tuple[Found, ...]] = Source(
    open_meteo.NAME,
    GEOCODING_BASE,
    _ask_name,
    _read_name,
    open_meteo.PER_MINUTE,
    opt_in=True,
    notice=GEOCODING_NOTICE,
)
_ELEVATION: Source[Spot, Elevation] = Source(
    open_meteo.NAME,
    ELEVATION_BASE,
    _ask_elevation,
    _read_elevation,
    open_meteo.PER_MINUTE,
    opt_in=True,
    notice=open_meteo.NOTICE,
)
_PVGIS: Source[Spot, Elevation] = Source(
    pvgis.NAME, pvgis.BASE, _ask_horizon, _read_horizon, pvgis.PER_MINUTE, notice=pvgis.NOTICE
)
GEOCODING: Question[str, tuple[Found, ...]] = Question(
    name="places",
    sources=(open_meteo.paid(_GEOCODING), _GEOCODING),
    soft_s=LASTS_S,
    hard_s=LASTS_S,
    pack=packed,
    unpack=unpacked(tuple[Found, ...]),
    bundled=lambda asked: Bundled(cities(asked), "cities that time zones are named after", ZONES_AS_OF),
)
ELEVATION: Question[Spot, Elevation] = Question(
    name="elevation",
    sources=(_PVGIS, open_meteo.paid(_ELEVATION), _ELEVATION),
    soft_s=LASTS_S,
    hard_s=LASTS_S,
    pack=packed,
    unpack=unpacked(Elevation),
    bundled=lambda asked: Bundled(Elevation(relief.height_m(asked), relief.NAME), relief.NAME, RELIEF_AS_OF),
)
