"""The tariff of a scenario: what is refused, and by which name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import ScenarioError
from core.scenario import Scenario, leaves, read

ENDLESS = {"usd_per_kwh": 0.1}
ENDING = {"usd_per_kwh": 0.1, "up_to": 100.0}


@pytest.mark.parametrize(
    ("grid", "field"),
    [
        ({"tariff": {"energy": {"periods": [{"tiers": [ENDING]}]}}}, "grid.tariff.energy.periods.0"),
        ({"tariff": {"energy": {"periods": [{"tiers": [ENDLESS, ENDLESS]}]}}}, "grid.tariff.energy.periods.0"),
        ({"tariff": {"energy": {"periods": [{"tiers": [ENDING, ENDING, ENDLESS]}]}}}, "grid.tariff.energy.periods.0"),
        ({"tariff": {"energy": {"periods": [{"tiers": []}]}}}, "grid.tariff.energy.periods.0.tiers"),
        ({"tariff": {"energy": {"periods": [{}], "weekday": [[1] * 24] * 12}}}, "grid.tariff.energy"),
        ({"tariff": {"energy": {"periods": [{}], "weekday": [[-1] * 24] * 12}}}, "grid.tariff.energy"),
        ({"tariff": {"energy": {"periods": [{}], "weekday": [[0] * 23] * 12}}}, "grid.tariff.energy.weekday"),
        ({"tariff": {"energy": {"periods": [{}], "weekday": [[0] * 24] * 11}}}, "grid.tariff.energy.weekday"),
        ({"tariff": {"energy": {"weekend": [[0.5] * 24] * 12}}}, "grid.tariff.energy.weekend.0.0"),
        ({"tariff": {"energy": {"adjustment_usd_per_kwh": [0.1] * 11}}}, "grid.tariff.energy.adjustment_usd_per_kwh"),
        ({"tariff": {"flat_demand": {"periods": [{}], "months": [0] * 11}}}, "grid.tariff.flat_demand"),
        ({"tariff": {"flat_demand": {"periods": [{}], "months": [1] * 12}}}, "grid.tariff.flat_demand"),
        ({"tariff": {"timed_demand": {"periods": [{"tiers": [{"up_to_kw": 5.0}]}]}}}, "grid.tariff.timed_demand.periods.0"),
        ({"tariff": {"coincident": {"months": [13]}}}, "grid.tariff.coincident.months"),
        ({"tariff": {"coincident": {"months": [6, 6]}}}, "grid.tariff.coincident.months"),
        ({"tariff": {"coincident": {"from_hour": 18, "to_hour": 18}}}, "grid.tariff.coincident"),
        ({"tariff": {"coincident": {"hours": [8760]}}}, "grid.tariff.coincident"),
        ({"tariff": {"ratchet": {"shares_frac": [0.8, 0.8]}}}, "grid.tariff.ratchet.shares_frac"),
        ({"tariff": {"ratchet": {"shares_frac": [80.0]}}}, "grid.tariff.ratchet.shares_frac"),
        ({"tariff": {"ratchet": {"look_back_months": 13}}}, "grid.tariff.ratchet.look_back_months"),
        ({"tariff": {"settlement": {"rule": "barter"}}}, "grid.tariff.settlement.rule"),
        ({"tariff": {"fixed_usd_per_month": -1}}, "grid.tariff.fixed_usd_per_month"),
        ({"outages": {"events_per_year": 100, "hours_each": 100}}, "grid.outages"),
        ({"demand_response": {"committed_kw": 1, "hours_per_year": 8760}}, "grid.demand_response"),
        ({"demand_response": {"from_hour": 20, "to_hour": 14}}, "grid.demand_response"),
        ({"import_hourly_usd_per_kwh": [0.1] * 8784}, "grid.import_hourly_usd_per_kwh"),
        ({"export_hourly_usd_per_kwh": [1000.0] * 8760}, "grid.export_hourly_usd_per_kwh"),
        ({"import_hourly_usd_per_kwh": [0.1] * 8760, "tariff": {"settlement": {"rule": "net_metering"}}}, "grid"),
    ],
)  # fmt: skip
def test_bad_input_names_its_field_and_what_was_expected(grid: dict[str, Any], field: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read({"grid": grid})
    assert caught.value.field == field
    assert caught.value.expected
    json.dumps(caught.value.body("req_1"), allow_nan=False)


def test_a_plan_with_all_of_it_survives_json_and_is_found_by_path() -> None:
    changes = {
        "grid.tariff.energy": {"periods": [{"tiers": [ENDING, ENDLESS]}, {}], "weekday": [[0] * 12 + [1] * 12] * 12},
        "grid.import_hourly_usd_per_kwh": [0.05] * 8760,
        "grid.demand_response.months": [6.0, 7.0],
        "grid.outages.events_per_year": 12,
    }
    plan = Scenario().but(changes)
    assert read(plan.to_json()) == plan
    assert plan.at("grid.tariff.energy.periods.0.tiers.1.usd_per_kwh") == 0.1
    assert plan.grid.demand_response.months == (6, 7)
    assert "grid.tariff.energy.periods.0.tiers.0.up_to" in {path for path, _, _ in leaves(plan)}
    assert (
        plan.but({"grid.tariff.energy.periods.0.tiers.0.up_to": 50}).grid.tariff.energy.periods[0].tiers[0].up_to == 50
    )


def test_without_a_tariff_a_plan_is_little_longer() -> None:
    """An example of 5 kB: no schedule and no hour is written where none is set."""
    assert len(Scenario().grid.model_dump_json()) < 1800
