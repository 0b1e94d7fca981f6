"""`python -m core backup`, `restore` and `verify`: copies of the database, put back, and whether all is as it was saved."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core.errors import NotFound, SolarMiningError
from core.settings import environment, settings
from core.store import backups, holds, restoring, soundness
from core.store.audit import Log
from core.store.database import FILE_NAME, Database
from core.store.secret import data_keys, purpose, server_secret

Say = Callable[[str], None]
QUIET_S = 2.0  # work that is done sooner tells nothing on the way
BACKUP = """Copy the database while it is used. The copy is sealed, restored once into a scratch file and checked there
row by row. It is kept in the folder `backups` beside the database with the newest 24, the newest of each of 14 days and
of each of 8 weeks. What opens it is SOLAR_MINING_DATA_KEY or, without that, the server's secret (SOLAR_MINING_SECRET,
else the file `secret` beside the database): keep that somewhere else too, as nobody opens a backup without it."""
RESTORE = """Put a backup in the place of a database. It is opened and checked before anything is moved. A folder that
holds a database is refused unless --replace is said, and then its files are kept beside it. Stop the server first."""
VERIFY = """Read all that is kept and name what is not as it was saved: rows of the audit log, saved scenarios,
projections and the like, and backups. Nothing is changed, and the server may run meanwhile. Ends with 1 where anything
is named."""


def add_backup(command: argparse.ArgumentParser, say: Say) -> None:
    command.description = BACKUP
    command.add_argument("--to", type=Path, metavar="FILE", help="also write the sealed backup to this new file")
    _add_home(command)
    command.set_defaults(command=lambda asked: _backup(asked, say))


def add_restore(command: argparse.ArgumentParser, say: Say) -> None:
    command.description = RESTORE
    command.add_argument("backup", help="the file of a backup, or the id of one in the folder of SOLAR_MINING_HOME")
    command.add_argument("--replace", action="store_true", help="move a database that is there aside")
    _add_home(command)
    command.set_defaults(command=lambda asked: _restore(asked, say))


def add_verify(command: argparse.ArgumentParser, say: Say) -> None:
    command.description = VERIFY
    _add_home(command)
    command.set_defaults(command=lambda asked: _verify(asked, say))


def _add_home(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--home", type=Path, metavar="FOLDER", help="the folder of the database; default SOLAR_MINING_HOME"
    )


def _backup(asked: argparse.Namespace, say: Say) -> int:
    home = _home(asked)
    if asked.to is not None and asked.to.exists():
        raise FileExistsError(f"{asked.to} is there already: a backup is written to a new file")
    db = _opened(home)
    try:
        made = backups.make(db, home)
        _log(db, home).note("command line", "backup made", made.id, made.sha256)
    finally:
        db.close()
    if asked.to is not None:
        shutil.copyfile(backups.file_of(home, made.id), asked.to)
        asked.to.chmod(0o600)
    say(f"{made.id}  {_size(made.size_bytes)}  restored once and checked")
    say(f"in {asked.to or backups.file_of(home, made.id)}")
    return 0


def _restore(asked: argparse.Namespace, say: Say) -> int:
    home, folder = settings().home, _home(asked)
    file = Path(asked.backup)
    if not file.is_file():
        file = backups.file_of(home, asked.backup)
    told = Progress("opened", say_error)
    done = restoring.restore(file, folder, home, environment(), replace=asked.replace, told=told.bytes)
    for old in done.aside:
        say(f"kept aside: {old}")
        if not old.name.endswith(restoring.ENDS[1:]):
            say(_lost(old, folder / FILE_NAME))
    say(f"restored {file.name} into {folder}" + (f": it was made as {done.backup}" if done.backup else ""))
    say(f"start with SOLAR_MINING_HOME={folder}")
    return 0


def _lost(old: Path, restored: Path) -> str:
    """What the database that was there had, and the one that was put back has not."""
    try:
        found = restoring.only_in(old, restored)
    except SolarMiningError as error:
        return f"what was saved since the backup cannot be told: {error.message}"
    told = ", ".join(f"{count} {table}" for table, count in found.items())
    return f"saved since the backup, and only there: {told or 'nothing'}"


def _verify(asked: argparse.Namespace, say: Say) -> int:
    home = _home(asked)
    found = 0
    for line in bad_things(home):
        say(line)
        found += 1
    say(f"{found} not as saved" if found else "all is as it was saved")
    return 1 if found else 0


def bad_things(home: Path) -> Iterator[str]:
    """A line for each thing in a folder that is not as it was saved."""
    db = _opened(home)
    try:
        try:
            yield from _bad_rows(db)
        except SolarMiningError as error:
            yield f"the database: {error.message}"
        try:
            yield from (f"audit row {seq} was changed, or rows before it are missing" for seq in _log(db, home).bad())
        except SolarMiningError as error:
            yield f"the audit log: {error.message}"
    finally:
        db.close()
    yield from _bad_backups(home)


def _bad_rows(db: Database) -> Iterator[str]:
    told = Progress("read", say_error)
    with db.read() as tables:
        soundness.refuse_broken(tables)
        for one in soundness.damaged_rows(tables, told.rows):
            yield f"{one.table.removesuffix('s')} {one.key} was changed since it was saved"


def _bad_backups(home: Path) -> Iterator[str]:
    keys = data_keys(home, environment())
    for one in backups.listed(home):
        try:
            backups.refuse_changed(home, one.id, keys)
        except SolarMiningError as error:
            yield f"backup {one.id}: {error.message}"


def _home(asked: argparse.Namespace) -> Path:
    given: Path | None = asked.home
    return given.expanduser().resolve() if given else settings().home


def _opened(home: Path) -> Database:
    """The database of a folder as it is: a check must not change what it checks."""
    if not (home / FILE_NAME).is_file():
        raise NotFound(
            "there is no database in this folder", field="home", value=str(home), expected="a folder with one"
        )
    return Database(str(home / FILE_NAME), patience_s=soundness.CHECK_S, hold=holds.Hold(home))


def _log(db: Database, home: Path) -> Log:
    return Log(db, purpose(server_secret(home, environment()), "audit"), home)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def say_error(text: str) -> None:
    sys.stderr.write(text + "\n")


class Progress:
    """Tells every QUIET_S how far long work is."""

    def __init__(self, verb: str, say: Say, now_s: Callable[[], float] = time.monotonic) -> None:
        self._verb, self._say, self._now_s = verb, say, now_s
        self._next_s = now_s() + QUIET_S

    def bytes(self, done: int) -> None:
        self._tell(_size(done))

    def rows(self, table: str, seen: int) -> None:
        self._tell(f"{seen} rows of {table}")

    def _tell(self, what: str) -> None:
        if self._now_s() >= self._next_s:
            self._next_s = self._now_s() + QUIET_S
            self._say(f"{self._verb} {what} …")
