"""The sun of the coming days at a place."""

from __future__ import annotations

from datetime import datetime

from core.fetchers.ask import Question
from core.fetchers.packing import packed, unpacked
from core.fetchers.providers import open_meteo
from core.fetchers.spots import Spot
from core.units import DAY_S
from core.world import SunForecast

# what hourly means on the ground may be: light [W/m²], air [°C], wind [m/s]
LIMITS = {"ghi": (-5, 1400), "dni": (-5, 1100), "dhi": (-5, 900), "temp_air": (-90, 60), "wind_speed": (0, 80)}


def forecast_doubt(told: SunForecast, asked: Spot) -> str:
    """Every figure within what the ground has seen."""
    for name, (least, most) in LIMITS.items():
        values = getattr(told, name)
        if not least <= min(values) <= max(values) <= most:
            return f"{name} ranges from {min(values):g} to {max(values):g}"
    return ""


def first_hour(told: SunForecast) -> datetime:
    """When a forecast begins."""
    return told.first_hour


FORECAST: Question[Spot, SunForecast] = Question(
    name="forecast",
    sources=(open_meteo.FORECAST_PAID, open_meteo.FORECAST),
    soft_s=3600,
    hard_s=2 * DAY_S,
    plausible=forecast_doubt,
    pack=packed,
    unpack=unpacked(SunForecast),
    observed=first_hour,
)
