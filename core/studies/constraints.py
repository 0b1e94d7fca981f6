"""What a plan's sizes must keep to."""

from __future__ import annotations

from dataclasses import dataclass

from core.figures import positive, share
from core.sections import Array

MODULE_KW_PER_M2 = 0.2  # of the module's own area at standard conditions: 20 %, usual for crystalline silicon


@dataclass(frozen=True)
class Constraints:
    """What a plan must keep to; None: nothing is asked.

    `budget_usd`: first investment; `land_m2`: for the array in rows at its ground coverage; `connection_kw`: most that the
    array may be able to feed in; `min_served_frac`: share of the fleet's possible energy that is mined in the first year.
    """

    budget_usd: float | None = None
    land_m2: float | None = None
    connection_kw: float | None = None
    min_served_frac: float | None = None

    def checked(self) -> Constraints:
        """Itself; ValidationError names what cannot be."""
        for name in ("budget_usd", "land_m2", "connection_kw"):
            if (value := getattr(self, name)) is not None:
                positive(f"constraints.{name}", value)
        if self.min_served_frac is not None:
            share("constraints.min_served_frac", self.min_served_frac)
        return self


def land_m2_per_kw(array: Array) -> float:
    """Ground that a kW of the array takes: area of its modules over their ground coverage [m²/kW]."""
    return 1.0 / MODULE_KW_PER_M2 / (1.0 if array.mounting == "roof" else array.gcr)
