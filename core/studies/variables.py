"""What a search for the best sizes may change, and how far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

import numpy as np

from core.errors import ValidationError
from core.figures import at_least_0, finite, positive, refused
from core.scenario import Scenario, leaves
from core.sections import Unit
from core.studies.designs import SIZES

SHAPES = ("array.surface_tilt", "array.dc_ac_ratio")
MOST_UNITS = 20
Range: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Variables:
    """What is sought, and what stays as it is in the plan.

    `within`: lowest and highest of a quantity by its path, equal where it is to stay. The sizes of array, battery and
    fleet are sought in the range that plan and connection suggest where none is given here; tilt and DC to AC ratio stay
    the plan's unless they are named. To build nothing at all is always looked at too. `units`: kinds of machines, with
    their figures and price, of which one is to be chosen; empty: the plan's own. Their counts do not matter.

    The array costs the same per kW DC whatever its inverter: a ratio is worth seeking where the connection is what limits.
    """

    within: Mapping[str, Range] = field(default_factory=dict)
    units: tuple[Unit, ...] = ()

    def checked(self) -> Variables:
        """Itself; ValidationError names what cannot be."""
        for path, ends in self.within.items():
            if path not in (*SIZES, *SHAPES):
                raise refused("variables.within", path, ", ".join((*SIZES, *SHAPES)))
            _check_range(path, ends)
        if len(self.units) > MOST_UNITS:
            raise refused("variables.units", len(self.units), f"at most {MOST_UNITS} kinds of machines")
        for i, unit in enumerate(self.units):
            _check_unit(f"variables.units.{i}", unit)
        return self

    def shape(self, plan: Scenario) -> tuple[Range, ...]:
        """Lowest and highest tilt and DC to AC ratio."""
        return tuple(self.within.get(path, (plan.at(path), plan.at(path))) for path in SHAPES)

    def kinds(self, plan: Scenario) -> tuple[Unit, ...]:
        """Kinds of machines of which one is chosen; ValidationError where the plan leaves open which one is sized."""
        kinds = self.units or plan.fleet.units
        if not self.units and len(kinds) != 1:
            raise ValidationError(
                "sizes are worked out for machines of one kind",
                field="fleet.units",
                value=len(kinds),
                expected="one kind of machine",
            )
        return kinds


def _check_range(path: str, ends: Range) -> None:
    name = f"variables.within.{path}"
    try:
        low, high = ends
    except (TypeError, ValueError):
        raise refused(name, ends, "lowest and highest") from None
    least, most = _bounds(path)
    for value in (low, high):
        if not least <= finite(name, value) <= most:
            raise refused(name, value, f"{least:g} to {most:g}")
    if low > high:
        raise refused(name, f"{low:g} to {high:g}", "the lowest first")


@cache
def _bounds(path: str) -> Range:
    """What the scenario's field takes."""
    info = next(info for at, info, _ in leaves(Scenario()) if at == path)
    ends = {name: getattr(part, name) for part in info.metadata for name in ("ge", "le") if hasattr(part, name)}
    return float(ends["ge"]), float(ends["le"])


def _check_unit(name: str, unit: Unit) -> None:
    """Without its figures nothing can be run, and without its price the machine would be the cheapest of all."""
    for figure in ("hashrate_ths", "power_w"):
        positive(f"{name}.{figure}", getattr(unit, figure))
    at_least_0(f"{name}.price_usd", np.nan if unit.price_usd is None else unit.price_usd)
