"""A first sensible design from three inputs: a place, a budget and a power price.

A plan like it is moved to the place and sized within the budget. Where nothing pays, the design that loses least among
those that spend a good part of the budget is told too, as what is not the best may still be what was asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.errors import ValidationError
from core.figures import positive
from core.inputs import CreditRule, Market, Weather
from core.scenario import Scenario
from core.sections import Site, Unit
from core.studies.constraints import Constraints
from core.studies.designs import SIZES, machine_site_kw, sized
from core.studies.progress import Tick, part
from core.studies.projection import project
from core.studies.sizing import Sizing, size
from core.studies.variables import Variables

DC, ENERGY, POWER, COUNT = SIZES
EXPORT_SHARE, MOST_EXPORT_USD_PER_KWH = 0.5, 0.03  # of the import price; what power at noon brings on most markets
BUILT_FRAC = 0.4  # of the budget goes into the array at least, and as much into machines, where nothing pays
BATTERY_HOURS = 4.0


@dataclass(frozen=True)
class Wish:
    """What a planner begins with. `power_usd_per_kwh`: None where there is no grid."""

    site: Site
    budget_usd: float
    power_usd_per_kwh: float | None

    def checked(self) -> Wish:
        """Itself; ValidationError names what cannot be."""
        positive("budget_usd", self.budget_usd)
        if self.power_usd_per_kwh is not None:
            positive("power_usd_per_kwh", self.power_usd_per_kwh)
        return self


@dataclass(frozen=True, eq=False)
class FirstDesign:
    """The design, the metrics of its projection, and the search it is from; `pays`: whether anything is worth building."""

    plan: Scenario
    metrics: dict[str, float | None]
    sizing: Sizing
    pays: bool


def first_design(
    like: Scenario,
    wish: Wish,
    kinds: tuple[Unit, ...],
    weather: Weather,
    market: Market,
    *,
    rules: tuple[CreditRule, ...] = (),
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> FirstDesign:
    """The design with the highest NPV within the budget, of one of some kinds of machines; costs and habits as in `like`.

    ValidationError where the budget does not buy a single machine and the costs that come with the first.
    """
    plan = begun(like, wish.checked(), kinds)
    limits = Constraints(budget_usd=wish.budget_usd)

    def sought(least: float, done: Tick) -> Sizing:
        variables = Variables(within(plan, wish.budget_usd, kinds, least), kinds)
        return size(plan, weather, market, "npv_usd", limits, variables, rules=rules, tick=done, compiled=compiled)

    found = sought(0.0, part(tick, 0.0, 0.5))
    if _built(found):
        tick(1.0)
        return FirstDesign(_rounded(found.best), found.metrics, found, pays=True)
    found = sought(BUILT_FRAC, part(tick, 0.5, 1.0))
    least_bad = _rounded(_least_bad(plan, found, wish))
    return FirstDesign(
        least_bad, project(least_bad, weather, market, rules=rules, compiled=compiled).metrics, found, pays=False
    )


def begun(like: Scenario, wish: Wish, kinds: tuple[Unit, ...]) -> Scenario:
    """The plan before it is sized: at the place, turned to its sun, on a connection that no budget outgrows."""
    north = wish.site.latitude >= 0
    price = wish.power_usd_per_kwh
    reach_kw = 0.0 if price is None else _tidy_up(max(_most_machines_kw(like, unit, wish.budget_usd) for unit in kinds))
    changes = {
        "name": f"First design: {wish.site.name}"[:120],
        "site": wish.site.model_dump(mode="json"),
        "array.surface_tilt": tilt_deg(wish.site.latitude),
        "array.surface_azimuth": 180.0 if north else 0.0,
        "array.horizon": (),
        "fleet.units": [kinds[0].model_copy(update={"count": 1}).model_dump(mode="json")],
        "grid.import_limit_kw": reach_kw,
        "grid.export_limit_kw": reach_kw,
    }
    if price is not None:
        sold = min(EXPORT_SHARE * price, MOST_EXPORT_USD_PER_KWH)
        changes |= {"grid.import_usd_per_kwh": price, "grid.export_usd_per_kwh": round(sold, 6)}
    return like.but(changes)


def tilt_deg(latitude: float) -> float:
    """Tilt of a fixed array for the most energy of a year, in whole degrees, 5 at the least so that rain cleans it.

    0.87 · latitude below 25°, 0.76 · latitude + 3.1° up to 50° and beyond. Source: C. R. Landau, Optimum tilt of solar panels.
    """
    size = abs(latitude)
    return float(round(max(0.87 * size if size < 25.0 else min(0.76 * size + 3.1, 60.0), 5.0)))


def within(
    plan: Scenario, budget_usd: float, kinds: tuple[Unit, ...], least_frac: float = 0.0
) -> dict[str, tuple[float, float]]:
    """How far the sizes go: what the budget buys of each alone; array and machines at least for so much of it."""
    terms = plan.finance
    more = 1.0 + terms.contingency_frac
    budget_usd = max(budget_usd - (terms.other_usd + terms.interconnection_usd) * more, 1.0)  # the rest is for sizes
    array_usd, cell_usd = (max(cost * more, 1.0) for cost in (terms.array_usd_per_kw, terms.battery_usd_per_kwh))
    dc_kw, energy_kwh = budget_usd / array_usd, budget_usd / cell_usd
    cheapest = min(_machine_usd(plan, unit) for unit in kinds)
    dearest = max(_machine_usd(plan, unit) for unit in kinds)
    count = math.floor(budget_usd / cheapest)
    least = min(math.floor(least_frac * budget_usd / dearest), count)
    return {
        DC: (least_frac * dc_kw, dc_kw),
        ENERGY: (0.0, min(energy_kwh, BATTERY_HOURS * dc_kw)),
        POWER: (0.0, dc_kw),
        COUNT: (float(max(least, 1) if least_frac else 0), float(max(count, 1))),
    }


def _machine_usd(plan: Scenario, unit: Unit) -> float:
    """A machine with its share of the site [USD]."""
    terms = plan.finance
    site_kw = (unit.power_w or 0.0) / 1000.0 * plan.fleet.pue
    return max((unit.price_usd or 0.0) + site_kw * terms.site_usd_per_kw * (1.0 + terms.contingency_frac), 1.0)


def _most_machines_kw(plan: Scenario, unit: Unit, budget_usd: float) -> float:
    alone = plan.but({"fleet.units": [unit.model_copy(update={"count": 1}).model_dump(mode="json")]})
    return machine_site_kw(alone) * max(math.ceil(budget_usd / _machine_usd(plan, unit)), 1)


def _tidy_up(kilowatts: float) -> float:
    """Two digits, rounded up."""
    unit = 10.0 ** (math.floor(math.log10(kilowatts)) - 1)
    return float(math.ceil(kilowatts / unit) * unit)


def _built(found: Sizing) -> bool:
    return bool(found.designs.iloc[0][["dc_kw", "machines", "energy_kwh"]].any())


def _least_bad(plan: Scenario, found: Sizing, wish: Wish) -> Scenario:
    """The best design that has both sun and machines."""
    frame = found.designs
    able = frame[frame["allowed"] & (frame["dc_kw"] > 0) & (frame["machines"] > 0)]
    if able.empty:
        raise ValidationError(
            f"a budget of {wish.budget_usd:,.0f} USD does not buy an array, a machine and what comes with the first of them",
            field="budget_usd",
            value=wish.budget_usd,
            expected="a larger budget",
        )
    row = able.iloc[0]
    unit = next(kind for name, kind in found.kinds.items() if name == row["model"])
    of_kind = plan.but({"fleet.units": [unit.model_dump(mode="json")]})
    return sized(of_kind, row[["dc_kw", "energy_kwh", "power_kw", "machines"]].to_numpy(dtype=float))


def _rounded(plan: Scenario) -> Scenario:
    """Sizes as an installer reads them: whole kilowatts."""
    whole = {path: float(round(plan.at(path), 0 if plan.at(path) >= 20 else 1)) for path in (DC, ENERGY, POWER)}
    return plan.but(whole)
