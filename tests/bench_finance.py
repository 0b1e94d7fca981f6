"""What a batch of rates of return costs, as a ratio to pyxirr row by row in the same run. Called by `tests.bench`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyxirr

from core.models import rates

PATHS, PERIODS = 10_000, 300
PEERS = 200  # rows of pyxirr a round; its time is per row


def monthly_cash() -> np.ndarray:
    """Mines whose income wanders for 25 years: most pay, some never do, some end in losses."""
    rng = np.random.default_rng(1)
    level = np.exp(np.cumsum(rng.normal(-0.004, 0.06, (PATHS, PERIODS)), axis=1))
    income = 25_000 * level * rng.uniform(0.5, 1.5, (PATHS, 1)) - 6_000
    return np.concatenate([-rng.uniform(0.8e6, 1.2e6, (PATHS, 1)), income], axis=1)


def bench(ratio: Callable[..., Any], say: Callable[..., None]) -> None:
    """Prints both engines' ratio of time per path; the goals are 1/8 in numpy and 1/50 compiled."""
    rates.compile_kernel()
    cash = monthly_cash()
    some = list(cash[:PEERS])

    def peer() -> None:
        for row in some:
            pyxirr.irr(row, silent=True)

    for what, compiled, goal in (("numpy", False, 1 / 8), ("compiled", True, 1 / 50)):
        value, ours, theirs = ratio(lambda compiled=compiled: rates.irr(cash, compiled=compiled), peer)
        share = PEERS / PATHS
        say(f"IRR of 10,000 × 301 flows, {what} ÷ pyxirr, per path", (value * share, ours * share, theirs), goal)
