"""The catalogue is plausible, and units that name a machine get its figures."""

import csv
from datetime import date

import pytest

from core.answers import project
from core.errors import ScenarioError
from core.fetchers.bundled import rows
from core.fetchers.equipment import bundled_machines, catalogue, named, price_notices, resolved
from core.machine import Machine
from core.scenario import Scenario

RIG = Machine(
    model="Shed rig", hashrate_ths=250, power_w=3500, price_usd=2500, price_date="2026-11-20", price_source="offer"
)


def fleet(*units: dict) -> Scenario:
    return Scenario.model_validate({"fleet": {"units": list(units)}})


def test_the_catalogue_has_66_machines_of_five_makers():
    frame = catalogue()
    assert len(frame) == 66
    assert set(frame["manufacturer"]) == {"Bitmain", "MicroBT", "Canaan", "Bitdeer", "Auradine"}


def test_power_is_the_efficiency_stated_times_hash_rate_within_two_percent():
    for row in rows("asics.csv"):
        stated = float(row["efficiency_j_per_th"])
        assert float(row["power_w"]) == pytest.approx(float(row["hashrate_ths"]) * stated, rel=0.02), row["model"]
    assert catalogue()["efficiency_j_per_th"].between(9, 31).all()


@pytest.mark.data
def test_every_row_has_the_figures_of_the_lists_it_rests_on(validation_data):
    with (validation_data / "api_payloads/equipment/asic_sha256_catalogue_2026-11.csv").open() as file:
        lists = {row["model"]: row for row in csv.DictReader(file)}
    assert lists.keys() == {row["model"] for row in rows("asics.csv")}
    for row in rows("asics.csv"):
        there = lists[row["model"]]
        for name in ("hashrate_ths", "power_w", "efficiency_j_per_th"):
            assert float(row[name]) == float(there[name]), row["model"]
        assert [row[n] for n in ("manufacturer", "released", "cooling", "temp_min_c", "temp_max_c")] == [
            there[n] for n in ("manufacturer", "release", "cooling", "temp_min_c", "temp_max_c")
        ]
        low, high = (there[f"price_usd_per_th_2026h2_{end}"] for end in ("low", "high"))
        price = (float(low) + float(high)) / 2 if low else float(there["price_usd_per_th_2025_list"] or "nan")
        assert float(row["price_usd_per_th"] or "nan") == pytest.approx(price, abs=0.005, nan_ok=True)
        assert row["price_date"] == ("2026-H2" if low else "2025" if price == price else "")


@pytest.mark.data
def test_asking_prices_are_the_middle_of_the_brokers_range(validation_data):
    with (validation_data / "api_payloads/equipment/asic_broker_prices_2026h2.csv").open() as file:
        asked = {row["item"]: row for row in csv.DictReader(file)}
    names = {"S19k Pro": "Antminer S19k Pro", "S21 Hyd": "Antminer S21 Hyd", "M70S": "WhatsMiner M70S",
             "S21+ Hyd": "Antminer S21+ Hyd", "Sealminer A3 Pro Hyd": "SEALMINER A3 Pro Hyd"}  # fmt: skip
    for item, model in names.items():
        middle = (float(asked[item]["usd_per_th_low"]) + float(asked[item]["usd_per_th_high"])) / 2
        assert named(model).price_usd_per_th == pytest.approx(middle, abs=0.005)


def test_a_temperature_range_is_whole_or_unknown_and_plausible():
    machines = bundled_machines()
    assert sum(machine.temp_max_c is not None for machine in machines) == 27
    for machine in machines:
        assert (machine.temp_min_c is None) == (machine.temp_max_c is None)
        if machine.temp_max_c is not None:
            assert -20 <= machine.temp_min_c < machine.temp_max_c <= 60


def test_no_two_machines_share_a_name_whatever_the_case():
    names = catalogue()["model"].str.casefold()
    assert names.is_unique


def test_every_price_has_a_date_and_a_basis_and_lies_in_the_range_seen():
    frame = catalogue()
    priced = frame["price_usd_per_th"].notna()
    assert priced.sum() == 41  # 36 asks and 5 list prices
    assert (frame.loc[priced, "price_date"].isin(["2025", "2026-H2"])).all()
    assert ((frame["price_basis"] == "ask") == (frame["price_date"] == "2026-H2")).all()
    assert (frame.loc[~priced, ["price_date", "price_basis"]] == "").all(axis=None)
    assert frame.loc[frame["price_basis"] == "ask", "price_usd_per_th"].between(2.65, 23).all()
    assert frame.loc[frame["price_basis"] == "list", "price_usd_per_th"].between(14, 30).all()


def test_data_sheet_figures_of_machines_people_know():
    frame = catalogue().set_index("model")  # as the makers print them
    assert frame.loc["Antminer S21", ["hashrate_ths", "power_w"]].tolist() == [200, 3500]
    assert frame.loc["Antminer S19 XP", ["hashrate_ths", "power_w"]].tolist() == [140, 3010]
    assert frame.loc["WhatsMiner M60S", ["hashrate_ths", "power_w"]].tolist() == [186, 3441]
    assert frame.loc["Antminer S21 Pro (234)", "price_usd_per_th"] == pytest.approx((7.1 + 9.3) / 2)


def test_the_caller_may_change_its_copy():
    mine = catalogue()
    mine.loc[0, "power_w"] = -1
    assert catalogue()["power_w"].min() > 0


@pytest.mark.parametrize("name", ["Antminer S19 XP", "antminer s19 xp", " ANTMINER  S19 XP "])
def test_a_unit_that_names_a_machine_gets_its_figures(name):
    unit = resolved(fleet({"model": name, "count": 7})).fleet.units[0]
    assert (unit.hashrate_ths, unit.power_w, unit.count) == (140.0, 3010.0, 7)
    assert unit.price_usd == pytest.approx(140 * 2.75)


def test_a_name_sold_in_several_versions_means_the_first_one_and_each_can_be_named():
    units = [{"model": m} for m in ("Antminer S21 Pro", "Antminer S21 Pro (245)", "Antminer S21+", "Avalon A15")]
    assert [u.hashrate_ths for u in resolved(fleet(*units)).fleet.units] == [234.0, 245.0, 216.0, 194.0]


def test_own_figures_win_and_a_label_of_ones_own_needs_no_catalogue():
    own = {"model": "Antminer S21", "hashrate_ths": 190.0, "price_usd": 0.0}
    label = {"model": "shed in the north", "hashrate_ths": 100.0, "power_w": 3000.0}
    first, second = resolved(fleet(own, label)).fleet.units
    assert (first.hashrate_ths, first.power_w, first.price_usd) == (190.0, 3500.0, 0.0)
    assert (second.hashrate_ths, second.power_w, second.price_usd) == (100.0, 3000.0, None)


def test_a_machine_without_a_known_price_keeps_it_empty():
    assert resolved(fleet({"model": "Antminer T21"})).fleet.units[0].price_usd is None


def test_the_example_needs_nothing_and_is_returned_as_it_is():
    example = Scenario()
    assert resolved(example) is example


def test_resolving_twice_changes_nothing():
    once = resolved(fleet({"model": "Antminer S21", "count": 3}, {"model": "WhatsMiner M63"}))
    assert resolved(once) == once


def test_an_unknown_machine_is_named_with_its_place_and_near_matches():
    known = {"model": "Antminer S21"}
    with pytest.raises(ScenarioError) as caught:
        resolved(fleet(known, {"model": "Antminer S12 XP", "count": 5}))
    assert caught.value.field == "fleet.units.1.model"
    assert "Antminer S21 XP" in caught.value.expected
    with pytest.raises(ScenarioError, match="zzz") as caught:
        resolved(fleet({"model": "zzz"}))
    assert "hashrate_ths" in caught.value.expected


def test_an_own_machine_wins_over_a_bundled_one_of_its_name_and_both_are_told_apart():
    own = Machine(model="antminer  S21", hashrate_ths=195, power_w=3600)
    unit = resolved(fleet({"model": "Antminer S21"}), [own]).fleet.units[0]
    assert (unit.hashrate_ths, unit.power_w, unit.price_usd) == (195.0, 3600.0, None)
    frame = catalogue([own])
    assert len(frame) == 67
    assert frame.loc[frame["model"].str.casefold() == "antminer s21", "origin"].tolist() == ["own", "catalogue"]
    assert frame.iloc[0][["model", "origin", "price_basis"]].tolist() == ["antminer S21", "own", ""]


def test_a_unit_may_name_an_own_machine_and_its_own_figures_still_win():
    units = [{"model": "SHED RIG", "count": 3}, {"model": "Shed rig", "hashrate_ths": 200.0}]
    first, second = resolved(fleet(*units), [RIG]).fleet.units
    assert (first.hashrate_ths, first.power_w, first.price_usd, first.count) == (250.0, 3500.0, 2500.0, 3)
    assert (second.hashrate_ths, second.power_w, second.price_usd) == (200.0, 3500.0, 2500.0)  # a price of one machine
    with pytest.raises(ScenarioError):
        resolved(fleet(units[0]))


def test_an_unknown_machine_is_told_own_names_too():
    with pytest.raises(ScenarioError) as caught:
        resolved(fleet({"model": "Shed rigg"}), [RIG])
    assert "Shed rig" in caught.value.expected


@pytest.mark.parametrize(
    ("on", "days"), [(date(2026, 6, 29), None), (date(2026, 6, 30), 181), (date(2026, 11, 25), 329)]
)
def test_a_catalogue_price_older_than_180_days_is_told_in_words(on, days):
    """The list price "2025" is at most of 31 December: 180 days old on 29 June."""
    plan = resolved(fleet({"model": "Antminer S21"}))
    assert plan.fleet.units[0].price_usd == 4840.0
    told = price_notices(plan, on)
    assert len(told) == (days is not None)
    for notice in told:
        assert all(word in notice for word in ("Antminer S21", "4,840", "2025", "dealer list", f"{days} days"))


def test_only_a_price_that_is_the_machines_own_is_called_old():
    late = date(2030, 1, 1)
    assert price_notices(resolved(fleet({"model": "Antminer S21", "price_usd": 1.0})), late) == ()
    assert price_notices(resolved(fleet({"model": "Antminer S21", "count": 0})), late) == ()
    assert price_notices(resolved(fleet({"model": "Antminer T21"})), late) == ()  # no price known
    label = {"model": "shed in the north", "hashrate_ths": 1.0, "power_w": 30.0, "price_usd": 5.0}
    assert price_notices(fleet(label), late) == ()
    assert price_notices(Scenario(), late) == ()
    twice = resolved(fleet({"model": "Shed rig"}, {"model": "Shed rig", "count": 2}), [RIG])
    assert len(price_notices(twice, late, [RIG])) == 1
    assert price_notices(twice, date(2027, 5, 19), [RIG]) == ()  # day 180


def test_a_bundled_price_goes_with_the_units_hash_rate_and_is_still_known():
    plan = resolved(fleet({"model": "Antminer S21", "hashrate_ths": 190.0}))
    assert plan.fleet.units[0].price_usd == pytest.approx(24.2 * 190)
    assert len(price_notices(plan, date(2026, 11, 25))) == 1


def test_the_projection_tells_old_prices_as_of_the_day_it_is_given(greensboro, market):
    plan = fleet({"model": "Antminer S21", "count": 10})
    old = project(plan, greensboro, market, on=date(2026, 11, 25))
    assert any("329 days" in notice for notice in old.notices)
    young = project(plan, greensboro, market)
    assert not any("days old" in notice for notice in young.notices)  # the bundled reading is of April 2026
    assert young.metrics == old.metrics
