"""What models say of the figures they are given: finite, 0 or more, above 0, a share; else an error that names the field."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ValidationError


def finite(name: str, value: ArrayLike) -> Any:
    """`value` as floats; ValidationError where it is no number, missing or infinite."""
    if isinstance(value, float) and math.isfinite(value):
        return np.float64(value)  # a tenth of the time of an array of one
    try:
        figures = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise refused(name, value, "a number or an array of numbers") from None
    return _checked(name, figures, ~np.isfinite(figures), "a finite number")


def at_least_0(name: str, value: ArrayLike) -> Any:
    """`value` as finite floats, none below 0."""
    figures = finite(name, value)
    return _checked(name, figures, figures < 0, "0 or more")


def positive(name: str, value: ArrayLike) -> Any:
    """`value` as finite floats, all above 0."""
    figures = finite(name, value)
    return _checked(name, figures, figures <= 0, "a number above 0")


def share(name: str, value: ArrayLike) -> Any:
    """`value` as floats from 0 to 1."""
    figures = finite(name, value)
    return _checked(name, figures, (figures < 0) | (figures > 1), "a share from 0 to 1")


def rows(name: str, values: ArrayLike, of: str) -> NDArray[np.float64]:
    """`values` as finite floats with at least one `of`, such as a path or a year, on the last axis."""
    try:
        figures = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise refused(name, values, f"numbers, {of}s on the last axis") from None
    if figures.ndim == 0 or figures.shape[-1] == 0:
        raise refused(name, values, f"at least one {of} on the last axis")
    if not np.isfinite(figures).all():
        raise refused(name, float(figures[~np.isfinite(figures)].flat[0]), "finite numbers only")
    return figures


def refused(name: str, value: Any, expected: str) -> ValidationError:
    """The error of the house for a figure that will not do."""
    return ValidationError(f"{name}: expected {expected}, not {value}", field=name, value=value, expected=expected)


def _checked(name: str, figures: Any, wrong: NDArray[np.bool_], expected: str) -> Any:
    if wrong.any():
        raise refused(name, float(figures[wrong].flat[0]), expected)
    return figures
