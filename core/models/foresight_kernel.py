"""Merging of slopes, compiled; `foresight_twin` says how and is held against this. Import late: numba is slow to load."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from core.models import foresight_twin
from core.models.dispatch import Array

Whole = NDArray[np.int64]
ROOM = 1024  # dead entries ahead of the pieces before they are moved back to the start of their memory


def _given(dimensions: int, kind: Any = types.float64) -> Any:
    return types.Array(kind, dimensions, "C", readonly=True)


def _made(dimensions: int) -> Any:
    return types.Array(types.float64, dimensions, "C")


FOLLOW = _made(1)(_given(2), _given(2), _given(1), *[types.float64] * 4)
TURNED = types.Tuple([_given(3), _given(3), _given(2)])  # type: ignore[no-untyped-call]
ROLL = _made(1)(TURNED, TURNED, _given(2), _given(1), types.int64)
HULL = types.void(_given(2), _given(2), *[_given(1, types.int64)] * 2, *[_made(2)] * 3)


@njit(cache=True, nogil=True)
def _merge(
    slope: Array,
    width: Array,
    charge: float,
    low: float,
    high: float,
    usd: Array,
    kwh: Array,
    state: Whole,
    span: Array,
    before: Array,
    place: Whole,
) -> None:
    """Step the worth of stored energy back by an hour.

    slope, width (pieces,) of the hour; usd, kwh: pieces of the worth between state[0] and state[1]; span: lowest and
    highest charge they reach. `before` (pieces,): charge at which each piece of the hour begins to be drawn.
    """
    head, tail = state[0], state[1]
    if head > ROOM and head > tail - head:
        for i in range(tail - head):
            usd[i], kwh[i] = usd[head + i], kwh[head + i]
        head, tail = 0, tail - head
    total = 0.0
    for j in range(slope.size):
        total += width[j]
    span[0] -= charge
    span[1] += total - charge
    at, i, more, drawn = span[1], tail - 1, 0, total - charge
    for j in range(slope.size - 1, -1, -1):
        if width[j] <= 0.0:
            before[j], place[j] = at, -1
            continue
        ins = drawn - width[j] / 2.0 <= 0.0
        drawn -= width[j]
        while i >= head and (usd[i] < slope[j] or (ins and usd[i] == slope[j])):
            at -= kwh[i]
            i -= 1
        at -= width[j]
        before[j] = at
        twin = i + 1 if ins else i
        if head <= twin < tail and usd[twin] == slope[j]:
            place[j] = -2 - twin
        else:
            place[j] = i + 1
            more += 1
    _insert(slope, width, usd, kwh, tail, more, place)
    state[0], state[1] = head, tail + more
    _cut(low, high, usd, kwh, state, span)


@njit(cache=True, nogil=True)
def _insert(slope: Array, width: Array, usd: Array, kwh: Array, tail: int, more: int, place: Whole) -> None:
    """Put an hour's pieces among those of the worth, each before the entry `place`, or onto entry −2 − place."""
    for j in range(slope.size):
        if place[j] < -1:
            kwh[-2 - place[j]] += width[j]
    for j in range(slope.size - 1, -1, -1):
        if place[j] < 0:
            continue
        for i in range(tail - 1, place[j] - 1, -1):
            usd[i + more], kwh[i + more] = usd[i], kwh[i]
        tail = place[j]
        more -= 1
        usd[tail + more], kwh[tail + more] = slope[j], width[j]


@njit(cache=True, nogil=True)
def _cut(low: float, high: float, usd: Array, kwh: Array, state: Whole, span: Array) -> None:
    """Cut off what lies outside the window of the battery."""
    head, tail = state[0], state[1]
    away = low - span[0]
    while head < tail and away >= kwh[head]:
        away -= kwh[head]
        head += 1
    if head < tail and away > 0.0:
        kwh[head] -= away
    away = span[1] - high
    while head < tail and away >= kwh[tail - 1]:
        away -= kwh[tail - 1]
        tail -= 1
    if head < tail and away > 0.0:
        kwh[tail - 1] -= away
    state[0], state[1] = head, tail
    span[0], span[1] = max(span[0], low), min(span[1], high)


def _follow(slope: Array, width: Array, charge: Array, low: float, high: float, soc: float, end: float) -> Array:
    """As `foresight_twin.follow`."""
    hours, pieces = slope.shape
    usd, kwh = np.empty(hours * pieces + 1), np.empty(hours * pieces + 1)
    state, span = np.zeros(2, np.int64), np.array([end, end])
    before, place = np.empty((hours, pieces)), np.empty(pieces, np.int64)
    for h in range(hours - 1, -1, -1):
        _merge(slope[h], width[h], charge[h], low, high, usd, kwh, state, span, before[h], place)
    socs = np.empty(hours)
    for h in range(hours):
        drawn = -charge[h]
        for j in range(pieces):
            drawn += min(max(soc - before[h, j], 0.0), width[h, j])
        soc = min(max(soc - drawn, low), high)
        socs[h] = soc
    return socs


@njit(cache=True, nogil=True)
def _draw(
    slope: Array, width: Array, charge: float, usd: Array, kwh: Array, pieces: int, over: float
) -> tuple[float, float]:
    """Energy to draw [kWh] and what it earns with what is kept [USD] above charging at most."""
    left, drawn, earned = max(over + charge, 0.0), -charge, 0.0
    i = 0
    for j in range(slope.size):
        if width[j] <= 0.0:
            continue
        while i < pieces and left > 0.0 and (usd[i] > slope[j] or (usd[i] == slope[j] and slope[j] <= 0.0)):
            taken = min(kwh[i], left)
            earned, left, i = earned + taken * usd[i], left - taken, i + 1
        taken = min(width[j], left)
        drawn, earned, left = drawn + taken, earned + taken * slope[j], left - taken
    while i < pieces and left > 0.0:
        taken = min(kwh[i], left)
        earned, left, i = earned + taken * usd[i], left - taken, i + 1
    return drawn, earned


@njit(cache=True, nogil=True)
def _worths(
    slope: Array, width: Array, charge: Array, low: float, high: float, usd: Array, kwh: Array, count: Whole
) -> None:
    """Worth of stored energy at the end of each hour of a plan: usd, kwh (kept, pieces) and `count` (kept,) of them."""
    hours, pieces = slope.shape
    state, span = np.array([0, 1]), np.array([low, high])
    before, place = np.empty(pieces), np.empty(pieces, np.int64)
    now_usd, now_kwh = np.empty(hours * pieces + 1), np.empty(hours * pieces + 1)
    now_usd[0], now_kwh[0] = 0.0, high - low
    for h in range(hours - 1, -1, -1):
        if h < count.size:
            count[h] = state[1] - state[0]
            for i in range(count[h]):
                usd[h, i], kwh[h, i] = now_usd[state[0] + i], now_kwh[state[0] + i]
        _merge(slope[h], width[h], charge[h], low, high, now_usd, now_kwh, state, span, before, place)


def _roll(
    plans: foresight_twin.Turned,
    real: foresight_twin.Turned,
    real_usd: Array,
    window: Array,
    every: int,
) -> Array:
    """As `foresight_twin.roll`."""
    low, high, soc = window
    alternatives, hours = real_usd.shape
    room = plans[0].shape[1] * plans[0].shape[2] + 1
    usd, kwh, count = np.empty((every, room)), np.empty((every, room)), np.empty(every, np.int64)
    socs = np.empty(hours)
    for h in range(hours):
        plan, ahead = h // every, h % every
        if ahead == 0:
            _worths(plans[0][plan], plans[1][plan], plans[2][plan], low, high, usd, kwh, count)
        best, drawn = -np.inf, 0.0
        for a in range(alternatives):
            charge = real[2][a, h]
            if not np.isnan(charge):
                choice, earned = _draw(
                    real[0][a, h], real[1][a, h], charge, usd[ahead], kwh[ahead], count[ahead], soc - low
                )
                if earned + real_usd[a, h] > best:
                    best, drawn = earned + real_usd[a, h], choice
        soc = min(max(soc - drawn, low), high)
        socs[h] = soc
    return socs


follow = njit(FOLLOW, cache=True, nogil=True)(_follow)
roll = njit(ROLL, cache=True, nogil=True)(_roll)
hull = njit(HULL, cache=True, nogil=True)(foresight_twin.hull)
