"""Looks after this server while it runs: every quarter of a minute at its figures, and tells whoever a setting names what is amiss.

Of several processes on one folder one does it, for as long as it runs. Where no address is set, or no call may be made,
what would be told is in the log alone.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.alerts import FILE_NAME, Alerts, Notice
from core.errors import DatabaseError, SourceError
from core.events import Event
from core.fetchers.sources import SOURCES
from core.health import backup_overdue_s, probe
from core.jobs import WAITING, pool
from core.metrics import instruments
from core.once import Once
from core.outside import outside
from core.settings import settings
from core.store import holds
from core.store.webhooks import Webhook
from core.traffic import traffic
from core.troubles import Figures, troubles
from core.vitals import Vitals, free_bytes, give_back, vitals
from core.webhooks import posted

LOOK_EVERY_S = 15.0  # and then what visitors who left had of the memory goes back to the system
WITHIN_S = 300.0
HISTORY = 240  # samples: an hour
ID = "alerts"  # what the key that signs notices is made for
WAITS_S = (2.0, 10.0, 60.0)  # before each further attempt
MOST_WAITING, OLDEST_S = 100, 3600.0
LOCK = "alerts.lock"
log = logging.getLogger("solar_mining.alerts")


@dataclass(frozen=True)
class Sample:
    """The figures of one look, for a short history."""

    at: datetime
    vitals: Vitals
    sessions: int
    running: int
    waiting: int


class Sender:
    """Posts notices, one after the other, in a thread of its own; what is not taken is tried a few times and then left."""

    def __init__(self, post: Callable[[Notice], None], waits_s: tuple[float, ...] = WAITS_S) -> None:
        self._post, self._waits_s = post, waits_s
        self._waiting: queue.Queue[Notice | None] = queue.Queue(MOST_WAITING)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def send(self, notice: Notice) -> None:
        """Have one sent; never waits."""
        try:
            self._waiting.put_nowait(notice)
        except queue.Full:
            log.warning("a notice of %s is dropped: too many wait", notice.key)

    def close(self) -> None:
        """Send no more."""
        self._closed.set()
        with suppress(queue.Full):
            self._waiting.put_nowait(None)

    def _run(self) -> None:
        while (notice := self._waiting.get()) is not None and not self._closed.is_set():
            try:
                self._deliver(notice)
            except Exception:
                log.exception("a notice of %s could not be sent", notice.key)

    def _deliver(self, notice: Notice) -> None:
        for wait_s in (*self._waits_s, None):
            try:
                self._post(notice)
                return
            except SourceError as error:
                log.warning("a notice of %s is not taken: %s", notice.key, error.message)
            if wait_s is None or self._closed.wait(wait_s):
                return


class Watch:
    """Looks every LOOK_EVERY_S; `send` hears of each notice beside the log."""

    def __init__(self, alerts: Alerts, send: Callable[[Notice], None] | None = None) -> None:
        self._alerts, self._send = alerts, send
        self._stopped = threading.Event()
        self.samples: deque[Sample] = deque(maxlen=HISTORY)

    @property
    def lasting(self) -> list[Notice]:
        """Troubles that are told of and not over."""
        return self._alerts.on

    def run(self, alone: Callable[[], bool] = lambda: True) -> None:
        """Look until `stop`; whoever is not `alone` takes samples and tells nobody."""
        while not self._stopped.wait(LOOK_EVERY_S):
            try:
                self.look(tells=alone())
                give_back()
            except Exception:
                log.exception("looking after the server failed")

    def stop(self) -> None:
        self._stopped.set()

    def look(self, *, tells: bool = True) -> list[Notice]:
        """Take a sample; what was told because of it."""
        self.samples.append(_sample())
        notices = self._alerts.look(troubles(figures())) if tells else []
        for notice in notices:
            self._tell(notice)
        return notices

    def _tell(self, notice: Notice) -> None:
        level = logging.INFO if notice.kind == "recovered" else logging.WARNING
        facts = {"alert": notice.key, "kind": notice.kind}
        log.log(level, "%s: %s", notice.kind, notice.words, extra={"facts": facts, "every": True})
        instruments().notices.labels(notice.kind).inc()
        if self._send:
            self._send(notice)


def figures() -> Figures:
    """How this server is now."""
    now, world, conf = vitals(), outside(), settings()
    limit = now.descriptors_limit
    return Figures(
        traffic().within(WITHIN_S),
        probe().look(),
        {} if world.offline else {one.name: one.state for one in world.health(SOURCES)},
        backup_overdue_s(),
        pool().counts()["queued"] / WAITING,
        free_bytes(conf.home) if conf.stores_on_server else None,
        now.memory_frac,
        now.descriptors / limit if now.descriptors is not None and limit and limit > 0 else None,
    )


def _sample() -> Sample:
    counts = pool().counts()
    return Sample(datetime.now(UTC), vitals(), sessions(), counts["running"], counts["queued"])


def sessions() -> int:
    """Pages that are open in browsers now."""
    found = instruments().registry.get_sample_value("solar_mining_sessions")
    return int(found or 0)


def to_setting(notice: Notice) -> None:
    """Post a notice, signed, to the address of the setting; SourceError where it is not taken."""
    now_s = time.time()
    if now_s - notice.at_s > OLDEST_S:
        log.warning("a notice of %s is dropped: it is old", notice.key)
        return
    hook = Webhook(ID, "", settings().alerts, (), datetime.now(UTC))
    posted(hook, Event(int(notice.at_s * 1e6), f"alert.{notice.kind}", "", notice.at_s, said(notice)), own=True)


def said(notice: Notice) -> dict[str, Any]:
    """What a notice tells."""
    since = datetime.fromtimestamp(notice.since_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    conf = settings()
    return {"alert": notice.key, "text": notice.words, "since": since, "env": conf.env, "mode": conf.mode}


@contextmanager
def _held(folder: Path | None) -> Iterator[Callable[[], bool]]:
    """Whether this process is the one of those on a folder that tells; tried again at each look."""
    with ExitStack() as held:
        mine: list[bool] = []

        def alone() -> bool:
            if folder is not None and not mine:
                try:
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    held.enter_context(holds.locked(folder / LOCK, 0.0))
                except DatabaseError as error:  # a disk that takes no lock file is what somebody should hear of
                    return bool(error.value != "busy")
                except OSError:
                    return True
                mine.append(True)
            return True

        yield alone


@Once
def watch() -> Watch:
    """That of this process."""
    conf = settings()
    file = conf.home / FILE_NAME if conf.stores_on_server else None
    return Watch(Alerts(file), sender().send if conf.alerts and not outside().offline else None)


@Once
def sender() -> Sender:
    """What sends the notices of this process."""
    return Sender(to_setting)


def begin() -> None:
    """Look after this process from now on."""
    conf = settings()

    def run() -> None:
        with _held(conf.home if conf.stores_on_server else None) as alone:
            watch().run(alone)

    threading.Thread(target=run, name="watch", daemon=True).start()


def close() -> None:
    """Look no more; what is on its way ends by itself."""
    watch.end(Watch.stop)
    sender.end(Sender.close)
