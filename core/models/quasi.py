"""Random numbers spread more evenly than chance would, where it matters most: the slow moves of a path.

The months of a path are turned into as many independent slow and fast waves. The slow ones, which decide where a path ends
up, are drawn from a scrambled Sobol sequence, the rest by `draws`; turned back, each month is as random as before.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.figures import refused
from core.models import draws

Floats: TypeAlias = NDArray[np.float64]
LEADING = 96  # waves of all streams together that are drawn evenly
BITS = 32  # scipy skips ahead in no wider words
MOST_PATHS = 1 << 30  # a few more than a page will ask


def normals(seed: int, streams: tuple[int, ...], first: int, count: int, months: int, leading: int = LEADING) -> Floats:
    """Standard normal numbers of several streams, (streams, months, count), as `draws.normals` but for their evenness.

    z = Q · y; y of the slowest waves Φ⁻¹(Sobol), of the others `draws.normals`; Q turns waves into months (see `waves`).

    seed, first, count, months as for `draws.uniforms`; streams: one for each thing left to chance, each gets its share of
    `leading`. A path is the same in any batch. Evenest at a power of two of paths from 0 on.
    Source: Owen (1998), "Scrambling Sobol' and Niederreiter–Xing points"; Acworth, Broadie & Glasserman (1998) for the waves.
    """
    if first + count > MOST_PATHS:
        raise refused("count", first + count, f"at most {MOST_PATHS:,} paths")
    each = min(leading // max(len(streams), 1), months)
    drawn = np.stack([draws.normals(seed, stream, first, count, months) for stream in streams])
    if each:
        even = _sobol_normals(seed, each * len(streams), first, count)
        drawn[:, :each] = even.reshape(each, len(streams), count).swapaxes(
            0, 1
        )  # the slowest of all streams come first
    return np.asarray(np.matmul(waves(months), drawn))


def _sobol_normals(seed: int, dimensions: int, first: int, count: int) -> Floats:
    """Φ⁻¹ of points first … first + count − 1 of a scrambled Sobol sequence, (dimensions, count)."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    sequence = qmc.Sobol(dimensions, scramble=True, bits=BITS, rng=np.random.default_rng(seed))
    if first:
        sequence.fast_forward(first)
    whole = count if first else 1 << (count - 1).bit_length()  # scipy warns of a start with fewer
    points = sequence.random(whole)[:count].T
    return np.asarray(ndtri(points + 2.0 ** -(BITS + 1)))  # 0 is one of the points, 1 is not


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
