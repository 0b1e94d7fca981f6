"""The dispatch rule with one step: hours worked by hand, the rule written out anew, and two engines that agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.dispatch import Hours, Storage, dispatch
from tests.models.dispatch_cases import cases, hours, one_step, run, size_of

pytestmark = pytest.mark.usefixtures("kernel")


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


@settings(max_examples=500, deadline=None)
@given(cases(st.just(1)), st.booleans())
def test_one_step_follows_the_rule_written_out(case: tuple[Hours, Storage], compiled: bool) -> None:
    series, storage = case
    if not series.step_kw.any():
        return  # without machines there is no step
    plain = Hours(
        series.pv_kw,
        series.step_kw,
        series.worth_usd_per_kwh,
        np.maximum(series.import_usd_per_kwh, 0.0),
        series.export_usd_per_kwh,
        series.import_limit_kw,
        series.export_limit_kw,
    )
    assert np.allclose(
        dispatch(plain, storage, compiled=compiled), one_step(plain, storage), rtol=1e-12, atol=1e-12 * size_of(case)
    )
