"""Why a yield of ours differs from what another model expects of the same array."""

from __future__ import annotations

from dataclasses import dataclass

from core.inputs import Weather
from core.sections import Array
from core.studies.energy import sunshine


@dataclass(frozen=True)
class Gap:
    """A first year's yield beside another model's for a new array without limits [kWh per kW].

    `own − theirs = rest − clipped − aged`: what the inverter cuts off and what the panels have lost in the year are
    ours alone, the rest is another weather record and another model.
    """

    own: float
    theirs: float
    clipped: float
    aged: float

    @property
    def rest(self) -> float:
        return self.own + self.clipped + self.aged - self.theirs

    def frac(self, part: float) -> float:
        """A part as a share of the other model's yield."""
        return part / self.theirs


def gap(array: Array, weather: Weather, theirs_kwh_per_kw: float) -> Gap:
    """Hold the first year's yield of an array against another model's.

    theirs_kwh_per_kw > 0: a mean year of new modules, before any limit of the inverter.
    """
    new = array.model_copy(update={"first_year_degradation_frac": 0.0, "degradation_frac_per_year": 0.0})
    worn, fresh = sunshine(array, weather, 1), sunshine(new, weather, 1)
    own, clipped, full = (
        float(kwh) / array.dc_kw
        for kwh in (worn.ac_kw[0].sum(), worn.clipped_kwh[0], fresh.ac_kw[0].sum() + fresh.clipped_kwh[0])
    )
    return Gap(own, theirs_kwh_per_kw, clipped, full - own - clipped)
