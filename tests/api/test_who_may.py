"""Who may do what: every operation of the API by every kind of caller. SEC-03, SEC-05.

The rows come from the description of the API itself: an operation that the table does not know fails the test.
"""

from __future__ import annotations

import gzip
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core import outside
from core.api import sources
from core.api.app import PREFIX, api
from core.inputs import Market, Weather
from core.machine import Machine
from core.scenario import Scenario
from core.store import equipment, jobs, keys, projections, scenarios, shares, webhooks
from core.studies.projection import project
from tests.api.doors import Client, Door, opened, told

OPEN, VIEWER, PLANNER, ADMIN = "anybody", "viewer", "planner", "admin"
RANKS = (OPEN, VIEWER, PLANNER, ADMIN)
CALLERS = ("anonymous", "unknown", "revoked", "expired", VIEWER, PLANNER, ADMIN)
# the least role of each operation
NEEDS: dict[tuple[str, str], str] = {
    ("GET", "/health/live"): OPEN,
    ("GET", "/health/ready"): OPEN,
    ("GET", "/shares/{id}/content"): OPEN,
    ("GET", "/market"): VIEWER,
    ("GET", "/weather"): VIEWER,
    ("GET", "/rates"): VIEWER,
    ("GET", "/equipment"): VIEWER,
    ("POST", "/equipment"): PLANNER,
    ("GET", "/equipment/{id}"): VIEWER,
    ("PUT", "/equipment/{id}"): PLANNER,
    ("DELETE", "/equipment/{id}"): PLANNER,
    ("GET", "/system-configs"): VIEWER,
    ("POST", "/system-configs"): PLANNER,
    ("GET", "/system-configs/{id}"): VIEWER,
    ("PUT", "/system-configs/{id}"): PLANNER,
    ("DELETE", "/system-configs/{id}"): PLANNER,
    ("GET", "/projections"): VIEWER,
    ("POST", "/projections"): VIEWER,
    ("GET", "/projections/{id}"): VIEWER,
    ("GET", "/projections/{id}/report"): VIEWER,
    ("DELETE", "/projections/{id}"): PLANNER,
    ("POST", "/risk-analyses"): VIEWER,
    ("POST", "/sensitivities"): VIEWER,
    ("POST", "/sizings"): VIEWER,
    ("POST", "/first-designs"): VIEWER,
    ("POST", "/checks"): VIEWER,
    ("POST", "/backtests"): VIEWER,
    ("POST", "/comparisons"): VIEWER,
    ("POST", "/batches"): PLANNER,
    ("GET", "/jobs"): VIEWER,
    ("GET", "/jobs/{id}"): VIEWER,
    ("DELETE", "/jobs/{id}"): VIEWER,
    ("GET", "/jobs/{id}/rows"): VIEWER,
    ("GET", "/jobs/{id}/paths"): VIEWER,
    ("GET", "/events"): VIEWER,
    ("GET", "/shares"): PLANNER,
    ("POST", "/shares"): PLANNER,
    ("DELETE", "/shares/{id}"): PLANNER,
    ("GET", "/webhooks"): PLANNER,
    ("POST", "/webhooks"): PLANNER,
    ("DELETE", "/webhooks/{id}"): PLANNER,
    ("GET", "/keys"): ADMIN,
    ("POST", "/keys"): ADMIN,
    ("DELETE", "/keys/{id}"): ADMIN,
    ("GET", "/my-data"): VIEWER,
    ("DELETE", "/my-data"): PLANNER,
    ("GET", "/provider-keys"): ADMIN,
    ("PUT", "/provider-keys/{id}"): ADMIN,
    ("DELETE", "/provider-keys/{id}"): ADMIN,
    ("GET", "/audit"): ADMIN,
    ("GET", "/audit/soundness"): ADMIN,
    ("GET", "/usage"): ADMIN,
    ("GET", "/backups"): ADMIN,
    ("POST", "/backups"): ADMIN,
}
ENDLESS = {("GET", "/events")}  # an answer that does not end
PLAN = Scenario.model_validate({"name": "Of the owner"})
BODIES: dict[str, Any] = {
    "/equipment": {
        "model": "Mine",
        "hashrate_ths": 100.0,
        "power_w": 3000.0,
        "price_usd": 1.0,
        "price_date": "2026-10",
        "price_source": "an offer",
    },
    "/system-configs": {"name": "Mine"},
    "/keys": {"label": "mine"},
    "/provider-keys": {"key": "mine"},
    "/webhooks": {"url": "https://example.org/hook"},
}
MADE_UP = "0" * 32


def operations() -> list[tuple[str, str]]:
    paths = api().openapi()["paths"]
    return [(method.upper(), path) for path, found in paths.items() for method in found]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with pytest.MonkeyPatch.context() as patch, opened(tmp_path_factory.mktemp("who") / "home", patch) as found:
        yield found


@pytest.fixture(autouse=True)
def no_key_was_tried() -> None:
    """Wrong keys are counted by source: each test begins at nought."""
    sources.wrong_keys.cache_clear()


@pytest.fixture(scope="module")
def callers(door: Door) -> dict[str, Client]:
    """One of each kind; those with a role see rows of their own."""
    texts = {role: door.key(f"the {role}", role) for role in (VIEWER, PLANNER, ADMIN)}
    texts |= {end: door.key("the planner", PLANNER, end, ends=end) for end in ("revoked", "expired")}
    texts |= {"anonymous": "", "unknown": "smc_00000000_" + "A" * 43}
    return {name: door.client((f"198.51.100.{n}", 1), text) for n, (name, text) in enumerate(texts.items())}


@pytest.fixture(scope="module")
def answer(greensboro: Weather, market: Market) -> Any:
    return project(PLAN, greensboro, market)


@pytest.fixture
def made(answer: Any) -> Callable[[str, str], str]:
    """Make what an operation acts on, for an owner; its id."""

    def job(owner: str) -> str:
        kept = jobs.new(owner, "risk-analysis", "a test")
        jobs.create(outside.database(), kept, {}, time.time())
        jobs.begin(outside.database(), kept, "a test", time.time())
        jobs.end(outside.database(), kept, "a test", "done", {"result": {}, "paths": gzip.compress(b"npv_usd\n1\n")})
        return kept.id

    def share(owner: str) -> str:
        db = outside.database()
        return shares.create(db, owner, "scenario", scenarios.save(db, owner, PLAN).id).id

    def machine(owner: str) -> str:
        n = len(equipment.listed(outside.database(), owner, ""))
        facts = {**BODIES["/equipment"], "model": f"Mine {n}"}
        return equipment.create(outside.database(), owner, Machine.model_validate(facts)).id

    def key(owner: str) -> str:
        from core.api.identity import key_secret

        return keys.create(outside.database(), key_secret(), owner, PLANNER, f"key {time.time_ns()}")[0].id

    makers: dict[str, Callable[[str], str]] = {
        "equipment": machine,
        "system-configs": lambda owner: scenarios.save(outside.database(), owner, PLAN).id,
        "projections": lambda owner: projections.save(outside.database(), owner, answer).id,
        "jobs": job,
        "shares": share,
        "webhooks": lambda owner: webhooks.create(outside.database(), owner, "https://example.org/", ("job.ended",)).id,
        "keys": key,
        "provider-keys": lambda owner: "eia",
    }
    return lambda path, owner: makers[path.split("/")[1]](owner)


def call(client: Client, method: str, path: str, id: str = MADE_UP) -> Any:  # noqa: A002
    at = PREFIX + path.replace("{id}", id)
    if method not in ("POST", "PUT"):
        return client.request(method, at)
    body = BODIES.get("/" + path.split("/")[1], {})
    if "model" in body:
        body = {**body, "model": f"Mine {time.time_ns()}"}  # a name may not come twice
    return client.request(method, at, json=body, headers={"If-Match": '"1"'} if method == "PUT" else {})


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert sorted(operations()) == sorted(NEEDS)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("operation", NEEDS, ids=" ".join)
def test_each_caller_may_what_the_table_says_and_no_more(
    operation: tuple[str, str], caller: str, callers: dict[str, Client]
) -> None:
    method, path = operation
    needs = NEEDS[operation]
    known = caller in RANKS
    may = needs == OPEN or (known and RANKS.index(caller) >= RANKS.index(needs))
    if operation in ENDLESS and may:
        assert callers[caller].begins(method, PREFIX + path) == 200
        return
    reply = call(callers[caller], method, path)
    if may:
        assert reply.status_code not in (401, 403, 405), reply.text
        assert reply.status_code < 500 or "/health/" in path, reply.text
    else:
        assert reply.status_code == (403 if known else 401), reply.text
        assert reply.json()["error"]["code"] == ("FORBIDDEN" if known else "UNAUTHORIZED")


def test_a_missing_an_unknown_an_expired_and_a_revoked_key_are_refused_alike(callers: dict[str, Client]) -> None:
    replies = [callers[name].get(f"{PREFIX}/system-configs") for name in ("anonymous", "unknown", "expired", "revoked")]
    assert {reply.status_code for reply in replies} == {401}
    assert len({str(told(reply.content)) for reply in replies}) == 1
    assert len({reply.headers["www-authenticate"] for reply in replies}) == 1


OF_ONE = [operation for operation in NEEDS if "{id}" in operation[1] and NEEDS[operation] not in (OPEN, ADMIN)]


@pytest.mark.parametrize("operation", OF_ONE, ids=" ".join)
def test_what_is_anothers_looks_as_if_it_were_not_there(
    operation: tuple[str, str], door: Door, callers: dict[str, Client], made: Callable[[str, str], str]
) -> None:
    method, path = operation
    theirs = made(path, "somebody else")
    for name in (PLANNER, ADMIN):
        foreign, missing = (call(callers[name], method, path, id) for id in (theirs, MADE_UP))  # noqa: A001
        assert foreign.status_code == missing.status_code == 404, foreign.text
        assert told(foreign.content, theirs) == told(missing.content, MADE_UP)
        own = call(callers[name], method, path, made(path, f"the {name}"))
        assert own.status_code < 300, own.text
    owner = door.client(key=door.key("somebody else", PLANNER, f"{method} {path}"))
    assert call(owner, method, path, theirs).status_code < 300, "nobody else touched it"


@pytest.mark.parametrize("path", ["/equipment", "/system-configs", "/projections", "/jobs", "/shares", "/webhooks"])
def test_a_list_holds_what_is_ones_own(path: str, callers: dict[str, Client], made: Callable[[str, str], str]) -> None:
    mine, theirs = made(path, "the planner"), made(path, "somebody else")
    listed = callers[PLANNER].get(f"{PREFIX}{path}").text
    assert mine in listed
    assert theirs not in listed
    assert theirs not in callers[ADMIN].get(f"{PREFIX}{path}").text


def test_what_is_missing_and_what_is_anothers_take_the_same_time(
    callers: dict[str, Client], made: Callable[[str, str], str]
) -> None:
    theirs = made("/system-configs", "somebody else")
    took: dict[str, list[float]] = {theirs: [], MADE_UP: []}
    for _ in range(200):
        for id, times in took.items():  # noqa: A001
            began = time.perf_counter()
            call(callers[PLANNER], "GET", "/system-configs/{id}", id)
            times.append((time.perf_counter() - began) * 1000)
    p95 = [statistics.quantiles(times, n=20)[-1] for times in took.values()]
    print(f"p95: foreign {p95[0]:.2f} ms, missing {p95[1]:.2f} ms")
    middle = [statistics.median(times) for times in took.values()]
    assert abs(middle[0] - middle[1]) < 5.0


# --- fields that are not the caller's to give ----------------------------------------------------

EXTRA = {
    "owner": {"owner": "somebody else"},
    "id": {"id": MADE_UP},
    "created_at": {"created_at": "2020-01-01T00:00:00Z"},
    "is_admin": {"is_admin": True},
    "class": {"__class__": "Admin"},
    "a thousand": {f"field_{n}": n for n in range(1000)},
}
WITH_BODY = [operation for operation in NEEDS if operation[0] in ("POST", "PUT")]


@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize("operation", WITH_BODY, ids=" ".join)
def test_a_field_nobody_asked_for_is_refused_and_nothing_is_kept(
    operation: tuple[str, str], extra: str, callers: dict[str, Client], made: Callable[[str, str], str]
) -> None:
    method, path = operation
    if path == "/keys" and extra == "owner":
        return  # an admin makes keys for others: that field is one of its own
    id = made(path, "the admin") if "{id}" in path else MADE_UP  # noqa: A001
    before, counted = schema(), rows()
    body = {**BODIES.get("/" + path.split("/")[1], {}), **EXTRA[extra]}
    reply = callers[ADMIN].request(method, PREFIX + path.replace("{id}", id), json=body, headers={"If-Match": '"1"'})
    assert reply.status_code == 422, reply.text
    assert schema() == before
    assert rows() == counted


def schema() -> list[Any]:
    with outside.database().read() as tables:
        return [tuple(row.values()) for row in tables.query("SELECT name, sql FROM sqlite_master ORDER BY name")]


def rows() -> dict[str, int]:
    """Rows by table, but for those that count calls."""
    with outside.database().read() as tables:
        names = [name for name in tables.table_names() if name != "usage" and not name.startswith("sqlite_")]
        return {name: tables.table(name).count for name in names}


# --- modes without keys --------------------------------------------------------------------------


@pytest.mark.parametrize("operation", NEEDS, ids=" ".join)
def test_in_public_mode_a_visitor_reads_and_calculates_and_keeps_nothing(
    operation: tuple[str, str], visitor: Client
) -> None:
    method, path = operation
    may = NEEDS[operation] in (OPEN, VIEWER)
    if operation in ENDLESS:
        assert visitor.begins(method, PREFIX + path) == 200
        return
    reply = call(visitor, method, path)
    assert (reply.status_code in (401, 403)) is not may, reply.text
    assert reply.status_code < 500 or "/health/" in path


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    home = tmp_path_factory.mktemp("public") / "home"
    with pytest.MonkeyPatch.context() as patch, opened(home, patch, "public") as found:
        yield found.client()
        assert not home.exists(), "nothing was written"
