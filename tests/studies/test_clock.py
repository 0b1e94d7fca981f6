"""The local clock that bills read: against the zone's own rules, hour by hour."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core.inputs import Weather
from core.models.clock import Bins
from core.studies.calendar import calendar
from core.studies.clock import clock

DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@pytest.mark.parametrize(
    ("zone", "start"),
    [("America/Chicago", "2027-01"), ("America/Chicago", "2028-07"), ("Australia/Lord_Howe", "2027-10"), ("Asia/Kolkata", "2027-04")],
)  # fmt: skip
def test_each_hour_has_the_month_hour_and_day_of_its_zone(zone: str, start: str) -> None:
    when, index = clock(zone, start), calendar(zone, start).index
    for n in range(0, 8760, 7):
        told = index[n].to_pydatetime().astimezone(ZoneInfo(zone))
        assert (when.month[n], when.hour[n], when.weekend[n]) == (told.month - 1, told.hour, told.weekday() >= 5)
    assert when.hours == 8760
    first = int(start[5:]) - 1
    assert list(when.days) == list(np.roll(DAYS, -first))
    assert (when.months + 1 == (np.arange(12) + first) % 12 + 1).all()


def test_a_year_of_chicago_has_a_day_of_23_and_one_of_25_hours() -> None:
    when = clock("America/Chicago", "2027-01")
    midnights = np.flatnonzero(when.hour == 0)
    lengths = np.diff(np.append(midnights, 8760))
    assert sorted(set(lengths)) == [23, 24, 25]
    days = calendar("America/Chicago", "2027-01").index[midnights].tz_convert("America/Chicago")
    assert [str(days[int(np.flatnonzero(lengths == n)[0])].date()) for n in (23, 25)] == ["2027-03-14", "2027-11-07"]


def test_temperatures_come_in_the_order_of_operation(greensboro: Weather) -> None:
    when = clock("America/New_York", "2027-07", greensboro)
    assert when.temp_c is not None
    assert np.array_equal(when.temp_c, greensboro.hourly["temp_air"].to_numpy()[when.order])
    assert clock("America/New_York", "2027-07").temp_c is None


def test_bins_sum_and_search_as_a_loop_does() -> None:
    when = clock("America/Chicago", "2027-03")
    schedule = tuple(tuple((hour // 8 + (month > 5)) % 4 for hour in range(24)) for month in range(12))
    period = when.scheduled(schedule, ((3,) * 24,) * 12)
    bins, kw = Bins.of(when, period, 5), np.random.default_rng(1).uniform(0, 9, (2, 8760))
    sums, peaks = bins.sums(kw), bins.peaks(kw)
    for p in range(5):
        for m in range(12):
            here = (period == p) & (when.of_operation == m)
            assert bins.present[p, m] == here.any()
            assert np.allclose(sums[:, p, m], kw[:, here].sum(axis=1))
            assert np.allclose(peaks[:, p, m], kw[:, here].max(axis=1, initial=0.0))
