"""Which designs a search for the best sizes looks at: how far, on what grid, and around which of them again."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.scenario import Scenario
from core.studies import designs
from core.studies.constraints import Constraints, land_m2_per_kw
from core.studies.designs import COUNT, DC, ENERGY, POWER, SIZES
from core.studies.fleet import machine_kw
from core.studies.variables import Variables

Floats: TypeAlias = NDArray[np.float64]
LEVELS = {DC: 9, ENERGY: 5, POWER: 4, COUNT: 10}  # of the coarse grid
FEW = {DC: 5, ENERGY: 3, POWER: 2, COUNT: 7}  # of the one by which kinds of machines are told apart
UNITS = np.array([1.0, 2.0, 4.0, 8.0])  # steps of the last look


def reach(plan: Scenario, one: Scenario, constraints: Constraints, variables: Variables) -> Floats:
    """Lowest and highest of each size that is looked at, (2, 4): by plan and connection, the constraints, the planner.

    `one`: the plan with the shape and the kind of machine that are sized.
    """
    one_kw, load = designs.machine_site_kw(one), _load_kw(plan)
    most_dc = np.inf
    if constraints.land_m2 is not None:
        most_dc = constraints.land_m2 / land_m2_per_kw(one.array)
    if constraints.connection_kw is not None:
        most_dc = min(most_dc, constraints.connection_kw * one.array.dc_ac_ratio)
    dc = min(load, most_dc)
    count = load / one_kw if one_kw > 0 else 0.0
    usual = (dc, max(4.0 * dc, plan.battery.energy_kwh), max(dc, plan.battery.power_kw), count)
    ends = np.array([variables.within.get(path, (0.0, most)) for path, most in zip(SIZES, usual, strict=True)]).T
    ends[1, DC] = min(ends[1, DC], most_dc)
    ends[:, COUNT] = np.ceil(ends[0, COUNT]), np.floor(ends[1, COUNT])
    return ends


def _load_kw(scenario: Scenario) -> float:
    """A power well above what the plan has and its connection carries."""
    grid = scenario.grid
    return max(
        3.0 * scenario.array.dc_kw, 2.0 * machine_kw(scenario.fleet), grid.import_limit_kw, grid.export_limit_kw, 100.0
    )


def coarse(ends: Floats, levels: Mapping[int, int]) -> Floats:
    """A grid over all sizes, denser towards small ones, (n, 4)."""
    low, span = ends[0], ends[1] - ends[0]
    axes = [low[n] + np.linspace(0.0, 1.0, levels[n]) ** 1.5 * span[n] for n in range(4)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 4)


def around(start: Floats, spacing: Floats) -> Floats:
    """A step down and up of each size and of all together, the same without array and without battery, (n, 4)."""
    moves = np.stack(np.meshgrid(*[np.array([-1.0, 0.0, 1.0])] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    near = start + moves * spacing
    return np.concatenate([near, _without(near, [ENERGY, POWER]), _without(near, [DC])])


def beside(start: Floats, spacing: Floats) -> Floats:
    """A step down and up of each size and of each two, few enough to be run side by side, (33, 4)."""
    moves = np.stack(np.meshgrid(*[np.array([-1.0, 0.0, 1.0])] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    near: Floats = start + moves[np.abs(moves).sum(axis=1) <= 2] * spacing
    return near


def singly(start: Floats) -> Floats:
    """A few kW, kWh or machines less and more of each size, (32, 4)."""
    moves = np.multiply.outer(UNITS, np.eye(4)).reshape(-1, 4)
    near: Floats = start + np.concatenate([-moves, moves])
    return near


def planes(start: Floats, spacing: Floats) -> Floats:
    """Three steps down and up of each two sizes, as what is best often runs along a ridge between two, (n, 4)."""
    steps = np.arange(-3.0, 4.0)
    planes = []
    for one, other in combinations(range(4), 2):
        moves = np.zeros((len(steps) ** 2, 4))
        moves[:, [one, other]] = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
        planes.append(moves)
    near = start + np.concatenate(planes) * spacing
    return np.concatenate([near, _without(near[: len(steps) ** 2], [ENERGY, POWER])])


def _without(sizes: Floats, which: list[int]) -> Floats:
    bare = sizes.copy()
    bare[:, which] = 0.0
    return bare


def tidy(sizes: Floats, ends: Floats) -> Floats:
    """What of some designs is within reach, or nothing at all: whole machines, no battery without energy or power."""
    tidy = np.where(sizes == 0.0, 0.0, np.clip(sizes, *ends))  # without one of them is not raised to its lowest
    tidy[:, COUNT] = np.rint(tidy[:, COUNT])
    tidy[(tidy[:, ENERGY] == 0) | (tidy[:, POWER] == 0), ENERGY : POWER + 1] = 0.0
    inside = ((tidy >= ends[0]) & (tidy <= ends[1])).all(axis=1)
    within: Floats = tidy[inside | ~tidy.any(axis=1)] + 0.0  # no −0
    return within
