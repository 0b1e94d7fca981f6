"""What the coins sold in each month cost, for many paths, for numba: `treasury.ledger`. Imports numba; import it late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from core.units import SATS_PER_BTC

MONTHS_TO_LONG_TERM = 12
Whole = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])


def within(function: F) -> F:
    """Put into the loops that call it."""
    return cast(F, njit(forceinline=True)(function))


@within
def _worth_cents(sats: int, cents_per_btc: int) -> int:
    coins, rest = sats // SATS_PER_BTC, sats % SATS_PER_BTC
    return coins * cents_per_btc + (rest * cents_per_btc + SATS_PER_BTC // 2) // SATS_PER_BTC


@within
def _put(order: Whole, head: int, tail: int, rank: Whole, lot: int) -> None:
    """Put a lot behind those of its rank and below, among the ones at `head` to `tail` that are left, in their order."""
    at = tail
    while at > head and rank[order[at - 1]] > rank[lot]:
        order[at] = order[at - 1]
        at -= 1
    order[at] = lot


def _bases(
    mined: Whole, sold: Whole, price: Whole, rank: Whole, basis: Whole, long_basis: Whole, long_sold: Whole
) -> None:
    """Arguments as of `treasury.ledger` and what it tells, each (paths, months); what is told begins at 0."""
    paths, months = mined.shape
    order, gone = np.zeros(months, np.int64), np.zeros(months, np.int64)
    for path in range(paths):
        head, tail = 0, 0
        gone[:] = 0
        for month in range(months):
            if mined[path, month]:
                _put(order, head, tail, rank[path], month)
                tail += 1
            sale = sold[path, month]
            while sale:
                lot = order[head]
                taken = min(sale, mined[path, lot] - gone[lot])
                cents = price[path, lot]
                cost = _worth_cents(gone[lot] + taken, cents) - _worth_cents(gone[lot], cents)
                gone[lot] += taken
                sale -= taken
                head += gone[lot] == mined[path, lot]
                basis[path, month] += cost
                if month - lot > MONTHS_TO_LONG_TERM:
                    long_basis[path, month] += cost
                    long_sold[path, month] += taken


def bases() -> Callable[..., None]:
    """`_bases`, compiled."""
    given, told = types.Array(types.int64, 2, "C", readonly=True), types.Array(types.int64, 2, "C")
    ready: Callable[..., None] = njit(types.void(*[given] * 4, *[told] * 3), nogil=True, cache=True)(_bases)
    return ready
