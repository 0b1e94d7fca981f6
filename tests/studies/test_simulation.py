"""Ten thousand lives of a plan: each is what its hours say, and without chance they are all the plan."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ValidationError
from core.inputs import Market, Weather
from core.models import lanes
from core.scenario import Scenario
from core.studies import simulation
from core.studies.chances import chances
from core.studies.drivers import sensitivity
from core.studies.lives import account_of, lived, months_of
from core.studies.projection import project
from core.studies.responses import Responses
from core.studies.run import used_readings
from core.studies.simulation import BATCH, approximations, ground_of, simulate, suns
from core.studies.sizing import compile_kernels
from core.studies.sorted_site import SortedSite
from tests.bench_lives_plain import Life, live, looked_up
from tests.studies.risk_cases import STILL, by_the_hour

pytestmark = pytest.mark.usefixtures("kernel")
TOU = {
    "grid.tariff.energy.periods": [{"tiers": [{"usd_per_kwh": 0.04}]}, {"tiers": [{"usd_per_kwh": 0.09}]}],
    "grid.tariff.energy.weekday": [[0] * 16 + [1] * 5 + [0] * 3] * 12,
    "grid.tariff.energy.weekend": [[0] * 24] * 12,
}
BATTERY = {"battery.energy_kwh": 1500.0, "battery.power_kw": 400.0}
PLANS = {
    "example": {},
    "off-grid": {"grid.import_limit_kw": 0.0, "grid.export_limit_kw": 0.0},
    "battery": BATTERY,
    "by time of use": TOU,
    "battery and time of use": {**BATTERY, **TOU},
    "renewed in the heat": {
        "fleet.refresh.rule": "age", "fleet.refresh.age_years": 1.5, "fleet.derate_above_c": 20.0,
        "fleet.failures.rate_per_year": 0.2, "fleet.resale.realised_frac": 0.6,
    },
    "two kinds": {"fleet.units": [
        {"hashrate_ths": 200.0, "power_w": 3500.0, "count": 100, "price_usd": 3000.0},
        {"hashrate_ths": 100.0, "power_w": 3250.0, "count": 60, "price_usd": 800.0},
    ]},
}  # fmt: skip
MONEY = {
    "plain": {},
    "taxed and lent": {
        "finance.tax.federal_rate_frac": 0.21, "finance.debt.share_frac": 0.5, "finance.debt.machine_share_frac": 0.3,
        "finance.depreciation.array.method": "macrs_5",
    },
    "sized loan": {"finance.debt.share_frac": 0.7, "finance.debt.target_dscr": 1.3},
    "half is held": {
        "outlook.treasury.rule": "hold_share", "outlook.treasury.hold_frac": 0.5, "outlook.price_growth_per_year": 0.2,
        "finance.tax.federal_rate_frac": 0.21,
    },
    "costs are covered": {
        "outlook.treasury.rule": "cover_costs", "outlook.treasury.lots": "hifo", "outlook.treasury.sales_pay_fee": True,
        "outlook.price_growth_per_year": -0.1, "grid.import_limit_kw": 200.0, "grid.import_usd_per_kwh": 0.06,
        "finance.tax.federal_rate_frac": 0.21,
    },
    "sold when dear": {
        "outlook.treasury.rule": "above_price", "outlook.treasury.sell_above_usd": 200_000.0,
        "outlook.price_growth_per_year": 0.15, "finance.tax.federal_rate_frac": 0.21,
    },
    "with variable cost": {"finance.variable_usd_per_kwh": 0.01, "outlook.treasury.sales_pay_fee": True},
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _lanes() -> None:
    for steps in (1, 2):
        lanes.compile_kernel(steps)


SORTED = ("example", "off-grid", "by time of use", "by time of use with outages", "renewed in the heat", "two kinds")
PLANS["by time of use with outages"] = {
    **TOU, "grid.outages.events_per_year": 12, "grid.outages.hours_each": 6, "grid.import_limit_kw": 300.0, "grid.export_limit_kw": 80.0,
}  # fmt: skip


def apart(plan: Scenario, weather: Weather, market: Market, *, table: bool, paths: int) -> tuple[float, float]:
    """How far what a path is told lies from its hours: of a month's coins and money, and of a year's gross revenue [1]."""
    ground = ground_of(plan, weather, used_readings(plan, market), ())
    ground = looked_up(ground, weather) if table else ground
    assert isinstance(ground.site, Responses if table else SortedSite)
    drawn = chances(plan, ground.base.path, ground.base.fees_btc, 3, 0, paths)
    told = months_of(ground.base, ground.site, drawn)
    of_month, of_year = 0.0, 0.0
    for path in range(paths):
        hours, price = by_the_hour(ground.base, weather, drawn, path), drawn.price_usd[:, path]
        gross = np.maximum((hours["mined_btc"] * price + hours["export_usd"]).reshape(-1, 12).sum(axis=1), 1.0)
        for line, worth in (("mined_btc", price), ("import_usd", 1.0), ("export_usd", 1.0)):
            off = (told[line][path] - hours[line]) * worth
            of_month = max(of_month, np.abs(off).max() / max(np.abs(hours[line] * worth).max(), 1.0))
            of_year = max(of_year, np.abs(off.reshape(-1, 12).sum(axis=1) / gross).max())
    return of_month, of_year


@pytest.mark.parametrize("name", SORTED)
def test_a_path_told_by_sorted_hours_is_the_path_run_hour_by_hour(
    name: str, greensboro: Weather, market: Market
) -> None:
    """To 1e-9 in each of 216 path-months, wherever there is no battery and power has a few prices."""
    plan = Scenario().but({"finance.horizon_years": 3, **PLANS[name]})
    assert apart(plan, greensboro, market, table=False, paths=6)[0] < 1e-9


@pytest.mark.parametrize("name", PLANS)
def test_a_path_looked_up_is_the_path_run_hour_by_hour(name: str, greensboro: Weather, market: Market) -> None:
    """Within half a percent of the gross revenue of each path-year: 6 paths of 3 years, 216 months for each plan."""
    plan = Scenario().but({"finance.horizon_years": 3, **PLANS[name]})
    assert apart(plan, greensboro, market, table=True, paths=6)[1] < 0.005


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("battery", {}),
        ("example", {"grid.export_usd_per_kwh": 0.2, "grid.import_usd_per_kwh": 0.05}),
        ("example", {"fleet.cooling.pue_rise_per_c": 0.001, "fleet.cooling.pue_rises_above_c": -20.0}),
        ("example", {"grid.tariff.flat_demand.periods": [{"tiers": [{"usd_per_kw": 10.0}]}]}),
    ],
)  # fmt: skip
def test_what_sorted_hours_cannot_tell_is_looked_up(
    name: str, why: dict[str, object], greensboro: Weather, market: Market
) -> None:
    plan = Scenario().but({"finance.horizon_years": 1, **PLANS[name], **why})
    assert isinstance(ground_of(plan, greensboro, used_readings(plan, market), ()).site, Responses)


@pytest.mark.parametrize("name", ["example", "off-grid", "by time of use"])
def test_at_its_nodes_the_table_is_exact(name: str, greensboro: Weather, market: Market) -> None:
    still = {"array.first_year_degradation_frac": 0.0, "array.degradation_frac_per_year": 0.0, "fleet.uptime_frac": 1.0}
    plan = Scenario().but({"finance.horizon_years": 1, **STILL, **still, **PLANS[name]})
    assert apart(plan, greensboro, market, table=True, paths=1)[0] < 1e-9


@pytest.mark.parametrize("name", PLANS)
def test_without_chance_the_hours_of_a_path_are_those_of_the_projection(
    name: str, greensboro: Weather, market: Market
) -> None:
    """To 1e-9, as nothing is looked up: what the table is held against is the projection itself."""
    plan = Scenario().but({"finance.horizon_years": 3, **STILL, **PLANS[name]})
    ground = ground_of(plan, greensboro, used_readings(plan, market), ())
    drawn = chances(plan, ground.base.path, ground.base.fees_btc, 1, 0, 1)
    hours, planned = by_the_hour(ground.base, greensboro, drawn, 0), project(plan, greensboro, market).monthly
    assert hours["mined_btc"] == pytest.approx(planned["mined_btc"].to_numpy(), rel=1e-9, abs=1e-12)
    assert hours["bill_usd"] == pytest.approx(planned["import_cost_usd"].to_numpy(), rel=1e-9, abs=1e-6)
    assert hours["export_usd"] == pytest.approx(planned["export_revenue_usd"].to_numpy(), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("name", MONEY)
def test_without_chance_every_path_is_the_projection(name: str, greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 6, "outlook.price_usd": 150_000.0, **STILL, **MONEY[name]})
    metrics = project(plan, greensboro, market).metrics
    told = simulate(plan, greensboro, market, paths=3)
    assert np.ptp(told.paths["npv_usd"]) == 0.0
    assert told.metrics["npv_p50_usd"] == pytest.approx(metrics["npv_usd"], abs=1e-4 * (metrics["capex_usd"] or 0.0))
    assert told.metrics["mined_p50_btc"] == pytest.approx(metrics["mined_btc"], rel=1e-4)
    assert told.paths["cost_usd_per_btc"][0] == pytest.approx(metrics["cost_usd_per_btc"], rel=1e-4)


def test_a_path_is_the_same_in_any_batch_and_number(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 2})
    few, many = (simulate(plan, greensboro, market, paths=n, seed=5).paths for n in (300, BATCH + 300))
    assert few.equals(many.head(300))
    assert not few.equals(simulate(plan, greensboro, market, paths=300, seed=6).paths)


@pytest.mark.parametrize(("threads", "batch"), [(1, BATCH), (4, BATCH), (2, 512), (1, 4096)])
def test_threads_and_batches_change_no_bit(
    threads: int, batch: int, greensboro: Weather, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Scenario().but({"finance.horizon_years": 2, "finance.tax.federal_rate_frac": 0.21, **PLANS["battery"]})
    compile_kernels(plan)  # numpy adds up batches of one size alike, kernels of any
    usual = simulate(plan, greensboro, market, paths=5000).paths
    monkeypatch.setattr(simulation, "THREADS", threads)
    monkeypatch.setattr(simulation, "BATCH", batch)
    assert simulate(plan, greensboro, market, paths=5000).paths.equals(usual)


def test_the_fans_and_figures_are_those_of_the_paths(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 2, "outlook.price_usd": 200_000.0})
    told = simulate(plan, greensboro, market, paths=1000)
    npv = told.paths["npv_usd"].to_numpy()
    assert told.metrics["npv_p5_usd"] == pytest.approx(np.quantile(npv, 0.05))
    assert told.metrics["cvar_95_usd"] == pytest.approx(np.sort(npv)[:50].mean())
    assert told.metrics["cvar_95_usd"] <= told.metrics["var_95_usd"] <= told.metrics["npv_p50_usd"]
    assert told.metrics["loss_probability_frac"] == (npv < 0).mean()
    assert all(error >= 0 for error in told.errors.values())
    cash = told.fans["cash_usd"]
    assert (np.diff(cash[["p5", "p25", "p50", "p75", "p95"]].to_numpy(), axis=1) >= 0).all()
    assert len(cash) == 24


def test_more_paths_narrow_the_error_as_the_root_of_their_number(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 1})
    few, many = (simulate(plan, greensboro, market, paths=n).errors["npv_mean_usd"] for n in (500, 8000))
    assert few / many == pytest.approx(4.0, rel=0.15)


def test_what_runs_is_told_how_far_it_is_and_stops_where_asked(greensboro: Weather, market: Market) -> None:
    shares: list[float] = []
    plan = Scenario().but({"finance.horizon_years": 1, "name": "told"})
    simulate(plan, greensboro, market, paths=5 * BATCH, tick=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(plan, greensboro, market, paths=5 * BATCH, tick=stop)


def test_a_late_plant_earns_less_and_a_dear_one_costs_more(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({**STILL, "finance.horizon_years": 3, "outlook.price_usd": 200_000.0})
    usual = simulate(plan, greensboro, market, paths=200).paths
    late = simulate(plan.but({"risk.delay_deviation_months": 6.0}), greensboro, market, paths=200).paths
    dear = simulate(plan.but({"risk.overrun_deviation": 0.2}), greensboro, market, paths=200).paths
    waits = late["delay_months"] > 0
    assert waits.any()
    assert (late["npv_usd"][waits] < usual["npv_usd"][waits]).all()
    assert late["npv_usd"][~waits].to_numpy() == pytest.approx(usual["npv_usd"][~waits].to_numpy())
    assert (dear["npv_usd"] < usual["npv_usd"]).eq(dear["overrun_frac"] > 1.0).all()


def test_machines_that_fail_more_often_are_those_of_a_plan_with_more_failures(
    greensboro: Weather, market: Market
) -> None:
    failing = {
        **STILL,
        "risk.failures_deviation": 0.3,
        "finance.horizon_years": 3,
        "fleet.failures.rate_per_year": 0.5,
        "fleet.failures.repair_usd": 200.0,
    }
    plan = Scenario().but(failing)
    worse = plan.but({"fleet.failures.rate_per_year": 1.2})
    ground = ground_of(plan, greensboro, used_readings(plan, market), ())
    drawn = chances(plan, ground.base.path, ground.base.fees_btc, 1, 0, 4)
    assert (drawn.failures_frac != 1.0).all()
    told = months_of(ground.base, ground.site, drawn._replace(failures_frac=np.full(4, 2.4)))
    planned = project(worse, greensboro, market)
    assert told["mined_btc"][0] == pytest.approx(planned.monthly["mined_btc"].to_numpy(), rel=1e-9)
    assert told["repair_usd"][0] == pytest.approx(planned.monthly["repair_usd"].to_numpy(), rel=1e-9)
    sure = chances(plan.but({"risk.failures_deviation": 0.0}), ground.base.path, ground.base.fees_btc, 1, 0, 4)
    assert (sure.failures_frac == 1.0).all()


def test_later_machines_at_another_price_cost_and_bring_so_much_more(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({**STILL, **PLANS["renewed in the heat"], "finance.horizon_years": 4})
    ground = ground_of(plan, greensboro, used_readings(plan, market), ())
    usual = chances(plan, ground.base.path, ground.base.fees_btc, 1, 0, 2)._replace(renewal_frac=np.ones(2))
    times, rate = np.array([1.5, 0.5]), 1.0 + plan.finance.discount_rate
    dear = account_of(ground.base, ground.site, usual._replace(renewal_frac=times)).equity_usd
    change = dear - account_of(ground.base, ground.site, usual).equity_usd
    paid = ground.base.books.monthly["refresh_usd"] - ground.base.books.monthly["resale_usd"]
    by_year = paid.reshape(-1, 12).sum(axis=1)
    assert by_year.any()
    assert change[:, 1:] == pytest.approx(-np.multiply.outer(times - 1.0, by_year), rel=1e-9, abs=1e-6)
    rows = lived(ground.base, ground.site, usual._replace(renewal_frac=times)).rows
    worth = -(times - 1.0) * (by_year / rate ** np.arange(1, 5)).sum()
    npv = lived(ground.base, ground.site, usual).rows["npv_usd"]
    assert rows["npv_usd"].to_numpy() - npv.to_numpy() == pytest.approx(worth)
    assert rows["lowest_cash_usd"][0] < rows["lowest_cash_usd"][1]


def test_what_paths_leave_out_is_named() -> None:
    assert approximations(Scenario()) == ()
    for path, value in {
        "battery.replacement.rule": "replace",
        "fleet.control.whole_machines": True,
        "fleet.refresh.rule": "unprofitable",
        "risk.sun_years_frac": [0.95, 1.0, 1.05],
        "grid.tariff.flat_demand.periods": [{"tiers": [{"usd_per_kw": 10.0}]}],
    }.items():
        assert len(approximations(Scenario().but({path: value}))) == 1, path


def test_a_price_that_strays_alone_is_warned_of(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 4, "risk.difficulty": "plan"})
    assert any("difficulty does not answer" in words for words in simulate(plan, greensboro, market, paths=100).notices)
    near = plan.but({"finance.horizon_years": 3})
    assert not any("difficulty" in words for words in simulate(near, greensboro, market, paths=100).notices)


def test_never_running_machines_leave_the_sale_of_power(greensboro: Weather, market: Market) -> None:
    """Limit: a price of next to nothing. All sun is sold, none is mined, so that chance in price has no say."""
    plan = Scenario().but(
        {**STILL, "finance.horizon_years": 2, "outlook.price_usd": 1.0, "grid.export_limit_kw": 5000.0}
    )
    told = simulate(plan.but({"risk.price_volatility_per_year": 0.5}), greensboro, market, paths=100)
    assert told.paths["mined_btc"].max() == 0.0
    sell = project(plan, greensboro, market).metrics
    assert told.paths["npv_usd"].to_numpy() == pytest.approx(np.full(100, sell["npv_usd"]), rel=1e-4)


def test_what_has_been_lived_when_time_is_up_is_told_with_its_number(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 1})
    told = simulate(plan, greensboro, market, paths=10 * BATCH, enough=lambda: True)
    assert len(told.paths) == 2 * BATCH
    assert f"{2 * BATCH:,} of the {10 * BATCH:,}" in told.notices[0]
    assert told.paths.equals(simulate(plan, greensboro, market, paths=2 * BATCH).paths)


def test_the_risk_free_rate_discounts_less(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 3, "outlook.price_usd": 200_000.0, "finance.discount_rate": 0.12})
    told = simulate(plan, greensboro, market, paths=300)
    later = (told.paths["npv_safe_usd"] > told.paths["npv_usd"]).mean()
    assert later > 0.9
    alike = simulate(plan.but({"risk.safe_rate_per_year": 0.12}), greensboro, market, paths=300)
    assert alike.paths["npv_safe_usd"].equals(alike.paths["npv_usd"])
    assert alike.metrics["cvar_safe_95_usd"] == alike.metrics["cvar_95_usd"]


def test_lives_with_several_rates_of_return_say_so(greensboro: Weather, market: Market) -> None:
    """Machines bought anew for more than they earn by then turn the sign of the cash again."""
    changes = {"finance.horizon_years": 6, "fleet.refresh.rule": "age", "fleet.refresh.age_years": 2.0,
               "outlook.price_usd": 250_000.0, "fleet.resale.realised_frac": 0.5}  # fmt: skip
    told = simulate(Scenario().but(changes), greensboro, market, paths=500)
    several = (told.paths["rates_of_return"] > 1).mean()
    assert any("several rates" in words for words in told.notices) == bool(several)
    assert told.paths["mirr"].notna().all()
    assert told.paths.loc[told.paths["rates_of_return"] == 0, "irr"].isna().all()


@pytest.mark.parametrize(("name", "paths", "seed"), [("paths", 0, 1), ("paths", -5, 1), ("seed", 100, -1)])
def test_what_cannot_be_asked_is_named(name: str, paths: int, seed: int, greensboro: Weather, market: Market) -> None:
    with pytest.raises(ValidationError) as error:
        simulate(Scenario().but({"finance.horizon_years": 1}), greensboro, market, paths, seed)
    assert error.value.field == name


ODD = {
    "no machines": {"fleet.units": []},
    "no array": {"array.dc_kw": 0.0},
    "nothing": {"fleet.units": [], "array.dc_kw": 0.0},
    "hourly prices": {"grid.import_hourly_usd_per_kwh": [0.01 * (h % 13) for h in range(8760)]},
    "negative export": {"grid.export_usd_per_kwh": -0.02},
    "demand charge": {"grid.tariff.flat_demand.periods": [{"tiers": [{"usd_per_kw": 10.0}]}]},
    "coins held": {"outlook.treasury.rule": "hold_share"},
    "never idle": {"fleet.uptime_frac": 1.0},
}


@pytest.mark.parametrize("name", ODD)
def test_odd_plans_are_lived_too(name: str, greensboro: Weather, market: Market) -> None:
    told = simulate(Scenario().but({"finance.horizon_years": 2, **ODD[name]}), greensboro, market, paths=100)
    assert np.isfinite(told.paths["npv_usd"]).all()
    assert sensitivity(told.scenario, greensboro, market).stress["npv_usd"].notna().all()


def test_real_sun_years_reach_no_further_than_they_went(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 2, "risk.sun_years_frac": [0.9, 1.1], "risk.yield_deviation": 0.0})
    ground = ground_of(plan, greensboro, used_readings(plan, market), ())
    health = ground.base.flows.panel_health_frac
    assert suns(ground.base) == pytest.approx((0.9 * health.min(), 1.1 * health.max()))
    first = simulate(plan, greensboro, market, paths=200).paths["pv_kwh_year1"].to_numpy()
    assert len(np.unique(first)) == 2
    assert first.max() / first.min() == pytest.approx(1.1 / 0.9, rel=0.02)  # the inverter clips a little of it


def test_a_life_worked_out_in_plain_python_is_the_same(greensboro: Weather, market: Market) -> None:
    """Month by month with loops and lists: look-up, bills, tax with carried losses, a loan, NPV, IRR and payback."""
    plan = Scenario().but(
        {
            "finance.horizon_years": 8,
            "finance.tax.federal_rate_frac": 0.21,
            "finance.debt.share_frac": 0.5,
            "outlook.price_usd": 120_000.0,
        }
    )
    compile_kernels(plan)
    ground = looked_up(ground_of(plan, greensboro, used_readings(plan, market), ()), greensboro)
    drawn = chances(plan, ground.base.path, ground.base.fees_btc, 1, 0, BATCH)
    account = account_of(ground.base, ground.site, drawn)
    rows = lived(ground.base, ground.site, drawn).rows
    for path in range(40):
        npv, irr, payback = live(Life(ground, drawn, account, path))
        assert npv == pytest.approx(rows["npv_usd"][path], rel=1e-9)
        assert payback == pytest.approx(rows["payback_years"][path], rel=1e-6)
        if not np.isnan(rows["irr"][path]) and irr > -0.98:
            assert irr == pytest.approx(rows["irr"][path], abs=1e-6)
