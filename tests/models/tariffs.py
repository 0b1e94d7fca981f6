"""What tests of bills share: clocks, grids with a tariff, and SAM's rate engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.clock import Clock
from core.scenario import Scenario
from core.sections import Grid
from core.studies.clock import clock

Floats = NDArray[np.float64]
HOURS = 8760
DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
FIRST = np.concatenate([[0], np.cumsum(DAYS)[:-1]]) * 24  # hour in which each month begins
CHICAGO = clock("America/Chicago", "2027-01")  # January 1, 2027 is a friday
DAYTIME = [[0] * 8 + [1] * 12 + [0] * 4] * 12  # period 1 from 8 to 20 o'clock


def plain_clock() -> Clock:
    """SAM's year: local hours without summer time, January 1 a monday."""
    day = np.arange(HOURS) // 24
    return Clock(
        month=np.repeat(np.arange(12), DAYS * 24),
        hour=np.tile(np.arange(24), 365),
        weekend=day % 7 >= 5,
        starts=FIRST,
        order=np.arange(HOURS),
    )


PLAIN = plain_clock()


def grid(**changes: Any) -> Grid:
    """The grid of the example with some of its fields changed; two underscores stand for a dot."""
    return Scenario().but({f"grid.{path.replace('__', '.')}": value for path, value in changes.items()}).grid


def tiers(*pairs: tuple[float, float | None], unit: str = "kwh", sell: float | None = None) -> dict[str, Any]:
    """A period of energy: (price, end) of each tier."""
    listed = [{"usd_per_kwh": usd, "up_to": end, "unit": unit} for usd, end in pairs]
    return {"tiers": listed, "sell_usd_per_kwh": sell}


def blocks(*pairs: tuple[float, float | None]) -> dict[str, Any]:
    """A period of demand: (price, end) of each block."""
    return {"tiers": [{"usd_per_kw": usd, "up_to_kw": end} for usd, end in pairs]}


def load(*parts: tuple[int, int, float]) -> Floats:
    """Power by hour of a year: (first hour, how many, kW)."""
    kw = np.zeros(HOURS)
    for first, count, value in parts:
        kw[first : first + count] += value
    return kw


NOTHING = load()
SAM_UNITS = {"kwh": 0, "kwh_per_kw": 1, "kwh_per_day": 2, "kwh_per_kw_day": 3}
NO_END = 1e38
SAM_RULES = {"net_metering": 0, "feed_in": 2, "net_billing": 3}


def sam_bill(site: Grid, load_kw: Floats, gen_kw: Floats, **settings: Any) -> dict[str, Floats]:
    """PySAM's Utilityrate5 of the same tariff: its monthly lines with the system, and the bill."""
    import PySAM.Utilityrate5 as Utilityrate5

    model = Utilityrate5.new()
    for name, value in {
        **_always(),
        **_rates(site),
        "load": load_kw.tolist(),
        "gen": gen_kw.tolist(),
        **settings,
    }.items():
        model.value(name, value)
    model.execute(0)
    names = ("ec_charge", "dc_fixed", "dc_tou", "fixed", "minimum")
    lines = {name: np.array(getattr(model.Outputs, f"year1_monthly_{name}_with_system")) for name in names}
    return {**lines, "bill": np.array(model.Outputs.year1_monthly_utility_bill_w_sys)}


def _always() -> dict[str, Any]:
    """One year, no growth, no prices by the step."""
    zeros = (
        "system_use_lifetime_output", "inflation_rate", "ur_en_ts_buy_rate", "ur_en_ts_sell_rate", "ur_sell_eq_buy",
        "ur_nm_yearend_sell_rate", "ur_nm_credit_rollover", "ur_nb_apply_credit_current_month", "ur_nb_credit_expire",
        "ur_enable_billing_demand", "TOU_demand_single_peak",
    )  # fmt: skip
    lists = {name: [0] for name in ("degradation", "load_escalation", "rate_escalation")}
    whole = {"analysis_period": 1, "en_electricity_rates": 1, "ur_nm_credit_month": 11, "ur_dc_enable": 1}
    return {**dict.fromkeys(zeros, 0), **lists, **whole, "grid_outage": [0] * HOURS}


def _rates(site: Grid) -> dict[str, Any]:
    """The tariff in SAM's tables, whose periods and tiers count from 1."""
    tariff = site.tariff
    unit = SAM_UNITS[max((p.tiers for p in tariff.energy.periods), key=len)[0].unit]  # one for all of a tariff here
    energy = [
        [p, t, end, unit, tier.usd_per_kwh, period.sell_usd_per_kwh or 0.0]
        for p, period in enumerate(tariff.energy.periods, 1)
        for t, (tier, end) in enumerate(_padded(period.tiers, tariff.energy.periods), 1)
    ]
    timed = [
        [p, t, end, tier.usd_per_kw]
        for p, period in enumerate(tariff.timed_demand.periods, 1)
        for t, (tier, end) in enumerate(_padded(period.tiers, tariff.timed_demand.periods), 1)
    ]
    flat = [
        [month, t, end, tier.usd_per_kw]
        for month, p in enumerate(tariff.flat_demand.months or (0,) * 12)
        for t, (tier, end) in enumerate(
            _padded(tariff.flat_demand.periods[p].tiers, tariff.flat_demand.periods)
            if tariff.flat_demand.periods
            else (),
            1,
        )
    ]
    return {
        "ur_ec_tou_mat": energy,
        "ur_ec_sched_weekday": _from_one(tariff.energy.weekday),
        "ur_ec_sched_weekend": _from_one(tariff.energy.weekend or tariff.energy.weekday),
        "ur_dc_tou_mat": timed or [[1, 1, NO_END, 0.0]],
        "ur_dc_sched_weekday": _from_one(tariff.timed_demand.weekday),
        "ur_dc_sched_weekend": _from_one(tariff.timed_demand.weekend or tariff.timed_demand.weekday),
        "ur_dc_flat_mat": flat or [[month, 1, NO_END, 0.0] for month in range(12)],
        "ur_monthly_fixed_charge": tariff.fixed_usd_per_month,
        "ur_monthly_min_charge": tariff.minimum_usd_per_month,
        "ur_annual_min_charge": tariff.minimum_usd_per_year,
        "ur_metering_option": SAM_RULES.get(tariff.settlement.rule, 2),
        "ur_nm_yearend_sell_rate": tariff.settlement.true_up_usd_per_kwh,
    }


def _padded(tiers: Any, periods: Any) -> list[tuple[Any, float]]:
    """Tiers and their ends; SAM wants the same ends in every period: a single tier is cut into some at one price."""
    most = max((period.tiers for period in periods), key=len)
    ends = [getattr(tier, "up_to", None) or getattr(tier, "up_to_kw", None) or NO_END for tier in most]
    return list(zip(tiers if len(tiers) == len(most) else tiers * len(most), ends, strict=True))


def _from_one(schedule: tuple[tuple[int, ...], ...]) -> list[list[int]]:
    return [[period + 1 for period in month] for month in schedule] or [[1] * 24] * 12


def by_month(kwh: list[float]) -> Floats:
    """A month's energy in its first hour at noon of the plain clock [kW]."""
    return load(*((int(first) + 12, 1, value) for first, value in zip(FIRST, kwh, strict=True)))
