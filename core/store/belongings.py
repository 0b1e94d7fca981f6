"""All that belongs to one owner, whatever table it is in: read for an export, or removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.store import rows
from core.store.database import Database

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

OWNER = "owner"
# when a person signed in and out last, under the code that stands for them: without it a sign-in that was ended
# elsewhere would hold again
STAYS = ("sign_ins",)
WITHHELD = ("code", "checksum")  # what only this server has a use for
LIVE = "SELECT id FROM jobs WHERE owner = ? AND state IN ('queued', 'running')"


def counted(db: Database, owner: str) -> dict[str, int]:
    """How many rows of each table are an owner's."""
    rows.owned(owner)
    with db.read() as tables:
        return {table: _count(tables, table, owner) for table in owned_tables(tables)}


def of(db: Database, owner: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each row of an owner: its table, its key there, and the row as it is stored, read one by one."""
    rows.owned(owner)
    with db.read() as tables:
        places = [(table, rowid) for table in owned_tables(tables) for rowid in _rowids(tables, table, owner)]
    for table, rowid in places:
        with db.read() as tables:
            keys = [column for column in tables.table(table).pks if column != OWNER]
            found = list(tables.query(f"SELECT * FROM {table} WHERE rowid = ? AND owner = ?", [rowid, owner]))
        for row in found:  # none, where it was deleted meanwhile
            yield table, " ".join(str(row[key]) for key in keys), _shown(row)


def live_jobs(db: Database, owner: str) -> list[str]:
    """The jobs of an owner that have not ended."""
    with db.read() as tables:
        return [str(row["id"]) for row in tables.query(LIVE, [rows.owned(owner)])]


def remove(db: Database, owner: str) -> dict[str, int]:
    """Remove every row of an owner, all or none; how many went from each table. No byte of them stays in the file."""
    rows.owned(owner)
    with db.write() as tables:
        gone = {table: _count(tables, table, owner) for table in owned_tables(tables) if table not in STAYS}
        for table in gone:
            tables.execute(f"DELETE FROM {table} WHERE owner = ?", [owner])
    db.forget_deleted()
    return gone


def owned_tables(tables: Tables) -> list[str]:
    """The tables whose rows have an owner."""
    return [table for table in tables.table_names() if OWNER in tables.table(table).columns_dict]


def _count(tables: Tables, table: str, owner: str) -> int:
    return int(next(iter(tables.query(f"SELECT count(*) AS n FROM {table} WHERE owner = ?", [owner])))["n"])


def _rowids(tables: Tables, table: str, owner: str) -> list[int]:
    return [int(row["place"]) for row in tables.query(f"SELECT rowid AS place FROM {table} WHERE owner = ?", [owner])]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in WITHHELD}
