"""Designs judged many at once are the projections they stand for."""

from __future__ import annotations

from typing import Literal, get_args, get_origin

import numpy as np
import pytest
from pydantic.fields import FieldInfo

from core.errors import ScenarioError
from core.fetchers.credits import credit_rules
from core.inputs import Market, Weather
from core.models import lanes
from core.scenario import Scenario, leaves
from core.studies.designs import SIZES, approximations, cost_usd_per_btc, ground, judged, sized
from core.studies.projection import project
from core.studies.run import used_readings

pytestmark = pytest.mark.usefixtures("kernel")
PLANS = {
    "example": {},
    "off-grid": {"grid.import_limit_kw": 0.0, "grid.export_limit_kw": 0.0},
    "taxed": {"finance.tax.federal_rate_frac": 0.21, "finance.depreciation.array.method": "macrs_5"},
    "lent": {"finance.debt.share_frac": 0.5, "finance.debt.machine_share_frac": 0.3},
    "sized loan": {"finance.debt.share_frac": 0.7, "finance.debt.target_dscr": 1.3},
    "renewed": {"fleet.refresh.rule": "age", "fleet.refresh.age_years": 2.0, "fleet.resale.realised_frac": 0.7},
    "owned": {"finance.owning.property_tax_frac": 0.01, "finance.owning.land_lease_usd_per_year": 9000.0,
              "finance.contingency_frac": 0.05, "grid.fixed_usd_per_month": 400.0},
    "modes": {"fleet.units.0.modes": [{"power_w": 2000.0, "hashrate_ths": 160.0}]},
    "failing": {"fleet.failures.rate_per_year": 0.2, "array.inverter_replacement.every_years": 2},
    "outages": {"grid.outages.events_per_year": 12},
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _lanes() -> None:
    for steps in (1, 2):
        lanes.compile_kernel(steps)


def some_sizes(seed: int, designs: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    battery = rng.integers(0, 2, designs)
    drawn = [
        rng.uniform(0, 3000, designs),
        battery * rng.uniform(0, 4000, designs),
        battery * rng.uniform(10, 1000, designs),
        rng.integers(0, 400, designs),
    ]
    sizes = np.stack(drawn, axis=-1)
    sizes[0] = 0.0
    return sizes


@pytest.mark.parametrize("name", PLANS)
def test_each_design_has_the_figures_of_its_projection(name: str, greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 5, "outlook.price_usd": 130_000.0, **PLANS[name]})
    assert approximations(plan) == ()
    on, sizes = ground(plan, greensboro, used_readings(plan, market)), some_sizes(len(name))
    told = judged(on, sizes)
    costs = cost_usd_per_btc(on, told)
    for i, row in enumerate(sizes):
        metrics = project(sized(plan, row), greensboro, market).metrics
        capex = metrics["capex_usd"] or 0.0
        assert told.account.metrics["npv_usd"][i] == pytest.approx(metrics["npv_usd"], abs=1e-6 * max(capex, 1.0))
        assert told.mined_btc[i].sum() == pytest.approx(metrics["mined_btc"], rel=1e-9, abs=1e-12)
        assert told.served_frac[i] == pytest.approx(metrics["fleet_utilisation_frac"] or 0.0, abs=1e-9)
        if metrics["cost_usd_per_btc"] is not None:
            assert costs[i] == pytest.approx(metrics["cost_usd_per_btc"], rel=1e-9)


def test_a_design_does_not_depend_on_its_neighbours(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 2})
    on, sizes = ground(plan, greensboro, used_readings(plan, market)), some_sizes(9, 130)
    whole = judged(on, sizes).account.equity_usd
    assert judged(on, sizes[77:78]).account.equity_usd[0] == pytest.approx(whole[77], rel=1e-12)


def test_the_plain_engine_gives_the_same(greensboro: Weather, market: Market) -> None:
    plan = Scenario().but({"finance.horizon_years": 1})
    on, sizes = ground(plan, greensboro, used_readings(plan, market)), some_sizes(4, 6)
    fast, plain = judged(on, sizes), judged(on, sizes, compiled=False)
    assert plain.account.equity_usd == pytest.approx(fast.account.equity_usd, rel=1e-9)


def test_what_cannot_be_judged_exactly_is_named() -> None:
    for path, value in {
        "outlook.treasury.rule": "hold_share",
        "battery.replacement.rule": "replace",
        "fleet.control.whole_machines": True,
        "fleet.cooling.pue_rise_per_c": 0.01,
        "grid.tariff.flat_demand.periods": [{"tiers": [{"usd_per_kw": 10.0}]}],
    }.items():
        assert len(approximations(Scenario().but({path: value}))) == 1, path


def busy() -> Scenario:
    """A plan in which most of what a scenario can have is at work."""
    return Scenario().but(
        {
            "finance.horizon_years": 3,
            "outlook.price_usd": 160_000.0,
            "fleet.refresh.rule": "age",
            "fleet.refresh.age_years": 1.5,
            "fleet.failures.rate_per_year": 0.3,
            "fleet.resale.realised_frac": 0.6,
            "array.inverter_replacement.every_years": 2,
            "finance.tax.federal_rate_frac": 0.21,
            "finance.tax.state_rate_frac": 0.05,
            "finance.depreciation.array.method": "macrs_5",
            "finance.depreciation.machines.method": "straight_line",
            "finance.credits.array_itc_frac": 0.3,
            "finance.debt.share_frac": 0.4,
            "finance.debt.target_dscr": 1.2,
            "finance.debt.reserve_months": 6,
            "finance.construction.months": 9,
            "finance.owning.property_tax_frac": 0.01,
            "finance.owning.working_capital_days": 30.0,
            "finance.salvage_frac": 0.1,
            "outlook.treasury.sales_pay_fee": True,
            "grid.fixed_usd_per_month": 300.0,
        }
    )


def another(info: FieldInfo, value: object) -> object:
    """A value a field may have that is not the one it has; the same where none is easily found."""
    if isinstance(value, bool):
        return not value
    if get_origin(info.annotation) is Literal:
        return next(choice for choice in get_args(info.annotation) if choice != value)
    ends = {name: getattr(part, name) for part in info.metadata for name in ("ge", "le") if hasattr(part, name)}
    if not isinstance(value, int | float) or len(ends) < 2:
        return value
    higher = value + max(1, abs(value)) if isinstance(value, int) else value + max(0.05, 0.3 * abs(value))
    return min(higher, ends["le"]) if value < ends["le"] else type(value)((ends["ge"] + value) / 2)


FIELDS = [(path, another(info, value)) for path, info, value in leaves(busy()) if path.split(".")[0] != "risk"]
CHANGED = [(path, value) for path, value in FIELDS if path not in SIZES and value != busy().at(path)]


@pytest.mark.parametrize(("path", "value"), CHANGED, ids=[path for path, _ in CHANGED])
def test_whatever_a_plan_has_is_judged_exactly_or_named(
    path: str, value: object, greensboro: Weather, market: Market
) -> None:
    try:
        plan = busy().but({path: value})
    except ScenarioError:
        return  # one field alone may not be changed so
    if approximations(plan):
        return
    rules = tuple(credit_rules())
    sizes = np.array([[1700.0, 900.0, 300.0, 90.0], [600.0, 0.0, 0.0, 210.0]])
    told = judged(ground(plan, greensboro, used_readings(plan, market), rules), sizes)
    for i, row in enumerate(sizes):
        metrics = project(sized(plan, row), greensboro, market, rules=rules).metrics
        near = pytest.approx(metrics["npv_usd"], abs=1e-6 * (metrics["capex_usd"] or 1.0))
        assert told.account.metrics["npv_usd"][i] == near


def test_most_fields_are_judged_exactly() -> None:
    exact = [path for path, value in CHANGED if not approximations(plan_or_busy(path, value))]
    assert len(exact) > 130


def plan_or_busy(path: str, value: object) -> Scenario:
    try:
        return busy().but({path: value})
    except ScenarioError:
        return busy()


def test_sizes_are_the_paths_of_the_scenario() -> None:
    assert [sized(Scenario(), np.array([1.0, 2.0, 3.0, 4.0])).at(path) for path in SIZES] == [1.0, 2.0, 3.0, 4]
