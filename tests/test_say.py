"""Figures in words, and numbers as languages write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import say
from core.say import DOTS, ENGLISH, FINE_SPACES, SPACES, Marks

finite = st.floats(min_value=-1e12, max_value=1e12)


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("en-US", "−1,234,567.5"),
        ("en", "−1,234,567.5"),
        ("", "−1,234,567.5"),
        ("xx-YY", "−1,234,567.5"),
        ("de-DE", "−1.234.567,5"),
        ("de-AT", "−1\u00a0234\u00a0567,5"),
        ("fr-FR", "−1\u202f234\u202f567,5"),
        ("pt-BR", "−1.234.567,5"),
        ("pt-PT", "−1\u00a0234\u00a0567,5"),
        ("es-MX", "−1,234,567.5"),
        ("sr-Latn-RS", "−1.234.567,5"),
    ],
)
def test_a_number_is_written_as_its_language_writes_it(locale: str, written: str) -> None:
    assert say.number(-1234567.5, 1, say.marks_of(locale)) == written


@given(finite, st.integers(0, 6), st.sampled_from([ENGLISH, DOTS, SPACES, FINE_SPACES]))
def test_a_number_can_be_read_back_in_every_language(value: float, digits: int, marks: Marks) -> None:
    text = say.number(value, digits, marks)
    plain = text.replace(marks.thousands, "").replace(marks.decimal, ".").replace(say.MINUS, "-")
    assert float(plain) == pytest.approx(value, abs=0.5 * 10.0**-digits + 1e-3 * abs(value) * 1e-9)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "$0"), (-0.4, "$0"), (-1234.5, "−$1.234"), (1_234_567, "$1,235 M"), (-2.5e8, "−$250,0 M")],
)
def test_dollars_shorten_millions(value: float, words: str) -> None:
    assert say.money(value, DOTS) == words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("npv_usd", None, "–"),
        ("npv_usd", -1_234_567.0, "−$1.235 M"),
        ("irr", -0.031, "−3.1 %"),
        ("mined_btc", 3.25, "3.2500 BTC"),
        ("mined_btc", 12_345.6, "12,346 BTC"),
        ("pv_kwh_year1", 1_358_400.0, "1,358 MWh"),
        ("pv_kwh_year1", 135.84e6, "135.8 GWh"),
        ("payback_years", 7.04, "7.0 years"),
        ("dscr_min", -1.23456, "−1.235"),
    ],
)
def test_a_metric_gets_sensible_digits_and_its_unit(name: str, value: float | None, words: str) -> None:
    assert say.metric(name, value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0"), (1e-5, "1e-05"), (0.5, "0.5"), (123.456, "123.5"), (9999.6, "10,000")]
)
def test_a_short_number_has_four_digits_that_say_something(value: float, words: str) -> None:
    assert say.short(value) == words


@pytest.mark.parametrize(
    ("metric", "unit", "shown", "name"),
    [(100.0, "°C", 212.0, "°F"), (-40.0, "°C", -40.0, "°F"), (0.3048, "m", 1.0, "ft")],
)
def test_customary_units_are_those_of_nist(metric: float, unit: str, shown: float, name: str) -> None:
    value, other = say.converted(metric, unit, customary=True)
    assert (value, other) == (pytest.approx(shown), name)
    assert say.metric_again(value, unit, customary=True) == pytest.approx(metric)


@pytest.mark.parametrize("unit", ["kWh", "°", "1"])
def test_what_has_no_customary_unit_stays(unit: str) -> None:
    assert say.converted(5.0, unit, customary=True) == (5.0, unit)
    assert say.converted(5.0, "m", customary=False) == (5.0, "m")
