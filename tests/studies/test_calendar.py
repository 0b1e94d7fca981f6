"""Hours and months: every zone, leap years, and a start in any month."""

from __future__ import annotations

from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import pytest

from core.studies.calendar import calendar

ZONES = sorted(available_timezones())


@pytest.mark.parametrize("year", range(2024, 2033))
def test_every_zone_has_8760_hours_and_its_days_sum_to_the_year(year: int) -> None:
    """NUM-02, Lord Howe's half-hour summer time and Casablanca's Ramadan included; February 29 is left out."""
    assert len(ZONES) > 400
    values = np.random.default_rng(year).uniform(size=8760)
    for zone in ZONES:
        when = calendar.__wrapped__(year, zone, f"{year}-01")
        assert len(when.index) == len(set(when.order.tolist())) == 8760
        hourly = values[when.order]
        local_day = when.index.tz_convert(zone).tz_localize(None).as_unit("s").asi8 // 86_400
        daily = np.add.reduceat(hourly, np.flatnonzero(np.diff(local_day, prepend=-1)))
        assert 365 <= len(daily) <= 366
        assert abs(daily.sum() - values.sum()) < 1e-9 * values.sum()
        assert when.by_month(hourly).sum() == pytest.approx(values.sum(), rel=1e-9)


def test_a_year_of_operation_starts_at_local_midnight_of_its_first_month() -> None:
    for zone, first in (("America/New_York", "2027-07-01 04:00"), ("Australia/Sydney", "2027-06-30 14:00")):
        when = calendar(2002, zone, "2027-07")
        assert when.index[0] == pd.Timestamp(first, tz="UTC")
        assert when.month_of_year.tolist() == [7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]
        assert np.all(np.diff(when.index.asi8) > 0)
        assert np.diff(when.starts)[0] == 31 * 24


def test_months_spread_and_gathered_come_back() -> None:
    when = calendar(2013, "UTC", "2030-03")
    monthly = np.arange(12.0)
    days = np.array([31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28])
    assert np.allclose(when.by_month(when.hourly(monthly)), monthly * days * 24)
