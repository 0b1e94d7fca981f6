"""Keys of providers that an admin entered: sealed in one file beside the database, read by this program alone.

They are in no backup, and no log shows one from when it is entered or read. The file is sealed with the newest of the keys in SOLAR_MINING_DATA_KEY, or with one made from
the server's secret; whatever is entered, or `renew`, seals all of it anew.
"""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path

from core import telemetry, whole
from core.errors import DatabaseError, NotFound, SolarMiningError
from core.store import holds, rows, sealing
from core.store.refusals import DISK, FULL, PATIENCE_S, refusal

FILE_NAME = "provider-keys.sealed"
LONGEST = 500  # characters of a key
Keys = tuple[bytes, ...]
log = logging.getLogger("solar_mining.store")


class Vault(Mapping[str, str]):
    """Entered keys by the name of their setting, read anew whenever the file changed, in whichever process."""

    def __init__(self, home: Path, keys: Callable[[], Keys]) -> None:
        """`keys`: the first one seals, all open."""
        self._file, self._keys = home / FILE_NAME, keys
        self._lock = threading.RLock()
        self._seen: tuple[int, ...] | None = None
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._now()))

    def __len__(self) -> int:
        return len(self._now())

    def __repr__(self) -> str:
        return "Vault(***)"

    def put(self, name: str, key: str) -> None:
        """Keep a key under a name, in place of the one before; ValidationError for one that no header can carry."""
        key = key.strip()
        if not key or len(key) > LONGEST or not key.isprintable() or not key.isascii():
            raise rows.refused("key", "", f"1 to {LONGEST} printable characters of ASCII")
        telemetry.hide([key])
        with self._changed() as known:
            known[name] = key

    def forget(self, name: str) -> None:
        """Forget a key; NotFound where none was entered."""
        with self._changed() as known:
            if known.pop(name, None) is None:
                raise NotFound("no such key was entered", field="name", value=name, expected="a key that was entered")

    def renew(self) -> int:
        """Seal all with the newest key; how many there are."""
        with self._changed() as known:
            return len(known)

    @contextmanager
    def _changed(self) -> Iterator[dict[str, str]]:
        """What is kept, to be changed and written back whole."""
        with self._lock, self._alone():
            known = dict(self._now())
            yield known
            self._write(known)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Alone among processes: two that change the file at once would lose one change."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with holds.locked(self._file.with_suffix(".lock"), time.monotonic() + PATIENCE_S):
            yield

    def _now(self) -> dict[str, str]:
        with self._lock:
            try:
                facts = self._file.stat()
            except FileNotFoundError:
                self._seen, self._known = None, {}
                return self._known
            seen = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            if seen != self._seen:
                self._known, self._seen = self._read(), seen
                telemetry.hide(self._known.values())
            return self._known

    def _read(self) -> dict[str, str]:
        opened = io.BytesIO()
        try:
            with self._file.open("rb") as source:
                label = sealing.unseal(source, opened, self._keys())
            if label not in ("", FILE_NAME):
                raise sealing.unusable("it holds no keys of providers")
            found: dict[str, str] = json.loads(opened.getvalue())
        except OSError as error:
            raise DatabaseError(
                "the entered keys cannot be read", field="vault", value="disk", expected="a file"
            ) from error
        return found

    def _write(self, known: dict[str, str]) -> None:
        sealed = io.BytesIO()
        sealing.seal(io.BytesIO(json.dumps(known).encode()), sealed, self._keys()[0], FILE_NAME)
        try:
            whole.write(self._file, sealed.getvalue())
        except OSError as error:
            raise refusal(FULL if error.errno == ENOSPC else DISK) from error


class Layered(Mapping[str, str]):
    """Entered keys before those of the settings; entered ones that cannot be read count as none, and the log says so."""

    def __init__(self, entered: Mapping[str, str], given: Mapping[str, str]) -> None:
        self._entered, self._given = entered, given

    def __getitem__(self, name: str) -> str:
        try:
            return self._entered[name]
        except KeyError:
            pass
        except SolarMiningError as error:
            log.error("keys that were entered are not used: %s", error.message)
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter({*self._given, *self._entered})

    def __len__(self) -> int:
        return len({*self._given, *self._entered})

    def __repr__(self) -> str:
        return "Layered(***)"
