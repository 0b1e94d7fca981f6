"""Who is next: owners take turns, and each one's jobs come in the order in which they were asked for."""

from __future__ import annotations

from collections import deque


class Lines:
    """A line for each owner who waits; not safe for threads by itself."""

    def __init__(self) -> None:
        self._of: dict[str, deque[str]] = {}  # in the order of their turns: the owner who was served goes last

    def add(self, owner: str, job_id: str) -> None:
        """Put a job at the end of its owner's line."""
        self._of.setdefault(owner, deque()).append(job_id)

    def remove(self, owner: str, job_id: str) -> None:
        """Take a job out of its line, where it is in one."""
        line = self._of.get(owner)
        if line is not None and job_id in line:
            line.remove(job_id)
            if not line:
                del self._of[owner]

    def next(self) -> str:
        """The job whose turn it is, taken out; empty where none waits."""
        for owner in self._of:
            line = self._of.pop(owner)
            job_id = line.popleft()
            if line:
                self._of[owner] = line
            return job_id
        return ""

    def position(self, job_id: str) -> int:
        """In which turn from now a job is taken, 1 the next; 0 where it does not wait."""
        owners = list(self._of)
        mine = next((at for at, owner in enumerate(owners) if job_id in self._of[owner]), None)
        if mine is None:
            return 0
        before = self._of[owners[mine]].index(job_id)
        turns = (min(len(self._of[owner]), before + (at < mine)) for at, owner in enumerate(owners) if at != mine)
        return before + 1 + sum(turns)
