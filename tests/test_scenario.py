"""The scenario: round trips, bounds, upgrades, paths and differences."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import scenario as scenarios
from core.errors import NotFound, ScenarioError
from core.fetchers.equipment import named
from core.fetchers.presets import about, presets
from core.scenario import SCHEMA, Scenario, differences, leaves, read


def test_the_example_survives_json_unchanged() -> None:
    example = Scenario()
    assert read(example.to_json()) == example
    assert read(json.loads(example.to_json())) == example
    assert read(example.model_dump(mode="json")) == example
    assert json.loads(example.to_json())["schema"] == SCHEMA


@pytest.mark.parametrize("key", presets())
def test_presets_survive_json_unchanged(key: str) -> None:
    preset = presets()[key]
    assert read(preset.to_json()) == preset
    assert preset.digest == read(preset.to_json()).digest


def test_presets_are_whole_and_the_first_is_the_example() -> None:
    assert set(about()) == set(presets())
    assert next(iter(presets().values())) == Scenario()
    assert len({p.digest for p in presets().values()}) == len(presets()) >= 8
    assert all(told.words.endswith(".") and told.sources for told in about().values())


@pytest.mark.parametrize("key", presets())
def test_machines_of_presets_are_those_of_the_catalogue_at_its_prices(key: str) -> None:
    for unit in presets()[key].fleet.units:
        machine = named(unit.model)
        assert machine is not None
        assert (unit.hashrate_ths, unit.power_w) == (machine.hashrate_ths, machine.power_w)
        if unit.price_usd:
            assert unit.price_usd == pytest.approx(machine.price_usd, rel=0.02)


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    raw = json.loads(Scenario().to_json())
    assert read(dict(reversed(raw.items()))).digest == Scenario().digest
    assert Scenario().but({"array.dc_kw": 1000.5}).digest != Scenario().digest


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"array": {"dc_kw": -1}}, "array.dc_kw"),
        ({"array": {"dc_kw": "1000"}}, "array.dc_kw"),
        ({"array": {"dc_kw": True}}, "array.dc_kw"),
        ({"array": {"dc_kw": math.nan}}, "array.dc_kw"),
        ({"array": {"dc_kw": math.inf}}, "array.dc_kw"),
        ({"array": {"mounting": "floating"}}, "array.mounting"),
        ({"array": {"soiling_frac": [0.1] * 11}}, "array.soiling_frac"),
        ({"minners": {}}, "minners"),
        ({"fleet": {"units": [{"count": 12.7, "model": "A"}]}}, "fleet.units.0.count"),
        ({"fleet": {"units": [{"count": 3}]}}, "fleet.units.0"),
        ({"site": {"timezone": "Mars/Olympus"}}, "site.timezone"),
        ({"site": {"weather": "http://127.0.0.1/"}}, "site.weather"),
        ({"outlook": {"start_month": "2027-13"}}, "outlook.start_month"),
        ({"battery": {"soc_min_frac": 0.9, "soc_max_frac": 0.2}}, "battery"),
        ({"finance": {"horizon_years": 200}}, "finance.horizon_years"),
        ({"risk": {"paths": 10**9}}, "risk.paths"),
        ({"schema": SCHEMA + 1}, "schema"),
        ("not json", "scenario"),
        ([], "scenario"),
        ("[" * 100_000, "scenario"),
    ],
)
def test_bad_input_names_its_field_and_what_was_expected(raw: object, field: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(raw)
    assert caught.value.field == field
    assert caught.value.expected
    json.dumps(caught.value.body("req_1"), allow_nan=False)


def test_a_whole_number_written_as_a_decimal_is_whole() -> None:
    assert read({"fleet": {"units": [{"model": "A", "count": 12.0}]}}).fleet.units[0].count == 12


def test_paths_reach_every_leaf_and_change_just_it() -> None:
    example = Scenario()
    for path, _, value in leaves(example):
        assert example.at(path) == value
    changed = example.but({"fleet.units.0.count": 7, "array.dc_kw": 5.0})
    assert differences(example, changed) == [("array.dc_kw", 1000.0, 5.0), ("fleet.units.0.count", 140, 7)]
    with pytest.raises(NotFound):
        example.at("array.dc_mw")
    with pytest.raises(NotFound):
        example.but({"fleet.units.9.count": 1})


def test_differences_see_machines_added_and_removed() -> None:
    one = Scenario()
    two = one.but({"fleet.units": [*one.model_dump(mode="json")["fleet"]["units"], {"model": "B", "count": 2}]})
    assert ("fleet.units.1.count", None, 2) in differences(one, two)
    assert ("fleet.units.1.count", 2, None) in differences(two, one)


def test_old_schemas_climb_the_chain_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(raw: dict[str, object]) -> dict[str, object]:
        return {"name" if k == "title" else k: v for k, v in raw.items()}

    def marked(raw: dict[str, object]) -> dict[str, object]:
        return {**raw, "name": f"{raw['name']}!"}

    monkeypatch.setattr(scenarios, "SCHEMA", 3)
    monkeypatch.setattr(scenarios, "UPGRADES", {1: renamed, 2: marked})
    assert read({"schema": 1, "title": "Old"}).name == "Old!"
    assert read({"schema": 2, "name": "Newer"}).name == "Newer!"
    assert read({"schema": 3, "name": "Newest"}).name == "Newest"


def test_a_scenario_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Scenario().array.dc_kw = 5.0  # type: ignore[misc]


@given(
    st.dictionaries(
        st.text(), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5)
    )
)
def test_any_json_gives_a_scenario_or_a_named_error(raw: dict[str, object]) -> None:
    assert named_error(raw) is None or named_error(raw) != ""


def named_error(raw: object) -> str | None:
    """The field a refusal names, None where there is no refusal."""
    try:
        read(raw)
    except ScenarioError as error:
        return error.field
    return None
