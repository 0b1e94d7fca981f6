"""The way out of this process and its database, each made once and joined here: neither wing knows the other.

Where nothing may be stored (mode `public`) the cache and the database live in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from core.fetchers.ask import Answer
from core.fetchers.errands import Errands
from core.fetchers.packing import packed, unpacked
from core.fetchers.world import Access, World
from core.once import Once
from core.settings import settings
from core.store import readings
from core.store.audit import Log
from core.store.database import Database, in_memory, open_database
from core.store.secret import purpose, server_secret
from core.world import BlockFees, NetworkNow, Price, Rates, RecentBlocks, Retarget, Series

# what is small, about no place that a planner looked at, and makes a history
COLLECTED = (NetworkNow, Retarget, BlockFees, Price, Rates)


@Once
def outside() -> World:
    """The world as this process may ask it; what it says is kept."""
    conf = settings()
    folder = conf.home / "cache" if conf.stores_on_server else None
    return World(folder, Access.from_env(os.environ), accepted=_keep)


@Once
def database() -> Database:
    """The database of this process."""
    conf = settings()
    return open_database(conf.home) if conf.stores_on_server else in_memory()


@Once
def secret() -> bytes:
    """The secret of this server; where nothing is stored, of this process."""
    conf = settings()
    return server_secret(conf.home if conf.stores_on_server else None, os.environ)


@Once
def audit() -> Log:
    """The audit log of this copy."""
    conf = settings()
    return Log(database(), purpose(secret(), "audit"), conf.home if conf.stores_on_server else None)


@Once
def errands() -> Errands:
    """What is asked in the background for the pages of this process."""
    return Errands()


def collected(question: str, asked: str, kind: type[Any], of: Callable[[Any], float], since: date) -> Series:
    """What this copy collected of one figure since a day, by UTC day: the newest answer of each."""
    start = datetime(since.year, since.month, since.day, tzinfo=UTC)
    kept = readings.daily(database(), question, asked, start)
    values = tuple(float(of(unpacked(kind)(one.value.encode()))) for one in kept)
    return Series(tuple(one.observed_at.date() for one in kept), values)


def _keep(question: str, asked: Any, answer: Answer[Any]) -> None:
    if isinstance(answer.value, COLLECTED):
        about = "" if asked is None or isinstance(asked, RecentBlocks) else str(asked)
        value = packed(answer.value).decode()
        told = (answer.source, answer.observed_at, answer.fetched_at, value)
        readings.save(database(), readings.Kept(question, about, *told))
