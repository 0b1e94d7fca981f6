"""Which designs a search for the best sizes looks at: how far, on what grid, and around which of them again."""

from __future__ import annotations

from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.scenario import Scenario
from core.studies import designs
from core.studies.constraints import Constraints, land_m2_per_kw
from core.studies.designs import COUNT, DC, ENERGY, POWER, SIZES
from core.studies.fleet import machine_kw

Floats: TypeAlias = NDArray[np.float64]
LEVELS = {DC: 9, ENERGY: 5, POWER: 4, COUNT: 10}  # of the coarse grid, 0 among them


def reach(scenario: Scenario, constraints: Constraints) -> Floats:
    """The largest of each size that is looked at, (4,): what plan and connection suggest, the constraints, the planner."""
    one_kw, load = designs.machine_site_kw(scenario), _load_kw(scenario)
    most_dc = np.inf
    if constraints.land_m2 is not None:
        most_dc = constraints.land_m2 / land_m2_per_kw(scenario.array)
    if constraints.connection_kw is not None:
        most_dc = min(most_dc, constraints.connection_kw * scenario.array.dc_ac_ratio)
    dc = min(load, most_dc)
    count = load / one_kw if one_kw > 0 else 0.0
    usual = (dc, max(4.0 * dc, scenario.battery.energy_kwh), max(dc, scenario.battery.power_kw), count)
    asked = np.array([constraints.most.get(path, most) for path, most in zip(SIZES, usual, strict=True)])
    asked[DC], asked[COUNT] = min(asked[DC], most_dc), np.floor(asked[COUNT])
    return asked


def _load_kw(scenario: Scenario) -> float:
    """A power well above what the plan has and its connection carries."""
    grid = scenario.grid
    return max(
        3.0 * scenario.array.dc_kw, 2.0 * machine_kw(scenario.fleet), grid.import_limit_kw, grid.export_limit_kw, 100.0
    )


def coarse(most: Floats) -> Floats:
    """A grid over all sizes, denser towards small ones, (n, 4)."""
    axes = [np.linspace(0.0, 1.0, LEVELS[n]) ** (1.5 if n in (ENERGY, POWER) else 1.0) * most[n] for n in range(4)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 4)


def around(start: Floats, spacing: Floats, most: Floats) -> Floats:
    """A step down and up of each size and of all together, the same without array and without battery, (n, 4)."""
    moves = np.stack(np.meshgrid(*[np.array([-1.0, 0.0, 1.0])] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    near = np.clip(start + moves * spacing, 0.0, most)
    return np.concatenate([near, _without(near, [ENERGY, POWER]), _without(near, [DC])])


def planes(start: Floats, spacing: Floats, most: Floats) -> Floats:
    """Three steps down and up of each two sizes, as what is best often runs along a ridge between two, (n, 4)."""
    steps = np.arange(-3.0, 4.0)
    planes = []
    for one, other in combinations(range(4), 2):
        moves = np.zeros((len(steps) ** 2, 4))
        moves[:, [one, other]] = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
        planes.append(moves)
    near = np.clip(start + np.concatenate(planes) * spacing, 0.0, most)
    return np.concatenate([near, _without(near[: len(steps) ** 2], [ENERGY, POWER])])


def _without(sizes: Floats, which: list[int]) -> Floats:
    bare = sizes.copy()
    bare[:, which] = 0.0
    return bare


def tidy(sizes: Floats) -> Floats:
    """Whole machines, and no battery where it has no energy or no power."""
    tidy = np.maximum(sizes, 0.0)
    tidy[:, COUNT] = np.rint(tidy[:, COUNT])
    tidy[(tidy[:, ENERGY] == 0) | (tidy[:, POWER] == 0), ENERGY : POWER + 1] = 0.0
    return tidy + 0.0  # no −0
