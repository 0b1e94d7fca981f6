"""The dispatch rule: hours worked by hand, balance whatever the inputs, and two engines that agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.dispatch import FLOWS, NO_STORAGE, Hours, Storage, dispatch

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

    return Hours(np.array(pv, float), flat(fleet), flat(mine), flat(buy), flat(sell), imports, exports)


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


prices = st.floats(-0.05, 0.3)
powers = st.floats(0, 5000) | st.just(0.0)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Hours, Storage]:
    size = 48
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(powers)
    pv = np.maximum(0.0, rng.normal(0.3, 0.5, size)) * scale
    fleet = draw(powers) * rng.choice([1.0, 0.9, 0.0], size)
    mine, buy, sell = (draw(prices) + draw(st.sampled_from([0.0, 0.05])) * rng.normal(size=size) for _ in range(3))
    energy = draw(powers)
    low, high = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    storage = Storage(
        low * energy, high * energy, draw(powers), draw(st.floats(0.55, 1)), draw(st.floats(low, high)) * energy
    )
    return Hours(pv, fleet, mine, buy, sell, draw(powers), draw(powers)), storage


@settings(max_examples=500, deadline=None)
@given(cases())
def test_every_hour_balances_within_its_limits(case: tuple[Hours, Storage]) -> None:
    hours, storage = case
    mining, charge, discharge, soc, imported, exported, curtailed = dispatch(hours, storage)
    flow = hours.pv_kw + discharge + imported
    assert np.all(np.abs(flow - mining - charge - exported - curtailed) <= 1e-9 * np.maximum(flow, 1.0))
    assert min(a.min() for a in (mining, charge, discharge, imported, exported)) >= 0
    assert curtailed.min() >= -1e-9 * max(1.0, hours.pv_kw.max())
    slack = 1e-9 * max(1.0, storage.highest_kwh)
    assert np.all((soc >= storage.lowest_kwh - slack) & (soc <= storage.highest_kwh + slack))
    assert not np.any((charge > 0) & (discharge > 0))
    assert not np.any((imported > 0) & (exported > 0))
    assert np.all(np.maximum(charge, discharge) <= storage.power_kw)
    assert np.all(mining <= hours.fleet_kw * (1 + 1e-12) + 1e-9)
    assert np.all(imported <= hours.import_limit_kw)
    assert np.all(exported <= hours.export_limit_kw * (1 + 1e-12) + 1e-9)
    assert not np.any((imported > 0) & (hours.mine_usd_per_kwh <= hours.import_usd_per_kwh))
    before = np.append(storage.soc_kwh, soc[:-1])
    way = storage.one_way_efficiency_frac
    assert np.allclose(soc, before + charge * way - discharge / way, atol=1e-9 * max(1.0, storage.highest_kwh))


@settings(max_examples=500, deadline=None)
@given(cases())
def test_the_compiled_kernel_agrees_with_its_plain_twin(case: tuple[Hours, Storage]) -> None:
    fast, plain = dispatch(*case), dispatch(*case, compiled=False)
    size = max(1.0, case[0].pv_kw.max(), case[1].highest_kwh, case[0].import_limit_kw)
    assert np.allclose(fast, plain, rtol=1e-12, atol=1e-9 * size)


@given(cases())
def test_the_same_hours_give_the_same_bits(case: tuple[Hours, Storage]) -> None:
    assert dispatch(*case).tobytes() == dispatch(*case).tobytes()
