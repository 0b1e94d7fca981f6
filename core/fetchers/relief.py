"""The height of the ground anywhere, from the map that comes with pvlib: coarse, but here without a call.

Source: pvlib, data/Altitude.h5, terrain of Mapzen from public data: 5 minutes of arc, steps of 28 m. Errors of a
hundred metres are usual in mountains. Read here and not by pvlib, whose import costs a second.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.fetchers.bundled import pvlib_data
from core.fetchers.spots import Spot

NAME = "altitude map of pvlib"
CELLS_PER_DEG = 12
STEP_M, LOWEST_M = 28.0, -450.0
NO_DATA = 255  # the sea, and what nobody measured
MOST_COLUMNS = 720


def height_m(spot: Spot) -> float:
    """Height of the ground at a place [m], 0 at sea."""
    row = min(int((90 - spot.latitude) * CELLS_PER_DEG), 180 * CELLS_PER_DEG - 1)
    column = min(int((spot.longitude + 180) * CELLS_PER_DEG), 360 * CELLS_PER_DEG - 1)
    height = _metres(_map(row, row + 1, column, column + 1, 1))[0, 0]
    return 0.0 if np.isnan(height) else float(height)


def heights_m(west: float, south: float, east: float, north: float) -> NDArray[np.float32]:
    """The ground between two meridians and two parallels, north first, nan at sea [m].

    All in °, west < east and south < north, to the full 5 minutes; at most MOST_COLUMNS across.
    """
    top, bottom = (round((90 - latitude) * CELLS_PER_DEG) for latitude in (north, south))
    left, right = (round((longitude + 180) * CELLS_PER_DEG) for longitude in (west, east))
    return _metres(_map(top, bottom, left, right, max(1, (right - left) // MOST_COLUMNS)))


def _metres(steps: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.where(steps == NO_DATA, np.nan, steps * STEP_M + LOWEST_M).astype(np.float32)


@lru_cache(maxsize=16)
def _map(top: int, bottom: int, left: int, right: int, every: int) -> NDArray[np.uint8]:
    import h5py

    with h5py.File(pvlib_data() / "Altitude.h5", "r") as file:
        steps: Any = file["Altitude"][top:bottom:every, left:right:every]
    return np.asarray(steps, dtype=np.uint8)
