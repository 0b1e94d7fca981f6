"""A rate of the US Utility Rate Database (URDB), as its service and its files spell it, read into a Tariff.

Form: openei.org/services/doc/rest/util_rates, versions 3 to 8. Keys that do not apply are absent or null. A record may
come as a JSON text inside JSON. Where a tier has no end its `max` is absent; SAM writes 9.9999e37 or 1e38 there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from core.errors import FileError, FileTooLarge, SourceError
from core.fetchers.fields import Fields, failed, refused, words_of
from core.fetchers.provider import parsed
from core.fetchers.urdb_shapes import (
    MONTHS,
    NO_END,
    ONE_PERIOD,
    SHOWN,
    absent,
    amount,
    by_month,
    day_of,
    end_of,
    flag,
    lowered,
    period_numbers,
    periods_of,
    price_of,
    schedule,
    text,
    unit_of,
)
from core.world import (
    Charge,
    DemandTier,
    DemandUnit,
    EnergyCharge,
    EnergyTier,
    EnergyUnit,
    Export,
    FlatDemand,
    Per,
    Ratchet,
    Tariff,
    TariffEntry,
    TimedDemand,
)

FILE = "tariff file"
MOST_FILE_BYTES = 1 << 20  # a record is some 20 kB
ENERGY_UNITS = {unit.lower(): unit for unit in get_args(EnergyUnit)}
DEMAND_UNITS = {unit.lower(): unit for unit in get_args(DemandUnit)}
EXPORTS = {rule: rule for rule in get_args(Export)}
PERS = {f"$/{per}": per for per in get_args(Per)}


def read_tariff(data: bytes) -> Tariff:
    """The one rate in an uploaded URDB file, a record or a reply of the service; FileError names what cannot be read."""
    if len(data) > MOST_FILE_BYTES:
        expected = f"at most {MOST_FILE_BYTES:,} bytes"
        raise FileTooLarge("the file is too large", field="file", value=f"{len(data):,} bytes", expected=expected)
    try:
        body = _opened(parsed(data), FILE)
        listed = isinstance(body, dict) and "items" in body
        found = items_of(body, FILE) if listed else body if isinstance(body, list) else [body]
        if len(found) != 1:
            raise refused(FILE, "items", f"{len(found)} rates", "one rate")
        return tariff_of(found[0], FILE)
    except SourceError as error:
        message = error.message.replace("answered with ", "this is no tariff but ", 1)
        expected = error.expected or "a rate of the Utility Rate Database as JSON"
        raise FileError(message, field=error.field or "file", value=error.value, expected=expected) from error


def items_of(body: Any, provider: str) -> list[Any]:
    """The records of a reply; SourceError where it says that it failed, or holds no list."""
    opened = Fields.of(_opened(body, provider), provider)
    failure = opened.raw.get("error") or opened.raw.get("errors")
    if failure:
        said = f"{failure.get('code')}: {failure.get('message')}" if isinstance(failure, dict) else failure
        raise failed(provider, "; ".join(map(str, said)) if isinstance(said, list) else said, "rates")
    items = opened.raw.get("items")
    if not isinstance(items, list):
        raise refused(provider, "items", items, "a list of rates")
    return items


def _opened(body: Any, provider: str) -> Any:
    """What a text that is JSON once more holds, else the body itself."""
    if not isinstance(body, str):
        return body
    try:
        return parsed(body.encode("utf-8", "surrogatepass"))
    except SourceError as error:
        raise SourceError(f"{provider} {error.message}", field="body", expected="a JSON document") from error


def entry_of(raw: Any, provider: str) -> TariffEntry:
    """What a record says about itself, of minimal detail or full."""
    rate = lowered(raw, provider)
    return TariffEntry(
        label=text(rate, "label"),
        name=text(rate, "name"),
        utility=text(rate, "utility"),
        sector=text(rate, "sector"),
        start=day_of(rate, "startdate"),
        end=day_of(rate, "enddate"),
        approved=flag(rate, "approved"),
        default=flag(rate, "is_default"),
        supersedes=text(rate, "supercedes"),  # as the service spells it
        description=text(rate, "description"),
    )


def tariff_of(raw: Any, provider: str) -> Tariff:
    """All charges of a record; SourceError names the field that cannot be read, or that no charge is in it."""
    rate = lowered(raw, provider)
    country = text(rate, "country")
    if country not in ("", "USA"):
        raise refused(provider, "country", country, "USA, whose rates are in dollars")
    tariff = Tariff(
        entry=entry_of(raw, provider),
        energy=_energy(rate),
        flat_demand=_flat_demand(rate),
        timed_demand=_timed_demand(rate, "demand", "demandweekdayschedule", "demandweekendschedule"),
        coincident_demand=_timed_demand(rate, "coincident", "coincidentrateschedule", "coincidentrateschedule"),
        ratchet=_ratchet(rate),
        demand_window_minutes=amount(rate, "demandwindow"),
        reactive_usd_per_kvar=amount(rate, "demandreactivepowercharge") or 0.0,
        fixed=_charge(rate, "fixedchargefirstmeter", "fixedchargeunits") or _of(rate, "fixedmonthlycharge", "month"),
        further_meter=_charge(rate, "fixedchargeeaaddl", "fixedchargeunits"),
        minimums=_minimums(rate),
        export=EXPORTS.get(text(rate, "dgrules").lower()) or _old_export(rate),
        service=text(rate, "servicetype"),
        voltage=text(rate, "voltagecategory"),
        applies_unit=unit_of(rate, "demandunits", DEMAND_UNITS, "kW"),
        least_demand=amount(rate, "peakkwcapacitymin"),
        most_demand=amount(rate, "peakkwcapacitymax"),
        least_kwh=amount(rate, "peakkwhusagemin"),
        most_kwh=amount(rate, "peakkwhusagemax"),
        source=text(rate, "source") or text(rate, "uri"),
        notes=_notes(rate),
    )
    if not (tariff.energy or tariff.flat_demand or tariff.timed_demand or tariff.coincident_demand or tariff.fixed):
        raise refused(provider, "energyratestructure", "nothing", "there, nor is any other charge")
    return tariff


# Charges


def _energy(rate: Fields) -> EnergyCharge | None:
    fuel = by_month(rate, "fueladjustmentsmonthly") or (0.0,) * MONTHS
    if absent(rate, "energyratestructure"):
        return EnergyCharge(((EnergyTier(0.0),),), ONE_PERIOD, ONE_PERIOD, fuel) if any(fuel) else None
    periods = periods_of(rate, "energyratestructure", _energy_tier)
    weekday = schedule(rate, "energyweekdayschedule", len(periods))
    return EnergyCharge(periods, weekday, schedule(rate, "energyweekendschedule", len(periods)), fuel)


def _energy_tier(tier: Fields, at: str) -> EnergyTier:
    rate, adjustment = price_of(tier, at)
    return EnergyTier(
        rate_usd_per_kwh=rate,
        adjustment_usd_per_kwh=adjustment,
        up_to=end_of(tier, at),
        unit=unit_of(tier, "unit", ENERGY_UNITS, "kWh", f"{at}.unit"),
        sell_usd_per_kwh=amount(tier, "sell", f"{at}.sell"),
    )


def _flat_demand(rate: Fields) -> FlatDemand | None:
    if absent(rate, "flatdemandstructure"):
        return None
    unit = unit_of(rate, "flatdemandunit", DEMAND_UNITS, "kW")
    periods = periods_of(rate, "flatdemandstructure", _demand_tier(unit))
    months = rate.raw.get("flatdemandmonths")
    if months is None and len(periods) == 1:
        return FlatDemand(periods, (0,) * MONTHS, unit)
    return FlatDemand(periods, period_numbers(months, MONTHS, len(periods), rate.provider, "flatdemandmonths"), unit)


def _timed_demand(rate: Fields, kind: str, weekday: str, weekend: str) -> TimedDemand | None:
    structure = f"{kind}ratestructure"
    if absent(rate, structure):
        return None
    unit = unit_of(rate, f"{kind}rateunit", DEMAND_UNITS, "kW")
    periods = periods_of(rate, structure, _demand_tier(unit))
    return TimedDemand(periods, schedule(rate, weekday, len(periods)), schedule(rate, weekend, len(periods)), unit)


def _demand_tier(unit: str) -> Callable[[Fields, str], DemandTier]:
    """The reader of a tier; one that counts in another unit than its charge is refused."""

    def read(tier: Fields, at: str) -> DemandTier:
        if unit_of(tier, "unit", DEMAND_UNITS, unit, f"{at}.unit") != unit:
            raise refused(tier.provider, f"{at}.unit", tier.raw["unit"], f"{unit}, as the charge counts")
        return DemandTier(*price_of(tier, at), end_of(tier, at))

    return read


def _ratchet(rate: Fields) -> Ratchet | None:
    """`demandratchetpercentage` by month, or `lookbackpercent` for all; above 1 they are taken as percent."""
    least = by_month(rate, "demandratchetpercentage")
    every = amount(rate, "lookbackpercent")
    if every is not None and not (least and any(least)):
        least = (every,) * MONTHS
    if not least or not any(least):
        return None
    if not (min(least) >= 0 and max(least) <= 100):
        raise refused(rate.provider, "demandratchetpercentage", max(least, key=abs), "shares from 0 to 1")
    fracs = tuple(share / 100 for share in least) if max(least) > 1 else least
    back = amount(rate, "lookbackrange") or 0.0
    if not (back.is_integer() and 0 <= back <= MONTHS):
        raise refused(rate.provider, "lookbackrange", back, "a number of months up to 12")
    return Ratchet(fracs, int(back), _peak_months(rate))


def _peak_months(rate: Fields) -> tuple[bool, ...]:
    months = rate.raw.get("lookbackmonths")
    if months is None:
        return (True,) * MONTHS
    if not isinstance(months, list) or len(months) != MONTHS or any(m not in (0, 1) for m in months):
        raise refused(rate.provider, "lookbackmonths", months, "yes or no for each of 12 months")
    return tuple(bool(month) for month in months)


def _charge(rate: Fields, name: str, units: str) -> Charge | None:
    usd = amount(rate, name)
    return Charge(usd, unit_of(rate, units, PERS, "")) if usd else None


def _of(rate: Fields, name: str, per: Per) -> Charge | None:
    """A charge of version 3, whose unit is in its name."""
    usd = amount(rate, name)
    return Charge(usd, per) if usd else None


def _minimums(rate: Fields) -> tuple[Charge, ...]:
    found = (
        _charge(rate, "mincharge", "minchargeunits"),
        _of(rate, "minmonthlycharge", "month"),
        _of(rate, "annualmincharge", "year"),
    )
    return tuple(charge for charge in found if charge)


def _old_export(rate: Fields) -> Export:
    return "net metering" if flag(rate, "usenetmetering") and absent(rate, "dgrules") else ""


def _notes(rate: Fields) -> tuple[str, ...]:
    """What the figures leave out: riders that stand as attributes, an unknown rule, comments."""
    notes = [text(rate, name) for name in ("basicinformationcomments", "energycomments", "demandcomments")]
    for name, words in (("energyattrs", "energy"), ("demandattrs", "demand"), ("fixedattrs", "fixed charge")):
        found = rate.raw.get(name)
        keys = (
            [words_of(key) for row in found if isinstance(row, dict) for key in row] if isinstance(found, list) else []
        )
        if keys:
            notes.append(f"Not in the figures, from its attributes of {words}: {', '.join(keys)[:SHOWN]}.")
    rule = text(rate, "dgrules")
    if rule.lower() not in EXPORTS:
        notes.append(f"Its rule for energy that is fed in is not known here: {rule}.")
    if ends := [name for name in rate.raw if str(name).endswith("structure") and _ends(rate.raw[name])]:
        notes.append(f"Beyond the end of the last tier its price goes on: {', '.join(sorted(ends))}.")
    return tuple(note for note in notes if note)


def _ends(structure: Any) -> bool:
    """Whether the last tier of some period has an end."""
    periods = structure if isinstance(structure, list) else []
    last = [period[-1] for period in periods if isinstance(period, list) and period]
    return any(isinstance(tier, dict) and (tier.get("max") or NO_END) < NO_END for tier in last)
