"""Formulas of figures are over names that are known, and worked out they give what is shown; what a figure is said to rest on moves it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import core
from core import formulas
from core.fetchers.bitcoin import bundled_market
from core.fetchers.weather import weather_for
from core.formulas import FIELDS, FORMULAS, MARKET, RESTS_ON, TOLD, WEATHER, formula, label, names_in
from core.models import finance
from core.models.dispatch import compile_kernel
from core.outside import outside
from core.results import Projection
from core.scenario import Scenario
from core.vocabulary import METRICS
from tests.figures_shown import PLANS, plan_of

HOT = {
    "fleet.derate_above_c": 15.0, "fleet.shutdown_above_c": 30.0, "fleet.control.restart_minutes": 30.0, "outlook.price_growth_per_year": 0.4, "finance.horizon_years": 6,
}  # fmt: skip
MARGINAL = {  # mining that just pays, and nowhere else to go
    "grid.export_limit_kw": 0.0, "grid.import_limit_kw": 0.0, "finance.variable_usd_per_kwh": 0.09, "finance.horizon_years": 2,
}  # fmt: skip
DERIVED_UNITS = {"USD", "USD/kWh", "USD/BTC", "USD/PH/day", "BTC", "kWh", "1/yr", "yr", "kWh/kW", "1"}
CENTS = 0.02  # a year of the statement is in whole cents [USD]


def test_every_derived_figure_has_a_formula() -> None:
    derived = {name for name, words in METRICS.items() if words.unit in DERIVED_UNITS}
    assert len(derived) > 60
    assert set(FORMULAS) | set(TOLD) == set(METRICS)
    assert not set(FORMULAS) & set(TOLD)
    assert len(FORMULAS) > 0.5 * len(METRICS), "most of them are arithmetic that is worked out below"


@pytest.mark.parametrize("name", METRICS)
def test_a_formula_names_figures_that_are_known(name: str) -> None:
    assert name not in TOLD or names_in(name) != {name}
    for other in names_in(name):
        assert label(other)
    text = formula(name)
    assert text
    assert "_" not in text, "words, no names"
    assert "{" not in text
    assert len(text) < 230


def test_fields_of_the_plan_that_formulas_name_are_there() -> None:
    for path in FIELDS:
        assert Scenario().at(path) is not None
    named = {found for told in FORMULAS.values() for found in _paths(told)}
    assert named == set(FIELDS)


def _paths(told: str) -> list[str]:
    whole = [ast.unparse(node) for node in ast.walk(ast.parse(told, mode="eval")) if isinstance(node, ast.Attribute)]
    return [path[5:] for path in whole if path.startswith("plan.") and path.count(".") > 1]


# --- worked out -----------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """The compiled one, as it is some hundred times faster."""
    compile_kernel()


@cache
def answers() -> dict[str, Projection]:
    return {name: core.project(plan_of(changes)) for name, changes in {**PLANS, "hot": HOT}.items()}


class Sheet:
    """A projection as formulas see it: figures, columns of its tables, the plan and the readings."""

    def __init__(self, answer: Projection) -> None:
        self.answer = answer
        rate = answer.scenario.finance.discount_rate
        self.done: dict[str, Callable[[Any], float]] = {
            "worth": lambda flow: float(finance.npv_usd(rate, flow)),
            "rate": lambda flow: float(finance.irr(flow)),
            "every": lambda flow: float(np.sum(flow)),
            "first": lambda flow: float(flow[1]),
            "paid": lambda flow: -float(flow[0]),
            "least": lambda flow: float(np.nanmin(flow)),
            "payback": lambda flow: float(finance.payback_years(flow)),
            "hours": lambda flow: float(np.sum(flow)),
            "start": lambda flow: float(flow[0]),
        }

    def worked(self, node: ast.AST) -> Any:
        match node:
            case ast.Expression():
                return self.worked(node.body)
            case ast.Call(func=ast.Name(id=done), args=[inner]):
                return self.done[done](self.column(inner, done))
            case ast.Name():
                return self.answer.metrics[node.id]
            case ast.Attribute():
                return self.field(ast.unparse(node))
            case ast.BinOp():
                return self.both(node, self.worked)
            case ast.UnaryOp():
                return -self.worked(node.operand)
            case ast.Constant():
                return node.value
        raise AssertionError(ast.dump(node))

    def both(self, node: ast.BinOp, part: Callable[[ast.AST], Any]) -> Any:
        a, b = part(node.left), part(node.right)
        kinds: dict[type, Callable[[], Any]] = {
            ast.Add: lambda: a + b, ast.Sub: lambda: a - b, ast.Mult: lambda: a * b, ast.Div: lambda: a / b, ast.Pow: lambda: a**b,
        }  # fmt: skip
        return kinds[type(node.op)]()

    def column(self, node: ast.AST, done: str) -> Any:
        if isinstance(node, ast.BinOp):  # of two columns; nothing where what it is divided by is nothing
            return self.both(node, lambda part: self.column(part, done)).replace([np.inf, -np.inf], np.nan)
        name = ast.unparse(node)
        tables = {"hours": (self.answer.hourly,), "start": (self.answer.monthly,)}
        for frame in tables.get(done, (self.answer.yearly, self.answer.statement)):
            if name in frame:
                return frame[name] if done == "least" else frame[name].to_numpy()
        raise KeyError(name)

    def field(self, path: str) -> float:
        kind, _, rest = path.partition(".")
        if kind == "plan":
            return float(self.answer.scenario.at(rest))
        return next(reading.value for reading in self.answer.readings if reading.name == rest)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_worked_out_gives_what_is_shown(name: str) -> None:
    """Of every plan that has the figure, from the other figures of the same projection."""
    seen = 0
    for plan, answer in answers().items():
        value = answer.metrics[name]
        if value is None:
            continue
        with np.errstate(all="ignore"):
            found = Sheet(answer).worked(ast.parse(FORMULAS[name], mode="eval"))
        assert found == pytest.approx(value, rel=1e-6, abs=_nothing(answer, name)), (plan, FORMULAS[name])
        seen += value != 0
    assert seen, "no plan has this figure: the test sees nothing"


def _nothing(answer: Projection, name: str) -> float:
    """What rounding of the statement to cents may make of a figure."""
    unit, years = METRICS[name].unit, len(answer.yearly)
    coins = max(answer.metrics["mined_btc"] or 0.0, 1e-9)
    return {"USD": CENTS * years, "USD/BTC": CENTS * years / coins * 10}.get(unit, 1e-9)


def test_the_tooltip_of_a_tile_has_meaning_formula_source_and_age() -> None:
    from tests.figures_shown import page

    for tile in page("money", "example").tiles:
        text = tile.help.translate(str.maketrans("", "", "\\\u200b"))
        names = [n for n, words in METRICS.items() if words.label == tile.label] or ["irr"]
        assert METRICS[names[0]].meaning.split(";")[0][:30] in text
        assert f"Formula: {formula(names[0])}".replace(":", "") in text.replace(":", "").replace("*", "")
        assert "old" in text
        assert ("NREL" in text) == (WEATHER in RESTS_ON[names[0]])


# --- what of the world moves a figure ----------------------------------------------------------------


@cache
def moved() -> dict[str, set[str]]:
    """By metric the readings, and the weather, that move it in any of the plans."""
    found: dict[str, set[str]] = {name: set() for name in METRICS}
    now = bundled_market()
    for changes in (*PLANS.values(), HOT, MARGINAL):
        plan = plan_of(changes)
        sun = weather_for(plan.site, outside())
        base = core.project(plan, sun, now).metrics
        for reading in now.readings:
            value = reading.value + 20_000 if reading.name == "height" else reading.value * 1.05
            other = replace(now, **{reading.name: replace(reading, value=value)})
            _note(found, reading.name, base, core.project(plan, sun, other).metrics)
        hourly = sun.hourly * pd.Series({"ghi": 0.97, "dni": 0.97, "dhi": 0.97, "temp_air": 1.1, "wind_speed": 1.0})
        _note(found, WEATHER, base, core.project(plan, replace(sun, hourly=hourly), now).metrics)
    return found


def _note(found: dict[str, set[str]], what: str, base: dict[str, float | None], other: dict[str, float | None]) -> None:
    for name, value in base.items():
        then = other[name]
        if (value is None) != (then is None) or (
            value is not None and then != pytest.approx(value, rel=1e-9, abs=1e-12)
        ):
            found[name].add(what)


@pytest.mark.parametrize("name", METRICS)
def test_nothing_moves_a_figure_but_what_it_is_said_to_rest_on(name: str) -> None:
    said, found = set(RESTS_ON[name]), moved()[name]
    assert found <= said
    assert (WEATHER in said) == (WEATHER in found)
    assert bool(said & set(MARKET)) == bool(found & set(MARKET))


def test_every_name_it_rests_on_is_a_reading_or_the_weather() -> None:
    assert set(formulas.BOTH) == {WEATHER, *(reading.name for reading in bundled_market().readings)}
