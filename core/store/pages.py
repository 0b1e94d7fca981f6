"""Lists a page at a time: newest first, each page after the last row of the one before, whatever is added meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

Key = tuple[str, str]  # when a row was made, and its id: what a list is sorted by, and never changes


@dataclass(frozen=True)
class Filter:
    """A condition in SQL, with the values of its question marks."""

    sql: str
    values: tuple[Any, ...] = ()


def contains(column: str, text: str) -> Filter:
    """That `column` has `text` in it, whatever the case of Latin letters."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return Filter(f"{column} LIKE ? ESCAPE '\\'", (f"%{escaped}%",))


def counted(tables: Tables, table: str, owner: str) -> int:
    """How many rows an owner has."""
    return int(tables.execute(f"SELECT count(*) FROM {table} WHERE owner = ?", [owner]).fetchone()[0])


def rows_after(
    tables: Tables,
    table: str,
    columns: str,
    owner: str | None,
    limit: int,
    after: Key | None,
    filters: Iterable[Filter] = (),
) -> list[dict[str, Any]]:
    """At most `limit` rows of an owner, of everybody where None, newest first, that come after the row of key `after`."""
    wanted = [Filter("owner = ?", (owner,)) if owner is not None else Filter("1"), *filters]
    if after is not None:
        wanted.append(Filter("(created_at, id) < (?, ?)", after))
    where = " AND ".join(one.sql for one in wanted)
    values = [value for one in wanted for value in one.values]
    sql = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY created_at DESC, id DESC LIMIT ?"
    return list(tables.query(sql, [*values, limit]))
