"""Whether this server is on its way out: whatever stays open by nature ends itself then, instead of being waited for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from core.once import Once

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@Once
def leaving() -> threading.Event:
    """Set once the process was asked to end."""
    return threading.Event()


def watch() -> Callable[[], None]:
    """Hear of the signals that end the process, beside whoever handles them; call what comes back to hear no more."""
    if threading.current_thread() is not threading.main_thread():  # a server within a test: nobody is to be asked
        return lambda: None
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def heard(number: int, frame: FrameType | None) -> None:
        leaving().set()
        then: Any = before[signal.Signals(number)]
        if callable(then):
            then(number, frame)

    for number in SIGNALS:
        if callable(before[number]):
            signal.signal(number, heard)

    def forget() -> None:
        for number in SIGNALS:
            if signal.getsignal(number) is heard:
                signal.signal(number, before[number])

    return forget
