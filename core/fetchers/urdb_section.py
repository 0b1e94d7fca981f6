"""A tariff of the Utility Rate Database made the tariff of a scenario, or a ValidationError that names what cannot be.

What is simplified on the way is told in notes, as what is refused would make another bill.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import pydantic

from core import world
from core.errors import ValidationError
from core.scenario import explained
from core.sections.tariff import MONTHS, Tariff

KWH_UNITS = {"kWh": "kwh", "kWh daily": "kwh_per_day", "kWh/kW": "kwh_per_kw", "kWh/kW daily": "kwh_per_kw_day"}
RULES = {
    "net metering": "net_metering",
    "net billing instantaneous": "net_billing",
    "net billing hourly": "net_billing",
}
USUAL_LOOK_BACK = 11
DAYS = 365.0


class Converted(NamedTuple):
    """The tariff of a scenario, and what was simplified."""

    tariff: Tariff
    notes: tuple[str, ...]


def section_of(told: world.Tariff) -> Converted:
    """The charges of a rate as a section; ValidationError names a charge that a bill here cannot have."""
    raw: dict[str, Any] = {
        "name": f"{told.entry.utility}: {told.entry.name}".strip(": ")[:200],
        "source": told.source,
        "energy": _energy(told.energy),
        "flat_demand": _flat(told.flat_demand),
        "timed_demand": _timed(told.timed_demand, "timed_demand"),
        "coincident": _coincident(told.coincident_demand),
        "ratchet": _ratchet(told),
        "settlement": {"rule": _rule(told)},
        **_fixed(told),
    }
    try:
        tariff = Tariff.model_validate(raw)
    except pydantic.ValidationError as error:
        raise explained(error, "tariff", ValidationError) from None
    return Converted(tariff, (*told.notes, *_notes(told)))


def refused(field: str, value: object, expected: str) -> ValidationError:
    """A charge that no bill here can have."""
    return ValidationError(f"tariff: {field} is {value}", field=field, value=value, expected=expected)


def _energy(charge: world.EnergyCharge | None) -> dict[str, Any]:
    if charge is None:
        return {}
    periods = [_energy_period(period, f"energy.periods.{n}") for n, period in enumerate(charge.periods)]
    fuel = charge.fuel_usd_per_kwh if any(charge.fuel_usd_per_kwh) else ()
    return {"periods": periods, "adjustment_usd_per_kwh": fuel, **_schedules(charge.weekday, charge.weekend)}


def _energy_period(period: tuple[world.EnergyTier, ...], at: str) -> dict[str, Any]:
    for n, tier in enumerate(period):
        if tier.unit not in KWH_UNITS:
            raise refused(f"{at}.tiers.{n}.unit", tier.unit, "kWh or kWh/kW, of a month or daily")
    tiers = [{"usd_per_kwh": tier.usd_per_kwh, "up_to": tier.up_to, "unit": KWH_UNITS[tier.unit]} for tier in period]
    return {"tiers": tiers, "sell_usd_per_kwh": period[0].sell_usd_per_kwh}


def _schedules(weekday: world.Schedule, weekend: world.Schedule) -> dict[str, Any]:
    """Schedules as short as they can be said: none for a single period, no weekend that is as weekdays are."""
    if not any(cell for schedule in (weekday, weekend) for row in schedule for cell in row):
        return {}
    return {"weekday": weekday} if weekend == weekday else {"weekday": weekday, "weekend": weekend}


def _flat(charge: world.FlatDemand | None) -> dict[str, Any]:
    if charge is None:
        return {}
    return {"periods": _demand_periods(charge, "flat_demand"), "months": charge.months if any(charge.months) else ()}


def _timed(charge: world.TimedDemand | None, field: str) -> dict[str, Any]:
    if charge is None:
        return {}
    return {"periods": _demand_periods(charge, field), **_schedules(charge.weekday, charge.weekend)}


def _demand_periods(charge: world.FlatDemand | world.TimedDemand, field: str) -> list[dict[str, Any]]:
    if charge.unit != "kW":
        raise refused(f"{field}.unit", charge.unit, "kW of the month's peak")
    return [
        {"tiers": [{"usd_per_kw": tier.usd, "up_to_kw": tier.up_to} for tier in period]} for period in charge.periods
    ]


def _coincident(charge: world.TimedDemand | None) -> dict[str, Any]:
    """One price in one window of hours, the same in each month that has it; anything else is refused."""
    if charge is None or not any(tier.usd for period in charge.periods for tier in period):
        return {}
    periods = _demand_periods(charge, "coincident_demand")
    priced = [n for n, period in enumerate(periods) if any(tier["usd_per_kw"] for tier in period["tiers"])]
    if len(priced) > 1 or len(periods[priced[0]]["tiers"]) > 1:
        raise refused("coincident_demand.periods", f"{len(priced)} with prices or tiers", "one price")
    windows = {m: [h for h in range(24) if row[h] in priced] for m, row in enumerate(charge.weekday, 1)}
    months = [month for month, hours in windows.items() if hours]
    hours = windows[months[0]] if months else []
    if not hours or any(windows[m] != hours for m in months) or hours != list(range(hours[0], hours[-1] + 1)):
        raise refused("coincident_demand.weekday", "hours that differ", "one window of hours, alike in its months")
    price = periods[priced[0]]["tiers"][0]["usd_per_kw"]
    chosen = () if len(months) == MONTHS else tuple(months)
    return {"usd_per_kw": price, "months": chosen, "from_hour": hours[0], "to_hour": hours[-1] + 1}


def _ratchet(told: world.Tariff) -> dict[str, Any]:
    ratchet = told.ratchet
    if ratchet is None:
        return {}
    alike = len(set(ratchet.least_fracs)) == 1
    return {
        "shares_frac": ratchet.least_fracs[:1] if alike else ratchet.least_fracs,
        "look_back_months": ratchet.look_back_months or USUAL_LOOK_BACK,
        "peak_months": () if all(ratchet.peak_months) else [m for m, on in enumerate(ratchet.peak_months, 1) if on],
        "on": "flat" if told.flat_demand or not told.timed_demand else "timed",
    }


def _rule(told: world.Tariff) -> str:
    if told.export == "buy all sell all":
        raise refused("export", told.export, "a rule under which the array serves the mine first")
    return RULES.get(told.export) or ("feed_in" if any(_sells(told)) else "sold")


def _sells(told: world.Tariff) -> Iterable[float]:
    """Prices named for what is fed in."""
    tiers = [tier for period in (told.energy.periods if told.energy else ()) for tier in period]
    return [tier.sell_usd_per_kwh for tier in tiers if tier.sell_usd_per_kwh is not None]


def _fixed(told: world.Tariff) -> dict[str, float]:
    """Charges and minimums by month, day and year, in the terms a section has."""
    fixed = (told.fixed,) if told.fixed else ()
    minimums = {
        per: max((c.usd for c in told.minimums if c.per == per), default=0.0) for per in ("day", "month", "year")
    }
    return {
        "fixed_usd_per_month": math.fsum(
            c.usd if c.per == "month" else c.usd / MONTHS for c in fixed if c.per != "day"
        ),
        "fixed_usd_per_day": math.fsum(c.usd for c in fixed if c.per == "day"),
        "minimum_usd_per_month": max(minimums["month"], minimums["day"] * DAYS / MONTHS),
        "minimum_usd_per_year": minimums["year"],
    }


def _notes(told: world.Tariff) -> list[str]:
    """What the section leaves out, or takes to be."""
    demand = told.flat_demand or told.timed_demand or told.coincident_demand
    window, ratchet = told.demand_window_minutes, told.ratchet
    said = {
        "The tariff names no price of energy: the grid's import price holds.": told.energy is None,
        "Demand is taken as the highest mean of an hour; a meter takes that of "
        f"{window or 0:g} minutes, which may be higher.": demand and window and window < 60,
        "Reactive power is not billed.": told.reactive_usd_per_kvar,
        "A single meter is billed.": told.further_meter,
        "The minimum by day is taken by month.": any(c.per == "day" for c in told.minimums),
        "The tariff does not say how far its ratchet looks back: 11 months.": ratchet and not ratchet.look_back_months,
        "The tariff has a ratchet but no demand charge.": ratchet and not (told.flat_demand or told.timed_demand),
        "What is fed in earns what the first tier of its period says.": _tiered_sells(told),
        "The grid's peak is taken to fall on the hottest weekday hour of the window.": told.coincident_demand,
    }
    return [words for words, true in said.items() if true]


def _tiered_sells(told: world.Tariff) -> bool:
    periods = told.energy.periods if told.energy else ()
    return any(len({tier.sell_usd_per_kwh for tier in period}) > 1 for period in periods)
