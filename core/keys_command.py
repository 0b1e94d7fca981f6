"""`python -m core keys`: keys of the API, made, listed and revoked by whoever is at the server."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from core.settings import keeping
from core.store.keys import DAYS, Key

LOCAL, WHO = "local", "command line"
Say = Callable[[str], None]


def add_to(commands: argparse.ArgumentParser, say: Say) -> None:
    """The three commands."""
    actions = commands.add_subparsers(required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key; it is shown this once")
    create.add_argument("label", help="what it is for")
    create.add_argument("--role", choices=("viewer", "planner", "admin"), default="planner")
    create.add_argument("--owner", default=LOCAL, help="whose rows it sees, as the page Status tells; default local")
    create.add_argument("--days", type=int, default=DAYS, help=f"how long it lives; default {DAYS}")
    create.set_defaults(command=lambda asked: _create(asked, say))
    listed = actions.add_parser("list", help="all keys, without the keys")
    listed.set_defaults(command=lambda asked: _list(say))
    revoke = actions.add_parser("revoke", help="end a key at once")
    revoke.add_argument("id", help="the eight digits after smc_")
    revoke.set_defaults(command=lambda asked: _revoke(asked, say))


def _create(asked: argparse.Namespace, say: Say) -> int:
    from core import deeds

    keeping()
    _, text = deeds.make_key(WHO, asked.owner, asked.role, asked.label, asked.days)
    say(text)
    return 0


def _list(say: Say) -> int:
    from core.outside import database
    from core.store import keys

    keeping()
    for key in keys.listed(database()):
        say(_line(key))
    return 0


def _revoke(asked: argparse.Namespace, say: Say) -> int:
    from core import deeds

    keeping()
    say(_line(deeds.revoke_key(WHO, asked.id)))
    return 0


def _line(key: Key) -> str:
    used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
    ends = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}"
    return f"{key.prefix}…  {key.role:8} {ends:20} {used:22} {key.owner}: {key.label}"
