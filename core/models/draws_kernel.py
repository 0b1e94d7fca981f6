"""Normal numbers of paths for numba: `draws.normals` and `quasi.waved`, paths side by side. Imports numba; import it late.

The words are those of `draws.philox`, bit for bit. What makes them normal is Wichura's rational functions here and Cephes'
there, which differ in the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])
LANES = 64
ROUNDS = 10
LOW_32, BITS_32, BITS_20, BITS_12 = (np.uint64(word) for word in (0xFFFFFFFF, 32, 20, 12))
BY_A, BY_C = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
STEP_FIRST, STEP_SECOND = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
FROM_ONE_TO_TWO, MANTISSA = np.uint64(0x3FF0000000000000), np.uint64(0xFFFFFFFFFFFFF)
HALF_A_STEP = 2.0**-53
# Source of all that follows: Wichura (1988), algorithm AS 241, PPND16
MIDDLE, NEAR, MIDDLE_AT, NEAR_BY, FAR_BY = 0.425, 5.0, 0.180625, 1.6, 5.0


def within(function: F) -> F:
    """Put into the loops that call it."""
    return cast(F, njit(forceinline=True, error_model="numpy")(function))


@within
def _in_the_middle(q: float) -> float:
    """For |q| ≤ 0.425, q the share less a half; no branches, so that lanes make vectors."""
    r = MIDDLE_AT - q * q
    over = ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
        + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
        + 133.14166789178437745) * r + 3.387132872796366608  # fmt: skip
    under = ((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
        + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
        + 42.313330701600911252) * r + 1.0  # fmt: skip
    return q * over / under


@within
def _in_the_tail(share: float) -> float:
    """The size of the number that so small a share exceeds."""
    r = float(np.sqrt(-np.log(share)))
    if r <= NEAR:
        r -= NEAR_BY
        over = ((((((7.7454501427834140764e-4 * r + 2.27238449892691845833e-2) * r + 2.4178072517745061177e-1) * r
            + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
            + 4.6303378461565452959) * r + 1.42343711074968357734  # fmt: skip
        under = ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 1.51986665636164571966e-2) * r
            + 1.4810397642748007459e-1) * r + 6.8976733498510000455e-1) * r + 1.6763848301838038494) * r
            + 2.05319162663775882187) * r + 1.0  # fmt: skip
        return over / under
    r -= FAR_BY
    over = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.2426609473880784386e-3) * r
        + 2.6532189526576123093e-2) * r + 2.9656057182850489123e-1) * r + 1.7848265399172913358) * r
        + 5.4637849111641143699) * r + 6.6579046435011037772  # fmt: skip
    under = ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
        + 7.868691311456132591e-4) * r + 1.48753612908506148525e-2) * r + 1.3692988092273580531e-1) * r
        + 5.9983220655588793769e-1) * r + 1.0  # fmt: skip
    return over / under


def _normals(first_key: Any, second_key: Any, stream: Any, first: Any, out: Floats) -> None:
    """Writes `out` (months, paths), paths from `first` on; the counter is (month ÷ 2, path, path's high word, stream)."""
    months, count = out.shape
    words = np.empty((4, LANES), np.uint64)
    a, b, c, d = words[0], words[1], words[2], words[3]
    share = np.empty((2, LANES), np.uint64)
    number = share.view(np.float64)
    for start in range(0, count, LANES):
        lanes = min(LANES, count - start)
        for pair in range((months + 1) // 2):
            for j in range(LANES):
                path = first + np.uint64(start + j)
                a[j], b[j] = np.uint64(pair), path & LOW_32
                c[j], d[j] = path >> BITS_32, stream
            one, two = first_key, second_key
            for _ in range(ROUNDS):
                for j in range(LANES):
                    by_a, by_c = BY_A * (a[j] & LOW_32), BY_C * (c[j] & LOW_32)
                    a[j], b[j] = (by_c >> BITS_32) ^ b[j] ^ one, by_c & LOW_32
                    c[j], d[j] = (by_a >> BITS_32) ^ d[j] ^ two, by_a & LOW_32
                one, two = (one + STEP_FIRST) & LOW_32, (two + STEP_SECOND) & LOW_32
            for j in range(LANES):
                share[0, j] = (((a[j] << BITS_20) | (b[j] >> BITS_12)) & MANTISSA) | FROM_ONE_TO_TWO
                share[1, j] = (((c[j] << BITS_20) | (d[j] >> BITS_12)) & MANTISSA) | FROM_ONE_TO_TWO
            for half in range(min(2, months - 2 * pair)):
                month = 2 * pair + half
                for j in range(lanes):
                    out[month, start + j] = _in_the_middle(number[half, j] - 1.0 + HALF_A_STEP - 0.5)
                for j in range(lanes):
                    even = number[half, j] - 1.0 + HALF_A_STEP
                    if even < 0.5 - MIDDLE:
                        out[month, start + j] = -_in_the_tail(even)
                    elif even > 0.5 + MIDDLE:
                        out[month, start + j] = _in_the_tail(1.0 - even)


def _waved(waves: Floats, even: Floats, moves: Floats) -> None:
    """Gives `moves` (months, paths) the slow waves `even` (waves, paths); waves (months, waves)."""
    months, count = moves.shape
    wanted, block = np.zeros((waves.shape[1], LANES)), np.zeros((months, LANES))
    for start in range(0, count, LANES):
        lanes = min(LANES, count - start)
        wanted[:, :lanes] = even[:, start : start + lanes]
        block[:, :lanes] = moves[:, start : start + lanes]  # rows lie a power of two apart, where caches are poor
        for month in range(months):
            for wave in range(waves.shape[1]):
                size = waves[month, wave]
                for j in range(LANES):
                    wanted[wave, j] -= size * block[month, j]
        for month in range(months):
            for wave in range(waves.shape[1]):
                size = waves[month, wave]
                for j in range(LANES):
                    block[month, j] += size * wanted[wave, j]
        moves[:, start : start + lanes] = block[:, :lanes]


def normals() -> Callable[..., None]:
    """`_normals`, compiled."""
    word = types.uint64
    return _compiled(_normals, word, word, word, word, types.Array(types.float64, 2, "C"))


def waved() -> Callable[..., None]:
    """`_waved`, compiled."""
    given = types.Array(types.float64, 2, "C", readonly=True)
    return _compiled(_waved, given, given, types.Array(types.float64, 2, "C"))


def _compiled(kernel: Callable[..., None], *arguments: Any) -> Callable[..., None]:
    ready: Callable[..., None] = njit(types.void(*arguments), nogil=True, cache=True, error_model="numpy")(kernel)
    return ready
