"""Rates of the database as tariffs of a scenario: what is taken over, what is told, what is refused by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.errors import ValidationError
from core.fetchers.urdb import tariff_of
from core.fetchers.urdb_section import Converted, section_of
from core.scenario import Scenario, read
from core.world import Charge, Tariff
from tests.fetchers.replies_energy import SUMMER, WINTER, rate


def told(**changes: Any) -> Tariff:
    return tariff_of(rate(**changes), "file")


def converted(**changes: Any) -> Converted:
    return section_of(told(**changes))


def refusal(**changes: Any) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        converted(**changes)
    assert caught.value.expected
    return caught.value


def test_a_rate_becomes_a_tariff_that_a_scenario_keeps() -> None:
    tariff, notes = converted()
    assert tariff.name == "Example Electric Coop: Large Power Service, Time of Use"
    assert tariff.source == "Tariff book, sheet 14"
    first = tariff.energy.periods[0]
    assert [(t.usd_per_kwh, t.up_to, t.unit) for t in first.tiers] == [
        (pytest.approx(0.0652), 200.0, "kwh_per_kw"),
        (pytest.approx(0.0562), 400.0, "kwh_per_kw"),
        (pytest.approx(0.0472), None, "kwh_per_kw"),
    ]
    assert (first.sell_usd_per_kwh, tariff.energy.periods[1].sell_usd_per_kwh) == (0.02, None)
    assert tariff.energy.weekday[6] == tuple(SUMMER)
    assert tariff.energy.weekend[6] == tuple(WINTER)
    assert tariff.energy.adjustment_usd_per_kwh == (0.001,) * 6 + (0.002,) * 6
    assert [(t.usd_per_kw, t.up_to_kw) for t in tariff.flat_demand.periods[0].tiers] == [(9.5, 1000.0), (8.0, None)]
    assert tariff.flat_demand.months == (0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0)
    assert tariff.timed_demand.periods[1].tiers[0].usd_per_kw == 6.5
    assert (tariff.ratchet.shares_frac, tariff.ratchet.look_back_months, tariff.ratchet.on) == ((0.8,), 11, "flat")
    assert (tariff.fixed_usd_per_month, tariff.minimum_usd_per_year) == (250.0, 12_000.0)
    assert tariff.settlement.rule == "net_billing"
    said = " ".join(notes)
    for words in ("15 minutes", "Reactive power", "11 months", "first tier"):
        assert words in said
    plan = Scenario().but({"grid.tariff": tariff.model_dump(mode="json")})
    assert plan.grid.tariff == tariff
    assert read(plan.to_json()) == plan
    assert len(plan.to_json()) - len(Scenario().to_json()) < 6000


@pytest.mark.parametrize("unit", ["kWh/hp", "kWh/kVA", "kWh/hp daily", "kWh/kVA daily"])
def test_energy_by_horsepower_or_kva_is_refused(unit: str) -> None:
    error = refusal(energyratestructure=[[{"rate": 0.1, "max": 5}, {"rate": 0.1, "unit": unit}], [{"rate": 0.1}]])
    assert (error.field, error.value) == ("energy.periods.0.tiers.1.unit", unit)


@pytest.mark.parametrize("unit", ["hp", "kVA", "kW daily", "hp daily", "kVA daily"])
def test_demand_in_anything_but_kw_of_a_month_is_refused(unit: str) -> None:
    assert (refusal(flatdemandunit=unit).field, refusal(flatdemandunit=unit).value) == ("flat_demand.unit", unit)
    assert refusal(demandrateunit=unit).field == "timed_demand.unit"


def test_daily_kwh_are_kept() -> None:
    structure = [[{"rate": 0.1, "max": 30, "unit": "kWh daily"}, {"rate": 0.2, "unit": "kWh daily"}], [{"rate": 0.3}]]
    tiers = converted(energyratestructure=structure).tariff.energy.periods[0].tiers
    assert [tier.unit for tier in tiers] == ["kwh_per_day", "kwh_per_day"]


def test_what_is_missing_stays_as_it_is_without_a_tariff() -> None:
    gone = ("energyweekdayschedule", "energyweekendschedule", "fueladjustmentsmonthly", "flatdemandstructure", "flatdemandmonths",
            "demandratestructure", "demandweekdayschedule", "demandweekendschedule", "demandratchetpercentage",
            "mincharge", "dgrules", "demandwindow", "demandreactivepowercharge")  # fmt: skip
    tariff, notes = converted(**dict.fromkeys(gone, ...), energyratestructure=[[{"rate": 0.07, "adj": 0.01}]])
    assert tariff.energy.weekday == tariff.energy.weekend == ()
    assert tariff.energy.periods[0].tiers[0].usd_per_kwh == pytest.approx(0.08)
    assert not tariff.flat_demand.periods
    assert not tariff.timed_demand.periods
    assert tariff.ratchet.shares_frac == ()
    assert tariff.settlement.rule == "sold"
    assert notes == ()


def test_a_rate_without_energy_says_whose_price_holds() -> None:
    gone = dict.fromkeys(
        ("energyratestructure", "energyweekdayschedule", "energyweekendschedule", "fueladjustmentsmonthly"), ...
    )
    tariff, notes = converted(**gone)
    assert tariff.energy.periods == ()
    assert any("import price holds" in note for note in notes)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("Net Metering", "net_metering"),
        ("Net Billing Instantaneous", "net_billing"),
        ("Net Billing Hourly", "net_billing"),
        (..., "feed_in"),  # as a price is named for what is fed in
    ],
)
def test_rules_of_export(given: Any, rule: str) -> None:
    assert converted(dgrules=given).tariff.settlement.rule == rule


def test_a_rule_that_sells_all_and_buys_all_is_refused() -> None:
    assert refusal(dgrules="Buy All Sell All").field == "export"


def test_fixed_charges_and_minimums_of_days_and_years() -> None:
    tariff = replace(told(), fixed=Charge(1.5, "day"), minimums=(Charge(2.0, "day"), Charge(900.0, "year")))
    found, notes = section_of(tariff)
    assert (found.fixed_usd_per_month, found.fixed_usd_per_day) == (0.0, 1.5)
    assert (found.minimum_usd_per_month, found.minimum_usd_per_year) == (pytest.approx(730 / 12), 900.0)
    assert any("by month" in note for note in notes)
    assert section_of(replace(told(), fixed=Charge(1200.0, "year"))).tariff.fixed_usd_per_month == 100.0


def coincident(structure: list[Any], *rows: list[int]) -> dict[str, Any]:
    months = [*rows, *[[0] * 24] * (12 - len(rows))]
    return {"coincidentratestructure": structure, "coincidentrateschedule": months}


def test_a_coincident_peak_is_a_window_of_hours() -> None:
    afternoon = [0] * 14 + [1] * 4 + [0] * 6
    tariff, notes = converted(**coincident([[{"rate": 0}], [{"rate": 15}]], [0] * 24, afternoon, afternoon))
    found = tariff.coincident
    assert (found.usd_per_kw, found.months, found.from_hour, found.to_hour) == (15.0, (2, 3), 14, 18)
    assert any("hottest weekday hour" in note for note in notes)
    assert converted(**coincident([[{"rate": 0}]])).tariff.coincident.usd_per_kw == 0


@pytest.mark.parametrize(
    ("structure", "row"),
    [
        ([[{"rate": 0}], [{"rate": 15}]], [1, 0, 1] + [0] * 21),
        ([[{"rate": 2}], [{"rate": 15}]], [1] * 12 + [0] * 12),
        ([[{"rate": 0}], [{"rate": 15, "max": 5}, {"rate": 9}]], [1] * 12 + [0] * 12),
    ],
)
def test_other_coincident_peaks_are_refused(structure: list[Any], row: list[int]) -> None:
    assert refusal(**coincident(structure, row)).field.startswith("coincident_demand")


def test_a_ratchet_on_timed_demand_alone() -> None:
    tariff, _ = converted(
        flatdemandstructure=..., flatdemandmonths=..., lookbackrange=6, lookbackmonths=[1] * 3 + [0] * 9
    )
    assert (tariff.ratchet.on, tariff.ratchet.look_back_months, tariff.ratchet.peak_months) == ("timed", 6, (1, 2, 3))


def test_a_price_out_of_bounds_names_its_field() -> None:
    assert refusal(demandratestructure=[[{"rate": 0}], [{"rate": 5000}]]).field.endswith("usd_per_kw")
