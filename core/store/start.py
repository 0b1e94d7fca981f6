"""The start of a database: looked at, moved aside where it is damaged, brought to the newest schema.

A damaged file is never deleted: it goes, with what belongs to it, to `app.db.corrupt.<UTC>`, and the newest backup that
is good takes its place, or an empty database. A note beside it says why. Killed at any moment, the next start goes on
where this one was: what is to be done stands in a plan on the disk before the first file is moved.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from core import whole
from core.errors import DatabaseError, SolarMiningError
from core.store import backups, holds, migrations, rows
from core.store.database import FILE_NAME, Database, fault_of, is_known_bad, sqlite_version
from core.store.refusals import DISK, refusal

log = logging.getLogger("solar_mining.store")
PLAN, NEXT = f"{FILE_NAME}.moving", f"{FILE_NAME}.next"
PARTS = ("", "-wal", "-shm", "-journal")


def opened(home: Path) -> Database:
    """The database in folder `home`, which exists; DatabaseError as `database.open_database` tells."""
    if is_known_bad():
        log.warning("SQLite %s has the WAL-reset bug: writers take turns across processes", sqlite_version())
    with holds.starting(home):
        hold = holds.Hold(home)
        try:
            _look(home, hold)
            return _brought_up(home, hold)
        except OSError as error:
            hold.let_go()
            raise refusal(DISK) from error
        except BaseException:
            hold.let_go()
            raise


def _look(home: Path, hold: holds.Hold) -> None:
    """Leave a database that can be used, whatever was there."""
    if (home / PLAN).exists():
        _move(home)
    why = fault(home)
    if not why:
        (home / NEXT).unlink(missing_ok=True)
        return
    if not hold.alone():
        message = "the database file is damaged, and another process uses it"
        raise DatabaseError(message, field="database", value="damaged", expected="that process ended")
    _plan(home, why)
    _move(home)


def fault(home: Path) -> str:
    """What is wrong with the database in a folder, in words; "" for nothing."""
    file, wal = home / FILE_NAME, home / f"{FILE_NAME}-wal"
    size = file.stat().st_size if file.exists() else 0
    has_log = wal.exists() and wal.stat().st_size > 0
    if size:
        return fault_of(file)
    if has_log:
        return "its log is there and the file is empty or gone"
    return "the file was cut to nothing" if file.exists() and backups.listed(home, 1) else ""


def _plan(home: Path, why: str) -> None:
    """Fetch what will take the damaged file's place, then write down what is to be done."""
    at = datetime.now(UTC)
    backup = _fetched(home)
    plan = {"file": _free_name(home, at), "at": rows.stamp(at), "why": why, "backup": backup}
    whole.write(home / PLAN, json.dumps(plan).encode())
    log.critical(
        "the database is damaged (%s): it goes to %s, %s", why, plan["file"], f"backup {backup} takes its place"
        if backup else "and an empty one begins, as there is no good backup"
    )  # fmt: skip


def _free_name(home: Path, at: datetime) -> str:
    """A name that nothing has yet."""
    name = f"{FILE_NAME}.corrupt.{at:%Y%m%dT%H%M%SZ}"
    tries = (f"{name}{more}" for more in ("", *(f".{n}" for n in range(1, 1000))))
    return next(one for one in tries if not (home / one).exists() and not (home / f"{one}.json").exists())


def _fetched(home: Path) -> str:
    """Put the newest good backup beside the database; its id, "" where there is none."""
    for one in backups.listed(home):
        try:
            (home / NEXT).unlink(missing_ok=True)
            backups.unpack(home, one.id, home / NEXT)
        except SolarMiningError as error:
            if error.value in ("disk", "full"):  # the backup may be good: nothing is begun anew in its place
                raise
            log.error("backup %s is of no use: %s", one.id, error)
            continue
        if not (why := fault_of(home / NEXT)):
            whole.sync(home / NEXT)
            return one.id
        log.error("backup %s is of no use: %s", one.id, why)
    (home / NEXT).unlink(missing_ok=True)
    return ""


def _move(home: Path) -> None:
    """Do what the plan says, from wherever it was left."""
    plan = json.loads((home / PLAN).read_text(encoding="ascii"))
    file, aside = home / FILE_NAME, home / plan["file"]
    if not aside.exists():
        file.touch(mode=0o600)  # so that `aside` says afterwards that this was done
        file.replace(aside)
    for part in PARTS[1:]:
        beside = home / f"{FILE_NAME}{part}"
        if beside.exists() and not file.exists():
            beside.replace(home / f"{aside.name}{part}")
    whole.sync(home)  # a log must not come back beside the backup
    if plan["backup"] and (home / NEXT).exists():
        (home / NEXT).replace(file)
    (home / PLAN).replace(home / f"{aside.name}.json")
    whole.sync(home)


def _brought_up(home: Path, hold: holds.Hold) -> Database:
    db = Database(str(home / FILE_NAME), hold=hold)
    try:
        migrations.migrate(db, before=lambda: _kept_first(db, home))
    except BaseException:
        db.close()
        raise
    return db


def _kept_first(db: Database, home: Path) -> None:
    """Back the database up before its schema changes; one with a damaged row, which is no backup, as it is."""
    try:
        backups.make(db, home)
    except DatabaseError as error:
        if error.value != "damaged":
            raise
        copy = home / f"{FILE_NAME}.before.{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        copy.touch(mode=0o600)
        db.copy_to(copy)
        log.error("some rows are damaged (%s): the schema changes with a copy kept as %s", error.message, copy.name)
