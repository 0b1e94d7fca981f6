"""The first minute over the API: a first design from three figures, and the classic mistakes of a plan in dollars."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import core
from core.api import PREFIX
from core.api.routes_calculations import WISH
from core.api.routes_checks import EXAMPLE
from core.models.dispatch import compile_kernel
from core.scenario import Scenario
from core.studies.checks import CHECKS
from core.studies.sizing import compile_kernels
from tests.api.doors import HERE, Client, opened

PLACE = {"name": "Greensboro", "latitude": 36.1, "longitude": -79.95, "weather": "bundled:greensboro"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    compile_kernel()
    compile_kernels(Scenario())
    with (
        pytest.MonkeyPatch.context() as patch,
        opened(tmp_path_factory.mktemp("minute") / "home", patch, "local") as door,
    ):
        yield door.client(HERE)


def looked(client: Client, plan: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"{PREFIX}/checks", json={"scenario": plan})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_mistakes_are_named_with_what_they_are_worth(client: Client) -> None:
    told = looked(client, EXAMPLE["scenario"])
    plan = Scenario.model_validate(EXAMPLE["scenario"])
    assert told["npv_usd"] == pytest.approx(core.project(plan).metrics["npv_usd"], abs=0.01)
    assert told["looked_for"] == len(CHECKS)
    names = [one["name"] for one in told["found"]]
    assert {"frozen_difficulty", "no_pool_fee"} <= set(names)
    for one in told["found"]:
        right = core.project(plan.but(one["changes"])).metrics["npv_usd"]
        assert one["gain_usd"] == pytest.approx((right or 0.0) - told["npv_usd"], abs=0.02), one["name"]
        assert one["title"]
        assert one["words"]


def test_a_mistake_that_is_set_right_is_not_found_again(client: Client) -> None:
    plan = Scenario.model_validate(EXAMPLE["scenario"])
    for one in looked(client, EXAMPLE["scenario"])["found"]:
        after = looked(client, plan.but(one["changes"]).model_dump(mode="json"))
        assert one["name"] not in [other["name"] for other in after["found"]]


@pytest.mark.parametrize("price", [0.02, None])
def test_three_figures_make_a_design_within_the_budget(client: Client, price: float | None) -> None:
    body = {"site": PLACE, "budget_usd": 400_000.0} | ({"power_usd_per_kwh": price} if price else {})
    answer = client.post(f"{PREFIX}/first-designs?wait=30", json=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()["result"]
    plan = Scenario.model_validate(told["plan"])
    assert told["metrics"]["capex_usd"] <= 400_000 * 1.01
    assert told["pays"] == ((told["metrics"]["npv_usd"] or 0.0) > 0)
    assert told["like"] == ("behind_the_meter" if price else "off_grid_container")
    assert told["judged"] > 100
    assert plan.site.name == "Greensboro"
    if not told["pays"]:
        assert told["metrics"]["npv_usd"] == pytest.approx(core.project(plan).metrics["npv_usd"], abs=0.01)
    if price is None:
        assert plan.grid.import_limit_kw == 0


def test_the_example_of_the_description_is_taken_on(client: Client) -> None:
    answer = client.post(f"{PREFIX}/first-designs", json=WISH)
    assert answer.status_code == 202, answer.text
    assert client.delete(answer.headers["location"]).status_code in {200, 202, 204}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"site": PLACE, "budget_usd": 0.0}, "budget_usd"),
        ({"site": PLACE, "budget_usd": 1e300}, "budget_usd"),
        ({"site": PLACE}, "budget_usd"),
        ({"budget_usd": 5e5}, "site"),
        ({"site": PLACE, "budget_usd": 5e5, "power_usd_per_kwh": -0.1}, "power_usd_per_kwh"),
        ({"site": {**PLACE, "latitude": 91.0}, "budget_usd": 5e5}, "site.latitude"),
        ({"site": PLACE, "budget_usd": 5e5, "outlook": {"pool_fee_frac": 2.0}}, "outlook.pool_fee_frac"),
    ],
)
def test_what_cannot_be_is_refused_by_name(client: Client, body: dict[str, Any], field: str) -> None:
    answer = client.post(f"{PREFIX}/first-designs", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["details"]["field"] == field


def test_a_budget_that_buys_nothing_is_refused_as_such(client: Client) -> None:
    answer = client.post(f"{PREFIX}/first-designs?wait=30", json={"site": PLACE, "budget_usd": 10.0})
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["details"]["field"] == "budget_usd"


def test_a_plan_to_be_looked_through_must_be_one(client: Client) -> None:
    for body in ({}, {"scenario": {"array": {"dc_kw": -1}}}, {"scenario": {}, "more": 1}):
        assert client.post(f"{PREFIX}/checks", json=body).status_code == 422
    unknown = client.post(f"{PREFIX}/checks", json={"system_config_id": "0" * 32})
    assert unknown.status_code == 404
