"""A real server over sockets: who a caller is there, where the ASGI server believes a forged header. SEC-15."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from core.api.app import PREFIX
from tests.browser.dashboard import OFFLINE, serve

SECRET = "Zm9yIHRoZSB0ZXN0cyBhbmQgbm93aGVyZSBlbHNl"
FORGED = ("127.0.0.1", "203.0.113.7", "127.0.0.1, 127.0.0.1", "::1", "localhost", "")


def test_on_this_computer_a_forged_header_only_ever_takes_rights_away(tmp_path: Path) -> None:
    with serve(tmp_path / "home") as address, httpx.Client(base_url=f"{address}{PREFIX}", timeout=30) as caller:
        assert caller.get("/audit").status_code == 200
        for text in FORGED:
            for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
                assert caller.get("/audit", headers={name: text}).status_code == 403, (name, text)
        assert caller.get("/audit", headers={"X-User": "somebody"}).status_code == 200, "it says nothing at all"


@pytest.mark.parametrize("proxy", ["", "127.0.0.1"])
def test_a_server_counts_wrong_keys_by_the_source_it_may_believe(proxy: str, tmp_path: Path) -> None:
    """Behind a proxy that is named each visitor has a count of their own; else a header changes nothing."""
    world = {**OFFLINE, "SOLAR_MINING_TRUSTED_PROXY": proxy}
    with serve(tmp_path / "home", "server", world) as address, httpx.Client(base_url=f"{address}{PREFIX}", timeout=30) as caller:  # fmt: skip
        statuses = [
            caller.get("/market", headers={"X-API-Key": f"wrong {n}", "X-Forwarded-For": f"203.0.113.{n}"}).status_code
            for n in range(60)
        ]
        assert caller.get("/market").status_code == 401
        assert caller.get("/market", headers={"X-Forwarded-For": "127.0.0.1", "X-User": "local"}).status_code == 401
    assert (429 in statuses) is not bool(proxy)
    assert set(statuses) <= {401, 429}


def test_a_safe_server_starts_in_production(tmp_path: Path) -> None:
    """With what ships, one secret, one provider and one name of its own; it answers to that name and to no stranger."""
    provider = 'client_id = "a"\nclient_secret = "b"\nserver_metadata_url = "https://id.example.org/.well-known"'
    auth = f'[auth]\nredirect_uri = "https://mine.example.org/oauth2callback"\ncookie_secret = "{SECRET}"\n{provider}'
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(auth, encoding="utf-8")
    world = {**OFFLINE, "HOME": str(tmp_path), "SOLAR_MINING_ENV": "production", "SOLAR_MINING_SECRET": SECRET}
    with serve(tmp_path / "home", "server", {**world, "SOLAR_MINING_HOSTS": "mine.example.org"}) as address:
        for host, status in (("mine.example.org", 401), ("evil.example.org", 421)):
            assert httpx.get(f"{address}{PREFIX}/market", headers={"Host": host}, timeout=30).status_code == status
