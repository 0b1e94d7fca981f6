"""The way back: what undoes each step of the schema, for an older program that does not know it.

What only the newer schema has room for goes with it; so a backup is made first, and nobody else may use the database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import ValidationError
from core.store import migrations, rows

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

    from core.store.database import Database


def _without_statements(tables: Tables) -> None:
    """Projections as they were sealed before the column; one that was damaged stays damaged."""
    ids = [row["id"] for row in tables.query("SELECT id FROM projections WHERE statement IS NOT NULL")]
    for one in ids:  # each may be some megabytes
        row = next(tables.query("SELECT * FROM projections WHERE id = ?", [one]))
        sum_ = rows.checksum({**row, "statement": None}) if rows.is_sound(row) else f"damaged {row['checksum']}"
        tables.execute("UPDATE projections SET checksum = ? WHERE id = ?", [sum_, one])
    tables.execute("ALTER TABLE projections DROP COLUMN statement")


def _without(*names: str) -> Callable[[Tables], None]:
    """Drops tables, and with them their indexes and triggers."""

    def step(tables: Tables) -> None:
        for name in names:
            tables.execute(f"DROP TABLE {name}")

    return step


def _without_ages(tables: Tables) -> None:
    for kind in ("scenarios", "projections", "equipment"):
        tables.execute(f"DROP INDEX {kind}_by_age")
    tables.execute("DROP TABLE idempotency")


BACK: dict[str, Callable[[Tables], None]] = {
    "m001_scenarios": _without("scenarios"),
    "m002_projections": _without("projections"),
    "m003_weathers": _without("weathers"),
    "m004_readings": _without("readings", "leases"),
    "m005_equipment": _without("equipment"),
    "m006_statements": _without_statements,
    "m007_idempotency": _without_ages,
    "m008_usage": _without("usage"),
    "m009_keys": _without("keys", "sign_ins"),
    "m010_shares": _without("shares"),
    "m011_audit": _without("audit"),
    "m012_jobs": _without("jobs", "job_parts"),
    "m013_webhooks": _without("webhooks"),
    "m014_drafts": _without("drafts"),
}


def roll_back(db: Database, to: str, before: Callable[[], object] | None = None) -> list[str]:
    """Undo all steps after the step `to`, the newest first; their names.

    All of it is one transaction: it happens or it does not. `before` is called first where there is something to undo.
    ValidationError where the database has not taken the step `to`.
    """
    steps = migrations.taken(db)
    if to not in steps:
        expected = f"one of {', '.join(steps)}"
        raise ValidationError(f"to: expected {expected}", field="to", value=to, expected=expected)
    undone = [step for step in reversed(steps) if steps.index(step) > steps.index(to)]
    if undone and before is not None:
        before()
    with db.write() as tables:
        for step in undone:
            BACK[step](tables)
            tables.execute(
                f"DELETE FROM {migrations.RECORD} WHERE migration_set = ? AND name = ?", [migrations.SET_NAME, step]
            )
    return undone
