"""Thousands of lives of one plan: the distribution of what it earns, and how likely it is to go wrong.

Each path has a price, a network, power prices, sun, idle machines, cost and delay of its own (`chances`). What the site does in
its months is told by its sorted hours or looked up (`sorted_site`, `responses`), and its years go through the books of the house: tax, credits and loans as in the
projection, the loan as large as the plan's own figures let it be.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.figures import refused
from core.inputs import CreditRule, Market, Reading, Weather
from core.models import finance
from core.scenario import Scenario
from core.studies.chances import MOST_DEVIATIONS, chances, correlation, sun_of_years
from core.studies.lives import Lives, lived
from core.studies.outcomes import measures
from core.studies.progress import Tick, part
from core.studies.run import Run, run, used_readings
from core.studies.sorted_site import Site, site_of

Floats: TypeAlias = NDArray[np.float64]
BATCH = 2048  # paths worked out together
THREADS = 2
GROUNDS_KEPT = 2  # beside a weather year
FAN_PATHS = 10_000  # paths whose months are kept for the fans
FAN = ("price_usd", "difficulty", "mined_btc", "cash_usd")
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
TABLE_SHARE = 0.3  # of the work, the table of responses


@dataclass(frozen=True, eq=False)
class RiskAnalysis:
    """What paths came to.

    `metrics`: by name, and `errors`: the standard error of those that have one. `paths`: a row for each path. `fans`: for each
    of `FAN` a frame by month with the 5th to 95th percentile, coins and cash summed up from the start. `base`: what the
    plan itself is worth and costs. `notices`: what a reader should know first; `approximations`: what paths leave out.
    """

    scenario: Scenario
    metrics: dict[str, float]
    errors: dict[str, float]
    paths: pd.DataFrame
    fans: dict[str, pd.DataFrame]
    base: dict[str, float]
    notices: tuple[str, ...]
    approximations: tuple[str, ...]
    readings: tuple[Reading, ...]


def approximations(scenario: Scenario) -> tuple[str, ...]:
    """What of a scenario paths leave out, in words; empty where nothing is."""
    battery, fleet, tariff = scenario.battery, scenario.fleet, scenario.grid.tariff
    found = {
        "import is held below set points for a fleet that runs as planned, under a ratchet those of the plan's first year": bool(
            tariff.flat_demand.periods or tariff.timed_demand.periods
        ),
        "cells are renewed when the plan renews them": battery.replacement.rule != "never",
        "a real year that is drawn has the hours of the plan's weather year, brighter or darker by its sun": bool(
            scenario.risk.sun_years_frac
        ),
        "machines are renewed in the months in which the plan renews them": fleet.refresh.rule == "unprofitable",
        "kinds of machines keep the order of the first month": len(fleet.units) > 1 and fleet.refresh.rule != "never",
        "starts cost nothing, and any part of a machine may run": bool(fleet.control.restart_minutes)
        or fleet.control.whole_machines,
    }
    return tuple(words for words, so in found.items() if so)


def simulate(
    scenario: Scenario,
    weather: Weather,
    market: Market,
    paths: int | None = None,
    seed: int | None = None,
    *,
    rules: tuple[CreditRule, ...] = (),
    tick: Tick = lambda share: None,
    enough: Callable[[], bool] = lambda: False,
    compiled: bool = True,
) -> RiskAnalysis:
    """The distribution of a plan's results over `paths` lives; both None: from the scenario's risk section.

    `tick` is told the share done, and may raise to stop; `enough` is asked between batches, and where it answers True, what has been
    lived by then is told, its number with it. The same seed gives the same paths, more of them only add to it. ValidationError for no
    paths and for a seed below 0.
    """
    count = scenario.risk.paths if paths is None else paths
    if count < 1:
        raise refused("paths", count, "one path or more")
    key = scenario.risk.seed if seed is None else seed
    readings = used_readings(scenario, market)
    ground = ground_of(scenario, weather, readings, rules, tick=part(tick, 0.0, TABLE_SHARE), compiled=compiled)
    base = ground.base

    def batch(first: int) -> Lives:
        # a whole batch is lived and its first paths kept, as products of matrices round by their size
        drawn = chances(scenario, base.path, base.fees_btc, key, first, BATCH)
        lives = lived(base, ground.site, drawn, min(count, FAN_PATHS) - first)
        return replace(lives, rows=lives.rows.head(count - first))

    firsts = range(0, count, BATCH)
    batches: list[Lives] = []
    with ThreadPoolExecutor(THREADS, thread_name_prefix="lives") as pool:
        for some in (firsts[at : at + THREADS] for at in range(0, len(firsts), THREADS)):
            batches += pool.map(batch, some)
            tick(TABLE_SHARE + (1.0 - TABLE_SHARE) * len(batches) / len(firsts))
            if enough():
                break
    return _analysis(base, batches, readings, count)


class Ground(NamedTuple):
    """A plan as it is meant, and what tells the months of its paths."""

    base: Run
    site: Site


def ground_of(
    scenario: Scenario,
    weather: Weather,
    readings: tuple[Reading, ...],
    rules: tuple[CreditRule, ...],
    *,
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> Ground:
    """The ground of a plan, kept with the weather year: another seed or number of paths leaves it as it is."""
    kept: dict[Any, Ground] = weather.kept.setdefault("risk", {})
    key = (_but_for_paths(scenario), readings, rules, compiled)
    found = kept.pop(key, None)
    if found is None:
        base = run(scenario, weather, readings, rules, compiled=compiled)
        found = Ground(base, site_of(base, weather, suns(base), tick=tick, compiled=compiled))
    kept[key] = found  # the newest last
    for oldest in list(kept)[:-GROUNDS_KEPT]:
        kept.pop(oldest, None)
    return found._replace(base=found.base._replace(scenario=scenario))


def _but_for_paths(scenario: Scenario) -> Scenario:
    """The same for any seed and number of paths."""
    risk = scenario.risk.model_copy(update={"paths": 100, "seed": 0})
    return scenario.model_copy(update={"risk": risk})


def suns(base: Run) -> tuple[float, float]:
    """Between which suns paths may fall, panels' health included."""
    risk, health = base.scenario.risk, base.flows.panel_health_frac
    ends = np.array([-MOST_DEVIATIONS, MOST_DEVIATIONS])
    low, high = (float(sun) for sun in np.maximum(1.0 + risk.yield_deviation * ends, 0.0) * sun_of_years(risk, ends))
    return low * float(health.min()), high * float(health.max())


# What is told


def _analysis(base: Run, batches: list[Lives], readings: tuple[Reading, ...], asked: int) -> RiskAnalysis:
    paths = pd.concat([lives.rows for lives in batches], ignore_index=True)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="fans") as pool:
        fans = dict(zip(FAN, pool.map(lambda name: _fan(base, name, batches), FAN), strict=True))
    metrics, errors = measures(paths)
    plan = {
        "npv_usd": float(finance.npv_usd(base.scenario.finance.discount_rate, base.cash_usd)),
        "capex_usd": float(sum(asset.cost_usd[0] for asset in base.account.assets)),
    }
    return RiskAnalysis(
        base.scenario,
        metrics,
        errors,
        paths,
        fans,
        plan,
        (*_cut_short(len(paths), asked), *_notices(base.scenario, metrics, errors, paths)),
        approximations(base.scenario),
        readings,
    )


def _fan(base: Run, name: str, batches: list[Lives]) -> pd.DataFrame:
    """Percentiles of a line by month."""
    ordered = np.concatenate([lives.months[name] for lives in batches if lives.months], axis=1)
    ordered.sort(axis=1)
    ranks = np.round(np.multiply(SHARES, ordered.shape[1] - 1)).astype(np.intp)
    columns = {
        f"p{round(100 * share)}": ordered[:, rank].astype(np.float64) for share, rank in zip(SHARES, ranks, strict=True)
    }
    return pd.DataFrame({"month": base.path.month.astype("datetime64[s]"), **columns})


def _cut_short(lived_paths: int, asked: int) -> tuple[str, ...]:
    if lived_paths >= asked:
        return ()
    return (f"Time was up after {lived_paths:,} of the {asked:,} lives asked for: the figures are of these.",)


def _notices(
    scenario: Scenario, metrics: dict[str, float], errors: dict[str, float], paths: pd.DataFrame
) -> tuple[str, ...]:
    found = []
    if (moved := correlation(scenario.risk).moved) > 0:
        found.append(
            f"What is asked to go together cannot all be: the nearest that can, by up to {moved:.2f} apart, is lived."
        )
    if errors["npv_mean_usd"] > 0.1 * abs(metrics["npv_mean_usd"]):
        found.append("The mean NPV is not reliable: its standard error is above a tenth of it. Judge by the median.")
    if (
        scenario.risk.difficulty == "plan"
        and scenario.risk.price_volatility_per_year
        and scenario.finance.horizon_years > 3
    ):
        found.append(
            "Price is left to chance and difficulty does not answer it: beyond three years dear bitcoin would draw miners, so that good and bad paths are both overdone."
        )
    several = float((paths["rates_of_return"] > 1).mean())
    if several:
        found.append(
            f"In {100 * several:.1f} % of the lives several rates of return exist: judge those by NPV or the modified IRR."
        )
    return tuple(found)
