"""Own machines: kept whole, by version, by owner, and never with figures that nobody saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, DatabaseError, NotFound, ValidationError
from core.machine import Machine
from core.store import equipment, rows
from core.store.database import Database, open_database

RIG = Machine(
    model="Shed rig ⛏",
    manufacturer="Me & co.",
    hashrate_ths=250.125,
    power_w=3500,
    cooling="hydro",
    released="2026-03",
    price_usd=2500.29,
    price_date="2026-11-20",
    price_source="a dealer's offer; 'quoted'",
    temp_min_c=-0.0,
    temp_max_c=45.5,
    note="loud\nbut mine",
)
ANY_CALL: list[Callable[[Database, str, str], Any]] = [
    lambda db, owner, key: equipment.get(db, owner, key),
    lambda db, owner, key: equipment.update(db, owner, key, RIG, 1),
    lambda db, owner, key: equipment.delete(db, owner, key),
]


def named(name: str, **fields: Any) -> Machine:
    return Machine(**{"model": name, "hashrate_ths": 100.0, "power_w": 3000.0, **fields})


def test_a_machine_comes_back_as_it_was(db: Database) -> None:
    saved = equipment.create(db, "ann", RIG)
    assert saved.machine == RIG
    assert equipment.get(db, "ann", saved.id) == saved
    assert equipment.listed(db, "ann") == [saved]
    assert saved.version == 1
    assert saved.created_at == saved.updated_at
    assert saved.created_at.utcoffset() is not None


def test_what_is_not_known_stays_unknown(db: Database) -> None:
    plain = named("plain")
    assert equipment.get(db, "ann", equipment.create(db, "ann", plain).id).machine == plain


def test_money_is_kept_in_whole_cents(db: Database) -> None:
    saved = equipment.create(db, "ann", RIG.model_copy(update={"price_usd": 0.285}))
    assert saved.machine.price_usd == 0.28  # halves go to the even cent
    with db.read() as tables:
        assert next(iter(tables.query("SELECT price_cents AS c, typeof(price_cents) AS t FROM equipment"))) == {
            "c": 28,
            "t": "integer",
        }


def test_a_machine_is_there_after_the_database_was_opened_anew(tmp_path: Path) -> None:
    db = open_database(tmp_path)
    saved = equipment.create(db, "ann", RIG)
    db.close()
    db = open_database(tmp_path)
    assert equipment.listed(db, "ann") == [saved]
    db.close()


def test_an_update_is_the_next_version(db: Database) -> None:
    first = equipment.create(db, "ann", RIG)
    better = RIG.model_copy(update={"hashrate_ths": 260.0, "price_usd": None, "temp_max_c": None})
    second = equipment.update(db, "ann", first.id, better, first.version)
    assert (second.id, second.version, second.created_at) == (first.id, 2, first.created_at)
    assert second.updated_at > first.updated_at
    assert second.machine == better
    assert equipment.get(db, "ann", first.id) == second


@pytest.mark.parametrize("version", [1, 3, 0, -1, 2**70])
def test_an_update_of_any_other_version_than_the_newest_is_a_conflict(db: Database, version: int) -> None:
    first = equipment.create(db, "ann", RIG)
    newest = equipment.update(db, "ann", first.id, named("newest"), 1)
    for act in (
        lambda: equipment.update(db, "ann", first.id, named("older"), version),
        lambda: equipment.delete(db, "ann", first.id, version),
    ):
        with pytest.raises(Conflict, match="this machine was saved by somebody else") as refused:
            act()
        assert refused.value.expected == "2"
    assert equipment.listed(db, "ann") == [newest]


@pytest.mark.parametrize("version", [None, "1", True, 1.0])
def test_an_update_needs_the_version_that_was_read(db: Database, version: Any) -> None:
    saved = equipment.create(db, "ann", RIG)
    with pytest.raises(ValidationError) as refused:
        equipment.update(db, "ann", saved.id, RIG, version)
    assert refused.value.field == "version"


def test_a_name_stands_for_one_machine_of_an_owner(db: Database) -> None:
    one, two = (equipment.create(db, "ann", named(name)) for name in ("One", "Two"))
    for act in (
        lambda: equipment.create(db, "ann", named("  ONE ")),
        lambda: equipment.update(db, "ann", two.id, named("one"), 1),
    ):
        with pytest.raises(ValidationError) as refused:
            act()
        assert refused.value.field == "model"
        assert "none of your machines" in refused.value.expected
    assert equipment.update(db, "ann", one.id, named("ONE", power_w=1.0), 1).version == 2
    assert equipment.create(db, "bob", named("One")).machine.model == "One"


def test_an_owner_has_room_for_so_many(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equipment, "MOST", 2)
    one, _ = (equipment.create(db, "ann", named(name)) for name in ("one", "two"))
    with pytest.raises(ValidationError, match="at most 2"):
        equipment.create(db, "ann", named("three"))
    equipment.update(db, "ann", one.id, named("uno"), 1)
    equipment.create(db, "bob", named("three"))


def test_what_is_anothers_looks_as_if_it_were_not_there(db: Database) -> None:
    saved = equipment.create(db, "ann", RIG)
    unknown = rows.new_id()
    for call in ANY_CALL:
        bodies = []
        for key in (saved.id, unknown):
            with pytest.raises(NotFound) as refused:
                call(db, "bob", key)
            bodies.append(str((refused.value.message, refused.value.details)).replace(key, "ID"))
        assert bodies[0] == bodies[1]
    assert equipment.listed(db, "bob") == []
    assert equipment.damaged(db, "bob") == {}
    assert equipment.get(db, "ann", saved.id) == saved


@pytest.mark.parametrize("key", ["", "x" * 10_000, "' OR 1=1 --", "%", None, 7, b"\0"])
def test_an_id_that_is_none_is_not_found(db: Database, key: Any) -> None:
    equipment.create(db, "ann", RIG)
    for call in ANY_CALL:
        with pytest.raises(NotFound):
            call(db, "ann", key)


@pytest.mark.parametrize("owner", ["", " ", None, 7, "a\0b", "x" * 321])
def test_no_call_works_for_nobody(db: Database, owner: Any) -> None:
    saved = equipment.create(db, "ann", RIG)
    calls: list[Callable[[], Any]] = [
        lambda: equipment.create(db, owner, RIG),
        lambda: equipment.listed(db, owner),
        lambda: equipment.damaged(db, owner),
        *(lambda call=call: call(db, owner, saved.id) for call in ANY_CALL),  # type: ignore[misc]
    ]
    for call in calls:
        with pytest.raises(ValidationError) as refused:
            call()
        assert refused.value.field == "owner"


def test_the_newest_comes_first_and_words_narrow_the_list(db: Database) -> None:
    one = equipment.create(db, "ann", named("Älter", manufacturer="Bitmain", note="in the shed"))
    two = equipment.create(db, "ann", named("two", cooling="hydro", note="100 % loud"))
    one = equipment.update(db, "ann", one.id, one.machine, 1)
    found = {text: [saved.id for saved in equipment.listed(db, "ann", text)] for text in
             ("", "älter", "SHED bitmain", "shed hydro", "hydro", "100 %", "%", "_", "  ")}  # fmt: skip
    both, first, second = [one.id, two.id], [one.id], [two.id]
    assert found == {"": both, "älter": first, "SHED bitmain": first, "shed hydro": [], "hydro": second,
                     "100 %": second, "%": second, "_": [], "  ": both}  # fmt: skip


def test_what_was_deleted_is_gone_and_its_name_is_free(db: Database) -> None:
    saved = equipment.create(db, "ann", RIG)
    equipment.delete(db, "ann", saved.id, saved.version)
    for call in ANY_CALL:
        with pytest.raises(NotFound):
            call(db, "ann", saved.id)
    assert equipment.create(db, "ann", RIG).id != saved.id


COLUMNS = ("model", "manufacturer", "hashrate_ths", "power_w", "cooling", "released", "price_cents", "price_date",
           "price_source", "temp_min_c", "temp_max_c", "note", "version", "created_at", "updated_at")  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_a_row_that_changed_on_the_disk_is_named_left_out_and_can_be_deleted(db: Database, column: str) -> None:
    sound, broken = equipment.create(db, "ann", named("sound")), equipment.create(db, "ann", RIG)
    text = column in {"model", "manufacturer", "cooling", "released", "note"} or column.endswith(("_at", "_date", "ce"))
    change = "|| 'x'" if text else "+ 1"
    with db.write() as tables:
        tables.execute(f"UPDATE equipment SET {column} = {column} {change} WHERE id = ?", [broken.id])
    with pytest.raises(DatabaseError, match=broken.id):
        equipment.get(db, "ann", broken.id)
    with pytest.raises(DatabaseError, match=broken.id):
        equipment.update(db, "ann", broken.id, RIG, 1)
    assert equipment.listed(db, "ann") == [sound]
    assert list(equipment.damaged(db, "ann")) == [broken.id]
    equipment.delete(db, "ann", broken.id)
    assert equipment.damaged(db, "ann") == {}
