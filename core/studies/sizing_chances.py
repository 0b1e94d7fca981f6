"""The best sizes for a planner who minds the bad lives of a plan: mean NPV with its tail held, weighed, or losses capped.

The search without chance tells which designs are worth living: of each first investment those that do best. They are lived
on common paths, few at first; the best are looked around and lived on more; the last few on all. The winner was chosen
because it did well on these very paths, so it is lived once more on fresh ones: what it loses there is the price of choosing.
Source: Rockafellar & Uryasev (2000), "Optimization of conditional value-at-risk"; Smith & Winkler (2006), "The optimizer's
curse", Management Science 52:311.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.figures import at_least_0, finite, refused, share
from core.inputs import CreditRule, Market, Weather
from core.models import risk
from core.scenario import Scenario
from core.sections import Unit
from core.studies.chances import chances
from core.studies.constraints import Constraints
from core.studies.designs import COUNT, ENERGY
from core.studies.drivers import npv_usd
from core.studies.outcomes import chance_told
from core.studies.progress import Tick, part
from core.studies.responses import Nodes, responses_of
from core.studies.run import Run, run, used_readings
from core.studies.search import CAPEX, NAMES, Question, Search, label
from core.studies.simulation import BATCH, THREADS, Ground, simulate, suns
from core.studies.sorted_site import Site, sorted_site
from core.studies.variables import Variables

Floats: TypeAlias = NDArray[np.float64]
KINDS = ("tail_held", "tail_weighed", "loss_capped")
BINS, PER_BIN = 16, 7  # of first investment; the best of each are lived
APART = 0.03  # at least, of a size's range
FEW, MORE = 512, BATCH  # paths
COARSE = Nodes(5, (0.0, 0.6, 0.85, 0.95, 1.0), 2)  # of the tables while screening
TOGETHER = 14  # designs whose tables are made side by side
PROMISING = 20  # of those screened, lived on more paths and finer tables
STARTS, ROUNDS, WIDEST = 3, 5, 1.0 / 16.0  # the best are looked around, the widest step a share of a size's range
FINALISTS, MOST_PATHS = 4, 10_000
SEARCHED, SCREENED, ROUNDED, FINAL = 0.25, 0.55, 0.75, 0.9  # of the work
LEADING_SHARE = 0.4  # of looking around, for those that look best before it


@dataclass(frozen=True)
class Aim:
    """What is sought of the lives' NPV.

    kind: tail_held, the highest mean whose CVaR is `floor_usd` or more; tail_weighed, the highest mean + `weight` · CVaR;
    loss_capped, the highest mean of designs that lose in no more than `most_loss_frac` of the lives. `level`: CVaR's.
    """

    kind: str = "tail_held"
    floor_usd: float = 0.0
    weight: float = 1.0
    most_loss_frac: float = 0.1
    level: float = 0.95

    def checked(self) -> Aim:
        """Itself; ValidationError names what cannot be."""
        if self.kind not in KINDS:
            raise refused("aim.kind", self.kind, ", ".join(KINDS))
        finite("aim.floor_usd", self.floor_usd)
        at_least_0("aim.weight", self.weight)
        share("aim.most_loss_frac", self.most_loss_frac)
        if not 0.0 <= self.level < 1.0:
            raise refused("aim.level", self.level, "0 to below 1")
        return self

    def score_usd(self, lived: Lived) -> float:
        """More is better, among designs that keep to the aim."""
        return lived.mean_usd + (self.weight * lived.cvar_usd if self.kind == "tail_weighed" else 0.0)

    def missed(self, lived: Lived) -> float:
        """By how much a design misses the aim, 0 where it keeps to it [USD, or a share of the lives]."""
        if self.kind == "tail_held":
            return max(self.floor_usd - lived.cvar_usd, 0.0)
        return max(lived.loss_frac - self.most_loss_frac, 0.0) if self.kind == "loss_capped" else 0.0


class Lived(NamedTuple):
    """What a design's lives come to: NPV [USD] and chance of a loss [1], with their standard errors."""

    paths: int
    mean_usd: float
    mean_error_usd: float
    p5_usd: float
    cvar_usd: float
    cvar_error_usd: float
    loss_frac: float
    loss_error_frac: float


NOTHING = Lived(0, *[0.0] * 7)  # what is not begun cannot lose


@dataclass(frozen=True, eq=False)
class ChanceSizing:
    """The best design under chance and what it was chosen from.

    `best`: the scenario with its sizes. `chosen`: as it was lived when chosen, `fresh`: on paths it was not chosen on, at the
    planner's rate; `safe_cvar_usd`: on these at the risk-free rate. `designs`: all that were lived, a row each with sizes,
    investment, figures of `Lived`, `meets` and `score_usd`, the best first. `plan_npv_usd`: the best without chance.
    """

    best: Scenario
    aim: Aim
    chosen: Lived
    fresh: Lived
    safe_cvar_usd: float
    plan_npv_usd: float
    designs: pd.DataFrame
    kinds: dict[str, Unit]
    looked_at: int
    notices: tuple[str, ...]

    @property
    def curse_usd(self) -> float:
        """How much of what it was chosen for was luck of the paths."""
        return self.aim.score_usd(self.chosen) - self.aim.score_usd(self.fresh)


def size_under_chance(
    scenario: Scenario,
    weather: Weather,
    market: Market,
    aim: Aim,
    constraints: Constraints | None = None,
    variables: Variables | None = None,
    *,
    rules: tuple[CreditRule, ...] = (),
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> ChanceSizing:
    """The sizes of a scenario that serve an aim best over the lives of its risk section.

    The same inputs give the same sizes. `tick` as for `size`. ValidationError for an aim, a constraint or a range that cannot be.
    """
    aim.checked()
    tick = _rising(tick)
    limits, sought = (constraints or Constraints()).checked(), (variables or Variables()).checked()
    question = Question(scenario, weather, used_readings(scenario, market), rules, "npv_usd", limits, sought, compiled)
    search = Search(question, part(tick, 0.0, SEARCHED))
    search.run()
    jury = _Jury(search, aim)
    jury.live(_candidates(search), FEW, part(tick, SEARCHED, SCREENED))
    _look_around(jury, part(tick, SCREENED, ROUNDED))
    row, chosen = _final(jury, market, part(tick, ROUNDED, FINAL))
    fresh, safe = _again(jury, row, market)
    tick(1.0)
    return ChanceSizing(
        search.plan(row),
        aim,
        chosen,
        fresh,
        safe,
        float(search.rows[search.best(), 0]),
        jury.frame(row, chosen),
        {label(unit): unit for unit in search.kinds},
        len(search.rows),
        _notices(aim, chosen, fresh),
    )


def _rising(tick: Tick) -> Tick:
    """Never told less than before: the search is asked again while designs are lived."""
    reached = 0.0

    def told(share: float) -> None:
        nonlocal reached
        reached = max(reached, share)
        tick(reached)

    return told


# Who is lived


def _candidates(search: Search) -> list[int]:
    """Of each first investment the allowed designs that do best without chance, and nothing at all."""
    able = search.allowed()
    built = np.flatnonzero(able & search.sizes.any(axis=1))
    nothing = [int(row) for row in np.flatnonzero(~search.sizes.any(axis=1))[:1]]
    if not len(built):
        return nothing
    capex = search.rows[built, CAPEX]
    bins = np.minimum((BINS * capex / max(capex.max(), 1e-9)).astype(np.intp), BINS - 1)
    order = built[np.argsort(-search.rows[built, 0], kind="stable")]
    place = dict(zip(built.tolist(), bins.tolist(), strict=True))
    in_bins = [np.array([row for row in order.tolist() if place[row] == n], np.intp) for n in range(BINS)]
    return [*nothing, *(row for some in in_bins for row in search.apart(some, PER_BIN, APART))]


def _look_around(jury: _Jury, tick: Tick) -> None:
    """Live the best, and what is best without chance, on more paths, and what lies around them in steps that halve."""
    search = jury.search
    jury.live([*jury.leading(PROMISING), search.best()], MORE, part(tick, 0.0, LEADING_SHARE))
    around = part(tick, LEADING_SHARE, 1.0)
    for turn in range(ROUNDS):
        starts = jury.leading(STARTS if turn == 0 else 1)
        steps = WIDEST / 2.0**turn * search.span_of(starts[0]) if starts else np.zeros(4)
        near = [row for start in starts for row in search.also(start, _around(search.sizes[start], steps))]
        jury.live([*starts, *near], MORE, part(around, turn / ROUNDS, (turn + 1) / ROUNDS))


def _around(sizes: Floats, steps: Floats) -> Floats:
    """One size more or less, and all a little smaller or larger together, (n, 4)."""
    steps = np.maximum(steps, [0.0, 0.0, 0.0, 1.0])
    share = float((steps / np.maximum(sizes, 1e-9))[sizes > 0].min(initial=np.inf))
    together = [sizes * (1.0 + sign * share) for sign in (-1.0, 1.0)] if np.isfinite(share) else []
    singly = [sizes + sign * step for step in np.diag(steps) for sign in (-1.0, 1.0)]
    return np.array([*together, *singly])


def _final(jury: _Jury, market: Market, tick: Tick) -> tuple[int, Lived]:
    """The best of the last few when each is lived on all paths."""
    told: dict[int, Lived] = {}
    rows = jury.leading(FINALISTS)
    for n, row in enumerate(rows):
        told[row] = _simulated(jury, row, market, jury.search.asked.scenario.risk.seed)[0]
        tick((n + 1) / len(rows))
    row = min(told, key=lambda row: jury.rank(told[row]))
    return row, told[row]


def _again(jury: _Jury, row: int, market: Market) -> tuple[Lived, float]:
    """A design on paths that had no say in choosing it, and its CVaR at the risk-free rate."""
    return _simulated(jury, row, market, jury.search.asked.scenario.risk.seed + 1)


def _simulated(jury: _Jury, row: int, market: Market, seed: int) -> tuple[Lived, float]:
    asked = jury.search.asked
    if not jury.search.sizes[row].any():
        return NOTHING, 0.0
    paths = min(asked.scenario.risk.paths, MOST_PATHS)
    told = simulate(
        jury.search.plan(row), asked.weather, market, paths, seed, rules=asked.rules, compiled=asked.compiled
    )
    npv, safe = (told.paths[name].to_numpy() for name in ("npv_usd", "npv_safe_usd"))
    return lived(npv, jury.aim.level), float(risk.cvar_usd(safe, jury.aim.level))


# How they are lived


def lived(npv: Floats, level: float) -> Lived:
    """The figures of a design's lives, npv (paths,) [USD]."""
    loss, loss_error = chance_told(npv < 0)
    return Lived(
        npv.size,
        float(npv.mean()),
        float(risk.mean_error_usd(npv)),
        float(risk.percentile_usd(npv, 0.05)),
        float(risk.cvar_usd(npv, level)),
        float(risk.cvar_error_usd(npv, level)),
        loss,
        loss_error,
    )


class _Jury:
    """Designs of a search lived on common paths; `told` by row of the search."""

    def __init__(self, search: Search, aim: Aim) -> None:
        self.search, self.aim = search, aim
        self.told: dict[int, Lived] = {}

    def live(self, rows: Sequence[int], paths: int, tick: Tick) -> None:
        """Live those that were not yet lived on so many paths."""
        fresh = [row for row in dict.fromkeys(rows) if row not in self.told or self.told[row].paths < paths]
        self.told |= {row: NOTHING for row in fresh if not self.search.sizes[row].any()}
        groups = self._groups([row for row in fresh if self.search.sizes[row].any()])
        with ThreadPoolExecutor(THREADS, thread_name_prefix="designs") as pool:
            for n, told in enumerate(pool.map(lambda group: self._together(group, paths), groups), 1):
                self.told |= told
                tick(n / len(groups))

    def _groups(self, rows: list[int]) -> list[list[int]]:
        """Those whose tables can be made side by side."""

        def alike(row: int) -> tuple[int, bool, bool]:
            sizes = self.search.sizes[row]
            return int(self.search.of[row]), bool(sizes[ENERGY] > 0), bool(sizes[COUNT] > 0)

        found = []
        for _, same in groupby(sorted(rows, key=alike), alike):
            some = list(same)
            found += [some[at : at + TOGETHER] for at in range(0, len(some), TOGETHER)]
        return found

    def _together(self, rows: list[int], paths: int) -> dict[int, Lived]:
        asked = self.search.asked
        bases = [
            run(self.search.plan(row), asked.weather, asked.readings, asked.rules, compiled=asked.compiled)
            for row in rows
        ]
        base, key = bases[0], asked.scenario.risk.seed
        sites = self._sites(bases, COARSE if paths < MORE else Nodes())
        drawn = chances(base.scenario, base.path, base.fees_btc, key, 0, paths)
        return {
            row: lived(npv_usd(Ground(base, site), drawn), self.aim.level)
            for row, base, site in zip(rows, bases, sites, strict=True)
        }

    def _sites(self, bases: Sequence[Run], nodes: Nodes) -> Sequence[Site]:
        """What tells the months of each design: sorted hours where they do, else tables made side by side."""
        asked = self.search.asked
        exact = [sorted_site(base, asked.weather, compiled=asked.compiled) for base in bases]
        sites = [site for site in exact if site is not None]
        if len(sites) == len(bases):
            return sites
        return responses_of(bases, asked.weather, suns(bases[0]), nodes=nodes, compiled=asked.compiled)

    def rank(self, told: Lived) -> tuple[float, float]:
        """The less, the better: what keeps to the aim first, or comes nearest to it."""
        return self.aim.missed(told), -self.aim.score_usd(told)

    def leading(self, most: int) -> list[int]:
        """The best so far, of those that were lived on most paths the first."""
        deepest = max(told.paths for told in self.told.values())
        able = [row for row, told in self.told.items() if told.paths in (0, deepest)]
        return sorted(able, key=lambda row: self.rank(self.told[row]))[:most]

    def frame(self, best: int, chosen: Lived) -> pd.DataFrame:
        """All that were lived, the best first, the others by their own figures."""
        told = {**self.told, best: chosen}
        rows = sorted(told, key=lambda row: (row != best, *self.rank(told[row])))
        search = self.search
        settings = [search.settings[search.of[row]] for row in rows]
        frame = pd.DataFrame(search.sizes[rows], columns=[NAMES[n] for n in range(4)]).assign(
            surface_tilt=[setting.surface_tilt for setting in settings],
            dc_ac_ratio=[setting.dc_ac_ratio for setting in settings],
            model=[label(search.kinds[setting.kind]) for setting in settings],
            capex_usd=search.rows[rows, CAPEX],
        )
        figures: Any = pd.DataFrame([told[row] for row in rows])
        return frame.join(figures).assign(
            meets=[self.aim.missed(told[row]) == 0.0 for row in rows],
            score_usd=[self.aim.score_usd(told[row]) for row in rows],
        )


# What a reader should know first


def _notices(aim: Aim, chosen: Lived, fresh: Lived) -> tuple[str, ...]:
    if aim.missed(chosen) > 0:
        return (f"No design keeps to the aim; this one comes nearest: {_miss(aim, chosen)}.",)
    if aim.missed(fresh) > 0:
        return (f"On fresh paths the design just misses the aim: {_miss(aim, fresh)}. Ask for a little more room.",)
    return ()


def _miss(aim: Aim, told: Lived) -> str:
    if aim.kind == "loss_capped":
        return f"it loses in {100 * told.loss_frac:.1f} % of the lives, not {100 * aim.most_loss_frac:g} %"
    return f"its worst lives average ${told.cvar_usd:,.0f}, not ${aim.floor_usd:,.0f}"
