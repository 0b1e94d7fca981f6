"""Copies of the database, made while it is used: each is sealed, restored once to see that it can be, and dated.

No backup is dated before one that was made earlier, whatever the clock does, and what is kept is told by order and
count alone: a clock that is wrong deletes nothing. Its id, and so its date, is sealed into each: under another name it
is refused.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from core import whole
from core.errors import DatabaseError, NotFound
from core.settings import environment
from core.store import damage, sealing, soundness
from core.store.database import REFUSALS, Database
from core.store.pages import Key
from core.store.rows import stamp
from core.store.secret import data_keys
from core.units import DAY_S

FOLDER = "backups"
NEWEST, DAYS, WEEKS = 24, 14, 8  # kept: the newest, and the newest of so many days and weeks that have one
NAME = re.compile(r"(\d{8}T\d{12}Z-[0-9a-f]{8})-([0-9a-f]{64})\.(?:sealed|db)")  # .db: of a version that sealed none
WHEN = "%Y%m%dT%H%M%S%fZ"
PLAIN = b"SQLite format 3\0"
CHANGED = "it was changed since it was written"
ABANDONED_S = DAY_S  # after which a file that was never finished goes
Keys = tuple[bytes, ...]


@dataclass(frozen=True)
class Backup:
    """A sealed copy of the database: when it was begun, the bytes of its file, and their SHA-256."""

    id: str
    created_at: datetime
    size_bytes: int
    sha256: str


def make(db: Database, home: Path, keys: Keys | None = None, now: datetime | None = None) -> Backup:
    """Copy all that is committed into the folder of backups beside the database; those that no rule keeps go.

    `keys`: the first one seals. DatabaseError where the disk refuses, or what was copied is not sound: then no older
    one goes either, and the damage is noted until a backup finds none.
    """
    keys = keys or data_keys(home, environment())
    folder = home / FOLDER
    with _in_words():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(folder)
        id = _next_id(home, now or datetime.now(UTC))  # noqa: A001
        part = folder / f"{id}.part"
        try:
            _write(db, id, part, folder / f"{id}.scratch", keys)
            damage.clear(home)
            part.replace(folder / f"{id}-{_sum_of(part)}.sealed")
            whole.sync(folder)
        except DatabaseError as error:
            if (error.field, error.value) == ("database", "damaged"):
                damage.note(home, error.message)
            raise
        finally:
            part.unlink(missing_ok=True)
        for old in retired(listed(home)):
            with suppress(NotFound):  # another process was there first
                file_of(home, old.id).unlink(missing_ok=True)
    return next(one for one in listed(home) if one.id == id)


def listed(home: Path, limit: int | None = None, after: Key | None = None) -> list[Backup]:
    """The backups there are, the newest first, from the place `after` on: all of them, or so many."""
    every = (_backup(file) for file in _files(home / FOLDER))
    later = (one for one in every if one and (after is None or (stamp(one.created_at), one.id) < after))
    return list(islice(later, limit))


def retired(every: list[Backup]) -> list[Backup]:
    """Which of all backups, the newest first, are kept no longer."""
    kept = {one.id for one in every[:NEWEST]}
    for most, named in ((DAYS, "%Y-%m-%d"), (WEEKS, "%G-%V")):
        first: dict[str, str] = {}
        for one in every:
            first.setdefault(one.created_at.strftime(named), one.id)
        kept |= set(list(first.values())[:most])
    return [one for one in every if one.id not in kept]


def is_sound(home: Path, id: str) -> bool:  # noqa: A002
    """Whether a backup still has the bytes that were written."""
    file = file_of(home, id)
    return _named(file)[1] == _sum_of(file)


def file_of(home: Path, id: str) -> Path:  # noqa: A002
    """The file of a backup; NotFound where there is none of that id."""
    found = next((file for file in _files(home / FOLDER) if _named(file)[0] == id), None)
    if found is None:
        raise NotFound("there is no such backup", field="id", value=id, expected="a backup that is kept")
    return found


def refuse_changed(home: Path, id: str, keys: Keys) -> None:  # noqa: A002
    """DatabaseError unless a backup opens, is the one that its name says, and has the bytes that were written."""
    with Path(os.devnull).open("wb") as nowhere:
        _copy(file_of(home, id), nowhere, keys)
    if not is_sound(home, id):
        raise sealing.unusable(CHANGED)


def unpack(home: Path, id: str, into: Path, keys: Keys | None = None, told: sealing.Told = sealing.nothing) -> None:  # noqa: A002
    """Write the database that a backup holds into a file of its own, which stands there whole or not at all.

    A backup was restored and checked row by row when it was made, and its bytes are still those: DatabaseError where
    they are not, it is another one than its name says, or none of the keys opens it.
    """
    file = file_of(home, id)
    if file.suffix == ".db" and not is_sound(home, id):
        raise sealing.unusable(CHANGED)
    unpack_file(file, into, keys or data_keys(home, environment()), told)


def unpack_file(file: Path, into: Path, keys: Keys, told: sealing.Told = sealing.nothing) -> str:
    """Write the database that a backup's file holds, wherever that lies and whatever it is called there.

    The id that the backup was made under, "" where a version made it that did not write that down.
    """
    part = into.with_name(f"{into.name}.part")
    with _in_words():
        try:
            with _private(part) as written:
                made_as = _copy(file, written, keys, told)
                written.flush()
                os.fsync(written.fileno())
            part.replace(into)
            whole.sync(into.parent)
        finally:
            part.unlink(missing_ok=True)
    return made_as


def _copy(file: Path, into: BinaryIO, keys: Keys, told: sealing.Told = sealing.nothing) -> str:
    """Write what a backup's file holds, opened where it is sealed; the id it was made under, "" where none is sealed in."""
    with file.open("rb") as source:
        plain = source.read(len(PLAIN)) == PLAIN
        source.seek(0)
        made_as = "" if plain else sealing.unseal(source, into, keys, told)
        while plain and (piece := source.read(sealing.PIECE_BYTES)):
            into.write(piece)
    named = NAME.fullmatch(file.name)
    if named and made_as not in ("", named[1]):
        raise sealing.unusable(f"it is the backup {made_as} under another name")
    return made_as


def _write(db: Database, id: str, part: Path, scratch: Path, keys: Keys) -> None:  # noqa: A002
    """Copy, seal, and restore what was sealed into a scratch file, in which everything is checked."""
    try:
        with _private(scratch):
            pass
        db.copy_to(scratch)
        with scratch.open("rb") as source, _private(part) as written:
            sealing.seal(source, written, keys[0], id)
            written.flush()
            os.fsync(written.fileno())
        unpack_file(part, scratch, keys[:1])
        soundness.check_file(scratch)
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            scratch.with_name(scratch.name + end).unlink(missing_ok=True)


def _next_id(home: Path, now: datetime) -> str:
    """A new id, after those there are, though the clock was set back."""
    before = listed(home, 1)
    at = max(now, before[0].created_at + timedelta(microseconds=1)) if before else now
    return f"{at.strftime(WHEN)}-{secrets.token_hex(4)}"


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = REFUSALS[13] if error.errno == 28 else REFUSALS[10]
        raise DatabaseError(full[1], field="backup", value=full[0], expected=full[2]) from error


@contextmanager
def _private(file: Path) -> Iterator[BinaryIO]:
    """A file made anew that its owner alone may read."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        yield opened


def _sweep(folder: Path) -> None:
    """Remove what a crash left of backups that were never finished; one that is being made may end meanwhile."""
    for file in folder.iterdir():
        with suppress(FileNotFoundError):
            if not NAME.fullmatch(file.name) and time.time() - file.stat().st_mtime > ABANDONED_S:
                file.unlink()


def _files(folder: Path) -> list[Path]:
    """The files of backups, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((file for file in folder.iterdir() if NAME.fullmatch(file.name)), reverse=True)


def _named(file: Path) -> tuple[str, str]:
    """The id and the sum that the name of a backup's file tells."""
    known = NAME.fullmatch(file.name)
    assert known is not None
    return known[1], known[2]


def _backup(file: Path) -> Backup | None:
    """What there is to know of a file, None where another process has just removed it."""
    id_, sha256 = _named(file)
    at = datetime.strptime(id_.partition("-")[0], WHEN).replace(tzinfo=UTC)
    try:
        return Backup(id_, at, file.stat().st_size, sha256)
    except FileNotFoundError:
        return None


def _sum_of(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
