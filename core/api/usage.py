"""What is counted of the use of the API."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime

from core.api.identity import Caller
from core.errors import SolarMiningError
from core.once import Once
from core.outside import database
from core.store import usage

EVERY_S = 5.0  # between two writes of what was counted: at a crash that much is lost
VISITORS = "visitors"  # whom calls of people who are not known are counted to, all together
log = logging.getLogger("solar_mining.api")
Place = tuple[date, str, str]  # day, owner, key


class Counts:
    """Calls as they are counted in memory, and written now and then."""

    def __init__(self) -> None:
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._calls: Counter[Place] = Counter()
        self._refused: Counter[Place] = Counter()
        self._due_s = time.monotonic() + EVERY_S

    def count(self, who: Caller | None, *, refused: bool) -> None:
        """One more call; from time to time what was counted is written, for which the call does not wait."""
        known = who if who is not None and (who.keeps or who.key_id) else Caller(VISITORS, "viewer")
        place = (datetime.now(UTC).date(), known.owner, known.key_id)
        with self._lock:
            (self._refused if refused else self._calls)[place] += 1
            due = time.monotonic() >= self._due_s
            if due:
                self._due_s = time.monotonic() + EVERY_S
        if due:
            threading.Thread(target=self.write, name="usage", daemon=True).start()

    def write(self) -> None:
        """Write what was counted; where the database cannot, it stays counted until the next time."""
        with self._writing:
            self._write()

    def _write(self) -> None:
        with self._lock:
            calls, refused, self._calls, self._refused = self._calls, self._refused, Counter(), Counter()
        places = sorted(calls.keys() | refused.keys())
        if not places:
            return
        try:
            usage.add(database(), [usage.Used(*place, calls[place], refused[place]) for place in places])
        except SolarMiningError as error:
            log.warning("the use of the API is written later: %s", error.message)
            with self._lock:
                self._calls.update(calls)
                self._refused.update(refused)


@Once
def counts() -> Counts:
    """What this process counts."""
    return Counts()
