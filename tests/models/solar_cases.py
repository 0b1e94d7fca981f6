"""Weather for the tests of the solar model, and the same hours as SAM wants them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.fetchers.weather_files import read_weather
from core.inputs import Weather
from core.models.solar import Sky, sky
from core.models.sun import sun_vector
from core.sections import Array

FOLDER = os.environ.get("SOLAR_MINING_VALIDATION_DATA", "")
needs_data = pytest.mark.skipif(not FOLDER, reason="SOLAR_MINING_VALIDATION_DATA is not set")
MONTH_OF_HOUR = np.repeat(np.arange(12), np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24)
SAM_TYPES = {"fixed": 0, "roof": 1, "one_axis": 2, "one_axis_backtracked": 3, "two_axis": 4}

FILES = {
    "greensboro": "weather__pvlib_723170TYA.CSV",
    "denver": "weather__denver_tmy3.epw",
    "phoenix_tmy2": "weather__sam_USA_AZ_Phoenix_TMY2.csv",
    "phoenix": "weather__sam_phoenix_az_33.450495_-111.983688_psmv3_60_tmy.csv",
    "texas_2013": "weather__tx_32.31714_-100.18_psmv3_60_2013.csv",
    "texas_2012": "weather__tx_34.22_-102.75_2012_goes_aggregated_v4_60min_utc_tz.csv",
    "piedmont_pvgis": "weather__pvlib_tmy_45.000_8.000_2005_2023.csv",
}
SAM_PLACES = [name for name in FILES if name != "piedmont_pvgis"]


@cache
def weather_of(name: str) -> Weather:
    return read_weather(Path(FOLDER, FILES[name]))


@cache
def sky_of(name: str) -> Sky:
    return sky(weather_of(name))


@cache
def greensboro() -> Weather:
    """The year that pvlib ships: there with or without the validation data."""
    import pvlib

    return read_weather(Path(pvlib.__file__).parent / "data" / "723170TYA.CSV")


@cache
def greensboro_sky() -> Sky:
    return sky(greensboro())


def clear_weather(latitude: float, longitude: float = 0.0, minute: float = 30.0, temp_air: float = 15.0) -> Weather:
    """A year without clouds: beam thinned along its way, a tenth of a sun of diffuse light."""
    labels = pd.date_range("2023-01-01", periods=8760, freq="h", tz="UTC")
    times = labels.as_unit("s").asi8 + minute * 60.0
    up = np.maximum(sun_vector(times, latitude, longitude)[2], 0)
    dni = np.where(up > 0, 1361 * 0.7 ** (1 / np.maximum(up, 0.03)) ** 0.678, 0)  # Meinel & Meinel 1976
    columns = {"ghi": dni * up + 100 * up, "dni": dni, "dhi": 100 * up, "temp_air": temp_air, "wind_speed": 2.0}
    return Weather(latitude, longitude, 0.0, pd.DataFrame(columns, index=labels), minute, "clear sky")


def local(values: np.ndarray, weather: Weather) -> np.ndarray:
    """UTC rows turned to local standard time."""
    return np.roll(values, round(weather.utc_offset_hours), axis=-1)


def by_month(values: np.ndarray, weather: Weather) -> np.ndarray:
    """Sums over the twelve local months of a year's rows."""
    return np.bincount(MONTH_OF_HOUR, local(values, weather), 12)


def sam_resource(weather: Weather) -> dict[str, Any]:
    """The year as SAM's `solar_resource_data`, in local standard time, stamps in mid-hour."""
    stamp = pd.date_range("2002-01-01", periods=8760, freq="h")
    words = {"gh": "ghi", "dn": "dni", "df": "dhi", "tdry": "temp_air", "wspd": "wind_speed"}
    rows = {word: local(weather.hourly[column].to_numpy(float), weather).tolist() for word, column in words.items()}
    time = {"month": stamp.month.tolist(), "day": stamp.day.tolist(), "hour": stamp.hour.tolist()}
    year = {"year": [weather.year] * 8760, "minute": [30] * 8760}
    place = {"lat": weather.latitude, "lon": weather.longitude, "elev": weather.elevation_m}
    return {**place, "tz": weather.utc_offset_hours, **rows, **time, **year}


def sam_model(array: Array, weather: Weather, **more: Any) -> Any:
    """PySAM's PVWatts v8 of the array, ready to execute. Its outputs die with the model: keep it alive."""
    import PySAM.Pvwattsv8 as Pvwattsv8

    model = Pvwattsv8.new()
    model.SystemDesign.assign(
        {
            "system_capacity": array.dc_kw,
            "dc_ac_ratio": array.dc_ac_ratio,
            "inv_eff": array.inverter_efficiency_frac * 100,
            "losses": array.losses_frac * 100,
            "array_type": SAM_TYPES[array.mounting],
            "tilt": array.surface_tilt if array.mounting in ("fixed", "roof") else 0.0,
            "azimuth": array.surface_azimuth,
            "gcr": array.gcr,
            "module_type": 0,
            "bifaciality": array.bifaciality_frac,
            **more,
        }
    )
    model.SolarResource.use_wf_albedo = 0
    model.SolarResource.albedo = [array.albedo] * 12
    model.SolarResource.solar_resource_data = sam_resource(weather)
    return model


def sam(array: Array, weather: Weather, **more: Any) -> dict[str, np.ndarray]:
    """PySAM's hours, in UTC rows: ac, dc [kW], poa [W/m²]."""
    model = sam_model(array, weather, **more)
    model.execute()
    out = model.Outputs
    hours = {"ac": np.array(out.ac) / 1000, "dc": np.array(out.dc) / 1000, "poa": np.array(out.poa)}
    return {word: np.roll(rows, -round(weather.utc_offset_hours)) for word, rows in hours.items()}
