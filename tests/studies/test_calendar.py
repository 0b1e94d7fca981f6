"""Hours and months: every zone, leap years, and a start in any month."""

from __future__ import annotations

from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import pytest

from core.studies.calendar import calendar

ZONES = sorted(available_timezones())


@pytest.mark.parametrize("year", [*range(2024, 2033), 2011])
def test_every_zone_has_8760_hours_in_twelve_months_and_its_days_sum_to_the_year(year: int) -> None:
    """Lord Howe's half-hour summer time, Casablanca's Ramadan and Apia's lost day included; February 29 is left out."""
    assert len(ZONES) > 400
    values = np.random.default_rng(year).uniform(size=8760)
    for number, zone in enumerate(ZONES):
        start = (1, 7, 10)[number % 3]
        when = calendar.__wrapped__(zone, f"{year}-{start:02d}")
        assert len(when.index) == 8760
        assert np.array_equal(np.sort(when.order), np.arange(8760))
        local = when.index.tz_convert(zone)
        assert (local[0].month, local[0].day) == (start, 1), zone
        assert local[0].hour * 60 + local[0].minute < 60, zone
        assert np.all(np.diff(when.starts) >= 27 * 24)
        hourly = values[when.order]
        local_day = local.tz_localize(None).as_unit("s").asi8 // 86_400
        daily = np.add.reduceat(hourly, np.flatnonzero(np.diff(local_day, prepend=-1)))
        assert abs(daily.sum() - values.sum()) < 1e-9 * values.sum()
        assert when.by_month(hourly).sum() == pytest.approx(values.sum(), rel=1e-9)


def test_a_year_of_operation_starts_at_local_midnight_of_its_first_month() -> None:
    for zone, first in (("America/New_York", "2027-07-01 04:00"), ("Australia/Sydney", "2027-06-30 14:00")):
        when = calendar(zone, "2027-07")
        assert when.index[0] == pd.Timestamp(first, tz="UTC")
        assert np.all(np.diff(when.index.asi8) > 0)
        assert np.diff(when.starts)[0] == 31 * 24


def test_each_hour_takes_the_weather_of_its_own_day_and_hour() -> None:
    when = calendar("America/New_York", "2027-07")
    weather = pd.date_range("2002-01-01", periods=8760, freq="h", tz="UTC")[when.order]
    for part in ("month", "day", "hour"):
        assert np.array_equal(getattr(weather, part), getattr(when.index, part))


def test_months_spread_and_gathered_come_back() -> None:
    when = calendar("UTC", "2030-03")
    monthly = np.arange(12.0)
    days = np.array([31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28])
    assert np.allclose(when.by_month(when.hourly(monthly)), monthly * days * 24)
