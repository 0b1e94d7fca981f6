"""What the bad end of a distribution of results looks like.

Values are results, not losses: in +, out −, so a negative answer is a loss. Paths are on the last axis, all equally likely.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ValidationError

Floats: TypeAlias = NDArray[np.float64]
Broadcast: TypeAlias = Any  # a float for one row of paths, else an array of the leading axes' shape


def var_usd(values: ArrayLike, level: float) -> Broadcast:
    """Value at risk: the best result among the worst 1 − level of paths.

    q(1 − level), q(u) = the smallest value that at least a share u of the paths do not exceed.

    values [USD], shape (…, paths), finite; level [1] in 0…1, 0.95 for the worst 5 %. Always one of the values, never
    between two: the edge of the very tail that `cvar_usd` averages. Level 1: the minimum; 0: the maximum.
    Source: Rockafellar & Uryasev (2002), "Conditional value-at-risk for general loss distributions".
    """
    paths = _paths(values)
    edge = max(int(np.ceil(_tail_paths(paths.shape[-1], level))) - 1, 0)
    return np.partition(paths, edge, axis=-1)[..., edge][()]


def cvar_usd(values: ArrayLike, level: float) -> Broadcast:
    """Conditional value at risk: the mean result of the worst 1 − level of paths.

    1 / (1 − level) · ∫ q(u) du over 0…1 − level; a path on the edge counts by the part of it inside.

    values [USD], shape (…, paths), finite; level [1] in 0…1, 0.95 for the worst 5 %. Level 1: the minimum; 0: the mean.
    Source: Rockafellar & Uryasev (2002), proposition 8; Acerbi & Tasche (2002), "On the coherence of expected shortfall".
    """
    paths = _paths(values)
    tail = _tail_paths(paths.shape[-1], level)
    edge = max(int(np.ceil(tail)) - 1, 0)
    worst = np.partition(paths, edge, axis=-1)
    if tail <= 1.0:  # less than one path is the worst path
        return worst[..., 0][()]
    return (worst[..., :edge].sum(axis=-1) + (tail - edge) * worst[..., edge]) / tail


def _tail_paths(count: int, level: float) -> float:
    """How many paths the tail holds, a fraction included."""
    if not 0.0 <= level <= 1.0:
        raise ValidationError("level: expected a share from 0 to 1", field="level", value=level, expected="0 to 1")
    tail = count - count * level
    # 0.95 is not exact in binary: a count that is whole but for that rounding is whole
    return float(round(tail)) if abs(tail - round(tail)) <= 4 * np.finfo(np.float64).eps * count else float(tail)


def _paths(values: ArrayLike) -> Floats:
    try:
        paths = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise _refused(values, "numbers, paths on the last axis") from None
    if paths.ndim == 0 or paths.shape[-1] == 0:
        raise _refused(values, "at least one path on the last axis")
    if not np.isfinite(paths).all():
        raise _refused(float(paths[~np.isfinite(paths)].flat[0]), "finite numbers only")
    return paths


def _refused(value: Any, expected: str) -> ValidationError:
    return ValidationError(f"values: expected {expected}, not {value}", field="values", value=value, expected=expected)
