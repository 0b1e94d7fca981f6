"""A backup put in the place of a database, whose old files are kept aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core import whole
from core.errors import Conflict
from core.store import backups, holds, migrations, sealing, secret, soundness
from core.store.audit import Log
from core.store.database import FILE_NAME, Database

ENDS = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Restored:
    """What was put in place: the id its backup was made under, "" where that is not told, and the files moved aside."""

    backup: str
    aside: list[Path]


def restore(
    file: Path,
    folder: Path,
    home: Path,
    env: Mapping[str, str],
    *,
    replace: bool = False,
    told: sealing.Told = sealing.nothing,
) -> Restored:
    """Put the database that a backup's file holds into `folder`.

    `home`: the folder of the copy that made it, whose secret opens it and goes along where `folder` has none. Checked
    and brought to the newest schema before anything is moved. Conflict where a database is there and `replace` is not
    said; DatabaseError while something uses it, and where the backup is not sound or a newer program made it.
    """
    place = folder / FILE_NAME
    if any(_beside(place)) and not replace:
        expected = "an empty folder, or --replace to move what is there aside"
        raise Conflict("there is a database already", field="home", value=str(folder), expected=expected)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f".{FILE_NAME}.restored"
    try:
        made_as = backups.unpack_file(file, part, secret.data_keys(home, env), told)
        soundness.check_file(part)
        _migrate(part)
        with holds.alone(folder):
            _bring_secret(home, folder, env)  # first: without it a start in between would make another one
            aside = _move_aside(place)
            part.replace(place)
            whole.sync(folder)
    finally:
        for left in _beside(part):
            left.unlink()
    _note(folder, env, made_as or file.name)
    return Restored(made_as, aside)


def only_in(newer: Path, older: Path) -> dict[str, int]:
    """How many rows of each kind a database has that another has not, or has otherwise: what is lost with it.

    DatabaseError where either cannot be read.
    """
    mine, theirs = _rows_of(newer), _rows_of(older)
    counts = {table: len(rows - theirs.get(table, set())) for table, rows in mine.items()}
    return {table: count for table, count in counts.items() if count}


def _rows_of(file: Path) -> dict[str, set[str]]:
    """The checksums of the rows of each table that has them."""
    db = Database(str(file), patience_s=soundness.CHECK_S)
    try:
        with db.read() as tables:
            named = [table for table in tables.table_names() if "checksum" in tables.table(table).columns_dict]
            return {
                table: {row["checksum"] for row in tables.query(f"SELECT checksum FROM {table}")} for table in named
            }
    finally:
        db.close()


def _beside(place: Path) -> list[Path]:
    """The files of a database that are there."""
    return [file for end in ENDS if (file := place.with_name(place.name + end)).exists()]


def _migrate(file: Path) -> None:
    db = Database(str(file))
    try:
        migrations.migrate(db)
    finally:
        db.close()


def _move_aside(place: Path) -> list[Path]:
    at = datetime.now(UTC).strftime(
        "%Y%m%dT%H%M%S%fZ"
    )  # to the microsecond: nothing that was moved before is overwritten
    name = f"{place.name}.replaced.{at}"  # with the log of writes named after it, as SQLite looks for it
    return [file.rename(place.with_name(name + file.name.removeprefix(place.name))) for file in _beside(place)]


def _bring_secret(home: Path, folder: Path, env: Mapping[str, str]) -> None:
    """Without the secret it was used with, keys of the API and the audit log of a database are worth nothing."""
    source, target = home / secret.FILE_NAME, folder / secret.FILE_NAME
    if env.get(secret.VARIABLE, "").strip() or target.exists() or not source.exists():
        return
    whole.write(target, source.read_bytes())


def _note(folder: Path, env: Mapping[str, str], name: str) -> None:
    """Tell the audit log, which may have been longer before, or have no anchor here yet."""
    db = Database(str(folder / FILE_NAME))
    try:
        log = Log(db, secret.purpose(secret.server_secret(folder, env), "audit"), folder)
        log.settle()
        log.note("command line", "backup restored", name)
    finally:
        db.close()
