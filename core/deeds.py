"""What the audit log tells of, whichever door it came through: done first, then written down.

What is done stays done where the log cannot be written: then the program's own log says so.
"""

from __future__ import annotations

import logging

from core.errors import DatabaseError
from core.outside import audit, database, secret
from core.store import keys, shares
from core.store.keys import Key
from core.store.secret import purpose
from core.store.shares import Share

SAID = 8  # digits of a link that the audit log tells: enough to find it, too few to open it
log = logging.getLogger("solar_mining.deeds")


def key_secret() -> bytes:
    """What API keys are kept with."""
    return purpose(secret(), "api keys")


def make_key(who: str, owner: str, role: str, label: str, days: int = keys.DAYS) -> tuple[Key, str]:
    """A new key for `owner`, and its text, which is nowhere after this; as `keys.create` refuses."""
    key, text = keys.create(database(), key_secret(), owner, role, label, days)
    noted(who, "key created", key.id, f"{key.role} of {audit().name(key.owner)}")
    return key, text


def revoke_key(who: str, key_id: str, owner: str = "") -> Key:
    """End a key, which is `owner`'s where one is named; NotFound where there is none."""
    key = keys.revoke(database(), key_id, owner)
    noted(who, "key revoked", key.id, f"{key.role} of {audit().name(key.owner)}")
    return key


def share(owner: str, kind: str, subject_id: str) -> Share:
    """A link to what `owner` saved; as `shares.create` refuses."""
    made = shares.create(database(), owner, kind, subject_id)
    shared(made)
    return made


def shared(made: Share) -> None:
    """Write down that a link was made, once all is kept."""
    subject = f"{made.id[:SAID]}: {made.kind} {made.subject_id}"
    noted(made.owner, "share created", subject, f"until {made.expires_at:%Y-%m-%d}")


def take_back(owner: str, share_id: str) -> None:
    """End a link of `owner`'s; NotFound where there is none."""
    shares.revoke(database(), owner, share_id)
    noted(owner, "share revoked", share_id[:SAID])


def deleted(who: str, kind: str, item_id: str) -> None:
    """Write down that a scenario, a projection, a machine or another thing is gone."""
    noted(who, "deleted", f"{kind} {item_id}")


def noted(who: str, action: str, subject: str, detail: str = "") -> None:
    """Write down what was done."""
    try:
        audit().note(who, action, subject, detail)
    except (DatabaseError, OSError) as error:
        log.error("not in the audit log: %s by %s: %s", action, who, error)
