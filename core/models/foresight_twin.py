"""Merging of slopes in plain Python: answers until the kernel is compiled, and is held against it.

What stored energy is worth is a concave function of the charge, kept as pieces (slope [USD/kWh], width [kWh]) from the
lowest charge up, slopes falling. An hour before, it is the best of drawing now and keeping: the hour's pieces are merged
with it in order of slope, and what lies outside the window of the battery is cut off at both ends. Of equal slopes
charging comes first and discharging last, so that the battery rests where nothing is gained.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.models.dispatch import Array

Piece = tuple[float, float]
Turned = tuple[Array, Array, Array]  # slope, width, charge of curves, pieces last


def follow(slope: Array, width: Array, charge: Array, low: float, high: float, soc: float, end: float) -> Array:
    """State of charge at each hour's end (hours,) [kWh] of the best hours that begin with one charge and end with another.

    slope, width (hours, pieces) and charge (hours,) as in `foresight_curves.Curves`, turned.
    """
    hours = [_hour(slope[h], width[h], charge[h]) for h in range(charge.size)]
    ahead: list[tuple[list[Piece], float]] = []
    worth: list[Piece] = []
    bottom = top = end
    for hour in reversed(hours):
        ahead.append((worth, bottom))
        bottom, top = bottom - hour.most_in, top + hour.most_out
        worth = _cut(_merged(hour, worth), low - bottom, top - high)
        bottom, top = max(bottom, low), min(top, high)
    socs = np.empty(charge.size)
    for h, hour in enumerate(hours):
        kept, bottom = ahead.pop()
        soc = min(max(soc - _draw(hour, kept, soc - bottom)[0], low), high)
        socs[h] = soc
    return socs


class _Hour(NamedTuple):
    """An hour's pieces that lie on the charging side and those on the other, and the strongest charge and discharge."""

    ins: list[Piece]
    outs: list[Piece]
    most_in: float
    most_out: float


def _hour(slope: Array, width: Array, charge: float) -> _Hour:
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    most_in = float(charge)
    drawn = -most_in
    for usd, kwh in zip(slope.tolist(), width.tolist(), strict=True):
        if kwh > 0.0:
            sides[drawn + kwh / 2 > 0.0].append((usd, kwh))
            drawn += kwh
    return _Hour(*sides, most_in, drawn)


def _merged(hour: _Hour, worth: list[Piece]) -> list[Piece]:
    """All pieces in order of slope, those of equal slope made one."""
    out: list[Piece] = []
    for slope, width in sorted([*hour.ins, *worth, *hour.outs], key=lambda piece: -piece[0]):
        if out and out[-1][0] == slope:
            out[-1] = (slope, out[-1][1] + width)
        else:
            out.append((slope, width))
    return out


def _cut(pieces: list[Piece], left: float, right: float) -> list[Piece]:
    """Pieces without the first `left` and the last `right` kWh."""
    for end, away in ((0, left), (-1, right)):
        while pieces and away >= pieces[end][1]:
            away -= pieces.pop(end)[1]
        if pieces and away > 0.0:
            pieces[end] = (pieces[end][0], pieces[end][1] - away)
    return pieces


def _draw(hour: _Hour, worth: list[Piece], over: float, *, unsure: bool = False) -> tuple[float, float]:
    """Energy to draw [kWh], negative to charge, and what it earns with what is kept [USD] above charging at most.

    over: charge above the lowest that `worth` reaches [kWh]; unsure: where now and later are worth the same, take what
    earns now and store what earns nothing, as the plan may be wrong.
    """
    left, drawn, usd = max(over + hour.most_in, 0.0), -hour.most_in, 0.0
    first, last = hour.ins, hour.outs
    if unsure:
        both = [*first, *last]
        first, last = [piece for piece in both if piece[0] > 0.0], [piece for piece in both if piece[0] <= 0.0]
    sides = ((first, 1.0), (worth, 0.0), (last, 1.0))
    tagged = [(slope, width, mine) for pieces, mine in sides for slope, width in pieces]
    for slope, width, mine in sorted(tagged, key=lambda piece: -piece[0]):
        taken = min(width, left)
        drawn, usd, left = drawn + taken * mine, usd + taken * slope, left - taken
        if left <= 0.0:
            break
    return drawn, usd


def roll(plans: Turned, real: Turned, real_usd: Array, window: Array, every: int) -> Array:
    """State of charge at each hour's end (hours,) [kWh] of a controller that plans anew again and again.

    plans: slope, width (plans, ahead, pieces) and charge (plans, ahead), curves as forecast from the hour of each plan;
    real: slope, width (alternatives, hours, pieces) and charge (alternatives, hours), curves as they come, charge NaN
    where there is no such alternative; real_usd (alternatives, hours): earned at the strongest charge; window: lowest,
    highest and first charge [kWh]; every: hours from plan to plan. What is left at the end of a plan counts for nothing.
    Each hour draws what is best by the real curve and the planned worth of what is kept.
    """
    low, high, soc = window.tolist()
    slope, width, charge = plans
    hours = real[2].shape[1]
    socs = np.empty(hours)
    for h in range(hours):
        plan, ahead = divmod(h, every)
        if ahead == 0:
            worths = _worths(slope[plan], width[plan], charge[plan], low, high)
        best, drawn = -np.inf, 0.0
        for a in np.flatnonzero(~np.isnan(real[2][:, h])):
            hour = _hour(real[0][a, h], real[1][a, h], real[2][a, h])
            choice, usd = _draw(hour, worths[ahead], soc - low, unsure=True)
            if usd + real_usd[a, h] > best:
                best, drawn = usd + real_usd[a, h], choice
        socs[h] = soc = min(max(soc - drawn, low), high)
    return socs


def _worths(slope: Array, width: Array, charge: Array, low: float, high: float) -> list[list[Piece]]:
    """Worth of stored energy at the end of each hour of a plan."""
    worth: list[Piece] = [(0.0, high - low)]
    worths = []
    for h in reversed(range(charge.size)):
        worths.append(worth)
        hour = _hour(slope[h], width[h], charge[h])
        worth = _cut(_merged(hour, worth), hour.most_in, hour.most_out)
    return worths[::-1]


def hull(
    kwh: Array, usd: Array, bits: NDArray[np.int64], allowed: NDArray[np.int64], slope: Array, width: Array, ends: Array
) -> None:
    """Upper hull of each hour's nodes (nodes, hours) of allowed alternatives, written as a curve.

    slope, width (pieces, hours) are filled from the strongest charge on, the rest with 0; ends (2, hours): the strongest
    charge [kWh] and what it earns [USD]. Compiled as it stands.
    """
    nodes, hours = kwh.shape
    at, height = np.empty(nodes), np.empty(nodes)
    slope[:], width[:] = 0.0, 0.0
    for h in range(hours):
        n = 0
        for k in range(nodes):  # sorted by insertion: they come as two sorted runs
            if bits[k] & allowed[h]:
                i = n
                while i > 0 and at[i - 1] > kwh[k, h]:
                    at[i], height[i] = at[i - 1], height[i - 1]
                    i -= 1
                at[i], height[i] = kwh[k, h], usd[k, h]
                n += 1
        corners = 0
        for k in range(n):
            x, y = at[k], height[k]
            if corners > 0 and x - at[corners - 1] <= 1e-9:  # nodes on top of each other: the higher stays
                x, y = at[corners - 1], max(y, height[corners - 1])
                corners -= 1
            while corners > 1 and (height[corners - 1] - height[corners - 2]) * (x - at[corners - 2]) <= (
                y - height[corners - 2]
            ) * (at[corners - 1] - at[corners - 2]):
                corners -= 1
            at[corners], height[corners] = x, y
            corners += 1
        ends[0, h], ends[1, h] = -at[0], height[0]
        for k in range(corners - 1):
            width[k, h] = at[k + 1] - at[k]
            slope[k, h] = (height[k + 1] - height[k]) / width[k, h]
