"""Settings come from the environment alone, and a wrong one is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from core import settings as module
from core.errors import ValidationError
from core.settings import Settings, environment, settings

ROOT = Path(__file__).parents[1]


def test_an_empty_environment_means_one_planner_on_this_computer() -> None:
    assert settings({}) == Settings("local", "development", ROOT / "data" / "local")


def test_the_process_environment_is_read_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLAR_MINING_MODE", "public")
    assert settings().mode == "public"


@pytest.mark.parametrize(("mode", "stores"), [("local", True), ("server", True), ("public", False)])
def test_only_the_public_mode_keeps_nothing(mode: str, stores: bool) -> None:
    assert settings({"SOLAR_MINING_MODE": mode}).stores_on_server is stores


@pytest.mark.parametrize("env", ["development", "staging", "production"])
def test_every_environment_is_known_by_its_name(env: str) -> None:
    assert settings({"SOLAR_MINING_ENV": env}).env == env


def test_the_home_moves(tmp_path: Path) -> None:
    assert settings({"SOLAR_MINING_HOME": str(tmp_path / "new")}).home == tmp_path / "new"
    assert settings({"SOLAR_MINING_HOME": "~/mine"}).home == Path.home() / "mine"


def test_a_relative_home_is_made_absolute_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings({"SOLAR_MINING_HOME": "kept/here"}).home == tmp_path / "kept" / "here"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOLAR_MINING_MODE", "Local"),
        ("SOLAR_MINING_MODE", "server; rm"),
        ("SOLAR_MINING_ENV", "prod"),
        ("SOLAR_MINING_HOME", "/a\0b"),
        ("SOLAR_MINING_HOME", __file__),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings({name: value})
    assert refused.value.field == name
    assert refused.value.value == value
    assert refused.value.expected
    assert name in refused.value.message


def test_blank_means_unset() -> None:
    assert settings({"SOLAR_MINING_MODE": " ", "SOLAR_MINING_ENV": "", "SOLAR_MINING_HOME": ""}) == settings({})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        settings({}).mode = "public"  # type: ignore[misc]


def test_the_api_answers_to_loopback_and_to_no_other_site_until_told() -> None:
    plain = settings({})
    assert (plain.hosts, plain.origins, plain.calls_per_minute) == ((), (), 600)


def test_hosts_and_origins_are_listed_between_commas() -> None:
    env = {
        "SOLAR_MINING_HOSTS": " Mine.example.org, [::1] ,10.0.0.5,",
        "SOLAR_MINING_CORS_ORIGINS": "https://plans.example.org,http://localhost:3000",
        "SOLAR_MINING_RATE_LIMIT": "60",
    }
    read = settings(env)
    assert read.hosts == ("mine.example.org", "[::1]", "10.0.0.5")
    assert read.origins == ("https://plans.example.org", "http://localhost:3000")
    assert read.calls_per_minute == 60


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOLAR_MINING_HOSTS", "*"),
        ("SOLAR_MINING_HOSTS", "http://mine.example.org"),
        ("SOLAR_MINING_HOSTS", "mine.example.org:8501"),
        ("SOLAR_MINING_CORS_ORIGINS", "*"),
        ("SOLAR_MINING_CORS_ORIGINS", "null"),
        ("SOLAR_MINING_CORS_ORIGINS", "https://plans.example.org/"),
        ("SOLAR_MINING_CORS_ORIGINS", "plans.example.org"),
        ("SOLAR_MINING_RATE_LIMIT", "0"),
        ("SOLAR_MINING_RATE_LIMIT", "-5"),
        ("SOLAR_MINING_RATE_LIMIT", "1e3"),
        ("SOLAR_MINING_RATE_LIMIT", "1000001"),
    ],
)
def test_what_would_open_the_door_too_wide_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings({name: value})
    assert refused.value.field == name


# --- profiles -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "mode", "home"),
    [
        ("development", "local", ROOT / "data" / "local"),
        ("staging", "server", ROOT / "data" / "local" / "staging"),
        ("production", "server", ROOT / "data" / "local"),
    ],
)
def test_an_environment_is_a_profile_of_what_else_is_not_said(env: str, mode: str, home: Path, tmp_path: Path) -> None:
    profile = settings({"SOLAR_MINING_ENV": env})
    assert (profile.mode, profile.home) == (mode, home)
    said = settings({"SOLAR_MINING_ENV": env, "SOLAR_MINING_MODE": "public", "SOLAR_MINING_HOME": str(tmp_path)})
    assert (said.mode, said.home) == ("public", tmp_path)


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user of this computer, who has a file of Streamlit's secrets."""
    (tmp_path / ".streamlit").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SOLAR_MINING_HOSTS", raising=False)
    module._section.cache_clear()
    yield tmp_path / ".streamlit" / "secrets.toml"
    module._section.cache_clear()


def test_a_section_of_the_secrets_says_what_the_environment_does_not(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.write_text(
        '[solar_mining]\nSOLAR_MINING_EIA_KEY = "canary"\nSOLAR_MINING_HOSTS = "a.example"\n'
        'SOLAR_MINING_RATE_LIMIT = 7\nPATH = "not ours"\n'
    )
    assert settings().hosts == ("a.example",)
    assert settings().calls_per_minute == 7
    assert environment()["SOLAR_MINING_EIA_KEY"] == "canary"
    assert environment()["PATH"] == os.environ["PATH"]
    monkeypatch.setenv("SOLAR_MINING_HOSTS", "b.example")
    assert settings().hosts == ("b.example",), "the environment goes first"
    assert "canary" not in str(os.environ), "no process that is begun from here inherits it"
    from core.fetchers.world import Access

    assert Access.from_env(environment()).keys["SOLAR_MINING_EIA_KEY"] == "canary"


def test_secrets_that_cannot_be_read_are_named(user: Path) -> None:
    user.write_text("= canary")
    with pytest.raises(ValidationError) as refused:
        settings()
    assert "canary" not in str(refused.value.details)


def test_logs_alerts_and_the_key_of_metrics_are_as_the_environment_says() -> None:
    plain = settings({})
    assert (plain.log_level, plain.log_days, plain.alerts, plain.metrics_key) == ("info", 30, "", "")
    env = {
        "SOLAR_MINING_LOG_LEVEL": "warning",
        "SOLAR_MINING_LOG_DAYS": "0",
        "SOLAR_MINING_ALERTS": "http://10.0.0.5:8080/hook?token=a%20b",
        "SOLAR_MINING_METRICS_KEY": "k" * 32,
    }
    read = settings(env)
    assert (read.log_level, read.log_days) == ("warning", 0)
    assert (read.alerts, read.metrics_key) == ("http://10.0.0.5:8080/hook?token=a%20b", "k" * 32)
    assert "k" * 32 not in repr(read)
    assert "token" not in repr(read), "whoever has such an address may write to it"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOLAR_MINING_LOG_LEVEL", "verbose"),
        ("SOLAR_MINING_LOG_DAYS", "-1"),
        ("SOLAR_MINING_LOG_DAYS", "3651"),
        ("SOLAR_MINING_ALERTS", "hooks.example.org/canary"),
        ("SOLAR_MINING_ALERTS", "https://user:canary@hooks.example.org/"),
        ("SOLAR_MINING_ALERTS", "https://hooks.example.org/canary#part"),
        ("SOLAR_MINING_METRICS_KEY", "canary-too-short"),
        ("SOLAR_MINING_METRICS_KEY", "canary with blanks and more than 32 characters"),
    ],
)
def test_what_cannot_be_watched_with_is_refused_and_no_secret_repeated(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings({name: value})
    assert refused.value.field == name
    assert "canary" not in str(refused.value.body("req_1"))
