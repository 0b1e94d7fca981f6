"""One scenario, one weather year, one market: the projection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import ScenarioError
from core.inputs import CreditRule, Market, Reading, Weather
from core.models import finance
from core.models.dispatch import FLOWS, is_compiled
from core.models.network import NetworkPath
from core.results import Projection, WeatherNote
from core.scenario import Scenario
from core.sections import Battery
from core.studies import metrics
from core.studies.energy import Energy
from core.studies.run import Run, run, used_readings
from core.studies.statement import statement_frame
from core.studies.tables import labels, table

MODEL_VERSION = "2027.01"

Floats = NDArray[np.float64]
RUNS_KEPT = 4  # beside a weather year; each holds what is bought and sold in the hours of all years, some megabytes


def project(
    scenario: Scenario,
    weather: Weather,
    market: Market,
    *,
    rules: Iterable[CreditRule] = (),
    fx: Reading | None = None,
    compiled: bool = True,
) -> Projection:
    """What the scenario earns under this weather and market, hourly in every year of the horizon.

    rules: of credits and bonus depreciation, where the scenario lets dates decide. fx: what a dollar costs in the planner's
    currency, kept with the answer for display; all figures are in US dollars.

    The same inputs give the same bits on the same engine and machine. ScenarioError where a machine has no figures,
    CalculationError where a result is not finite. `compiled` False: the plain numpy engine.
    """
    _check_machines(scenario)
    readings, granted = used_readings(scenario, market), tuple(rules)
    with np.errstate(all="ignore"):  # whatever is not finite is named below
        base = run(scenario, weather, readings, granted, compiled=compiled)
        sell, grid = (
            _alternative(other, weather, readings, granted, base.path, compiled)
            for other in (_without_miners(scenario), _without_sun(scenario))
        )
        values, reasons = metrics.measure(base, sell, grid)
    return Projection(
        scenario=scenario,
        readings=(*readings, *((fx,) if fx else ())),
        weather=WeatherNote.of(weather),
        hourly=_hourly(base.flows),
        monthly=_monthly(base),
        yearly=_yearly(base),
        statement=statement_frame(base.account),
        metrics=values,
        reasons=reasons,
        notices=_notices(base, weather, granted),
        model_version=MODEL_VERSION,
        engine="numba" if compiled and is_compiled() else "numpy",
    )


def _alternative(
    scenario: Scenario,
    weather: Weather,
    readings: tuple[Reading, ...],
    rules: tuple[CreditRule, ...],
    path: NetworkPath,
    compiled: bool,
) -> Run:
    """A run kept with the weather year: of the two alternatives most changes of a plan touch one alone.

    path: what `readings` and the scenario's outlook come to.
    """
    kept: dict[Any, Run] = weather.kept.setdefault("alternatives", {})
    key = (scenario, readings, rules, compiled and is_compiled())
    found = kept.pop(key, None) or run(scenario, weather, readings, rules, path=path, compiled=compiled)
    kept[key] = found  # the newest last
    for oldest in list(kept)[:-RUNS_KEPT]:
        kept.pop(oldest, None)
    return found


def _without_miners(scenario: Scenario) -> Scenario:
    fleet = scenario.fleet.model_copy(update={"units": ()})
    return scenario.model_copy(update={"fleet": fleet, "battery": Battery()})


def _without_sun(scenario: Scenario) -> Scenario:
    array = scenario.array.model_copy(update={"dc_kw": 0.0})
    return scenario.model_copy(update={"array": array, "battery": Battery()})


def _check_machines(scenario: Scenario) -> None:
    for i, unit in enumerate(scenario.fleet.units):
        if unit.hashrate_ths is None or unit.power_w is None:
            raise ScenarioError(
                f"fleet.units.{i}: no figures for model {unit.model!r}",
                field=f"fleet.units.{i}.model",
                value=unit.model,
                expected="hashrate_ths and power_w, or a model resolved from the catalogue",
            )


def _notices(base: Run, weather: Weather, rules: tuple[CreditRule, ...]) -> tuple[str, ...]:
    """What a reader of the figures should know first."""
    scenario, notices = base.scenario, list(weather.notes)
    free = [unit.model or "own figures" for unit in scenario.fleet.units if unit.price_usd is None and unit.count]
    if free:
        notices.append(f"No price is given for {', '.join(free)}: counted as free.")
    if scenario.finance.credits.dates_decide and not rules:
        notices.append("The table of rules is not at hand: no credit or bonus that depends on dates is counted.")
    if finance.irr_count(base.cash_usd) > 1:
        notices.append("Several rates of return exist for this cash: judge by the NPV or the modified IRR.")
    if _zone_is_far(scenario, base.flows.calendar.index):
        notices.append(
            f"The time zone {scenario.site.timezone} is far from the site's longitude: local hours will look odd."
        )
    return tuple(notices)


def _zone_is_far(scenario: Scenario, hours: pd.DatetimeIndex) -> bool:
    """Whether clock and sun differ by more than three hours."""
    offset = hours[0].tz_convert(scenario.site.timezone).utcoffset()
    apart = (offset.total_seconds() / 3600 if offset else 0.0) - scenario.site.longitude / 15
    return abs((apart + 12) % 24 - 12) > 3


def _hourly(flows: Energy) -> pd.DataFrame:
    return pd.DataFrame(flows.first_year.T, index=flows.calendar.index, columns=labels(("pv_kw", *FLOWS)))


def _monthly(base: Run) -> pd.DataFrame:
    path = base.path
    outlook = {
        "month": path.month.astype("datetime64[s]"),
        "price_usd": path.price_usd,
        "difficulty": path.difficulty,
        "subsidy_btc": path.subsidy_btc,
        "hashprice_usd_per_ph_day": base.hashprice_usd_per_ph_day,
        "mine_usd_per_kwh": base.mine_usd_per_kwh,
        "machines_kw": base.life.machine_kw,
        "machines_ths": base.life.hashrate_ths,
        "machines_j_per_th": np.nan_to_num(base.life.efficiency_j_per_th),
        "machines_renewed": base.life.renewed,
    }
    prices = {name: base.books.prices[name] for name in ("import_usd_per_kwh", "export_usd_per_kwh")}
    return table({**outlook, "halvings": path.halves.astype(np.float64), **prices, **base.books.monthly})


def _yearly(base: Run) -> pd.DataFrame:
    flows, path = base.flows, base.path
    health = {
        "panel_health_frac": flows.panel_health_frac,
        "battery_health_frac": flows.battery_health_frac[:-1],
        "hashrate_health_frac": flows.hashrate_health_frac,
    }
    first = {name: np.append(values[0], values) for name, values in health.items()}
    for name in ("price_usd", "difficulty", "subsidy_btc"):  # year 0 is the moment of the first month
        months = getattr(path, name)
        first[name] = np.append(months[0], months.reshape(-1, 12).mean(axis=1))
    return table({"year": np.arange(len(flows.cycles) + 1), **first, **base.books.yearly, **_cash(base)})


def _cash(base: Run) -> dict[str, Floats]:
    """What the owner pays and gets, by year."""
    cash = base.cash_usd
    discount = (1.0 + base.scenario.finance.discount_rate) ** -np.arange(len(cash))
    return {"net_cash_usd": cash, "cumulative_cash_usd": np.cumsum(cash), "discounted_cash_usd": cash * discount}
