"""How long a solar year takes beside PySAM's PVWatts v8; run by `make bench`. Prints JSON, one line a figure."""

from __future__ import annotations

import itertools
import json
import statistics
import time
from collections.abc import Callable

import numpy as np

from core.models import solar
from core.sections import Array
from tests.models.solar_cases import greensboro, sam_model

ROUNDS = 25


def bench() -> None:
    weather, array = greensboro(), Array()
    known = solar.sky(weather)
    model = sam_model(array, weather)
    ages = np.linspace(1, 0.88, 25)
    turn = itertools.cycle(Array(surface_tilt=t, surface_azimuth=a) for t in (10.0, 20.0, 35.0) for a in (150.0, 200.0))
    works: dict[str, Callable[[], object]] = {
        "pysam": model.execute,
        "new_place": lambda: solar.ac_kw(array, solar.sky(weather)),
        "sky": lambda: solar.sky(weather),
        "orientation": lambda: solar.ac_kw(next(turn), known),
        "years_25": lambda: solar.ac_kw(array, known, ages),
    }
    times = interleaved(works)
    for name, goal in (("new_place", 0.3), ("orientation", 0.01)):
        ratio = statistics.median(ours / theirs for ours, theirs in zip(times[name], times["pysam"], strict=True))
        print(json.dumps({"bench": f"solar_{name}_over_pysam", "ratio": round(ratio, 5), "goal": goal}))
    for name, goal_ms in (("pysam", None), ("sky", 5.0), ("orientation", 0.4), ("years_25", 8.0)):
        median = statistics.median(times[name]) * 1000
        print(json.dumps({"bench": f"solar_{name}_ms", "ms": round(median, 3), "goal": goal_ms}))


def interleaved(works: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds of each work in each round, all works in turn within a round, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: taken[1:] for name, taken in times.items()}


if __name__ == "__main__":
    bench()
