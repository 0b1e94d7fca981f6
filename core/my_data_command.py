"""`python -m core my-data`: what is kept of one owner, exported or deleted by whoever is at the server."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from core.settings import keeping

Say = Callable[[str], None]
DELETE = """Delete every scenario, projection, weather year, machine, draft, link, webhook, key, job and count of use of
one owner, and write the database anew without them. It cannot be undone but by restoring a backup."""


def add_to(commands: argparse.ArgumentParser, say: Say) -> None:
    """The two commands."""
    actions = commands.add_subparsers(required=True, metavar="ACTION")
    export = actions.add_parser("export", help="write all that is kept of an owner into a ZIP file")
    export.add_argument(
        "owner", help="as `keys list` and the page Status tell it; local for the planner at this computer"
    )
    export.add_argument("file", type=Path, help="a new file")
    export.set_defaults(command=lambda asked: _export(asked, say))
    delete = actions.add_parser("delete", help="delete all that is kept of an owner, for good", description=DELETE)
    delete.add_argument("owner")
    delete.add_argument("--yes", action="store_true", help="do it; without this only what would go is told")
    delete.set_defaults(command=lambda asked: _delete(asked, say))


def _export(asked: argparse.Namespace, say: Say) -> int:
    from core import my_data

    keeping()
    with os.fdopen(os.open(asked.file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as into:
        counts = my_data.export(asked.owner, into)
    say(_told(counts))
    return 0


def _delete(asked: argparse.Namespace, say: Say) -> int:
    from core import my_data
    from core.outside import database
    from core.store import belongings

    keeping()
    if not asked.yes:
        say(_told(belongings.counted(database(), asked.owner)))
        say("nothing was deleted: say --yes to delete it")
        return 1
    say(_told(my_data.delete(asked.owner, "command line")))
    say(my_data.still_held())
    return 0


def _told(counts: dict[str, int]) -> str:
    found = [f"{count} {table}" for table, count in counts.items() if count]
    return ", ".join(found) or "nothing is kept of this owner"
