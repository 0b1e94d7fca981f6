"""Hours in which the grid fails, calls or peaks: as many as said, never twice, spread as documented."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models.calls import called_hours, connected_kw, outage_hours, peak_hours, stood_off_hours
from core.models.clock import Clock
from core.sections.tariff import CoincidentDemand, DemandResponse, Outages
from tests.models.tariffs import CHICAGO, FIRST, HOURS, PLAIN

TEMP_C = 20 + 10 * np.sin(np.arange(HOURS) / 24 * 2 * np.pi) + np.random.default_rng(2).normal(0, 3, HOURS)
WARM = replace(CHICAGO, temp_c=TEMP_C)


@given(st.integers(0, 400), st.integers(1, 21))
def test_outages_are_as_many_and_as_long_as_said(events: int, each: int) -> None:
    dead = outage_hours(Outages(events_per_year=events, hours_each=each), HOURS)
    assert dead.sum() == events * each


def test_outages_are_spread_over_the_year_and_the_day() -> None:
    dead = outage_hours(Outages(events_per_year=48, hours_each=1), HOURS)
    at = np.flatnonzero(dead)
    assert (np.bincount(at // 730, minlength=12) == 4).all()
    assert (np.bincount(at % 24 // 6, minlength=4) >= 8).all()
    assert np.array_equal(dead, outage_hours(Outages(events_per_year=48, hours_each=1), HOURS))
    assert outage_hours(Outages(events_per_year=1, hours_each=2000), HOURS).sum() == 2000


def test_nothing_flows_through_a_dead_connection() -> None:
    dead = outage_hours(Outages(events_per_year=2, hours_each=3), HOURS)
    limit = connected_kw(500.0, dead)
    assert (limit == 0).sum() == 6
    assert set(limit) == {0.0, 500.0}


@pytest.mark.parametrize("hours", [1, 40, 42, 200, 960])
@pytest.mark.parametrize("when", [PLAIN, CHICAGO], ids=["plain", "chicago"])
def test_calls_are_afternoons_of_weekdays(hours: int, when: Clock) -> None:
    response = DemandResponse(
        committed_kw=1.0, hours_per_year=hours, from_hour=14, to_hour=18, months=(6, 7, 8, 9) if hours < 201 else ()
    )
    called = called_hours(response, when)
    assert called.sum() == hours
    assert not (called & when.weekend).any()
    assert set(when.hour[called]) <= {14, 15, 16, 17}
    if response.months:
        assert set(when.month[called]) <= {5, 6, 7, 8}
        begun = np.flatnonzero(called & ~np.roll(called, 1))
        assert len(begun) == -(-hours // 4)
        assert len(begun) == 1 or np.diff(begun).max() <= 1.9 * np.diff(begun).mean() + 72  # a weekend may lie between


def test_calls_may_take_whole_days_and_none_come_without_commitment() -> None:
    day = DemandResponse(committed_kw=1.0, hours_per_year=48, from_hour=0, to_hour=24, months=(1,))
    called = called_hours(day, PLAIN)
    assert called.sum() == 48
    assert (PLAIN.month[called] == 0).all()
    assert len(set(np.flatnonzero(called) // 24)) == 2
    assert not called_hours(DemandResponse(), PLAIN).any()


def test_the_peak_is_the_hottest_weekday_hour_of_each_month() -> None:
    demand = CoincidentDemand(usd_per_kw=15.0, months=(6, 7, 8, 9))
    peaks = np.flatnonzero(peak_hours(demand, WARM))
    assert len(peaks) == 4
    for hour, month in zip(peaks, (5, 6, 7, 8), strict=True):
        same = (WARM.month == month) & ~WARM.weekend & (WARM.hour >= 14) & (WARM.hour < 18)
        assert same[hour]
        assert TEMP_C[hour] == TEMP_C[same].max()


def test_who_stands_off_in_the_hottest_hours_misses_the_peak() -> None:
    demand = CoincidentDemand(usd_per_kw=15.0, months=(6, 7, 8, 9), stand_off_hours=10)
    off = stood_off_hours(demand, WARM)
    assert off.sum() == 40
    assert off[peak_hours(demand, WARM)].all()
    assert not stood_off_hours(CoincidentDemand(stand_off_hours=10), WARM).any()


def test_peaks_by_list_need_no_temperatures() -> None:
    listed = CoincidentDemand(usd_per_kw=15.0, hours=(0, 5000))
    assert list(PLAIN.order[peak_hours(listed, PLAIN)]) == [0, 5000]
    with pytest.raises(ValidationError, match="temperatures"):
        peak_hours(CoincidentDemand(usd_per_kw=15.0), PLAIN)
    assert not peak_hours(CoincidentDemand(), PLAIN).any()


def test_a_window_at_the_start_of_a_month_is_found() -> None:
    assert PLAIN.within((1,), 0, 1)[0]  # a monday
    assert PLAIN.within((), 14, 18).sum() == 261 * 4
    assert not PLAIN.within((2,), 0, 24)[: FIRST[1]].any()
