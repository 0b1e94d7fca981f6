"""How this copy of the program is set up, read from environment variables alone."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar, get_args

from core.errors import ValidationError

Mode = Literal["local", "public", "server"]
Env = Literal["development", "staging", "production"]
Level = Literal["info", "debug", "warning", "error"]  # the first where nothing is said
DEFAULT_HOME = Path(__file__).resolve().parents[1] / "data" / "local"
CALLS_PER_MINUTE = 600
LOG_DAYS, MOST_LOG_DAYS = 30, 3650
SHORTEST_KEY = 32  # characters
HOST = r"(?:[a-z0-9-]+\.)*[a-z0-9-]+|\[[0-9a-f:.]+\]"
ORIGIN = rf"https?://(?:{HOST})(?::\d{{1,5}})?"
Word = TypeVar("Word", bound=str)


@dataclass(frozen=True)
class Settings:
    """What the environment decides.

    `mode`: local (one planner, loopback), public (anybody; nothing of a visitor is stored) or server (accounts).
    `env`: development, staging or production. `home`: the folder of what this copy writes. `hosts`: names it answers to
    beside loopback. `origins`: addresses of other sites whose scripts may call the API. `calls_per_minute`: what one
    caller of the API may make. `trusted_proxies`: addresses or networks whose X-Forwarded-For is believed. `admins`:
    `issuer|subject` of those who run this server. `log_level`: the least that is logged; `log_days`: how long files of
    logs are kept, 0 for none. `alerts`: the address that is told of troubles. `metrics_key`: opens `/metrics` alone.
    """

    mode: Mode
    env: Env
    home: Path
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    calls_per_minute: int = CALLS_PER_MINUTE
    trusted_proxies: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    log_level: Level = "info"
    log_days: int = LOG_DAYS
    alerts: str = field(default="", repr=False)
    metrics_key: str = field(default="", repr=False)

    @property
    def stores_on_server(self) -> bool:
        """Whether what a visitor saves is kept here; in public mode saving is a download."""
        return self.mode != "public"


def settings(env: Mapping[str, str] | None = None) -> Settings:
    """The settings in `env`, by default the process's environment; an empty variable counts as not set.

    ValidationError names a variable that holds something else than it may.
    """
    env = os.environ if env is None else env
    return Settings(
        mode=_one_of(get_args(Mode), env, "SOLAR_MINING_MODE"),
        env=_one_of(get_args(Env), env, "SOLAR_MINING_ENV"),
        home=_folder(env, "SOLAR_MINING_HOME"),
        hosts=_listed(env, "SOLAR_MINING_HOSTS", HOST, "names of hosts between commas, such as mine.example.org"),
        origins=_listed(
            env, "SOLAR_MINING_CORS_ORIGINS", ORIGIN, "origins between commas, such as https://plans.example.org"
        ),
        calls_per_minute=_count(env, "SOLAR_MINING_RATE_LIMIT", CALLS_PER_MINUTE),
        trusted_proxies=_networks(env, "SOLAR_MINING_TRUSTED_PROXY"),
        admins=_people(env, "SOLAR_MINING_ADMINS"),
        log_level=_one_of(get_args(Level), env, "SOLAR_MINING_LOG_LEVEL"),
        log_days=_count(env, "SOLAR_MINING_LOG_DAYS", LOG_DAYS, least=0, most=MOST_LOG_DAYS),
        alerts=_address(env, "SOLAR_MINING_ALERTS"),
        metrics_key=_key(env, "SOLAR_MINING_METRICS_KEY"),
    )


def _one_of(words: tuple[Word, ...], env: Mapping[str, str], name: str) -> Word:
    """The word a variable holds, the first of `words` where it is not set."""
    text = env.get(name, "").strip()
    found = next((word for word in words if word == text), None if text else words[0])
    if found is None:
        expected = f"one of {', '.join(words)}"
        raise ValidationError(f"{name}: expected {expected}", field=name, value=text, expected=expected)
    return found


def _listed(env: Mapping[str, str], name: str, pattern: str, expected: str) -> tuple[str, ...]:
    """What a variable lists between commas, in small letters, each as `pattern` has it."""
    words = [word.strip().lower() for word in env.get(name, "").split(",")]
    words = [word for word in words if word]
    for word in words:
        if not re.fullmatch(pattern, word):
            raise ValidationError(f"{name}: expected {expected}", field=name, value=word, expected=expected)
    return tuple(words)


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The addresses and networks a variable lists between commas."""
    expected = "addresses or networks between commas, such as 10.0.0.5 or 10.0.0.0/24"
    words = _listed(env, name, r"[0-9a-f:./]+", expected)
    for word in words:
        try:
            ipaddress.ip_network(word)
        except ValueError:
            raise ValidationError(f"{name}: expected {expected}", field=name, value=word, expected=expected) from None
    return words


def _people(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The people a variable lists between semicolons, each as `issuer|subject`."""
    people = tuple(word.strip() for word in env.get(name, "").split(";") if word.strip())
    for person in people:
        if not re.fullmatch(r"https?://[^|]+\|.+", person):
            expected = "issuer|subject between semicolons, such as https://accounts.example.org|1234"
            raise ValidationError(f"{name}: expected {expected}", field=name, value=person, expected=expected)
    return people


def _count(env: Mapping[str, str], name: str, default: int, least: int = 1, most: int = 1_000_000) -> int:
    """The whole number from `least` to `most` that a variable holds."""
    text = env.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"0|[1-9]\d{0,6}", text) or not least <= int(text) <= most:
        expected = f"a whole number from {least:,} to {most:,}"
        raise ValidationError(f"{name}: expected {expected}", field=name, value=text, expected=expected)
    return int(text)


def _address(env: Mapping[str, str], name: str) -> str:
    """The address of the web that a variable holds; the error does not repeat it, as one may open a chat to whoever has it."""
    text = env.get(name, "").strip()
    if text and not re.fullmatch(rf"(?i)https?://(?:{HOST})(?::\d{{1,5}})?(?:/[!-\"$-~]*)?", text):
        expected = "an address such as https://hooks.example.org/mine"
        raise ValidationError(f"{name}: expected {expected}", field=name, value="***", expected=expected)
    return text


def _key(env: Mapping[str, str], name: str) -> str:
    """The key that a variable holds; the error does not repeat it."""
    text = env.get(name, "").strip()
    if text and not re.fullmatch(rf"[!-~]{{{SHORTEST_KEY},200}}", text):
        expected = f"at least {SHORTEST_KEY} letters, digits or signs"
        raise ValidationError(f"{name}: expected {expected}", field=name, value="***", expected=expected)
    return text


def _folder(env: Mapping[str, str], name: str) -> Path:
    text = env.get(name, "").strip()
    if not text:
        return DEFAULT_HOME
    try:
        path = Path(text).expanduser().resolve()
        if not path.exists() or path.is_dir():
            return path
    except (ValueError, RuntimeError, OSError):
        pass
    expected = "the path of a folder"
    raise ValidationError(f"{name}: expected {expected}", field=name, value=text, expected=expected)
