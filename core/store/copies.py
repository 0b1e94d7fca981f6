"""Databases that were moved aside on purpose: before a change of the schema, or when a backup took their place.

They go by count and age: the newest three are kept for as long as the oldest backup, others for a week. What a start
found damaged never goes by itself.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.clock import for_deleting
from core.store.database import FILE_NAME

NEWEST, NEWEST_KEPT, OTHERS_KEPT = 3, timedelta(weeks=8), timedelta(days=7)
NAME = re.compile(rf"{re.escape(FILE_NAME)}\.(?:before|replaced)\.(\d{{8}}T\d{{6}})\d*Z")
EARLIEST = datetime(
    2026, 1, 1, tzinfo=UTC
)  # a copy dated before this program was written tells of a clock that was wrong


def listed(home: Path) -> list[tuple[datetime, Path]]:
    """The copies in a folder and when each was made, the newest first; what belongs to one is beside it."""
    found = [(_made_at(known[1]), file) for file in home.iterdir() if (known := NAME.fullmatch(file.name))]
    return sorted(found, reverse=True)


def forget_old(home: Path, now: datetime | None = None) -> list[str]:
    """Delete the copies that are kept no longer; their names."""
    now, gone = for_deleting(now), []
    for place, (at, file) in enumerate(listed(home)):
        if at < EARLIEST or now - at < (NEWEST_KEPT if place < NEWEST else OTHERS_KEPT):
            continue
        for part in (file, *home.glob(f"{file.name}-*")):
            part.unlink(missing_ok=True)
        gone.append(file.name)
    return gone


def _made_at(told: str) -> datetime:
    return datetime.strptime(told, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
