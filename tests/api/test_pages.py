"""Lists a page at a time (API-09)."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from core.api.paging import cursor_of, key_of
from core.errors import ValidationError
from core.machine import Machine
from core.scenario import Scenario
from core.store import equipment, scenarios
from core.store.database import Database, in_memory
from core.store.pages import Key
from core.store.rows import new_id, sealed, stamp
from tests.api.serving import error_in

ROWS = 10_000
OWNER = "anna"


@pytest.fixture(scope="module")
def crowded() -> Database:
    """A database in which one owner has ten thousand scenarios, many of them made at the same moment."""
    db, text, names = in_memory(), Scenario().to_json(), [f"scenario {i:05}" for i in range(ROWS)]
    rows = []
    for i, name in enumerate(names):
        at = f"2026-01-01T00:00:{i // 500:02}.000000Z"
        facts = {"id": new_id(), "owner": OWNER, "name": name, "version": 1, "digest": "0" * 16}
        rows.append(sealed({**facts, "created_at": at, "updated_at": at, "scenario": text}))
    with db.write() as tables:
        tables.table("scenarios").insert_all(rows)
    return db


def test_ten_thousand_rows_come_once_each_while_others_are_added_and_changed(crowded: Database) -> None:
    seen: list[str] = []
    after: Key | None = None
    while found := scenarios.page(crowded, OWNER, 100, after):
        assert len(found) <= 100
        seen += [row.id for row in found]
        after = (stamp(found[-1].created_at), found[-1].id)
        scenarios.save(crowded, OWNER, Scenario(name="added meanwhile"))
        scenarios.rename(crowded, OWNER, found[0].id, f"{found[0].name} changed")
    assert len(seen) == len(set(seen)) == ROWS


def test_a_page_is_found_by_its_index_and_not_by_reading_all(crowded: Database) -> None:
    with crowded.read() as tables:
        sql = "SELECT id FROM scenarios WHERE owner = ? AND (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT 50"
        plan = " ".join(row["detail"] for row in tables.query(f"EXPLAIN QUERY PLAN {sql}", [OWNER, "2026", "x"]))
    assert "scenarios_by_age" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    ("name", "count"), [("scenario 0000", 10), ("SCENARIO 00001", 1), ("%", 0), ("_", 0), ("\\", 0)]
)
def test_a_name_is_looked_for_as_it_stands(name: str, count: int, crowded: Database) -> None:
    assert len([one for one in scenarios.page(crowded, OWNER, 100, None, name) if "changed" not in one.name]) in (
        count,
        count - 1,
    )


def test_another_owners_rows_are_on_no_page(crowded: Database) -> None:
    assert scenarios.page(crowded, "bert", 100) == []


def test_machines_come_by_pages_too() -> None:
    db = in_memory()
    for i in range(25):
        equipment.create(db, OWNER, Machine(model=f"Rig {i}", hashrate_ths=100.0, power_w=3000.0))
    first = equipment.page(db, OWNER, 10)
    then = equipment.page(db, OWNER, 100, (stamp(first[-1].created_at), first[-1].id))
    assert len({one.id for one in (*first, *then)}) == 25
    assert [one.machine.model for one in first][:2] == ["Rig 24", "Rig 23"]


@pytest.mark.parametrize("limit", ["0", "-1", "101", "1000000000", "1e3", "", "nan", "9" * 100])
@pytest.mark.parametrize("kind", ["system-configs", "projections", "equipment"])
def test_a_limit_out_of_bounds_is_refused(limit: str, kind: str, client: httpx.Client) -> None:
    answer = client.get(f"/{kind}?limit={limit}")
    assert answer.status_code == 422
    assert error_in(answer.json(), "VALIDATION_ERROR")["details"]["field"] == "limit"


BAD = [
    "",
    "x",
    "%00",
    "W10",
    "bnVsbA",
    "WzEsMl0",
    "=" * 10,
    "x" * 200,
    "é",
    "IntdIg",
    cursor_of(("2026", "x")),
    cursor_of(("x", "y")),
]


@pytest.mark.parametrize("cursor", BAD)
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str, client: httpx.Client) -> None:
    answer = client.get("/system-configs", params={"cursor": cursor})
    assert answer.status_code == 422
    assert error_in(answer.json(), "VALIDATION_ERROR")["details"]["field"] == "cursor"


def test_a_cursor_reads_back_and_a_changed_one_does_not() -> None:
    key = ("2026-01-01T00:00:00.000000Z", "a" * 32)
    assert key_of(cursor_of(key)) == key
    for changed in (cursor_of(key)[:-1], cursor_of(key) + "A", cursor_of(key) + "=="):
        with pytest.raises(ValidationError):
            key_of(changed)


def test_pages_of_the_api_hold_together(client: httpx.Client) -> None:
    word = str(uuid4())
    made = [client.post("/system-configs", json={"name": f"{i} {word}"}).json()["id"] for i in range(7)]
    seen, cursor = [], None
    while True:
        asked = {"limit": 3, "name": word, **({"cursor": cursor} if cursor else {})}
        page = client.get("/system-configs", params=asked).json()
        seen += [item["id"] for item in page["items"]]
        client.post("/system-configs", json={"name": f"more {word}"})
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == made[::-1]


def test_equipment_goes_on_from_own_machines_to_the_catalogue(client: httpx.Client) -> None:
    own = [client.post("/equipment", json={"model": f"{uuid4()}", "hashrate_ths": 1, "power_w": 1}) for _ in range(3)]
    seen, cursor = [], None
    while True:
        page = client.get("/equipment", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        assert len(page["items"]) <= 2
        seen += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    ids = [item["id"] for item in seen]
    assert len(ids) == len(set(ids))
    assert {one.json()["id"] for one in own} <= set(ids)
    origins = [item["origin"] for item in seen]
    assert origins == sorted(origins, key=["own", "catalogue"].index)
    assert origins.count("catalogue") > 50
