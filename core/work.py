"""Kinds of calculation that may be asked for by name: each takes its request and the ground it stands on, and gives a result.

A result is made of what JSON has: metrics with their errors, percentiles and tables, but no row for each path.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.answers import past
from core.batch import Item, Row, Terms, chunks, refusal, rows_of
from core.cluster import on_cluster
from core.errors import NotFound, SolarMiningError
from core.exports import csv_bytes
from core.fetchers import presets
from core.fetchers.credits import credit_rules
from core.fetchers.equipment import resolved_units
from core.fetchers.weather import weather_for
from core.inputs import Market, Weather
from core.models import draws
from core.outside import database, outside
from core.plain import plain
from core.requests import (
    Asked,
    BacktestAsked,
    BatchAsked,
    ComparisonAsked,
    FirstDesignAsked,
    RiskAnalysisAsked,
    SensitivityAsked,
    SizingAsked,
)
from core.scenario import Scenario
from core.sections import Unit
from core.settings import settings
from core.store import weathers
from core.studies import backtest, bridge, differences, drivers, first_design, simulation, sizing, sizing_chances
from core.studies.progress import part
from core.studies.projection import MODEL_VERSION

LIVED_FRAC = 0.7  # of its time, after which an analysis tells what was lived by then
BRIDGE_SHARE = 0.5  # of a comparison that is asked to explain itself
MOST_DESIGNS = 500  # of a sizing, the best
Result = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """What a calculation stands on.

    `owner`: whose weather files it may read. `tick(share, words)` says how far it is and may raise to stop; `late()`: whether
    to tell what there is by now. `keep` takes rows as they come; `kept`: of those that an earlier attempt left,
    by number, whether they came to nothing.
    """

    owner: str
    market: Market
    tick: Callable[..., object] = lambda share, words="": None
    late: Callable[[], bool] = lambda: False
    keep: Callable[[Sequence[Row]], object] = lambda rows: None
    kept: Mapping[int, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One kind of calculation: the form of its request, what runs it, and the plans it runs."""

    form: type[Asked]
    run: Callable[[Any, Ground], tuple[Result, bytes | None]]
    plans: Callable[[Any], Sequence[Scenario]]
    long: bool = False


def uploaded_weather(plan: Scenario, owner: str) -> Weather | None:
    """The weather year that an owner uploaded for a plan, None where the world is asked; NotFound where it is not here."""
    if plan.site.uploaded is None:
        return None
    try:
        return weathers.load(database(), owner, plan.site.uploaded)
    except NotFound:
        expected = "a weather file that was uploaded before, auto, or a bundled place"
        message = "the weather file of this scenario is not here"
        raise NotFound(message, field="site.weather", value=plan.site.weather, expected=expected) from None


def weather_of(plan: Scenario, owner: str) -> Weather:
    """The weather year of a plan: one its owner uploaded, or one that is asked for. NotFound where there is none."""
    return uploaded_weather(plan, owner) or weather_for(plan.site, outside())


def ready(kind: str, asked: Asked) -> None:
    """Compile what a calculation runs on: half a minute the first time on a machine, then nothing."""
    if isinstance(asked, BacktestAsked):
        draws.compile_kernel()
        return
    seen: set[tuple[Any, ...]] = set()
    for plan in KINDS[kind].plans(asked):
        modes = tuple(unit.modes for unit in plan.fleet.units)
        if modes not in seen:
            seen.add(modes)
            sizing.compile_kernels(plan, asked.sought if isinstance(asked, SizingAsked) else None)


def run(kind: str, asked: Asked, ground: Ground) -> tuple[Result, bytes | None]:
    """What comes of a request, and a table too long for it where one was asked for."""
    return KINDS[kind].run(asked, ground)


def _risk_analysis(asked: RiskAnalysisAsked, ground: Ground) -> tuple[Result, bytes | None]:
    plan = asked.plan
    lives = simulation.simulate(
        plan,
        weather_of(plan, ground.owner),
        ground.market,
        asked.paths,
        asked.seed,
        rules=credit_rules(),
        tick=ground.tick,
        enough=ground.late,
    )
    told = {
        "paths": len(lives.paths),
        "seed": plan.risk.seed if asked.seed is None else asked.seed,
        "metrics": lives.metrics,
        "errors": lives.errors,
        "base": lives.base,
        "fans": lives.fans,
        "drivers": drivers.ranked(lives.paths).things,
        "notices": lives.notices,
        "approximations": lives.approximations,
        "readings": [reading.as_dict() for reading in lives.readings],
    }
    return _signed(plan, told), gzip.compress(csv_bytes(lives.paths), 1) if asked.keep_paths else None


def _sensitivity(asked: SensitivityAsked, ground: Ground) -> tuple[Result, bytes | None]:
    plan = asked.plan
    why = drivers.sensitivity(
        plan, weather_of(plan, ground.owner), ground.market, rules=credit_rules(), tick=ground.tick
    )
    return _signed(plan, plain(why)), None


def _sizing(asked: SizingAsked, ground: Ground) -> tuple[Result, bytes | None]:
    year, aim = weather_of(asked.plan, ground.owner), asked.chance
    given = (asked.limits, asked.sought)
    if aim is not None:
        found = sizing_chances.size_under_chance(
            asked.plan, year, ground.market, aim, *given, rules=credit_rules(), tick=ground.tick
        )
        told = {**plain({**vars(found), "designs": found.designs.head(MOST_DESIGNS)}), "curse_usd": found.curse_usd}
        return _signed(asked.plan, told), None
    best = sizing.size(asked.plan, year, ground.market, asked.objective, *given, rules=credit_rules(), tick=ground.tick)
    told = plain({**vars(best), "designs": best.designs.head(MOST_DESIGNS), "edges": best.edges})
    return _signed(asked.plan, {**told, "judged": len(best.designs), "gap_usd": best.gap_usd}), None


def _first_design(asked: FirstDesignAsked, ground: Ground) -> tuple[Result, bytes | None]:
    key, base, kinds = _begun(asked)
    year = weather_of(base.but({"site": asked.site.model_dump(mode="json")}), ground.owner)
    found = first_design.first_design(
        base, asked.wish, kinds, year, ground.market, rules=credit_rules(), tick=ground.tick
    )
    told = {"pays": found.pays, "like": key, "plan": found.plan, "metrics": found.metrics}
    return _signed(found.plan, {**told, "judged": len(found.sizing.designs)}), None


def _begun(asked: FirstDesignAsked) -> tuple[str, Scenario, tuple[Unit, ...]]:
    """The plan that lends costs and habits, its key, and the machines to choose from."""
    key = presets.like(asked.budget_usd, off_grid=asked.power_usd_per_kwh is None)
    base = presets.costs_of(key, Scenario().but({"outlook": asked.outlook.model_dump(mode="json")}))
    return key, base, resolved_units([Unit(model=model) for model in presets.FIRST_MACHINES], base)


def _design_begun(asked: FirstDesignAsked) -> tuple[Scenario]:
    _, base, kinds = _begun(asked)
    return (first_design.begun(base, asked.wish, kinds),)


def _backtest(asked: BacktestAsked, ground: Ground) -> tuple[Result, bytes | None]:
    found = backtest.backtest(past(), asked.starts, asked.seed)
    return {**plain(found), "model_version": MODEL_VERSION}, None


def _comparison(asked: ComparisonAsked, ground: Ground) -> tuple[Result, bytes | None]:
    one, other = (
        differences.Plan(plan, weather_of(plan, ground.owner), ground.market)
        for plan in (asked.first.plan, asked.second.plan)
    )
    rules, begun = credit_rules(), BRIDGE_SHARE if asked.by_driver else 0.0
    by_driver = bridge.bridge(one, other, rules, part(ground.tick, 0.0, begun)) if asked.by_driver else None
    tick = part(ground.tick, begun, 1.0)
    found = differences.differences(one, other, asked.paths, asked.seed, rules=rules, tick=tick, enough=ground.late)
    told = {name: value for name, value in vars(found).items() if name not in ("paths", "scenarios")}
    digests = [plan.digest for plan in found.scenarios]
    return _signed(
        asked.first.plan, {**told, "paths": len(found.paths), "scenario_digests": digests, "by_driver": by_driver}
    ), None


def _batch(asked: BatchAsked, ground: Ground) -> tuple[Result, bytes | None]:
    terms = Terms(ground.market, credit_rules(), asked.compute, asked.paths, asked.seed)
    tally, address = _Tally(len(asked), ground), settings().dask
    groups = chunks(_items(asked, ground, tally))
    if address:
        found: Iterator[list[Row]] = on_cluster(address, groups, terms, tally.tick)
    else:
        found = (rows_of(group, terms, tally.tick) for group in groups)
    for rows in found:
        tally.keep(rows)
    told = {"items": len(asked), "failed": tally.failed, "compute": asked.compute, "model_version": MODEL_VERSION}
    return told, None


class _Tally:
    """How many plans of a batch are done, those of an earlier attempt included, and how many came to nothing."""

    def __init__(self, total: int, ground: Ground) -> None:
        self._total, self._ground = total, ground
        self.done, self.failed = len(ground.kept), sum(ground.kept.values())

    def tick(self) -> None:
        self._ground.tick(self.done / self._total, f"{self.done:,} of {self._total:,}")

    def keep(self, rows: Sequence[Row]) -> None:
        self.done += len(rows)
        self.failed += sum("error" in row for row in rows)
        self._ground.keep(rows)
        self.tick()


def _items(asked: BatchAsked, ground: Ground, tally: _Tally) -> Iterator[Item]:
    """Plans that no earlier attempt has left a row of, each with its weather; one that has none gets a row that says so."""
    for n, plan in enumerate(asked.plans):
        if n in ground.kept:
            continue
        try:
            yield Item(n, plan, weather_of(plan, ground.owner))
        except SolarMiningError as error:
            tally.keep([{"n": n, "name": plan.name, "scenario_digest": plan.digest, "error": refusal(error)}])


def _signed(plan: Scenario, told: Result) -> Result:
    """A result with what is needed to ask for it again."""
    return {"scenario_digest": plan.digest, "model_version": MODEL_VERSION, **plain(told)}


KINDS: dict[str, Kind] = {
    "risk-analysis": Kind(RiskAnalysisAsked, _risk_analysis, lambda asked: (asked.plan,)),
    "sensitivity": Kind(SensitivityAsked, _sensitivity, lambda asked: (asked.plan,)),
    "sizing": Kind(SizingAsked, _sizing, lambda asked: (asked.plan,)),
    "first-design": Kind(FirstDesignAsked, _first_design, _design_begun),
    "backtest": Kind(BacktestAsked, _backtest, lambda asked: ()),
    "comparison": Kind(ComparisonAsked, _comparison, lambda asked: (asked.first.plan, asked.second.plan)),
    "batch": Kind(BatchAsked, _batch, lambda asked: asked.plans, long=True),
}
