"""Which hour belongs to which month of operation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.inputs import DAYS_BEFORE_MONTH
from core.units import HOURS

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calendar:
    """The hours of a weather year in the order of operation.

    `order` (8760,): row of the weather year for each hour of operation. `starts` (12,): first hour of each month
    of operation, by the site's local time. `index` (8760,): UTC labels of the first year of operation.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    index: pd.DatetimeIndex

    def by_month(self, hourly: Floats) -> Floats:
        """Sums over the months of operation: (…, 8760) → (…, 12)."""
        return np.add.reduceat(hourly, self.starts, axis=-1)

    def hourly(self, monthly: Floats) -> Floats:
        """One value a month spread over its hours: (…, 12) → (…, 8760)."""
        return np.repeat(monthly, np.diff(np.append(self.starts, HOURS)), axis=-1)


@lru_cache(maxsize=64)
def calendar(timezone: str, start_month: str) -> Calendar:
    """The year of operation that begins with `start_month` (YYYY-MM) at the site's local midnight.

    The zone's rules are those of the year of operation. A weather year is a circle of 8,760 hours from January 1, UTC:
    each hour of operation takes the row of its own day and hour, February 29 left out.
    """
    start = pd.Timestamp(f"{start_month}-01").tz_localize(timezone, ambiguous=True, nonexistent="shift_forward")
    hours = pd.date_range(start.tz_convert("UTC").ceil("h"), periods=HOURS + 24, freq="h")
    index = hours[~((hours.month == 2) & (hours.day == 29))][:HOURS]
    order = (DAYS_BEFORE_MONTH[index.month - 1] + index.day - 1) * 24 + index.hour
    local = index.tz_convert(timezone)
    # a change of offset may leave the last hour in a thirteenth month: it stays in the twelfth
    month = np.maximum.accumulate((local.month.to_numpy() - start.month) % 12)
    return Calendar(np.asarray(order), np.searchsorted(month, np.arange(12)), index)
