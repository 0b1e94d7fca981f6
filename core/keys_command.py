"""`python -m core keys`: keys of the API, made, listed and revoked by whoever is at the server."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from core.errors import ValidationError
from core.settings import settings
from core.store.keys import DAYS, Key

LOCAL = "local"
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
    from core.api.identity import key_secret
    from core.outside import audit, database
    from core.store import keys

    _refuse_public()
    key, text = keys.create(database(), key_secret(), asked.owner, asked.role, asked.label, asked.days)
    audit().note("command line", "key created", key.id, f"{key.role} of {audit().name(key.owner)}")
    say(text)
    return 0


def _list(say: Say) -> int:
    from core.outside import database
    from core.store import keys

    _refuse_public()
    for key in keys.listed(database()):
        say(_line(key))
    return 0


def _revoke(asked: argparse.Namespace, say: Say) -> int:
    from core.outside import audit, database
    from core.store import keys

    _refuse_public()
    key = keys.revoke(database(), asked.id)
    audit().note("command line", "key revoked", key.id, f"{key.role} of {audit().name(key.owner)}")
    say(_line(key))
    return 0


def _line(key: Key) -> str:
    used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
    ends = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}"
    return f"{key.prefix}…  {key.role:8} {ends:20} {used:22} {key.owner}: {key.label}"


def _refuse_public() -> None:
    if not settings().stores_on_server:
        expected = "local or server"
        raise ValidationError("in public mode there are no keys", field="SOLAR_MINING_MODE", expected=expected)
