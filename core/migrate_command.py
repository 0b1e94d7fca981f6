"""`python -m core migrate` and `rollback`: the schema of the database, forward and back."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from core.settings import keeping
from core.store import back, backups, holds, migrations
from core.store.database import open_database

Say = Callable[[str], None]


def add_migrate(parser: argparse.ArgumentParser, say: Say) -> None:
    """`migrate`, which takes nothing."""
    parser.set_defaults(command=lambda asked: _migrate(say))


def add_rollback(parser: argparse.ArgumentParser, say: Say) -> None:
    """`rollback STEP`."""
    parser.add_argument("to", metavar="STEP", help="the newest step that stays, as `python -m core migrate` names it")
    parser.set_defaults(command=lambda asked: _rollback(asked.to, say))


def _migrate(say: Say) -> int:
    db = open_database(keeping().home)
    for step in migrations.taken(db):
        say(step)
    db.close()
    return 0


def _rollback(to: str, say: Say) -> int:
    home = keeping().home
    db = open_database(home)
    try:
        with holds.alone(home, db.hold):
            undone = back.roll_back(db, to, before=lambda: say(f"backed up first: {backups.make(db, home).id}"))
    finally:
        db.close()
    for step in undone:
        say(f"undone: {step}")
    say(f"the database is as {to} left it" + ("" if undone else " already"))
    return 0
