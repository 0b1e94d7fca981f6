"""What happened, told to all who listen in this process: a calculation that ended, data that were refreshed.

Whoever tells never waits. Each listener has a bounded box; one that does not empty it is let go, and slows nobody.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from core.once import Once

BOX = 100  # events that wait for a listener
REMEMBERED = 1000  # for those who come back and say what they heard last
MOST_LISTENERS, OWN_LISTENERS = 500, 10
EVERYBODY = ""
JOB_ENDED, DATA_REFRESHED = "job.ended", "data.refreshed"
KINDS = (JOB_ENDED, DATA_REFRESHED)


@dataclass(frozen=True)
class Event:
    """`id` grows with time, over a restart too. `owner`: whom it concerns, EVERYBODY for all. `at_s`: seconds since 1970."""

    id: int
    kind: str
    owner: str
    at_s: float
    data: Mapping[str, Any]


@dataclass(eq=False)
class Listener:
    """One who hears of an owner's events and of everybody's; `owner` None: of all there are.

    `wake` is called in whatever thread tells, once something is in the box, and must not wait.
    """

    owner: str | None
    wake: Callable[[], object]
    box: deque[Event] = field(default_factory=deque)
    gone: bool = False

    def concerned(self, event: Event) -> bool:
        return self.owner is None or event.owner in (self.owner, EVERYBODY)

    def take(self) -> list[Event]:
        """What is in the box, oldest first; it is empty afterwards."""
        found = []
        with suppress(IndexError):
            while True:
                found.append(self.box.popleft())
        return found


class Bus:
    """Every method may be called from any thread."""

    def __init__(self, box: int = BOX, now_s: Callable[[], float] = time.time) -> None:
        self._lock = threading.Lock()
        self._box, self._now_s = box, now_s
        self._listeners: list[Listener] = []
        self._past: deque[Event] = deque(maxlen=REMEMBERED)
        self._last = 0

    def tell(self, kind: str, data: Mapping[str, Any], owner: str = EVERYBODY) -> Event:
        """Put an event into the box of each listener whom it concerns."""
        with self._lock:
            at_s = self._now_s()
            self._last = max(self._last + 1, int(at_s * 1e6))
            event = Event(self._last, kind, owner, at_s, dict(data))
            self._past.append(event)
            woken = [listener for listener in self._listeners if listener.concerned(event)]
            for listener in woken:
                self._deliver(listener, event)
        for listener in woken:
            with suppress(Exception):  # such as an event loop that was just closed: the next who listens hears it
                listener.wake()
        return event

    def listen(self, owner: str | None, wake: Callable[[], object], after: int | None = None) -> Listener | None:
        """A box for an owner's events, those since `after` in it; None where too many listen already, of all or of one owner.

        Who hears all there is, `owner` None, is of the house and always finds a place.
        """
        with self._lock:
            own = sum(one.owner == owner for one in self._listeners) if owner else 0
            if owner is not None and (len(self._listeners) >= MOST_LISTENERS or own >= OWN_LISTENERS):
                return None
            listener = Listener(owner, wake)
            if after is not None:
                missed = [event for event in self._past if event.id > after and listener.concerned(event)]
                listener.box.extend(missed[-self._box :])
            self._listeners.append(listener)
            return listener

    def leave(self, listener: Listener) -> None:
        """Tell this listener no more."""
        with self._lock, suppress(ValueError):
            self._listeners.remove(listener)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def _deliver(self, listener: Listener, event: Event) -> None:
        if len(listener.box) >= self._box:
            listener.gone = True
            self._listeners.remove(listener)
        else:
            listener.box.append(event)


@Once
def bus() -> Bus:
    """The bus of this process."""
    return Bus()
