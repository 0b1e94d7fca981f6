"""What the audit log is told of databases that a start moved aside: the log that took their place may be shorter."""

from __future__ import annotations

from pathlib import Path

from core.store.audit import Log
from core.store.condition import Aside, set_aside

DEED = "database put back"
TOLD = "SELECT subject FROM audit WHERE action = ?"


def tell(log: Log, home: Path) -> list[str]:
    """Note each that is not noted yet, with the entries that are gone, and let the anchor tell what is left; their names.

    Whoever cuts the log off and has it look so leaves that note in a chain that only the server's secret continues.
    """
    with log.db.read() as tables:
        noted = {row["subject"] for row in tables.query(TOLD, [DEED])}
    new = sorted((one for one in set_aside(home) if one.file not in noted), key=lambda one: one.at)
    for aside in new:
        log.note("this program", DEED, aside.file, _detail(aside, log))
    if new:
        log.settle()
    return [aside.file for aside in new]


def _detail(aside: Aside, log: Log) -> str:
    first, last = log.gone()
    gone = f"entries {first} to {last} are gone" if first <= last else "no entry is gone"
    return f"{gone}; {aside.backup or 'an empty one'} took its place; {aside.why}"
