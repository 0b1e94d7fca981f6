"""Logs also in files, where this copy keeps things: a new one each day or 10 MB, old ones gone, never more than so many bytes.

Each process writes files of its own, named after when it began them, so that two on one folder do not get in each
other's way. A full disk costs lines of the log and nothing else: they are on the stream.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from core.clock import for_deleting
from core.log_limits import Thrift
from core.recent_errors import recent
from core.settings import Settings
from core.telemetry import JsonLines, secrets_in
from core.units import DAY_S

FOLDER = "logs"
NAME = re.compile(r"(\d{8})T\d{12}Z-[0-9a-f]{8}\.jsonl")
WHEN = "%Y%m%dT%H%M%S%fZ"
LARGEST, LARGEST_ALL = 10_000_000, 200_000_000  # bytes of a file, and of all
AGAIN_AFTER_S = 60.0  # where the disk refused


class Files(logging.Handler):
    """Writes records to the newest of `folder`'s files, and begins another one with a new day or once it is large."""

    def __init__(
        self,
        folder: Path,
        days: int,
        now_s: Callable[[], float] = time.time,
        largest: int = LARGEST,
        old_s: Callable[[], float] | None = None,
    ) -> None:
        """`old_s`: the time by which files are old enough to go, by default `now_s`."""
        super().__init__()
        self._folder, self._days, self._now_s, self._largest = folder, days, now_s, largest
        self._old_s = old_s or now_s
        self._file: TextIO | None = None
        self._day, self._size, self._not_before_s = "", 0, 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, or nothing where the disk refuses: it is tried again a minute later."""
        try:
            line = self.format(record) + "\n"
            file = self._current()
            if file is not None:
                file.write(line)
                file.flush()
                self._size += len(line)
        except Exception:  # whatever it is, who logs must not suffer
            self._drop()
            self._not_before_s = self._now_s() + AGAIN_AFTER_S

    def close(self) -> None:
        self._drop()
        super().close()

    def _current(self) -> TextIO | None:
        now_s = self._now_s()
        day = datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%d")
        if self._file is not None and (day != self._day or self._size >= self._largest):
            self._drop()
        if self._file is None and not self._not_before_s - AGAIN_AFTER_S <= now_s < self._not_before_s:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            tidy(self._folder, self._days, self._old_s())
            self._file, self._day, self._size = self._begun(now_s), day, 0
        return self._file

    def _begun(self, now_s: float) -> TextIO:
        name = f"{datetime.fromtimestamp(now_s, UTC).strftime(WHEN)}-{secrets.token_hex(4)}.jsonl"
        handle = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        return os.fdopen(handle, "w", encoding="ascii")

    def _drop(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None


def tidy(folder: Path, days: int, now_s: float, largest_all: int = LARGEST_ALL) -> None:
    """Remove what is older than `days`, and the oldest of what is too much."""
    oldest = datetime.fromtimestamp(max(0.0, now_s - days * DAY_S), UTC).strftime("%Y%m%d")
    room = largest_all
    for path in files(folder):
        with suppress(OSError):
            room -= path.stat().st_size
            if path.name[:8] < oldest or room < 0:
                path.unlink()


def _believed_s() -> float:
    """The time, or less where the clock was put ahead: that costs no file."""
    return for_deleting().timestamp()


def files(folder: Path) -> list[Path]:
    """The files of logs, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if NAME.fullmatch(path.name)), reverse=True)


def begin(conf: Settings, env: Mapping[str, str]) -> None:
    """Log as the settings say: their level, thriftily, into files where they are wanted, the newest errors also in memory."""
    root, thrift = logging.getLogger(), Thrift()
    root.setLevel(conf.log_level.upper())
    if conf.stores_on_server and conf.log_days:
        root.addHandler(Files(conf.home / FOLDER, conf.log_days, old_s=_believed_s))
    root.addHandler(recent())
    for handler in root.handlers:
        handler.addFilter(thrift)
        handler.setFormatter(JsonLines(secrets_in(env)))
