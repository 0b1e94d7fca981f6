"""Work done in the background, one thread a piece, so that no page waits for the world."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from core.errors import SolarMiningError

AGAIN_AFTER_S = 60.0  # an errand that just ended is not sent again for so long
MOST_AT_ONCE = 8
MOST_REMEMBERED = 1024
log = logging.getLogger("solar_mining.fetchers")


class Errands:
    """Sends each piece of work once at a time, by its key."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._ended: dict[str, float] = {}
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def send(self, key: str, work: Callable[[], object], *, again: bool = False) -> bool:
        """Start `work` unless it is under way or just ended (`again`: even then); whether it was started."""
        with self._lock:
            rested = again or self._monotonic() - self._ended.get(key, -AGAIN_AFTER_S) >= AGAIN_AFTER_S
            if key in self._under_way or not rested:
                return False
            self._under_way.add(key)
        threading.Thread(target=self._run, args=(key, work), name=f"errand {key[:40]}", daemon=True).start()
        return True

    def under_way(self, key: str) -> bool:
        """Whether this work is being done."""
        with self._lock:
            return key in self._under_way

    def _run(self, key: str, work: Callable[[], object]) -> None:
        try:
            with self._places:
                work()
        except SolarMiningError as error:  # what is asked in vain is told by the next who asks
            log.info("nothing came of %s: %s", key.split("/")[0], error.message)
        except Exception:
            log.exception("an errand failed")
        finally:
            with self._lock:
                self._under_way.discard(key)
                self._ended[key] = self._monotonic()
                while len(self._ended) > MOST_REMEMBERED:
                    del self._ended[next(iter(self._ended))]
