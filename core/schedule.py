"""Keeps what the pages rest on fresh: asks each question before its answer goes stale.

Of several processes on one database one does it (a lease in the database); after a sleep each question is asked once,
one after the other. What nobody can answer is asked again later and later, up to an hour.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from core import events
from core.errors import SolarMiningError
from core.fetchers.ask import Answer, Question, ask, known
from core.fetchers.market import BLOCKS, DOLLARS
from core.fetchers.network import DIFFICULTY_HISTORY, FEE_HISTORY, FEES, HASHRATE_HISTORY, NETWORK, RETARGET
from core.fetchers.price import PRICE, PRICE_HISTORY
from core.fetchers.rates import RATES
from core.fetchers.world import World
from core.once import Once
from core.outside import database, outside
from core.store import leases
from core.store.database import Database
from core.store.leases import Lease, is_ours

EARLY = 0.8  # share of its soft age at which an answer is asked for anew
LOOK_EVERY_S = 10.0  # less than what is left of a minute, the youngest an answer goes stale, after EARLY of it
LEASE_S = 60.0
SPACING_S = 0.5  # between two questions, so that a start after a long sleep is no burst
FIRST_WAIT_S, LONGEST_WAIT_S = 60.0, 3600.0
TASK = "refresh"
log = logging.getLogger("solar_mining.schedule")

QUESTIONS: tuple[tuple[Question[Any, Any], Any], ...] = (
    (PRICE, DOLLARS),
    (NETWORK, None),
    (RETARGET, None),
    (FEES, BLOCKS),
    (RATES, DOLLARS),
    (PRICE_HISTORY, DOLLARS),
    (DIFFICULTY_HISTORY, None),
    (HASHRATE_HISTORY, None),
    (FEE_HISTORY, None),
)


@dataclass
class _Misses:
    """How often in a row nobody could answer, and until when [s] it is not asked again."""

    times: int = 0
    until_s: float = 0.0


class Schedule:
    """Looks every LOOK_EVERY_S what is due, and asks it."""

    def __init__(
        self,
        world: World,
        db: Callable[[], Database],
        *,
        questions: tuple[tuple[Question[Any, Any], Any], ...] = QUESTIONS,
        now_s: Callable[[], float] = time.time,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._world, self._questions, self._now_s = world, questions, now_s
        self._stopped = threading.Event()
        self._pause = pause or self._stopped.wait
        self._lease = Lease(db, TASK, LEASE_S)
        self._misses = {question.key(asked): _Misses() for question, asked in questions}

    def run(self) -> None:
        """Look and ask until `stop`."""
        while not self._stopped.is_set():
            try:
                self.look()
            except SolarMiningError as error:  # a database that is busy or full now may not be so later
                log.warning("refreshing is put off: %s", error.message)
            except Exception:
                log.exception("refreshing failed")
            self._stopped.wait(LOOK_EVERY_S)

    def stop(self) -> None:
        """Stop, and let another process take over at once."""
        self._stopped.set()
        self._lease.give_back()

    def look(self) -> list[str]:
        """Ask what is due, if this process is the one that does; the names of what was asked."""
        asked_now: list[str] = []
        for question, asked in self._questions:
            if self._stopped.is_set() or not self._leads():
                break
            if self._due(question, asked):
                if asked_now:
                    self._pause(SPACING_S)
                self._ask(question, asked)
                asked_now.append(question.name)
        return asked_now

    def _leads(self) -> bool:
        return self._lease.take(self._now_s())

    def _due(self, question: Question[Any, Any], asked: Any) -> bool:
        key = question.key(asked)
        if self._world.clock.elapsed_s() < self._misses[key].until_s:
            return False
        kept = self._world.cache.get(key)
        return kept is None or self._world.ages.of(key, kept) >= EARLY * question.soft_s

    def _ask(self, question: Question[Any, Any], asked: Any) -> None:
        misses = self._misses[question.key(asked)]
        try:
            fresh = ask(question, at_tip(asked, self._world), self._world, soft_s=EARLY * question.soft_s)
            missed = fresh.status not in ("live", "cached")
        except SolarMiningError:
            missed = True
        if not missed:
            misses.times, misses.until_s = 0, 0.0
            events.bus().tell(events.DATA_REFRESHED, {"question": question.name})
            return
        wait_s = min(FIRST_WAIT_S * 2**misses.times, LONGEST_WAIT_S)
        misses.times, misses.until_s = misses.times + 1, self._world.clock.elapsed_s() + wait_s


def leader() -> str:
    """Which process refreshes now: "this one", "another one", or "none"."""
    found = leases.holder(database(), TASK, time.time())
    return "none" if not found else "this one" if is_ours(found) else "another one"


def at_tip(asked: Any, world: World) -> Any:
    """What is asked, with the height of the newest known block: a node must be told which blocks are the last."""
    return replace(BLOCKS, end_height=known(RETARGET, None, world).value.height) if asked is BLOCKS else asked


def refresh(told: Callable[[str, Answer[Any] | SolarMiningError], object]) -> None:
    """Ask every question now, whatever is kept; `told` hears of each its name and its answer, or why there is none."""
    world = outside()
    for question, asked in QUESTIONS:
        try:
            told(question.name, ask(question, at_tip(asked, world), world, soft_s=0))
        except SolarMiningError as error:
            told(question.name, error)


@Once
def begin() -> Schedule | None:
    """The schedule of this process, started once; None where no call may be made."""
    world = outside()
    if world.offline:
        return None
    schedule = Schedule(world, database)
    threading.Thread(target=schedule.run, name="schedule", daemon=True).start()
    return schedule
