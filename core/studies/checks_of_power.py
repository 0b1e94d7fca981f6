"""Classic mistakes about sun, storage, power and money; each check tells what it is, why, and what sets it right."""

from __future__ import annotations

from core.scenario import Scenario
from core.sections import Array, Battery, Finance
from core.studies.findings import Check, Finding, Known, cents, mines, percent
from core.studies.fleet import machine_kw

INVERTER_YEARS = 15
LARGE_USD_PER_KWH = 0.05  # below it import may be at wholesale, as export is
TROPICS_DEG = 15.0

# Sun and storage


def panels_never_age(plan: Scenario, known: Known) -> Finding:
    array, usual = plan.array, Array().degradation_frac_per_year
    if not array.dc_kw or array.degradation_frac_per_year > 0:
        return None
    return Check(
        "panels_never_age",
        "Panels never age",
        "Modules lose about half a percent of their output a year; most guarantees allow for it.",
        f"a degradation of {percent(usual)} a year",
        {"array.degradation_frac_per_year": usual},
    )


def loss_free_array(plan: Scenario, known: Known) -> Finding:
    usual = Array().losses_frac
    if not plan.array.dc_kw or plan.array.losses_frac >= 0.05:
        return None
    return Check(
        "loss_free_array",
        "The array has next to no losses",
        f"Dirt, wires, mismatch and idle days take {percent(plan.array.losses_frac)} here; PVWatts, and most plants, have about 14 %.",
        f"system losses of {percent(usual)}",
        {"array.losses_frac": usual},
    )


def loss_free_inverter(plan: Scenario, known: Known) -> Finding:
    usual = Array().inverter_efficiency_frac
    if not plan.array.dc_kw or plan.array.inverter_efficiency_frac < 0.995:
        return None
    return Check(
        "loss_free_inverter",
        "The inverter loses nothing",
        "Good ones turn 96 to 98 % of the DC power into AC.",
        f"an inverter efficiency of {percent(usual)}",
        {"array.inverter_efficiency_frac": usual},
    )


def inverter_for_ever(plan: Scenario, known: Known) -> Finding:
    years, renewal = plan.finance.horizon_years, plan.array.inverter_replacement
    if not plan.array.dc_kw or years <= INVERTER_YEARS or 0 < renewal.every_years <= years:
        return None
    return Check(
        "inverter_for_ever",
        "Inverters last for ever",
        f"The plan runs for {years} years; inverters last about {INVERTER_YEARS}.",
        f"new inverters every {INVERTER_YEARS} years",
        {"array.inverter_replacement.every_years": INVERTER_YEARS},
    )


def turned_from_the_sun(plan: Scenario, known: Known) -> Finding:
    array, latitude = plan.array, plan.site.latitude
    best = 180.0 if latitude >= 0 else 0.0
    off = abs((array.surface_azimuth - best + 180.0) % 360.0 - 180.0)
    tilted = array.mounting == "fixed" and array.surface_tilt > 5.0 and array.dc_kw > 0
    if not tilted or abs(latitude) < TROPICS_DEG or off <= 90.0:
        return None
    return Check(
        "turned_from_the_sun",
        "The array faces away from the sun",
        f"At noon the sun stands in the {'south' if best else 'north'} here, and the array looks to {array.surface_azimuth:.0f}°.",
        f"an azimuth of {best:.0f}°",
        {"array.surface_azimuth": best},
    )


def loss_free_battery(plan: Scenario, known: Known) -> Finding:
    usual = Battery().round_trip_efficiency_frac
    if not plan.battery.energy_kwh or plan.battery.round_trip_efficiency_frac < 0.98:
        return None
    return Check(
        "loss_free_battery",
        "The battery loses nothing",
        "Of a kWh that goes in at the AC side, some 80 to 90 % come out again.",
        f"a round-trip efficiency of {percent(usual)}",
        {"battery.round_trip_efficiency_frac": usual},
    )


def battery_never_ages(plan: Scenario, known: Known) -> Finding:
    battery, usual = plan.battery, Battery()
    if not battery.energy_kwh or battery.calendar_fade_frac_per_year > 0 or battery.cycle_fade_frac_per_cycle > 0:
        return None
    names = ("calendar_fade_frac_per_year", "cycle_fade_frac_per_cycle")
    return Check(
        "battery_never_ages",
        "The battery never ages",
        "Cells lose capacity with the years and with each cycle.",
        "the usual fade of lithium cells",
        {f"battery.{name}": getattr(usual, name) for name in names},
    )


# Power and money


def export_at_retail(plan: Scenario, known: Known) -> Finding:
    """What a supplier asks for a kWh holds its lines and taxes; what is paid for one does not."""
    grid, half = plan.grid, plan.grid.import_usd_per_kwh / 2.0
    flat = not (grid.export_hourly_usd_per_kwh or grid.import_hourly_usd_per_kwh or grid.tariff.energy.periods)
    sells = grid.export_limit_kw > 0 and grid.import_limit_kw > 0 and plan.array.dc_kw > 0
    if not sells or not flat or grid.tariff.settlement.rule != "sold":
        return None
    if grid.import_usd_per_kwh < LARGE_USD_PER_KWH or grid.export_usd_per_kwh < 0.9 * grid.import_usd_per_kwh:
        return None
    return Check(
        "export_at_retail",
        "Export is paid like import",
        f"A kWh sold brings {cents(grid.export_usd_per_kwh)}, a kWh bought costs {cents(grid.import_usd_per_kwh)}. Without net "
        "metering a plant is paid what power is worth on the market, mostly less than half.",
        f"an export price of {cents(half)} per kWh",
        {"grid.export_usd_per_kwh": round(half, 6)},
    )


def power_never_dearer(plan: Scenario, known: Known) -> Finding:
    inflation = plan.finance.inflation_per_year
    if not plan.grid.import_limit_kw or plan.grid.price_growth_per_year > 0 or inflation <= 0 or not mines(plan):
        return None
    return Check(
        "power_never_dearer",
        "Power never gets dearer",
        f"Everything else does, by {percent(inflation)} a year; what power is bought and sold for seldom lags behind for long.",
        f"a power price growth of {percent(inflation)} a year",
        {"grid.price_growth_per_year": inflation},
    )


def money_costs_nothing(plan: Scenario, known: Known) -> Finding:
    usual = Finance().discount_rate
    if plan.finance.discount_rate > 0:
        return None
    return Check(
        "money_costs_nothing",
        "A dollar in ten years counts like one today",
        "At a discount rate of 0 or less the money need not earn anything, though elsewhere it would.",
        f"a discount rate of {percent(usual)}",
        {"finance.discount_rate": usual},
    )


def no_upkeep(plan: Scenario, known: Known) -> Finding:
    usual, asked = Finance(), plan.finance
    names = ("array_usd_per_kw_year", "fleet_usd_per_kw_year")
    sized = dict(zip(names, (plan.array.dc_kw, machine_kw(plan.fleet)), strict=True))
    if asked.fixed_usd_per_year or asked.variable_usd_per_kwh or any(getattr(asked, name) for name in names):
        return None
    if not any(sized.values()):
        return None
    return Check(
        "no_upkeep",
        "Nobody looks after it",
        "Neither the array nor the machines cost anything to keep: no cleaning, no repair, no staff, no insurance.",
        "the usual upkeep of array and machines",
        {f"finance.{name}": getattr(usual, name) for name in names if sized[name]},
    )
