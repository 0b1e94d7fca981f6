"""Damage that was met in a database that is in use, noted beside it until a check finds all sound: no restart forgets it.

A database with a damaged row is not backed up, so whoever runs it has to hear of it for as long as that lasts.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core import whole
from core.store import rows

FILE_NAME = "app.db.damage.json"


@dataclass(frozen=True)
class Met:
    """When it was met first, and what was found last, in words."""

    at: datetime
    why: str


def note(home: Path, why: str) -> None:
    """Keep what was met; on a disk that takes no file it is in the log alone."""
    before = met(home)
    told = {"at": rows.stamp(before.at if before else None), "why": why}
    with suppress(OSError):
        whole.write(home / FILE_NAME, json.dumps(told).encode())


def clear(home: Path) -> None:
    """Forget it: all was found sound."""
    with suppress(OSError):
        (home / FILE_NAME).unlink(missing_ok=True)


def met(home: Path) -> Met | None:
    """What was met and not found sound since, None for nothing."""
    try:
        told = json.loads((home / FILE_NAME).read_text(encoding="ascii"))
        return Met(rows.moment(told["at"]), str(told["why"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Met(rows.LOST, "the note of it cannot be read")


def words(one: Met) -> str:
    """What a person is told."""
    return (
        f"The database does not hold all that was saved, as was found first at {one.at:%Y-%m-%d %H:%M} UTC: {one.why}."
        " It is not backed up until what is damaged is deleted, or a backup is put back."
    )
