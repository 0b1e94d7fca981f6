"""Figures as the browser of the visitor writes numbers, in units of the visitor's choice. What is kept stays metric."""

from __future__ import annotations

import streamlit as st

from core import say
from core.say import Marks

UNITS = "_units"
METRIC, CUSTOMARY = "Metric", "US customary"


def marks() -> Marks:
    """The marks of the browser's language."""
    return say.marks_of(st.context.locale or "en")


def number(value: float, digits: int = 0, *, sign: str = "-") -> str:
    """A number with so many decimals, thousands apart."""
    return say.number(value, digits, marks(), sign=sign)


def exact(value: float, digits: int = 10) -> str:
    """A number with up to so many digits, none that says nothing."""
    return say.exact(value, digits, marks())


def percent(frac: float, digits: int = 1, *, sign: str = "-") -> str:
    """A share in percent."""
    return say.percent(frac, digits, marks(), sign=sign)


def money(value: float, *, cents: bool = False) -> str:
    """Dollars with a true minus sign; millions shortened."""
    return say.money(value, marks(), cents=cents)


def metric(name: str, value: float | None) -> str:
    """A metric in words: sensible digits, its unit; a dash where there is none."""
    return say.metric(name, value, marks())


def chosen() -> str:
    """The units chosen, metric ones until others are."""
    return str(st.session_state.get(UNITS, METRIC))


def choose(units: str) -> None:
    """Show lengths, areas and temperatures in these units from now on."""
    st.session_state[UNITS] = units


def customary() -> bool:
    """Whether lengths, areas and temperatures are shown in US customary units."""
    return chosen() == CUSTOMARY


def shown(value: float, unit: str) -> tuple[float, str]:
    """A value and its unit as the visitor reads them."""
    return say.converted(value, unit, customary=customary())


def kept(value: float, unit: str) -> float:
    """What a value typed in the visitor's units is in the metric `unit`; whole numbers stay whole where nothing changes."""
    again = say.metric_again(value, unit, customary=customary())
    return value if again == value else round(again, 9)


def measure(value: float, unit: str, digits: int = 0) -> str:
    """A length, an area or a temperature, kept in a metric unit, in the visitor's."""
    size, name = shown(value, unit)
    return f"{number(size, digits)} {name}"
