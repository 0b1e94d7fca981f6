"""Records that come again and again: a few of each kind are let through, then one now and then that counts the rest."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

BURST = 20  # of one kind at once
EVERY_S = 10.0  # between further ones of that kind
MOST_KINDS = 1000
DECIDED = "let_through"
Kind = tuple[str, int, str, str]


@dataclass
class _Kind:
    left: float
    at_s: float
    left_out: int = 0


class Thrift(logging.Filter):
    """Shared by all handlers of a process, so that each record is judged once.

    Two records are of one kind where logger, level, text before its arguments are put in, and sort of error are the same.
    One logged with `extra={"every": True}`, such as the line of a request, is always let through.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s, self._lock = now_s, threading.Lock()
        self._kinds: OrderedDict[Kind, _Kind] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "every", False):
            return True
        decided = getattr(record, DECIDED, None)
        if decided is None:
            decided = self._judge(record)
            setattr(record, DECIDED, decided)
        return bool(decided)

    def _judge(self, record: logging.LogRecord) -> bool:
        with self._lock:
            found = self._of(record)
            found.left = min(float(BURST), found.left + max(0.0, self._now_s() - found.at_s) / EVERY_S)
            found.at_s = self._now_s()
            if found.left < 1.0:
                found.left_out += 1
                return False
            found.left -= 1.0
            if found.left_out:
                record.facts = {**getattr(record, "facts", {}), "left_out": found.left_out}
                found.left_out = 0
            return True

    def _of(self, record: logging.LogRecord) -> _Kind:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        kind = (record.name, record.levelno, str(record.msg)[:200], error)
        found = self._kinds.setdefault(kind, _Kind(float(BURST), self._now_s()))
        self._kinds.move_to_end(kind)
        while len(self._kinds) > MOST_KINDS:
            self._kinds.popitem(last=False)
        return found
