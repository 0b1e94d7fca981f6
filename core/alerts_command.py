"""`python -m core alerts`: the key with which alerts are signed, and one to try whether they arrive."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from core.errors import ValidationError

VARIABLE = "SOLAR_MINING_ALERTS"


def add_to(parser: argparse.ArgumentParser, say: Callable[[str], None]) -> None:
    """Say what the command takes and what it does."""
    parser.add_argument("--try", dest="tries", action="store_true", help="send one to the address that is set")
    parser.set_defaults(command=lambda asked: _alerts(asked, say))


def _alerts(asked: argparse.Namespace, say: Callable[[str], None]) -> int:
    from core.alerts import Notice
    from core.settings import environment, settings
    from core.store.secret import VARIABLE as SECRET
    from core.watch import ID, to_setting
    from core.webhooks import signing_key

    if not settings().stores_on_server and not environment().get(SECRET, "").strip():
        expected = f"{SECRET}, or a mode in which a secret is kept"
        raise ValidationError(
            "the key changes with each start: nothing is kept in this mode", field=SECRET, expected=expected
        )
    say(f"signing key: {signing_key(ID)}")
    if not asked.tries:
        return 0
    if not settings().alerts:
        raise ValidationError("no address is set", field=VARIABLE, expected="the address of who is to be told")
    to_setting(Notice("raised", "trial", "this is a trial: all is well", time.time(), time.time()))
    say("an alert was taken")
    return 0
