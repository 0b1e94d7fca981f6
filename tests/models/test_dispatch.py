"""The dispatch rule: hours worked by hand, balance whatever the inputs, and two engines that agree."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.dispatch import FLOWS, NO_STORAGE, Hours, Storage, dispatch, step_flows

pytestmark = pytest.mark.usefixtures("kernel")


def hours(
    pv: list[float],
    *,
    fleet: float = 100,
    mine: float = 0.08,
    buy: float = 0.05,
    sell: float = 0.03,
    imports: float = 0,
    exports: float = 0,
) -> Hours:
    def flat(value: float) -> np.ndarray:
        return np.full(len(pv), float(value))

    return Hours(
        np.array(pv, float), flat(fleet)[None], flat(mine)[None], flat(buy), flat(sell), flat(imports), flat(exports)
    )


def run(case: Hours, storage: Storage = NO_STORAGE, *, compiled: bool = True) -> dict[str, list[float]]:
    return {name: row.tolist() for name, row in zip(FLOWS, dispatch(case, storage, compiled=compiled), strict=True)}


def test_sun_serves_miners_then_the_grid_then_nobody() -> None:
    flows = run(hours([150, 300, 40], exports=120))
    assert flows["mining_kw"] == [100, 100, 40]
    assert flows["export_kw"] == [50, 120, 0]
    assert flows["curtailed_kw"] == [0, 80, 0]


def test_sun_is_sold_first_when_selling_pays_more() -> None:
    flows = run(hours([150, 300, 40], mine=0.02, sell=0.03, exports=120))
    assert flows["export_kw"] == [120, 120, 40]
    assert flows["mining_kw"] == [30, 100, 0]


def test_imports_only_while_mining_is_worth_more_than_they_cost() -> None:
    assert run(hours([0, 60], mine=0.08, buy=0.05, imports=70))["import_kw"] == [70, 40]
    assert run(hours([0, 60], mine=0.04, buy=0.05, imports=70))["import_kw"] == [0, 0]


def test_mining_stops_when_it_costs_more_than_it_earns() -> None:
    flows = run(hours([150], mine=-0.01, exports=50))
    assert flows["mining_kw"] == [0]
    assert flows["curtailed_kw"] == [100]


def test_nothing_is_sold_at_a_negative_price() -> None:
    flows = run(hours([150], mine=0.05, sell=-0.01, exports=500))
    assert flows["export_kw"] == [0]
    assert flows["curtailed_kw"] == [50]


def test_cheap_imports_beat_dear_sales_only_where_the_whole_fleet_earns_more() -> None:
    # selling 10 kW earns 0.60; mining 100 kW with 90 bought earns 10·0.05 + 90·0.01 = 1.40 USD/h
    flows = run(hours([10], mine=0.05, buy=0.04, sell=0.06, imports=90, exports=50))
    assert flows["mining_kw"] == [100]
    assert flows["import_kw"] == [90]
    # selling 50 kW earns 3.00; mining 100 kW with 50 bought earns 50·0.05 + 50·0.01 = 3.00, and 90 kW of sun 4.50 + …
    flows = run(hours([50], mine=0.05, buy=0.045, sell=0.06, imports=90, exports=50))
    assert flows["export_kw"] == [50]
    assert flows["import_kw"] == [0]


def test_a_battery_carries_the_surplus_into_the_night_by_hand() -> None:
    # one way 0.9: 60 kW for an hour puts 54 kWh in, of which 54 · 0.9 = 48.6 kWh come back
    battery = Storage(lowest_kwh=0, highest_kwh=200, power_kw=60, one_way_efficiency_frac=0.9, soc_kwh=0)
    flows = run(hours([200, 0], exports=0), battery)
    assert flows["charge_kw"] == [60, 0]
    assert flows["soc_kwh"] == pytest.approx([54, 0])
    assert flows["discharge_kw"] == pytest.approx([0, 48.6])
    assert flows["mining_kw"] == pytest.approx([100, 48.6])
    assert flows["curtailed_kw"] == pytest.approx([40, 0])


def test_surplus_is_sold_rather_than_stored_when_losses_eat_the_gain() -> None:
    battery = Storage(0, 200, 60, 0.9, 0)
    assert run(hours([200, 0], mine=0.036, sell=0.03, exports=500), battery)["charge_kw"] == [0, 0]  # 0.036·0.81 < 0.03
    assert run(hours([200, 0], mine=0.038, sell=0.03, exports=500), battery)["charge_kw"] == [
        60,
        0,
    ]  # 0.038·0.81 > 0.03


def test_a_battery_serves_first_what_the_grid_cannot() -> None:
    battery = Storage(0, 100, 100, 1.0, 100)
    flows = run(hours([0, 0], imports=70), battery)
    assert flows["discharge_kw"] == [30, 30]
    assert flows["mining_kw"] == [100, 100]


def test_a_battery_saves_imports_where_the_grid_could_serve_all() -> None:
    battery = Storage(0, 100, 100, 1.0, 50)
    flows = run(hours([0, 0], imports=500), battery)
    assert flows["discharge_kw"] == [50, 0]
    assert flows["import_kw"] == [50, 100]


def test_no_battery_and_an_empty_one_are_the_same() -> None:
    case = hours([0, 50, 150, 300], exports=60, imports=30)
    assert run(case) == run(case, Storage(0, 0, 500, 0.9, 0))


def two_steps(
    pv: list[float], *, exports: float = 0, imports: float = 0, buy: float = 0.05, sell: float = 0.03
) -> Hours:
    """60 kW of machines that earn 8 cents a kWh and 40 kW that earn 4."""
    case = hours(pv, exports=exports, imports=imports, buy=buy, sell=sell)
    steps, worth = (np.repeat(np.array([pair]).T, len(pv), axis=1) for pair in ([60.0, 40.0], [0.08, 0.04]))
    return replace(case, step_kw=steps, worth_usd_per_kwh=worth)


def test_power_is_bought_for_the_better_machines_alone() -> None:
    flows = run(two_steps([0, 50, 70, 120], imports=500))
    assert flows["mining_kw"] == [60, 60, 70, 100]
    assert flows["import_kw"] == [60, 10, 0, 0]
    assert run(two_steps([0], imports=500, buy=0.03))["import_kw"] == [100]


def test_sales_come_between_the_better_machines_and_the_others() -> None:
    flows = run(two_steps([100, 200], exports=30, sell=0.06))
    assert flows["export_kw"] == [30, 30]
    assert flows["mining_kw"] == [70, 100]
    assert flows["curtailed_kw"] == [0, 70]


def test_a_battery_stores_what_the_poorer_machines_would_take_for_the_better_ones() -> None:
    battery = Storage(0, 200, 60, 0.9, 0)  # 0.08 · 0.81 is more than 0.04
    flows = run(two_steps([90, 0], exports=50, sell=0.07), battery)
    assert flows["mining_kw"] == pytest.approx([60, 0])  # 0.08 · 0.81 is less than 0.07: sold
    assert flows["export_kw"] == [30, 0]
    flows = run(two_steps([120, 0], exports=20, sell=0.045), battery)
    assert flows["charge_kw"] == [60, 0]
    assert flows["discharge_kw"] == pytest.approx([0, 48.6])


def test_wear_keeps_a_battery_from_what_does_not_pay_for_it() -> None:
    battery, case = Storage(0, 200, 60, 1.0, 0), hours([200, 0], exports=500, sell=0.03)  # a kWh stored earns 0.08
    assert run(replace(case, wear_usd_per_kwh=0.04), battery)["charge_kw"] == [60, 0]  # 0.08 − 0.04 is more than 0.03
    assert run(replace(case, wear_usd_per_kwh=0.06), battery)["charge_kw"] == [0, 0]
    full = battery._replace(soc_kwh=200)
    assert run(replace(case, wear_usd_per_kwh=0.09), full)["discharge_kw"] == [0, 0]


def test_at_a_negative_price_machines_run_that_earn_nothing() -> None:
    assert run(hours([0], mine=-0.01, buy=-0.02, imports=70))["import_kw"] == [70]
    assert run(hours([0], mine=-0.03, buy=-0.02, imports=70))["import_kw"] == [0]


def test_a_dead_connection_neither_buys_nor_sells() -> None:
    case = replace(
        hours([150, 150, 0, 0]), import_limit_kw=np.array([0, 0, 70.0, 0]), export_limit_kw=np.array([60.0, 0, 0, 0])
    )
    flows = run(case)
    assert flows["export_kw"] == [50, 0, 0, 0]
    assert flows["import_kw"] == [0, 0, 70, 0]


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


def test_without_machines_all_is_sold() -> None:
    case = hours([150, 20], exports=60)
    flows = run(replace(case, step_kw=np.zeros((0, 2)), worth_usd_per_kwh=np.zeros((0, 2))))
    assert flows["export_kw"] == [60, 20]
    assert flows["mining_kw"] == [0, 0]


prices = st.floats(-0.05, 0.3)
powers = st.floats(0, 5000) | st.just(0.0)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Hours, Storage]:
    size, steps = 48, draw(st.integers(0, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(powers)
    pv = np.maximum(0.0, rng.normal(0.3, 0.5, size)) * scale
    shape = rng.choice([0.0, 0.2, 1.0], (steps, 1))  # some steps have no machines
    fleet = shape * draw(powers) * rng.choice([1.0, 0.9, 0.0], size)
    mine, buy, sell = (draw(prices) + draw(st.sampled_from([0.0, 0.05])) * rng.normal(size=size) for _ in range(3))
    worth = mine - np.cumsum(rng.choice([0.0, 0.02, 0.1], (steps, 1)), axis=0)
    limits = (draw(powers) * rng.choice([1.0, 0.0], size, p=[0.9, 0.1]) for _ in range(2))
    wear, whole = draw(st.sampled_from([0.0, 0.0, 0.03])), draw(st.booleans())
    energy = draw(powers)
    low, high = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    storage = Storage(
        low * energy, high * energy, draw(powers), draw(st.floats(0.55, 1)), draw(st.floats(low, high)) * energy
    )
    one = fleet / rng.integers(1, 9, (steps, 1)) if whole else None
    return Hours(pv, fleet, worth, buy, sell, *limits, wear, one), storage


def check_balance(hours: Hours, storage: Storage, flows: np.ndarray) -> None:
    mining, charge, discharge, soc, imported, exported, curtailed = flows
    flow = hours.pv_kw + discharge + imported
    assert np.all(np.abs(flow - mining - charge - exported - curtailed) <= 1e-9 * np.maximum(flow, 1.0))
    assert min(a.min() for a in (mining, charge, discharge, imported, exported)) >= 0
    assert curtailed.min() >= -1e-9 * max(1.0, hours.pv_kw.max())
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
def test_every_hour_balances_within_its_limits(case: tuple[Hours, Storage]) -> None:
    hours, storage = case
    flows = dispatch(hours, storage)
    check_balance(hours, storage, flows)
    mining, _, _, _, imported, exported, _ = flows
    dearest = hours.worth_usd_per_kwh[0] if len(hours.step_kw) else np.full(48, -np.inf)
    assert not np.any((imported > 0) & (dearest <= hours.import_usd_per_kwh))
    assert not np.any((exported > 0) & (hours.export_usd_per_kwh <= 0))
    loaded = step_flows(mining, hours.step_kw)
    assert np.allclose(loaded.sum(axis=0), mining, rtol=1e-12, atol=1e-9)
    for first, then in pairwise(range(len(loaded))):  # a step runs only with the one before it full
        assert not np.any((loaded[then] > 1e-9) & (loaded[first] < hours.step_kw[first] * (1 - 1e-9)))
    if hours.whole_kw is not None:
        running = np.divide(loaded, hours.whole_kw, out=np.zeros_like(loaded), where=hours.whole_kw > 0)
        assert np.abs(running - np.round(running)).max(initial=0.0) < 1e-6


@settings(max_examples=500, deadline=None)
@given(cases())
def test_the_compiled_kernel_agrees_with_its_plain_twin(case: tuple[Hours, Storage]) -> None:
    fast, plain = dispatch(*case), dispatch(*case, compiled=False)
    size = max(1.0, case[0].pv_kw.max(), case[1].highest_kwh, case[0].import_limit_kw.max())
    assert np.allclose(fast, plain, rtol=1e-12, atol=1e-9 * size)


@settings(max_examples=300, deadline=None)
@given(cases())
def test_alike_steps_are_one_step(case: tuple[Hours, Storage]) -> None:
    hours, storage = replace(case[0], whole_kw=None), case[1]
    if not len(hours.step_kw):
        return
    alike = np.broadcast_to(hours.worth_usd_per_kwh[0], hours.step_kw.shape)
    whole = hours.step_kw.sum(axis=0)
    one = replace(hours, step_kw=whole[None], worth_usd_per_kwh=alike[:1])
    size = max(1.0, whole.max(), storage.highest_kwh)
    several = dispatch(replace(hours, worth_usd_per_kwh=alike), storage)
    assert np.allclose(several, dispatch(one, storage), rtol=1e-9, atol=1e-9 * size)


@given(cases())
def test_the_same_hours_give_the_same_bits(case: tuple[Hours, Storage]) -> None:
    assert dispatch(*case).tobytes() == dispatch(*case).tobytes()
