"""The way out of this process and its database, each made once and joined here: neither wing knows the other.

Where nothing may be stored (mode `public`) the cache and the database live in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from core.errors import DatabaseError
from core.fetchers.ask import Answer
from core.fetchers.errands import Errands
from core.fetchers.packing import packed, unpacked
from core.fetchers.world import Access, World
from core.once import Once
from core.settings import environment, settings
from core.store import put_back, readings
from core.store.audit import Log
from core.store.database import Database, in_memory, open_database
from core.store.secret import data_keys, purpose, server_secret
from core.store.vault import Layered, Vault
from core.world import BlockFees, NetworkNow, Price, Rates, RecentBlocks, Retarget, Series

# what is small, about no place that a planner looked at, and makes a history
COLLECTED = (NetworkNow, Retarget, BlockFees, Price, Rates)


@Once
def outside() -> World:
    """The world as this process may ask it; what it says is kept."""
    conf = settings()
    folder = conf.home / "cache" if conf.stores_on_server else None
    access = Access.from_env(environment())
    if conf.stores_on_server:
        access = replace(access, keys=Layered(vault(), access.keys))
    return World(folder, access, accepted=_keep)


@Once
def vault() -> Vault:
    """The keys of providers that an admin entered here."""
    home = settings().home
    return Vault(home, lambda: data_keys(home, environment()))


@Once
def database() -> Database:
    """The database of this process."""
    conf = settings()
    return open_database(conf.home) if conf.stores_on_server else in_memory()


@Once
def secret() -> bytes:
    """The secret of this server; where nothing is stored, of this process."""
    conf = settings()
    return server_secret(conf.home if conf.stores_on_server else None, environment())


@Once
def audit() -> Log:
    """The audit log of this copy."""
    conf = settings()
    log = Log(database(), purpose(secret(), "audit"), conf.home if conf.stores_on_server else None)
    if conf.stores_on_server:
        try:
            put_back.tell(log, conf.home)
        except DatabaseError as error:  # such as a full disk: the log can be read meanwhile, and the next start tells
            logging.getLogger("solar_mining.store").error("what was put back is not noted: %s", error.message)
    return log


@cache
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
