"""Whether a database holds what was saved: the check of SQLite itself, and the checksum of each row that has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DatabaseError
from core.store.database import REFUSALS, Database
from core.store.rows import is_sound

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

CHECK_S = 3600.0  # the longest check: some 500 GB
MOST_NAMED = 20  # rows that an error names


@dataclass(frozen=True)
class Damaged:
    """A row that is not as it was saved: its table and its key there."""

    table: str
    key: str

    def __str__(self) -> str:
        return f"{self.table} {self.key}"


def nothing(table: str, seen: int) -> None:
    """Nobody wants to hear how far it is."""


def damaged_rows(tables: Tables, told: Callable[[str, int], object] = nothing) -> Iterator[Damaged]:
    """Every row whose checksum is not that of the row; `told` hears of each table and the rows seen in it."""
    for table in tables.table_names():
        if "checksum" in tables.table(table).columns_dict:
            yield from _damaged_of(tables, table, told)


def check_file(file: Path) -> None:
    """DatabaseError unless a database file that nobody else uses is sound throughout."""
    db = Database(str(file), patience_s=CHECK_S)
    try:
        with db.read() as tables:
            refuse_broken(tables)
            bad = [str(one) for one in damaged_rows(tables)]
    finally:
        db.close()
    if bad:
        named = ", ".join(bad[:MOST_NAMED]) + (f" and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else "")
        raise DatabaseError(
            f"rows are not as they were saved: {named}", field="database", value="damaged", expected=REFUSALS[11][2]
        )


def refuse_broken(tables: Tables) -> None:
    """DatabaseError where SQLite's own check finds fault."""
    if tables.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        raise DatabaseError(REFUSALS[11][1], field="database", value="damaged", expected=REFUSALS[11][2])


def _damaged_of(tables: Tables, table: str, told: Callable[[str, int], object]) -> Iterator[Damaged]:
    seen = 0
    for seen, row in enumerate(tables.query(f"SELECT * FROM {table}"), 1):
        if not is_sound(row):
            yield Damaged(table, " ".join(str(row[column]) for column in tables.table(table).pks))
        if seen % 1000 == 0:
            told(table, seen)
    told(table, seen)
