"""How panels, battery and machines lose strength with years and cycles, and when they fail and are replaced."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import at_least_0, finite, refused, share

Floats: TypeAlias = NDArray[np.float64]
Broadcast: TypeAlias = Any  # a float for scalars, else an array of the arguments' broadcast shape

PLAN_DAYS_PER_YEAR = 365.0  # without February 29


def panel_health_frac(years: int, first_year_degradation_frac: float, degradation_frac_per_year: float) -> Floats:
    """Output of the array in each year over its output when new.

    (1 − first) · (1 − d)^(n − 1) in year n = 1, 2, …

    years ≥ 1; both shares [1] in 0…1. Returns shape (years,).
    The first-year loss counts from the first hour: light-induced loss settles within weeks of sun. The yearly loss starts
    with year 2, as in SAM, so that without a first-year loss year 1 is the undegraded year that yield reports name.
    Source: SAM, lifetime and degradation; Jordan & Kurtz (2013), "Photovoltaic degradation rates".
    """
    first = share("first_year_degradation_frac", first_year_degradation_frac)
    yearly = share("degradation_frac_per_year", degradation_frac_per_year)
    return np.asarray((1.0 - first) * (1.0 - yearly) ** _whole_years(years))


def hashrate_health_frac(years: int, hashrate_degradation_frac_per_year: float) -> Floats:
    """Hash rate of the machines in each year over their hash rate when new, at the same power.

    (1 − d)^(n − 1) in year n = 1, 2, …

    years ≥ 1; hashrate_degradation_frac_per_year d [1/yr] in 0…1. Returns shape (years,); year 1 is that of the data sheet.
    Source: constant yearly decline, as for panels; no long record of machines is published.
    """
    yearly = share("hashrate_degradation_frac_per_year", hashrate_degradation_frac_per_year)
    return np.asarray((1.0 - yearly) ** _whole_years(years))


def battery_health_after_year_frac(
    health_frac: ArrayLike,
    discharged_kwh: ArrayLike,
    energy_kwh: ArrayLike,
    calendar_fade_frac_per_year: ArrayLike,
    cycle_fade_frac_per_cycle: ArrayLike,
    health_floor_frac: ArrayLike,
) -> Broadcast:
    """Battery capacity at the end of a year over its capacity when new.

    max(floor, health − calendar fade − cycle fade · discharged / energy).

    health_frac [1] at the year's start; discharged_kwh [kWh] over the year, energy_kwh [kWh] nameplate when new, so their
    ratio counts equivalent full cycles; fades as shares of the original capacity; shapes broadcast. Without a battery
    there are no cycles. A battery already below the floor stays where it is.
    Source: the linear calendar and throughput terms of warranties and data sheets; real cells fade faster at first.
    """
    health = share("health_frac", health_frac)
    discharged, energy = (
        at_least_0(*pair) for pair in (("discharged_kwh", discharged_kwh), ("energy_kwh", energy_kwh))
    )
    worn = at_least_0("cycle_fade_frac_per_cycle", cycle_fade_frac_per_cycle) * discharged
    fade = np.minimum(worn, energy) / np.where(energy > 0, energy, 1.0)  # all of it at most, however small the battery
    left = health - at_least_0("calendar_fade_frac_per_year", calendar_fade_frac_per_year) - fade
    return np.minimum(health, np.maximum(left, share("health_floor_frac", health_floor_frac)))[()]


# Failures and replacement


def availability_frac(failures_per_year: ArrayLike, repair_days: ArrayLike) -> Broadcast:
    """Share of time in which a machine that fails now and then is not in repair.

    1 / (1 + λ · r / 365).

    failures_per_year λ [1/yr] ≥ 0 per year of running, repair_days r [d] ≥ 0 from failure to restart; shapes broadcast.
    Source: mean time between failures over itself and mean time to repair; Barlow & Proschan (1965).
    """
    down_years = at_least_0("repair_days", repair_days) / PLAN_DAYS_PER_YEAR
    return 1.0 / (1.0 + at_least_0("failures_per_year", failures_per_year) * down_years)


def failures_by_age(failures_per_year: float, growth_per_year: float, age_years: ArrayLike) -> Broadcast:
    """Failures a machine has in a year of running, by its age.

    λ · (1 + g)^age.

    failures_per_year λ [1/yr] ≥ 0 when new, growth_per_year g [1/yr] ≥ −1, age_years [yr] ≥ 0 any shape.
    Source: constant hazard where g is 0, a Gompertz hazard of wear-out else.
    """
    growth = finite("growth_per_year", growth_per_year)
    if growth < -1:
        raise refused("growth_per_year", growth_per_year, "-1 or more")
    return at_least_0("failures_per_year", failures_per_year) * (1.0 + growth) ** at_least_0("age_years", age_years)


def replacement_months(every_years: int, months: int) -> NDArray[np.bool_]:
    """Months of operation in which a part of known life is replaced: the first after each full life; none at 0.

    every_years [yr] ≥ 0, months ≥ 1. Returns booleans (months,).
    """
    if every_years < 0:
        raise refused("every_years", every_years, "0 or more")
    month = np.arange(months)
    return (month > 0) & (month % (12 * every_years) == 0) if every_years else np.zeros(months, bool)


def first_month_below(health_frac: float, fade_frac: ArrayLike, floor_frac: float) -> int | None:
    """First month at whose end a battery stands below a floor; None where it stays above.

    health − Σ fade < floor.

    health_frac [1] at the start, fade_frac [1] ≥ 0 lost in each month (months,), floor_frac [1].
    Source: definition of a floor of health.
    """
    below = share("health_frac", health_frac) - np.cumsum(at_least_0("fade_frac", fade_frac)) < floor_frac
    return int(np.argmax(below)) if below.any() else None


# Cycles


def rainflow(level: ArrayLike) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Cycles hidden in a history of levels, such as a battery's state of charge.

    A range Y enclosed by the next one X (X ≥ Y) is a full cycle, or a half one where it holds the history's start;
    what is left at the end counts as halves.

    level (n,) in any unit. Returns (ranges, counts of 1 or ½, index of the level at which each range ends), in the order
    in which they close. Source: ASTM E1049-85 (2017), §5.4.4, rainflow counting.
    """
    series = finite("level", level)
    turns = _turns(series)
    levels = series[turns].tolist()
    found: list[tuple[float, float, int]] = []
    stack: list[int] = []  # turns whose ranges are not counted yet
    for turn in range(len(levels)):
        stack.append(turn)
        while len(stack) >= 3:
            inner = abs(levels[stack[-2]] - levels[stack[-3]])
            if abs(levels[turn] - levels[stack[-2]]) < inner:
                break
            found.append((inner, 1.0 if len(stack) > 3 else 0.5, stack[-2]))
            del stack[slice(-3, -1) if len(stack) > 3 else slice(0, 1)]
    found += [(abs(levels[b] - levels[a]), 0.5, b) for a, b in pairwise(stack)]
    ranges, counts, ends = np.array(found, np.float64).reshape(-1, 3).T
    return ranges, counts, turns[ends.astype(np.intp)]


def _turns(series: Floats) -> NDArray[np.intp]:
    """Where a history turns, its first and last level included."""
    steps = np.diff(series)
    moves = np.flatnonzero(steps)
    if not moves.size:
        return moves
    turning = np.flatnonzero(np.diff(np.sign(steps[moves])))
    return np.concatenate([moves[:1], moves[turning] + 1, moves[-1:] + 1])


def cycle_fade_frac(
    depth_frac: ArrayLike, counts: ArrayLike, cycle_fade_frac_per_cycle: float, depth_exponent: float
) -> Broadcast:
    """Capacity lost in cycles of several depths, each as a share of the original capacity.

    c · n · depth^k.

    depth_frac [1] in 0…1 and counts n ≥ 0, shapes broadcast; cycle_fade_frac_per_cycle c [1] of a full cycle,
    depth_exponent k [1] ≥ 0: at 1 the energy moved counts alone, above it shallow cycles are cheap.
    Source: Palmgren (1924) and Miner (1945), damages add; Wöhler curve of cycle life against depth, as used for cells by
    Xu et al. (2018), "Modeling of lithium-ion battery degradation for cell life assessment".
    """
    exponent = at_least_0("depth_exponent", depth_exponent)
    worn = at_least_0("counts", counts) * share("depth_frac", depth_frac) ** exponent
    return at_least_0("cycle_fade_frac_per_cycle", cycle_fade_frac_per_cycle) * worn


def _whole_years(years: int) -> Floats:
    if isinstance(years, bool) or not isinstance(years, int | np.integer) or years < 1:
        raise refused("years", years, "a whole number from 1")
    return np.arange(years, dtype=np.float64)
