"""Prices of a market, by the start of their intervals, made the 8,760 hours of a year as a scenario keeps them.

Like a weather year, the year is a circle of hours in UTC from January 1, without February 29: a price belongs to the day
and hour that its interval has, whichever year that is in. A file of a year on a local clock ends some hours into the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from core.errors import ValidationError
from core.inputs import DAYS_BEFORE_MONTH
from core.units import HOURS
from core.world import PowerPrices

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Refuse = Callable[[str, int | None, object, str], ValidationError]  # message, row, value, expected
GAP_HOURS = 3  # in a row
GAP_SHARE = 0.02  # of the year
DIGITS = 7  # of USD/kWh: a ten-thousandth of a dollar a MWh
STEPS_MINUTES = (5, 10, 15, 20, 30, 60)
LEAST_USD, MOST_USD = -2.0, 20.0  # Australia's floor is 1, its cap some 18 Australian dollars a kWh
HOUR_S = 3600


@dataclass(frozen=True)
class PriceYear:
    """A price for each of the 8,760 hours of the UTC year [USD/kWh], where it is from, and all that was done to it."""

    usd_per_kwh: tuple[float, ...]
    source: str
    notes: tuple[str, ...]


def year_of(prices: PowerPrices) -> PriceYear:
    """A year of a market's prices; ValidationError where they are not one."""

    def refuse(message: str, row: int | None, value: object, expected: str) -> ValidationError:
        where = "prices" if row is None else f"prices.{row}"
        return ValidationError(f"{where}: {message}", field=where, value=value, expected=expected)

    starts = np.array([int(start.timestamp()) for start in prices.starts], dtype=np.int64)
    found, notes = circle(starts, np.array(prices.usd_per_kwh, dtype=np.float64), prices.minutes, refuse)
    return PriceYear(found, prices.point, notes)


def circle(
    starts_s: Whole, usd_per_kwh: Floats, minutes: int, refuse: Refuse
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Intervals of equal length by their start [s since 1970, UTC], ascending, nan where no price is known, as a year."""
    check_prices(usd_per_kwh, refuse)
    slot, leap = _slots(starts_s)
    _check_one_year(starts_s, slot, leap, refuse)
    known = ~leap & np.isfinite(usd_per_kwh)
    total = np.bincount(slot[known], usd_per_kwh[known], HOURS)
    count = np.bincount(slot[known], minlength=HOURS)
    hourly = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    notes = [_span(starts_s, minutes)]
    if minutes < 60:
        notes.append(f"Hours are means of {60 // minutes} steps of {minutes} minutes.")
        if partial := int(((count > 0) & (count * minutes < 60)).sum()):
            notes.append(f"{partial} hours lack some of their steps: the mean is of the others.")
    if leap.any():
        notes.append("February 29 left out: every year here has 8,760 hours.")
    filled = _filled(hourly, notes, refuse)
    return tuple(float(usd) for usd in np.round(filled, DIGITS) + 0.0), tuple(notes)


def check_prices(usd_per_kwh: Floats, refuse: Refuse) -> None:
    """Every price in a range that some market has had."""
    wrong = np.flatnonzero((usd_per_kwh < LEAST_USD) | (usd_per_kwh > MOST_USD))
    if wrong.size:
        row = int(wrong[0])
        expected = f"from {LEAST_USD:g} to {MOST_USD:g} USD/kWh"
        raise refuse("the price is out of range", row, f"{usd_per_kwh[row]:g} USD/kWh", expected)


def _slots(starts_s: Whole) -> tuple[Whole, NDArray[np.bool_]]:
    """The hour of the year of each interval, and whether it falls on February 29, which has none."""
    stamps = starts_s.astype("datetime64[s]")
    months = stamps.astype("datetime64[M]")
    month = months.astype(np.int64) % 12
    day = (stamps.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    hour = starts_s // HOUR_S % 24
    leap = (month == 1) & (day == 28)
    return (DAYS_BEFORE_MONTH[month] + day) * 24 + hour, leap


def _check_one_year(starts_s: Whole, slot: Whole, leap: NDArray[np.bool_], refuse: Refuse) -> None:
    if not starts_s.size:
        raise refuse("there are no prices", None, 0, "a year of prices")
    hours, first = starts_s // HOUR_S, np.zeros(HOURS, dtype=np.int64)
    usual = np.flatnonzero(~leap)
    first[slot[usual[::-1]]] = hours[usual[::-1]]
    again = usual[hours[usual] != first[slot[usual]]]
    if again.size:
        row = int(again[0])
        raise refuse(
            "this hour of the year comes again: there is more than one year", row, _shown(starts_s[row]), "one year"
        )


def _span(starts_s: Whole, minutes: int) -> str:
    first, end = _shown(starts_s[0]), _shown(int(starts_s[-1]) + minutes * 60)
    return f"Prices from {first} to {end} UTC, each kept at its day and hour of the year."


def _shown(stamp_s: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(stamp_s))).strftime("%Y-%m-%d %H:%M")


def _filled(hourly: Floats, notes: list[str], refuse: Refuse) -> Floats:
    """Gaps of some hours on the line between their neighbours; longer ones, or too many, are refused."""
    missing = np.isnan(hourly)
    lacking = int(missing.sum())
    if not lacking:
        return hourly
    longest, begin = _longest_gap(missing)
    if longest > GAP_HOURS or lacking > GAP_SHARE * HOURS:
        message = (
            f"{lacking:,} of {HOURS:,} hours have no price, {longest:,} in a row from {_hour_of_year(begin)} UTC on"
        )
        expected = f"a year with at most {GAP_SHARE:.0%} missing, no more than {GAP_HOURS} hours in a row"
        raise refuse(message, None, lacking, expected)
    at = np.flatnonzero(~missing)
    notes.append(
        f"{lacking} hours had no price and lie on the line between their neighbours, {longest} in a row at most."
    )
    return np.interp(np.arange(HOURS), at, hourly[at], period=HOURS)


def _longest_gap(missing: NDArray[np.bool_]) -> tuple[int, int]:
    """Length and first hour of the longest run of missing hours around the circle."""
    if missing.all():
        return HOURS, 0
    shift = int(np.flatnonzero(~missing)[0])  # begin where something is known, so that no run is cut in two
    known = np.flatnonzero(~np.roll(missing, -shift))
    runs = np.diff(np.append(known, HOURS)) - 1
    longest = int(runs.argmax())
    return int(runs[longest]), int((known[longest] + 1 + shift) % HOURS)


def _hour_of_year(hour: int) -> str:
    return (datetime(2001, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).strftime("%m-%d %H:00")
