"""The far horizon of a place, from PVGIS.

PVGIS counts azimuth from south: 0 is south, −90 east, +90 west, and gives north twice, at −180 and 180.
`array.horizon` starts at north and runs clockwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.fetchers.ask import LASTS_S, Question
from core.fetchers.fields import Fields, refused
from core.fetchers.packing import packed, unpacked
from core.fetchers.provider import Reply, Request, Source
from core.fetchers.providers import pvgis
from core.fetchers.spots import Spot

NAME = pvgis.NAME
MOST_POINTS = 360  # as many as array.horizon takes
LEAST_POINTS = 4


@dataclass(frozen=True)
class Horizon:
    """The far horizon as `array.horizon` takes it: heights [°] at equal steps from north clockwise."""

    heights_deg: tuple[float, ...]
    source: str


def _ask(base: str, asked: Spot, key: str) -> Request:
    return pvgis.call(base, "printhorizon", asked, {})


def _read(reply: Reply, asked: Spot) -> Horizon:
    """{"outputs": {"horizon_profile": [{"A": −180.0, "H_hor": 4.6}, …]}}"""
    body = pvgis.body_of(reply, asked)
    profile = body.object("outputs").rows("horizon_profile")
    return Horizon(_from_north([_point(row) for row in profile]), _model(body))


def _point(row: Any) -> tuple[float, float]:
    """Compass direction [°, north 0, clockwise] and height [°] of one row."""
    point = Fields.of(row, NAME, "horizon_profile")
    from_south, height = point.number("A"), point.number("H_hor")
    if not -180 <= from_south <= 180:
        raise refused(NAME, "A", from_south, "a direction from −180 to 180")
    if not 0 <= height <= 90:
        raise refused(NAME, "H_hor", height, "a height from 0 to 90")
    return (from_south + 180) % 360, height + 0.0  # −0.0 is 0.0


def _from_north(points: list[tuple[float, float]]) -> tuple[float, ...]:
    """Heights in order of direction, north once; they must stand at equal steps."""
    heights = dict(reversed(points))  # of two norths the first stays
    directions = sorted(heights)
    steps = np.arange(len(directions)) * 360 / len(directions)
    if not LEAST_POINTS <= len(directions) <= MOST_POINTS or not np.allclose(directions, steps, atol=0.01):
        expected = f"{LEAST_POINTS} to {MOST_POINTS} directions at equal steps all round"
        raise refused(NAME, "horizon_profile", directions[:4], expected)
    return tuple(heights[direction] for direction in directions)


def _model(body: Fields) -> str:
    about = body.object("inputs").raw.get("meteo_data")
    model = about.get("horizon_db") if isinstance(about, dict) else None
    return f"{NAME}, {model}" if isinstance(model, str) and model.isprintable() else NAME


HORIZON: Question[Spot, Horizon] = Question(
    name="horizon",
    sources=(Source(NAME, pvgis.BASE, _ask, _read, per_minute=pvgis.PER_MINUTE, notice=pvgis.NOTICE),),
    soft_s=LASTS_S,
    hard_s=LASTS_S,
    pack=packed,
    unpack=unpacked(Horizon),
)
