"""A database that a start put back: the audit log says so, and is sound from there on."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import outside
from core.store import backups
from core.store.database import FILE_NAME
from core.store.put_back import DEED
from tests.api.doors import opened


def test_a_log_that_is_shorter_after_a_damaged_start_says_what_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with opened(home, monkeypatch):
        for n in range(1, 4):
            outside.audit().note("local", "key created", f"key {n}")
        made = backups.make(outside.database(), home)
        for n in range(4, 7):
            outside.audit().note("local", "key created", f"key {n}")
    (home / FILE_NAME).write_bytes(b"no database" * 1000)
    with opened(home, monkeypatch):
        newest = outside.audit().listed(1)[0]
        assert (newest.seq, newest.action) == (4, DEED)
        assert newest.detail.startswith(f"entries 4 to 6 are gone; {made.id} took its place")
        assert outside.audit().first_bad() is None
    with opened(home, monkeypatch):
        assert len(outside.audit().listed()) == 4, "it is told once"
        with outside.database().write() as tables:
            tables.execute("DROP TRIGGER audit_no_delete")
            tables.execute("DELETE FROM audit WHERE seq > 2")
        assert outside.audit().first_bad() == 3, "who cuts it off without more is found out as before"
