"""Copies of the database, made while it is used: each is checked, and known by the sum of its bytes."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import DatabaseError
from core.store.database import REFUSALS, Database
from core.store.pages import Key
from core.store.rows import stamp

FOLDER, MOST = "backups", 14  # kept: the newest
NAME = re.compile(r"(\d{8}T\d{12}Z-[0-9a-f]{8})-([0-9a-f]{64})\.db")
WHEN = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True)
class Backup:
    """A copy of the database: when it was begun, its bytes, and their SHA-256."""

    id: str
    created_at: datetime
    size_bytes: int
    sha256: str


def make(db: Database, home: Path) -> Backup:
    """Copy all that is committed into the folder of backups beside the database; those beyond the newest go.

    DatabaseError where the disk refuses, or what was copied is not sound.
    """
    now, folder = datetime.now(UTC), home / FOLDER
    id = f"{now.strftime(WHEN)}-{secrets.token_hex(4)}"  # noqa: A001
    part = folder / f"{id}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.touch(mode=0o600)
        try:
            db.copy_to(part)
            part.replace(folder / f"{id}-{_sum_of(part)}.db")
        finally:
            part.unlink(missing_ok=True)
        for old in _files(folder)[MOST:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise DatabaseError(REFUSALS[10][1], field="backup", value="disk", expected=REFUSALS[10][2]) from error
    return next(one for one in listed(home, MOST) if one.id == id)


def listed(home: Path, limit: int, after: Key | None = None) -> list[Backup]:
    """The backups there are, the newest first, from the place `after` on."""
    every = [_backup(file) for file in _files(home / FOLDER)]
    return [one for one in every if after is None or (stamp(one.created_at), one.id) < after][:limit]


def is_sound(home: Path, id: str) -> bool:  # noqa: A002
    """Whether a backup still has the bytes that were written."""
    return any(_backup(file).sha256 == _sum_of(file) for file in _files(home / FOLDER) if file.name.startswith(id))


def _files(folder: Path) -> list[Path]:
    """The files of backups, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((file for file in folder.iterdir() if NAME.fullmatch(file.name)), reverse=True)


def _backup(file: Path) -> Backup:
    known = NAME.fullmatch(file.name)
    assert known is not None
    at = datetime.strptime(known[1].partition("-")[0], WHEN).replace(tzinfo=UTC)
    return Backup(known[1], at, file.stat().st_size, known[2])


def _sum_of(file: Path) -> str:
    """The SHA-256 of a file that is on the disk, not only on its way there."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        return hashlib.file_digest(opened, "sha256").hexdigest()
