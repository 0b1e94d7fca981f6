"""The way out of this process and its database, each made once and joined here: neither wing knows the other.

Where nothing may be stored (mode `public`) the cache and the database live in memory.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from core.fetchers.ask import Answer
from core.fetchers.errands import Errands
from core.fetchers.packing import packed
from core.fetchers.world import Access, World
from core.settings import settings
from core.store import readings
from core.store.database import Database, in_memory, open_database
from core.world import BlockFees, NetworkNow, Price, Rates, RecentBlocks, Retarget

# what is small, about no place that a planner looked at, and makes a history
COLLECTED = (NetworkNow, Retarget, BlockFees, Price, Rates)


@cache
def outside() -> World:
    """The world as this process may ask it; what it says is kept."""
    conf = settings()
    folder = conf.home / "cache" if conf.stores_on_server else None
    return World(folder, Access.from_env(os.environ), accepted=_keep)


@cache
def database() -> Database:
    """The database of this process."""
    conf = settings()
    return open_database(conf.home) if conf.stores_on_server else in_memory()


@cache
def errands() -> Errands:
    """What is asked in the background for the pages of this process."""
    return Errands()


def _keep(question: str, asked: Any, answer: Answer[Any]) -> None:
    if isinstance(answer.value, COLLECTED):
        about = "" if asked is None or isinstance(asked, RecentBlocks) else str(asked)
        value = packed(answer.value).decode()
        told = (answer.source, answer.observed_at, answer.fetched_at, value)
        readings.save(database(), readings.Kept(question, about, *told))
