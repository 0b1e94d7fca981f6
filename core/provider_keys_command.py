"""`python -m core provider-keys`: keys of providers, entered and forgotten by whoever is at the server."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable

from core.settings import keeping

Say = Callable[[str], None]
BY = "command line"
SET = """The key is read from standard input, or asked for where that is a terminal: on the command line others on this
computer could see it. It is sealed in the folder of SOLAR_MINING_HOME and used by a running server from its next call."""
RENEW = """Seal what was entered with the first key of SOLAR_MINING_DATA_KEY. To rotate: put a new key before the old one,
restart, renew, and drop the old key once no backup sealed with it is wanted any more."""


def add_to(commands: argparse.ArgumentParser, say: Say) -> None:
    """The four commands."""
    actions = commands.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="which provider has a key, and where from")
    listed.set_defaults(command=lambda asked: _list(say))
    put = actions.add_parser("set", help="enter a key", description=SET)
    put.add_argument("id", help="the provider, as `list` names it")
    put.set_defaults(command=lambda asked: _set(asked, say))
    forget = actions.add_parser("forget", help="forget a key that was entered")
    forget.add_argument("id")
    forget.set_defaults(command=lambda asked: _forget(asked, say))
    renew = actions.add_parser("renew", help="seal all with the newest key", description=RENEW)
    renew.set_defaults(command=lambda asked: _renew(say))


def _list(say: Say) -> int:
    from core.provider_keys import held

    keeping()
    for one in held():
        say(f"{one.id:14} {one.held:8} {one.setting}")
    return 0


def _set(asked: argparse.Namespace, say: Say) -> int:
    from core.provider_keys import put

    keeping()
    key = getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()
    say(f"entered a key of {put(asked.id, key, BY).provider}")
    return 0


def _forget(asked: argparse.Namespace, say: Say) -> int:
    from core.provider_keys import forget

    keeping()
    forget(asked.id, BY)
    say("forgotten")
    return 0


def _renew(say: Say) -> int:
    from core.outside import vault

    keeping()
    say(f"{vault().renew()} sealed with the newest key")
    return 0
