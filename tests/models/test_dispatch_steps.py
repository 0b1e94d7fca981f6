"""The dispatch rule with several steps: worked by hand, within its limits whatever the inputs, and alike in both engines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.dispatch import Hours, Storage, dispatch, step_flows
from tests.models.dispatch_cases import cases, hours, run, size_of

pytestmark = pytest.mark.usefixtures("kernel")
ENGINES = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
EMPTY, FULL = Storage(0, 200, 60, 0.9, 0), Storage(0, 100, 100, 1.0, 100)


@ENGINES
def test_two_steps_by_hand(compiled: bool) -> None:
    # 60 kW worth 0.10, then export of 50 kW at 0.06, then 40 kW worth 0.05; nothing is bought at 0.20
    day = hours([40, 100, 130, 200], fleet=[60, 40], mine=[0.10, 0.05], buy=0.20, sell=0.06, imports=500, exports=50)
    flows = run(day, compiled=compiled)
    assert flows["mining_kw"] == [40, 60, 80, 100]
    assert flows["export_kw"] == [0, 40, 50, 50]
    assert flows["curtailed_kw"] == [0, 0, 0, 50]
    assert step_flows(np.array(flows["mining_kw"]), day.step_kw).tolist() == [[40, 60, 60, 60], [0, 0, 20, 40]]


@ENGINES
def test_the_grid_serves_only_steps_worth_more_than_it_costs(compiled: bool) -> None:
    night = hours([0, 70], fleet=[60, 40], mine=[0.10, 0.05], buy=0.07, imports=500)
    assert run(night, compiled=compiled)["import_kw"] == [60, 0]
    assert run(night, compiled=compiled)["mining_kw"] == [60, 70]


@ENGINES
def test_a_battery_keeps_its_lower_half_for_the_best_step(compiled: bool) -> None:
    # 0.10 and 0.06 apart by more than losses: 100 kW for an hour above half, then 60 kW for the best step alone
    flows = run(hours([0, 0], fleet=[60, 40], mine=[0.10, 0.06]), Storage(0, 200, 100, 1.0, 200), compiled=compiled)
    assert flows["mining_kw"] == [100, 60]
    # equal steps are one step
    flows = run(hours([0, 0], fleet=[60, 40], mine=[0.10, 0.10]), Storage(0, 200, 100, 1.0, 200), compiled=compiled)
    assert flows["mining_kw"] == [100, 100]


@ENGINES
def test_sun_is_stored_for_the_best_step_before_it_serves_a_poor_one(compiled: bool) -> None:
    # 0.10 · 0.81 = 0.081 a kWh later: more than 0.06 now, less than 0.09 now
    assert run(hours([100], fleet=[60, 40], mine=[0.10, 0.06]), EMPTY, compiled=compiled)["charge_kw"] == [40]
    assert run(hours([100], fleet=[60, 40], mine=[0.10, 0.09]), EMPTY, compiled=compiled)["charge_kw"] == [0]


@ENGINES
def test_a_battery_serves_what_the_grid_cannot_in_the_best_steps(compiled: bool) -> None:
    # the grid's 70 kW serve 60 kW of the first step and 10 of the second, worth 0.08: 30 kW of it are left
    flows = run(hours([0], fleet=[60, 40], mine=[0.10, 0.08], buy=0.05, imports=70), FULL, compiled=compiled)
    assert flows["discharge_kw"] == [30]
    assert flows["mining_kw"] == [100]
    # a second step not worth its imports waits: the battery saves the 60 kW that would be bought
    flows = run(hours([0], fleet=[60, 40], mine=[0.10, 0.02], buy=0.05, imports=70), FULL, compiled=compiled)
    assert flows["discharge_kw"] == [60]


@ENGINES
def test_discharge_waits_where_it_is_not_worth_the_wear(compiled: bool) -> None:
    def discharged(wear: float, **others: float) -> list[float]:
        return run(hours([0], fleet=100, mine=0.08, wear=wear, **others), FULL, compiled=compiled)["discharge_kw"]

    assert discharged(0.07) == [100]
    assert discharged(0.09) == [0]
    assert discharged(0.04, buy=0.05, imports=500) == [100]  # saves imports at 0.05
    assert discharged(0.06, buy=0.05, imports=500) == [0]
    assert discharged(0.06, buy=0.05, imports=70) == [30]  # what the grid cannot serve is worth 0.08
    assert discharged(0.02, sell=0.10, exports=500) == [100]
    assert discharged(0.11, sell=0.10, exports=500) == [0]


@ENGINES
def test_wear_is_part_of_what_a_stored_kwh_is_worth(compiled: bool) -> None:
    def charged(wear: float) -> list[float]:
        case = hours([200], fleet=100, mine=0.08, sell=0.05, exports=500, wear=wear)
        return run(case, EMPTY, compiled=compiled)["charge_kw"]

    assert charged(0.01) == [60]  # (0.08 − 0.01) · 0.81 = 0.0567 > 0.05
    assert charged(0.02) == [0]  # 0.0486


@ENGINES
def test_steps_between_cheap_imports_and_dear_exports_are_bought_for_where_that_earns_more(compiled: bool) -> None:
    def both(pv: float) -> tuple[list[float], list[float]]:
        case = hours([pv], fleet=[60, 40], mine=[0.10, 0.05], buy=0.02, sell=0.08, imports=500, exports=50)
        flows = run(case, compiled=compiled)
        return flows["import_kw"], flows["export_kw"]

    assert both(65) == ([35], [0])  # 5 kW more sold earn 0.15 more than on the second step; 35 kW bought earn 1.05
    assert both(95) == ([0], [35])  # 35 kW sold earn 1.05 more; 5 kW bought earn 0.15


@ENGINES
def test_paid_imports_serve_steps_of_no_worth(compiled: bool) -> None:
    flows = run(hours([0, 30], fleet=[60, 40], mine=[0.02, -0.01], buy=-0.02, imports=90), compiled=compiled)
    assert flows["mining_kw"] == [90, 100]
    assert flows["import_kw"] == [90, 70]
    flows = run(hours([0], fleet=[60, 40], mine=[0.02, -0.03], buy=-0.02, imports=90), FULL, compiled=compiled)
    assert flows["import_kw"] == [60]
    assert flows["discharge_kw"] == [0]  # charge is not spent to save imports one is paid for


@ENGINES
def test_paid_imports_and_exports_never_meet(compiled: bool) -> None:
    # 40 kW bought at −0.02 for a step of −0.01 earn 0.40; 20 kW sold earn 20 times the export price
    def both(sell: float) -> tuple[list[float], list[float], list[float]]:
        case = hours([80], fleet=[60, 40], mine=[0.02, -0.01], buy=-0.02, sell=sell, imports=90, exports=90)
        flows = run(case, compiled=compiled)
        return flows["import_kw"], flows["export_kw"], flows["curtailed_kw"]

    assert both(0.015) == ([40], [0], [20])
    assert both(0.019) == ([40], [0], [20])
    assert both(0.03) == ([0], [80], [0])  # 80 · 0.03 = 2.40 beat 60 · 0.02 + 0.40


@ENGINES
def test_an_outage_leaves_sun_and_battery(compiled: bool) -> None:
    usual = hours([30, 30, 30], fleet=100, imports=500, exports=500)
    dead = np.array([1.0, 0.0, 1.0])
    case = replace(usual, import_limit_kw=500 * dead, export_limit_kw=500 * dead)
    flows = run(case, compiled=compiled)
    assert flows["mining_kw"] == [100, 30, 100]
    assert run(case, Storage(0, 50, 100, 1.0, 50), compiled=compiled)["discharge_kw"] == [50, 0, 0]


@ENGINES
def test_without_machines_sun_is_sold_and_the_battery_sells(compiled: bool) -> None:
    bare = hours([100, 0], fleet=[], mine=[], exports=70)
    flows = run(bare, Storage(0, 100, 100, 1.0, 0), compiled=compiled)
    assert flows["export_kw"] == [70, 30]
    assert flows["charge_kw"] == [30, 0]
    assert flows["mining_kw"] == [0, 0]
    without = hours([100, 0], fleet=[0, 0], exports=70)  # machines of no power are none
    without = replace(without, worth_usd_per_kwh=np.full((2, 2), 0.08))
    assert run(without, Storage(0, 100, 100, 1.0, 0), compiled=compiled) == flows


@ENGINES
def test_without_sun_or_battery_the_grid_alone_serves(compiled: bool) -> None:
    flows = run(hours([0, 0], fleet=[60, 40], mine=[0.1, 0.08], imports=80), compiled=compiled)
    assert flows["mining_kw"] == flows["import_kw"] == [80, 80]


@settings(max_examples=500, deadline=None)
@given(cases())
def test_every_hour_balances_within_its_limits(case: tuple[Hours, Storage]) -> None:
    hours, storage = case
    mining, charge, discharge, soc, imported, exported, curtailed = dispatch(hours, storage)
    flow = hours.pv_kw + discharge + imported
    assert np.all(np.abs(flow - mining - charge - exported - curtailed) <= 1e-9 * np.maximum(flow, 1.0))
    assert min(a.min() for a in (charge, discharge, imported)) >= 0
    assert min(a.min() for a in (mining, exported, curtailed)) >= -1e-9 * max(1.0, hours.pv_kw.max())
    slack = 1e-9 * max(1.0, storage.highest_kwh)
    assert np.all((soc >= storage.lowest_kwh - slack) & (soc <= storage.highest_kwh + slack))
    assert not np.any((charge > 0) & (discharge > 0))
    assert not np.any((imported > 0) & (exported > 0))
    assert np.all(np.maximum(charge, discharge) <= storage.power_kw)
    assert np.all(mining <= hours.step_kw.sum(axis=0) * (1 + 1e-12) + 1e-9)
    assert np.all(imported <= hours.import_limit_kw)
    assert np.all(exported <= hours.export_limit_kw * (1 + 1e-12) + 1e-9)
    before = np.append(storage.soc_kwh, soc[:-1])
    way = storage.one_way_efficiency_frac
    assert np.allclose(soc, before + charge * way - discharge / way, atol=1e-9 * max(1.0, storage.highest_kwh))


@settings(max_examples=500, deadline=None)
@given(cases())
def test_steps_are_loaded_in_order_and_bought_for_only_above_the_price(case: tuple[Hours, Storage]) -> None:
    hours, storage = case
    flows = dispatch(hours, storage)
    mining, imported, exported = flows[0], flows[4], flows[5]
    steps, slack = step_flows(mining, hours.step_kw), 1e-9 * size_of(case)
    assert np.allclose(steps.sum(axis=0), mining, atol=slack)
    full = steps >= hours.step_kw - slack
    assert np.all(full[:-1] | (steps[1:] <= slack))
    bought_for = hours.worth_usd_per_kwh > hours.import_usd_per_kwh
    reach = np.where(bought_for, hours.step_kw, 0.0).sum(axis=0)
    assert np.all((imported <= slack) | (mining <= reach + slack))
    worthless = (hours.worth_usd_per_kwh <= 0) & (steps > slack)
    assert np.all((imported > 0) | ~worthless.any(axis=0))
    assert not np.any((exported > slack) & (hours.export_usd_per_kwh <= 0))


@settings(max_examples=200, deadline=None)
@given(cases())
def test_a_plant_that_buys_nothing_never_imports(case: tuple[Hours, Storage]) -> None:
    island = replace(case[0], import_limit_kw=np.zeros_like(case[0].pv_kw))
    assert not dispatch(island, case[1])[4].any()


@settings(max_examples=500, deadline=None)
@given(cases())
def test_without_a_battery_no_other_order_earns_more(case: tuple[Hours, Storage]) -> None:
    """Each hour against the best of a grid of what may be imported, as sun, exports and steps then follow by merit."""
    hours, _ = case
    hours = replace(hours, import_usd_per_kwh=np.maximum(hours.import_usd_per_kwh, 0.0))  # own sun keeps its place
    earned = usd_per_hour(hours, dispatch(hours))
    for share in (0.0, 0.5, 1.0):
        imported = share * np.minimum(hours.import_limit_kw, np.maximum(hours.step_kw.sum(axis=0) - hours.pv_kw, 0.0))
        buying = replace(hours, pv_kw=hours.pv_kw + imported, import_limit_kw=0 * imported)
        buying = replace(buying, export_limit_kw=np.where(imported > 0, 0.0, hours.export_limit_kw))
        other = usd_per_hour(buying, dispatch(buying)) - imported * hours.import_usd_per_kwh
        assert np.all(earned >= other - 1e-9 * size_of(case))


def usd_per_hour(hours: Hours, flows: np.ndarray) -> np.ndarray:
    mined = (step_flows(flows[0], hours.step_kw) * hours.worth_usd_per_kwh).sum(axis=0)
    return mined - flows[4] * hours.import_usd_per_kwh + flows[5] * hours.export_usd_per_kwh


@settings(max_examples=500, deadline=None)
@given(cases())
def test_the_compiled_kernel_agrees_with_its_plain_twin(case: tuple[Hours, Storage]) -> None:
    fast, plain = dispatch(*case), dispatch(*case, compiled=False)
    assert np.allclose(fast, plain, rtol=1e-12, atol=1e-9 * size_of(case))


@given(cases())
def test_the_same_hours_give_the_same_bits(case: tuple[Hours, Storage]) -> None:
    assert dispatch(*case).tobytes() == dispatch(*case).tobytes()


def test_the_rest_of_a_year_goes_on_from_where_it_was_left() -> None:
    year = hours([0, 50, 250, 0, 10, 0], fleet=[60, 40], mine=[0.1, 0.06], imports=20)
    whole = dispatch(year, EMPTY)
    rest = dispatch(year.part(3), EMPTY._replace(soc_kwh=whole[3, 2]))
    assert np.array_equal(whole[:, 3:], rest)


def test_whole_machines_leave_what_is_less_than_one() -> None:
    def whole(case: Hours) -> Hours:
        return replace(case, whole_kw=np.full_like(case.step_kw, 30.0))  # three machines and a part of 100 kW

    assert run(whole(hours([20, 70, 95, 150])))["mining_kw"] == [0, 60, 90, 100]
    assert run(whole(hours([70], exports=500)))["export_kw"] == [10]
    assert run(whole(hours([20], imports=25)))["import_kw"] == [10]  # 45 kW at hand, 30 run
    flows = run(whole(hours([20, 0])), Storage(0, 100, 100, 1.0, 35))
    assert flows["discharge_kw"] == [10, 0]
    assert flows["soc_kwh"] == [25, 25]
    assert run(whole(hours([70, 0])), Storage(0, 100, 100, 1.0, 0))["charge_kw"] == [10, 0]


@settings(max_examples=200, deadline=None)
@given(cases(), st.integers(1, 9))
def test_machines_that_run_whole_do_so_and_both_engines_agree(case: tuple[Hours, Storage], machines: int) -> None:
    hours, storage = replace(case[0], whole_kw=case[0].step_kw / machines), case[1]
    fast, plain = dispatch(hours, storage), dispatch(hours, storage, compiled=False)
    assert np.allclose(fast, plain, rtol=1e-12, atol=1e-9 * size_of(case))
    mining, charge, discharge, soc, imported, exported, curtailed = fast
    flow = hours.pv_kw + discharge + imported
    assert np.all(np.abs(flow - mining - charge - exported - curtailed) <= 1e-9 * np.maximum(flow, 1.0))
    assert not np.any((imported > 0) & (exported > 0))
    assert not np.any((charge > 0) & (discharge > 0))
    assert min(a.min() for a in (mining, charge, discharge, imported, exported)) >= 0
    before = np.append(storage.soc_kwh, soc[:-1])
    way = storage.one_way_efficiency_frac
    assert np.allclose(soc, before + charge * way - discharge / way, atol=1e-9 * max(1.0, storage.highest_kwh))
    loaded = step_flows(mining, hours.step_kw)
    one = np.where(hours.whole_kw > 1e-3, hours.whole_kw, 1.0)
    running = np.where(hours.whole_kw > 1e-3, loaded / one, 0.0)
    assert np.abs(running - np.round(running)).max(initial=0.0) < 1e-5


@ENGINES
def test_where_nothing_can_be_sold_paid_imports_still_serve_machines(compiled: bool) -> None:
    case = hours([0], mine=-0.02, buy=-0.05, sell=-0.1, imports=70)  # selling would cost more still
    assert run(case, compiled=compiled)["import_kw"] == [70]
