"""Tariffs as the Utility Rate Database spells them: what is read, and what is refused by name."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.errors import SourceError
from core.fetchers.urdb import tariff_of
from core.world import Charge, DemandTier, EnergyTier, Ratchet, Tariff
from tests.fetchers.replies_bitcoin import leaves, with_value
from tests.fetchers.replies_energy import LABEL, NOW_S, RATE, hours, rate


def told(**changes: Any) -> Tariff:
    return tariff_of(rate(**changes), "file")


def refusal(field: str, **changes: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        told(**changes)
    assert caught.value.field == field
    assert caught.value.message.startswith("file: ")
    assert caught.value.expected
    return caught.value


# A rate


def test_a_rate_is_read_whole() -> None:
    tariff = told()
    assert tariff.energy is not None
    assert tariff.energy.periods[0] == (
        EnergyTier(0.061, 0.0042, 200.0, "kWh/kW", 0.02),
        EnergyTier(0.052, 0.0042, 400.0, "kWh/kW"),
        EnergyTier(0.043, 0.0042, None, "kWh/kW"),
    )
    assert tariff.energy.periods[0][0].usd_per_kwh == pytest.approx(0.0652)
    assert tariff.energy.weekday[6][13:21] == (0, 1, 1, 1, 1, 1, 1, 0)  # July from 14 to 20 o'clock
    assert tariff.energy.weekday[4][15] == tariff.energy.weekend[6][15] == 0
    assert tariff.energy.fuel_usd_per_kwh == (0.001,) * 6 + (0.002,) * 6
    assert tariff.flat_demand is not None
    assert tariff.flat_demand.periods[0] == (DemandTier(9.5, 0.0, 1000.0), DemandTier(8.25, -0.25))
    assert tariff.flat_demand.periods[0][1].usd == 8.0
    assert tariff.flat_demand.months == (0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0)
    assert tariff.timed_demand is not None
    assert (tariff.timed_demand.weekday[6][14], tariff.timed_demand.weekend[6][14]) == (1, 0)
    assert tariff.ratchet == Ratchet((0.8,) * 12)
    assert (tariff.fixed, tariff.minimums) == (Charge(250.0, "month"), (Charge(12_000.0, "year"),))
    assert (tariff.demand_window_minutes, tariff.reactive_usd_per_kvar) == (15, 0.3)
    assert (tariff.export, tariff.least_demand, tariff.service) == ("net billing hourly", 500, "Bundled")
    assert tariff.source == "Tariff book, sheet 14"
    entry = tariff.entry
    assert (entry.label, entry.utility, entry.sector) == (LABEL, "Example Electric Coop", "Industrial")
    assert (entry.start, entry.end, entry.description) == (date(2025, 3, 26), None, "For loads of 500 kW and more.")
    assert tariff.notes == ()


def test_it_agrees_with_sams_own_reader_of_the_same_record() -> None:
    """NREL-PySAM's converter: tables of [period, tier, end, unit, price, sell], counted from 1."""
    from PySAM.UtilityRateTools import URDBv8_to_ElectricityRates

    theirs = URDBv8_to_ElectricityRates(copy.deepcopy(RATE))
    ours = told()
    units = {"kWh": 0, "kWh/kW": 1, "kWh daily": 2, "kWh/kW daily": 3}
    assert ours.energy
    assert ours.timed_demand
    assert ours.flat_demand
    assert ours.fixed
    assert [
        (
            p,
            t,
            1e38 if tier.up_to is None else tier.up_to,
            units[tier.unit],
            tier.usd_per_kwh,
            tier.sell_usd_per_kwh or 0,
        )
        for p, period in enumerate(ours.energy.periods, 1)
        for t, tier in enumerate(period, 1)
    ] == theirs["ur_ec_tou_mat"]
    for schedule, name in (
        (ours.energy.weekday, "ur_ec_sched_weekday"),
        (ours.energy.weekend, "ur_ec_sched_weekend"),
        (ours.timed_demand.weekday, "ur_dc_sched_weekday"),
        (ours.timed_demand.weekend, "ur_dc_sched_weekend"),
    ):
        assert [[period + 1 for period in month] for month in schedule] == theirs[name]
    flat = [
        [m, t, 1e38 if tier.up_to is None else tier.up_to, tier.usd]
        for m, period in enumerate(ours.flat_demand.months)
        for t, tier in enumerate(ours.flat_demand.periods[period], 1)
    ]
    assert flat == theirs["ur_dc_flat_mat"]
    assert theirs["ur_monthly_fixed_charge"] == ours.fixed.usd
    assert theirs["ur_annual_min_charge"] == ours.minimums[0].usd
    assert theirs["ur_metering_option"] == 3  # net billing by the hour


@pytest.mark.parametrize(
    ("given", "unit"),
    [
        ("kWh", "kWh"),
        ("KWH DAILY", "kWh daily"),
        ("kWh/kW", "kWh/kW"),
        ("kWh/kW  daily", "kWh/kW daily"),
        ("kWh/hp", "kWh/hp"),
        ("kWh/kVA daily", "kWh/kVA daily"),
        (None, "kWh"),
        (..., "kWh"),
    ],
)
def test_energy_is_counted_in_the_units_of_the_database(given: Any, unit: str) -> None:
    tier = {"rate": 0.05} if given is ... else {"rate": 0.05, "unit": given}
    energy = told(energyratestructure=[[tier]], energyweekdayschedule=..., energyweekendschedule=...).energy
    assert energy is not None
    assert energy.periods == ((EnergyTier(0.05, unit=unit),),)  # type: ignore[arg-type]
    assert energy.weekday == energy.weekend == ((0,) * 24,) * 12


@pytest.mark.parametrize("end", [9.9999996802856925e37, 1e38, None])
def test_an_end_without_measure_is_none(end: float | None) -> None:
    energy = told(energyratestructure=[[{"rate": 0.05, "max": end}], [{"rate": 0.06}]]).energy
    assert energy is not None
    assert energy.periods[0][0].up_to is None
    assert not told(energyratestructure=[[{"rate": 0.05, "max": end}], [{"rate": 0.06}]]).notes


def test_beyond_the_end_of_the_last_tier_its_price_goes_on_and_that_is_said() -> None:
    tariff = told(energyratestructure=[[{"rate": 0.05, "max": 100}], [{"rate": 0.06}]])
    assert tariff.energy is not None
    assert tariff.energy.periods[0][0].up_to is None
    assert tariff.notes == ("Beyond the end of the last tier its price goes on: energyratestructure.",)


def test_a_tier_may_have_an_adjustment_alone() -> None:
    energy = told(energyratestructure=[[{"adj": 0.031}], [{"rate": 0.06}]]).energy
    assert energy is not None
    assert energy.periods[0][0].usd_per_kwh == 0.031


def test_what_is_missing_is_none_and_costs_nothing() -> None:
    tariff = tariff_of({"energyratestructure": [[{"rate": 0.0475}]]}, "file")
    assert tariff.energy is not None
    assert tariff.energy.fuel_usd_per_kwh == (0.0,) * 12
    assert replace(tariff, energy=None) == Tariff(entry=tariff.entry)
    assert tariff_of({"fixedmonthlycharge": 35.28}, "file").fixed == Charge(35.28, "month")
    fuel = tariff_of({"fueladjustmentsmonthly": [0.02] * 12}, "file").energy
    assert fuel is not None
    assert (fuel.periods, fuel.fuel_usd_per_kwh) == (((EnergyTier(0.0),),), (0.02,) * 12)


def test_older_spellings_mean_the_same() -> None:
    tariff = tariff_of(
        {"fixedmonthlycharge": 35.28, "minmonthlycharge": 1, "annualmincharge": 12, "usenetmetering": True}, "file"
    )
    assert tariff.minimums == (Charge(1.0, "month"), Charge(12.0, "year"))
    assert tariff.export == "net metering"
    newer = told(
        demandratchetpercentage=..., lookbackPercent=0.85, lookbackRange=11, lookbackMonths=[0] * 5 + [1] * 4 + [0] * 3
    )
    assert newer.ratchet == Ratchet((0.85,) * 12, 11, (False,) * 5 + (True,) * 4 + (False,) * 3)
    assert told(demandratchetpercentage=[80] * 12).ratchet == Ratchet((0.8,) * 12)
    assert told(demandratchetpercentage=[0] * 12).ratchet is None


def test_other_charges_keep_their_units() -> None:
    tariff = told(
        fixedchargeunits="$/day",
        fixedchargeeaaddl=2,
        flatdemandunit="hp",
        demandrateunit="kVA daily",
        coincidentratestructure=[[{"rate": 3.5}]],
        coincidentrateunit="kW",
    )
    assert (tariff.fixed, tariff.further_meter) == (Charge(250.0, "day"), Charge(2.0, "day"))
    assert tariff.flat_demand is not None
    assert tariff.timed_demand is not None
    assert (tariff.flat_demand.unit, tariff.timed_demand.unit) == ("hp", "kVA daily")
    assert tariff.coincident_demand is not None
    assert tariff.coincident_demand.periods == ((DemandTier(3.5),),)


def test_what_the_figures_leave_out_is_noted() -> None:
    tariff = told(
        energyattrs=[{"Power Cost Recovery": "0.0123"}, {"Tax": "1 %"}],
        energycomments="See\x00 rider.",
        dgrules="Barter",
    )
    assert tariff.export == ""
    assert tariff.notes == (
        "See rider.",
        "Not in the figures, from its attributes of energy: Power Cost Recovery, Tax.",
        "Its rule for energy that is fed in is not known here: Barter.",
    )


E, D, F = "energyratestructure", "demandratestructure", "flatdemandstructure"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        (f"{E}[0][0].rate", {E: [[{"unit": "kWh"}], [{"rate": 1}]]}),
        (f"{E}[1][0].rate", {E: [[{"rate": 1}], [{"rate": "0.05"}]]}),
        (f"{E}[0][0].adj", {E: [[{"rate": 1, "adj": True}], [{"rate": 1}]]}),
        (f"{E}[0][0].max", {E: [[{"rate": 1}, {"rate": 2}], [{"rate": 1}]]}),
        (f"{E}[0][0].max", {E: [[{"rate": 1, "max": 0}, {"rate": 2}], [{"rate": 1}]]}),
        (f"{E}[0][1].max", {E: [[{"rate": 1, "max": 9}, {"rate": 1, "max": 9}, {"rate": 2}], [{"rate": 1}]]}),
        (f"{E}[0][0].unit", {E: [[{"rate": 1, "unit": "therm"}], [{"rate": 1}]]}),
        (f"{E}[0][0].sell", {E: [[{"rate": 1, "sell": "no"}], [{"rate": 1}]]}),
        (f"{E}[1]", {E: [[{"rate": 1}], []]}),
        (f"{E}[1][0]", {E: [[{"rate": 1}], [0.05]]}),
        (E, {E: {"0": []}}),
        (E, {E: ..., F: ..., D: ..., "fueladjustmentsmonthly": ..., "fixedchargefirstmeter": ...}),
        ("energyweekdayschedule", {"energyweekdayschedule": ...}),
        ("energyweekendschedule", {"energyweekendschedule": ...}),
        ("energyweekdayschedule", {"energyweekdayschedule": [hours()] * 11}),
        ("energyweekdayschedule[11]", {"energyweekdayschedule": [hours()] * 11 + [[0] * 23]}),
        ("energyweekdayschedule[3][23]", {"energyweekdayschedule": [hours()] * 3 + [hours((23, 2))] * 9}),
        ("energyweekdayschedule[0][0]", {"energyweekdayschedule": [hours(first=-1)] * 12}),
        ("energyweekdayschedule[0][0]", {"energyweekdayschedule": [[0.5] * 24] * 12}),
        ("energyweekdayschedule[0][0]", {"energyweekdayschedule": [[False] * 24] * 12}),
        ("fueladjustmentsmonthly", {"fueladjustmentsmonthly": [0.1] * 11}),
        ("fueladjustmentsmonthly[2]", {"fueladjustmentsmonthly": [0.1, 0.1, None] + [0.1] * 9}),
        ("flatdemandmonths", {"flatdemandmonths": ...}),
        ("flatdemandmonths[5]", {"flatdemandmonths": [0] * 5 + [2] * 7}),
        (f"{F}[0][0].unit", {F: [[{"rate": 1, "unit": "hp"}], [{"rate": 1}]]}),
        (f"{F}[0][0].rate", {F: [[{}], [{"rate": 1}]]}),
        ("flatdemandunit", {"flatdemandunit": "kilowatt"}),
        ("demandrateunit", {"demandrateunit": 5}),
        ("demandweekendschedule", {"demandweekendschedule": ...}),
        (f"{D}[1][0].rate", {D: [[{"rate": 0}], [{"rate": [1]}]]}),
        ("demandratchetpercentage", {"demandratchetpercentage": [-0.1] * 12}),
        ("demandratchetpercentage", {"demandratchetpercentage": [0.8]}),
        ("lookbackmonths", {"demandratchetpercentage": ..., "lookbackPercent": 0.8, "lookbackMonths": ["June"] * 12}),
        ("lookbackrange", {"demandratchetpercentage": ..., "lookbackPercent": 0.8, "lookbackRange": 1.5}),
        ("fixedchargeunits", {"fixedchargeunits": ...}),
        ("fixedchargeunits", {"fixedchargeunits": "$/week"}),
        ("minchargeunits", {"minchargeunits": ...}),
        ("startdate", {"startdate": NOW_S * 1000}),
        ("startdate", {"startdate": "2012-05-01"}),
        ("enddate", {"enddate": 1e300}),
        ("country", {"country": "CAN"}),
        ("name", {"name": 5}),
        ("approved", {"approved": "yes"}),
        ("rate", {"Label": "twice"}),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(field: str, changes: dict[str, Any]) -> None:
    refusal(field, **changes)


@pytest.mark.parametrize("value", [True, "", "1,5", "many", [], {}])
def test_a_damaged_number_anywhere_is_refused_by_its_name(value: Any) -> None:
    """Every number of the record, but for those that are of no use."""
    ignored = {"eiaid"}
    for path in leaves(RATE):
        if path[0] in ignored or not isinstance(_at(path), int | float) or isinstance(_at(path), bool):
            continue
        with pytest.raises(SourceError) as caught:
            tariff_of(with_value(RATE, path, value), "file")
        assert caught.value.field.startswith(str(path[0])), path


def _at(path: tuple[Any, ...]) -> Any:
    value: Any = RATE
    for step in path:
        value = value[step]
    return value
