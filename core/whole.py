"""Small files beside the database, each there whole or not at all, also after the power went."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write(file: Path, content: bytes) -> None:
    """Put a file in place that its owner alone may read; OSError where the disk refuses, and then the old one stands."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as into:
            into.write(content)
            into.flush()
            os.fsync(into.fileno())
        draft.replace(file)
        sync(file.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have a file or the names in a folder on the disk, not only on their way; Windows sees to folders itself."""
    if os.name != "posix" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
