"""Saved scenarios: a planner's questions, each with the number of its save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.scenario import Scenario, read
from core.store import pages, rows
from core.store.database import Database

COLUMNS = "id, version, name, digest, created_at, updated_at"
LIST = f"SELECT {COLUMNS} FROM scenarios WHERE owner = ? ORDER BY updated_at DESC, rowid DESC LIMIT ?"


@dataclass(frozen=True)
class Saved:
    """A saved scenario without the scenario."""

    id: str
    version: int
    name: str
    digest: str
    created_at: datetime
    updated_at: datetime


def save(db: Database, owner: str, scenario: Scenario, id: str | None = None, version: int | None = None) -> Saved:  # noqa: A002
    """Keep a scenario: a new one, or, under an `id`, the next version of one that was read at `version`.

    Conflict where `version` is not the newest, NotFound where the id is unknown or another's.
    """
    rows.owned(owner)
    with db.write() as tables:
        if id is None:
            now = rows.stamp()
            row = {"id": rows.new_id(), "owner": owner, "version": 1, "created_at": now, "updated_at": now}
            row = rows.sealed({**row, **_content(scenario)})
            tables.table("scenarios").insert(row)
            return _saved(row)
        old = _row(tables, owner, id)
        rows.refuse_old(old, version, "scenario")
        return _replace(tables, old, scenario)


def load(db: Database, owner: str, id: str) -> tuple[Scenario, Saved]:  # noqa: A002
    """A saved scenario, and the version it was read at; NotFound where the id is unknown or another's."""
    rows.owned(owner)
    with db.read() as tables:
        row = _row(tables, owner, id)
    return read(row["scenario"]), _saved(row)


def listed(db: Database, owner: str, limit: int = 1000) -> list[Saved]:
    """What an owner saved, the newest first."""
    rows.owned(owner)
    with db.read() as tables:
        return [_saved(row) for row in tables.query(LIST, [owner, limit])]


def page(db: Database, owner: str, limit: int, after: pages.Key | None = None, name: str = "") -> list[Saved]:
    """At most `limit` of what an owner saved and has `name` in its name, last made first, from after the row `after`."""
    rows.owned(owner)
    filters = (pages.contains("name", name),) if name else ()
    with db.read() as tables:
        return [_saved(row) for row in pages.rows_after(tables, "scenarios", COLUMNS, owner, limit, after, filters)]


def rename(db: Database, owner: str, id: str, name: str, version: int | None = None) -> Saved:  # noqa: A002
    """Call a saved scenario `name`, as its next version; Conflict where a `version` is given that is not the newest."""
    rows.owned(owner)
    with db.write() as tables:
        old = _row(tables, owner, id)
        if version is not None:
            rows.refuse_old(old, version, "scenario")
        return _replace(tables, old, read(old["scenario"]).but({"name": name}))


def duplicate(db: Database, owner: str, id: str, name: str | None = None) -> Saved:  # noqa: A002
    """Keep a copy of a saved scenario, called `name` or "… (copy)"."""
    with db.write():
        scenario, _ = load(db, owner, id)
        return save(db, owner, scenario.but({"name": rows.copy_of(scenario.name) if name is None else name}))


def delete(db: Database, owner: str, id: str, version: int | None = None) -> None:  # noqa: A002
    """Forget a saved scenario, a damaged one too; Conflict where a `version` is given that is not the newest."""
    rows.owned(owner)
    with db.write() as tables:
        rows.delete(tables, "scenarios", owner, id, version, "scenario")


def _row(tables: Any, owner: str, id: str) -> dict[str, Any]:  # noqa: A002
    return rows.sole(tables, "scenarios", owner, {"id": id}, "scenario")


def _content(scenario: Scenario) -> dict[str, Any]:
    return {"name": scenario.name, "digest": scenario.digest, "scenario": scenario.to_json()}


def _replace(tables: Any, old: dict[str, Any], scenario: Scenario) -> Saved:
    row = {**old, **_content(scenario), "version": old["version"] + 1, "updated_at": rows.stamp()}
    row = rows.sealed(row)
    tables.table("scenarios").update(row["id"], row)
    return _saved(row)


def _saved(row: dict[str, Any]) -> Saved:
    return Saved(
        id=row["id"],
        version=row["version"],
        name=row["name"],
        digest=row["digest"],
        created_at=rows.moment(row["created_at"]),
        updated_at=rows.moment(row["updated_at"]),
    )
