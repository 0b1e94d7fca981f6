"""Settings that are unsafe in production are named, and a start with them is refused. OPS-07, SEC-16."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from core.check_config import SAFE, options_of, problems, refuse_unsafe
from core.errors import ValidationError
from core.settings import secrets_of
from core.store.secret import server_secret

ROOT = Path(__file__).parents[1]
SECRET = "Zm9yIHRoZSB0ZXN0cyBhbmQgbm93aGVyZSBlbHNl"
PROVIDER = {"client_id": "a", "client_secret": "b", "server_metadata_url": "https://id.example.org/.well-known"}
AUTH = {"redirect_uri": "https://mine.example.org/oauth2callback", "cookie_secret": SECRET, **PROVIDER}
OPTIONS = {"server.address": "127.0.0.1", "client.showErrorDetails": "none", "client.toolbarMode": "viewer", "server.fileWatcherType": "none", "browser.gatherUsageStats": False}  # fmt: skip


def environment(home: Path, **more: str) -> dict[str, str]:
    env = {"MODE": "server", "ENV": "production", "HOME": str(home), "HOSTS": "mine.example.org", "SECRET": SECRET}
    return {f"SOLAR_MINING_{name}": value for name, value in {**env, **more}.items()}


def found(
    home: Path, env: Mapping[str, str] = {}, options: Mapping[str, Any] = {}, secrets: Mapping[str, Any] | None = None
) -> list[str]:
    told = {**{name: default for name, (default, _, _) in SAFE.items()}, **OPTIONS, **options}
    secrets = {"auth": AUTH} if secrets is None else secrets
    return [one.setting for one in problems(environment(home, **env), told.__getitem__, secrets)]


def test_a_safe_server_is_safe(tmp_path: Path) -> None:
    assert found(tmp_path) == []
    assert found(tmp_path, {"MODE": "public", "SECRET": "", "HOSTS": ""}, secrets={}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client.showErrorDetails", "full"),
        ("client.showErrorDetails", "stacktrace"),
        ("client.showErrorDetails", True),
        ("client.toolbarMode", "auto"),
        ("client.toolbarMode", "developer"),
        ("server.enableAgentApi", True),
        ("server.enableXsrfProtection", False),
        ("server.enableCORS", False),
        ("server.trustedUserHeaders", {"X-User": "email"}),
        ("server.fileWatcherType", "auto"),
        ("global.developmentMode", True),
        ("browser.gatherUsageStats", True),
        ("server.address", "0.0.0.0"),
        ("server.address", None),
        ("server.address", "::"),
    ],
)
def test_an_unsafe_option_is_named(name: str, value: Any, tmp_path: Path) -> None:
    assert found(tmp_path, options={name: value}) == [name]


def test_every_network_is_listened_on_where_a_proxy_is_named(tmp_path: Path) -> None:
    assert found(tmp_path, {"TRUSTED_PROXY": "10.0.0.5"}, {"server.address": "0.0.0.0"}) == []


@pytest.mark.parametrize(
    ("secrets", "setting"),
    [
        ({}, "secrets.toml: [auth]"),
        ({"auth": AUTH, "API_KEY": "canary"}, "secrets.toml: API_KEY"),
        ({"auth": {**AUTH, "cookie_secret": "xxx"}}, "secrets.toml: auth.cookie_secret"),
        ({"auth": {**AUTH, "cookie_secret": "x" * 64}}, "secrets.toml: auth.cookie_secret"),
        ({"auth": {**AUTH, "cookie_secret": "short canary"}}, "secrets.toml: auth.cookie_secret"),
        ({"auth": {k: v for k, v in AUTH.items() if k != "cookie_secret"}}, "secrets.toml: auth.cookie_secret"),
        (
            {"auth": {k: v for k, v in AUTH.items() if k != "server_metadata_url"}},
            "secrets.toml: auth.server_metadata_url",
        ),
        ({"auth": {**AUTH, "redirect_uri": "http://mine.example.org/"}}, "secrets.toml: auth.redirect_uri"),
        ({"auth": {**AUTH, "server_metadata_url": "http://id.example.org/"}}, "secrets.toml: auth"),
    ],
)
def test_an_unsafe_secret_is_named_and_never_shown(secrets: dict[str, Any], setting: str, tmp_path: Path) -> None:
    assert found(tmp_path, secrets=secrets) == [setting]
    told = {**{name: default for name, (default, _, _) in SAFE.items()}, **OPTIONS}
    assert "canary" not in str(problems(environment(tmp_path), told.__getitem__, secrets))


def test_a_named_provider_will_do(tmp_path: Path) -> None:
    auth = {"redirect_uri": AUTH["redirect_uri"], "cookie_secret": SECRET, "google": PROVIDER}
    assert found(tmp_path, secrets={"auth": auth}) == []


@pytest.mark.parametrize(
    ("env", "setting"),
    [
        ({"MODE": "local"}, "SOLAR_MINING_MODE"),
        ({"MODE": "somehow"}, "SOLAR_MINING_MODE"),
        ({"HOSTS": ""}, "SOLAR_MINING_HOSTS"),
        ({"SECRET": ""}, "SOLAR_MINING_SECRET"),
        ({"SECRET": "x" * 64}, "SOLAR_MINING_SECRET"),
    ],
)
def test_an_unsafe_setting_is_named(env: dict[str, str], setting: str, tmp_path: Path) -> None:
    assert setting in found(tmp_path, env)


def test_the_file_of_the_secret_will_do_while_nobody_else_reads_it(tmp_path: Path) -> None:
    server_secret(tmp_path, {})
    assert found(tmp_path, {"SECRET": ""}) == []
    (tmp_path / "secret").chmod(0o644)
    assert found(tmp_path, {"SECRET": ""}) == ["the file of the server's secret"]


def test_the_options_that_are_shipped_are_safe_but_for_the_address(tmp_path: Path) -> None:
    option = options_of(tmp_path, {})
    assert [name for name, (_, safe, _) in SAFE.items() if option(name) not in safe] == []
    assert options_of(tmp_path, {"STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full"})("client.showErrorDetails") == "full"
    assert options_of(tmp_path, {"STREAMLIT_SERVER_ENABLE_AGENT_API": "true"})("server.enableAgentApi") is True


def test_outside_production_nothing_is_refused(tmp_path: Path) -> None:
    for env in ("development", "staging", ""):
        refuse_unsafe(environment(tmp_path, ENV=env, MODE="local"), options_of(tmp_path, {}), tmp_path)
    with pytest.raises(ValidationError, match="SOLAR_MINING_MODE"):
        refuse_unsafe(environment(tmp_path, MODE="local"), options_of(tmp_path, {}), tmp_path)


def test_a_file_of_secrets_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text("= canary")
    with pytest.raises(ValidationError) as refused:
        secrets_of(tmp_path)
    assert "canary" not in str(refused.value.body("id"))
    assert str(tmp_path) not in str(refused.value.body("id"))


def test_staging_says_what_production_would_refuse(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    refuse_unsafe(environment(tmp_path, ENV="staging", MODE="local"), options_of(tmp_path, {}), tmp_path)
    assert "unsafe in production: SOLAR_MINING_MODE" in caplog.text
    caplog.clear()
    refuse_unsafe(environment(tmp_path, ENV="development", MODE="local"), options_of(tmp_path, {}), tmp_path)
    assert caplog.text == ""


WEAK = """[auth]
redirect_uri = "https://mine.example.org/oauth2callback"
cookie_secret = "xxx"
client_id = "a"
client_secret = "b"
server_metadata_url = "https://id.example.org/.well-known"
"""
# what OPS-07 names, and SEC-16: the flags, the file of secrets, the mode, and what is named
REFUSED = (
    (["--global.developmentMode", "true"], "", "public", "global.developmentMode"),
    (["--server.enableAgentApi", "true"], "", "public", "server.enableAgentApi"),
    (["--server.address", "0.0.0.0"], "", "public", "server.address"),
    (["--client.showErrorDetails", "full"], "", "public", "client.showErrorDetails"),
    ([], WEAK, "server", "secrets.toml: auth.cookie_secret"),
    ([], 'API_KEY = "canary"\n', "public", "secrets.toml: API_KEY"),
)


@pytest.mark.parametrize(("flags", "secrets", "mode", "named"), REFUSED, ids=[named for *_, named in REFUSED])
def test_a_start_in_production_is_refused_whatever_says_so(
    flags: list[str], secrets: str, mode: str, named: str, tmp_path: Path
) -> None:
    """By the command line too, which `check-config` cannot see; and at once, with no word of code."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SOLAR_MINING_", "STREAMLIT_"))}
    env |= {**environment(tmp_path / "home", MODE=mode), "HOME": str(tmp_path)}
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(secrets)
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.address",
        "127.0.0.1",
        *(() if "developmentMode" in named else ("--server.port", "0")),  # that mode takes no port
    ]
    ran = subprocess.run([*command, *flags], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    told = ran.stdout + ran.stderr
    assert f"{named}: expected" in told
    assert "canary" not in told
    assert "Traceback" not in told


# --- the command line ----------------------------------------------------------------------------


def test_the_command_says_what_is_unsafe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STREAMLIT_CLIENT_SHOW_ERROR_DETAILS", "full")
    for name, value in environment(tmp_path, MODE="public").items():
        monkeypatch.setenv(name, value)
    assert main(["check-config"]) == 1
    told = capsys.readouterr().out
    assert "client.showErrorDetails: expected none" in told
    assert told.endswith("2 unsafe for production\n")
    monkeypatch.delenv("STREAMLIT_CLIENT_SHOW_ERROR_DETAILS")
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "127.0.0.1")
    assert main(["check-config"]) == 0
    assert capsys.readouterr().out == "safe for production\n"


def test_keys_are_made_listed_and_revoked_at_the_server(tmp_path: Path) -> None:
    env = {**os.environ, "SOLAR_MINING_HOME": str(tmp_path / "home"), "SOLAR_MINING_MODE": "server"}

    def keys(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "core", "keys", *words]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)

    made = keys("create", "night batch", "--role", "viewer", "--owner", "ann")
    text = made.stdout.strip()
    assert made.returncode == 0, made.stderr
    assert text.startswith("smc_")
    listed = keys("list").stdout
    assert text[:13] in listed
    assert "ann: night batch" in listed
    assert text not in listed
    assert "revoked" in keys("revoke", text[4:12]).stdout
    assert "revoked" in keys("list").stdout
    missing = keys("revoke", "00000000")
    assert (missing.returncode, "no such key" in missing.stderr) == (1, True)
    env["SOLAR_MINING_MODE"] = "public"
    assert keys("create", "x").returncode == 1
