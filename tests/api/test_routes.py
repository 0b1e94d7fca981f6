"""What the routes do: equipment, system configurations, projections, the world, usage."""

from __future__ import annotations

import csv
import io
from uuid import uuid4

import httpx
import pytest

import core
from core.api.routes_projections import Projected
from core.api.routes_world import MarketOut, WeatherYear
from core.fetchers.bitcoin import bundled_market
from core.fetchers.weather import bundled
from tests.api.serving import PREFIX, Served, error_in

MACHINE = {"model": "Rig", "hashrate_ths": 200.0, "power_w": 3500.0, "cooling": "hydro"}


def machine() -> dict[str, object]:
    return {**MACHINE, "model": f"Rig {uuid4()}"}


# --- equipment and system configurations: made, read, changed, forgotten ---------------------------


@pytest.mark.parametrize(("kind", "body"), [("equipment", machine), ("system-configs", lambda: {"name": "one"})])
def test_a_record_is_made_read_changed_and_forgotten(kind: str, body: object, client: httpx.Client) -> None:
    made = client.post(f"/{kind}", json=body())  # type: ignore[operator]
    assert made.status_code == 201
    assert made.headers["etag"] == '"1"'
    place = made.headers["location"].removeprefix(PREFIX)
    read = client.get(place)
    assert read.json() == made.json()
    assert read.headers["etag"] == '"1"'
    changed = client.put(place, json=body(), headers={"If-Match": read.headers["etag"]})  # type: ignore[operator]
    assert (changed.status_code, changed.headers["etag"], changed.json()["version"]) == (200, '"2"', 2)
    stale = client.put(place, json=body(), headers={"If-Match": '"1"'})  # type: ignore[operator]
    assert stale.status_code == 409
    assert error_in(stale.json(), "CONFLICT")["details"] == {"field": "version", "value": 1, "expected": "2"}
    assert client.delete(place, headers={"If-Match": '"1"'}).status_code == 409
    assert client.delete(place).status_code == 204
    for answer in (
        client.get(place),
        client.delete(place),
        client.put(place, json=body(), headers={"If-Match": '"2"'}),
    ):  # type: ignore[operator]
        assert answer.status_code == 404
        error_in(answer.json(), "NOT_FOUND")


@pytest.mark.parametrize("given", [None, "", "2", "*", '"x"', '"0"', '"-1"', '"1", "2"', '"99999999999999999999"'])
def test_a_change_says_which_version_was_read(given: str | None, client: httpx.Client) -> None:
    place = client.post("/system-configs", json={}).headers["location"].removeprefix(PREFIX)
    answer = client.put(place, json={}, headers={} if given is None else {"If-Match": given})
    assert answer.status_code == 422
    assert error_in(answer.json(), "VALIDATION_ERROR")["details"]["field"] == "If-Match"


def test_a_configuration_is_the_scenario_that_was_given(client: httpx.Client) -> None:
    given = core.Scenario().but({"array.dc_kw": 321.0, "name": "Ünïcode ✓ <b>"})
    made = client.post("/system-configs", json=given.model_dump(mode="json")).json()
    assert core.Scenario.model_validate(made["scenario"]) == given
    assert (made["name"], made["digest"]) == ("Ünïcode ✓ <b>", given.digest)


def test_a_name_stands_for_one_machine(client: httpx.Client) -> None:
    body = machine()
    assert client.post("/equipment", json=body).status_code == 201
    again = client.post("/equipment", json=body)
    assert again.status_code == 422
    assert error_in(again.json(), "VALIDATION_ERROR")["details"]["field"] == "model"


def test_the_catalogue_is_read_and_not_written(client: httpx.Client) -> None:
    found = client.get("/equipment", params={"text": "s21 xp", "origin": "catalogue"}).json()["items"]
    assert found
    assert all("S21" in item["model"] and item["origin"] == "catalogue" for item in found)
    place = f"/equipment/{found[0]['id']}"
    read = client.get(place).json()
    assert read == found[0]
    assert read["efficiency_j_per_th"] == pytest.approx(read["power_w"] / read["hashrate_ths"])
    for answer in (client.delete(place), client.put(place, json=machine(), headers={"If-Match": '"1"'})):
        assert answer.status_code == 403
        error_in(answer.json(), "FORBIDDEN")


# --- projections -----------------------------------------------------------------------------------

PLAN = {"array": {"dc_kw": 800.0}, "site": {"weather": "bundled:greensboro"}}


@pytest.fixture(scope="module")
def made(served: Served) -> httpx.Response:
    body = {"scenario": PLAN, "name": "Kept"}
    answer = httpx.post(f"{served.address}{PREFIX}/projections", json=body, timeout=60)
    assert answer.status_code == 201
    return answer


def test_a_projection_has_the_figures_of_the_core(made: httpx.Response) -> None:
    ours = core.project(core.Scenario().but({"array.dc_kw": 800.0}), bundled("greensboro"), bundled_market())
    told = made.json()
    assert list(told["metrics"]) == list(ours.metrics)
    for name, value in ours.metrics.items():
        assert told["metrics"][name] == (None if value is None else pytest.approx(value, rel=1e-6, abs=1e-6)), name
    assert told["reasons"] == ours.reasons
    assert told["model_version"] == ours.model_version
    assert [row["mined_btc"] for row in told["monthly"]] == pytest.approx(list(ours.monthly["mined_btc"]), rel=1e-6)
    assert [set(row) for row in told["yearly"]] == [set(ours.yearly.columns)] * len(ours.yearly)
    assert {reading["name"] for reading in told["readings"]} == {reading.name for reading in ours.readings}


def test_it_is_as_the_description_says(made: httpx.Response) -> None:
    Projected.model_validate_json(made.content)
    assert made.headers["location"] == f"{PREFIX}/projections/{made.json()['id']}"


def test_it_reads_back_figure_for_figure(made: httpx.Response, client: httpx.Client) -> None:
    place = f"/projections/{made.json()['id']}"
    for _ in range(2):
        assert client.get(place).json() == made.json()
    with_hours = client.get(place, params={"hourly": "true"}).json()
    assert len(with_hours["hourly"]) == 8760
    assert {**with_hours, "hourly": None} == made.json()
    listed = client.get("/projections", params={"name": "Kept"}).json()["items"]
    assert made.json()["id"] in [item["id"] for item in listed]


@pytest.mark.parametrize(("table", "rows"), [("yearly", 11), ("monthly", 120), ("hourly", 8760), ("statement", 11)])
@pytest.mark.parametrize("how", ["format", "accept"])
def test_its_tables_download(table: str, rows: int, how: str, made: httpx.Response, client: httpx.Client) -> None:
    place = f"/projections/{made.json()['id']}"
    asked = {"table": table, **({"format": "csv"} if how == "format" else {})}
    answer = client.get(place, params=asked, headers={"Accept": "text/csv"} if how == "accept" else {})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"Kept-{table}.csv" in answer.headers["content-disposition"]
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == rows


def test_a_saved_configuration_is_projected_by_its_id_with_the_planners_own_machines(client: httpx.Client) -> None:
    own = machine()
    client.post("/equipment", json={**own, "price_usd": 999.0, "price_date": "2026-04", "price_source": "an offer"})
    fleet = {"fleet": {"units": [{"model": own["model"], "count": 7}]}}
    config = client.post("/system-configs", json=fleet).json()["id"]
    told = client.post("/projections", json={"system_config_id": config}).json()
    assert told["scenario"]["fleet"]["units"][0]["hashrate_ths"] == own["hashrate_ths"]
    assert told["scenario"]["fleet"]["units"][0]["price_usd"] == 999.0


def test_a_projection_is_forgotten(client: httpx.Client) -> None:
    place = client.post("/projections", json={"scenario": PLAN}).headers["location"].removeprefix(PREFIX)
    assert client.get(place).status_code == 200
    assert client.delete(place).status_code == 204
    for answer in (client.get(place), client.get(place, params={"format": "csv"}), client.delete(place)):
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "body"),
        ({"scenario": {}, "system_config_id": "0" * 32}, 422, "body"),
        ({"system_config_id": "0" * 32}, 404, "id"),
        ({"system_config_id": 5}, 422, "system_config_id"),
        ({"scenario": {"site": {"weather": "file:0123456789abcdef"}}}, 404, "site.weather"),
        ({"scenario": {"site": {"weather": "file:/etc/passwd"}}}, 422, "scenario.site.weather"),
        ({"scenario": {"fleet": {"units": [{"model": "none such", "count": 1}]}}}, 422, "fleet.units.0.model"),
        ({"scenario": {}, "name": ""}, 422, "name"),
        ({"scenario": {}, "owner": "another"}, 422, "owner"),
    ],
)
def test_what_cannot_be_projected_is_named(
    body: dict[str, object], status: int, field: str, client: httpx.Client
) -> None:
    answer = client.post("/projections", json=body)
    assert answer.status_code == status
    code = "NOT_FOUND" if status == 404 else "VALIDATION_ERROR"
    assert error_in(answer.json(), code)["details"]["field"] == field


# --- the world, and usage --------------------------------------------------------------------------


def test_the_market_is_that_of_the_core(client: httpx.Client) -> None:
    told, ours = MarketOut.model_validate_json(client.get("/market").content), bundled_market()
    for reading in ours.readings:
        shown = getattr(told, reading.name)
        assert (shown.value, shown.source, shown.status) == (reading.value, reading.source, "bundled")
    assert told.subsidy_btc == 3.125
    assert told.hashprice_usd_per_ph_day == pytest.approx(
        86400 * 1e15 / (told.difficulty.value * 2**32) * (3.125 + told.fees_btc_per_block.value) * told.price_usd.value
    )


def test_the_weather_of_a_place_has_its_hours(client: httpx.Client) -> None:
    asked = {"latitude": "36.1", "longitude": "-79.95"}
    told, ours = client.get("/weather", params=asked), bundled("greensboro")
    year = WeatherYear.model_validate_json(told.content)
    assert year.digest == ours.digest
    assert year.ghi_kwh_per_m2 == pytest.approx(float(ours.hourly["ghi"].sum()) / 1000)
    assert year.hourly is None
    hours = client.get("/weather", params={**asked, "hourly": "true"}).json()["hourly"]
    assert len(hours) == 8760
    rows = list(csv.DictReader(io.StringIO(client.get("/weather", params={**asked, "format": "csv"}).text)))
    assert [float(row["ghi"]) for row in rows] == list(ours.hourly["ghi"])


def test_rates_are_told_for_a_base_that_is_known(client: httpx.Client) -> None:
    dollars, euros = client.get("/rates").json(), client.get("/rates?base=EUR").json()
    assert dollars["per_base"]["USD"] == 1
    assert dollars["per_base"]["EUR"] * euros["per_base"]["USD"] == pytest.approx(1)
    unknown = client.get("/rates?base=XXX")
    assert unknown.status_code == 404
    error_in(unknown.json(), "NOT_FOUND")
    assert client.get("/rates?base=usd").status_code == 422


def test_calls_are_counted_and_shown(client: httpx.Client) -> None:
    def calls() -> int:
        return sum(item["calls"] for item in client.get("/usage").json()["items"] if item["owner"] == "local")

    before = calls()
    for _ in range(5):
        client.get("/market")
    assert calls() == before + 6
    assert client.get("/usage?since=2020-01-01&until=2026-01-01").status_code == 422
    assert client.get("/usage?since=0001-01-01&until=0001-01-01").json() == {"items": [], "next_cursor": None}


# --- mode public: nothing is kept -------------------------------------------------------------------


def test_a_visitor_is_answered_and_nothing_of_theirs_is_kept(public: Served) -> None:
    with httpx.Client(base_url=public.address + PREFIX, timeout=60) as visitor:
        answer = visitor.post("/projections", json={"scenario": PLAN}, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 200
        assert answer.json()["id"] is None
        assert "location" not in answer.headers
        assert visitor.get("/projections").json() == {"items": [], "next_cursor": None}
        table = visitor.post("/projections?format=csv&table=yearly", json={"scenario": PLAN})
        assert (table.status_code, table.text.count("\n")) == (200, 12)
        for refused in (visitor.post("/system-configs", json={}), visitor.post("/equipment", json=machine())):
            assert refused.status_code == 403
            error_in(refused.json(), "FORBIDDEN")
        assert visitor.get("/usage").status_code == 403
        assert visitor.get("/health/ready").json()["components"]["database"] == "in memory"
    assert not list(public.home.iterdir())
