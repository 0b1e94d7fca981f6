"""The map of heights that comes with pvlib, read without it, held against pvlib's own reading and known mountains."""

from __future__ import annotations

import numpy as np
import pytest
from pvlib.location import lookup_altitude

from core.fetchers.ask import known
from core.fetchers.places import ELEVATION
from core.fetchers.relief import MOST_COLUMNS, height_m, heights_m
from core.fetchers.spots import Spot
from core.fetchers.world import World


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(40.0, -105.0), (36.1, -79.95), (31.5, 35.5), (27.9881, 86.925), (-33.87, 151.2), (52.52, 13.4)],
)
def test_heights_are_those_pvlib_reads(latitude: float, longitude: float) -> None:
    assert height_m(Spot(latitude, longitude)) == lookup_altitude(latitude, longitude)


def test_the_corners_of_the_earth_have_a_height() -> None:
    for spot in (Spot(90, 180), Spot(-90, -180), Spot(90, -180), Spot(-90, 180)):
        assert np.isfinite(height_m(spot))


def test_the_pacific_is_sea_and_denver_a_mile_high() -> None:
    assert height_m(Spot(0.0, -150.0)) == 0.0
    assert height_m(Spot(39.74, -104.99)) == pytest.approx(1609, abs=60)


def test_a_window_is_north_first_with_the_sea_left_out() -> None:
    ground = heights_m(-180, -58, 180, 78)
    assert ground.shape[1] <= MOST_COLUMNS
    land = np.isfinite(ground)
    assert 0.2 < land.mean() < 0.45  # 29 % of the Earth is land, more of it without the polar seas
    assert land[: len(land) // 2].mean() > land[len(land) // 2 :].mean()  # most of it in the north
    alps = heights_m(6, 45, 11, 47)
    assert alps.shape == (24, 60)
    assert 2000 < np.nanmax(alps) < 4810


def test_without_a_provider_the_height_of_a_place_comes_from_it() -> None:
    told = known(ELEVATION, Spot(40.0, -105.0), World(None))
    assert (told.status, told.value.elevation_m) == ("bundled", 1622.0)
