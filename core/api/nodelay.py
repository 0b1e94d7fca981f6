"""Answers that leave at once.

`streamlit run` binds its socket with protocol 0, so Python's own event loop does not set TCP_NODELAY on what it accepts,
and each answer on a kept connection waits some 40 ms for an acknowledgement. uvloop sets it by itself.
"""

from __future__ import annotations

import os
import socket
from contextlib import closing, suppress
from pathlib import Path

OPEN_FILES = Path("/proc/self/fd")  # Linux, where what is accepted inherits the option


def send_at_once() -> int:
    """Set TCP_NODELAY on every listening socket of this process; how many those are."""
    return sum(_set(int(entry.name)) for entry in OPEN_FILES.iterdir()) if OPEN_FILES.is_dir() else 0


def _set(number: int) -> bool:
    with suppress(OSError), closing(socket.socket(fileno=os.dup(number))) as found:
        internet = found.family in (socket.AF_INET, socket.AF_INET6)
        if internet and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return True
    return False
