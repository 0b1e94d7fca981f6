"""Random numbers spread more evenly than chance would, where it matters most: the slow moves of a path.

The months of a path are a sum of as many independent slow and fast waves. The slow ones, which decide where a path ends
up, are drawn from a scrambled Sobol sequence, as is what a path has one number of; the rest by `draws`. Each month is as
random as before.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.figures import refused
from core.models import draws

Floats: TypeAlias = NDArray[np.float64]
LEADING = 32  # waves of all streams together that are drawn evenly
BITS = 32  # scipy skips ahead in no wider words
MOST_PATHS = 1 << 30  # a few more than a page will ask
AT_ONCE = 16_384  # points passed over
SEQUENCES_KEPT = 4  # about one for each thread that draws


class Even(NamedTuple):
    """`moves`: standard normal numbers month by month, (months, count) for each stream; `once`: one a path, (singles, count)."""

    moves: tuple[Floats, ...]
    once: Floats


def normals(
    seed: int,
    streams: tuple[int, ...],
    first: int,
    count: int,
    months: int,
    singles: tuple[int, ...] = (),
    leading: int = LEADING,
) -> Even:
    """Standard normal numbers of several streams, as `draws.normals` but for their evenness.

    z = z' + Q · (y − Qᵀ z'): z' of `draws.normals`, Q the slowest waves (see `waves`), y what they shall be, Φ⁻¹(Sobol).

    seed, first, count, months as for `draws.uniforms`; streams: one for each thing left to chance, each gets its share of
    `leading`; singles: things of which a path has one number. A path is the same in any batch. Evenest at a power of two
    of paths from 0 on.
    Source: Owen (1998), "Scrambling Sobol' and Niederreiter–Xing points"; Acworth, Broadie & Glasserman (1998) for the waves.
    """
    if first + count > MOST_PATHS:
        raise refused("count", first + count, f"at most {MOST_PATHS:,} paths")
    each = min(leading // max(len(streams), 1), months)
    drawn = tuple(draws.normals(seed, stream, first, count, months) for stream in streams)
    if not each:
        return Even(drawn, np.array([draws.normals(seed, single, first, count, 1)[0] for single in singles]))
    even = _sobol_normals(seed, each * len(streams) + len(singles), first, count)
    ahead = len(
        streams
    )  # the first points are the evenest: the slowest wave of each stream, what a path has one of, the rest
    once, moves = even[ahead : ahead + len(singles)], np.delete(even, np.s_[ahead : ahead + len(singles)], axis=0)
    for n, plain in enumerate(drawn):
        waved(waves(months)[:, :each], moves[n :: len(streams)], plain)
    return Even(drawn, once)


def waved(slow: Floats, even: Floats, plain: Floats, *, compiled: bool = True) -> None:
    """Give plain numbers (months, count) the slow waves `even` (waves, count), in place; slow (months, waves)."""
    if compiled and draws.is_compiled():
        _kernel()(np.ascontiguousarray(slow), np.ascontiguousarray(even), plain)
    else:
        plain += slow @ (even - slow.T @ plain)


@lru_cache(maxsize=1)
def _kernel() -> Callable[..., None]:
    from core.models import draws_kernel

    return draws_kernel.waved()


def _sobol_normals(seed: int, dimensions: int, first: int, count: int) -> Floats:
    """Φ⁻¹ of points first … first + count − 1 of a scrambled Sobol sequence, (dimensions, count)."""
    from scipy.special import ndtri

    sequence = _sequence_at(seed, dimensions, first)
    whole = count if first else 1 << (count - 1).bit_length()  # scipy warns of a start with fewer
    points = sequence.random(whole)[:count].T
    if whole == count:
        standing = _standing()
        standing[:] = [(seed, dimensions, first + count, sequence), *standing][:SEQUENCES_KEPT]
    return np.asarray(ndtri(points + 2.0 ** -(BITS + 1)))  # 0 is one of the points, 1 is not


@lru_cache(maxsize=1)
def _standing() -> list[tuple[int, int, int, Any]]:
    """Sequences that were drawn from: seed, dimensions, the next point, and the sequence that stands there."""
    return []


def _sequence_at(seed: int, dimensions: int, first: int) -> Any:
    """A sequence whose next point is the one asked for: one that stands near before it, as to begin anew costs every point."""
    from scipy.stats import qmc

    near = [kept for kept in list(_standing()) if kept[:2] == (seed, dimensions) and kept[2] <= first]
    for kept in sorted(near, key=lambda kept: -kept[2]):
        with suppress(ValueError):  # another thread may have taken it
            _standing().remove(kept)
            at, sequence = kept[2:]
            return _forward(sequence, first - at)
    return _forward(qmc.Sobol(dimensions, scramble=True, bits=BITS, rng=np.random.default_rng(seed)), first)


def _forward(sequence: Any, points: int) -> Any:
    """The sequence so many points on, some at a time: a million at once would keep all other threads waiting for 0.15 s."""
    for done in range(0, points, AT_ONCE):
        sequence.fast_forward(min(AT_ONCE, points - done))
    return sequence


@lru_cache(maxsize=8)
def waves(months: int) -> Floats:
    """The turn from waves, slowest first, to the steps of a random walk, (months, months); orthogonal.

    Columns: differences of √λ · v, with λ and v the principal components of the walk's covariance min(s, t).

    Source: closed form for a walk, v_j(t) ∝ sin((2j − 1) π t / (2n + 1)), λ_j = 1 / (4 sin²((2j − 1) π / (4n + 2))).
    """
    month, wave = np.arange(months + 1), 2.0 * np.arange(1, months + 1) - 1.0
    angle = np.pi * wave / (2 * months + 1)
    shape = np.sin(np.multiply.outer(month, angle)) * (2.0 / np.sqrt(2 * months + 1))
    return np.asarray(np.diff(shape / (2.0 * np.sin(angle / 2.0)), axis=0))
