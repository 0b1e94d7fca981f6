"""What a path of chance comes to when every hour of it is run: nothing is looked up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.inputs import Weather
from core.models import solar
from core.models.bills import bill
from core.models.dispatch import FLOWS
from core.models.network import growth_factor
from core.studies.chances import Chances
from core.studies.energy import site_years, sky
from core.studies.lives import coins_per_kwh
from core.studies.path_bills import metering
from core.studies.run import Run
from core.studies.storage import battery_year

MINING, IMPORT, EXPORT = (FLOWS.index(name) for name in ("mining_kw", "import_kw", "export_kw"))
STILL = {f"risk.{name}": 0.0 for name in (
    "price_volatility_per_year", "price_volatility_later_per_year", "difficulty_shock", "fees_deviation",
    "power_price_deviation_per_year", "yield_deviation", "yield_deviation_of_years", "idle_deviation",
    "overrun_deviation", "failures_deviation", "renewal_deviation",
)}  # fmt: skip


def by_the_hour(base: Run, weather: Weather, drawn: Chances, path: int) -> dict[str, np.ndarray]:
    """Coins [BTC], and energy bought and sold [USD], (months,), of one path; what is billed and paid, by the bills of its hours.

    Where the table meters, import is held below set points for what a kWh is worth, the fleet running as planned; under a
    ratchet below those of the plan's first year.
    """
    scenario, years = base.scenario, drawn.sun_frac.shape[0]
    coins = coins_per_kwh(base, drawn)[:, :, path]
    worth = coins * drawn.price_usd[:, path]
    site = site_years(scenario, weather, base.life, worth)
    light = base.flows.panel_health_frac * drawn.sun_frac[:, path]
    pv, _ = solar.inverter_kw(scenario.array, np.multiply.outer(light, solar.dc_kw(scenario.array, sky(weather))))
    odds = 1.0 / base.life.ready_frac - 1.0  # of a machine being in repair
    running = drawn.uptime_frac[:, path] * (1.0 + odds) / (1.0 + odds * drawn.failures_frac[path])
    site = replace(site, pv_kw=np.take(pv, site.when.order, axis=-1), step_kw=base.life.step_kw * running)
    told: dict[str, list[np.ndarray]] = {"mined_btc": [], "import_usd": [], "export_usd": [], "bill_usd": []}
    grid, when = scenario.grid, site.connection.clock
    metered, before = metering(grid, when) is not None, None
    health, soc, flows = 1.0, scenario.battery.soc_min_frac * scenario.battery.energy_kwh, np.empty((len(FLOWS), 8760))
    for year in range(years):
        index, hours = drawn.power_index[year, path], site.hours(year, held=False)
        growth = float(growth_factor(grid.price_growth_per_year, year))
        buy, sell = hours.import_usd_per_kwh * index, hours.export_usd_per_kwh * index
        hours = replace(hours, import_usd_per_kwh=buy, export_usd_per_kwh=sell)
        if metered:
            planned = base.life.step_kw[:, 12 * year : 12 * year + 12] * scenario.fleet.uptime_frac
            drawn_kw = site.when.hourly(planned) * site.kept_frac * site.pue
            held = site.connection.hours(hours.pv_kw, drawn_kw, hours.worth_usd_per_kwh, growth * index)
            plan = site_years(scenario, weather, base.life, base.worth_usd_per_kwh).hours(0)
            held = plan if grid.tariff.ratchet.shares_frac else held
            hours = replace(hours, import_limit_kw=held.import_limit_kw)
        health, soc, *_ = battery_year(scenario.battery, hours, health, soc, site.when, True, flows)
        machines, _ = site.machine_side(hours, flows[MINING])
        told["mined_btc"].append((machines * coins[:, 12 * year : 12 * year + 12]).sum(axis=0))
        told["import_usd"].append(site.when.by_month(flows[IMPORT] * buy))
        owed = bill(grid, flows[IMPORT], flows[EXPORT], when, before)
        before = owed.peaks
        told["bill_usd"].append(owed.owed_usd * index * growth)
        told["export_usd"].append(
            owed.export_income_usd * index * growth if metered else site.when.by_month(flows[EXPORT] * sell)
        )
    return {name: np.concatenate(rows) for name, rows in told.items()}
