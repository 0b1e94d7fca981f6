"""A year of the site with its battery: dispatch, what the year wears, and new cells in the month they are due."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.models import ageing
from core.models.dispatch import FLOWS, Hours, Storage, dispatch
from core.sections import Battery
from core.studies.calendar import Calendar
from core.units import HOURS

Floats = NDArray[np.float64]
SOC, DISCHARGE = FLOWS.index("soc_kwh"), FLOWS.index("discharge_kw")


class Year(NamedTuple):
    """How a year leaves the battery.

    `health_frac` and `soc_kwh` at its end, `cycles` full equivalent within it. `renewed_frac` (13,): capacity put in
    as a share of nameplate, at the start of each month; the thirteenth is the first of the next year.
    """

    health_frac: float
    soc_kwh: float
    cycles: float
    renewed_frac: Floats


def battery_year(
    battery: Battery, hours: Hours, health_frac: float, soc_kwh: float, when: Calendar, compiled: bool, out: Floats
) -> Year:
    """Run a year from a state of health and charge; the flows are written to `out` (7, 8760).

    Capacity stands still within the year but for new cells: from the month in which they come, the rest of the year is run
    anew with them. They come with the charge that the old ones had, or their own lowest.
    """
    rule, renewed, begin = battery.replacement.rule, np.zeros(13), 0
    dispatch(hours, storage_of(battery, health_frac, soc_kwh), compiled=compiled, out=out)
    fade = _fade_by_month(battery, out, begin, when)
    while (due := _due(battery, health_frac, fade, begin)) is not None:
        left = health_frac - float(fade[: due - begin].sum())
        renewed[due] += 1.0 if rule == "replace" else 1.0 - max(left, 0.0)
        health_frac, begin = 1.0, due
        if due < 12:
            _run_on(battery, hours, when.starts[due], compiled, out)
        fade = _fade_by_month(battery, out, begin, when)
    drawn = float(_drawn_kwh(battery, out[DISCHARGE].sum()))
    cycles = drawn / battery.energy_kwh if battery.energy_kwh else 0.0
    return Year(_health_after(battery, health_frac, fade, begin, drawn), float(out[SOC, -1]), cycles, renewed)


def _run_on(battery: Battery, hours: Hours, start: int, compiled: bool, out: Floats) -> None:
    """The year from an hour on, with a battery as new."""
    out[:, start:] = dispatch(
        hours.part(start), storage_of(battery, 1.0, float(out[SOC, start - 1])), compiled=compiled
    )


def _due(battery: Battery, health_frac: float, fade: Floats, begin: int) -> int | None:
    """Month of the year, 1 to 12, at whose start new cells come; None where none do."""
    if battery.replacement.rule == "never" or not battery.energy_kwh or not fade.size:
        return None
    below = ageing.first_month_below(health_frac, fade, battery.replacement.below_frac)
    return None if below is None else begin + below + 1


def _health_after(battery: Battery, health_frac: float, fade: Floats, begin: int, drawn_kwh: float) -> float:
    """Health at the year's end from that at the start of month `begin`."""
    if begin == 0 and battery.replacement.counting == "throughput":
        fades = (battery.calendar_fade_frac_per_year, battery.cycle_fade_frac_per_cycle, battery.health_floor_frac)
        return float(ageing.battery_health_after_year_frac(health_frac, drawn_kwh, battery.energy_kwh, *fades))
    return min(health_frac, max(health_frac - float(fade.sum()), battery.health_floor_frac))


def _fade_by_month(battery: Battery, out: Floats, begin: int, when: Calendar) -> Floats:
    """Capacity lost in each month from `begin` on, as a share of the original: by age and by cycles.

    Worked out only where it matters in which month it falls.
    """
    if battery.replacement.rule == "never" and battery.replacement.counting == "throughput":
        return np.zeros(0)
    length = np.diff(np.append(when.starts, HOURS))[begin:]
    by_age: Floats = battery.calendar_fade_frac_per_year * length / HOURS
    if not battery.energy_kwh or not length.size:
        return by_age
    if battery.replacement.counting == "throughput":
        drawn = _drawn_kwh(battery, when.by_month(out[DISCHARGE])[begin:])
        return np.asarray(by_age + battery.cycle_fade_frac_per_cycle * drawn / battery.energy_kwh)
    start = when.starts[begin]
    ranges, counts, ends = ageing.rainflow(out[SOC, start:])
    depth = np.minimum(ranges / battery.energy_kwh, 1.0)  # the sum of many small steps may pass 1 by rounding
    worn = ageing.cycle_fade_frac(depth, counts, battery.cycle_fade_frac_per_cycle, battery.replacement.depth_exponent)
    month = np.searchsorted(when.starts, ends + start, side="right") - 1 - begin
    return np.asarray(by_age + np.bincount(month, weights=worn, minlength=length.size))


def wear_usd_per_kwh(battery: Battery, cells_usd_per_kwh: float) -> float:
    """What a kWh discharged takes of the battery's worth [USD/kWh]: its share of the new cells that fade brings nearer.

    The planner's figure, or price of cells · fade per cycle over the fade at which they are bought; 0 where none are.
    """
    if battery.wear_usd_per_kwh is not None:
        return battery.wear_usd_per_kwh
    renewal = battery.replacement
    if renewal.rule == "never":
        return 0.0
    bought_per_fade = 1.0 / (1.0 - renewal.below_frac) if renewal.rule == "replace" else 1.0
    per_kwh_drawn = cells_usd_per_kwh * renewal.cost_frac * battery.cycle_fade_frac_per_cycle * bought_per_fade
    return float(_drawn_kwh(battery, per_kwh_drawn))


def storage_of(battery: Battery, health_frac: float, soc_kwh: float) -> Storage:
    """The battery as dispatch sees it, at a state of health and charge, which is brought into its window."""
    capacity = battery.energy_kwh * health_frac
    low, high = battery.soc_min_frac * capacity, battery.soc_max_frac * capacity
    way = float(np.sqrt(battery.round_trip_efficiency_frac))
    return Storage(low, high, battery.power_kw, way, float(np.clip(soc_kwh, low, high)))


def _drawn_kwh(battery: Battery, given_kwh: Any) -> Any:
    """Energy drawn from the cells [kWh]: what they give loses half of the round trip on its way out."""
    return given_kwh / np.sqrt(battery.round_trip_efficiency_frac)
