"""What was fetched, kept on disk between runs: bytes with their source and times, never a pickle.

diskcache unpickles whatever its folder holds (CVE-2025-69872, no fixed release), so it runs on a Disk of our own that
knows nothing but bytes. Whatever is wrong with the folder (damaged, locked, full, read-only) is a miss; meanwhile what
is fetched is kept in memory.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import diskcache

from core.metrics import instruments

OPEN_WITHIN_S = 1.5
BUSY_S = 0.25  # most that an operation waits for another process
AGAIN_AFTER_S = 60.0
SIZE_LIMIT = 512 * 2**20
MOST_IN_MEMORY = 64
MOST_AGES = 4096
DIGEST_BYTES = 16
# SQLite's words for a folder that cannot be used now and is not to be rebuilt
UNUSABLE = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_READONLY", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN"}


@dataclass(frozen=True)
class Kept:
    """An accepted answer as bytes, with where and when it comes from."""

    body: bytes
    source: str
    observed_at: datetime
    fetched_at: datetime

    def packed(self) -> bytes:
        """One piece of bytes that shows damage: digest, length of the head, head, body."""
        facts = {"s": self.source, "o": self.observed_at.isoformat(), "f": self.fetched_at.isoformat()}
        head = json.dumps(facts).encode()
        size = len(head).to_bytes(4, "big")
        return b"".join((_digest(size, head, self.body), size, head, self.body))

    @classmethod
    def unpacked(cls, raw: bytes) -> Kept:
        """ValueError where a bit is not as it was written."""
        if raw[:DIGEST_BYTES] != _digest(memoryview(raw)[DIGEST_BYTES:]):
            raise ValueError("damaged")
        start = DIGEST_BYTES + 4
        end = start + int.from_bytes(raw[DIGEST_BYTES:start], "big")
        facts = json.loads(raw[start:end])
        times = (datetime.fromisoformat(facts[k]).astimezone(UTC) for k in "of")
        return cls(raw[end:], facts["s"], *times)


def _digest(*parts: bytes | memoryview) -> bytes:
    """SHA-256, which processors of today work out twice as fast as BLAKE2, cut to DIGEST_BYTES."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()[:DIGEST_BYTES]


class BytesDisk(diskcache.Disk):  # type: ignore[misc]
    """Text keys and bytes values inside the database, and nothing else in either direction: no pickle, no files."""

    def put(self, key: Any) -> tuple[str, bool]:
        if type(key) is not str:
            raise TypeError("a key is text")
        return key, True

    def get(self, key: Any, raw: Any) -> str:
        if not raw or type(key) is not str:
            raise ValueError("refused: a key that is not text")
        return key

    def store(self, value: Any, read: bool, key: Any = None) -> tuple[int, int, None, Any]:
        if read or type(value) is not bytes:
            raise TypeError("a value is bytes")
        return 0, diskcache.core.MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: Any, filename: Any, value: Any, read: bool) -> bytes:
        if read or mode != diskcache.core.MODE_RAW or filename is not None or type(value) is not bytes:
            raise ValueError("refused: a value that is not bytes")
        return value

    def remove(self, file_path: str) -> None:
        """Nothing: no value of ours is in a file, so a name found in a row is somebody else's."""


class Cache:
    """Answers by key. No method raises, whatever the folder is like, nor takes longer than a moment."""

    def __init__(self, folder: Path | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._monotonic = folder, monotonic
        self._lock = threading.Lock()
        self._disk: Any = None
        self._opener: threading.Thread | None = None
        self._tried_at = 0.0
        self._memory: OrderedDict[str, Kept] = OrderedDict()
        self._open()
        if self._opener:
            self._opener.join(OPEN_WITHIN_S)

    @property
    def on_disk(self) -> bool:
        """Whether the folder is in use, for a Status page."""
        return self._disk is not None

    def get(self, key: str) -> Kept | None:
        """What is kept under a key; None for a miss of whatever kind."""
        found = self._memory.get(key) or self._from_disk(key)
        instruments().lookups.labels("miss" if found is None else "hit").inc()
        return found

    def put(self, key: str, kept: Kept) -> None:
        """Keeps an answer, in memory where the disk takes none."""
        disk = self._ready()
        try:
            disk.set(key, kept.packed())
            with self._lock:
                self._memory.pop(key, None)
        except Exception as error:  # no disk, or it is full, locked, read-only, damaged
            self._remember(key, kept)
            self._forgive(disk, error)

    def close(self) -> None:
        with suppress(Exception):
            self._disk.close()

    def _from_disk(self, key: str) -> Kept | None:
        disk = self._ready()
        if disk is None:
            return None
        try:
            raw = disk.get(key)
            return None if raw is None else Kept.unpacked(raw)
        except Exception as error:
            self._forgive(disk, error)
            return None

    def _remember(self, key: str, kept: Kept) -> None:
        with self._lock:
            self._memory[key] = kept
            self._memory.move_to_end(key)
            while len(self._memory) > MOST_IN_MEMORY:
                self._memory.popitem(last=False)

    def _ready(self) -> Any:
        """The open cache or None; tries again to open it when the last try is a while ago."""
        if self._disk is None and self._monotonic() - self._tried_at > AGAIN_AFTER_S:
            self._open()
        return self._disk

    def _open(self) -> None:
        """Starts to open on a thread of its own: a lock held by another process can keep diskcache waiting for 60 s."""
        with self._lock:
            if self._folder is None or (self._opener and self._opener.is_alive()):
                return
            self._tried_at = self._monotonic()
            work = partial(self._opened, self._folder)
            self._opener = threading.Thread(target=work, name="open cache", daemon=True)
            self._opener.start()

    def _opened(self, folder: Path) -> None:
        for _ in range(2):
            try:
                self._disk = _opened(folder)
                return
            except Exception as error:
                if not _is_damage(error):
                    return
                _wipe(folder)

    def _forgive(self, disk: Any, error: Exception) -> None:
        """After a failed operation: ends its transaction, and rebuilds what is damaged beyond one row."""
        if disk is None:
            return
        with suppress(Exception):
            disk.close()  # this thread's connection, with a transaction that a full disk may have left open
        if isinstance(error, sqlite3.Error) and _is_damage(error) and disk is self._disk and self._folder:
            self._disk = None
            _wipe(self._folder)
            self._open()


def _opened(folder: Path) -> Any:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return diskcache.Cache(
        folder,
        timeout=BUSY_S,
        disk=BytesDisk,
        size_limit=SIZE_LIMIT,
        eviction_policy="least-recently-stored",
    )


def _is_damage(error: Exception) -> bool:
    """Whether the database itself is broken, so that only a new one helps."""
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", "")
        return not any(name.startswith(word) for word in UNUSABLE)
    return not isinstance(error, OSError | diskcache.Timeout)


def _wipe(folder: Path) -> None:
    """Removes the database, which holds nothing that cannot be fetched again."""
    for name in ("cache.db", "cache.db-wal", "cache.db-shm"):
        with suppress(OSError):
            (folder / name).unlink()


class Ages:
    """How old what is kept is, immune to a clock that is set: measured once by the calendar, then counted on."""

    def __init__(self, now: Callable[[], datetime], elapsed_s: Callable[[], float]) -> None:
        self._now, self._elapsed_s = now, elapsed_s
        self._seen: OrderedDict[str, tuple[datetime, float]] = OrderedDict()  # fetched_at, count at age 0
        self._lock = threading.Lock()

    def of(self, key: str, kept: Kept) -> float:
        """Seconds since an answer was fetched, never negative."""
        count = self._elapsed_s()
        with self._lock:
            seen = self._seen.get(key)
            if seen is None or seen[0] != kept.fetched_at:
                age_s = max(0.0, (self._now() - kept.fetched_at).total_seconds())
                seen = self._seen[key] = (kept.fetched_at, count - age_s)
                if len(self._seen) > MOST_AGES:
                    self._seen.popitem(last=False)
        return max(0.0, count - seen[1])
