"""Open-Meteo: hourly years of any place since 1940, the coming days, heights of the ground and names of places.

Contract: open-meteo.com/en/docs. The free service is for non-commercial use, so it is asked only where a setting says so; a
key to the paid one settles that. Light is the mean of the hour before its stamp, temperature and wind are those of the
stamp itself. Wind is km/h unless m/s is asked for. Errors are JSON with a reason; a 429 tells its wait in the reason only.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np

from core.errors import SourceError
from core.fetchers.fields import Fields, failed, moment, recent, refused
from core.fetchers.formats.cells import Floats
from core.fetchers.hours import Hours, floats, labels, typical_of, year_of
from core.fetchers.provider import Reply, Request, Source, parsed
from core.fetchers.spots import Spot, SpotYear
from core.inputs import Weather
from core.world import SunForecast

NAME = "Open-Meteo"
KEY = "SOLAR_MINING_OPEN_METEO_KEY"
NOTICE = "Data by Open-Meteo.com (CC BY 4.0); the free service is for non-commercial use only"
PAID_NOTICE = "Data by Open-Meteo.com (CC BY 4.0)"
FIRST_YEAR = 1940
FORECAST_DAYS = 7
TYPICAL_YEARS = (2019, 2023)
VARIABLES = {
    "ghi": "shortwave_radiation",
    "dni": "direct_normal_irradiance",
    "dhi": "diffuse_radiation",
    "temp_air": "temperature_2m",
    "wind_speed": "wind_speed_10m",
}
UNITS = {**dict.fromkeys(("ghi", "dni", "dhi"), "W/m²"), "temp_air": "°C", "wind_speed": "m/s"}
HIGHEST_DNI = 1100.0  # beyond this it is a beam divided by a sun too low for it
MODEL = "era5_seamless"  # the one model over all years, so that years can be compared

Asked = TypeVar("Asked")
Told = TypeVar("Told")


def call(url: str, params: dict[str, str], key: str) -> Request:
    """A call of any of its services, with the key of the paid one if there is one."""
    return Request(url, {**params, **({"apikey": key} if key else {})}, secrets=frozenset({"apikey"}))


def paid(source: Source[Asked, Told]) -> Source[Asked, Told]:
    """The same from the paid service, which has hosts of its own."""
    base = source.base.replace("://", "://customer-", 1)
    return replace(source, base=base, key=KEY, opt_in=False, notice=PAID_NOTICE)


def body_of(reply: Reply) -> Fields:
    """The reply of any service; SourceError in its own words where it says that it failed, whatever the status."""
    try:
        raw: Any = parsed(reply.body)
    except SourceError as error:
        problem = f"{NAME}: HTTP {reply.status}, {error.message}"
        raise SourceError(problem, field="body", expected="an Open-Meteo reply in JSON") from error
    if isinstance(raw, dict) and (raw.get("error") or reply.status != 200):
        raise failed(NAME, raw.get("reason") or f"HTTP {reply.status}")
    return Fields.of(raw, NAME)


def _call_years(base: str, spot: Spot, first_year: int, last_year: int, key: str) -> Request:
    params = {
        "latitude": f"{spot.latitude:.4f}",
        "longitude": f"{spot.longitude:.4f}",
        "start_date": f"{first_year}-01-01",
        "end_date": f"{last_year + 1}-01-01",  # its first stamp ends the last hour of the year
        "hourly": ",".join(VARIABLES.values()),
        "models": MODEL,
        "timezone": "GMT",
        "timeformat": "unixtime",
        "wind_speed_unit": "ms",
    }
    return call(f"{base}/v1/archive", params, key)


def _ask_typical(base: str, asked: Spot, key: str) -> Request:
    return _call_years(base, asked, *TYPICAL_YEARS, key)


def _read_typical(reply: Reply, asked: Spot) -> Weather:
    first, last = TYPICAL_YEARS
    return typical_of(_hours(reply, first, last), last - first + 1, asked)


def _ask_year(base: str, asked: SpotYear, key: str) -> Request:
    asked.check_known(NAME, FIRST_YEAR)
    return _call_years(base, asked.spot, asked.year, asked.year, key)


def _read_year(reply: Reply, asked: SpotYear) -> Weather:
    return year_of(_hours(reply, asked.year, asked.year), asked.spot)


def _hours(reply: Reply, first_year: int, last_year: int) -> Hours:
    """{"latitude", "longitude", "elevation", "utc_offset_seconds": 0, "hourly_units": {…}, "hourly": {"time": [s], …}}"""
    body = body_of(reply)
    if body.whole("utc_offset_seconds") != 0:
        raise refused(NAME, "utc_offset_seconds", body.raw["utc_offset_seconds"], "0")
    hourly, units = body.object("hourly"), body.object("hourly_units")
    _check_units(units)
    stamps = labels(first_year, last_year - first_year + 1)
    _check_times(hourly.rows("time"), int(stamps[0].timestamp()), len(stamps) + 24)
    columns = {name: _column(hourly, code, len(stamps) + 24) for name, code in VARIABLES.items()}
    notes = _cap(columns)
    return Hours(
        provider=NAME,
        title=f"archive, {MODEL}",
        latitude=body.number("latitude"),
        longitude=body.number("longitude"),
        elevation_m=body.number("elevation"),
        first_year=first_year,
        values={name: _by_start(name, column, len(stamps)) for name, column in columns.items()},
        notes=notes,
    )


def _check_units(units: Fields) -> None:
    for name, code in VARIABLES.items():
        if units.raw.get(code) != UNITS[name]:
            raise refused(NAME, f"hourly_units.{code}", units.raw.get(code), UNITS[name])


def _check_times(times: list[Any], first_s: int, count: int) -> None:
    """Every hour once, in order: a local clock would leave one out and give another twice."""
    if len(times) != count:
        raise refused(NAME, "hourly.time", len(times), f"a list of {count} hours")
    for i, time in enumerate(times):
        if time != first_s + 3600 * i:
            raise refused(NAME, f"hourly.time.{i}", time, f"the stamp {first_s + 3600 * i}")


def _column(hourly: Fields, code: str, count: int) -> Floats:
    values = hourly.rows(code)
    if len(values) != count:
        raise refused(NAME, f"hourly.{code}", len(values), f"a list of {count} values")
    return floats(values, NAME, f"hourly.{code}")


def _cap(columns: dict[str, Floats]) -> tuple[str, ...]:
    """Hold the beam below what the ground can see, in place."""
    high = int((columns["dni"] > HIGHEST_DNI).sum())
    columns["dni"] = np.minimum(columns["dni"], HIGHEST_DNI)  # nan stays nan
    return (f"{high:,} values of dni above {HIGHEST_DNI:g} W/m² set to it.",) if high else ()


def _by_start(name: str, column: Floats, hours: int) -> Floats:
    """Values by the start of their hour: light of the stamp that ends it, air the mean of both its ends."""
    if name in ("temp_air", "wind_speed"):
        return (column[:hours] + column[1 : hours + 1]) / 2
    return column[1 : hours + 1]


def _ask_forecast(base: str, asked: Spot, key: str) -> Request:
    place = {"latitude": f"{asked.latitude:.4f}", "longitude": f"{asked.longitude:.4f}"}
    clock = {"timezone": "GMT", "timeformat": "unixtime", "wind_speed_unit": "ms"}
    params = {**place, "hourly": ",".join(VARIABLES.values()), "forecast_days": str(FORECAST_DAYS), **clock}
    return call(f"{base}/v1/forecast", params, key)


def _read_forecast(reply: Reply, asked: Spot) -> SunForecast:
    """As the archive's reply, from midnight of the current UTC day on; an hour short, as light is told at an hour's end."""
    body = body_of(reply)
    asked.check_near(NAME, body.number("latitude"), body.number("longitude"))
    hourly = body.object("hourly")
    _check_units(body.object("hourly_units"))
    times = hourly.rows("time")
    start = recent(moment(times[0], NAME, "hourly.time"), reply, timedelta(days=1, hours=1), NAME, "hourly.time")
    _check_times(times, int(start.timestamp()), 24 * FORECAST_DAYS)
    columns = {name: _column(hourly, code, len(times)) for name, code in VARIABLES.items()}
    _cap(columns)
    told = {name: _by_start(name, column, len(times) - 1) for name, column in columns.items()}
    if missing := [name for name, column in told.items() if not np.isfinite(column).all()]:
        raise refused(NAME, f"hourly.{VARIABLES[missing[0]]}", None, "a value for every hour")
    return SunForecast(start, **{name: tuple(column.tolist()) for name, column in told.items()})


ARCHIVE = "https://archive-api.open-meteo.com"
FORECASTS = "https://api.open-meteo.com"
PER_MINUTE = 20  # of all its services together: a year weighs 13 of their 600 calls a minute, five years 65
TYPICAL = Source[Spot, Weather](NAME, ARCHIVE, _ask_typical, _read_typical, PER_MINUTE, opt_in=True, notice=NOTICE)
YEAR = Source[SpotYear, Weather](NAME, ARCHIVE, _ask_year, _read_year, PER_MINUTE, opt_in=True, notice=NOTICE)
TYPICAL_PAID = paid(TYPICAL)
YEAR_PAID = paid(YEAR)
FORECAST = Source[Spot, SunForecast](
    NAME, FORECASTS, _ask_forecast, _read_forecast, PER_MINUTE, opt_in=True, notice=NOTICE
)
FORECAST_PAID = paid(FORECAST)
