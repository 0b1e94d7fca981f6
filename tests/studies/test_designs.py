"""Designs judged many at once are the projections they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ValidationError
from core.inputs import Market, Weather
from core.models import lanes
from core.scenario import Scenario
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


def test_a_mixed_fleet_is_refused_by_name(greensboro: Weather, market: Market) -> None:
    unit = Scenario().fleet.units[0].model_dump(mode="json")
    mixed = Scenario().but({"fleet.units": [unit, unit]})
    with pytest.raises(ValidationError) as refused:
        ground(mixed, greensboro, used_readings(mixed, market))
    assert refused.value.field == "fleet.units"


def test_sizes_are_the_paths_of_the_scenario() -> None:
    assert [sized(Scenario(), np.array([1.0, 2.0, 3.0, 4.0])).at(path) for path in SIZES] == [1.0, 2.0, 3.0, 4]
