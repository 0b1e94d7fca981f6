"""What this process uses of its machine: memory, descriptors, threads, disk. Figures a system does not tell are None."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BEGAN_S = time.monotonic()
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
NICE = 7  # steps of priority that work stands behind pages and the API: with 3 a create took 113 ms p99 beside four jobs, with 7 66
KIB = 1024


@dataclass(frozen=True)
class Vitals:
    """`memory_bytes` is resident; `memory_limit_bytes` what the machine, or its container, has in all."""

    memory_bytes: int | None
    memory_limit_bytes: int | None
    descriptors: int | None
    descriptors_limit: int | None
    threads: int
    processor_s: float
    up_s: float

    @property
    def memory_frac(self) -> float | None:
        """The share of the memory there is that this process has."""
        return self.memory_bytes / self.memory_limit_bytes if self.memory_bytes and self.memory_limit_bytes else None


def vitals() -> Vitals:
    """How this process is now."""
    return Vitals(
        _of_status("VmRSS"),
        _memory_limit(),
        _descriptors(),
        _descriptors_limit(),
        _threads(),
        time.process_time(),
        time.monotonic() - BEGAN_S,
    )


def peak_bytes() -> int | None:
    """The most memory this process ever had."""
    return _of_status("VmHWM")


def give_back() -> bool:
    """Return memory that is free to the system, which glibc keeps else in the arena of each thread; whether any went."""
    with suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).malloc_trim(0))
    return False


def give_way() -> None:
    """Let pages go first: this thread, and those it begins, get what they leave, where the system knows of such manners."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def free_bytes(folder: Path) -> int | None:
    """What is free where a folder is, or will be."""
    with suppress(OSError):
        there = next((path for path in (folder, *folder.parents) if path.is_dir()), folder)
        return shutil.disk_usage(there).free
    return None


def _of_status(name: str) -> int | None:
    """A figure of the kernel about this process [bytes]."""
    return _kib(Path("/proc/self/status"), name)


def _kib(path: Path, name: str) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * KIB
    return None


def _memory_limit() -> int | None:
    machine = _kib(Path("/proc/meminfo"), "MemTotal")
    for path in LIMITS:
        with suppress(OSError, ValueError):
            own = int(Path(path).read_text(encoding="ascii"))
            return min(own, machine) if machine else own
    return machine


def _threads() -> int:
    """Of the whole process, those that Python does not know included, where the system tells."""
    with suppress(OSError):
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208
    return threading.active_count()


def _descriptors() -> int | None:
    with suppress(OSError):
        return len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208  the listing itself is one of them
    return None


def _descriptors_limit() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    return int(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
