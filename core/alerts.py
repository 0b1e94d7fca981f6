"""Who is told of a trouble, and how often: once when it begins, at most every quarter of an hour while it lasts, once when it is over.

What was told is kept in a file, so that a restart neither repeats it nor forgets to say that it is over.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from core import whole
from core.troubles import Trouble

EVERY_S = 900.0  # at least, between two notices of one trouble
OVER_AFTER_S = 60.0  # without it, so that what comes and goes is one trouble
MOST = 200  # troubles that are remembered
FILE_NAME = "alerts.json"
log = logging.getLogger("solar_mining.alerts")
Kind = Literal["raised", "repeated", "recovered"]


@dataclass(frozen=True)
class Notice:
    """What somebody is told: of which trouble, and since when it lasts [seconds since 1970]."""

    kind: Kind
    key: str
    words: str
    since_s: float
    at_s: float


@dataclass
class _Known:
    """A trouble as it stands: `told_s` when it was last told (0: never), `seen_s` when it was last there, `on` while it is told of."""

    words: str
    since_s: float
    seen_s: float
    told_s: float = 0.0
    on: bool = False


class Alerts:
    """Troubles by key; not for several threads at once. `file` None: nothing is kept."""

    def __init__(self, file: Path | None, now_s: Callable[[], float] = time.time) -> None:
        self._file, self._now_s = file, now_s
        self._known = _read(file)

    def look(self, found: Sequence[Trouble]) -> list[Notice]:
        """What is to be told, now that these are the troubles."""
        now_s = self._now_s()
        self._forgive_clock(now_s)
        for trouble in found:
            one = self._known.setdefault(trouble.key, _Known(trouble.words, now_s, now_s))
            if now_s - one.seen_s >= OVER_AFTER_S and not one.on:
                one.since_s = now_s
            one.words, one.seen_s = trouble.words, now_s
        notices = [notice for key, one in self._known.items() for notice in self._told(key, one, now_s)]
        self._forget(now_s)
        if notices:
            self._write()
        return notices

    @property
    def on(self) -> list[Notice]:
        """What lasts and was told of, the oldest first."""
        lasting = [Notice("raised", key, one.words, one.since_s, one.told_s) for key, one in self._known.items() if one.on]  # fmt: skip
        return sorted(lasting, key=lambda notice: notice.since_s)

    def _told(self, key: str, one: _Known, now_s: float) -> list[Notice]:
        there, due = one.seen_s == now_s, now_s - one.told_s >= EVERY_S
        if there and due:
            kind: Kind = "repeated" if one.on else "raised"
            one.on, one.told_s = True, now_s
            return [Notice(kind, key, one.words, one.since_s, now_s)]
        if one.on and now_s - one.seen_s >= OVER_AFTER_S:
            one.on = False
            return [Notice("recovered", key, one.words, one.since_s, now_s)]
        return []

    def _forgive_clock(self, now_s: float) -> None:
        """Nothing was told or seen in the future: a clock that was set back must not silence anything."""
        for one in self._known.values():
            one.since_s, one.seen_s, one.told_s = (min(at, now_s) for at in (one.since_s, one.seen_s, one.told_s))

    def _forget(self, now_s: float) -> None:
        """Drop what is over and may be told again at once, and the oldest of too many."""
        lasting = {k: o for k, o in self._known.items() if o.on or now_s - max(o.told_s, o.seen_s) < EVERY_S}
        self._known = dict(list(lasting.items())[-MOST:])

    def _write(self) -> None:
        """Keep it whole or not at all; where the disk refuses, a restart may say something twice."""
        if self._file is None:
            return
        told = {key: asdict(one) for key, one in self._known.items()}
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            whole.write(self._file, json.dumps(told).encode())
        except OSError as error:
            log.warning("what was told is not kept: %s", type(error).__name__)


def _read(file: Path | None) -> dict[str, _Known]:
    """What a file holds, nothing where there is none that can be read."""
    try:
        told = json.loads(file.read_text(encoding="ascii")) if file else {}
        return {str(key)[:200]: _sound(one) for key, one in list(told.items())[-MOST:]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        log.warning("what was told before is forgotten: its file cannot be read")
        return {}


def _sound(one: dict[str, object]) -> _Known:
    times = {name: float(str(one[name])) for name in ("since_s", "seen_s", "told_s")}
    return _Known(str(one["words"])[:500], **times, on=one["on"] is True)
