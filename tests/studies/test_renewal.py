"""Machines, cells and inverters that wear out and are renewed: worked by pencil, by identities, and at the limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.fetchers.presets import presets
from core.inputs import Market, Weather
from core.models import mining
from core.results import Projection
from core.scenario import Scenario
from core.studies.calendar import calendar
from core.studies.projection import project

pytestmark = pytest.mark.usefixtures("kernel")

COUNT, WATTS, THS = 100, 3500.0, 200.0
GRID_MINE: dict[str, Any] = {
    "array.dc_kw": 0.0,
    "fleet.units": [{"hashrate_ths": THS, "power_w": WATTS, "count": COUNT, "price_usd": 2500.0}],
    "fleet.pue": 1.1,
    "fleet.uptime_frac": 1.0,
    "fleet.derate_above_c": 90.0,
    "fleet.shutdown_above_c": 100.0,
    "fleet.hashrate_degradation_frac_per_year": 0.0,
    "fleet.refresh.install_days": 0.0,
    "grid.import_limit_kw": 1000.0,
    "grid.import_usd_per_kwh": 0.03,
    "grid.price_growth_per_year": 0.0,
    "outlook.price_usd": 90_000.0,
    "outlook.difficulty": 1e14,
    "outlook.fees_btc_per_block": 0.05,
    "outlook.price_growth_per_year": 0.0,
    "outlook.difficulty_growth_per_year": 0.0,
    "outlook.start_month": "2028-07",
    "outlook.hardware.as_of": "2026-07",
    "finance.horizon_years": 5,
    "finance.inflation_per_year": 0.0,
}
STORED: dict[str, Any] = {  # an off-grid mine whose battery works every day
    "battery.calendar_fade_frac_per_year": 0.1,
    "battery.cycle_fade_frac_per_cycle": 0.0,
    "battery.health_floor_frac": 0.5,
    "finance.horizon_years": 6,
}


def answer(changes: dict[str, Any], weather: Weather, market: Market, base: Scenario | None = None) -> Projection:
    return project((base or Scenario()).but(changes), weather, market)


def grid_mine(changes: dict[str, Any], weather: Weather, market: Market) -> pd.DataFrame:
    return answer({**GRID_MINE, **changes}, weather, market).monthly


def off_grid(changes: dict[str, Any], weather: Weather, market: Market) -> Projection:
    return answer({**STORED, **changes}, weather, market, presets()["off_grid_container"])


def test_as_it_stands_nothing_is_renewed_mended_or_resold(greensboro: Weather, market: Market) -> None:
    months = answer(
        {"array.inverter_replacement.cost_frac": 0.5, "fleet.failures.repair_usd": 1e5}, greensboro, market
    ).monthly
    for name in (
        "refresh_usd",
        "repair_usd",
        "resale_usd",
        "battery_renewal_usd",
        "inverter_renewal_usd",
        "machines_renewed",
    ):
        assert (months[name] == 0).all(), name
    assert months["machines_kw"].nunique() == 1


# Machines


def test_machines_renewed_at_two_years_by_pencil(greensboro: Weather, market: Market) -> None:
    """Bought in month 24, four years after the hardware was read: 11 J/TH · e^(−0.24 · 8 · (1 − e^(−½)))."""
    months = grid_mine(
        {"fleet.refresh.rule": "age", "fleet.refresh.age_years": 2.0, "fleet.refresh.times": 1}, greensboro, market
    )
    before, after = months.iloc[23], months.iloc[24]
    new = 11.0 * np.exp(-0.24 * 8 * (1 - np.exp(-0.5)))
    price = 14.6 * 0.85**4
    hashrate = COUNT * WATTS / new
    assert before["machines_j_per_th"] == pytest.approx(17.5)
    assert after["machines_j_per_th"] == pytest.approx(new, rel=1e-12)
    assert after["machines_ths"] == pytest.approx(hashrate, rel=1e-12)
    assert after["refresh_usd"] == pytest.approx(hashrate * price, rel=1e-12)
    assert months["refresh_usd"].sum() == after["refresh_usd"]
    assert months["machines_renewed"].sum() == after["machines_renewed"] == COUNT
    assert before["machines_kw"] == after["machines_kw"] == pytest.approx(COUNT * WATTS / 1000)
    rate = months["mined_btc"] / months["mined_kwh"] / months["subsidy_btc"].add(0.05)
    assert rate[24] / rate[23] == pytest.approx(17.5 / new, rel=1e-9)
    assert (months["machines_kw"][48:] == 0).all()  # renewed once, retired two years later
    assert (months["mined_kwh"][48:] == 0).all()


def test_the_class_that_is_bought_burns_more_and_costs_less(greensboro: Weather, market: Market) -> None:
    plan = {"fleet.refresh.rule": "date", "fleet.refresh.dates": ["2030-01"]}
    best, second = (
        grid_mine({**plan, "fleet.refresh.class_ratio": r}, greensboro, market).iloc[18] for r in (1.0, 1.5)
    )
    assert second["machines_j_per_th"] == pytest.approx(1.5 * best["machines_j_per_th"])
    assert second["refresh_usd"] == pytest.approx(
        best["refresh_usd"] / 1.5**3
    )  # fewer TH/s, each at 1/1.5² of the price


def test_retired_machines_leave_their_power_to_be_sold(greensboro: Weather, market: Market) -> None:
    plan = {
        "fleet.refresh.rule": "age",
        "fleet.refresh.age_years": 1.5,
        "fleet.refresh.times": 0,
        "finance.horizon_years": 3,
    }
    months = answer(plan, greensboro, market).monthly
    alone = answer({"fleet.units": [], "finance.horizon_years": 3}, greensboro, market).monthly
    gone = months[18:]
    assert (months["mined_kwh"][:18] > 0).all()
    assert (gone[["mined_kwh", "mined_btc", "import_kwh", "machines_kw"]] == 0).all().all()
    assert gone["export_kwh"].to_numpy() == pytest.approx(alone["export_kwh"][18:].to_numpy(), rel=1e-9)


def test_machines_retire_after_losing_for_three_months(greensboro: Weather, market: Market) -> None:
    """Hashprice falls by half at the halving of 2028; then 17.5 J/TH · 1.1 cost more than they bring."""
    worth = float(mining.hashprice_usd_per_ph_day(90_000.0, 1e14, 1.5625, 0.05)) * 0.98
    usd = 1.2 * worth / (17.5 * 24 * 1.1)  # a fifth above break-even after the halving, below it before
    plan = {
        "grid.import_usd_per_kwh": usd, "grid.price_growth_per_year": 0.0, "outlook.start_month": "2027-07",
        "fleet.refresh.rule": "unprofitable", "fleet.refresh.times": 0,
    }  # fmt: skip
    months = grid_mine(plan, greensboro, market)
    loses = months["mine_usd_per_kwh"] < months["import_usd_per_kwh"]
    first = int(np.argmax(loses))
    assert 0 < first < 20
    assert months["subsidy_btc"][first] < 3.125
    alive = months["machines_kw"] > 0
    assert alive[: first + 3].all()
    assert not alive[first + 3 :].any()


def test_off_the_import_grid_the_rule_weighs_what_export_would_bring(greensboro: Weather, market: Market) -> None:
    plan = {"fleet.refresh.rule": "unprofitable", "fleet.refresh.times": 0, "grid.import_limit_kw": 0.0}
    cheap, dear = (
        answer({**plan, "grid.export_usd_per_kwh": usd}, greensboro, market).monthly["machines_kw"]
        for usd in (0.0, 1.0)
    )
    own = answer({**plan, "fleet.refresh.power_usd_per_kwh": 1.0}, greensboro, market).monthly["machines_kw"]
    assert (cheap > 0).all()
    assert (dear[:3] > 0).all()
    assert (dear[3:] == 0).all()
    assert own.equals(dear)


def test_failures_cost_repairs_and_time_by_pencil(greensboro: Weather, market: Market) -> None:
    plan = {"fleet.failures.rate_per_year": 0.5, "fleet.failures.repair_days": 73.0, "fleet.failures.repair_usd": 200.0}
    well, ill = (grid_mine(p, greensboro, market) for p in ({}, plan))
    ready = 1 / (1 + 0.5 * 73 / 365)
    assert (ill["mined_kwh"] / well["mined_kwh"]).to_numpy() == pytest.approx(np.full(60, ready), rel=1e-9)
    assert (ill["mined_btc"] / well["mined_btc"]).to_numpy() == pytest.approx(np.full(60, ready), rel=1e-9)
    days = ill["month"].dt.days_in_month
    assert ill["repair_usd"].to_numpy() == pytest.approx(COUNT * 0.5 * ready * 200 * days / 365, rel=1e-9)


def test_days_to_install_are_lost_in_their_month_alone(greensboro: Weather, market: Market) -> None:
    plan = {"fleet.refresh.rule": "date", "fleet.refresh.dates": ["2030-01"]}
    at_once, slow = (
        grid_mine({**plan, "fleet.refresh.install_days": days}, greensboro, market)["machines_ths"]
        for days in (0.0, 15.5)
    )
    assert slow[18] == pytest.approx(at_once[18] / 2, rel=1e-12)
    assert (slow.drop(18) == at_once.drop(18)).all()


def test_old_machines_are_sold_by_class_and_age(greensboro: Weather, market: Market) -> None:
    """17.5 J/TH sold after two years, and what replaced them sold with the plan, each at 80 % and 10 % a year of wear."""
    plan = {
        "fleet.refresh.rule": "age", "fleet.refresh.age_years": 2.0, "fleet.refresh.times": 1, "fleet.resale.realised_frac": 0.8,
        "finance.horizon_years": 3, "finance.salvage_frac": 0.5,
    }  # fmt: skip
    result = answer({**GRID_MINE, **plan}, greensboro, market)
    months = result.monthly
    at = [11.0 * np.exp(-0.24 * 8 * (1 - np.exp(-t / 8))) for t in (4.0, 5.0)]
    old = COUNT * THS * 14.6 * 0.85**4 * (at[0] / 17.5) ** 2 * 0.8 * 0.9**2
    left = COUNT * WATTS / at[0] * 14.6 * 0.85**5 * (at[1] / at[0]) ** 2 * 0.8 * 0.9
    assert months["resale_usd"][24] == pytest.approx(old, rel=1e-9)
    assert months["resale_usd"][35] == pytest.approx(left, rel=1e-9)
    assert months["resale_usd"].sum() == pytest.approx(old + left, rel=1e-9)
    built = result.yearly["capex_usd"][0] - COUNT * 2500.0
    assert result.yearly["salvage_usd"].iloc[-1] == pytest.approx(0.5 * built)  # machines are not salvaged twice


def test_each_kind_of_a_mixed_fleet_is_renewed_at_its_own_time(greensboro: Weather, market: Market) -> None:
    """The thirsty half gives up first; hash rate and power are the sums of both."""
    units = [
        {"hashrate_ths": 100.0, "power_w": 3000.0, "count": 50, "price_usd": 0.0},
        {"hashrate_ths": 270.0, "power_w": 3645.0, "count": 50, "price_usd": 0.0},
    ]
    plan = {
        "fleet.units": units, "grid.import_usd_per_kwh": 0.04, "fleet.refresh.rule": "unprofitable", "fleet.refresh.times": 0,
        "outlook.difficulty_growth_per_year": 0.3, "fleet.hashrate_degradation_frac_per_year": 0.02,
    }  # fmt: skip
    months = grid_mine(plan, greensboro, market)
    levels = months["machines_kw"].round(6).drop_duplicates().tolist()
    assert levels == pytest.approx([50 * 6.645, 50 * 3.645, 0.0])
    both = months.iloc[0]
    assert both["machines_ths"] == pytest.approx(50 * 370.0)
    assert both["machines_j_per_th"] == pytest.approx(6645 / 370)


def test_the_books_add_up_with_everything_on(greensboro: Weather, market: Market) -> None:
    plan = {
        "fleet.refresh.rule": "age", "fleet.refresh.age_years": 2.0, "fleet.failures.rate_per_year": 0.2,
        "fleet.resale.realised_frac": 0.7, "array.inverter_replacement.every_years": 3, "battery.energy_kwh": 500.0,
        "battery.power_kw": 200.0, "battery.calendar_fade_frac_per_year": 0.1, "battery.replacement.rule": "augment",
        "outlook.treasury.rule": "hold_share", "outlook.treasury.sales_pay_fee": True, "finance.salvage_frac": 0.1,
    }  # fmt: skip
    result = answer(plan, greensboro, market)
    year = result.yearly
    income = ("coin_sales_usd", "export_revenue_usd", "resale_usd", "salvage_usd")
    costs = ("import_cost_usd", "opex_usd", "exchange_fee_usd", "refresh_usd", "battery_renewal_usd", "inverter_renewal_usd",
             "repair_usd", "capex_usd")  # fmt: skip
    assert all(year[name].abs().sum() > 0 for name in (*income, *costs))
    net = sum(year[name] for name in income) - sum(year[name] for name in costs)
    assert year["net_cash_usd"].to_numpy() == pytest.approx(np.asarray(net), rel=1e-9)
    months = result.monthly.groupby(np.arange(120) // 12)[list(costs[:-1])].sum()
    assert months.to_numpy() == pytest.approx(year[list(costs[:-1])][1:].to_numpy(), rel=1e-12)


# Inverter and battery


def test_inverters_come_due_by_pencil(greensboro: Weather, market: Market) -> None:
    plan = {"array.inverter_replacement.every_years": 4, "finance.inflation_per_year": 0.03}
    spent = answer(plan, greensboro, market).monthly["inverter_renewal_usd"]
    assert np.flatnonzero(spent).tolist() == [48, 96]
    first = Scenario().array.dc_kw * Scenario().finance.array_usd_per_kw * 0.08
    assert spent[[48, 96]].to_numpy() == pytest.approx([first * 1.03**4, first * 1.03**8], rel=1e-12)


def test_a_battery_is_replaced_in_the_month_after_it_passes_its_floor(greensboro: Weather, market: Market) -> None:
    """A tenth a year by age alone: 0.75 is passed half way through year 3, and 2½ years later again."""
    result = off_grid(
        {"battery.replacement.rule": "replace", "battery.replacement.below_frac": 0.75}, greensboro, market
    )
    plan, months = result.scenario, result.monthly
    starts = np.append(calendar(plan.site.timezone, plan.outlook.start_month).starts, 8760)
    age = (np.repeat(np.arange(6), 12) * 8760 + np.tile(starts[1:], 6)) / 8760
    first = int(np.argmax(0.1 * age > 0.25)) + 1
    spent = np.flatnonzero(months["battery_renewal_usd"])
    second = int(np.argmax(0.1 * (age - age[first - 1]) > 0.25)) + 1
    assert spent.tolist() == [first, second]
    cost = plan.battery.energy_kwh * plan.finance.battery_usd_per_kwh * 0.6
    assert months["battery_renewal_usd"][first] == pytest.approx(cost * 0.96 ** (first / 12), rel=1e-12)
    health = result.yearly["battery_health_frac"].to_numpy()[1:]
    assert health[:3] == pytest.approx([1.0, 0.9, 0.8])
    assert health[3] == pytest.approx(1 - 0.1 * (3 - age[first - 1]), rel=1e-9)


def test_new_cells_work_from_their_month_on(greensboro: Weather, market: Market) -> None:
    """A battery that fades by half a year is replaced within the first: hours before stay, hours after hold more."""
    fast = {
        "battery.calendar_fade_frac_per_year": 0.5,
        "battery.replacement.below_frac": 0.8,
        "finance.horizon_years": 2,
    }
    kept = off_grid(fast, greensboro, market)
    new = off_grid({**fast, "battery.replacement.rule": "replace"}, greensboro, market)
    spent = np.flatnonzero(new.monthly["battery_renewal_usd"])
    assert 4 <= spent[0] <= 6
    assert len(spent) == 4  # every five months
    h = new.hourly
    flow = (
        h["pv_kw"]
        + h["discharge_kw"]
        + h["import_kw"]
        - h["mining_kw"]
        - h["charge_kw"]
        - h["export_kw"]
        - h["curtailed_kw"]
    )
    assert flow.abs().max() < 1e-9 * h["pv_kw"].max()
    assert kept.hourly.equals(h)  # the first year's capacity stands as it began: the new cells are as the old ones then
    assert new.monthly["discharge_kwh"][12:].sum() > kept.monthly["discharge_kwh"][12:].sum() * 1.2


def test_augmenting_buys_what_was_lost(greensboro: Weather, market: Market) -> None:
    whole, part = (
        off_grid({"battery.replacement.rule": rule, "battery.replacement.below_frac": 0.75}, greensboro, market)
        for rule in ("replace", "augment")
    )
    at = int(np.flatnonzero(part.monthly["battery_renewal_usd"])[0])
    share = part.monthly["battery_renewal_usd"][at] / whole.monthly["battery_renewal_usd"][at]
    assert 0.25 < share < 0.26
    assert part.hourly.equals(whole.hourly)
    assert part.yearly["battery_health_frac"].equals(whole.yearly["battery_health_frac"])


def test_rainflow_at_exponent_one_counts_what_throughput_counts(greensboro: Weather, market: Market) -> None:
    plan = {"battery.cycle_fade_frac_per_cycle": 1e-4, "battery.calendar_fade_frac_per_year": 0.01}
    health = {
        (counting, k): off_grid(
            {**plan, "battery.replacement.counting": counting, "battery.replacement.depth_exponent": k},
            greensboro,
            market,
        ).yearly["battery_health_frac"]
        for counting, k in (("throughput", 1.0), ("rainflow", 1.0), ("rainflow", 2.0))
    }
    lost = {key: 1 - values.iloc[-1] for key, values in health.items()}
    assert lost["throughput", 1.0] > 0.1
    assert lost["rainflow", 1.0] == pytest.approx(lost["throughput", 1.0], rel=2e-3)
    assert lost["rainflow", 2.0] < lost["rainflow", 1.0]


def test_without_a_battery_there_is_none_to_replace(greensboro: Weather, market: Market) -> None:
    plan = {"battery.replacement.rule": "replace", "battery.calendar_fade_frac_per_year": 0.5}
    for counting in ("throughput", "rainflow"):
        months = answer({**plan, "battery.replacement.counting": counting}, greensboro, market).monthly
        assert (months["battery_renewal_usd"] == 0).all()


def test_both_engines_renew_alike(greensboro: Weather, market: Market) -> None:
    plan = presets()["off_grid_container"].but(
        {
            **STORED,
            "battery.replacement.rule": "augment",
            "battery.replacement.counting": "rainflow",
            "battery.cycle_fade_frac_per_cycle": 1e-4,
            "fleet.refresh.rule": "unprofitable",
            "finance.horizon_years": 4,
        }
    )
    fast, plain = (project(plan, greensboro, market, compiled=c).monthly.drop(columns="month") for c in (True, False))
    assert np.allclose(fast, plain, rtol=1e-9, atol=1e-6)


def test_the_widest_growth_still_gives_finite_books(greensboro: Weather, market: Market) -> None:
    plan = {
        "fleet.refresh.rule": "unprofitable",
        "fleet.resale.realised_frac": 1.0,
        "outlook.difficulty": 1e24,
        "outlook.price_usd": 1e9,
        "outlook.price_growth_per_year": 5.0,
        "outlook.difficulty_growth_per_year": 5.0,
        "outlook.hardware.improvement_per_year": 1.0,
        "outlook.hardware.improvement_fade_years": 0.0,
        "finance.horizon_years": 40,
    }
    months = answer(plan, greensboro, market).monthly
    assert np.isfinite(months.drop(columns="month").to_numpy()).all()
