"""Keys of providers over the API and at the command line: used at once, sealed, and never shown again."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core import outside, provider_keys
from core.__main__ import main
from core.api import server
from core.api.app import PREFIX
from core.errors import DatabaseError
from core.fetchers.sources import SOURCES
from core.store import audit, backups
from core.store.vault import FILE_NAME
from core.telemetry import JsonLines
from tests.api.doors import HERE, opened

CANARY = "canary-key-1234567890"
EIA = next(source for source in SOURCES if source.key == "SOLAR_MINING_EIA_KEY")


def test_every_provider_that_takes_a_key_is_there_once() -> None:
    assert {source.key for source in SOURCES if source.key} == set(provider_keys._takers())
    assert len({provider_keys._id(setting) for setting in provider_keys._takers()}) == len(provider_keys._takers())


def test_an_entered_key_is_used_at_once_and_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path / "home", monkeypatch) as door:
        access = outside.outside().access
        client = door.client(("198.51.100.7", 1), door.key("root", "admin", "asks"))
        assert "holds no key" in access.why_not(EIA)
        reply = client.request("PUT", f"{PREFIX}/provider-keys/eia", json={"key": CANARY})
        assert reply.json()["held"] == "entered"
        assert access.why_not(EIA) == ""
        assert access.keys_of(EIA) == (CANARY,)
        shown = [client.get(f"{PREFIX}{path}").text for path in ("/provider-keys", "/audit", "/my-data")]
        made = backups.make(outside.database(), door.home)
        backups.unpack(door.home, made.id, tmp_path / "out")
        files = [file.read_bytes() for file in (*door.home.rglob("*"), tmp_path / "out") if file.is_file()]
        assert not any(CANARY.encode() in content for content in files)
        assert not any(CANARY in text for text in (*shown, repr(access), reply.text))
        bad = client.request("PUT", f"{PREFIX}/provider-keys/eia", json={"key": f"{CANARY}\n"})
        assert bad.status_code in (200, 422)
        assert CANARY not in bad.text
        assert client.request("PUT", f"{PREFIX}/provider-keys/nobody", json={"key": CANARY}).status_code == 404
        assert client.request("DELETE", f"{PREFIX}/provider-keys/eia").status_code == 204
        assert access.keys_of(EIA) == ()
        assert [entry.action for entry in outside.audit().listed(2)] == [
            "provider key forgotten",
            "provider key entered",
        ]
    assert CANARY not in "".join(capsys.readouterr())


def test_no_log_shows_a_key_from_when_it_is_entered_nor_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line of a request tells its path: whoever pastes a key there must not have it told."""
    home = tmp_path / "home"
    with opened(home, monkeypatch, "local") as door, logged() as lines:
        client = door.client(HERE)
        client.get(f"{PREFIX}/jobs/{CANARY}")
        assert CANARY in lines.getvalue(), "until then nobody knows that it is one"
        lines.truncate(lines.seek(0))
        assert client.request("PUT", f"{PREFIX}/provider-keys/eia", json={"key": CANARY}).status_code == 200
        client.get(f"{PREFIX}/jobs/{CANARY}")
        assert "/jobs/***" in lines.getvalue()
        assert CANARY not in lines.getvalue()
    for told in (True, False):
        with opened(home, monkeypatch, "local") as door, logged() as lines:
            if told:
                asyncio.run(begun())
            door.client(HERE).get(f"{PREFIX}/jobs/{CANARY}")
            assert (CANARY not in lines.getvalue()) == told, "it is the start that sees to it"


def test_entered_keys_that_nothing_opens_do_not_keep_the_server_from_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path, monkeypatch, "local"):
        (tmp_path / FILE_NAME).write_bytes(b"not sealed at all")
        asyncio.run(begun())
    assert "keys that were entered are not used" in caplog.text


async def begun() -> None:
    """What the server does at its start."""
    async with server.lifespan(None):
        pass


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """All that this process logs meanwhile, as it is written into files."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def test_at_the_command_line_a_key_comes_by_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path / "home", monkeypatch):
        monkeypatch.setenv("SOLAR_MINING_OPENEI_KEY", "of the environment")
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{CANARY}\n"))
        assert main(["provider-keys", "set", "eia"]) == 0
        assert outside.outside().access.keys_of(EIA) == (CANARY,)
        assert main(["provider-keys", "list"]) == 0
        lines = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()[1:]}
        assert (lines["eia"], lines["openei"], lines["nsrdb"]) == ("entered", "set", "none")
        monkeypatch.setenv("SOLAR_MINING_DATA_KEY", "k" * 40)
        assert main(["provider-keys", "renew"]) == 0
        assert main(["provider-keys", "forget", "eia"]) == 0
        assert main(["provider-keys", "forget", "eia"]) == 1


def test_a_key_that_is_kept_is_kept_though_the_audit_log_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*words: str) -> int:
        raise DatabaseError("the disk is full", field="database", value="full", expected="room")

    with opened(tmp_path, monkeypatch, "local"):
        monkeypatch.setattr(audit.Log, "note", refuse)
        assert provider_keys.put("eia", CANARY, "local").held == "entered"
        assert "not in the audit log: provider key entered" in caplog.text
        provider_keys.forget("eia", "local")
