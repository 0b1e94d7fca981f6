"""What a pool pays and how luck spreads it: full pay per portion, pay per last N shares, and mining alone.

Every scheme pays the same in the mean before its fee; they differ in who bears the luck. Counts of blocks are Poisson.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from core.figures import at_least_0, refused, share

Broadcast: TypeAlias = Any  # a float for scalars, else an array of the arguments' broadcast shape
Scheme = Literal["fpps", "pplns", "solo"]


def payout_btc(expected_blocks: ArrayLike, reward_btc: ArrayLike, pool_fee_frac: ArrayLike) -> Broadcast:
    """Mean coins paid over a period, by any scheme.

    n · B · (1 − fee).

    expected_blocks n ≥ 0: mean number of blocks that the miner's own hashes find; reward_btc B [BTC per block] ≥ 0, fees
    of transactions included; pool_fee_frac [1] in 0…1; shapes broadcast. Returns BTC.
    Source: Rosenfeld (2011), "Analysis of Bitcoin Pooled Mining Reward Systems".
    """
    return at_least_0("expected_blocks", expected_blocks) * _kept_btc(reward_btc, pool_fee_frac)


def payout_sd_btc(
    scheme: Scheme,
    expected_blocks: ArrayLike,
    reward_btc: ArrayLike,
    pool_fee_frac: ArrayLike,
    pool_share_frac: ArrayLike = 1.0,
    window_blocks: ArrayLike = 0.0,
) -> Broadcast:
    """Standard deviation of the coins paid for a period's work.

    fpps 0; solo √n · B · (1 − fee); pplns √(n · s · g) · B · (1 − fee), with r = window · s / n the window over the period:
    g = 1 − r/3 where r ≤ 1, else (1 − 1/(3r)) / r.

    scheme: fpps, pplns or solo; expected_blocks n, reward_btc B and pool_fee_frac as for `payout_btc`; pool_share_frac s
    [1] in 0…1: the miner's part of the pool's hash rate, so that the pool expects n / s blocks; window_blocks ≥ 0: length
    of the window in blocks that the pool expects within it; shapes broadcast. Returns BTC.
    Work is even over the period and is paid as blocks come until the window has passed it; a longer window spreads each
    share over more blocks. The whole pool (s = 1) with a window of 0 has the luck of a solo miner.
    Source: variance of a shot noise (Campbell 1909); Rosenfeld (2011), sections on PPS, PPLNS and solo.
    """
    blocks, kept = at_least_0("expected_blocks", expected_blocks), _kept_btc(reward_btc, pool_fee_frac)
    portion, window = share("pool_share_frac", pool_share_frac), at_least_0("window_blocks", window_blocks)
    if scheme == "solo":
        return np.sqrt(blocks) * kept
    if scheme == "fpps":
        return 0.0 * blocks * kept
    if scheme != "pplns":
        raise refused("scheme", scheme, "fpps, pplns or solo")
    short, long = np.minimum(window * portion, blocks), np.maximum(window * portion, blocks)
    part = np.divide(short, long, out=np.zeros(np.shape(long)), where=long > 0)
    spread = np.where(window * portion > blocks, part, 1.0) * (1.0 - part / 3.0)
    return (np.sqrt(blocks * portion * spread) * kept)[()]


def no_block_probability(expected_blocks: ArrayLike) -> Broadcast:
    """Probability that a period brings no block at all.

    e^(−n).

    expected_blocks n ≥ 0, any shape. Source: Poisson; Rosenfeld (2011), solo mining.
    """
    return np.exp(-at_least_0("expected_blocks", expected_blocks))


def drawn_btc(
    scheme: Scheme,
    expected_blocks: ArrayLike,
    reward_btc: ArrayLike,
    pool_fee_frac: ArrayLike,
    rng: np.random.Generator,
    pool_share_frac: ArrayLike = 1.0,
) -> Broadcast:
    """Coins paid in a period, drawn by chance.

    fpps: the mean; solo: Poisson(n) blocks; pplns: the share s of Poisson(n / s) blocks, each · B · (1 − fee).

    Arguments as for `payout_sd_btc`, `rng` the source of chance, shapes broadcast. Returns BTC.
    By pplns each period gets its part of the blocks of that period: in a run of periods the window only moves coins to
    the next one, so the spread of a long run is right and that of a single period is that of a short window.
    Source: Rosenfeld (2011), "Analysis of Bitcoin Pooled Mining Reward Systems"; blocks come as a Poisson process.
    """
    blocks, kept, portion = np.broadcast_arrays(
        at_least_0("expected_blocks", expected_blocks),
        _kept_btc(reward_btc, pool_fee_frac),
        share("pool_share_frac", pool_share_frac),
    )
    if scheme not in {"fpps", "pplns", "solo"}:
        raise refused("scheme", scheme, "fpps, pplns or solo")
    if scheme == "fpps":
        return (blocks * kept)[()]
    part = np.ones_like(portion) if scheme == "solo" else portion
    found = rng.poisson(np.divide(blocks, part, out=np.zeros(blocks.shape), where=part > 0))
    return (np.where(part > 0, found * part, blocks) * kept)[()]  # a pool without end has no luck


def _kept_btc(reward_btc: ArrayLike, pool_fee_frac: ArrayLike) -> Any:
    return at_least_0("reward_btc", reward_btc) * (1.0 - share("pool_fee_frac", pool_fee_frac))
