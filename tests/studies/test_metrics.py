"""The figures that sum a plan up: worked by pencil, by re-projection, and by identities between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.fetchers.presets import presets
from core.inputs import Market, Weather
from core.models import finance, mining
from core.results import Projection
from core.scenario import Scenario
from core.studies.projection import project

pytestmark = pytest.mark.usefixtures("kernel")

YEARS = 3
GRID_MINE: dict[str, Any] = {
    "array.dc_kw": 0.0,
    "fleet.units": [{"hashrate_ths": 200.0, "power_w": 3500.0, "count": 100, "price_usd": 2500.0}],
    "fleet.pue": 1.1,
    "fleet.uptime_frac": 1.0,
    "fleet.derate_above_c": 90.0,
    "fleet.shutdown_above_c": 100.0,
    "fleet.hashrate_degradation_frac_per_year": 0.0,
    "grid.import_limit_kw": 1000.0,
    "grid.import_usd_per_kwh": 0.03,
    "grid.fixed_usd_per_month": 700.0,
    "grid.price_growth_per_year": 0.04,
    "outlook.price_usd": 90_000.0,
    "outlook.difficulty": 1e14,
    "outlook.fees_btc_per_block": 0.05,
    "outlook.price_growth_per_year": 0.1,
    "outlook.difficulty_growth_per_year": 0.0,
    "outlook.pool_fee_frac": 0.02,
    "outlook.exchange_fee_frac": 0.01,
    "outlook.start_month": "2028-07",
    "finance.horizon_years": YEARS,
    "finance.variable_usd_per_kwh": 0.004,
    "finance.inflation_per_year": 0.03,
    "finance.salvage_frac": 0.2,
    "finance.contingency_frac": 0.1,
    "finance.interconnection_usd": 5_000.0,
}


def answer(changes: dict[str, Any], weather: Weather, market: Market, base: Scenario | None = None) -> Projection:
    return project((base or Scenario()).but(changes), weather, market)


@pytest.fixture(scope="module")
def grid_mine(greensboro: Weather, market: Market) -> Projection:
    return answer(GRID_MINE, greensboro, market)


def test_three_years_of_a_grid_mine_by_pencil(grid_mine: Projection) -> None:
    """385 kW all year at a subsidy of 1.5625: every cost and growth non-zero."""
    kwh = 385.0 * 8760
    growth = {rate: (1 + rate) ** np.arange(YEARS) for rate in (0.04, 0.03)}
    monthly_price = 90_000 * 1.1 ** (np.arange(36) / 12)
    hours = np.array([744, 744, 720, 744, 720, 744, 744, 672, 744, 720, 744, 720] * 3)
    coins = 100 * 200e12 * hours * 3600 / (1e14 * 2**32) * (1.5625 + 0.05) * 0.98
    revenue = (coins * monthly_price).reshape(3, 12).sum(axis=1)
    bought = (kwh * 0.03 + 12 * 700) * growth[0.04]
    opex = (385 * 25 + 10_000 + kwh / 1.1 * 0.004) * growth[0.03]
    capex = 250_000 + 1.1 * (385 * 250 + 5_000 + 25_000)
    net = revenue - bought - opex
    net[-1] += 0.2 * capex
    yearly, metrics = grid_mine.yearly, grid_mine.metrics
    assert yearly["mining_revenue_usd"][1:].to_numpy() == pytest.approx(
        revenue, rel=2e-4
    )  # an hour of summer time moves
    assert yearly["import_cost_usd"][1:].to_numpy() == pytest.approx(bought, rel=1e-9)
    assert yearly["opex_usd"][1:].to_numpy() == pytest.approx(opex, rel=1e-9)
    assert yearly["net_cash_usd"].to_numpy() == pytest.approx(np.append(-capex, net), rel=1e-3)
    assert yearly["salvage_usd"].tolist() == pytest.approx([0, 0, 0, 0.2 * capex])
    costs = np.append(capex, bought + opex)
    costs[-1] -= 0.2 * capex
    discount = 1.08 ** -np.arange(4.0)
    by_year = np.append(0.0, coins.reshape(3, 12).sum(axis=1))
    assert metrics["cost_usd_per_btc"] == pytest.approx((costs @ discount) / (by_year @ discount), rel=1e-6)
    assert metrics["cost_usd_per_btc_at_export"] == pytest.approx(metrics["cost_usd_per_btc"])
    assert metrics["energy_usd_per_kwh"] == pytest.approx(0.03)


def test_buying_and_holding_by_pencil(grid_mine: Projection) -> None:
    """All of the first investment at the first month's price less 1 %, sold at the last month's less 1 %; no cash calls."""
    capex = grid_mine.metrics["capex_usd"]
    last = 90_000 * 1.1 ** (35 / 12)
    assert (grid_mine.yearly["net_cash_usd"][1:] > 0).all()
    assert grid_mine.metrics["hold_btc"] == pytest.approx(capex * 0.99 / 90_000, rel=1e-12)
    assert grid_mine.metrics["hold_npv_usd"] == pytest.approx(
        -capex + capex * 0.99 / 90_000 * last * 0.99 / 1.08**3, rel=1e-12
    )


def test_a_later_cash_call_buys_coins_at_the_price_of_its_year(greensboro: Weather, market: Market) -> None:
    losing = answer({**GRID_MINE, "finance.fixed_usd_per_year": 5e6, "finance.salvage_frac": 0.0}, greensboro, market)
    calls = -losing.yearly["net_cash_usd"].to_numpy()
    assert (calls > 0).all()
    prices = 90_000 * 1.1 ** (np.array([0, 11, 23, 35]) / 12)
    assert losing.metrics["hold_btc"] == pytest.approx((calls * 0.99 / prices).sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("metric", "path"),
    [
        ("npv_zero_price_usd", "outlook.price_usd"),
        ("npv_zero_difficulty", "outlook.difficulty"),
        ("npv_zero_import_usd_per_kwh", "grid.import_usd_per_kwh"),
    ],
)
def test_the_plan_is_worth_nothing_where_it_says_so(
    metric: str, path: str, grid_mine: Projection, greensboro: Weather, market: Market
) -> None:
    """Re-projected on a site that mines in every hour on both sides of the answer, so that operation stays as it is."""
    at = grid_mine.metrics[metric]
    assert at is not None
    again = answer({**GRID_MINE, path: at}, greensboro, market)
    assert again.metrics["mined_kwh_year1"] == pytest.approx(grid_mine.metrics["mined_kwh_year1"])
    assert abs(again.metrics["npv_usd"] or 0.0) < 1e-6 * (grid_mine.metrics["capex_usd"] or 0.0)


def test_break_evens_are_where_mining_just_pays_for_its_energy(
    grid_mine: Projection, greensboro: Weather, market: Market
) -> None:
    metrics, cost = grid_mine.metrics, 0.03 + 0.004 / 1.1
    price, difficulty = metrics["breakeven_price_usd"], metrics["breakeven_difficulty"]
    for usd, hard in ((price, 1e14), (90_000.0, difficulty)):
        hashprice = mining.hashprice_usd_per_ph_day(usd, hard, 1.5625, 0.05)
        assert mining.mined_kwh_value_usd(hashprice, 17.5, 0.02, 1.1) == pytest.approx(cost, rel=1e-9)
    dear = answer(
        {**GRID_MINE, "grid.import_usd_per_kwh": metrics["breakeven_usd_per_kwh"] * 1.001}, greensboro, market
    )
    cheap = answer(
        {**GRID_MINE, "grid.import_usd_per_kwh": metrics["breakeven_usd_per_kwh"] * 0.999}, greensboro, market
    )
    assert dear.hourly["mining_kw"].iloc[0] == 0
    assert cheap.hourly["mining_kw"].iloc[0] > 0


def test_free_power_has_no_break_even_and_says_why(greensboro: Weather, market: Market) -> None:
    free = answer(
        {**GRID_MINE, "grid.import_usd_per_kwh": 0.0, "finance.variable_usd_per_kwh": 0.0}, greensboro, market
    )
    assert free.metrics["breakeven_price_usd"] is None
    assert free.reasons["breakeven_price_usd"].startswith("power costs nothing")


def test_on_a_site_that_only_mines_sun_at_its_lcoe_is_the_all_in_cost(greensboro: Weather, market: Market) -> None:
    for salvage in (0.0, 0.3):
        off_grid = answer({"finance.salvage_frac": salvage}, greensboro, market, presets()["off_grid_container"])
        assert off_grid.metrics["cost_usd_per_btc_at_lcoe"] == pytest.approx(
            off_grid.metrics["cost_usd_per_btc"], rel=1e-9
        )


def test_only_what_the_connection_could_have_taken_was_given_up(greensboro: Weather, market: Market) -> None:
    """1,000 kW of sun on a connection of 100 kW: mining takes what could never be sold, and that costs nothing."""
    plan = {
        "grid.export_limit_kw": 100.0,
        "grid.import_limit_kw": 0.0,
        "finance.horizon_years": 1,
        "outlook.price_usd": 1e6,
    }
    result = answer(plan, greensboro, market)
    pv, mined = result.hourly["pv_kw"], result.hourly["mining_kw"]
    could_sell = np.minimum(pv, 100.0).sum() - result.hourly["export_kw"].sum()
    assert result.metrics["energy_usd_per_kwh"] == pytest.approx(could_sell * 0.03 / mined.sum(), rel=1e-9)
    assert result.metrics["energy_usd_per_kwh"] < 0.02


def test_alternatives_that_do_not_exist_are_no_figures(greensboro: Weather, market: Market) -> None:
    off_grid = answer({}, greensboro, market, presets()["off_grid_container"])
    assert off_grid.reasons["sell_npv_usd"] == "there is no export connection"
    assert off_grid.reasons["grid_npv_usd"] == "there is no import connection"


def test_mining_on_the_grid_alone_is_the_plan_without_its_array(greensboro: Weather, market: Market) -> None:
    plan = answer({}, greensboro, market)
    bare = answer({"array.dc_kw": 0.0}, greensboro, market)
    assert plan.metrics["grid_npv_usd"] == pytest.approx(bare.metrics["npv_usd"], rel=1e-12)


def test_battery_health_at_the_end_counts_the_last_year(greensboro: Weather, market: Market) -> None:
    one = answer({"finance.horizon_years": 1}, greensboro, market, presets()["off_grid_container"])
    cycles = one.metrics["battery_cycles_year1"] or 0.0
    assert cycles > 100
    assert one.metrics["battery_health_end_frac"] == pytest.approx(1 - 0.01 - 3e-5 * cycles, rel=1e-9)


def test_the_charge_of_new_year_is_that_of_the_old(greensboro: Weather, market: Market) -> None:
    """Energy into the cells less energy out of them over all years is what is left in them at the end."""
    plan = presets()["off_grid_container"].but(
        {"battery.calendar_fade_frac_per_year": 0.0, "battery.cycle_fade_frac_per_cycle": 0.0}
    )
    result = project(plan, greensboro, market)
    way = plan.battery.round_trip_efficiency_frac**0.5
    stored = result.yearly["charge_kwh"] * way - result.yearly["discharge_kwh"] / way
    assert -1e-6 <= stored.sum() <= 0.9 * plan.battery.energy_kwh
    first_end = result.hourly["soc_kwh"].iloc[-1] - 0.1 * plan.battery.energy_kwh
    assert stored[1] == pytest.approx(first_end, abs=1e-6)
    assert abs(stored[2]) <= plan.battery.energy_kwh


def test_performance_ratio_and_clipping_are_of_the_usual_size(greensboro: Weather, market: Market) -> None:
    tight = answer({"array.dc_ac_ratio": 1.6}, greensboro, market)
    loose = answer({"array.dc_ac_ratio": 1.0}, greensboro, market)
    lost = (loose.metrics["pv_kwh_year1"] or 0.0) - (tight.metrics["pv_kwh_year1"] or 0.0)
    clipped = tight.metrics["clipped_kwh_year1"] or 0.0
    assert lost < clipped < 1.25 * lost  # a fuller inverter also runs better at part load, which gives some back
    assert loose.metrics["clipped_kwh_year1"] == 0
    assert 0.75 < (loose.metrics["performance_ratio_frac"] or 0.0) < 0.85  # fixed rack, 14 % system losses


def test_a_plan_that_earns_and_then_loses_says_why_it_has_no_irr(greensboro: Weather, market: Market) -> None:
    reasons = answer({}, greensboro, market).reasons
    assert reasons["irr"].startswith("no IRR exists: what comes back does not cover the investment")


def test_mirr_reinvests_at_the_discount_rate(grid_mine: Projection) -> None:
    cash = grid_mine.yearly["net_cash_usd"].to_numpy()
    worth_at_end = sum(c * 1.08 ** (YEARS - t) for t, c in enumerate(cash) if t)
    assert grid_mine.metrics["mirr"] == pytest.approx((worth_at_end / -cash[0]) ** (1 / YEARS) - 1, rel=1e-12)
    assert grid_mine.metrics["irr"] == pytest.approx(finance.irr(cash))
