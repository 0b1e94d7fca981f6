"""Which hour belongs to which month of operation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.inputs import HOURS

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calendar:
    """The hours of a weather year in the order of operation.

    `order` (8760,): row of the weather year for each hour of operation. `starts` (12,): first hour of each month
    of operation, by the site's local time. `month_of_year` (12,): calendar month of each, 1…12. `index` (8760,):
    UTC labels of the first year of operation.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    month_of_year: NDArray[np.intp]
    index: pd.DatetimeIndex

    def by_month(self, hourly: Floats) -> Floats:
        """Sums over the months of operation: (…, 8760) → (…, 12)."""
        return np.add.reduceat(hourly, self.starts, axis=-1)

    def hourly(self, monthly: Floats) -> Floats:
        """One value a month spread over its hours: (12,) → (8760,)."""
        return np.repeat(monthly, np.diff(np.append(self.starts, HOURS)))


@lru_cache(maxsize=64)
def calendar(weather_year: int, timezone: str, start_month: str) -> Calendar:
    """The year of operation that begins with `start_month` (YYYY-MM) in the site's local time.

    A typical year is a circle: the hours before its local January are the last of its December.
    """
    labels = _year_of_hours(weather_year)
    local = labels.tz_convert(timezone)
    start_year, first_month = (int(part) for part in start_month.split("-"))
    months = local.month.to_numpy()
    first = int(np.flatnonzero((months == first_month) & (np.roll(months, 1) != first_month))[0])
    order = np.roll(np.arange(HOURS), -first)
    of_operation = (months[order] - first_month) % 12
    starts = np.flatnonzero(np.diff(of_operation, prepend=-1))
    shift = start_year - int(local[first].year)
    pieces = _year_of_hours(weather_year + shift)[first:], _year_of_hours(weather_year + shift + 1)[:first]
    index = pd.DatetimeIndex(pieces[0].append(pieces[1]))
    return Calendar(order, starts, months[order][starts], index)


def _year_of_hours(year: int) -> pd.DatetimeIndex:
    """8,760 UTC labels of a calendar year, February 29 left out."""
    hours = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:00", freq="h", tz="UTC")
    return hours[~((hours.month == 2) & (hours.day == 29))]
