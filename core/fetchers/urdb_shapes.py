"""The shapes of a rate in the Utility Rate Database: tiers of periods, schedules, and fields that may be missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from core.fetchers.fields import Fields, number, refused
from core.world import DemandTier, EnergyTier, Schedule

MONTHS, HOURS = 12, 24
NO_END = 1e37  # SAM writes 9.9999e37 or 1e38 where a tier has no end
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = date(1900, 1, 1), date(2100, 1, 1)
SHOWN = 400  # characters of a text that are kept
ONE_PERIOD: Schedule = ((0,) * HOURS,) * MONTHS

Tier = TypeVar("Tier", bound=EnergyTier | DemandTier)


# Tiers and schedules


def periods_of(rate: Fields, name: str, read: Callable[[Fields, str], Tier]) -> tuple[tuple[Tier, ...], ...]:
    """Tiers of each period. They must ascend where they count alike; the price of the last goes on for ever."""
    return tuple(_tiers(rate.provider, period, f"{name}[{n}]", read) for n, period in enumerate(rate.rows(name)))


def _tiers(provider: str, period: Any, at: str, read: Callable[[Fields, str], Tier]) -> tuple[Tier, ...]:
    if not isinstance(period, list) or not period:
        raise refused(provider, at, period, "a list of tiers")
    tiers = [read(Fields.of(row, provider, f"{at}[{n}]"), f"{at}[{n}]") for n, row in enumerate(period)]
    _check_ends(tiers, provider, at)
    return (*tiers[:-1], replace(tiers[-1], up_to=None))


def _check_ends(tiers: list[Tier], provider: str, at: str) -> None:
    for n, tier in enumerate(tiers[:-1]):
        if tier.up_to is None:
            raise refused(provider, f"{at}[{n}].max", None, "there, although another tier follows")
        before = tiers[n - 1] if n else None
        alike = before is not None and getattr(before, "unit", "") == getattr(tier, "unit", "")
        least = (before.up_to or 0.0) if before is not None and alike else 0.0
        if not tier.up_to > least:
            raise refused(provider, f"{at}[{n}].max", tier.up_to, f"above {least:g}")


def price_of(tier: Fields, at: str) -> tuple[float, float]:
    """Rate and adjustment, of which one may be missing."""
    rate, adjustment = amount(tier, "rate", f"{at}.rate"), amount(tier, "adj", f"{at}.adj")
    if rate is None and adjustment is None:
        raise refused(tier.provider, f"{at}.rate", None, "a number")
    return rate or 0.0, adjustment or 0.0


def end_of(tier: Fields, at: str) -> float | None:
    """Where a tier ends, None where it does not."""
    end = amount(tier, "max", f"{at}.max")
    return None if end is None or end >= NO_END else end


def schedule(rate: Fields, name: str, periods: int) -> Schedule:
    """12 months × 24 hours of periods; it may be missing where there is but one."""
    value = rate.raw.get(name)
    if value is None and periods == 1:
        return ONE_PERIOD
    if not isinstance(value, list) or len(value) != MONTHS:
        raise refused(rate.provider, name, value, "12 months of 24 hours")
    return tuple(period_numbers(month, HOURS, periods, rate.provider, f"{name}[{m}]") for m, month in enumerate(value))


def period_numbers(value: Any, count: int, periods: int, provider: str, name: str) -> tuple[int, ...]:
    """So many numbers of periods, from 0."""
    if not isinstance(value, list) or len(value) != count:
        raise refused(provider, name, value, f"a list of {count} periods")
    found = [number(cell, provider, f"{name}[{n}]") for n, cell in enumerate(value)]
    for n, cell in enumerate(found):
        if not (cell.is_integer() and 0 <= cell < periods):
            raise refused(provider, f"{name}[{n}]", cell, f"one of the {periods} periods from 0")
    return tuple(int(cell) for cell in found)


def by_month(rate: Fields, name: str) -> tuple[float, ...] | None:
    """A number for each month, None where the key is missing."""
    value = rate.raw.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != MONTHS:
        raise refused(rate.provider, name, value, "12 numbers, one a month")
    return tuple(number(cell, rate.provider, f"{name}[{n}]") for n, cell in enumerate(value))


# Fields


def lowered(raw: Any, provider: str) -> Fields:
    """The record with keys in small letters: their spelling differs between versions."""
    found = Fields.of(raw, provider, "rate").raw
    small = {name.lower(): value for name, value in found.items()}
    if len(small) != len(found):
        raise refused(provider, "rate", "a key in two spellings", "a record that names each key once")
    return Fields(provider, small)


def absent(rate: Fields, name: str) -> bool:
    """Whether a record says nothing under a name."""
    return rate.raw.get(name) in (None, [], "")


def amount(raw: Fields, name: str, at: str = "") -> float | None:
    """A number, None where it is missing; `at` names it in an error."""
    value = raw.raw.get(name)
    return None if value is None else number(value, raw.provider, at or name)


def text(raw: Fields, name: str) -> str:
    """A text on one line, cut at SHOWN characters, empty where it is missing."""
    if raw.raw.get(name) is None:
        return ""
    plain = "".join(c if c.isprintable() else " " for c in raw.text(name)[: 4 * SHOWN])
    return " ".join(plain.split())[:SHOWN]


def flag(raw: Fields, name: str) -> bool:
    """Yes or no; no where it is missing."""
    value = raw.raw.get(name)
    if value not in (None, True, False):
        raise refused(raw.provider, name, value, "true or false")
    return bool(value)


def unit_of(raw: Fields, name: str, units: Mapping[str, Any], default: str, at: str = "") -> Any:
    """A unit in the house's spelling; SourceError for one that is not known, and for none where there is no default."""
    value = raw.raw.get(name)
    given = default if value is None else value
    unit = units.get(" ".join(given.lower().split())) if isinstance(given, str) else None
    if unit is None:
        raise refused(raw.provider, at or name, value, f"one of {', '.join(units)}")
    return unit


def day_of(raw: Fields, name: str) -> date | None:
    """A stamp [s] as a day: of midnight in America, which is the same day in UTC."""
    stamp = amount(raw, name)
    if stamp is None:
        return None
    if abs(stamp) < 1e10 and EARLIEST <= (day := (EPOCH + timedelta(seconds=stamp)).date()) < LATEST:
        return day
    raise refused(raw.provider, name, stamp, "a Unix time [s] from 1900 to 2100")
