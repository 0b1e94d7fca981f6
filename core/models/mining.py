"""What hashing earns and costs, from difficulty: expected coins, hashprice, hashcost and every break-even.

Expected coins come from difficulty and never from an estimate of the network's hash rate: difficulty is what a hash is
really measured against, an estimate is noise, and dividing by noise raises its mean.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.figures import at_least_0, finite, positive, refused
from core.units import (
    BLOCK_SECONDS,
    BLOCKS_PER_ERA,
    DAY_S,
    HASHES_PER_DIFFICULTY,
    HASHES_PER_TH,
    HOURS_PER_DAY,
    JOULES_PER_KWH,
    SATS_PER_BTC,
    THS_PER_PHS,
)

FIRST_SUBSIDY_SATS = 50 * SATS_PER_BTC
FORTNIGHT_SECONDS = 14 * 24 * 3600  # what 2,016 blocks should take
POW_LIMIT = 0xFFFF << 208  # easiest target of the main network once written as bits: difficulty 1

Broadcast: TypeAlias = Any  # a float for scalars, else an array of the arguments' broadcast shape


# Protocol


def subsidy_sats(height: Any) -> Any:
    """New coins in the block at a height.

    50 BTC >> (height // 210,000), in whole satoshi.

    height: integer or integer array ≥ 0, any shape. Returns int, or int64 array of that shape; 0 from 6,930,000 on.
    Source: Bitcoin Core, validation.cpp, GetBlockSubsidy.
    """
    if isinstance(height, int | np.integer) and not isinstance(height, bool):
        return FIRST_SUBSIDY_SATS >> min(int(_not_negative("height", int(height))) // BLOCKS_PER_ERA, 63)
    heights = _not_negative("height", _integers("height", height))
    era = np.minimum(heights // BLOCKS_PER_ERA, 63).astype(np.int64)
    return np.int64(FIRST_SUBSIDY_SATS) >> era


def difficulty_from_bits(bits: Any) -> Broadcast:
    """Difficulty that a block header's compact target stands for.

    0xffff · 2^208 / target, target = mantissa · 256^(exponent − 3).

    bits: integer or integer array. Refused where no target exists: sign bit set, mantissa 0, above 256 bits.
    Targets easier than the main network allows give less than 1, as on test networks.
    Source: Bitcoin Core, arith_uint256.cpp, SetCompact; rpc/blockchain.cpp, GetDifficulty.
    """
    size, word = _compact_parts(_integers("bits", bits))
    return np.ldexp(float(0xFFFF) / word, (8 * (29 - size)).astype(np.int32))


def retarget_bits(bits: Any, first_time: Any, last_time: Any) -> Any:
    """Compact target of the next 2,016 blocks.

    target · clamp(last_time − first_time, ¼ … 4 fortnights) / fortnight, rounded down, at most the proof-of-work limit.

    bits: of the epoch that ends; first_time, last_time: of its first and last block [s]. Integers or integer arrays.
    Source: Bitcoin Core, pow.cpp, CalculateNextWorkRequired.
    """
    arguments = [_integers(*pair) for pair in (("bits", bits), ("first_time", first_time), ("last_time", last_time))]
    _compact_parts(arguments[0])
    if all(a.ndim == 0 for a in arguments):
        return _retargeted(*(int(a) for a in arguments))
    return np.vectorize(_retargeted, otypes=[np.int64])(*arguments)


def _retargeted(bits: int, first_time: int, last_time: int) -> int:
    span = min(max(int(last_time) - int(first_time), FORTNIGHT_SECONDS // 4), FORTNIGHT_SECONDS * 4)
    return _compact(min(_target(int(bits)) * span // FORTNIGHT_SECONDS, POW_LIMIT))


def _target(bits: int) -> int:
    shift = 8 * ((bits >> 24) - 3)
    mantissa = bits & 0x7FFFFF
    return mantissa << shift if shift >= 0 else mantissa >> -shift


def _compact(target: int) -> int:
    size = (target.bit_length() + 7) // 8
    word = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if word & 0x800000:  # would read as a minus sign
        word, size = word >> 8, size + 1
    return word | size << 24


def _compact_parts(bits: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Exponent and mantissa, the exponent at least 3; ValidationError where they make no positive 256-bit target."""
    size, word = bits >> 24, bits & 0x7FFFFF
    word = np.where(size < 3, word >> 8 * np.maximum(3 - size, 0), word)
    too_wide = (size > 34) | ((word > 0xFF) & (size > 33)) | ((word > 0xFFFF) & (size > 32))
    wrong = (bits < 0) | (bits > 0xFFFFFFFF) | (bits & 0x800000 != 0) | (word == 0) | too_wide
    if wrong.any():
        raise refused("bits", np.asarray(bits)[wrong].flat[0], "compact bits of a positive target below 2^256")
    return np.maximum(size, 3), word


# Hash rate and coins


def network_hashrate_ths(difficulty: ArrayLike) -> Broadcast:
    """Hash rate at which blocks come every ten minutes.

    D · 2³² / 600 s.

    difficulty [1] > 0, any shape. Returns TH/s. Source: Bitcoin wiki, "Difficulty".
    """
    return _hashes_per_block(difficulty) / BLOCK_SECONDS / HASHES_PER_TH


def expected_blocks(hashrate_ths: ArrayLike, seconds: ArrayLike, difficulty: ArrayLike) -> Broadcast:
    """Mean number of blocks found.

    hashes / (D · 2³²).

    hashrate_ths [TH/s] ≥ 0, seconds [s] ≥ 0, difficulty [1] > 0; shapes broadcast. Source: Bitcoin wiki, "Difficulty".
    """
    hashes = at_least_0("hashrate_ths", hashrate_ths) * HASHES_PER_TH * at_least_0("seconds", seconds)
    return hashes / _hashes_per_block(difficulty)


def blocks_cv_frac(expected: ArrayLike) -> Broadcast:
    """Spread of the number of blocks found around its mean: a solo miner's luck.

    1 / √n, the Poisson coefficient of variation.

    expected: mean number of blocks n ≥ 0, any shape; inf where 0. Source: Rosenfeld (2011), "Analysis of Bitcoin Pooled
    Mining Reward Systems".
    """
    return _divided(1.0, np.sqrt(at_least_0("expected", expected)))


def expected_btc(
    hashrate_ths: ArrayLike,
    seconds: ArrayLike,
    difficulty: ArrayLike,
    subsidy_btc: ArrayLike,
    fees_btc: ArrayLike = 0.0,
) -> Broadcast:
    """Mean coins mined, before the pool's share.

    hashes / (D · 2³²) · (subsidy + fees).

    hashrate_ths [TH/s], seconds [s], difficulty [1] > 0, subsidy_btc and fees_btc [BTC per block]; shapes broadcast.
    Source: Bitcoin wiki, "Difficulty"; Hashrate Index, definition of hashvalue.
    """
    return expected_blocks(hashrate_ths, seconds, difficulty) * _reward_btc(subsidy_btc, fees_btc)


# Worth and cost of hashing


def hashprice_usd_per_ph_day(
    price_usd: ArrayLike, difficulty: ArrayLike, subsidy_btc: ArrayLike, fees_btc: ArrayLike = 0.0
) -> Broadcast:
    """Mean income of one PH/s over a day, before the pool's share.

    86,400 · 10¹⁵ / (D · 2³²) · (subsidy + fees) · price.

    price_usd [USD] ≥ 0, difficulty [1] > 0, subsidy_btc and fees_btc [BTC per block]; shapes broadcast. USD/(PH/s)/day.
    Source: Luxor, Hashrate Index, definition of hashprice.
    """
    coins = expected_btc(THS_PER_PHS, DAY_S, difficulty, subsidy_btc, fees_btc)
    return coins * at_least_0("price_usd", price_usd)


def hashcost_usd_per_ph_day(efficiency_j_per_th: ArrayLike, usd_per_kwh: ArrayLike) -> Broadcast:
    """Electricity that one PH/s burns in a day.

    J/TH · 24 · USD/kWh: one PH/s at 1 J/TH draws 1 kW.

    efficiency_j_per_th [J/TH] > 0 (times PUE for the whole site), usd_per_kwh [USD/kWh], may be negative; shapes broadcast.
    Source: Luxor, Hashrate Index, definition of hashcost.
    """
    return positive("efficiency_j_per_th", efficiency_j_per_th) * HOURS_PER_DAY * finite("usd_per_kwh", usd_per_kwh)


def cost_usd_per_btc(
    efficiency_j_per_th: ArrayLike,
    usd_per_kwh: ArrayLike,
    difficulty: ArrayLike,
    subsidy_btc: ArrayLike,
    fees_btc: ArrayLike = 0.0,
) -> Broadcast:
    """Electricity burned for one bitcoin; no other cost.

    J/TH · D · 2³² / 10¹² / 3.6·10⁶ · USD/kWh / (subsidy + fees).

    efficiency_j_per_th [J/TH] > 0, usd_per_kwh [USD/kWh], difficulty [1] > 0, subsidy_btc and fees_btc [BTC per block];
    shapes broadcast. inf where a block pays nothing. Source: Braiins, "cost to mine one bitcoin".
    """
    kwh_per_th = positive("efficiency_j_per_th", efficiency_j_per_th) / JOULES_PER_KWH
    usd_per_block = kwh_per_th * _hashes_per_block(difficulty) / HASHES_PER_TH * finite("usd_per_kwh", usd_per_kwh)
    return _divided(usd_per_block, _reward_btc(subsidy_btc, fees_btc))


def mined_kwh_value_usd(
    hashprice_usd_per_ph_day: ArrayLike, efficiency_j_per_th: ArrayLike, pool_fee_frac: ArrayLike, pue: ArrayLike
) -> Broadcast:
    """What one kWh of site draw earns when mined.

    hashprice · (1 − pool fee) / (24 · J/TH · PUE).

    hashprice_usd_per_ph_day [USD/(PH/s)/day] ≥ 0, efficiency_j_per_th [J/TH] > 0 of the machine (of the last step for a
    step of power), pool_fee_frac [1] in 0…1, pue [1] ≥ 1; shapes broadcast. USD/kWh.
    Source: Luxor, hashprice over hashcost; Green Grid (2007), PUE.
    """
    draw = positive("efficiency_j_per_th", efficiency_j_per_th) * HOURS_PER_DAY * positive("pue", pue)
    return at_least_0("hashprice_usd_per_ph_day", hashprice_usd_per_ph_day) * _kept_frac(pool_fee_frac) / draw


# Break-evens: where income equals the electricity bill


def breakeven_usd_per_kwh(efficiency_j_per_th: ArrayLike, hashprice_usd_per_ph_day: ArrayLike) -> Broadcast:
    """Highest power price at which hashing pays.

    hashprice / (24 · J/TH).

    efficiency_j_per_th [J/TH] > 0, hashprice_usd_per_ph_day [USD/(PH/s)/day] ≥ 0; shapes broadcast. USD/kWh.
    Source: hashprice = hashcost, Luxor's definitions.
    """
    return mined_kwh_value_usd(hashprice_usd_per_ph_day, efficiency_j_per_th, pool_fee_frac=0.0, pue=1.0)


def breakeven_price_usd(
    efficiency_j_per_th: ArrayLike,
    usd_per_kwh: ArrayLike,
    difficulty: ArrayLike,
    subsidy_btc: ArrayLike,
    fees_btc: ArrayLike = 0.0,
    pool_fee_frac: ArrayLike = 0.0,
) -> Broadcast:
    """Lowest bitcoin price at which hashing pays.

    cost per BTC / (1 − pool fee).

    Arguments as for `cost_usd_per_btc`; pool_fee_frac [1] in 0…1, inf where the pool keeps all.
    Source: hashprice = hashcost, Luxor's definitions.
    """
    cost = cost_usd_per_btc(efficiency_j_per_th, usd_per_kwh, difficulty, subsidy_btc, fees_btc)
    return _divided(cost, _kept_frac(pool_fee_frac))


def breakeven_difficulty(
    efficiency_j_per_th: ArrayLike,
    usd_per_kwh: ArrayLike,
    price_usd: ArrayLike,
    subsidy_btc: ArrayLike,
    fees_btc: ArrayLike = 0.0,
    pool_fee_frac: ArrayLike = 0.0,
) -> Broadcast:
    """Highest difficulty at which hashing pays.

    price · (1 − pool fee) · (subsidy + fees) / (electricity cost of 2³² hashes).

    Arguments as for `breakeven_price_usd`, price_usd [USD] ≥ 0. inf where power is free or paid for: no difficulty is too high.
    Source: hashprice = hashcost, Luxor's definitions.
    """
    usd_per_th = (
        positive("efficiency_j_per_th", efficiency_j_per_th) / JOULES_PER_KWH * finite("usd_per_kwh", usd_per_kwh)
    )
    income = at_least_0("price_usd", price_usd) * _kept_frac(pool_fee_frac) * _reward_btc(subsidy_btc, fees_btc)
    return _divided(income, usd_per_th * (HASHES_PER_DIFFICULTY / HASHES_PER_TH))


# Checks


def _hashes_per_block(difficulty: ArrayLike) -> Any:
    return positive("difficulty", difficulty) * HASHES_PER_DIFFICULTY  # in floats: 64-bit integers end at D ≈ 2·10⁹


def _reward_btc(subsidy_btc: ArrayLike, fees_btc: ArrayLike) -> Any:
    return at_least_0("subsidy_btc", subsidy_btc) + at_least_0("fees_btc", fees_btc)


def _kept_frac(pool_fee_frac: ArrayLike) -> Any:
    fee = finite("pool_fee_frac", pool_fee_frac)
    if ((fee < 0) | (fee > 1)).any():
        raise refused("pool_fee_frac", _first(fee, (fee < 0) | (fee > 1)), "a share from 0 to 1")
    return 1.0 - fee


def _divided(value: Any, by: Any) -> Any:
    """value / by, and inf where `by` is not above 0."""
    out = np.full(np.broadcast_shapes(np.shape(value), np.shape(by)), np.inf)
    return np.divide(value, by, out=out, where=np.asarray(by) > 0)[()]


def _not_negative(name: str, value: Any) -> Any:
    if np.any(value < 0):
        raise refused(name, _first(np.asarray(value), np.asarray(value < 0)), "0 or more")
    return value


def _integers(name: str, value: Any) -> NDArray[np.int64]:
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iu":
        raise refused(name, _first(numbers, np.ones(numbers.shape, bool)) if numbers.size else value, "whole numbers")
    return numbers.astype(np.int64)


def _first(values: NDArray[Any], wrong: NDArray[np.bool_]) -> Any:
    found = values[wrong].flat[0]
    return found.item() if isinstance(found, np.generic) else found
