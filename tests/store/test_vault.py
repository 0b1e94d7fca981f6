"""Entered keys: sealed on the disk, read anew in every process, sealed anew when keys rotate."""

from __future__ import annotations

import errno
import io
import logging
import threading
from pathlib import Path

import pytest

from core.errors import DatabaseError, NotFound, ValidationError
from core.store import sealing
from core.store.secret import purpose
from core.store.vault import FILE_NAME, Layered, Vault

OLD, NEW = purpose(b"old", "data at rest"), purpose(b"new", "data at rest")
CANARY = "canary-key-1234567890"
EIA, NSRDB = "SOLAR_MINING_EIA_KEY", "SOLAR_MINING_NSRDB_KEY"


def test_a_key_is_on_the_disk_sealed_and_for_its_owner_alone(tmp_path: Path) -> None:
    vault = Vault(tmp_path, lambda: (OLD,))
    vault.put(EIA, f" {CANARY} \n")
    assert dict(vault) == {EIA: CANARY}
    file = tmp_path / FILE_NAME
    assert CANARY.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert CANARY not in repr(vault)
    vault.forget(EIA)
    assert dict(vault) == {}
    with pytest.raises(NotFound):
        vault.forget(EIA)


def test_another_process_sees_it_at_once(tmp_path: Path) -> None:
    one, other = Vault(tmp_path, lambda: (OLD,)), Vault(tmp_path, lambda: (OLD,))
    assert dict(other) == {}
    one.put(EIA, CANARY)
    assert other[EIA] == CANARY
    other.put(NSRDB, "another")
    assert dict(one) == {EIA: CANARY, NSRDB: "another"}


def test_many_that_enter_keys_at_once_lose_none(tmp_path: Path) -> None:
    def enter(n: int) -> None:
        Vault(tmp_path, lambda: (OLD,)).put(f"NAME_{n}", f"key {n}")

    threads = [threading.Thread(target=enter, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert dict(Vault(tmp_path, lambda: (OLD,))) == {f"NAME_{n}": f"key {n}" for n in range(12)}


def test_keys_rotate_and_the_old_one_opens_until_all_is_renewed(tmp_path: Path) -> None:
    Vault(tmp_path, lambda: (OLD,)).put(EIA, CANARY)
    both = Vault(tmp_path, lambda: (NEW, OLD))
    assert both[EIA] == CANARY
    with pytest.raises(DatabaseError):
        Vault(tmp_path, lambda: (NEW,))[EIA]
    assert both.renew() == 1
    assert Vault(tmp_path, lambda: (NEW,))[EIA] == CANARY
    with pytest.raises(DatabaseError):
        Vault(tmp_path, lambda: (OLD,))[EIA]


def test_entered_keys_go_before_those_of_the_settings(tmp_path: Path) -> None:
    vault = Vault(tmp_path, lambda: (OLD,))
    layered = Layered(vault, {EIA: "given", NSRDB: "given too"})
    vault.put(EIA, CANARY)
    assert dict(layered) == {EIA: CANARY, NSRDB: "given too"}
    vault.forget(EIA)
    assert layered.get(EIA) == "given"
    assert layered.get("SOLAR_MINING_OTHER", "") == ""


def test_a_file_that_was_changed_counts_as_none_and_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    vault = Vault(tmp_path, lambda: (OLD,))
    vault.put(EIA, CANARY)
    file = tmp_path / FILE_NAME
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with caplog.at_level(logging.ERROR):
        assert Layered(vault, {EIA: "given"}).get(EIA) == "given"
    assert "keys that were entered are not used" in caplog.text
    assert CANARY not in caplog.text
    with pytest.raises(DatabaseError):
        vault.put(NSRDB, "another")


def test_another_sealed_file_in_its_place_is_refused(tmp_path: Path) -> None:
    with (tmp_path / FILE_NAME).open("wb") as into:
        sealing.seal(io.BytesIO(b'{"SOLAR_MINING_EIA_KEY": "another"}'), into, OLD, "20261130T120000000000Z-00000000")
    with pytest.raises(DatabaseError, match="no keys of providers"):
        Vault(tmp_path, lambda: (OLD,))[EIA]


@pytest.mark.parametrize("key", ["", " ", "a\nb", "ä", "k" * 501])
def test_what_no_header_can_carry_is_refused_and_not_repeated(key: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        Vault(tmp_path, lambda: (OLD,)).put(EIA, key)
    assert not key.strip() or key not in str(refused.value.details)
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize(("number", "word"), [(errno.ENOSPC, "full"), (errno.EIO, "disk")])
def test_a_disk_that_refuses_is_told_as_such_and_the_keys_before_stand(
    number: int, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault(tmp_path, lambda: (OLD,))
    vault.put(EIA, CANARY)

    def refuse(handle: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr("core.whole.os.fsync", refuse)
    with pytest.raises(DatabaseError) as refused:
        vault.put(NSRDB, "another")
    assert refused.value.value == word
    assert dict(Vault(tmp_path, lambda: (OLD,))) == {EIA: CANARY}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["provider-keys.lock", FILE_NAME]
