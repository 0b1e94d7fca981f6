"""Random numbers of a path that do not depend on how many paths are drawn, in which order or by whom.

Each number is a function of seed, stream, path and month: a counter is scrambled, no state is carried on. So path 17 is the
same in a batch of a hundred and of a million, and two plans can be run on the same chances.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ValidationError
from core.figures import refused

Floats: TypeAlias = NDArray[np.float64]
Words: TypeAlias = NDArray[np.uint64]  # 32 bits in each
ROUNDS = 10
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
KEY_STEPS = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW_32, BITS_32 = np.uint64(0xFFFFFFFF), np.uint64(32)
MOST_SEED, MOST_STREAM = 2**64 - 1, 2**32 - 1
PSD_FLOOR = 1e-10  # smallest eigenvalue of a repaired matrix
ROUNDS_OF_REPAIR, NEAR_ENOUGH = 500, 1e-12


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Four scrambled words of 32 bits for each counter of four (Philox4x32-10).

    Ten rounds of a multiplication of 32 by 32 bits whose halves are mixed with the key.

    counter: words that broadcast; key: two words. Source: Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as
    easy as 1, 2, 3", SC11.
    """
    a, b, c, d = np.broadcast_arrays(*(np.asarray(word, np.uint64) for word in counter))
    first, second = (np.uint64(word) for word in key)
    for _ in range(ROUNDS):
        one, other = MULTIPLIERS[0] * a, MULTIPLIERS[1] * c
        a, b, c, d = (
            (other >> BITS_32) ^ b ^ first,
            other & LOW_32,
            (one >> BITS_32) ^ d ^ second,
            one & LOW_32,
        )
        first, second = (first + KEY_STEPS[0]) & LOW_32, (second + KEY_STEPS[1]) & LOW_32
    return a, b, c, d


def uniforms(seed: int, stream: int, first: int, count: int, months: int) -> Floats:
    """Numbers even between 0 and 1, both left out, (months, count): those of paths `first` to `first + count − 1`.

    (k + ½) / 2⁵², k of 52 bits out of two words of `philox`; its counter is (month ÷ 2, path, path's high word, stream).

    seed 0…2⁶⁴ − 1, stream 0…2³² − 1: one for each thing that is left to chance. first ≥ 0, count and months ≥ 1.
    Source: Salmon, Moraes, Dror & Shaw (2011) for the words; each number is the middle of one of 2⁵² even parts.
    """
    _check(seed, stream, first, count, months)
    path = np.arange(first, first + count, dtype=np.uint64)
    pair = np.arange((months + 1) // 2, dtype=np.uint64)[:, None]
    words = philox(
        (pair, path & LOW_32, path >> BITS_32, np.array(stream, np.uint64)),
        (seed & 0xFFFFFFFF, seed >> 32),
    )
    drawn = np.stack([_share(*words[:2]), _share(*words[2:])], axis=1)
    return drawn.reshape(-1, count)[:months]


def _share(high: Words, low: Words) -> Floats:
    """A number between 0 and 1 of 52 bits, of which half a step keeps it from both ends."""
    bits = (high << np.uint64(20)) | (low >> np.uint64(12))
    return np.asarray((bits.astype(np.float64) + 0.5) * 2.0**-52)


def normals(seed: int, stream: int, first: int, count: int, months: int, *, compiled: bool = True) -> Floats:
    """Standard normal numbers (months, count), by the inverse of their distribution, so that order is kept.

    Φ⁻¹ of `uniforms`, whose arguments these are. Source: Cephes, ndtri, as scipy has it; compiled, Wichura (1988), AS 241.
    """
    if compiled and is_compiled():
        _check(seed, stream, first, count, months)
        drawn = np.empty((months, count))
        _kernel()(*(np.uint64(word) for word in (seed & 0xFFFFFFFF, seed >> 32, stream, first)), drawn)
        return drawn
    from scipy.special import ndtri

    return np.asarray(ndtri(uniforms(seed, stream, first, count, months)))


@cache
def _kernel() -> Callable[..., None]:
    from core.models import draws_kernel

    return draws_kernel.normals()


def compile_kernel() -> None:
    """Make the kernel ready: a second the first time on a machine, then from disk; numpy draws meanwhile, ten times slower."""
    _kernel()


def is_compiled() -> bool:
    return _kernel.cache_info().currsize > 0


def correlated(normal: Floats, correlation: ArrayLike) -> Floats:
    """Normal numbers of several things made to go together as asked, of `normal`'s shape.

    L · z with L · Lᵀ = R, the square root that leaves the first as it is.

    normal (k, …): independent standard normals; correlation R (k, k), checked by `check_correlation`. One that is on the
    edge (two things that always go together) is allowed. Source: Cholesky.
    """
    return np.asarray(np.tensordot(square_root(check_correlation(correlation, len(normal))), normal, axes=1))


def square_root(correlation: ArrayLike) -> Floats:
    """The triangle L with L · Lᵀ = R, (k, k), for a matrix that can be; ValidationError for one that cannot."""
    matrix = check_correlation(correlation)
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -1e-9:
        raise refused("correlation", f"eigenvalue {values[0]:.3g}", "a matrix that can be: see nearest_correlation")
    # a triangle even where the matrix is singular, so that numbers keep their order: QR of any square root
    root = np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T)[1].T
    signs = np.where(np.diag(root) < 0, -1.0, 1.0)
    return np.asarray(root * signs)


class Repaired(NamedTuple):
    """A correlation matrix that can be, and the largest change of any of its numbers that it took, 0: none."""

    matrix: Floats
    moved: float


def nearest_correlation(correlation: ArrayLike) -> Repaired:
    """The matrix of correlations that can be and is nearest to one that may not be, by the sum of squared differences.

    Alternating projections on what has no negative eigenvalue and on what has ones on its diagonal, with Dykstra's correction.

    correlation (k, k), symmetric with ones on its diagonal. One that can be is given back as it is.
    Source: Higham (2002), "Computing the nearest correlation matrix", IMA J. Numer. Anal. 22:329.
    """
    asked = check_correlation(correlation)
    if np.linalg.eigvalsh(asked)[0] >= 0.0:
        return Repaired(asked, 0.0)
    near, correction = asked, np.zeros_like(asked)
    for _ in range(ROUNDS_OF_REPAIR):
        raised = _without_negative(near - correction)
        correction = raised - (near - correction)
        before, near = near, raised.copy()
        np.fill_diagonal(near, 1.0)
        if np.abs(near - before).max() < NEAR_ENOUGH:
            break
    possible = _without_negative(near, PSD_FLOOR)
    scale = 1.0 / np.sqrt(np.diag(possible))
    possible = possible * np.outer(scale, scale)
    possible = (possible + possible.T) / 2.0
    np.fill_diagonal(possible, 1.0)
    return Repaired(possible, float(np.abs(possible - asked).max()))


def _without_negative(matrix: Floats, floor: float = 0.0) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, floor)) @ vectors.T)


def check_correlation(correlation: ArrayLike, size: int | None = None) -> Floats:
    """A matrix of correlations as floats; ValidationError names the number that cannot be one."""
    matrix = np.asarray(correlation, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or (size is not None and len(matrix) != size):
        wanted = "a square of numbers" if size is None else f"{size} rows of {size} numbers"
        raise refused("correlation", str(matrix.shape), wanted)
    wrong = ~(np.abs(matrix) <= 1.0) | (matrix != matrix.T) | (np.eye(len(matrix), dtype=bool) & (matrix != 1.0))
    if wrong.any():
        row, column = (int(n) for n in np.argwhere(wrong)[0])
        raise ValidationError(
            f"correlation.{row}.{column}: expected −1 to 1, the same both ways, and 1 of a thing with itself",
            field=f"correlation.{row}.{column}",
            value=float(matrix[row, column]),
            expected="−1 to 1, the same both ways, and 1 of a thing with itself",
        )
    return matrix


def _check(seed: int, stream: int, first: int, count: int, months: int) -> None:
    for name, value, least, most in (
        ("seed", seed, 0, MOST_SEED),
        ("stream", stream, 0, MOST_STREAM),
        ("first", first, 0, MOST_SEED - count if isinstance(count, int) else MOST_SEED),
        ("count", count, 1, 2**32),
        ("months", months, 1, 2**32),
    ):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or not least <= value <= most:
            raise refused(name, value, f"a whole number from {least} to {most}")
