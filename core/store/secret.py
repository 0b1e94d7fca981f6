"""The secret of this server, kept beside the database and never in it.

What is signed with it (API keys, the audit log) cannot be made by somebody who has the database alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from core.errors import DatabaseError, ValidationError

VARIABLE = "SOLAR_MINING_SECRET"
DATA_KEY = "SOLAR_MINING_DATA_KEY"
FILE_NAME = "secret"
SHORTEST = 32  # characters


def server_secret(home: Path | None, env: Mapping[str, str]) -> bytes:
    """The secret a setting gives, else that of `home`, made there where it is missing; without a home one in memory.

    ValidationError for a setting that is too short, DatabaseError where the file can be neither read nor made.
    """
    given = env.get(VARIABLE, "").strip()
    if given and len(given) < SHORTEST:
        expected = f"at least {SHORTEST} characters"
        raise ValidationError(f"{VARIABLE}: expected {expected}", field=VARIABLE, expected=expected)
    if given:
        return given.encode()
    return secrets.token_bytes(SHORTEST) if home is None else _of_file(home)


def kept_secret(home: Path, env: Mapping[str, str]) -> bytes | None:
    """The secret as it is now, None where its file is gone: to look must not make another one."""
    if not env.get(VARIABLE, "").strip() and not (home / FILE_NAME).exists():
        return None
    return server_secret(home, env)


def purpose(secret: bytes, what: str) -> bytes:
    """A key for one purpose, so that no two uses of the secret share one."""
    return hmac.digest(secret, f"solar mining: {what}".encode(), hashlib.sha256)


def data_keys(home: Path, env: Mapping[str, str]) -> tuple[bytes, ...]:
    """The keys [32 bytes each] of what lies sealed, backups and keys of providers: the first one seals, all open.

    Those a setting gives between semicolons, the newest first, then one made from the server's secret, so that what
    was sealed before there was a setting still opens. ValidationError for one that is too short.
    """
    given = [part.strip() for part in env.get(DATA_KEY, "").split(";") if part.strip()]
    if any(len(part) < SHORTEST for part in given):
        expected = f"keys of at least {SHORTEST} characters, between semicolons"
        raise ValidationError(f"{DATA_KEY}: expected {expected}", field=DATA_KEY, expected=expected)
    has_secret = bool(env.get(VARIABLE, "").strip()) or (home / FILE_NAME).exists()
    sources = [part.encode() for part in given]
    if has_secret or not given:
        sources.append(server_secret(home, env))
    return tuple(purpose(one, "data at rest") for one in sources)


def _of_file(home: Path) -> bytes:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (home / FILE_NAME).exists():
            _make(home)
        found = (home / FILE_NAME).read_text(encoding="ascii").strip().encode()
    except (OSError, ValueError) as error:
        raise _unusable() from error
    if len(found) < SHORTEST:
        raise _unusable()
    return found


def _make(home: Path) -> None:
    """Write a new secret whole, or leave the one that another process just wrote."""
    draft = home / f".{FILE_NAME}.{secrets.token_hex(8)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_hex(SHORTEST).encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(draft, home / FILE_NAME)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _unusable() -> DatabaseError:
    expected = f"a file of at least {SHORTEST} characters that this program may read"
    return DatabaseError("the secret of this server cannot be used", field="secret", expected=expected)
