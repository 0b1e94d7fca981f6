"""What runs from the server's start to its end: refreshing, jobs, webhooks and the care of the database."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core import jobs, leaving, orders, schedule, upkeep, webhooks
from core.errors import SolarMiningError

# between threads of Python: a request changes threads some times, and each time waits for jobs so long
SWITCH_S = 0.001
log = logging.getLogger("solar_mining.serving")


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """All of it runs from the server's start to its end; what is not ended then is left to the next server."""
    sys.setswitchinterval(SWITCH_S)
    forget = leaving.watch()
    refreshing = await asyncio.to_thread(schedule.begin)
    await asyncio.to_thread(_begin_jobs)
    upkeep.upkeep()
    try:
        yield
    finally:
        leaving.leaving().set()
        await asyncio.to_thread(_end_jobs)
        await asyncio.to_thread(upkeep.close)
        if refreshing is not None:
            await asyncio.to_thread(refreshing.stop)
        forget()
        leaving.leaving.cache_clear()  # a server that begins in the same process has its own end


def _begin_jobs() -> None:
    """Take up what another server left, unless the database cannot be used: then whoever asks hears of it."""
    try:
        orders.orders().begin()
        webhooks.messenger()
    except SolarMiningError as error:
        log.warning("jobs are not looked after: %s", error.message)


def _end_jobs() -> None:
    orders.close()
    jobs.close()
    webhooks.close()
