"""What speed costs and buys: each line a ratio to a peer timed in the same run. `make bench`.

Rounds alternate between the two, so that a machine that slows down slows both; the median of the rounds' ratios is
printed beside the goal. Nothing here is asserted: a slow machine is no failure.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.fetchers import bitcoin
from core.fetchers.weather import bundled
from core.models import solar
from core.models.dispatch import compile_kernel
from core.scenario import Scenario
from core.sections import Array
from core.studies.projection import project
from tests import (
    bench_dispatch,
    bench_finance,
    bench_foresight,
    bench_risk,
    bench_screen,
    bench_sizing,
    bench_sizing_chances,
    bench_world,
)
from tests.models.solar_cases import sam_model

ROUNDS = 15


def seconds(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def ratio(ours: Callable[[], Any], peer: Callable[[], Any], *, ours_runs: int = 1) -> tuple[float, float, float]:
    """Median of ours ÷ peer over the rounds, and the medians of both [ms]; the first round warms up."""
    rounds = []
    for _ in range(ROUNDS + 1):
        mine = seconds(lambda: [ours() for _ in range(ours_runs)]) / ours_runs
        rounds.append((mine, seconds(peer)))
    rounds = rounds[1:]
    mine, theirs = (statistics.median(r[i] for r in rounds) * 1e3 for i in (0, 1))
    return statistics.median(a / b for a, b in rounds), mine, theirs


def say(what: str, result: tuple[float, float, float], goal: float) -> None:
    value, ours, peer = result
    verdict = "met" if value <= goal else "MISSED"
    print(f"{what:78s} {value:9.5f}  goal {goal:8.5f}  {verdict:6s}  {ours:8.3f} ms ÷ {peer:8.3f} ms")


def tilts(plan: Scenario) -> list[Array]:
    return [
        plan.array.model_copy(update={"surface_tilt": t, "surface_azimuth": a})
        for t in (10.0, 35.0)
        for a in (150.0, 200.0)
    ]


def main() -> None:
    compile_kernel()
    weather, market = bundled("greensboro"), bitcoin.bundled_market()
    plan = Scenario().but({"finance.horizon_years": 25, "battery.energy_kwh": 1000.0, "battery.power_kw": 250.0})

    def anew() -> None:
        project(plan, replace(weather), market)  # a new object has nothing worked out yet

    sam = sam_model(plan.array, weather).execute
    say(
        "one PV year of a new place ÷ one PVWatts v8 year",
        ratio(lambda: solar.ac_kw(plan.array, solar.sky(weather)), sam),
        0.3,
    )
    known, turned = solar.sky(weather), itertools.cycle(tilts(plan))
    result = ratio(lambda: solar.ac_kw(next(turned), known), sam, ours_runs=10)
    say("… of a further tilt and azimuth there ÷ one PVWatts v8 year", result, 1 / 100)
    say("25-year projection with battery, new place ÷ one PVWatts v8 year", ratio(anew, sam), 2)
    say("… of a known array ÷ one PVWatts v8 year", ratio(lambda: project(plan, weather, market), sam), 2)
    bench_dispatch.bench(ratio, say, weather)
    bench_world.main()
    bench_screen.main()
    bench_finance.bench(ratio, say)
    bench_foresight.bench(ratio, say)
    bench_sizing.bench(ratio, say, weather)
    bench_sizing_chances.bench(say, weather)
    bench_risk.bench(ratio, say, weather)


if __name__ == "__main__":
    main()
