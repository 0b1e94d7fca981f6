"""What outside sources say, in the house's words: every figure with its unit, every answer with its date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

EPOCH_BLOCKS = 2016  # blocks between two retargets


@dataclass(frozen=True)
class NetworkNow:
    """How hard blocks are to find, and the hash rate that looks for them."""

    difficulty: float
    hashrate_ths: float
    observed_at: datetime


@dataclass(frozen=True)
class Retarget:
    """The tip of the chain and the next change of difficulty, as the pace of this epoch suggests it.

    `height`: newest block. `next_height`: first block of the new difficulty. `change_frac`: +0.05 is 5 % harder.
    `block_seconds`: mean time between the blocks of this epoch.
    """

    height: int
    next_height: int
    estimated_at: datetime
    change_frac: float
    block_seconds: float
    observed_at: datetime

    @property
    def blocks_left(self) -> int:
        """Blocks until the difficulty changes."""
        return self.next_height - self.height


@dataclass(frozen=True)
class RecentBlocks:
    """Which blocks are asked about: the last `count`.

    `end_height` is the tip where it is known, 0 where not. It is a help for a node that cannot be asked for "the
    last" blocks, and no part of the question: two are equal whatever it is, so that a cached answer is found again.
    """

    count: int = 144
    end_height: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class BlockFees:
    """Mean transaction fees over the newest `blocks` blocks, the last of them at `end_height`."""

    fees_btc_per_block: float
    blocks: int
    end_height: int
    observed_at: datetime


@dataclass(frozen=True)
class Price:
    """What one bitcoin costs in a currency."""

    currency: str
    price_per_btc: float
    observed_at: datetime


@dataclass(frozen=True)
class Series:
    """A quantity by UTC day, oldest first. A day comes once; days may be missing."""

    days: tuple[date, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class MarketHistory:
    """Price, difficulty and block reward on the same UTC days, oldest first: all that a hashprice takes.

    `fees_btc_per_block` is 0 on days before the fees are known.
    """

    days: tuple[date, ...]
    price_usd: tuple[float, ...]
    difficulty: tuple[float, ...]
    subsidy_btc: tuple[float, ...]
    fees_btc_per_block: tuple[float, ...]


@dataclass(frozen=True)
class Rates:
    """What one unit of `base` costs in other currencies, `base` itself included at 1, on the day they were set."""

    base: str
    per_base: Mapping[str, float] = field(hash=False)
    day: date
