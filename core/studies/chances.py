"""What is left to chance around a plan, path by path: price, network, power, sun, idle machines, cost and delay.

The plan is the median of each, so that with every deviation at 0 all paths are the plan. A number depends on seed, thing,
path and month alone: path 17 is the same in a batch of a hundred and of a million, and in two plans with one seed.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from core.models import draws, fee_paths, quasi
from core.models.network import EPOCH_YEARS, NetworkPath, mean_subsidy_btc
from core.models.price_paths import (
    Volatility,
    deviation,
    deviation_sd,
    held,
    kept_frac,
    pieces,
    resampled_sd,
    spread_of_years,
    spread_out,
)
from core.models.response import Response
from core.scenario import Scenario
from core.sections import Risk
from core.sections.risk import Factor
from core.studies.miners import responded
from core.units import MONTHS_PER_YEAR

Floats: TypeAlias = NDArray[np.float64]
(
    PRICE,
    SHOCK,
    FEES,
    POWER,
    YIELD,
    SUN_YEAR,
    IDLE,
    OVERRUN,
    DELAY,
    JUMPS,
    JUMP_SIZE,
    PIECES,
    FEE_JUMPS,
    FAILURES,
    RENEWAL,
) = range(15)
FACTORS = get_args(Factor)  # those of months first, then those of years
PRICE_RESPONSE = 0.047  # of a month's change of ln price that difficulty follows at once: see `models.response`
MOST_DEVIATIONS = 4.0  # of yield, for which a table of responses must be made
LONGEST_DELAY_MONTHS = 24


class Chances(NamedTuple):
    """A batch of paths; months and years first, paths last.

    (months, paths): `price_usd` [USD], `difficulty` [1], `subsidy_btc` and `fees_btc` [BTC per block], `uptime_frac` [1].
    (years, paths): `power_index`, all prices of the grid over the plan's; `sun_frac`, light over that of the weather year.
    (paths,): `overrun_frac`, cost of what is built over the plan's; `delay_months`, whole; `failures_frac` and `renewal_frac`,
    how often machines fail and what later ones cost and bring, over the plan's.
    """

    price_usd: Floats
    difficulty: Floats
    subsidy_btc: Floats
    fees_btc: Floats
    uptime_frac: Floats
    power_index: Floats
    sun_frac: Floats
    overrun_frac: Floats
    delay_months: Floats
    failures_frac: Floats
    renewal_frac: Floats


def volatility(risk: Risk) -> Volatility:
    """The model of price that the risk section asks for."""
    return Volatility(
        risk.price_volatility_per_year,
        risk.price_volatility_later_per_year,
        risk.price_volatility_fade_years,
        risk.price_pull_per_year,
        risk.price_jumps_per_year,
        0.0,
        risk.price_jump_deviation,
    )


def price_sd(risk: Risk, months: int) -> Floats:
    """Standard deviation of ln price around the plan's by month, (months + 1,) [1]."""
    if risk.price == "resampled":
        return resampled_sd(risk.resampled_changes, risk.block_months, months, risk.price_pull_per_year)
    if risk.price == "by_year":
        return spread_of_years(risk.price_deviations, months)
    return deviation_sd(volatility(risk), months)


def chances(scenario: Scenario, path: NetworkPath, fees_btc: float, seed: int, first: int, count: int) -> Chances:
    """Paths first … first + count − 1 around the plan's `path` and `fees_btc` [BTC per block]."""
    risk, months = scenario.risk, len(path.days)
    years = months // MONTHS_PER_YEAR
    # the last month's moves are not seen
    (price, shock), (lasting, overrun) = quasi.normals(seed, (PRICE, SHOCK), first, count, months + 1, (YIELD, OVERRUN))
    drawn = {"price": price, "difficulty": shock}
    for name, stream in (("fees", FEES), ("idle", IDLE)):
        if risk.correlations or _matters(scenario, name):
            drawn[name] = draws.normals(seed, stream, first, count, months)
    for name, stream in (("power", POWER), ("sun", SUN_YEAR)):
        drawn[name] = draws.normals(seed, stream, first, count, years)
    if risk.price == "resampled":
        price[:-1] = _of_the_past(risk, seed, first, count, months)
    if risk.correlations:
        together(drawn, correlation(risk).matrix)
    strayed = _price(risk, price, seed, first)
    fees = fees_btc * _fees(scenario, drawn, seed, first, (months, count))
    ln_difficulty = answered(scenario, path, fees_btc, strayed, shock, fees)
    return Chances(
        _around(path.price_usd, strayed),
        _around(path.difficulty, ln_difficulty),
        subsidy_btc(path, ln_difficulty),
        fees,
        _uptime(scenario, drawn["idle"])
        if _matters(scenario, "idle")
        else np.full((months, count), scenario.fleet.uptime_frac),
        np.exp(risk.power_price_deviation_per_year * _since_first(drawn["power"])),
        _sun(risk, lasting, drawn["sun"]),
        np.exp(risk.overrun_deviation * overrun),
        _delay(risk, seed, first, count),
        _lasting(scenario, "failures", FAILURES, seed, first, count),
        _lasting(scenario, "renewal", RENEWAL, seed, first, count),
    )


def _matters(scenario: Scenario, name: str) -> bool:
    """Whether a plan leaves fees, idle time, failures or the price of later machines to chance."""
    fleet = scenario.fleet
    present = {
        "fees": True,
        "idle": fleet.uptime_frac < 1.0,
        "failures": fleet.failures.rate_per_year > 0,
        "renewal": fleet.refresh.rule != "never",
    }
    return bool(present[name] and getattr(scenario.risk, f"{name}_deviation"))


# What goes together


def correlation(risk: Risk) -> draws.Repaired:
    """The matrix that a risk section asks for, in the order of `FACTORS`; where it cannot be, the nearest that can."""
    matrix = np.eye(len(FACTORS))
    for pair in risk.correlations:
        i, j = FACTORS.index(pair.first), FACTORS.index(pair.second)
        matrix[i, j] = matrix[j, i] = pair.coefficient
    return draws.nearest_correlation(matrix)


def together(drawn: dict[str, Floats], matrix: Floats) -> None:
    """Make independent normals go together as a matrix asks, in place; by name, (months, paths) or (years, paths).

    z = L · y with L · Lᵀ = R: of months y are the months' own numbers, and a year's thing goes with Σ y / √12 of its months.
    """
    root, slow = draws.square_root(matrix), FACTORS.index("power")
    years, count = drawn["power"].shape
    monthly = [drawn[name][: MONTHS_PER_YEAR * years] for name in FACTORS[:slow]]
    sums = [z.reshape(years, MONTHS_PER_YEAR, count).sum(axis=1) / np.sqrt(MONTHS_PER_YEAR) for z in monthly]
    yearly = [drawn[name] for name in FACTORS[slow:]]
    for row in reversed(range(len(yearly))):  # the last first: a triangle needs those before it as they were
        _mixed([*sums, *yearly[: row + 1]], root[slow + row])
    for row in reversed(range(slow)):
        _mixed(monthly[: row + 1], root[row])


def _mixed(drawn: list[Floats], weights: Floats) -> None:
    """The last of some numbers becomes their weighted sum, in place."""
    *others, last = drawn
    last *= weights[len(others)]
    for weight, other in zip(weights, others, strict=False):
        if weight:
            last += weight * other


# One thing at a time


def _around(planned: Floats, strayed: Floats) -> Floats:
    """A line of the plan by how far ln of it strayed, its last month not seen."""
    told = np.exp(strayed[:-1])
    told *= planned[:, None]
    return told


def _price(risk: Risk, normal: Floats, seed: int, first: int) -> Floats:
    """Deviation of ln price from the plan's, (months + 1, paths); 0 in the first month."""
    how, steps, count = volatility(risk), normal[:-1], normal.shape[1]
    if risk.price == "resampled":
        return held(np.std(risk.resampled_changes) * steps, kept_frac(risk.price_pull_per_year))
    if risk.price == "by_year":
        return spread_out(price_sd(risk, len(steps)), steps, risk.price_pull_per_year)
    if not how.jumps_per_year:
        return deviation(how, steps)
    share = draws.uniforms(seed, JUMPS, first, count, len(steps))
    return deviation(how, steps, share, draws.normals(seed, JUMP_SIZE, first, count, len(steps)))


def _of_the_past(risk: Risk, seed: int, first: int, count: int, months: int) -> Floats:
    """Changes of price in pieces of the past over their own deviation, (months, paths), so that others can go with them."""
    share = draws.uniforms(seed, PIECES, first, count, -(-months // risk.block_months))
    moved = pieces(risk.resampled_changes, share, risk.block_months)[:months]
    spread = float(np.std(risk.resampled_changes))
    return moved / spread if spread else moved


def answered(
    scenario: Scenario, path: NetworkPath, fees_btc: float, price: Floats, normal: Floats, fees: Floats | None = None
) -> Floats:
    """Deviation of ln difficulty from the plan's, (months + 1, paths).

    price: that of ln price, normal: shocks, both (months + 1, paths). fees_btc: the plan's, fees (months, paths) those of
    the paths [BTC per block]; None: the plan's.
    """
    risk = scenario.risk
    if risk.difficulty != "responds":
        return _corrected(risk, price, normal)
    return _responded(
        scenario, path, fees_btc, price, normal, fees_btc if fees is None else np.append(fees, fees[-1:], axis=0)
    )


def _responded(
    scenario: Scenario, path: NetworkPath, fees_btc: float, price: Floats, normal: Floats, fees: Floats | float
) -> Floats:
    """By how much miners answer otherwise than they would to the plan's own price and fees: the plan goes as one more path."""
    risk, last, month = scenario.risk, np.s_[-1:], np.append(path.month, path.month[-1] + 1)
    days, still = np.append(path.days, path.days[last]), np.zeros((len(price), 1))
    usd = np.append(path.price_usd, path.price_usd[last])[:, None] * np.exp(np.append(price, still, axis=1))
    coins = np.append(np.broadcast_to(fees, price.shape), still + fees_btc, axis=1)
    told = responded(
        scenario.outlook, month, days, float(path.difficulty[0]), float(path.height_start[0]), usd, coins,
        np.append(normal, still, axis=1), Response(risk.difficulty_pull_per_month, shock=risk.difficulty_shock),
    )  # fmt: skip
    ln = np.log(told.difficulty)
    return np.asarray(ln[:, :-1] - ln[:, -1:])


def _corrected(risk: Risk, price: Floats, normal: Floats) -> Floats:
    """The same by error correction.

    y_{k+1} = y_k + pull · (x_k − y_k) + response · (x_k − x_{k−1}) + shock · z_k, x that of ln price: in the long run
    difficulty bears what price pays. By the plan: shocks alone. Source: error correction, as in `models.response`.
    """
    follows = risk.difficulty == "follows"
    pull, response = (risk.difficulty_pull_per_month, PRICE_RESPONSE) if follows else (0.0, 0.0)
    strayed, before = np.zeros(price.shape), np.zeros(price.shape[1])
    for month in range(len(price) - 1):
        now, following = strayed[month], strayed[month + 1]
        np.multiply(risk.difficulty_shock, normal[month], out=following)
        following += (1.0 - pull) * now
        following += (pull + response) * price[month]
        following -= response * before
        before = price[month]
    return strayed


def subsidy_btc(path: NetworkPath, strayed: Floats) -> Floats:
    """Halvings fall where each path's height puts them: blocks come faster while difficulty rises."""
    blocks = np.exp(np.diff(strayed, axis=0) * MONTHS_PER_YEAR * EPOCH_YEARS)
    blocks *= path.blocks[:, None]
    height = np.full(blocks.shape[1], path.height_start[0])
    subsidy = np.empty(blocks.shape)
    for month, run in enumerate(blocks):
        subsidy[month] = mean_subsidy_btc(height, run)
        height += run
    return subsidy


def _fees(scenario: Scenario, drawn: dict[str, Floats], seed: int, first: int, shape: tuple[int, int]) -> Floats:
    """Fees over the plan's, (months, paths)."""
    risk, (months, count) = scenario.risk, shape
    ln = fee_paths.deviation(drawn["fees"], risk.fees_deviation) if _matters(scenario, "fees") else np.zeros(shape)
    if risk.fees_jumps_per_year:
        share = draws.uniforms(seed, FEE_JUMPS, first, count, months)
        ln += fee_paths.jumps(share, risk.fees_jumps_per_year, risk.fees_jump_times)
    return np.exp(ln, out=ln)


def _uptime(scenario: Scenario, normal: Floats) -> Floats:
    """Share of machines that run: idle time spreads around its mean, the plan's, and is never more than all."""
    idle, spread = 1.0 - scenario.fleet.uptime_frac, scenario.risk.idle_deviation
    stand = spread * normal
    stand -= spread**2 / 2.0 - np.log(idle)
    np.exp(stand, out=stand)
    return np.maximum(np.subtract(1.0, stand, out=stand), 0.0, out=stand)


def _since_first(steps: Floats) -> Floats:
    """A random walk of years that begins at 0 in the first, (years, paths)."""
    steps[0] = 0.0
    return np.cumsum(steps, axis=0)


def _sun(risk: Risk, lasting: Floats, yearly: Floats) -> Floats:
    """One factor for all years of a path times one for each year."""
    of_path = 1.0 + risk.yield_deviation * np.clip(lasting, -MOST_DEVIATIONS, MOST_DEVIATIONS)
    return np.asarray(np.maximum(of_path, 0.0) * sun_of_years(risk, yearly))


def sun_of_years(risk: Risk, normal: Floats) -> Floats:
    """A year's sun over the mean year's for its normal number: real years by rank, each as likely, or a normal spread."""
    if risk.sun_years_frac:
        from scipy.special import ndtr

        years = np.sort(risk.sun_years_frac)
        return np.asarray(years[np.minimum((ndtr(normal) * years.size).astype(np.intp), years.size - 1)])
    within = np.clip(normal, -MOST_DEVIATIONS, MOST_DEVIATIONS)
    return np.asarray(np.maximum(1.0 + risk.yield_deviation_of_years * within, 0.0))


def _lasting(scenario: Scenario, name: str, stream: int, seed: int, first: int, count: int) -> Floats:
    """A factor for the life of each path, its median 1, (paths,)."""
    if not _matters(scenario, name):
        return np.ones(count)
    deviation = getattr(scenario.risk, f"{name}_deviation")
    return np.asarray(np.exp(deviation * draws.normals(seed, stream, first, count, 1)[0]))


def _delay(risk: Risk, seed: int, first: int, count: int) -> Floats:
    """Whole months, never early."""
    drawn = np.abs(draws.normals(seed, DELAY, first, count, 1)[0])
    return np.asarray(np.minimum(np.floor(risk.delay_deviation_months * drawn), LONGEST_DELAY_MONTHS))
