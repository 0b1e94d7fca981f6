"""Replies as the contracts of the weather providers describe them, written for these tests around one made-up sky.

The sky over the place is the same every day: its light hangs on the height of the sun alone (pvlib's position), so morning
and afternoon are alike and an array to the east yields what one to the west does, where the time stamps are right.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.errors import SourceError
from core.fetchers.provider import Reply, Source
from core.fetchers.providers import nasa_power, nsrdb, open_meteo, pvgis
from core.fetchers.spots import Spot, SpotYear
from core.inputs import Weather

PLACE = Spot(40.0, -105.0)
YEAR = SpotYear(PLACE, 2019)
LEAP = SpotYear(PLACE, 2020)
NOW = datetime(2026, 4, 30, 12, tzinfo=UTC)
PAGE = b"<!DOCTYPE HTML><HTML><HEAD><TITLE>Service unavailable</TITLE></HEAD><BODY><H1>Overloaded</H1></BODY></HTML>"
SAMPLES_MIN = (5, 15, 25, 35, 45, 55)


def reply(body: Any, status: int = 200) -> Reply:
    """A reply with a body as JSON, or as it is where it is bytes or text."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Reply(status, {}, raw, NOW)


def hours(first_year: int, last_year: int | None = None, days_more: int = 0) -> pd.DatetimeIndex:
    end = pd.Timestamp(f"{last_year or first_year}-12-31 23:00") + pd.Timedelta(days=days_more)
    return pd.date_range(f"{first_year}-01-01", end, freq="h", tz="UTC")


def sun_sine(moments: pd.DatetimeIndex) -> np.ndarray:
    from pvlib.solarposition import spa_python

    height = spa_python(moments, PLACE.latitude, PLACE.longitude)["elevation"].to_numpy()
    return np.sin(np.radians(height))


def sky(moments: pd.DatetimeIndex) -> pd.DataFrame:
    """Light at an instant: a clear sky of 1,000 W/m² thinned by the length of the way through the air."""
    up = np.maximum(sun_sine(moments), 0.0)
    dni = np.where(up > 0.02, 1000 * np.exp(-0.15 / np.maximum(up, 0.02)), 0.0)
    dhi = 90 * up**0.5
    return pd.DataFrame({"ghi": dni * up + dhi, "dni": dni, "dhi": dhi}, index=moments)


@cache
def means(first_year: int, last_year: int) -> pd.DataFrame:
    """Mean light of every hour, labelled by its start."""
    stamps = hours(first_year, last_year)
    return sum(sky(stamps + pd.Timedelta(minutes=m)).to_numpy() for m in SAMPLES_MIN) / len(SAMPLES_MIN)


def air(stamps: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """Temperature [°C] and wind [m/s] at an instant: the warmest hour is 15 o'clock at the place."""
    hour = (stamps.hour.to_numpy() + stamps.minute.to_numpy() / 60 - 7) % 24
    return 12 + 8 * np.cos((hour - 15) / 12 * np.pi), 3 + np.cos(hour / 12 * np.pi)


# PVGIS


def pvgis_inputs(**location: float) -> dict[str, Any]:
    place = {"latitude": PLACE.latitude, "longitude": PLACE.longitude, "elevation": 1650.0, **location}
    data = {"radiation_db": "PVGIS-ERA5", "meteo_db": "ERA5", "year_min": 2005, "year_max": 2023, "use_horizon": False}
    return {"location": place, "meteo_data": {**data, "horizon_db": None}}


@cache
def _pvgis_typical(offset_h: float) -> str:
    stamps = hours(2019)
    light, (temp, wind) = sky(stamps + pd.Timedelta(hours=offset_h)).to_numpy().round(2), air(stamps)
    years = 2005 + stamps.month.to_numpy()  # months of different years
    rows = [
        {
            "time(UTC)": f"{year}{t:%m%d:%H}00", "T2m": temp[i].round(2), "RH": 40.0, "G(h)": light[i, 0],
            "Gb(n)": light[i, 1], "Gd(h)": -0.0 if light[i, 2] == 0 else light[i, 2], "IR(h)": 300.0,
            "WS10m": wind[i].round(2), "WD10m": 180.0, "SP": 83500.0,
        }
        for i, (t, year) in enumerate(zip(stamps, years, strict=True))
    ]  # fmt: skip
    months = [{"month": m, "year": 2005 + m} for m in range(1, 13)]
    outputs = {"months_selected": months, "tmy_hourly": rows}
    return json.dumps({"inputs": pvgis_inputs(irradiance_time_offset=offset_h), "outputs": outputs, "meta": {}})


def pvgis_typical(offset_h: float = 0.5) -> dict[str, Any]:
    return json.loads(_pvgis_typical(offset_h))


@cache
def _pvgis_series(year: int, minute: int) -> str:
    stamps = hours(year) + pd.Timedelta(minutes=minute)
    light, up, (temp, wind) = sky(stamps).to_numpy(), sun_sine(stamps), air(stamps)
    height = np.degrees(np.arcsin(np.maximum(up, 0)))
    rows = [
        {
            "time": f"{t:%Y%m%d:%H%M}", "Gb(i)": round(light[i, 0] - light[i, 2], 2), "Gd(i)": round(light[i, 2], 2),
            "Gr(i)": 0.0, "H_sun": round(height[i], 2), "T2m": round(temp[i], 2), "WS10m": round(wind[i], 2), "Int": 0.0,
        }
        for i, t in enumerate(stamps)
    ]  # fmt: skip
    plane = {"fixed": {"slope": {"value": 0, "optimal": False}, "azimuth": {"value": 0, "optimal": False}}}
    inputs = {**pvgis_inputs(), "mounting_system": plane}
    return json.dumps({"inputs": inputs, "outputs": {"hourly": rows}, "meta": {}})


def pvgis_series(year: int = 2019, minute: int = 30) -> dict[str, Any]:
    return json.loads(_pvgis_series(year, minute))


def pvgis_horizon(heights_from_south: list[float] | None = None) -> dict[str, Any]:
    """Directions from −180 to 180 in steps of 7.5, north twice, with a hill of 20° due east unless told otherwise."""
    directions = np.arange(49) * 7.5 - 180
    heights = np.maximum(0, 20 - np.abs(directions + 90)) if heights_from_south is None else heights_from_south
    profile = [{"A": float(a), "H_hor": float(h)} for a, h in zip(directions, heights, strict=True)]
    inputs = {**pvgis_inputs(), "meteo_data": {"horizon_db": "DEM-calculated"}}
    return {"inputs": inputs, "outputs": {"horizon_profile": profile, "winter_solstice": []}, "meta": {}}


def pvgis_yield(kind: str = "fixed", slope: float = 30, azimuth: float = -90, spectral: str = "1.42") -> dict[str, Any]:
    monthly = [
        {"month": m, "E_d": 4.0, "E_m": 100.0 + m, "H(i)_d": 5.0, "H(i)_m": 150.0, "SD_m": 6.0} for m in range(1, 13)
    ]
    totals = {
        "E_d": 3.5,
        "E_m": 106.5,
        "E_y": 1278.0,
        "H(i)_y": 1800.0,
        "SD_y": 42.5,
        "l_spec": spectral,
        "l_total": -20.0,
    }
    angles = {"slope": {"value": slope, "optimal": False}, "azimuth": {"value": azimuth, "optimal": False}}
    inputs = {**pvgis_inputs(), "mounting_system": {kind: {**angles, "type": "free-standing"}}}
    return {"inputs": inputs, "outputs": {"monthly": {kind: monthly}, "totals": {kind: totals}}, "meta": {}}


PVGIS_SEA = {"message": "Location over the sea. Please, select another location", "status": 400}


# NASA POWER

NASA_CODES = ("ALLSKY_SFC_SW_DWN", "ALLSKY_SFC_SW_DNI", "ALLSKY_SFC_SW_DIFF", "T2M", "WS10M")


@cache
def _nasa(first_year: int, last_year: int) -> str:
    stamps = hours(first_year, last_year)
    temp, wind = air(stamps + pd.Timedelta(minutes=30))
    columns = [*means(first_year, last_year).T.round(2), temp.round(2), wind.round(2)]
    keys = [f"{t:%Y%m%d%H}" for t in stamps]
    told = {code: dict(zip(keys, c.tolist(), strict=True)) for code, c in zip(NASA_CODES, columns, strict=True)}
    units = ("Wh/m^2", "Wh/m^2", "Wh/m^2", "C", "m/s")
    header = {
        "title": "NASA/POWER Source Native Resolution Hourly Data", "api": {"version": "v2.10.0", "name": "POWER Hourly API"},
        "sources": ["SYN1DEG", "MERRA2"], "fill_value": -999.0, "time_standard": "UTC", "start": keys[0][:8], "end": keys[-1][:8],
    }  # fmt: skip
    return json.dumps(
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [PLACE.longitude, PLACE.latitude, 1655.2]},
            "properties": {"parameter": told},
            "header": header,
            "messages": [],
            "parameters": {c: {"units": u, "longname": c} for c, u in zip(NASA_CODES, units, strict=True)},
            "times": {"data": 1.5, "process": 0.2},
        }
    )


def nasa_hours(first_year: int = 2019, last_year: int | None = None) -> dict[str, Any]:
    return json.loads(_nasa(first_year, last_year or first_year))


NASA_422 = {
    "header": "The POWER Hourly API failed to complete your request: Please review the included parameter messages.",
    "messages": ["Please correctly specify longitude in the range of -180 to 180 degrees."],
    "data": {},
}


# Open-Meteo

OPEN_METEO_CODES = (
    "shortwave_radiation", "direct_normal_irradiance", "diffuse_radiation", "temperature_2m", "wind_speed_10m",
)  # fmt: skip


@cache
def _open_meteo(first_year: int, last_year: int) -> str:
    """Light of the hour that ends at the stamp, air at the stamp; a day more than the years."""
    stamps = hours(first_year, last_year, days_more=1)
    light = np.zeros((len(stamps), 3))
    light[1:] = np.vstack([means(first_year, last_year), means(first_year, last_year)[:23]])
    columns = [*light.T.round(1), *(x.round(2) for x in air(stamps))]
    units = ("W/m²", "W/m²", "W/m²", "°C", "m/s")
    return json.dumps(
        {
            "latitude": 40.03, "longitude": -104.98, "generationtime_ms": 2.0, "utc_offset_seconds": 0, "timezone": "GMT",
            "timezone_abbreviation": "GMT", "elevation": 1648.0,
            "hourly_units": {"time": "unixtime", **dict(zip(OPEN_METEO_CODES, units, strict=True))},
            "hourly": {
                "time": [int(t.timestamp()) for t in stamps],
                **{code: c.tolist() for code, c in zip(OPEN_METEO_CODES, columns, strict=True)},
            },
        }
    )  # fmt: skip


def open_meteo_hours(first_year: int = 2019, last_year: int | None = None) -> dict[str, Any]:
    return json.loads(_open_meteo(first_year, last_year or first_year))


def open_meteo_forecast(first: datetime = datetime(2026, 4, 30, tzinfo=UTC), days: int = 7) -> dict[str, Any]:
    """A week of hours from midnight on: light of a clear equinox noon at 18 UTC, air that warms by day."""
    clock = np.arange(24 * days)
    high = np.maximum(np.sin((clock - 12) / 12 * np.pi), 0.0)
    columns = (900 * high, 800 * high, 150 * high, 12 + 8 * high, 3 + 0 * high)
    reply = open_meteo_hours()
    hourly = {code: column.round(1).tolist() for code, column in zip(OPEN_METEO_CODES, columns, strict=True)}
    return {**reply, "hourly": {"time": [int(first.timestamp()) + 3600 * int(hour) for hour in clock], **hourly}}


PLACES = {
    "results": [
        {
            "id": 1, "name": "Fort Example", "latitude": 40.5, "longitude": -105.1, "elevation": 1525.0, "feature_code": "PPLA2",
            "country_code": "US", "timezone": "America/Denver", "population": 170000, "country": "United States",
            "admin1": "Colorado",
        },
        {"id": 2, "name": "Far Example", "latitude": -40.5, "longitude": 175.1, "elevation": -9999.0, "timezone": "Mars/North"},
    ],
    "generationtime_ms": 0.6,
}  # fmt: skip


# NSRDB


@cache
def _nsrdb(year: int, typical: bool) -> str:
    stamps = hours(2019) + pd.Timedelta(minutes=30)
    light, (temp, wind) = sky(stamps).to_numpy().round(0).astype(int), air(stamps)
    head = (
        "Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation,Local Time Zone,DHI Units,DNI Units,"
        "GHI Units,Temperature Units,Wind Speed Units,Version\n"
        "NSRDB,145809,-,-,-,40.01,-105.02,0,1649,-7,w/m2,w/m2,w/m2,c,m/s,4.0.0\n"
        "Year,Month,Day,Hour,Minute,GHI,DNI,DHI,Temperature,Wind Speed\n"
    )
    rows = [
        f"{1998 + t.month if typical else year},{t.month},{t.day},{t.hour},{t.minute},"
        f"{light[i, 0]},{light[i, 1]},{light[i, 2]},{temp[i]:.1f},{wind[i]:.1f}"
        for i, t in enumerate(stamps)
    ]
    return head + "\n".join(rows) + "\n"


def nsrdb_year(year: int = 2019) -> str:
    return _nsrdb(year, False)


def nsrdb_typical() -> str:
    return _nsrdb(0, True)


NSRDB_NO_KEY_CSV = (
    "Error Code,Error Message\nAPI_KEY_MISSING,No api_key was supplied. Get one at https://developer.nlr.gov"
)
NSRDB_NO_KEY_JSON = {"error": {"code": "API_KEY_MISSING", "message": "No api_key was supplied."}}
NSRDB_NO_DATA = {
    "inputs": {},
    "metadata": {"version": "2.0.0"},
    "errors": ["No data available at the provided location"],
    "status": 400,
}


def but(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with what stands at a path of keys and places in lists, parted by slashes, replaced."""
    key, _, rest = path.partition("/")
    changed = copy.copy(body)
    at = int(key) if isinstance(body, list) else key
    changed[at] = but(changed[at], rest, value) if rest else value
    return changed


# What to do with them

READERS: dict[str, tuple[Source[Any, Weather], Any, Any]] = {
    "PVGIS typical": (pvgis.TYPICAL, PLACE, pvgis_typical),
    "PVGIS year": (pvgis.YEAR, YEAR, pvgis_series),
    "NASA POWER typical": (nasa_power.TYPICAL, PLACE, lambda: nasa_hours(2019, 2023)),
    "NASA POWER year": (nasa_power.YEAR, YEAR, nasa_hours),
    "NSRDB typical": (nsrdb.TYPICAL, PLACE, nsrdb_typical),
    "NSRDB year": (nsrdb.YEAR, YEAR, nsrdb_year),
    "Open-Meteo typical": (open_meteo.TYPICAL, PLACE, lambda: open_meteo_hours(2019, 2023)),
    "Open-Meteo year": (open_meteo.YEAR, YEAR, open_meteo_hours),
}


def told(name: str) -> Weather:
    source, asked, body = READERS[name]
    return source.read(reply(body()), asked)


def refusal(source: Source[Any, Any], asked: Any, body: Any, status: int = 200) -> SourceError:
    with pytest.raises(SourceError) as caught:
        source.read(reply(body, status), asked)
    assert caught.value.message.startswith(source.name)
    assert caught.value.expected
    return caught.value


def east_over_west(weather: Weather) -> float:
    """Yearly light on a plane of 30° to the east over that on one to the west, with pvlib's sun and sky."""
    from pvlib.irradiance import get_total_irradiance
    from pvlib.solarposition import spa_python

    moments = pd.to_datetime(weather.sun_unix_s, unit="s", utc=True)
    sun = spa_python(moments, weather.latitude, weather.longitude)
    light = weather.hourly.set_index(moments)
    sides = [
        get_total_irradiance(
            30, azimuth, sun["apparent_zenith"], sun["azimuth"], light["dni"], light["ghi"], light["dhi"]
        )["poa_global"].sum()
        for azimuth in (90, 270)
    ]
    return float(sides[0] / sides[1])
