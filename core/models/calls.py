"""The hours in which the grid decides: it fails, it calls load off, it has its peak. None is drawn by lot.

Outages: the year is cut into as many equal parts as there are events, one in each, at a place that the golden ratio
moves on from part to part: never two at once, and every hour of the day in turn (Weyl's equidistribution).
Calls: whole windows of weekdays at even steps through the months of the programme, as many as the hours fill.
Peaks: in each chosen month the hottest weekday hour of the window, the first of equals, as air conditioning makes the
peaks of hot countries. Where winter makes them, hours are given by list.
"""

from __future__ import annotations

import numpy as np

from core.errors import ValidationError
from core.models.clock import Clock, Flags, Floats
from core.sections.tariff import CoincidentDemand, DemandResponse, Outages

GOLDEN = (5.0**0.5 - 1.0) / 2.0


def outage_hours(outages: Outages, hours: int) -> Flags:
    """Whether the connection is dead in each hour, (hours,)."""
    dead = np.zeros(hours, dtype=np.bool_)
    events, each = outages.events_per_year, outages.hours_each
    if not events:
        return dead
    part = hours / events
    at = np.arange(events)
    begins = np.floor(at * part + (((at + 1) * GOLDEN) % 1.0) * (part - each)).astype(np.intp)
    dead[(begins[:, None] + np.arange(each)).ravel()] = True
    return dead


def called_hours(response: DemandResponse, clock: Clock) -> Flags:
    """Whether load is called off in each hour, (hours,): as many as a year has calls, none without commitment."""
    called = np.zeros(clock.hours, dtype=np.bool_)
    wanted = response.hours_per_year if response.committed_kw else 0
    open_hours = np.flatnonzero(clock.within(response.months, response.from_hour, response.to_hour))
    if not wanted or not open_hours.size:
        return called
    window = response.to_hour - response.from_hour
    gaps = np.diff(open_hours, prepend=open_hours[0]) > 1  # one day's window ends before the next begins
    day = np.arange(open_hours.size) // 24 if window == 24 else np.cumsum(gaps)
    windows = int(day[-1]) + 1
    events = min(windows, -(-wanted // window))
    taken = ((np.arange(events) + 0.5) * windows / events).astype(np.intp)
    called[open_hours[np.isin(day, taken)][:wanted]] = True
    return called


def peak_hours(demand: CoincidentDemand, clock: Clock) -> Flags:
    """The hours of the grid's peak, (hours,): those of the list, else one of each chosen month; none without a price."""
    if not demand.usd_per_kw:
        return np.zeros(clock.hours, dtype=np.bool_)
    return np.isin(clock.order, demand.hours) if demand.hours else _hottest(demand, clock, 1)


def stood_off_hours(demand: CoincidentDemand, clock: Clock) -> Flags:
    """The hours in which the mine draws nothing from the grid so as to miss the peak, (hours,)."""
    if not demand.usd_per_kw or not demand.stand_off_hours:
        return np.zeros(clock.hours, dtype=np.bool_)
    return _hottest(demand, clock, demand.stand_off_hours)


def _hottest(demand: CoincidentDemand, clock: Clock, count: int) -> Flags:
    """The so many hottest weekday hours of the window in each chosen month of operation, (hours,)."""
    if clock.temp_c is None:
        expected = "hours by list, or a clock that knows the temperature"
        raise ValidationError("no temperatures to find the grid's peak by", field="temp_c", expected=expected)
    chosen = np.zeros(clock.hours, dtype=np.bool_)
    open_hours = clock.within(demand.months, demand.from_hour, demand.to_hour)
    for begin, length in zip(clock.starts, clock.lengths, strict=True):
        hours = begin + np.flatnonzero(open_hours[begin : begin + length])
        chosen[hours[np.argsort(-clock.temp_c[hours], kind="stable")][:count]] = True
    return chosen


def connected_kw(limit_kw: Floats | float, dead: Flags) -> Floats:
    """A limit of the connection [kW] by hour, (hours,): 0 while it is dead; `limit_kw` one for all hours or (hours,)."""
    return np.where(dead, 0.0, limit_kw)
