"""The catalogue is plausible, and units that name a machine get its figures."""

import pytest

from core.errors import ScenarioError
from core.fetchers.equipment import catalogue, resolved
from core.scenario import Scenario


def fleet(*units: dict) -> Scenario:
    return Scenario.model_validate({"fleet": {"units": list(units)}})


def test_the_catalogue_has_66_machines_of_five_makers():
    frame = catalogue()
    assert len(frame) == 66
    assert set(frame["manufacturer"]) == {"Bitmain", "MicroBT", "Canaan", "Bitdeer", "Auradine"}


def test_power_is_efficiency_times_hash_rate_within_two_percent():
    frame = catalogue()
    assert (frame["power_w"] / (frame["hashrate_ths"] * frame["efficiency_j_per_th"]) - 1).abs().max() <= 0.02
    assert frame["efficiency_j_per_th"].between(9, 31).all()


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
