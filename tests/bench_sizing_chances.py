"""What it costs to size a plan for its bad lives. Called by `tests.bench`."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.fetchers import bitcoin
from core.inputs import Weather
from core.scenario import Scenario
from core.studies.sizing import compile_kernels
from core.studies.sizing_chances import Aim, size_under_chance

PLAN = Scenario().but({"outlook.price_usd": 150_000.0})
GOAL_S, ROUNDS = 8.0, 3


def bench(say: Callable[..., None], weather: Weather) -> None:
    """Prints a search over a thousand designs and more, those worth it lived, the last few on ten thousand paths."""
    market = bitcoin.bundled_market()
    compile_kernels(PLAN)
    took, told = [], None
    for _ in range(ROUNDS):
        began = time.perf_counter()
        told = size_under_chance(PLAN, weather, market, Aim("tail_weighed"))
        took.append(time.perf_counter() - began)
    seconds = sorted(took)[ROUNDS // 2]
    assert told is not None
    what = f"sizing for CVaR: {told.looked_at:,} designs, {len(told.designs)} lived, {told.chosen.paths:,} paths, s"
    say(what, (seconds, seconds * 1e3, 1e3), GOAL_S)
