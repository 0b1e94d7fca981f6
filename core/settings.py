"""How this copy of the program is set up: environment variables, and under them a section of Streamlit's secrets.

SOLAR_MINING_ENV chooses a profile: what else is not said is as PROFILES has it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from core.errors import ValidationError

Mode = Literal["local", "public", "server"]
Env = Literal["development", "staging", "production"]
Level = Literal["info", "debug", "warning", "error"]  # the first where nothing is said
ROOT = Path(__file__).resolve().parents[1]
DEFAULT_HOME = ROOT / "data" / "local"
# of each environment: who it is for, and where it keeps what it writes, where no setting says so
PROFILES: Mapping[Env, tuple[Mode, Path]] = {
    "development": ("local", DEFAULT_HOME),
    "staging": ("server", DEFAULT_HOME / "staging"),
    "production": ("server", DEFAULT_HOME),
}
SECTION, OURS = "solar_mining", "SOLAR_MINING_"
CALLS_PER_MINUTE = 600
LOG_DAYS, MOST_LOG_DAYS = 30, 3650
SHORTEST_KEY = 32  # characters
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
    `issuer|subject` of those who run this server. `log_level`: the least that is logged; `log_days`: how long files of
    logs are kept, 0 for none. `alerts`: the address that is told of troubles. `metrics_key`: opens `/metrics` alone.
    `dask`: the scheduler of a cluster, "" for none. `webhook_hosts`: whom
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
    log_level: Level = "info"
    log_days: int = LOG_DAYS
    alerts: str = field(default="", repr=False)
    metrics_key: str = field(default="", repr=False)
    dask: str = ""
    webhook_hosts: tuple[str, ...] = ()

    @property
    def stores_on_server(self) -> bool:
        """Whether what a visitor saves is kept here; in public mode saving is a download."""
        return self.mode != "public"


def settings(env: Mapping[str, str] | None = None) -> Settings:
    """The settings in `env`, by default `environment()`; an empty variable counts as not set.

    ValidationError names a variable that holds something else than it may.
    """
    env = environment() if env is None else env
    profile = _one_of(get_args(Env), env, "SOLAR_MINING_ENV")
    mode, home = PROFILES[profile]
    return Settings(
        mode=_one_of(get_args(Mode), env, "SOLAR_MINING_MODE", mode),
        env=profile,
        home=_folder(env, "SOLAR_MINING_HOME", home),
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
        dask=_scheduler(env, "SOLAR_MINING_DASK"),
        webhook_hosts=_listed(
            env, "SOLAR_MINING_WEBHOOK_HOSTS", INNER_HOST, "hosts between commas, such as hooks.lan or 10.0.0.5"
        ),
    )


def keeping() -> Settings:
    """The settings of a copy that keeps what is entered; ValidationError in public mode."""
    conf = settings()
    if not conf.stores_on_server:
        raise ValidationError("in public mode nothing is kept", field="SOLAR_MINING_MODE", expected="local or server")
    return conf


def environment() -> Mapping[str, str]:
    """The environment of this process, and under it what [solar_mining] in Streamlit's secrets says.

    What stands in that section is in no environment, so no process begun from here inherits it.
    """
    section = _section(Path.home())
    return ChainMap(os.environ, dict(section)) if section else os.environ


def secrets_of(home: Path) -> dict[str, Any]:
    """What Streamlit's files of secrets hold, those of the project before those of the user."""
    return {**toml_of(home / ".streamlit" / "secrets.toml"), **toml_of(ROOT / ".streamlit" / "secrets.toml")}


def toml_of(path: Path) -> dict[str, Any]:
    """A file that may not be there; ValidationError for one that cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ValidationError(f"{path.name} cannot be read", field=path.name, expected="a TOML file") from error


@cache
def _section(home: Path) -> tuple[tuple[str, str], ...]:
    """The settings among the secrets, read once."""
    found = secrets_of(home).get(SECTION, {})
    return tuple((name, str(value)) for name, value in found.items() if name.startswith(OURS))


def _one_of(words: tuple[Word, ...], env: Mapping[str, str], name: str, default: Word | None = None) -> Word:
    """The word a variable holds, where it is not set the default or else the first of `words`."""
    text = env.get(name, "").strip()
    found = next((word for word in words if word == text), None if text else default or words[0])
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


def _folder(env: Mapping[str, str], name: str, default: Path) -> Path:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        path = Path(text).expanduser().resolve()
        if not path.exists() or path.is_dir():
            return path
    except (ValueError, RuntimeError, OSError):
        pass
    expected = "the path of a folder"
    raise ValidationError(f"{name}: expected {expected}", field=name, value=text, expected=expected)
