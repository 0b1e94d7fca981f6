"""How the store is: for health, metrics, the pages and whoever runs this copy."""

from __future__ import annotations

import json
import os
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.errors import DatabaseError
from core.store import rows
from core.store.damage import Met, met
from core.store.database import FILE_NAME, Database, is_known_bad, sqlite_version
from core.store.holds import size_of

LEAST_FREE_BYTES = 16 * 1024 * 1024
TRIAL_BYTES = 256 * 1024


@dataclass(frozen=True)
class Aside:
    """A damaged database that a start moved aside: its file, why, and the id of the backup in its place, "" for none."""

    file: str
    at: datetime
    why: str
    backup: str


@dataclass(frozen=True)
class Condition:
    """How the store is.

    `trouble`: what the last write met, "" for nothing, else a word of `database.REFUSALS` such as "full" or "busy".
    `damage`: what was met in the database and not found sound since. `known_bad`: this SQLite has the WAL-reset bug; writers of all processes then take one lock of the house.
    """

    sqlite_version: str
    known_bad: bool
    size_bytes: int
    wal_bytes: int
    free_bytes: int
    trouble: str
    set_aside: tuple[Aside, ...]
    damage: Met | None = None

    @property
    def degraded(self) -> bool:
        """Whether something keeps the store from being what it should."""
        return bool(self.trouble or self.set_aside or self.damage or self.free_bytes < LEAST_FREE_BYTES)


def condition(db: Database, home: Path | None) -> Condition:
    """How the store of folder `home` is, None for one in memory; after a trouble it tries to write, once."""
    if db.trouble and (db.trouble != "full" or home is None or _has_room(home)):
        with suppress(DatabaseError):
            db.try_write()
    if home is None:
        return Condition(sqlite_version(), is_known_bad(), 0, 0, 2**63 - 1, db.trouble, ())
    sizes = (size_of(home / FILE_NAME), size_of(home / f"{FILE_NAME}-wal"), shutil.disk_usage(home).free)
    return Condition(sqlite_version(), is_known_bad(), *sizes, db.trouble, set_aside(home), met(home))


def set_aside(home: Path) -> tuple[Aside, ...]:
    """What starts moved aside in a folder and is still there, the newest first: taking a file away ends its notice."""
    found = [one for note in home.glob(f"{FILE_NAME}.corrupt.*.json") if (one := _aside(home, note)) is not None]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def words(one: Aside) -> str:
    """What a person is told of a database that was moved aside."""
    found = f"The database was found damaged at the start of {one.at:%Y-%m-%d %H:%M} UTC ({one.why}) and kept as {one.file}."
    if one.backup:
        return f"{found} The backup {one.backup} took its place; what was saved after it is in that file, if anywhere."
    return f"{found} There was no good backup, so an empty one began; what was saved is in that file, if anywhere."


def _has_room(home: Path) -> bool:
    """Whether a file of TRIAL_BYTES finds room: the database itself may reuse some of its own for a small write."""
    trial = home / f".trial.{os.getpid()}.{threading.get_ident()}"
    try:
        with trial.open("wb", buffering=0) as file:
            file.write(bytes(TRIAL_BYTES))
            os.fsync(file.fileno())
    except OSError:
        return False
    finally:
        trial.unlink(missing_ok=True)
    return True


def _aside(home: Path, note: Path) -> Aside | None:
    """What a note tells, None where it cannot be read or its file is gone."""
    try:
        told = json.loads(note.read_text(encoding="ascii"))
        one = Aside(str(told["file"]), rows.moment(told["at"]), str(told["why"]), str(told["backup"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return one if (home / one.file).exists() else None
