"""What every row has: an owner, an id, a time stamp and a checksum.

SQLite's own check finds few of the bits that flip on a disk: 17 of 150 in a trial, with 122 changed figures passed as
sound. So a row carries a checksum over everything else in it, looked at whenever the row is read in full.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.errors import Conflict, DatabaseError, NotFound, ValidationError
from core.scenario import read

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

LONGEST_OWNER = 320  # characters: an address of electronic mail at its longest
LONGEST_NAME = 120
COPY = " (copy)"
LOST = datetime(1970, 1, 1, tzinfo=UTC)  # a time that was damaged on the disk


def new_id() -> str:
    """A random name of 128 bits that nobody guesses."""
    return secrets.token_hex(16)


def stamp(at: datetime | None = None) -> str:
    """A moment, by default now, in UTC as text of constant length, so that it sorts by time."""
    at = datetime.now(UTC) if at is None else at.astimezone(UTC)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The time a stamp tells; LOST where it tells none, so that one damaged row withholds no list of others."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return LOST
    return LOST if told.tzinfo is None else told


def owned(owner: str) -> str:
    """`owner`, or ValidationError where it is not a name: no call works for nobody."""
    if not isinstance(owner, str) or not owner.strip() or len(owner) > LONGEST_OWNER or not owner.isprintable():
        expected = f"1 to {LONGEST_OWNER} printable characters"
        raise ValidationError(f"owner: expected {expected}", field="owner", value=owner, expected=expected)
    return owner


def named(name: str) -> str:
    """`name`, or ScenarioError where a scenario may not be called so."""
    return read({"name": name}).name


def refused(field: str, value: object, expected: str) -> ValidationError:
    """The error for what a caller asked to keep; its message does not repeat the value, which may be long."""
    return ValidationError(f"{field}: expected {expected}", field=field, value=value, expected=expected)


def lasting(days: int, most: int) -> int:
    """`days` that something lasts, or ValidationError where it is no whole number from 1 to `most`."""
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= most:
        raise refused("days", days, f"1 to {most} days")
    return days


def copy_of(name: str) -> str:
    """The name of a copy, within the longest name."""
    return name[: LONGEST_NAME - len(COPY)] + COPY


def sealed(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its checksum, made anew."""
    return {**row, "checksum": checksum(row)}


def checksum(row: Mapping[str, Any]) -> str:
    """SHA-256 [64 hex digits] over the names and stored bytes of all other columns, whatever their order.

    Empty columns count as absent, so that a column added later does not break the seal of older rows.
    """
    parts: list[bytes] = []
    for column in sorted(column for column in row if column != "checksum" and row[column] is not None):
        value = row[column]
        stored = value if isinstance(value, bytes) else str(value).encode()
        parts += (
            _framed(column),
            _framed(type(value).__name__),
            _length(stored),
            stored,
        )  # a type, so that 1 and "1" differ
    return hashlib.sha256(b"".join(parts)).hexdigest()


def is_sound(row: Mapping[str, Any]) -> bool:
    """Whether a row is as it was saved."""
    return bool(checksum(row) == row["checksum"])


@lru_cache(512)
def _framed(name: str) -> bytes:
    """The name of a column or a type behind its length; there are few, and each row asks for them."""
    return _length(name.encode()) + name.encode()


def _length(part: bytes) -> bytes:
    return len(part).to_bytes(8, "big")


def sole(tables: Tables, table: str, owner: str, key: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The one row under `key` that belongs to `owner`, its checksum verified.

    NotFound where there is none or it is another's, which look alike; DatabaseError naming a row that was damaged.
    """
    row = present(tables, table, owner, key, what)
    if not is_sound(row):
        raise DatabaseError(
            f"the {what} {next(iter(key.values()))} was damaged on the disk: the database no longer holds what was saved",
            **_place(key),
            expected="the bytes that were saved",
        )
    return row


def present(
    tables: Tables, table: str, owner: str, key: Mapping[str, Any], what: str, columns: str = "*"
) -> dict[str, Any]:
    """Some columns of the row under `key` that belongs to `owner`, as they are; NotFound where there is none."""
    wanted = {"owner": owner, **key}
    where = " AND ".join(f"{column} = ?" for column in wanted)
    missing = NotFound(f"there is no such {what}", **_place(key), expected=f"a {what} that was saved")
    if not all(isinstance(value, str) for value in key.values()):
        raise missing
    found = list(tables.query(f"SELECT {columns} FROM {table} WHERE {where}", list(wanted.values())))
    if not found:
        raise missing
    return found[0]


def refuse_old(row: Mapping[str, Any], version: int | None, what: str) -> None:
    """ValidationError where `version` is no whole number, Conflict where it is not the row's."""
    if isinstance(version, bool) or not isinstance(version, int):
        expected = "the version that was read"
        raise ValidationError(f"version: expected {expected}", field="version", value=version, expected=expected)
    if version != row["version"]:
        raise Conflict(
            f"this {what} was saved by somebody else: it is at version {row['version']}, you read version {version}",
            field="version",
            value=version,
            expected=str(row["version"]),
        )


def delete(tables: Tables, table: str, owner: str, id: str, version: int | None, what: str) -> None:  # noqa: A002
    """Delete a row, a damaged one too; Conflict where a `version` is given that is not the newest."""
    old = present(tables, table, owner, {"id": id}, what, columns="version")
    if version is not None:
        refuse_old(old, version, what)
    tables.table(table).delete(id)


def _place(key: Mapping[str, Any]) -> dict[str, Any]:
    column, value = next(iter(key.items()))
    return {"field": column, "value": value}
