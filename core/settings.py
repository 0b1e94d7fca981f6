"""How this copy of the program is set up, read from environment variables alone."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

from core.errors import ValidationError

Mode = Literal["local", "public", "server"]
Env = Literal["development", "staging", "production"]
DEFAULT_HOME = Path(__file__).resolve().parents[1] / "data" / "local"
CALLS_PER_MINUTE = 600
HOST = r"(?:[a-z0-9-]+\.)*[a-z0-9-]+|\[[0-9a-f:.]+\]"
ORIGIN = rf"https?://(?:{HOST})(?::\d{{1,5}})?"
SCHEDULER = r"(?:tcp|tls)://[^\s/?#@]+"
INNER_HOST = r"[a-z0-9._-]+|[0-9a-f:.]+"  # a name that only a private network knows, or an address
Word = TypeVar("Word", bound=str)


@dataclass(frozen=True)
class Settings:
    """What the environment decides.

    `mode`: local (one planner, loopback), public (anybody; nothing of a visitor is stored) or server (accounts).
    `env`: development, staging or production. `home`: the folder of what this copy writes. `hosts`: names it answers to
    beside loopback. `origins`: addresses of other sites whose scripts may call the API. `calls_per_minute`: what one
    caller of the API may make. `trusted_proxies`: addresses or networks whose X-Forwarded-For is believed. `admins`:
    `issuer|subject` of those who run this server. `dask`: the scheduler of a cluster, "" for none. `webhook_hosts`: whom
    webhooks may call on a private network or without TLS.
    """

    mode: Mode
    env: Env
    home: Path
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    calls_per_minute: int = CALLS_PER_MINUTE
    trusted_proxies: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    dask: str = ""
    webhook_hosts: tuple[str, ...] = ()

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
        dask=_scheduler(env, "SOLAR_MINING_DASK"),
        webhook_hosts=_listed(
            env, "SOLAR_MINING_WEBHOOK_HOSTS", INNER_HOST, "hosts between commas, such as hooks.lan or 10.0.0.5"
        ),
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


def _scheduler(env: Mapping[str, str], name: str) -> str:
    """The address of a Dask scheduler that a variable holds, empty where it is not set."""
    text = env.get(name, "").strip()
    if text and not re.fullmatch(SCHEDULER, text):
        expected = "the address of a Dask scheduler, such as tls://10.0.0.5:8786"
        raise ValidationError(f"{name}: expected {expected}", field=name, value=text, expected=expected)
    return text


def _count(env: Mapping[str, str], name: str, default: int) -> int:
    """The whole number from 1 to a million that a variable holds."""
    text = env.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"[1-9]\d{0,5}|1000000", text):
        expected = "a whole number from 1 to 1,000,000"
        raise ValidationError(f"{name}: expected {expected}", field=name, value=text, expected=expected)
    return int(text)


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
