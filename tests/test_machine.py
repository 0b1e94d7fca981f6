"""A machine is checked field by field, and its price is dated."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ValidationError
from core.machine import Machine, days_since, last_day, plain, read, read_all, to_json

RIG: dict[str, Any] = {"model": "Shed rig", "hashrate_ths": 250.0, "power_w": 3500.0}
PRICED = {**RIG, "price_usd": 2500.0, "price_date": "2026-11-20", "price_source": "offer"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", ""),
        ("model", "   "),
        ("model", "x" * 121),
        ("model", None),
        ("hashrate_ths", 0.0),
        ("hashrate_ths", -1.0),
        ("hashrate_ths", math.nan),
        ("hashrate_ths", math.inf),
        ("hashrate_ths", "250"),
        ("hashrate_ths", True),
        ("power_w", 0.0),
        ("power_w", 1e7),
        ("cooling", "oil"),
        ("released", "July 2024"),
        ("released", "2024-13"),
        ("price_usd", -0.01),
        ("price_usd", math.nan),
        ("price_date", "yesterday"),
        ("price_date", "2026-02-30"),
        ("price_date", "2026-H3"),
        ("temp_min_c", -273.0),
        ("temp_max_c", 500.0),
        ("note", "x" * 501),
        ("colour", "red"),
    ],
)
def test_a_bad_value_is_refused_by_field_value_and_expected(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        read({**PRICED, field: value})
    assert refused.value.field == field
    assert refused.value.expected
    assert field in refused.value.message
    assert refused.value.value == value or value != value or isinstance(value, str)


@pytest.mark.parametrize("field", ["model", "hashrate_ths", "power_w"])
def test_what_every_machine_needs_is_named_when_it_is_missing(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read({name: value for name, value in RIG.items() if name != field})
    assert (refused.value.field, refused.value.expected) == (field, "a value")


@pytest.mark.parametrize("field", ["price_date", "price_source"])
def test_a_price_needs_its_date_and_its_source(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read({**PRICED, field: ""})
    assert refused.value.field == field
    assert read({**RIG, "price_usd": None}).price_usd_per_th is None


def test_a_temperature_range_is_the_right_way_round() -> None:
    with pytest.raises(ValidationError) as refused:
        read({**RIG, "temp_min_c": 40.0, "temp_max_c": 39.0})
    assert refused.value.field == "temp_max_c"
    assert read({**RIG, "temp_min_c": 40.0, "temp_max_c": 40.0}).temp_max_c == 40.0


def test_efficiency_and_price_of_hash_rate_are_ratios() -> None:
    machine = read(PRICED)
    assert machine.efficiency_j_per_th == 14.0
    assert machine.price_usd_per_th == 10.0


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025", date(2025, 12, 31)),
        ("2026-H1", date(2026, 6, 30)),
        ("2026-H2", date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 29)),
        ("2026-12", date(2026, 12, 31)),
        ("2026-11-20", date(2026, 11, 20)),
    ],
)
def test_a_vague_date_means_its_last_day(text: str, day: date) -> None:
    assert last_day(text) == day
    assert days_since(text, day) == 0
    assert days_since(text, date.fromordinal(day.toordinal() + 181)) == 181
    assert days_since(text, date(2000, 1, 1)) == days_since("", day) == 0


def test_names_are_the_same_whatever_case_and_spaces() -> None:
    assert plain("  Antminer  S21 PRO ") == plain("antminer s21 pro")
    assert read({**RIG, "model": " Shed \n rig "}).model == "Shed rig"


@given(
    st.builds(
        Machine,
        model=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120).filter(str.strip),
        hashrate_ths=st.floats(0.001, 1e5),
        power_w=st.floats(0.1, 1e6),
        note=st.text(st.characters(exclude_categories=["Cs"]), max_size=500),
    )
)
def test_machines_come_back_from_a_file_as_they_were(machine: Machine) -> None:
    assert read_all(to_json([machine, read(PRICED)])) == (machine, read(PRICED))


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ("not json", "machines"),
        ("[]", "machines"),
        ("{}", "machines"),
        ("[" * 100_000, "machines"),
        (b"\xff\xfe", "machines"),
        ('{"machines": 7}', "machines"),
        ('{"machines": [{"model": "x", "hashrate_ths": 1.0, "power_w": "lots"}]}', "machines.0.power_w"),
    ],
)
def test_a_file_of_something_else_is_refused_by_name(raw: str | bytes, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_all(raw)
    assert refused.value.field == field
    assert refused.value.expected
