"""What visitors leave behind, and how it goes: sessions that are over, and what was never looked through for garbage.

Streamlit lets a session that is over go only when another ends: on a quiet server the last thirty would stay for the night.
And what is frozen for the collector stays for good where it refers to itself, as sessions do.
"""

from __future__ import annotations

import gc
import logging
import secrets
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from streamlit import runtime

from core.jobs import pool
from core.once import Once

LOOK_EVERY_S, WITHIN_S = 15.0, 5.0
THAW_EVERY_S = 600.0  # while somebody is here, as it keeps every thread waiting for up to a third of a second
Told = TypeVar("Told")
LOG = logging.getLogger("solar_mining.pages")


class Leftovers:
    """Freezes the program for the collector, and does so anew once sessions that were frozen with it are over."""

    def __init__(self) -> None:
        self.strangers: SimpleQueue[str] = SimpleQueue()  # who went
        self._frozen: frozenset[str] = frozenset()
        self._frozen_s = time.monotonic()

    def freeze(self) -> None:
        """Have the collector, which Streamlit runs after every script, look through sessions and not through the program."""
        _let_go()
        self._frozen, self._frozen_s = _sessions(), time.monotonic()
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def look(self) -> None:
        """Let go of sessions that are over, with all that was theirs."""
        if _let_go():
            gc.collect()
        while not self.strangers.empty():
            pool().forget(self.strangers.get())
        left = self._frozen - _sessions()
        if left and (not _connected() or time.monotonic() - self._frozen_s > THAW_EVERY_S):
            self.freeze()

    def run(self) -> None:
        """Look for as long as the process lives."""
        while True:
            time.sleep(LOOK_EVERY_S)
            try:
                self.look()
            except Exception:
                LOG.exception("looking for what visitors left behind failed")


class Stranger:
    """To whom the jobs of a session belong that nobody else can ask for: once it is gone, so are they.

    `leftovers` drops them, as this may go in the middle of anything, the pool of jobs included.
    """

    def __init__(self, left: Leftovers) -> None:
        self.name = secrets.token_hex(16)
        weakref.finalize(self, left.strangers.put, self.name).atexit = False


@Once
def leftovers() -> Leftovers:
    """Those of this process, looked for from now on."""
    made = Leftovers()
    threading.Thread(target=made.run, name="leftovers", daemon=True).start()
    return made


def _sessions() -> frozenset[str]:
    """Ids of sessions that are connected, or may still come back."""
    return _on_loop(lambda manager: frozenset(one.session.id for one in manager.list_sessions()), frozenset())


def _connected() -> int:
    return _on_loop(lambda manager: int(manager.num_active_sessions()), 0)


def _let_go() -> int:
    """Forget sessions whose time after their connection is over; how many."""
    return _on_loop(_forget, 0)


def _forget(manager: Any) -> int:
    with manager._storage_lock:
        over = manager._session_storage._cache.expire()
    for _, info in over:
        _empty(info.session)
    if not manager.num_active_sessions():  # a file to download goes when it is found unwanted for the second time
        runtime.get_instance().media_file_mgr.remove_orphaned_files()
    return len(over)


def _empty(session: Any) -> None:
    """Take from a session that is over what it holds: Streamlit's loop keeps the last it served until another comes."""
    if session._scriptrunner is None:  # else its script still runs, and tells it how that went
        session.shutdown()
        ended = session._state
        vars(session).clear()
        session._state = ended  # asked for once more when it goes


def _on_loop(ask: Callable[[Any], Told], otherwise: Told) -> Told:
    """What is asked of Streamlit's sessions on the event loop, where it handles them itself; it has no public door there.

    `otherwise` where it does not serve, or is about to end.
    """
    told = Future[Told]()

    def answer() -> None:
        try:
            told.set_result(ask(server._session_mgr))
        except Exception as error:
            told.set_exception(error)

    if not runtime.exists():
        return otherwise
    server = runtime.get_instance()
    with suppress(RuntimeError, TimeoutError):  # a loop that is closed or stands still
        server._get_async_objs().eventloop.call_soon_threadsafe(answer)
        return told.result(WITHIN_S)
    return otherwise
