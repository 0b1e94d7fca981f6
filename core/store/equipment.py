"""A planner's own machines, each with the number of its save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import ValidationError
from core.machine import Machine, plain, read
from core.store import amounts, pages, rows
from core.store.database import Database

LIST = "SELECT * FROM equipment WHERE owner = ? ORDER BY updated_at DESC, rowid DESC"
SAME_AS_KEPT = ("model", "manufacturer", "hashrate_ths", "power_w", "cooling", "released", "price_date", "price_source", "temp_min_c", "temp_max_c", "note")  # fmt: skip
MOST = 1000  # machines of one owner: a list, and every plan's look-up, reads them all


@dataclass(frozen=True)
class Saved:
    """A kept machine."""

    id: str
    version: int
    machine: Machine
    created_at: datetime
    updated_at: datetime


def create(db: Database, owner: str, machine: Machine) -> Saved:
    """Keep a new machine; ValidationError where the owner has one of that name, or has too many."""
    now = rows.stamp()
    row = {"id": rows.new_id(), "owner": rows.owned(owner), "version": 1, "created_at": now, "updated_at": now}
    row = rows.sealed({**row, **_content(machine)})
    with db.write() as tables:
        _refuse_taken(tables, owner, machine, but="")
        tables.table("equipment").insert(row)
    return _saved(row)


def get(db: Database, owner: str, id: str) -> Saved:  # noqa: A002
    """A kept machine; NotFound where the id is unknown or another's, DatabaseError where it was damaged."""
    rows.owned(owner)
    with db.read() as tables:
        return _saved(rows.sole(tables, "equipment", owner, {"id": id}, "machine"))


def listed(db: Database, owner: str, text: str = "") -> list[Saved]:
    """What an owner keeps, the newest first, but what was damaged.

    With `text`, what has each of its words in name, maker, cooling or note.
    """
    words = plain(text).split()
    sound = [row for row in _all(db, owner) if rows.is_sound(row)]
    return [_saved(row) for row in sound if all(word in _searched(row) for word in words)]


def page(db: Database, owner: str, limit: int, after: pages.Key | None = None, text: str = "") -> list[Saved]:
    """At most `limit` of the machines `listed` gives, last made first, from after the row `after`."""
    found = sorted(listed(db, owner, text), key=_key, reverse=True)  # a search by words, over MOST rows at most
    later = [one for one in found if after is None or _key(one) < after]
    return later[:limit]


def _key(saved: Saved) -> pages.Key:
    return rows.stamp(saved.created_at), saved.id


def damaged(db: Database, owner: str) -> dict[str, str]:
    """Id and name of the machines whose rows are no longer what was saved: of no use but to be deleted."""
    return {row["id"]: row["model"] for row in _all(db, owner) if not rows.is_sound(row)}


def _all(db: Database, owner: str) -> list[dict[str, Any]]:
    rows.owned(owner)
    with db.read() as tables:
        return list(tables.query(LIST, [owner]))


def update(db: Database, owner: str, id: str, machine: Machine, version: int | None) -> Saved:  # noqa: A002
    """Keep `machine` as the next version of one that was read at `version`.

    Conflict where that is not the newest, NotFound where the id is unknown or another's, ValidationError where another
    machine of the owner has the name.
    """
    rows.owned(owner)
    with db.write() as tables:
        old = rows.sole(tables, "equipment", owner, {"id": id}, "machine")
        rows.refuse_old(old, version, "machine")
        _refuse_taken(tables, owner, machine, but=id)
        row = {**old, **_content(machine), "version": old["version"] + 1, "updated_at": rows.stamp()}
        row = rows.sealed(row)
        tables.table("equipment").update(id, row)
    return _saved(row)


def delete(db: Database, owner: str, id: str, version: int | None = None) -> None:  # noqa: A002
    """Forget a machine, a damaged one too; Conflict where a `version` is given that is not the newest."""
    rows.owned(owner)
    with db.write() as tables:
        rows.delete(tables, "equipment", owner, id, version, "machine")


def _refuse_taken(tables: Any, owner: str, machine: Machine, but: str) -> None:
    """A name stands for one machine of an owner, as plans call it by its name."""
    others = list(tables.query("SELECT model FROM equipment WHERE owner = ? AND id <> ?", [owner, but]))
    expected = ""
    if plain(machine.model) in {plain(row["model"]) for row in others}:
        expected = "a name that none of your machines has yet"
    elif len(others) >= MOST:
        expected = f"at most {MOST:,} machines: delete one first"
    if expected:
        raise ValidationError(f"model: expected {expected}", field="model", value=machine.model, expected=expected)


def _content(machine: Machine) -> dict[str, Any]:
    content = {name: getattr(machine, name) for name in SAME_AS_KEPT}
    for name in ("temp_min_c", "temp_max_c"):
        if content[name] is not None:
            content[name] += 0.0  # the database has no −0
    return {**content, "price_cents": amounts.cents(machine.price_usd, "price_usd")}


def _machine(row: dict[str, Any]) -> Machine:
    return read({**{name: row[name] for name in SAME_AS_KEPT}, "price_usd": amounts.usd_of(row["price_cents"])})


def _searched(row: dict[str, Any]) -> str:
    return plain(" ".join(str(row[name]) for name in ("model", "manufacturer", "cooling", "note")))


def _saved(row: dict[str, Any]) -> Saved:
    return Saved(
        id=row["id"],
        version=row["version"],
        machine=_machine(row),
        created_at=rows.moment(row["created_at"]),
        updated_at=rows.moment(row["updated_at"]),
    )
