"""A site whose months are told exactly, without a table: no battery, and power at a few prices.

What an hour does then hangs on no other hour, and months follow from hours sorted by their sun (`models.sorted_hours`), for
any worth of a kWh, light and number of machines that run. A site that cannot be told so is looked up (`responses`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.inputs import Weather
from core.models import solar, sorted_hours
from core.models.dispatch import Hours
from core.models.sorted_hours import Groups, Inverter
from core.studies.energy import SiteYears, site_years, sky
from core.studies.path_bills import metering
from core.studies.progress import Tick
from core.studies.responses import Responses, fleet_of, responses
from core.studies.run import Run

Floats: TypeAlias = NDArray[np.float64]
MOST_GROUPS = 160  # a dozen a month: where prices are more, a table is faster
DIGITS = 12  # digits that tell two prices, limits or temperatures of the fleet apart


@dataclass(frozen=True, eq=False)
class SortedSite:
    """The months of a site, prices of the grid as in its first year; asked as `Responses` is.

    fleet_kw: draw of the whole fleet when new. always: machines run whenever they can.
    """

    groups: Groups
    inverter: Inverter
    fleet_kw: float
    always: bool = False
    compiled: bool = True
    metering: ClassVar[None] = None  # bills by tariff are looked up

    @property
    def steps(self) -> int:
        return len(self.groups.draw_kw)

    def year(self, sun: Floats, worth_usd_per_kwh: Floats, alive: Floats, health: Floats) -> tuple[Floats, Floats]:
        """Flows (columns, 12, paths) and solar energy (12, paths) of a year; as `Responses.year`."""
        worth = np.full_like(worth_usd_per_kwh, np.inf) if self.always else worth_usd_per_kwh
        told = sorted_hours.told(self.groups, self.inverter, sun, worth, alive, compiled=self.compiled)
        return told[:-1], told[-1]  # in the order of `responses`, without what a battery gives

    def always_on(self) -> SortedSite:
        """The same site where machines run whenever they can."""
        return replace(self, always=True)

    def reaches(self, sun: float) -> bool:
        """Whether years of so little light are told: all are."""
        return True


Site: TypeAlias = Responses | SortedSite


def site_of(
    base: Run,
    weather: Weather,
    suns: tuple[float, float],
    *,
    tick: Tick = lambda share: None,
    compiled: bool = True,
) -> Site:
    """What the site of a plan does in any month: exactly where that can be, else from a table that reaches over `suns`."""
    return sorted_site(base, weather, compiled=compiled) or responses(base, weather, suns, tick=tick, compiled=compiled)


def sorted_site(base: Run, weather: Weather, *, compiled: bool = True) -> SortedSite | None:
    """The site of a plan by its sorted hours; None where they do not say all."""
    scenario = base.scenario
    site = site_years(scenario, weather, base.life, base.worth_usd_per_kwh)
    if scenario.battery.energy_kwh or metering(scenario.grid, site.connection.clock):
        return None
    hours = site.hours(0, held=False)
    found = _alike(site, hours)
    if found is None or not _buys_dear(hours):
        return None
    number, rows = found
    full_kw, ratios = fleet_of(base)
    dc_kw = solar.dc_kw(scenario.array, sky(weather))[site.when.order]
    of_group = {
        **rows,
        "draw_kw": np.multiply.outer(full_kw, rows["kept"] * rows["pue"]),
        "worth": np.multiply.outer(ratios, 1.0 / rows["pue"]),
    }
    del of_group["kept"]
    groups = sorted_hours.groups(dc_kw, number, of_group)
    return SortedSite(groups, Inverter(*solar.inverter_line(scenario.array)), float(full_kw.sum()), compiled=compiled)


def _alike(site: SiteYears, hours: Hours) -> tuple[NDArray[np.intp], dict[str, Floats]] | None:
    """The group of each hour (hours,), and what the hours of each group share; None where there are too many."""
    sold = (hours.export_usd_per_kwh > 0) & (hours.export_limit_kw > 0)
    bought = hours.import_limit_kw > 0
    shared = {
        "month": site.connection.clock.of_operation.astype(np.float64),
        "buy_usd_per_kwh": np.where(bought, hours.import_usd_per_kwh, np.inf),
        "sell_usd_per_kwh": np.where(sold, hours.export_usd_per_kwh, 0.0),
        "import_kw": hours.import_limit_kw,
        "export_kw": np.where(sold, hours.export_limit_kw, 0.0),
        "kept": site.kept_frac,
        "pue": site.pue,
    }
    rows, number = np.unique(np.round(np.stack(list(shared.values())), DIGITS), axis=1, return_inverse=True)
    if rows.shape[1] > MOST_GROUPS:
        return None
    return number.ravel(), dict(zip(shared, rows, strict=True))


def _buys_dear(hours: Hours) -> bool:
    """Whether power never costs less than it sells for, and nobody is paid for taking it: then sun and grid do not compete."""
    buys, sells = hours.import_limit_kw > 0, hours.export_limit_kw > 0
    buy, sell = hours.import_usd_per_kwh, hours.export_usd_per_kwh
    return not (buys & ((buy < 0) | (sells & (sell > buy)))).any()
