"""Mining machines to choose from, bundled and the planner's own, and the units of a scenario that name one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache

import pandas as pd

from core.errors import ScenarioError
from core.fetchers.bundled import rows
from core.machine import Machine, days_since, plain
from core.scenario import Scenario
from core.sections import Unit

STALE_DAYS = 180
BASES = {"ask": "asking price", "list": "list price"}
OWN, BUNDLED = "own", "catalogue"


@cache
def bundled_machines() -> tuple[Machine, ...]:
    """The machines that ship with the program, as data/asics.csv has them."""
    return tuple(_from_row(row) for row in rows("asics.csv"))


def catalogue(own: Iterable[Machine] = ()) -> pd.DataFrame:
    """One row a machine, the planner's own first: the fields of `Machine`, efficiency [J/TH] and price [USD/TH].

    `origin` tells own ones from bundled ones, `source` says what the figures rest on. Not known: nan in columns of
    numbers, empty in those of text; a price has its date, basis (ask, list or own) and source.
    """
    listed = [(machine, OWN, "own figures", "own") for machine in own]
    listed += [
        (machine, BUNDLED, row["source"], row["price_basis"])
        for machine, row in zip(bundled_machines(), rows("asics.csv"), strict=True)
    ]
    frame = pd.DataFrame(
        {
            **machine.model_dump(),
            "efficiency_j_per_th": machine.efficiency_j_per_th,
            "price_usd_per_th": machine.price_usd_per_th,
            "price_basis": basis if machine.price_usd is not None else "",
            "origin": origin,
            "source": source,
        }
        for machine, origin, source, basis in listed
    )
    numbers = [name for name in frame.columns if name.endswith(("_ths", "_w", "_per_th", "_usd", "_c"))]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def _from_row(row: dict[str, str]) -> Machine:
    hashrate_ths, per_th = float(row["hashrate_ths"]), row["price_usd_per_th"]
    sold = row["source"].rsplit("; ", 1)[-1]
    return Machine(
        **{name: row[name] for name in ("model", "manufacturer", "released", "price_date")},
        hashrate_ths=hashrate_ths,
        power_w=float(row["power_w"]),
        cooling=row["cooling"],  # type: ignore[arg-type]  # a test reads every row
        temp_min_c=float(row["temp_min_c"]) if row["temp_min_c"] else None,
        temp_max_c=float(row["temp_max_c"]) if row["temp_max_c"] else None,
        price_usd=round(float(per_th) * hashrate_ths, 2) if per_th else None,
        price_source=f"{BASES[row['price_basis']]}, {sold}" if per_th else "",
    )


def resolved(scenario: Scenario, own: Sequence[Machine] = ()) -> Scenario:
    """`scenario` with the figures its units leave to a machine filled in; the unit's figures win, then `own` machines.

    A bundled price goes with the unit's hash rate, an own one is of one machine; where none is known it stays empty.
    ScenarioError names `fleet.units.N.model` and the nearest names where figures are needed and the model is unknown.
    """
    changes: dict[str, float] = {}
    for i, unit in enumerate(scenario.fleet.units):
        changes |= {f"fleet.units.{i}.{name}": value for name, value in _missing(unit, i, own).items()}
    return scenario.but(changes) if changes else scenario


def resolved_units(units: Sequence[Unit], plan: Scenario, own: Sequence[Machine] = ()) -> tuple[Unit, ...]:
    """Kinds of machines with the figures that are left to a machine filled in, as `resolved` does for a plan's own."""
    listed = [unit.model_dump(mode="json") for unit in units]
    return resolved(plan.but({"fleet.units": listed}), own).fleet.units


def old_prices_days(scenario: Scenario, on: date, own: Sequence[Machine] = ()) -> dict[int, int]:
    """Least age on day `on` [days] of each price of the fleet that is a machine's here and over 180 days old, by unit.

    Age counts from the last day that the price's date may mean.
    """
    found = {}
    for i, unit in enumerate(scenario.fleet.units):
        machine = named(unit.model, own)
        if machine is None or not unit.count or unit.price_usd is None:
            continue
        days = days_since(machine.price_date, on)
        if days > STALE_DAYS and _priced(machine, unit.hashrate_ths, own) == unit.price_usd:
            found[i] = days
    return found


def price_notices(scenario: Scenario, on: date, own: Sequence[Machine] = ()) -> tuple[str, ...]:
    """A sentence for each price of the fleet that is old on day `on`."""
    notices = []
    for i, days in old_prices_days(scenario, on, own).items():
        unit = scenario.fleet.units[i]
        machine = named(unit.model, own)
        if machine is not None:
            notices.append(
                f"The price of {machine.model} ({unit.price_usd:,.0f} USD) is of {machine.price_date}, "
                f"{machine.price_source}, and at least {days} days old: prices of machines fall fast, so ask for a new one."
            )
    return tuple(dict.fromkeys(notices))


def _missing(unit: Unit, i: int, own: Sequence[Machine]) -> dict[str, float]:
    """The figures this unit lacks and its machine has."""
    lacking = [name for name in ("hashrate_ths", "power_w", "price_usd") if getattr(unit, name) is None]
    if not lacking:
        return {}
    machine = named(unit.model, own)
    if machine is None:
        if lacking == ["price_usd"]:  # a label of the planner's own
            return {}
        raise _unknown(unit.model, i, own)
    found = {
        "hashrate_ths": machine.hashrate_ths,
        "power_w": machine.power_w,
        "price_usd": _priced(machine, unit.hashrate_ths, own),
    }
    return {name: value for name in lacking if (value := found[name]) is not None}


def _priced(machine: Machine, hashrate_ths: float | None, own: Sequence[Machine]) -> float | None:
    """What one machine costs [USD]: a bundled one by its hash rate."""
    per_th = machine.price_usd_per_th
    if per_th is None or machine in own:
        return machine.price_usd
    return round(per_th * (hashrate_ths or machine.hashrate_ths), 2)


@cache
def _by_name() -> dict[str, Machine]:
    """Bundled machines by plain name. A name without its "(234)" means the version that was released first."""
    by_name: dict[str, Machine] = {}
    for machine in sorted(bundled_machines(), key=lambda m: m.released or "9999"):
        by_name.setdefault(plain(re.sub(r"\s*\(\d+\)$", "", machine.model)), machine)
    return by_name | {plain(machine.model): machine for machine in bundled_machines()}


def named(model: str, own: Sequence[Machine] = ()) -> Machine | None:
    """The machine a unit means by `model`, own ones first; None where there is none."""
    name = plain(model)
    return next((machine for machine in own if plain(machine.model) == name), None) or _by_name().get(name)


def _unknown(model: str, i: int, own: Sequence[Machine]) -> ScenarioError:
    names = {plain(machine.model): machine.model for machine in own}
    names = {name: machine.model for name, machine in _by_name().items()} | names
    near = [names[name] for name in get_close_matches(plain(model), list(names), n=4, cutoff=0.5)]
    near = list(dict.fromkeys(near))[:3]
    expected = f"such as {', '.join(near)}" if near else "a model of the catalogue, or hashrate_ths and power_w"
    return ScenarioError(
        f"no machine named {model!r} in the catalogue", field=f"fleet.units.{i}.model", value=model, expected=expected
    )
