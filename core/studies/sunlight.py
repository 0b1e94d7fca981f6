"""Where the light on the modules goes on its way to the site, step by step."""

from __future__ import annotations

from core.inputs import Weather
from core.models import solar
from core.sections import Array
from core.studies.energy import sky, sunshine

KEPT = "light chain"  # beside a weather year, for the last array asked about


def light_steps(array: Array, weather: Weather) -> dict[str, float]:
    """What becomes of the first year's light [kWh], by step in the order of the way: they sum to the AC energy.

    The first is the light on the plane of the modules at their nameplate efficiency, dc_kw · H_poa / G_stc; losses are
    negative, what modules with two sides get from behind is positive.
    """
    kept = weather.kept.get(KEPT)
    if kept is None or kept[0] != array:
        kept = weather.kept[KEPT] = (array, _steps(array, weather))
    return dict(kept[1])


def _steps(array: Array, weather: Weather) -> dict[str, float]:
    above, year = sky(weather), sunshine(array, weather, 1)
    plane = array.dc_kw * year.poa_kwh_per_m2
    entered = _entered_kwh(array, weather)
    front = (
        _entered_kwh(array.model_copy(update={"bifaciality_frac": 0.0}), weather) if array.bifaciality_frac else entered
    )
    wired = float(solar.dc_kw(array, above).sum())
    made = wired / (1.0 - array.losses_frac)
    ac, clipped = float(year.ac_kw[0].sum()), float(year.clipped_kwh[0])
    worn = wired * (1.0 - array.first_year_degradation_frac)
    return {
        "Light on the modules": plane,
        "Shade, reflection, dirt": front - plane,
        "From behind": entered - front,
        "Heat and weak light": made - entered,
        "System losses": wired - made,
        "First-year ageing": worn - wired,
        "Inverter": ac + clipped - worn,
        "Clipped": -clipped,
    }


def _entered_kwh(array: Array, weather: Weather) -> float:
    return array.dc_kw * float(solar.absorbed(array, sky(weather)).sum()) / 1000.0
