"""The hours of a year of operation on the local clock, and what is summed and searched by month and by period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]
Flags = NDArray[np.bool_]
MONTHS = 12


@dataclass(frozen=True, eq=False)
class Clock:
    """When the hours of operation are, each (hours,), in their order.

    `month` of the calendar, 0 to 11; `hour` of the local clock, 0 to 23; `weekend`: saturday or sunday; `order`: row of
    the UTC year, as weather and hourly prices have it. `starts` (12,): first hour of each month of operation.
    `temp_c`: outdoor air, where a rule is to find the hottest hours.
    """

    month: Whole
    hour: Whole
    weekend: Flags
    starts: Whole
    order: Whole
    temp_c: Floats | None = None

    @property
    def hours(self) -> int:
        """How many there are."""
        return len(self.month)

    @property
    def lengths(self) -> Whole:
        """Hours of each month of operation, (12,)."""
        return np.diff(np.append(self.starts, self.hours))

    @property
    def days(self) -> Floats:
        """Days of each month of operation, (12,), though one of them has 23 or 25 hours."""
        return np.round(self.lengths / 24.0)

    @property
    def months(self) -> Whole:
        """Month of the calendar of each month of operation, (12,)."""
        return self.month[self.starts]

    @property
    def of_operation(self) -> Whole:
        """Month of operation of each hour, 0 to 11, (hours,)."""
        return np.repeat(np.arange(MONTHS), self.lengths)

    def by_month(self, hourly: Floats) -> Floats:
        """Sums over the months of operation: (…, hours) → (…, 12)."""
        return np.add.reduceat(hourly, self.starts, axis=-1)

    def scheduled(self, weekday: tuple[tuple[int, ...], ...], weekend: tuple[tuple[int, ...], ...]) -> Whole:
        """The period of each hour, (hours,), by 12 × 24 schedules; an empty weekend is as weekdays are, all else 0."""
        if not weekday and not weekend:
            return np.zeros(self.hours, dtype=np.intp)
        working = np.asarray(weekday or ((0,) * 24,) * MONTHS, dtype=np.intp)
        resting = np.asarray(weekend, dtype=np.intp) if weekend else working
        return np.where(self.weekend, resting[self.month, self.hour], working[self.month, self.hour])

    def within(self, months: tuple[int, ...], from_hour: int, to_hour: int) -> Flags:
        """Whether each hour, (hours,), is on a weekday of these months, January 1, empty for all, between two hours."""
        chosen = np.isin(self.month + 1, months) if months else np.ones(self.hours, dtype=np.bool_)
        return np.asarray(chosen & ~self.weekend & (self.hour >= from_hour) & (self.hour < to_hour))


@dataclass(frozen=True, eq=False)
class Bins:
    """Hours sorted by period and month of operation, to be summed and searched at once.

    `rows` (hours,): None where they are in order already. `begins` and `bins` (present,): where each bin begins, and
    which it is of periods × 12.
    """

    periods: int
    rows: Whole | None
    begins: Whole
    bins: Whole

    @classmethod
    def of(cls, clock: Clock, period: Whole, periods: int) -> Bins:
        """The bins of a period by hour, (hours,)."""
        number = period * MONTHS + clock.of_operation
        rows = None if periods == 1 else np.argsort(number, kind="stable")
        bins, begins = np.unique(number if rows is None else number[rows], return_index=True)
        return cls(periods, rows, begins, bins)

    @property
    def present(self) -> Flags:
        """Whether a period occurs in a month of operation, (periods, 12)."""
        return self._spread(np.ones(len(self.bins))) > 0

    def sums(self, hourly: Floats) -> Floats:
        """(…, hours) → (…, periods, 12), 0 where a period does not occur."""
        return self._spread(np.add.reduceat(self._sorted(hourly), self.begins, axis=-1))

    def peaks(self, hourly: Floats) -> Floats:
        """The highest of (…, hours) → (…, periods, 12), 0 where a period does not occur."""
        return self._spread(np.maximum.reduceat(self._sorted(hourly), self.begins, axis=-1))

    def _sorted(self, hourly: Floats) -> Floats:
        return hourly if self.rows is None else np.take(hourly, self.rows, axis=-1)

    def _spread(self, values: Floats) -> Floats:
        out = np.zeros((*values.shape[:-1], self.periods * MONTHS))
        out[..., self.bins] = values
        return out.reshape(*values.shape[:-1], self.periods, MONTHS)
