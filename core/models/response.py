"""Difficulty as miners answer to what mining pays, path by path, with the halvings where each path's height puts them.

Hash rate comes while a kilowatt-hour mined pays and goes where it does not, slowly: machines must be made, and those that
run pay nothing for standing. So a halving halves what a hash earns, not the difficulty.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import at_least_0, positive
from core.models.network import EPOCH_YEARS, mean_subsidy_btc
from core.units import BLOCKS_PER_DAY, MONTHS_PER_YEAR

Floats: TypeAlias = NDArray[np.float64]
MONTH_YEARS = 1.0 / MONTHS_PER_YEAR


@dataclass(frozen=True)
class Response:
    """How miners answer.

    `pull_per_month` [1/month]: share of the gap to what revenue bears that entry closes; `exit_pull_per_month`: the same
    of those who leave. `price_response` [1]: part of a month's change of ln price that difficulty follows at once.
    `margin` [1]: what mining pays over the power of the network's mean machine at which none comes or goes. `entry_most_per_month`
    [1]: most that factories add to ln difficulty. `cost_spread` [1]: standard deviation of ln hashcost over the network.
    `shock` [1/√month]: standard deviation of what the rest of the world does to ln difficulty.
    Defaults: pull, response and shock as fitted to 2014–2024 (long-run elasticity to revenue held at 1).
    """

    pull_per_month: float = 0.074
    exit_pull_per_month: float = 0.15
    price_response: float = 0.047
    margin: float = 1.0
    entry_most_per_month: float = 0.20
    cost_spread: float = 0.3
    shock: float = 0.096

    def checked(self) -> Response:
        """Itself; ValidationError names what cannot be."""
        for name in (field.name for field in fields(self)):
            (positive if name in ("margin", "cost_spread") else at_least_0)(name, getattr(self, name))
        return self


class Network(NamedTuple):
    """The network along each path, all (months, paths): difficulty [1], held over the month; height when it begins and
    blocks within it; mean subsidy [BTC per block]."""

    difficulty: Floats
    height_start: Floats
    blocks: Floats
    subsidy_btc: Floats


def respond(
    how: Response,
    difficulty: float,
    height: float,
    days: ArrayLike,
    price_usd: Floats,
    fees_btc: ArrayLike,
    cost_usd: ArrayLike,
    normal: Floats,
) -> Network:
    """The network that answers to price paths.

    Δ ln D = clip(pull · (ln D* − ln D) + response · Δ ln price, ln(1 − losing), most) + shock · z;
    m = price · (subsidy + fees) / (D · cost), what a block pays over what its power costs the network's mean machine;
    D* is where m is `margin`; losing = Φ(−ln m / spread), the share of the network that loses by mining: no more than
    these leave for want of pay.

    difficulty > 0 and height ≥ 0 when the first month begins; days (months,); price_usd (months, paths) > 0;
    fees_btc per block, broadcast with it; cost_usd (months,) > 0: of the power that a block at difficulty 1 takes the network's
    mean machine; normal (months, paths), standard: that of month k moves difficulty after it. The pull was fitted on
    difficulty itself, so that the lag of its retarget is within it.
    Source: error correction as fitted in Engle & Granger (1987); Prat & Walter (2021), "An equilibrium model of the market
    for bitcoin mining", JPE 129:2415, for entry and exit.
    """
    how.checked()
    length = positive("days", np.asarray(days, np.float64))
    price = positive("price_usd", price_usd)
    ln_price = np.log(price)
    ln_cost = np.log(positive("cost_usd", np.asarray(cost_usd, np.float64)))
    fees = np.broadcast_to(at_least_0("fees_btc", fees_btc), price.shape)
    told = Network(*(np.empty(price.shape) for _ in Network._fields))
    ln_d = np.full(price.shape[1:], np.log(positive("difficulty", difficulty)))
    at, grown = np.full(price.shape[1:], float(at_least_0("height", height))), np.zeros(price.shape[1:])
    for month in range(len(price)):
        blocks = length[month] * BLOCKS_PER_DAY * np.exp(grown * EPOCH_YEARS / MONTH_YEARS)
        subsidy = mean_subsidy_btc(at, blocks)
        for rows, values in zip(told, (np.exp(ln_d), at, blocks, subsidy), strict=True):
            rows[month] = values
        ln_margin = ln_price[month] + np.log(subsidy + fees[month]) - ln_d - ln_cost[month]
        risen = ln_price[month] - ln_price[max(month - 1, 0)]
        grown = _answer(how, ln_margin, risen) + how.shock * normal[month]
        ln_d, at = ln_d + grown, at + blocks
    return told


def _answer(how: Response, ln_margin: Floats, ln_price_risen: Floats) -> Floats:
    """Change of ln difficulty in a month for what mining pays over what it costs, ln of it."""
    from scipy.special import log_ndtr

    gap = ln_margin - np.log(how.margin)
    answer = np.where(gap >= 0, how.pull_per_month, how.exit_pull_per_month) * gap + how.price_response * ln_price_risen
    leave = answer < 0
    left = log_ndtr(ln_margin[leave] / how.cost_spread)  # ln(1 − losing)
    answer[leave] = np.maximum(answer[leave], left)
    return np.asarray(np.minimum(answer, how.entry_most_per_month, out=answer))


def network_efficiency_j_per_th(new_j_per_th: ArrayLike, now_j_per_th: float, life_years: float = 4.0) -> Floats:
    """Energy per terahash of the network's mean machine, (months,) [J/TH]: machines on sale replace it bit by bit.

    E_{k+1} = E_k + (new_k − E_k) · (1 − e^(−1 / 12 life)).

    new_j_per_th (months,): of machines on sale, by the curve that prices the planner's own renewal; now_j_per_th: the
    network's mean today; life_years > 0 of a machine. Source: one-hoss replacement at a constant rate.
    """
    new = positive("new_j_per_th", np.asarray(new_j_per_th, np.float64))
    share = -np.expm1(-1.0 / (MONTHS_PER_YEAR * float(positive("life_years", life_years))))
    mean, at = np.empty(len(new)), float(positive("now_j_per_th", now_j_per_th))
    for month, sold in enumerate(new):
        mean[month], at = at, at + (sold - at) * share
    return mean
