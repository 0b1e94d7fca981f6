"""Many plans worked out one by one, in this process or spread over a cluster: the same chunks, the same bits.

A chunk is pure: plans, weather years, market and rules go in, a row for each plan comes out. So it does not matter where
it runs, nor how often: a chunk whose worker died is simply worked out once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from core.errors import SolarMiningError
from core.inputs import CreditRule, Market, Weather
from core.plain import plain
from core.results import WeatherNote
from core.scenario import Scenario
from core.studies.projection import project
from core.studies.simulation import simulate
from core.studies.sizing import compile_kernels

CHUNK = 4  # plans worked out together
Compute = Literal["projection", "risk"]
Row = dict[str, Any]


class Item(NamedTuple):
    """One plan of a batch: its number, and the weather year at its site."""

    n: int
    scenario: Scenario
    weather: Weather


class Terms(NamedTuple):
    """What all plans of a batch share; `paths` and `seed` None: each plan's own."""

    market: Market
    rules: tuple[CreditRule, ...]
    compute: Compute
    paths: int | None = None
    seed: int | None = None


def chunks(items: Iterable[Item]) -> Iterable[tuple[Item, ...]]:
    """Items in groups of CHUNK."""
    group: list[Item] = []
    for item in items:
        group.append(item)
        if len(group) == CHUNK:
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)


def rows_of(items: Sequence[Item], terms: Terms, tick: Callable[[], object] = lambda: None) -> list[Row]:
    """A row for each plan; `tick` is called before each, and may raise to stop."""
    found = []
    for item in items:
        tick()
        found.append(row_of(item, terms))
    return found


def row_of(item: Item, terms: Terms) -> Row:
    """What one plan comes to, or why it comes to nothing: a plan that cannot be worked out does not stop the others."""
    # a weather year of its own: what is kept with it goes when the plan is done
    weather, plan = replace(item.weather), item.scenario
    note = WeatherNote.of(weather)
    row: Row = {
        "n": item.n,
        "name": plan.name,
        "site": {"latitude": plan.site.latitude, "longitude": plan.site.longitude},
        "scenario_digest": plan.digest,
        "weather": {"source": note.source, "status": note.status, "digest": note.digest},
    }
    try:
        compile_kernels(plan)
        return {
            **row,
            **(_risk(plan, weather, terms) if terms.compute == "risk" else _projection(plan, weather, terms)),
        }
    except SolarMiningError as error:
        return {**row, "error": refusal(error)}


def refusal(error: SolarMiningError) -> dict[str, Any]:
    """An error as it is kept: code, message and details."""
    return {"code": error.code, "message": error.message, "details": plain(error.details)}


def _risk(plan: Scenario, weather: Weather, terms: Terms) -> Row:
    lives = simulate(plan, weather, terms.market, terms.paths, terms.seed, rules=terms.rules)
    told = {"metrics": lives.metrics, "errors": lives.errors, "base": lives.base, "paths": len(lives.paths)}
    return {name: plain(value) for name, value in {**told, "notices": lives.notices}.items()}


def _projection(plan: Scenario, weather: Weather, terms: Terms) -> Row:
    answer = project(plan, weather, terms.market, rules=terms.rules)
    told = {"metrics": answer.metrics, "reasons": answer.reasons, "notices": answer.notices}
    return {name: plain(value) for name, value in told.items()}
