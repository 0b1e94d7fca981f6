"""From the lives of one plan to those of another, driver by driver and path by path, under the same chances.

To average over all orders would take hundreds of analyses. Drivers are changed one after another in the order of `bridge.DRIVERS`, then in
the opposite one, and each is given the mean of what it added in the two. In every path the parts sum to the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.inputs import CreditRule
from core.models import risk
from core.studies.bridge import between, inputs_that_differ
from core.studies.differences import Plan, in_world_of
from core.studies.progress import Tick, part
from core.studies.simulation import simulate

Floats: TypeAlias = NDArray[np.float64]
PERCENTILES = (5, 50, 95)


class Part(NamedTuple):
    """What a driver adds to the NPV over the lives [USD]: mean ± standard error, percentiles; the share in which it adds anything."""

    driver: str
    mean_usd: float
    error_usd: float
    p5_usd: float
    p50_usd: float
    p95_usd: float
    adds_frac: float


@dataclass(frozen=True, eq=False)
class BridgeOfLives:
    """`paths_usd`, (drivers, paths): in each path the parts sum to the difference. Means sum too, percentiles do not."""

    start_usd: float
    end_usd: float
    parts: tuple[Part, ...]
    paths_usd: Floats
    analyses: int


def bridge_of_lives(
    first: Plan,
    second: Plan,
    paths: int,
    seed: int | None = None,
    *,
    rules: tuple[CreditRule, ...] = (),
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> BridgeOfLives:
    """What each driver adds to the NPV in each of some lives, in the world of the first plan.

    ½ (NPV after − NPV before, drivers changed in order, + the same in the opposite order).

    paths ≥ 1; seed None: the first plan's. 2 n analyses for n differing drivers. `tick` as for `bridge`.
    Source: common random numbers, Glasserman & Yao (1992); opposite orders, Mitchell, Cooper, Frank & Holmes (2022), "Sampling
    permutations for Shapley value estimation", JMLR 23:43.
    """
    other = Plan(in_world_of(first.scenario, second.scenario), second.weather, first.market)
    names = tuple(inputs_that_differ(first, other))
    ways = [_changes(names), _changes(names[::-1])]
    asked = list(dict.fromkeys(changed for way in ways for changed in way))
    key = first.scenario.risk.seed if seed is None else seed
    worth: dict[frozenset[str], Floats] = {}
    for i, changed in enumerate(asked):
        lived = simulate(
            *between(first, other, changed),
            paths,
            key,
            rules=rules,
            tick=part(tick, i / len(asked), (i + 1) / len(asked)),
            compiled=compiled,
        )
        worth[changed] = lived.paths["npv_usd"].to_numpy(np.float64)
    added = (_added(ways[0], worth) + _added(ways[1], worth)[::-1]) / 2.0
    start, end = worth[frozenset()], worth[frozenset(names)]
    parts = tuple(_part(name, usd) for name, usd in zip(names, added, strict=True))
    return BridgeOfLives(float(start.mean()), float(end.mean()), parts, added, len(asked))


def _changes(names: Sequence[str]) -> list[frozenset[str]]:
    """What is changed after each step, nothing first."""
    return [frozenset(names[:k]) for k in range(len(names) + 1)]


def _added(way: list[frozenset[str]], worth: dict[frozenset[str], Floats]) -> Floats:
    """By step and path, (drivers, paths) [USD]."""
    return np.diff(np.stack([worth[changed] for changed in way]), axis=0)


def _part(name: str, usd: Floats) -> Part:
    low, middle, high = np.percentile(usd, PERCENTILES)
    error = float(usd.std(ddof=1) / np.sqrt(len(usd))) if len(usd) > 1 else float("nan")
    return Part(name, float(usd.mean()), error, float(low), float(middle), float(high), float(risk.probability_frac(usd > 0)))  # fmt: skip
