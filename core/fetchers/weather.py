"""A weather year for a site: the rungs of a ladder, best first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from math import asin, cos, radians, sin, sqrt
from pathlib import Path

from core.errors import NotFound
from core.fetchers.provider import Asked, Source
from core.fetchers.providers import nasa_power, nsrdb, open_meteo, pvgis
from core.fetchers.spots import Spot, SpotYear
from core.fetchers.weather_files import read_weather
from core.inputs import Weather
from core.sections import Site

EARTH_KM = 6371.0
NEAR_KM = 30.0


@dataclass(frozen=True)
class Place:
    """A typical year that comes with the installed pvlib."""

    label: str
    latitude: float
    longitude: float
    file: str


BUNDLED: dict[str, Place] = {
    "greensboro": Place("Greensboro, North Carolina", 36.1, -79.95, "723170TYA.CSV"),
    "miami": Place("Miami, Florida", 25.8, -80.266667, "12839.tm2"),
    "sand_point": Place("Sand Point, Alaska", 55.317, -160.517, "703165TY.csv"),
}
PREFIX = "bundled:"


def weather_for(site: Site) -> Weather:
    """The best weather year there is for a site.

    `auto` goes down LADDER to the first rung that answers; `bundled:NAME` is that place. An uploaded file
    (`file:DIGEST`) is kept elsewhere: whoever holds it passes it in, so here it is NotFound.
    """
    if site.weather.startswith(PREFIX):
        return bundled(site.weather.removeprefix(PREFIX))
    if site.weather != "auto":
        raise NotFound(
            f"the weather file {site.weather} is not here",
            field="site.weather",
            value=site.weather,
            expected="a file that was uploaded before, auto, or a bundled place",
        )
    return next(year for rung in LADDER if (year := rung(site)) is not None)


def bundled(name: str) -> Weather:
    """The typical year of a bundled place; NotFound when there is none of that name."""
    if name not in BUNDLED:
        raise NotFound(
            f"no bundled weather named {name!r}",
            field="site.weather",
            value=PREFIX + name,
            expected=" or ".join(PREFIX + known for known in BUNDLED),
        )
    return _read(name)


@cache
def _read(name: str) -> Weather:
    place = BUNDLED[name]
    year = read_weather(_pvlib_data() / place.file)
    return replace(year, source=f"{year.source}, NREL, as shipped with pvlib", status="bundled")


def _pvlib_data() -> Path:
    """Where the installed pvlib keeps its data, found without importing it (an import costs a second)."""
    spec = find_spec("pvlib")
    if spec is None or spec.origin is None:
        raise NotFound("pvlib is not installed", field="site.weather", value="bundled", expected="an installed pvlib")
    return Path(spec.origin).parent / "data"


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (latitude, longitude) [°] on a sphere of 6,371 km; 2 R asin √h (haversine)."""
    (lat_a, lon_a), (lat_b, lon_b) = ((radians(lat), radians(lon)) for lat, lon in (a, b))
    h = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, h)))


def nearest_bundled(site: Site) -> Weather:
    """The last rung: the nearest place that ships with the program, with its distance in the notes."""
    here = (site.latitude, site.longitude)
    reach = {name: distance_km(here, (place.latitude, place.longitude)) for name, place in BUNDLED.items()}
    name = min(reach, key=lambda known: reach[known])
    year = bundled(name)
    return replace(year, notes=(_far(BUNDLED[name], reach[name]), *year.notes))


def _far(place: Place, km: float) -> str:
    if km < NEAR_KM:
        return f"This is the weather of {place.label}, {km:,.0f} km from the site: a typical year that ships with the program."
    return (
        f"This is the weather of {place.label}, a typical year, {km:,.0f} km from the site: the nearest that ships "
        "with the program. Sun, seasons and compass are those of that place, where an array faces south at 180°. "
        "Live weather for any place is not fetched yet; upload a weather file of the site for figures to rely on."
    )


# Best first; each rung answers with a year or None, the last one always answers.
LADDER: tuple[Callable[[Site], Weather | None], ...] = (nearest_bundled,)

# Who is asked for a typical year and for one calendar year, best first. Those that need a key or an opt-in are left out
# without one.
TYPICAL: tuple[Source[Spot, Weather], ...] = (
    pvgis.TYPICAL,
    nsrdb.TYPICAL,
    nasa_power.TYPICAL,
    open_meteo.TYPICAL_PAID,
    open_meteo.TYPICAL,
)
YEARS: tuple[Source[SpotYear, Weather], ...] = (
    pvgis.YEAR,
    nasa_power.YEAR,
    nsrdb.YEAR,
    open_meteo.YEAR_PAID,
    open_meteo.YEAR,
)


def for_spot(ladder: tuple[Source[Asked, Weather], ...], spot: Spot) -> tuple[Source[Asked, Weather], ...]:
    """A ladder as it fits a place: NSRDB first where it sees the ground from above, and not at all elsewhere."""
    first = [source for source in ladder if source.name == nsrdb.NAME and nsrdb.covers(spot)]
    return (*first, *(source for source in ladder if source.name != nsrdb.NAME))
