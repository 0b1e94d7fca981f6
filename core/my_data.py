"""All that is kept of one owner, given to them as one file, or deleted for good."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime
from typing import IO, Any

from core.deeds import noted
from core.errors import NotFound
from core.orders import orders
from core.outside import audit, database
from core.settings import settings
from core.store import belongings, frames

FRAMES = {"hourly", "monthly", "yearly", "statement"}
LONGEST_NAME = 80
BACKUPS = (
    "Backups made before still hold it, sealed, until they go: the last one within eight weeks of use. Copies that"
    " whoever runs this server took elsewhere, or had made for one of the last three releases, stay until they remove"
    " them. The audit log keeps for a year that it was deleted, and what was done before, under the name of the owner alone."
)
ASIDE = "app.db.[bcr]*[0-9]Z*"  # before a change of the schema, damaged, or replaced by a backup
MOVED = (
    " {count} database files that were moved aside may hold it, unsealed: app.db.before… and app.db.replaced… for up to"
    " eight weeks, app.db.corrupt… until whoever runs this server removes it from the folder of the database."
)
ABOUT = """All that this server keeps of the owner named in about.json, a folder for each kind. Files named …scenario.json can be
opened with Import. Keys are listed without the keys."""


def export(owner: str, into: IO[bytes]) -> dict[str, int]:
    """Write all that is kept of an owner as a ZIP archive; how many rows of each kind it has."""
    counts: dict[str, int] = {}
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, key, row in belongings.of(database(), owner):
            counts[table] = counts.get(table, 0) + 1
            for name, content in _files(f"{table}/{counts[table]:05d} {_name(key)}", row):
                archive.writestr(name, content)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        archive.writestr("about.json", _json({"owner": owner, "exported_at": at, "rows": counts, "about": ABOUT}))
    return counts


def delete(owner: str, by: str) -> dict[str, int]:
    """Delete all that is kept of an owner; how many rows of each kind went. `by`: whom the audit log names.

    Jobs that run are cancelled first. NotFound where there was nothing; DatabaseError where the rows went and the
    file could not be written anew: asked again, that is done.
    """
    for job in belongings.live_jobs(database(), owner):
        try:
            orders().cancel(owner, job)
        except NotFound:
            continue  # it ended meanwhile
    gone = belongings.remove(database(), owner)
    noted(by, "all data deleted", audit().name(owner), f"{sum(gone.values())} rows")
    return gone


def still_held() -> str:
    """Where what is deleted lies further on, and how long."""
    conf = settings()
    aside = list(conf.home.glob(ASIDE)) if conf.stores_on_server else []
    return BACKUPS + (MOVED.format(count=len(aside)) if aside else "")


def _files(stem: str, row: dict[str, Any]) -> list[tuple[str, bytes]]:
    """A row as files: figures as CSV, a scenario as one that can be opened, and the rest as JSON."""
    found, plain = [], {}
    for column, value in row.items():
        if isinstance(value, bytes) and column in FRAMES:
            found.append((f"{stem} {column}.csv", frames.unpacked(value, column).to_csv().encode()))
        elif isinstance(value, bytes):
            gzipped = value.startswith(b"\x1f\x8b")
            found.append((f"{stem} {column}.{'csv.gz' if gzipped else 'json'}", value))
        elif column == "scenario":
            found.append((f"{stem}.scenario.json", str(value).encode()))
        else:
            plain[column] = value
    return [(f"{stem}.json", _json(plain)), *found]


def _name(key: str) -> str:
    """A key as part of a file's name anywhere."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", key)[:LONGEST_NAME]


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False).encode()
