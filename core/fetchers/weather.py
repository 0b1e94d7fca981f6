"""A weather year for a site: a typical one, real ones, and those that ship with the program."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

from core.errors import NotFound, SourceError
from core.fetchers import weather_bytes
from core.fetchers.ask import LASTS_S, Answer, Bundled, Question, ask, known
from core.fetchers.bundled import pvlib_data
from core.fetchers.provider import Asked, Source
from core.fetchers.providers import nasa_power, nsrdb, open_meteo, pvgis
from core.fetchers.spots import Spot, SpotYear, distance_km
from core.fetchers.weather_files import read_weather
from core.fetchers.world import World
from core.inputs import Weather
from core.sections import Site
from core.units import DAY_S

NEAR_KM = 30.0
YEARS_AT_ONCE = 3  # calls to one provider side by side
TYPICAL_AS_OF = datetime(2010, 1, 1, tzinfo=UTC)  # the bundled typical years are older; nothing newer is claimed


@dataclass(frozen=True)
class Place:
    """A typical year that comes with the installed pvlib, of a town in a state of the United States."""

    label: str
    latitude: float
    longitude: float
    file: str
    timezone: str


BUNDLED: dict[str, Place] = {
    "greensboro": Place("Greensboro, North Carolina", 36.1, -79.95, "723170TYA.CSV", "America/New_York"),
    "miami": Place("Miami, Florida", 25.8, -80.266667, "12839.tm2", "America/New_York"),
    "sand_point": Place("Sand Point, Alaska", 55.317, -160.517, "703165TY.csv", "America/Anchorage"),
}
PREFIX = "bundled:"


def weather_for(site: Site, world: World) -> Weather:
    """The best weather year there is for a site, asked of the world where it is not known.

    `auto` goes down the ladder of `typical`; `bundled:NAME` is that place. An uploaded file (`file:DIGEST`) is kept
    elsewhere: whoever holds it passes it in, so here it is NotFound.
    """
    return _chosen(site) or _weather(ask(typical(Spot.of(site)), Spot.of(site), world))


def known_weather(site: Site, world: World) -> Weather:
    """As `weather_for`, without a call: what was fetched before, else the nearest year that ships with the program."""
    return _chosen(site) or _weather(known(typical(Spot.of(site)), Spot.of(site), world))


def _chosen(site: Site) -> Weather | None:
    """The year that a site names, None where it leaves the choice."""
    if site.weather.startswith(PREFIX):
        return bundled(site.weather.removeprefix(PREFIX))
    if site.weather != "auto":
        raise NotFound(
            f"the weather file {site.weather} is not here",
            field="site.weather",
            value=site.weather,
            expected="a file that was uploaded before, auto, or a bundled place",
        )
    return None


def _weather(answer: Answer[Weather]) -> Weather:
    """A weather year that says how it was come by."""
    told = answer.value
    if answer.status == "bundled":
        return told
    notes = (*told.notes, answer.notice) if answer.notice else told.notes
    return replace(told, status=answer.status, observed_at=answer.fetched_at, notes=notes)


def years_for(spot: Spot, years: Iterable[int], world: World) -> tuple[tuple[Weather, ...], dict[int, str]]:
    """Real years at a place, oldest first, and why those that are missing could not be had."""
    with ThreadPoolExecutor(max_workers=YEARS_AT_ONCE, thread_name_prefix="weather") as pool:
        told = list(pool.map(lambda year: _year(spot, year, world), sorted(years)))
    found = tuple(one for one in told if isinstance(one, Weather))
    return found, dict(one for one in told if not isinstance(one, Weather))


def _year(spot: Spot, year: int, world: World) -> Weather | tuple[int, str]:
    asked = SpotYear(spot, year)
    try:
        return _weather(ask(real_year(spot), asked, world))
    except SourceError as error:
        return year, error.message


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
    year = read_weather(pvlib_data() / place.file)
    return replace(
        year, source=f"{year.source}, NREL, as shipped with pvlib", status="bundled", observed_at=TYPICAL_AS_OF
    )


def nearest_bundled(spot: Spot) -> Weather:
    """The last rung: the nearest place that ships with the program, with its distance in the notes."""
    here = (spot.latitude, spot.longitude)
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
        "Until a provider answers for the site, or a weather file of it is uploaded, take the figures as a rough guess."
    )


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


def typical(spot: Spot) -> Question[Spot, Weather]:
    """What a typical year at a place is asked of, best first, and the nearest bundled one where nobody answers."""
    return Question(
        name="weather",
        sources=for_spot(TYPICAL, spot),
        soft_s=180 * DAY_S,
        hard_s=LASTS_S,
        pack=weather_bytes.pack,
        unpack=weather_bytes.unpack,
        bundled=_bundled_near,
    )


def _bundled_near(spot: Spot) -> Bundled[Weather]:
    year = nearest_bundled(spot)
    return Bundled(year, year.source, TYPICAL_AS_OF)


def real_year(spot: Spot) -> Question[SpotYear, Weather]:
    """What one calendar year at a place is asked of. Past years do not change; none ships with the program."""
    return Question(
        name="weather of a year",
        sources=for_spot(YEARS, spot),
        soft_s=LASTS_S,
        hard_s=LASTS_S,
        pack=weather_bytes.pack,
        unpack=weather_bytes.unpack,
    )
