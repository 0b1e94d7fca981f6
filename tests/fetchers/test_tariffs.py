"""Tariffs as the Utility Rate Database spells them: what is read, what is refused by name, and what is believed."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.errors import FileError, FileTooLarge, SourceError, ValidationError
from core.fetchers.ask import ask
from core.fetchers.packing import packed, unpacked
from core.fetchers.providers import openei
from core.fetchers.spots import Spot
from core.fetchers.tariffs import TARIFF, TARIFFS, tariff_doubt
from core.fetchers.urdb import read_tariff, tariff_of
from core.fetchers.world import Access, World
from core.world import Charge, DemandTier, EnergyTier, Ratchet, Tariff
from tests.fetchers.replies_bitcoin import leaves, reply, with_value
from tests.fetchers.replies_energy import COMING, DAY_S, EXPIRED, LABEL, NEAR, NOW_S, OLDER, RATE, SEARCH, hours, rate


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


# What OpenEI is asked, and answers


def test_tariffs_are_asked_for_by_place_sector_and_day_and_the_key_is_secret() -> None:
    request = openei.NEAR.request("https://api.openei.org", SEARCH, "s3cret")
    assert request.url == "https://api.openei.org/utility_rates"
    assert request.secrets == {"api_key"}
    shown = {k: request.params[k] for k in ("version", "lat", "lon", "sector", "detail", "limit", "effective_on_date")}
    assert shown == {
        "version": "7", "lat": "31.9000", "lon": "-102.1000", "sector": "Industrial", "detail": "minimal", "limit": "500",
        "effective_on_date": str(NOW_S),
    }  # fmt: skip
    full = openei.RATE.request("https://m", LABEL, "s3cret").params
    assert (full["getpage"], full["detail"]) == (LABEL, "full")


def test_the_list_holds_what_is_in_force_and_not_replaced() -> None:
    found = openei.NEAR.read(reply(NEAR), SEARCH)
    assert [entry.label for entry in found.entries] == [COMING, LABEL]
    assert not {OLDER, EXPIRED} & {entry.label for entry in found.entries}
    assert found.complete
    later = replace(SEARCH, on=date(2026, 6, 30))
    assert [entry.label for entry in openei.NEAR.read(reply(NEAR), later).entries] == [LABEL]
    last_day = replace(SEARCH, on=date(2026, 4, 28))
    assert EXPIRED in {entry.label for entry in openei.NEAR.read(reply(NEAR), last_day).entries}


def test_a_leap_day_is_a_day_like_others() -> None:
    start = 1_709_164_800  # 2024-02-29 00:00 UTC
    tariff = told(startdate=start, enddate=start + DAY_S)
    assert (tariff.entry.start, tariff.entry.end) == (date(2024, 2, 29), date(2024, 3, 1))
    assert tariff.entry.in_force(date(2024, 2, 29))
    assert not tariff.entry.in_force(date(2024, 2, 28))
    assert not tariff.entry.in_force(date(2024, 3, 2))


def test_a_place_without_tariffs_has_none_and_a_full_page_is_not_complete() -> None:
    assert openei.NEAR.read(reply({"items": []}), SEARCH).entries == ()
    page = [{**NEAR["items"][0], "label": f"{n:024x}", "supercedes": ""} for n in range(500)]
    found = openei.NEAR.read(reply({"items": page}), SEARCH)
    assert (len(found.entries), found.complete) == (500, False)


@pytest.mark.parametrize(
    ("source", "asked", "body", "said"),
    [
        (openei.NEAR, SEARCH, {"errors": ["Invalid lat/lon"]}, "OpenEI refuses: Invalid lat/lon"),
        (
            openei.RATE,
            LABEL,
            {"error": {"code": "API_KEY_INVALID", "message": "An invalid api_key"}},
            "API_KEY_INVALID",
        ),
        (openei.RATE, LABEL, {"items": []}, "items is not the one rate"),
        (openei.RATE, LABEL, {"items": [RATE, RATE]}, "items is not the one rate"),
        (openei.RATE, OLDER, {"items": [RATE]}, "label is not"),
        (openei.NEAR, SEARCH, {"items": [{"label": "x", "sector": "Industrial"}]}, "label is not 24 digits"),
        (openei.NEAR, SEARCH, {"items": [{"label": LABEL, "sector": "Residential"}]}, "sector is not Industrial"),
        (openei.NEAR, SEARCH, {"items": {}}, "items is not a list"),
        (openei.NEAR, SEARCH, json.dumps("{"), "OpenEI items|OpenEI answered|OpenEI: "),
    ],
)
def test_what_openei_refuses_or_answers_wrongly_is_an_error(source: Any, asked: Any, body: Any, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        source.read(reply(body), asked)


def test_json_within_json_is_read_as_well() -> None:
    inside = json.dumps(json.dumps({"items": [RATE]})).encode()
    assert openei.RATE.read(reply(inside), LABEL) == openei.RATE.read(reply({"items": [RATE]}), LABEL)


def test_what_cannot_be_asked_is_not_asked() -> None:
    for label in ("", "../../x", LABEL.upper(), LABEL + "\n", LABEL[:-1]):
        with pytest.raises(ValidationError, match="24 digits"):
            openei.RATE.request("https://m", label, "k")
    with pytest.raises(ValidationError, match="sector"):
        openei.TariffSearch(Spot(0, 0), "industrial", date(2026, 1, 1))  # type: ignore[arg-type]


# Files


@pytest.mark.parametrize(
    "wrap", [lambda r: r, lambda r: {"items": [r]}, lambda r: [r], json.dumps, lambda r: json.dumps([r])]
)
def test_a_file_may_be_a_record_a_reply_or_either_as_text(wrap: Any) -> None:
    assert read_tariff(json.dumps(wrap(RATE)).encode()) == told()
    assert read_tariff(b"\xef\xbb\xbf" + json.dumps(wrap(RATE)).encode()) == told()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "nothing"),
        (b"PK\x03\x04\xff", "not UTF-8"),
        (b"<html>", "a web page"),
        (b"5", "is not an object"),
        (b"[]", "items is not one rate"),
        (b'{"items": []}', "items is not one rate"),
        (json.dumps([RATE, RATE]).encode(), "items is not one rate"),
        (b'{"label": 1, "label": 2}', "twice"),
        (b'{"energyratestructure": [[{"rate": NaN}]]}', "not finite"),
        (b'{"energyratestructure": [[{"rate": 1e999}]]}', "not finite"),
        (b"[" * 100_000, "too deep"),
        (b'"{"', "broken"),
        (json.dumps(RATE).encode()[:500], "broken or cut-off"),
    ],
)
def test_a_file_that_holds_no_rate_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(FileError, match=said) as caught:
        read_tariff(data)
    assert caught.value.expected
    assert caught.value.field
    assert "answered" not in caught.value.message


def test_a_file_beyond_its_size_is_not_parsed() -> None:
    with pytest.raises(FileTooLarge):
        read_tariff(b"[" * 2_000_000)


def test_a_field_of_a_file_is_named() -> None:
    with pytest.raises(FileError) as caught:
        read_tariff(json.dumps(rate(flatdemandmonths=[9] * 12)).encode())
    assert caught.value.field == "flatdemandmonths[0]"
    assert caught.value.details["value"] == 9.0


# What is believed


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({}, ""),
        ({E: [[{"rate": 6.1}], [{"rate": 0.06}]]}, "a kWh costs 6.1 USD"),
        ({E: [[{"rate": 0.06}], [{"rate": -0.6}]]}, "a kWh costs -0.6 USD"),
        ({E: [[{"rate": 0.06, "sell": 6}], [{"rate": 0.06}]]}, "fed in earns 6 USD"),
        ({F: [[{"rate": 950}], [{"rate": 1}]]}, "demand costs 950 USD"),
        ({"fixedchargefirstmeter": -5}, "a month costs -5 USD"),
        ({"mincharge": 2e6}, "a year costs 2e\\+06 USD"),
    ],
)
def test_prices_beyond_those_of_america_are_doubted(changes: dict[str, Any], doubt: str) -> None:
    said = tariff_doubt(told(**changes), LABEL)
    assert (said == "") == (doubt == "")
    assert doubt.replace("\\", "") in said


def test_a_tariff_comes_back_from_the_cache_as_it_was() -> None:
    for question, value in ((TARIFF, told()), (TARIFFS, openei.NEAR.read(reply(NEAR), SEARCH))):
        assert question.unpack(question.pack(value)) == value  # type: ignore[attr-defined]
    assert unpacked(Tariff)(packed(told())) == told()


def test_a_tariff_without_a_key_is_not_made_up() -> None:
    for question, asked in ((TARIFFS, SEARCH), (TARIFF, LABEL)):
        with pytest.raises(SourceError, match=f"no source could answer {question.name}"):
            ask(question, asked, World(None, Access()))  # type: ignore[arg-type, type-var]


# Records of the database, where the validation data is at hand


@pytest.mark.data
def test_real_records_are_read_and_believed(validation_data: Any) -> None:
    folder = validation_data / "api_payloads" / "energy"
    power = read_tariff((folder / "urdb_rate_539f6a23ec4f024411ec8beb.json").read_bytes())
    assert tariff_doubt(power, "") == ""
    assert power.energy is not None
    assert [tier.usd_per_kwh for tier in power.energy.periods[1]] == [0.042, 0.029]
    assert (power.entry.start, power.entry.utility) == (date(2012, 5, 1), "South Central Public Pwr Dist")
    assert power.flat_demand is not None
    assert power.flat_demand.periods[1][0] == DemandTier(16.3, 0.0, 100.0)
    sam = read_tariff((folder / "urdb_v7_pysam.json").read_bytes())
    assert tariff_doubt(sam, "") == ""
    assert sam.minimums == (Charge(1.0, "month"), Charge(12.0, "year"))
    assert sam.flat_demand is not None
    assert sam.flat_demand.months == (0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 1, 1)
    assert sam.notes == ()
