"""What many lives of a plan cost, per path as a ratio to one run of SAM's own statement. Called by `tests.bench`."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np

from core.fetchers import bitcoin
from core.inputs import Market, Weather
from core.models import quasi, risk
from core.scenario import Scenario
from core.studies.chances import chances
from core.studies.drivers import npv_usd, sensitivity
from core.studies.lives import account_of
from core.studies.run import used_readings
from core.studies.simulation import Ground, ground_of, simulate
from core.studies.sizing import compile_kernels
from tests.bench_lives_plain import Life, live, looked_up

PATHS = 10_240  # five batches
GOAL_S, GOAL_LINEAR = 0.1, 1.1
PLAIN, MILLION, MILLION_GOAL_S = 64, 1_000_000, 6.0
SEEDS, RESAMPLES = 128, 2000
SAMPLES = (1024, 4096)  # powers of two, at which even draws are evenest
GOALS = {"median": 2.5, "CVaR 95": 1.8}  # variance under plain draws ÷ under even ones
LONG = Scenario().but(
    {"finance.horizon_years": 25, "finance.tax.federal_rate_frac": 0.21, "finance.debt.share_frac": 0.5}
)


def bench(ratio: Callable[..., Any], say: Callable[..., None], weather: Weather) -> None:
    """Prints 10,240 paths × 300 months with dispatch, after-tax cash, NPV, IRR and payback, and what the page adds."""
    import PySAM.Singleowner as Singleowner

    market = bitcoin.bundled_market()
    compile_kernels(LONG)
    model = Singleowner.default("PVWattsSingleOwner")
    model.SystemOutput.gen = [1000.0] * 8760

    def lives(paths: int = PATHS) -> Any:
        return simulate(LONG, weather, market, paths=paths)

    value, ours, theirs = ratio(lives, model.execute)
    say("a path of 300 months ÷ one Singleowner", (value / PATHS, ours / PATHS, theirs), 1 / 2000)
    lives_of = _plain(weather, market)
    mine, _, python = ratio(lives, lives_of)
    say(f"… ÷ one in plain Python, of {PLAIN}", (mine * PLAIN / PATHS, ours / PATHS, python / PLAIN), 1 / 100)
    say(f"… {PATHS:,} of them, in seconds", (ours / 1e3, ours, 1e3), GOAL_S)
    began = time.perf_counter()
    lives(MILLION)
    took = time.perf_counter() - began
    say("… a million of them, in seconds", (took, took * 1e3, 1e3), MILLION_GOAL_S)
    four, longer, _ = ratio(lambda: lives(4 * PATHS), lives)
    say("four times as many ÷ four times", (four / 4.0, longer, ours * 4.0), GOAL_LINEAR)
    size = lives(4 * PATHS).paths.memory_usage(index=False).sum() / (4 * PATHS)
    say("bytes kept for each path", (float(size), float(size), 1.0), 100.0)
    say("what moves the result ÷ the lives", ratio(lambda: sensitivity(LONG, weather, market), lives), 1.0)
    evenness(weather, market)


def _plain(weather: Weather, market: Market) -> Callable[[], Any]:
    """Some lives of the plan in plain Python, their chances drawn already."""
    ground = looked_up(ground_of(LONG, weather, used_readings(LONG, market), ()), weather)
    drawn = chances(LONG, ground.base.path, ground.base.fees_btc, 1, 0, PLAIN)
    account = account_of(ground.base, ground.site, drawn)
    some = [Life(ground, drawn, account, path) for path in range(PLAIN)]
    return lambda: [live(life) for life in some]


def evenness(weather: Weather, market: Market) -> None:
    """Prints how much less what a sample tells strays from seed to seed by even draws than by plain ones."""
    plan = Scenario()
    ground = ground_of(plan, weather, used_readings(plan, market), ())
    rng = np.random.default_rng(1)
    for paths in SAMPLES:
        with patch.object(quasi, "normals", partial(quasi.normals, leading=0)):
            plain = np.array([told(ground, seed, paths) for seed in range(SEEDS)])
        even = np.array([told(ground, seed, paths) for seed in range(SEEDS)])
        picked = rng.integers(0, SEEDS, (RESAMPLES, SEEDS))
        resampled = plain[picked].var(axis=1) / even[picked].var(axis=1)
        ratios = plain.var(axis=0) / even.var(axis=0)
        ends = np.quantile(resampled, (0.025, 0.975), axis=0).T
        for (what, goal), ratio, (low, high) in zip(GOALS.items(), ratios, ends, strict=True):
            verdict = "met" if ratio >= goal else "MISSED"
            line = f"variance of the {what}, {paths:,} paths: plain draws ÷ even ones"
            print(f"{line:78s} {ratio:9.2f}  goal {goal:8.2f}  {verdict:6s}  95 % interval {low:.2f} to {high:.2f}")


def told(ground: Ground, seed: int, paths: int) -> tuple[float, float]:
    """Median and CVaR 95 of NPV [USD]."""
    base = ground.base
    npv = npv_usd(ground, chances(base.scenario, base.path, base.fees_btc, seed, 0, paths))
    return float(np.median(npv)), float(risk.cvar_usd(npv, 0.95))
