"""What moves the result: one thing at a time, all together, and named bad turns.

A thing is moved by whole deviations of its own: 0 is the plan, −1.645 and +1.645 its 5th and 95th percentile. Price and
difficulty move as a path whose every month lies at that percentile, difficulty answering price as in `chances`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.inputs import CreditRule, Market, Weather
from core.models import finance
from core.models.sensitivity import FEWEST_PATHS, Indices, rank_regression, sobol_indices, tornado
from core.scenario import Scenario
from core.sections import Risk
from core.studies.chances import LONGEST_DELAY_MONTHS, MOST_DEVIATIONS, Chances, answered, price_sd, subsidy_btc
from core.studies.lives import account_of
from core.studies.progress import Tick, part
from core.studies.run import Run, used_readings
from core.studies.simulation import Ground, ground_of, suns
from core.studies.sorted_site import Site, site_of
from core.studies.turns import RENEWAL_FRAC, STRESSES, OwnTurn, Turn, with_cheaper_machines

Floats: TypeAlias = NDArray[np.float64]
THINGS = {
    "price": "Bitcoin price",
    "difficulty": "Difficulty, price apart",
    "fees": "Fees of blocks",
    "power": "Power prices",
    "yield": "Yield of the array",
    "idle": "Idle machines",
    "overrun": "Building cost",
    "delay": "Delay",
    "failures": "Failures of machines",
    "renewal": "Price of later machines",
}
POOR = NormalDist().inv_cdf(0.05)
SOBOL_POINTS = 256
PIECE = 512  # plans worked out between two ticks
SURFACE = 15  # nodes a side


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What matters, all of NPV [USD].

    `tornado`: a row for each thing at its 5th and 95th percentile, furthest first. `sobol`: first and total share of the
    variance with the ends of their 95 % intervals; empty where nothing moves. `stress`: NPV in named bad turns. `surface`:
    NPV over price and difficulty, each from its 1st to its 99th percentile. `invested_usd`: first investment of the plan.
    """

    base_usd: float
    invested_usd: float
    tornado: pd.DataFrame
    sobol: pd.DataFrame
    stress: pd.DataFrame
    surface: pd.DataFrame


def sensitivity(
    scenario: Scenario,
    weather: Weather,
    market: Market,
    *,
    rules: tuple[CreditRule, ...] = (),
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> Sensitivity:
    """What moves the NPV of a plan, each thing as far as its risk section lets it."""
    readings = used_readings(scenario, market)
    ground = ground_of(scenario, weather, readings, rules, tick=part(tick, 0.0, 0.3), compiled=compiled)
    base = ground.base
    tick(0.3)

    def figure(moves: Floats) -> Floats:
        return npv_usd(ground, moved(base, dict(zip(THINGS, moves, strict=True))))

    none, names = np.zeros(len(THINGS)), list(THINGS.values())
    bars = tornado(figure, none, np.full(len(THINGS), POOR), np.full(len(THINGS), -POOR))
    table = pd.DataFrame({"thing": names, "low_usd": bars.low, "high_usd": bars.high}).iloc[bars.order]
    tick(0.4)
    moving = [name for name, low, high in zip(THINGS, bars.low, bars.high, strict=True) if low != high]
    shares = _sobol(ground, moving, scenario.risk.seed, part(tick, 0.4, 0.9))
    tick(0.9)
    turned = stress(ground, weather, compiled=compiled)
    invested = float(sum(asset.cost_usd[0] for asset in base.account.assets))
    return Sensitivity(bars.base, invested, table.reset_index(drop=True), shares, turned, _surface(ground))


def _sobol(ground: Ground, things: list[str], seed: int, tick: Tick) -> pd.DataFrame:
    """Shares of the variance of the things that move the NPV at all."""
    columns = ("thing", "first", "first_low", "first_high", "total", "total_low", "total_high")
    if not things:
        return pd.DataFrame(columns=list(columns))
    if len(things) == 1:  # all of the variance is its own; the estimator wants two or more
        return pd.DataFrame({"thing": [THINGS[things[0]]], **{key: [1.0] for key in columns[1:]}})
    from scipy.special import ndtri

    plans, done = SOBOL_POINTS * (len(things) + 2), 0

    def figure(moves: Floats) -> Floats:
        nonlocal done
        parts = []
        for some in np.split(moves, range(PIECE, moves.shape[1], PIECE), axis=1):
            parts.append(npv_usd(ground, moved(ground.base, dict(zip(things, some, strict=True)))))
            done += some.shape[1]
            tick(min(done / plans, 1.0))
        return np.concatenate(parts)

    told: Indices = sobol_indices(figure, [ndtri] * len(things), SOBOL_POINTS, seed)
    names = [THINGS[name] for name in things]
    rows = (names, told.first, *told.first_interval, told.total, *told.total_interval)
    frame = pd.DataFrame(dict(zip(columns, rows, strict=True)))
    return frame.sort_values("total", ascending=False, ignore_index=True)


OWN = {  # column of a row of `Lives`: in words
    "price_end_usd": "Bitcoin price at the end",
    "difficulty_end": "Difficulty at the end",
    "sun_frac": "Sun",
    "power_index": "Power prices",
    "uptime_frac": "Machines that run",
    "overrun_frac": "Building cost",
    "delay_months": "Delay",
    "failures_frac": "Failures of machines",
    "renewal_frac": "Price of later machines",
}


class Ranks(NamedTuple):
    """A row for each thing that moved, and the share of the paths' ranks that they explain together."""

    things: pd.DataFrame
    explained_frac: float


def ranked(paths: pd.DataFrame) -> Ranks:
    """How the rank of a path's NPV follows the ranks of what came to it, and the share of it that this explains.

    A row for each `thing` that moved, its `coefficient` −1 to 1 and beyond where things go together, furthest first.
    """
    own = [name for name in OWN if paths[name].nunique() > 1]
    if not own or len(paths) < FEWEST_PATHS:
        return Ranks(pd.DataFrame({"thing": [], "coefficient": []}), 0.0)
    told = rank_regression(paths[own].to_numpy().T, paths["npv_usd"].to_numpy())
    frame = pd.DataFrame({"thing": [OWN[name] for name in own], "coefficient": told.coefficient})
    return Ranks(frame.iloc[told.order].reset_index(drop=True), told.explained_frac)


def moved(base: Run, moves: Mapping[str, Floats]) -> Chances:
    """Plans with things moved by deviations, each (n,); what is not named stays."""
    scenario, risk, months = base.scenario, base.scenario.risk, len(base.path.days)
    count = len(next(iter(moves.values())))
    z = {name: np.asarray(moves.get(name, np.zeros(count)), np.float64) for name in THINGS}
    years = np.arange(months // 12)
    strayed = np.multiply.outer(price_sd(risk, months), z["price"])
    shocks = np.multiply.outer(_shocks(risk, months), z["difficulty"])
    ln_difficulty = answered(scenario, base.path, base.fees_btc, strayed, shocks)
    idle = (1.0 - scenario.fleet.uptime_frac) * np.exp(risk.idle_deviation * z["idle"])
    sun = np.clip(z["yield"], -MOST_DEVIATIONS, MOST_DEVIATIONS) * risk.yield_deviation
    delay = np.minimum(np.floor(risk.delay_deviation_months * np.maximum(z["delay"], 0.0)), LONGEST_DELAY_MONTHS)
    return Chances(
        base.path.price_usd[:, None] * np.exp(strayed[:-1]),
        base.path.difficulty[:, None] * np.exp(ln_difficulty[:-1]),
        subsidy_btc(base.path, ln_difficulty),
        np.broadcast_to(base.fees_btc * np.exp(risk.fees_deviation * z["fees"]), (months, count)),
        np.broadcast_to(np.maximum(1.0 - idle, 0.0), (months, count)),
        np.exp(risk.power_price_deviation_per_year * np.multiply.outer(np.sqrt(years), z["power"])),
        np.broadcast_to(np.maximum(1.0 + sun, 0.0), (len(years), count)),
        np.exp(risk.overrun_deviation * z["overrun"]),
        delay,
        np.exp(risk.failures_deviation * z["failures"]),
        np.exp(risk.renewal_deviation * z["renewal"]),
    )


def _shocks(risk: Risk, months: int) -> Floats:
    """Shocks of difficulty that keep it one deviation off in every month, what miners answer and all, (months + 1,).

    s_{k+1} − (1 − pull) · s_k, s_k² = Σ (1 − pull)^2j over the k months before: the deviation of a walk that is pulled.
    """
    kept = 1.0 if risk.difficulty == "plan" else 1.0 - risk.difficulty_pull_per_month
    off = np.sqrt(np.append(0.0, np.cumsum(kept ** (2.0 * np.arange(months + 1)))))
    return np.asarray(off[1:] - kept * off[:-1])


# Bad turns


def npv_usd(ground: Ground, drawn: Chances) -> Floats:
    """NPV of each path, (paths,) [USD]."""
    account = account_of(ground.base, ground.site, drawn)
    return np.asarray(finance.npv_usd(ground.base.scenario.finance.discount_rate, account.equity_usd))


def own_turns(
    scenario: Scenario,
    weather: Weather,
    market: Market,
    own: Sequence[OwnTurn],
    *,
    rules: tuple[CreditRule, ...] = (),
    compiled: bool = True,
) -> pd.DataFrame:
    """What the planner's own bad turns take from a plan, as `Sensitivity.stress`. ValidationError names a field that cannot be."""
    ground = ground_of(scenario, weather, used_readings(scenario, market), rules, compiled=compiled)
    return stress(ground, weather, {turn.checked().name: turn for turn in own}, compiled=compiled)


def stress(
    ground: Ground, weather: Weather, turns: Mapping[str, Turn] = STRESSES, *, compiled: bool = True
) -> pd.DataFrame:
    """NPV in some bad turns, each on the plan's own path, and what it takes from the plan [USD]."""
    usual = moved(ground.base, {"price": np.zeros(1)})
    plan = float(npv_usd(ground, usual)[0])
    npv = np.zeros(len(turns))
    for at, (name, turn) in enumerate(turns.items()):
        drawn = turn(ground.base, usual)
        base = with_cheaper_machines(ground.base, RENEWAL_FRAC[name]) if name in RENEWAL_FRAC else ground.base
        npv[at] = npv_usd(Ground(base, _reaching(ground, weather, drawn, compiled=compiled)), drawn)[0]
    return pd.DataFrame({"turn": list(turns), "npv_usd": npv, "change_usd": npv - plan})


def _reaching(ground: Ground, weather: Weather, drawn: Chances, *, compiled: bool) -> Site:
    """The site of the ground, or the same one told for as little sun as a turn brings."""
    sun = ground.base.flows.panel_health_frac * drawn.sun_frac[:, 0]
    low, high = float(sun.min()), float(sun.max())
    if ground.site.reaches(low):
        return ground.site
    return site_of(ground.base, weather, (low, max(high, suns(ground.base)[1])), compiled=compiled)


def _surface(ground: Ground) -> pd.DataFrame:
    """NPV over percentiles of price and of difficulty."""
    z = np.linspace(-1.0, 1.0, SURFACE) * NormalDist().inv_cdf(0.99)
    price, difficulty = (axis.ravel() for axis in np.meshgrid(z, z))
    told = moved(ground.base, {"price": price, "difficulty": difficulty})
    middle = len(told.price_usd) // 2
    share = np.array([NormalDist().cdf(value) for value in z])
    return pd.DataFrame(
        {
            "price_share": np.tile(share, SURFACE),
            "difficulty_share": np.repeat(share, SURFACE),
            "price_usd": told.price_usd[middle],
            "difficulty": told.difficulty[middle],
            "npv_usd": npv_usd(ground, told),
        }
    )
