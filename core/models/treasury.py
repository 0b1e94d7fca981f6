"""Coins from the pool to the bank: when they are sold, from which lot, at what gain, and what is still held.

Coins are whole satoshi and money whole cents, in 64-bit integers, so that every sum is exact. Mined coins are ordinary income
at the price of their month, which becomes the basis of that month's lot. Arrays have any leading axes, months on the last.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from heapq import heappop, heappush, heapreplace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import at_least_0, refused
from core.units import CENTS_PER_USD, SATS_PER_BTC

MOST_SATS = 21_000_000 * SATS_PER_BTC
MOST_CENTS_PER_BTC = 90_000_000_000  # times a bitcoin's satoshi it still fits 64 bits
MONTHS_TO_LONG_TERM = 12

Whole: TypeAlias = NDArray[np.int64]
Rule = Literal["sell_all", "hold_share", "cover_costs", "above_price"]
Method = Literal["fifo", "hifo"]


class Policy(NamedTuple):
    """When coins are sold.

    sell_all: as they are mined. hold_share: all but `hold_frac` [1] of each month's. cover_costs: as many as that month's
    costs need. above_price: everything held in months at `sell_above_usd` [USD] or more. What is left is sold in the last
    month. `fee_frac` [1]: share of proceeds the exchange keeps.
    """

    rule: Rule
    hold_frac: float = 0.0
    sell_above_usd: float = 0.0
    fee_frac: float = 0.0


class Ledger(NamedTuple):
    """Coins and money by month, each (…, months), whole satoshi and cents.

    `income_cents`: mined coins at their month's price. `proceeds_cents`: of sales, before `fee_cents`.
    `basis_cents`: of the coins sold. `gain_cents` = proceeds − fee − basis; `long_gain_cents`: the part of it on coins held
    for more than twelve months. `held_sats` at the end of the month and `held_basis_cents`, their basis.
    """

    mined_sats: Whole
    sold_sats: Whole
    held_sats: Whole
    income_cents: Whole
    proceeds_cents: Whole
    fee_cents: Whole
    basis_cents: Whole
    gain_cents: Whole
    long_gain_cents: Whole
    held_basis_cents: Whole


# Whole units


def whole_sats(btc: ArrayLike) -> Whole:
    """Coins by month in whole satoshi whose sum over the months is the coins' own to half a satoshi.

    Differences of the rounded running sum.

    btc [BTC] ≥ 0, (…, months); at most 21 million in all.
    """
    running = np.cumsum(at_least_0("btc", btc), axis=-1) * SATS_PER_BTC
    if (running > MOST_SATS).any():
        raise refused("btc", float(running.max()) / SATS_PER_BTC, "21 million or less in all")
    return np.asarray(np.diff(np.rint(running).astype(np.int64), axis=-1, prepend=0))


def whole_cents(price_usd: ArrayLike) -> Whole:
    """Price of a bitcoin in whole cents.

    price_usd [USD] ≥ 0, any shape; at most 900 million.
    """
    cents = np.rint(at_least_0("price_usd", price_usd) * CENTS_PER_USD)
    if (cents > MOST_CENTS_PER_BTC).any():
        raise refused("price_usd", float(cents.max()) / CENTS_PER_USD, f"{MOST_CENTS_PER_BTC // CENTS_PER_USD} or less")
    return np.asarray(cents.astype(np.int64))


def worth_cents(sats: ArrayLike, cents_per_btc: ArrayLike) -> Whole:
    """Coins at a price, in whole cents, halves rounded up.

    (sats · cents_per_btc + 10⁸ / 2) // 10⁸.

    sats (up to 21 million BTC) and cents_per_btc (up to 9·10¹⁰) ≥ 0, whole; shapes broadcast.
    Source: definition, in whole numbers.
    """
    coins, rest = np.divmod(np.asarray(sats, np.int64), SATS_PER_BTC)
    price = np.asarray(cents_per_btc, np.int64)
    return np.asarray(coins * price + (rest * price + SATS_PER_BTC // 2) // SATS_PER_BTC)


# Selling


def sold_sats(policy: Policy, mined_sats: ArrayLike, cents_per_btc: ArrayLike, costs_usd: ArrayLike = 0.0) -> Whole:
    """Satoshi sold in each month under a policy; never more than are there.

    mined_sats [sat] ≥ 0 whole and cents_per_btc [cents] ≥ 0 whole, (…, months); costs_usd [USD], (…, months): what sales of
    the month should bring after the exchange's fee, below 0 counts as 0. Returns (…, months); everything is sold by the end.
    """
    mined, price, costs = np.broadcast_arrays(
        _whole("mined_sats", mined_sats), _whole("cents_per_btc", cents_per_btc), np.asarray(costs_usd, np.float64)
    )
    _check_policy(policy)
    if policy.rule == "sell_all":
        return mined.copy()
    wanted = _wanted_sats(policy, mined, price, costs)
    held, out = np.zeros(mined.shape[:-1], np.int64), np.empty(mined.shape, np.int64)
    last = mined.shape[-1] - 1
    for month in range(last + 1):
        held = held + mined[..., month]
        out[..., month] = held if month == last else np.minimum(wanted[..., month], held)
        held = held - out[..., month]
    return out


def _wanted_sats(policy: Policy, mined: Whole, price: Whole, costs: Any) -> Whole:
    """What the policy would sell in each month if it were there."""
    if policy.rule == "hold_share":
        return np.asarray(mined - np.rint(mined * policy.hold_frac).astype(np.int64))
    if policy.rule == "above_price":
        return np.where(price >= policy.sell_above_usd * CENTS_PER_USD, MOST_SATS, 0)
    kept = price * (1.0 - policy.fee_frac)
    needed = np.ceil(np.maximum(costs, 0.0) * CENTS_PER_USD + 1.0) * SATS_PER_BTC  # a cent for the roundings
    enough = np.divide(needed, kept, out=np.full(mined.shape, float(MOST_SATS)), where=kept > 0)
    return np.where(costs > 0, np.ceil(np.minimum(enough, MOST_SATS)), 0).astype(np.int64)


def ledger(
    mined_sats: ArrayLike,
    sold_sats: ArrayLike,
    cents_per_btc: ArrayLike,
    method: Method = "fifo",
    fee_frac: float = 0.0,
) -> Ledger:
    """Books of the coins: each sale takes from the lots, one a month, first in first out or dearest first.

    mined_sats, sold_sats [sat] and cents_per_btc [cents], whole ≥ 0, (…, months); sales of a month may take its own lot.
    method: fifo, or hifo (highest basis first, of equal ones the oldest). fee_frac [1] in 0…1 of proceeds.
    The basis of a lot is what its coins were worth; its parts, however it is cut, sum to it to the cent.
    ValidationError where more is sold than held. Source: IRS Notice 2014-21 (income at fair value when mined), Rev. Proc.
    2024-28 and 26 CFR 1.1012-1 (lots first in first out, or by specific identification).
    """
    mined, sold, price = np.broadcast_arrays(
        _whole("mined_sats", mined_sats), _whole("sold_sats", sold_sats), _whole("cents_per_btc", cents_per_btc)
    )
    held = np.cumsum(mined - sold, axis=-1)
    if (held < 0).any():
        raise refused("sold_sats", int(-held.min()), "no more than is held")
    if not 0 <= fee_frac <= 1:
        raise refused("fee_frac", fee_frac, "a share from 0 to 1")
    income, proceeds = worth_cents(mined, price), worth_cents(sold, price)
    fee = np.rint(proceeds * fee_frac).astype(np.int64)
    basis, long_basis, long_sold = _bases(mined, sold, price, _rank(method, price))
    # the month's proceeds net of the fee, shared out between long- and short-held coins by their number
    long_proceeds = _part(proceeds - fee, long_sold, sold)
    return Ledger(
        mined_sats=mined.copy(),
        sold_sats=sold.copy(),
        held_sats=held,
        income_cents=income,
        proceeds_cents=proceeds,
        fee_cents=fee,
        basis_cents=basis,
        gain_cents=proceeds - fee - basis,
        long_gain_cents=long_proceeds - long_basis,
        held_basis_cents=np.cumsum(income - basis, axis=-1),
    )


def _rank(method: Method, price: Whole) -> Whole:
    """Lots of lower rank are sold first, of equal rank the older one."""
    if method not in {"fifo", "hifo"}:
        raise refused("method", method, "fifo or hifo")
    return -price if method == "hifo" else np.zeros_like(price)


def _bases(mined: Whole, sold: Whole, price: Whole, rank: Whole) -> tuple[Whole, Whole, Whole]:
    """Basis of each month's sales, the part of it on coins held for long, and how many those were."""
    basis, long_basis, long_sold = told = tuple(np.zeros(mined.shape, np.int64) for _ in range(3))
    if is_compiled():
        given = (np.ascontiguousarray(rows).reshape(-1, mined.shape[-1]) for rows in (mined, sold, price, rank))
        _kernel()(*given, *(rows.reshape(-1, mined.shape[-1]) for rows in told))
        return basis, long_basis, long_sold
    for path in np.ndindex(mined.shape[:-1]):
        takes = np.array(_takes(mined[path], sold[path], rank[path]), np.int64).reshape(-1, 4)
        month, lot, coins, gone = takes.T
        cost = worth_cents(gone + coins, price[path][lot]) - worth_cents(gone, price[path][lot])
        old = month - lot > MONTHS_TO_LONG_TERM
        for total, part in ((basis, cost), (long_basis, cost * old), (long_sold, coins * old)):
            np.add.at(total[path], month, part)
    return basis, long_basis, long_sold


def _takes(mined: Whole, sold: Whole, rank: Whole) -> list[tuple[int, int, int, int]]:
    """(month of sale, lot, coins, coins sold from the lot before) for every lot that a sale takes from."""
    lots: list[tuple[int, int, int, int]] = []  # a heap of (rank, lot, coins left, coins gone)
    takes = []
    for month, (coins, sale, key) in enumerate(zip(mined.tolist(), sold.tolist(), rank.tolist(), strict=True)):
        if coins:
            heappush(lots, (key, month, coins, 0))
        while sale:
            first, lot, left, gone = lots[0]
            taken = min(sale, left)
            takes.append((month, lot, taken, gone))
            sale -= taken
            if taken < left:
                heapreplace(lots, (first, lot, left - taken, gone + taken))
            else:
                heappop(lots)
    return takes


@cache
def _kernel() -> Callable[..., None]:
    from core.models import treasury_kernel

    return treasury_kernel.bases()


def compile_kernel() -> None:
    """Make the kernel ready: some seconds the first time on a machine, then from disk; Python answers meanwhile."""
    _kernel()


def is_compiled() -> bool:
    return _kernel.cache_info().currsize > 0


def _part(cents: Whole, sats: Whole, of_sats: Whole) -> Whole:
    """cents · sats / of_sats in whole cents, all of it where both are equal."""
    share = np.divide(sats, of_sats, out=np.zeros(sats.shape), where=of_sats > 0)
    return np.where(sats == of_sats, cents * (sats > 0), np.rint(cents * share).astype(np.int64))


# Checks


def _check_policy(policy: Policy) -> None:
    for name in ("hold_frac", "fee_frac"):
        if not 0 <= getattr(policy, name) <= 1:
            raise refused(name, getattr(policy, name), "a share from 0 to 1")
    if not policy.sell_above_usd >= 0:
        raise refused("sell_above_usd", policy.sell_above_usd, "0 or more")
    if policy.rule not in {"sell_all", "hold_share", "cover_costs", "above_price"}:
        raise refused("rule", policy.rule, "sell_all, hold_share, cover_costs or above_price")


def _whole(name: str, value: ArrayLike) -> Whole:
    figures = np.asarray(value)
    if figures.dtype.kind not in "iu":
        raise refused(name, value, "whole numbers")
    most = MOST_CENTS_PER_BTC if name == "cents_per_btc" else MOST_SATS
    if ((figures < 0) | (figures > most)).any():
        raise refused(name, int(figures[(figures < 0) | (figures > most)].flat[0]), f"0 to {most}")
    return figures.astype(np.int64)
