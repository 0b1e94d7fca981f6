"""The local clock of a year of operation, as bills read it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.inputs import Weather
from core.models.clock import Clock
from core.studies.calendar import calendar


def clock(timezone: str, start_month: str, weather: Weather | None = None) -> Clock:
    """The clock of the year that begins with `start_month`; with the weather's temperatures, where it is given."""
    plain = _clock(timezone, start_month)
    if weather is None:
        return plain
    return replace(plain, temp_c=weather.hourly["temp_air"].to_numpy(dtype=np.float64)[plain.order])


@lru_cache(maxsize=64)
def _clock(timezone: str, start_month: str) -> Clock:
    """The rules of the zone are those of the first year; February 29 is left out, as the calendar has it.

    The hour of a zone off by half an hour is the one in which it begins.
    """
    when = calendar(timezone, start_month)
    local = when.index.tz_convert(timezone)
    return Clock(
        month=local.month.to_numpy(dtype=np.intp) - 1,
        hour=local.hour.to_numpy(dtype=np.intp),
        weekend=np.asarray(local.day_of_week >= 5),
        starts=when.starts,
        order=when.order,
    )
