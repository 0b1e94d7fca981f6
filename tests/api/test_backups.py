"""Backups over the API: made by an admin, listed, told in the audit log, and where nothing is kept refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import outside
from core.api.identity import Caller
from core.api.paging import Asked
from core.api.routes_backups import create_backup, list_backups
from core.errors import Forbidden
from tests.api.doors import opened

ADMIN = Caller("me", "admin")


def test_a_backup_is_made_listed_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "home", monkeypatch):
        made = create_backup(ADMIN)
        (found,) = list_backups(ADMIN, Asked(10, None)).items
        assert found == made
        (file,) = (tmp_path / "home" / "backups").iterdir()
        assert file.stat().st_size == made.size_bytes
        assert file.stat().st_mode & 0o077 == 0
        entry = outside.audit().listed(1, 2**62)[0]
        assert (entry.action, entry.subject, entry.detail) == ("backup made", made.id, made.sha256)


def test_where_nothing_is_kept_there_is_nothing_to_back_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLAR_MINING_MODE", "public")
    monkeypatch.setenv("SOLAR_MINING_HOME", str(tmp_path / "home"))
    with pytest.raises(Forbidden):
        create_backup(ADMIN)
    assert not (tmp_path / "home").exists()
