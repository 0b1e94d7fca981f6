"""What a search for the best sizes costs, as a ratio to projecting its designs one by one. Called by `tests.bench`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.fetchers import bitcoin
from core.inputs import Weather
from core.scenario import Scenario
from core.studies.designs import sized
from core.studies.run import run, used_readings
from core.studies.sizing import compile_kernels, size
from core.studies.variables import Variables

GOAL_S = 2.0
PEERS = 20  # designs run one by one in a round; their time is per design
CHEAP_SUN = {"finance.array_usd_per_kw": 500.0, "outlook.price_usd": 220_000.0}


def bench(ratio: Callable[..., Any], say: Callable[..., None], weather: Weather) -> None:
    """Prints a search of the example's 10 years, per design ÷ running one of them, and its seconds; the goal is 2 s."""
    market = bitcoin.bundled_market()
    for name, plan in {"the example": Scenario(), "one that wants an array": Scenario().but(CHEAP_SUN)}.items():
        compile_kernels(plan)
        readings, found = used_readings(plan, market), size(plan, weather, market)
        rows = found.designs[["dc_kw", "energy_kwh", "power_kw", "machines"]].to_numpy()
        some = [sized(plan, row) for row in rows[np.linspace(1, len(rows) - 1, PEERS).astype(int)]]

        def search(plan: Scenario = plan) -> None:
            size(plan, weather, market)

        def peer(some: list[Scenario] = some, readings: Any = readings) -> None:
            for design in some:
                run(design, weather, readings)

        value, ours, theirs = ratio(search, peer)
        share = PEERS / len(rows)
        say(f"search of {name}, per design ÷ its run alone", (value * share, ours / len(rows), theirs / PEERS), 1 / 10)
        say(f"… whole, in seconds, of {len(rows):,} designs", (ours / 1e3, ours, 1e3), GOAL_S)
    turned = Variables({"array.surface_tilt": (0.0, 60.0)})
    result = ratio(lambda: size(plan, weather, market, variables=turned), lambda: size(plan, weather, market))
    say("… and the best tilt ÷ without it", result, 3)
