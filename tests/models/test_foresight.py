"""Dispatch with perfect foresight: against HiGHS on years and on small problems of every kind, and in limit cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.dispatch import FLOWS, NO_STORAGE, Hours, Storage, dispatch
from core.models.foresight import Plan, bound_usd, compile_kernel, earned_usd, optimal
from tests.models.foresight_cases import Case, cyclic_rule, flat, lp_usd, milp_usd, scenario_year, sun_kw

YEARS = range(30)


@pytest.fixture(autouse=True, scope="module")
def _ready(kernel: None) -> None:
    compile_kernel()


def solved(case: Case, *, compiled: bool = True) -> Plan:
    return optimal(case.hours, case.storage, grid_charging=case.grid_charging, compiled=compiled)


def check(case: Case, flows: np.ndarray, storage: Storage | None = None) -> None:
    """What holds in every hour of any dispatch."""
    h, store = case.hours, storage or case.storage
    mining, charge, discharge, soc, imported, exported, curtailed = flows
    scale = 1.0 + h.pv_kw + h.step_kw.sum(axis=0) + store.power_kw
    got, gone = h.pv_kw + discharge + imported, mining + charge + exported + curtailed
    assert np.abs((got - gone) / scale).max() < 1e-9
    assert flows.min() >= -1e-9
    assert (mining <= h.step_kw.sum(axis=0) + 1e-9).all()
    assert (np.minimum(imported, exported) <= 1e-9).all(), "import and export in one hour"
    assert (np.minimum(charge, discharge) <= 1e-9).all(), "charge and discharge in one hour"
    assert (soc >= store.lowest_kwh - 1e-9).all()
    assert (soc <= store.highest_kwh + 1e-9).all()
    assert (np.maximum(charge, discharge) <= store.power_kw * (1 + 1e-9) + 1e-9).all()
    assert (imported <= h.import_limit_kw + 1e-9).all()
    assert (exported <= h.export_limit_kw + 1e-9).all()
    assert (curtailed <= h.pv_kw + 1e-9).all()
    way = store.one_way_efficiency_frac
    stored = np.diff(soc, prepend=store.soc_kwh) - charge * way + discharge / way
    assert np.abs(stored).max() < 1e-9 * (1.0 + store.highest_kwh)
    if not case.grid_charging:
        assert (charge + curtailed <= h.pv_kw + 1e-9).all(), "the battery takes sun alone"


@pytest.mark.parametrize("seed", YEARS)
def test_a_year_earns_what_the_linear_programme_earns(seed: int) -> None:
    case = scenario_year(seed)
    rule, storage = cyclic_rule(case)
    case = case._replace(storage=storage)
    plan, lp = solved(case), lp_usd(case)
    assert plan.earned_usd == pytest.approx(lp, abs=1e-8 * case.gross_usd)
    assert plan.bound_usd == pytest.approx(lp, abs=1e-8 * case.gross_usd)
    assert earned_usd(case.hours, rule) <= plan.earned_usd + 1e-9 * case.gross_usd
    assert plan.flows[FLOWS.index("soc_kwh"), -1] == pytest.approx(storage.soc_kwh, abs=1e-6)
    check(case, plan.flows)


@pytest.mark.parametrize("seed", [2, 4, 5])
def test_both_engines_agree_over_a_year(seed: int) -> None:
    case = scenario_year(seed)
    fast, plain = solved(case), solved(case, compiled=False)
    assert fast.earned_usd == pytest.approx(plain.earned_usd, rel=1e-12)
    np.testing.assert_allclose(fast.flows, plain.flows, atol=1e-6)


prices = st.floats(-0.1, 0.3).map(lambda v: round(v, 3))
powers = st.sampled_from([0.0, 1.0, 7.5, 40.0, 100.0, 333.0])


@st.composite
def small(draw: st.DrawFn, steps: int | None = None, hours: int = 12) -> Case:
    """A few hours of anything, prices that make hours mixed too."""
    steps = draw(st.integers(0, 3)) if steps is None else steps

    def series(of: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(draw(st.lists(of, min_size=hours, max_size=hours)), dtype=float)

    worth = [series(prices) for _ in range(steps)]
    low, room = draw(powers), draw(powers)
    storage = Storage(
        low, low + room, draw(powers), draw(st.sampled_from([1.0, 0.95, 0.8])), low + room * draw(st.floats(0, 1))
    )
    return Case(
        Hours(
            series(powers),
            np.array([series(powers) for _ in range(steps)]).reshape(steps, hours),
            -np.sort(-np.array(worth).reshape(steps, hours), axis=0),
            series(prices),
            series(prices),
            series(powers),
            series(powers),
            draw(st.sampled_from([0.0, 0.01])),
        ),
        storage,
        draw(st.booleans()),
    )


def without_arbitrage(case: Case) -> Case:
    """Import never cheaper than export, nor below nothing: no mixed hours."""
    h = vars(case.hours) | {"import_usd_per_kwh": np.maximum(case.hours.import_usd_per_kwh, 0.0)}
    h["export_usd_per_kwh"] = np.minimum(h["export_usd_per_kwh"], h["import_usd_per_kwh"])
    return case._replace(hours=Hours(**h))


@given(small().map(without_arbitrage))
@settings(max_examples=150)
def test_any_few_hours_earn_what_the_linear_programme_earns(case: Case) -> None:
    plan = solved(case)
    assert plan.earned_usd == pytest.approx(lp_usd(case), abs=1e-7 * (1.0 + case.gross_usd))
    check(case, plan.flows)


@given(small())
@settings(max_examples=150)
def test_any_few_hours_are_feasible_and_below_their_bound(case: Case) -> None:
    plan = solved(case)
    check(case, plan.flows)
    assert plan.earned_usd <= plan.bound_usd + 1e-9 * (1.0 + case.gross_usd)
    assert plan.bound_usd <= lp_usd(case) + 1e-7 * (1.0 + case.gross_usd)
    plain = solved(case, compiled=False)
    assert plain.bound_usd == pytest.approx(plan.bound_usd, abs=1e-9 * (1.0 + case.gross_usd))
    assert plain.earned_usd == pytest.approx(plan.earned_usd, abs=1e-9 * (1.0 + case.gross_usd))


def mixed_days(seed: int) -> Case:
    """Three days in which power bought is often cheaper than power sold, and now and then below nothing."""
    rng = np.random.default_rng(seed)
    case = scenario_year(seed)
    buy = case.hours.import_usd_per_kwh - (0.05 if seed % 3 == 0 else 0.0)
    series = vars(case.hours) | {
        "import_usd_per_kwh": buy,
        "export_usd_per_kwh": flat(0.06),
        "import_limit_kw": flat(rng.choice([100, 400])),
        "export_limit_kw": flat(rng.choice([200, 800])),
    }
    return case._replace(hours=Hours(**series), grid_charging=bool(seed % 2)).cut(int(rng.integers(0, 8000)), 72)


@pytest.mark.parametrize("seed", range(10))
def test_where_import_and_export_exclude_each_other_little_is_lost(seed: int) -> None:
    case = mixed_days(seed)
    plan, best = solved(case), milp_usd(case)
    check(case, plan.flows)
    assert plan.earned_usd <= best + 1e-6 * case.gross_usd
    assert plan.earned_usd >= best - 0.01 * case.gross_usd
    assert plan.bound_usd >= best - 1e-6 * case.gross_usd


@pytest.mark.parametrize("seed", [1, 2, 9])
def test_whole_machines_earn_less_by_no_more_than_one_running_on_the_edge(seed: int) -> None:
    """Six 25 kW machines a step: a plan with wholes is one with divisible machines, and its loss is rounding."""
    case = scenario_year(seed)
    steps = case.hours.step_kw.shape[0]
    whole = vars(case.hours) | {"step_kw": np.full((steps, 8760), 6 * 25.0)}
    case = case._replace(hours=Hours(**whole)).cut(4000, 48)
    plan, best = solved(case), milp_usd(case, [25.0] * steps)
    assert best <= plan.earned_usd + 1e-6 * case.gross_usd
    assert best >= plan.earned_usd - 48 * 25.0 * case.hours.worth_usd_per_kwh.max()


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_without_a_battery_foresight_is_worth_nothing(seed: int) -> None:
    case = scenario_year(seed)._replace(storage=NO_STORAGE, grid_charging=False)
    rule = earned_usd(case.hours, dispatch(case.hours, NO_STORAGE))
    assert solved(case).earned_usd == pytest.approx(rule, rel=1e-12)


def off_grid(storage: Storage, fleet_kw: float = 300.0) -> Case:
    zero = flat(0)
    hours = Hours(sun_kw("miami", 1000), flat(fleet_kw)[None], flat(0.07)[None], zero, zero, zero, zero)
    return Case(hours, storage)


def test_a_huge_lossless_battery_mines_all_sun_or_all_hours() -> None:
    for fleet_kw in (50.0, 5000.0):
        case = off_grid(Storage(0.0, 1e7, 1e4, 1.0, 5e6), fleet_kw)
        kwh = min(case.hours.pv_kw.sum(), fleet_kw * 8760)
        assert solved(case).earned_usd == pytest.approx(0.07 * kwh, rel=1e-9)


def test_at_flat_prices_the_rule_cannot_be_beaten() -> None:
    case = off_grid(Storage(100.0, 1500.0, 400.0, 0.93, 100.0))
    rule, storage = cyclic_rule(case)
    plan = solved(case._replace(storage=storage))
    assert plan.earned_usd == pytest.approx(earned_usd(case.hours, rule), rel=1e-9)


def test_a_cheap_hour_is_bought_for_a_dear_one_by_hand() -> None:
    # 50 kW in at 0.02 store 45 kWh, which give 40.5 kW at 0.30 where 100 kW are mined: saves 40.5 · 0.30 − 50 · 0.02
    zero = np.zeros(2)
    hours = Hours(zero, np.full((1, 2), 100.0), np.full((1, 2), 0.5), np.array([0.02, 0.3]), zero, zero + 200, zero)
    storage = Storage(0.0, 45.0, 60.0, 0.9, 0.0)
    still = optimal(hours, storage)
    bought = optimal(hours, storage, grid_charging=True)
    assert still.earned_usd == pytest.approx(100 * 0.48 + 100 * 0.2)
    assert bought.earned_usd == pytest.approx(still.earned_usd + 40.5 * 0.3 - 50 * 0.02)
    assert bought.flows[FLOWS.index("import_kw")].tolist() == pytest.approx([150, 59.5])


def test_more_of_anything_earns_no_less_and_less_and_less() -> None:
    case = scenario_year(7)
    sizes = [case.storage._replace(highest_kwh=case.storage.lowest_kwh + kwh) for kwh in (0, 500, 1000, 1500)]
    usd = [bound_usd(case.hours, s._replace(soc_kwh=s.lowest_kwh)) for s in sizes]
    steps = np.diff(usd)
    assert (steps >= -1e-6).all()
    assert (np.diff(steps) <= 1e-6).all()
