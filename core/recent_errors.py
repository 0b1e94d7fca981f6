"""The newest warnings and errors of this process, for whoever runs it: what the log has of them, without the traceback."""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import dataclass

from core.once import Once

MOST = 50
LONGEST = 300  # characters


@dataclass(frozen=True)
class Told:
    """One record, with the id of the request in which it came, "" outside of any."""

    time: str
    level: str
    logger: str
    message: str
    request_id: str


class Recent(logging.Handler):
    """Keeps the newest MOST records of warnings and worse in memory, as its formatter lets them be shown."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._kept: deque[Told] = deque(maxlen=MOST)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one; a record that cannot be told is left out."""
        try:
            told = json.loads(self.format(record))
            words = (told["time"], told["level"], told["logger"], told["message"][:LONGEST])
            self._kept.append(Told(*words, str(told.get("request_id", ""))))
        except Exception:  # who logs must not suffer
            return

    def told(self) -> list[Told]:
        """The newest first."""
        return list(self._kept)[::-1]


@Once
def recent() -> Recent:
    """Those of this process."""
    return Recent()
