"""From hourly values as a provider tells them to a weather year that can be relied on, or a SourceError that says why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from core.errors import SourceError, ValidationError
from core.fetchers.fields import refused
from core.fetchers.formats.cells import Floats, Where, Whole
from core.fetchers.formats.daylight import night_note
from core.fetchers.formats.recording import Recording, weather_of
from core.fetchers.spots import Spot
from core.inputs import WEATHER_COLUMNS, Weather
from core.units import HOURS

# Light on the horizontal over a year [kWh/m²]: from some 650 in the cloudiest subpolar seas to 2,800 in the Atacama
# (Prăvălie et al. 2019, "Spatial assessment of solar energy potential at global scale"), with room around them.
# Another unit is off by more than that.
LEAST_KWH, MOST_KWH = 400.0, 3200.0


@dataclass(frozen=True)
class Hours:
    """Whole years of hourly means in UTC, labelled by the start of the hour; nan where nothing was measured.

    `values`: by weather column, shape (hours,), from January 1 of `first_year` on, February 29 included.
    """

    provider: str
    title: str
    latitude: float
    longitude: float
    elevation_m: float
    first_year: int
    values: dict[str, Floats]
    notes: tuple[str, ...] = ()


@cache
def labels(first_year: int, years: int) -> pd.DatetimeIndex:
    """Every hour of whole years, by its start."""
    return pd.date_range(f"{first_year}-01-01", f"{first_year + years - 1}-12-31 23:00", freq="h", tz="UTC", unit="s")


def floats(values: Sequence[Any], provider: str, name: str) -> Floats:
    """JSON numbers as floats: null as nan, anything beyond 1e9 as inf for the limits to refuse."""
    for value in values:
        if value is not None and type(value) not in (int, float):
            raise refused(provider, name, value, "numbers")
    return np.array([np.nan if v is None else v if abs(v) < 1e9 else np.inf for v in values], dtype=np.float64)


def year_of(hours: Hours, spot: Spot) -> Weather:
    """The one year that `hours` holds."""
    stamps = labels(hours.first_year, 1)
    return checked(hours.provider, spot, lambda: weather_of(_recording(hours, stamps, hours.values, typical=False)))


def typical_of(hours: Hours, years: int, spot: Spot) -> Weather:
    """A typical year: of each month that one of `years` years whose light is nearest the mean over all of them.

    The plain form of the typical months of Hall et al. (1978), "Generation of a Typical Meteorological Year": light
    alone decides, by its sum. Gaps count as the mean of their month.
    """
    stamps = labels(hours.first_year, years)
    keep = ~((stamps.month == 2) & (stamps.day == 29))
    shape = (years, HOURS)
    values = {name: column[keep].reshape(shape) for name, column in hours.values.items()}
    stamps = stamps[keep]
    months = stamps.month.to_numpy()[:HOURS]
    pick = np.empty(HOURS, dtype=np.intp)
    for month in range(1, 13):
        light = _light(values["ghi"][:, months == month], hours.provider)
        pick[months == month] = np.abs(light - light.mean()).argmin()
    rows = pick * HOURS + np.arange(HOURS)
    chosen = {name: column.reshape(-1)[rows] for name, column in values.items()}
    note = f"Each month is the one of {years} years whose light is nearest their mean."
    noted = replace(hours, notes=(note, *hours.notes))
    return checked(hours.provider, spot, lambda: weather_of(_recording(noted, stamps[rows], chosen, typical=True)))


def _light(ghi: Floats, provider: str) -> Floats:
    """Mean light of one month in each year."""
    if np.isnan(ghi).all(axis=1).any():
        raise refused(provider, "ghi", "a whole month without values", "hourly values of every year")
    return np.asarray(np.nanmean(np.where(ghi < -10, np.nan, ghi), axis=1), dtype=np.float64)


def _recording(hours: Hours, stamps: pd.DatetimeIndex, values: dict[str, Floats], *, typical: bool) -> Recording:
    keys = {name: f"hourly|{name}" for name in (*WEATHER_COLUMNS, "time", "year")}
    return Recording(
        form=hours.provider,
        title=hours.title,
        latitude=hours.latitude,
        longitude=hours.longitude,
        elevation_m=hours.elevation_m,
        clock_hours=0.0,
        utc_offset_hours=0.0,
        year=_whole(stamps.year),
        month=_whole(stamps.month),
        day=_whole(stamps.day),
        minute=_whole(stamps.hour) * 60,
        step_minutes=60,
        sun_minute=30.0,
        values=values,
        where=Where(0, {}, keys),
        typical=typical,
        notes=hours.notes,
    )


def _whole(index: pd.Index) -> Whole:
    return np.asarray(index, dtype=np.int64)


def checked(provider: str, spot: Spot, read: Callable[[], Weather]) -> Weather:
    """The year that `read` makes of a reply, marked live; SourceError where it fails a check of Weather's or ours."""
    try:
        weather = read()
    except ValidationError as error:
        problem = f"{provider}: {error.message}"
        raise SourceError(problem, field=error.field, value=error.value, expected=error.expected) from error
    spot.check_near(provider, weather.latitude, weather.longitude)
    _check_light(provider, weather)
    return replace(weather, status="live", utc_offset_hours=weather.utc_offset_hours or spot.utc_offset_hours)


def _check_light(provider: str, weather: Weather) -> None:
    ghi = weather.hourly["ghi"].to_numpy()
    yearly_kwh = float(ghi.sum() / 1000)
    if not LEAST_KWH <= yearly_kwh <= MOST_KWH:
        expected = f"{LEAST_KWH:g} to {MOST_KWH:g} kWh/m² of light a year, in W/m²"
        raise SourceError(
            f"{provider}: the light of the year is out of range",
            field="ghi",
            value=round(yearly_kwh, 1),
            expected=expected,
        )
    moments = pd.DatetimeIndex(weather.hourly.index) + pd.Timedelta(minutes=weather.sun_minute)
    if night_note(ghi, moments, weather.latitude, weather.longitude):
        expected = "light by day, in hours of UTC"
        raise SourceError(
            f"{provider}: its light falls at night", field="time", value="light at night", expected=expected
        )
