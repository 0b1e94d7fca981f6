"""Results as tables: one block of numbers under labels that all tables of the same columns share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def table(columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """A frame of columns of one length: the first of any kind, as a year or a month is, all others numbers."""
    first, *rest = columns.values()
    numbers = np.stack([np.zeros(len(first)), *rest])
    frame = pd.DataFrame(numbers.T, columns=labels(tuple(columns)))
    frame.isetitem(0, first)
    return frame


@lru_cache(maxsize=64)
def labels(names: tuple[str, ...]) -> pd.Index:
    """The names as an index, made once: what pandas works out to look a column up stays with it."""
    return pd.Index(names)
