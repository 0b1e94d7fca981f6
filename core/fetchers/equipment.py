"""The catalogue of mining machines, and the units of a scenario that name one."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache

import pandas as pd

from core.errors import ScenarioError
from core.fetchers.bundled import rows
from core.scenario import Scenario
from core.sections import Unit

FIGURES = ("hashrate_ths", "power_w", "efficiency_j_per_th", "price_usd_per_th")


def catalogue() -> pd.DataFrame:
    """One row a machine: model, maker, hash rate [TH/s], power [W], efficiency [J/TH], price [USD/TH] and its date.

    No price known: nan, with price_date and price_basis empty; no release known: released empty.
    Source: data/asics.csv.
    """
    frame = pd.DataFrame(rows("asics.csv"))
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in FIGURES})


def resolved(scenario: Scenario) -> Scenario:
    """`scenario` with the figures its units leave to the catalogue filled in; own figures win.

    A price is the catalogue's USD/TH times the hash rate, and stays empty where the catalogue has none.
    ScenarioError names `fleet.units.N.model` and the nearest names where figures are needed and the model is unknown.
    """
    changes: dict[str, float] = {}
    for i, unit in enumerate(scenario.fleet.units):
        changes |= {f"fleet.units.{i}.{name}": value for name, value in _missing(unit, i).items()}
    return scenario.but(changes) if changes else scenario


def _missing(unit: Unit, i: int) -> dict[str, float]:
    """The figures this unit lacks and the catalogue has."""
    lacking = [name for name in ("hashrate_ths", "power_w", "price_usd") if getattr(unit, name) is None]
    if not lacking:
        return {}
    row = _named(unit.model)
    if row is None:
        if lacking == ["price_usd"]:  # a label of the planner's own
            return {}
        raise _unknown(unit.model, i)
    hashrate_ths = unit.hashrate_ths or float(row["hashrate_ths"])
    found = {"hashrate_ths": hashrate_ths, "power_w": float(row["power_w"])}
    if row["price_usd_per_th"]:
        found["price_usd"] = round(float(row["price_usd_per_th"]) * hashrate_ths, 2)
    return {name: found[name] for name in lacking if name in found}


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


@cache
def _by_name() -> dict[str, dict[str, str]]:
    """Rows by name without case. A name without its "(234)" means the version that was released first."""
    by_name: dict[str, dict[str, str]] = {}
    for row in sorted(rows("asics.csv"), key=lambda r: r["released"] or "9999"):
        by_name.setdefault(_plain(re.sub(r"\s*\(\d+\)$", "", row["model"])), row)
    return by_name | {_plain(row["model"]): row for row in rows("asics.csv")}


def _named(model: str) -> dict[str, str] | None:
    return _by_name().get(_plain(model))


def _unknown(model: str, i: int) -> ScenarioError:
    near = [_by_name()[name]["model"] for name in get_close_matches(_plain(model), list(_by_name()), n=4, cutoff=0.5)]
    near = list(dict.fromkeys(near))[:3]
    expected = f"such as {', '.join(near)}" if near else "a model of the catalogue, or hashrate_ths and power_w"
    return ScenarioError(
        f"no machine named {model!r} in the catalogue", field=f"fleet.units.{i}.model", value=model, expected=expected
    )
