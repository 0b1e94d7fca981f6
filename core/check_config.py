"""Whether this copy may be put before others: settings that are fine at home and unsafe in production.

`python -m core check-config` reads what files and environment say. A start with SOLAR_MINING_ENV=production looks at
what is in effect, command line included, and does not begin where anything is unsafe.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.errors import SolarMiningError, ValidationError
from core.settings import ROOT, Settings, secrets_of, settings, toml_of
from core.store.secret import FILE_NAME, SHORTEST, VARIABLE

Option = Callable[[str], Any]
EVERYWHERE = (None, "", "0.0.0.0", "::")
FEWEST_SIGNS = 10  # different characters in a secret: less is a word that somebody typed
# Streamlit's options that matter here: what it does where nobody says otherwise, what is safe, and why
SAFE: dict[str, tuple[Any, tuple[Any, ...], str]] = {
    "client.showErrorDetails": ("full", ("none",), "errors would show code, paths and what they hold"),
    "client.toolbarMode": ("auto", ("viewer", "minimal"), "visitors would get a developer's menu"),
    "server.enableAgentApi": (False, (False,), "anybody could drive the dashboard from a program"),
    "server.enableXsrfProtection": (True, (True,), "pages of other sites could upload in a visitor's name"),
    "server.enableCORS": (True, (True,), "pages of other sites could read along"),
    "server.trustedUserHeaders": (None, (None, "", {}), "a header could say who somebody is"),
    "server.fileWatcherType": ("auto", ("none",), "a change of a file would split the server into two halves"),
    "global.developmentMode": (False, (False,), "it is for those who develop Streamlit"),
    "browser.gatherUsageStats": (True, (False,), "browsers would report to a third party"),
}
ADDRESS = "server.address"
log = logging.getLogger("solar_mining.settings")


@dataclass(frozen=True)
class Problem:
    """A setting that is not safe: never with its value, which may be a secret."""

    setting: str
    expected: str
    why: str

    def __str__(self) -> str:
        return f"{self.setting}: expected {self.expected}; {self.why}"


def problems(env: Mapping[str, str], option: Option, secrets: Mapping[str, Any]) -> list[Problem]:
    """All that is unsafe for production, an empty list where nothing is."""
    try:
        conf = settings(env)
    except ValidationError as error:
        return [Problem(error.field, error.expected, "the program does not start otherwise")]
    found = [*_modes(conf), *_options(option, conf), *_top_level(secrets), *_server_secret(conf, env)]
    return [*found, *_sign_in(secrets)] if conf.mode == "server" else found


def refuse_unsafe(env: Mapping[str, str], option: Option, home: Path | None = None) -> None:
    """In production ValidationError that names all that is unsafe; in staging the log tells of it."""
    conf = settings(env)
    if conf.env == "development":
        return
    found = problems(env, option, secrets_of(home or Path.home()))
    if conf.env == "staging":
        for problem in found:
            log.warning("unsafe in production: %s", problem)
    elif found:
        lines = "\n".join(f"  {problem}" for problem in found)
        raise ValidationError(f"this is not safe in production:\n{lines}", field=found[0].setting)


def options_of(home: Path, env: Mapping[str, str]) -> Option:
    """Streamlit's options as its files and the environment say, for a program that runs without it."""
    told: dict[str, Any] = {}
    for folder in (home, ROOT):
        for section, values in toml_of(folder / ".streamlit" / "config.toml").items():
            told |= {f"{section}.{name}": value for name, value in values.items()} if isinstance(values, dict) else {}

    def option(name: str) -> Any:
        variable = "STREAMLIT_" + re.sub(r"([a-z])([A-Z])", r"\1_\2", name).replace(".", "_").upper()
        default = SAFE[name][0] if name in SAFE else None
        return _typed(env[variable]) if env.get(variable) else told.get(name, default)

    return option


def _modes(conf: Settings) -> Iterator[Problem]:
    if conf.mode == "local":
        yield Problem("SOLAR_MINING_MODE", "server, or public", "local gives whoever is on this computer every right")
    if conf.mode == "server" and not conf.hosts:
        yield Problem("SOLAR_MINING_HOSTS", "the names of this server", "it would answer to any name (DNS rebinding)")


def _options(option: Option, conf: Settings) -> Iterator[Problem]:
    for name, (_, safe, why) in SAFE.items():
        if option(name) not in safe:
            yield Problem(name, " or ".join(str(value).lower() for value in safe if value or value is False), why)
    if option(ADDRESS) in EVERYWHERE and not conf.trusted_proxies:
        why = "it would listen on every network without the proxy that speaks TLS for it"
        yield Problem(ADDRESS, "127.0.0.1, or SOLAR_MINING_TRUSTED_PROXY with the address of the proxy", why)


def _top_level(secrets: Mapping[str, Any]) -> Iterator[Problem]:
    for name, value in secrets.items():
        if not isinstance(value, dict):
            why = "at the top level it is copied into the environment of every process begun from here"
            yield Problem(f"secrets.toml: {name}", "a place inside a [section]", why)


def _server_secret(conf: Settings, env: Mapping[str, str]) -> Iterator[Problem]:
    if not conf.stores_on_server:
        return
    file = conf.home / FILE_NAME
    if given := env.get(VARIABLE, "").strip():
        if not _strong(given):
            yield Problem(VARIABLE, f"{SHORTEST} random characters or more", "keys and audit log could be forged")
    elif not file.is_file():
        why = "keys and audit log rest on it; `python -m core keys create` makes one too"
        yield Problem(VARIABLE, f"{SHORTEST} random characters or more", why)
    elif file.stat().st_mode & 0o077:
        yield Problem("the file of the server's secret", "mode 0600", "others on this computer can read it")


def _sign_in(secrets: Mapping[str, Any]) -> Iterator[Problem]:
    auth = secrets.get("auth")
    if not isinstance(auth, dict):
        yield Problem("secrets.toml: [auth]", "an identity provider", "nobody could sign in")
        return
    if not _strong(str(auth.get("cookie_secret", ""))):
        expected = f"{SHORTEST} random characters or more"
        yield Problem("secrets.toml: auth.cookie_secret", expected, "anybody could sign in as anybody")
    providers = {"auth": auth, **{f"auth.{name}": one for name, one in auth.items() if isinstance(one, dict)}}
    named = {name: str(one["server_metadata_url"]) for name, one in providers.items() if "server_metadata_url" in one}
    if not named:
        yield Problem("secrets.toml: auth.server_metadata_url", "the address of a provider", "nobody could sign in")
    for name, address in {**named, "auth.redirect_uri": str(auth.get("redirect_uri", ""))}.items():
        if urlsplit(address).scheme != "https":
            yield Problem(
                f"secrets.toml: {name}", "an address that begins with https", "sign-ins could be read on the way"
            )


def _strong(secret: str) -> bool:
    return len(secret) >= SHORTEST and len(set(secret)) >= FEWEST_SIGNS


def _typed(text: str) -> Any:
    """What a variable says: true and false are no text."""
    return {"true": True, "false": False}.get(text.strip().lower(), text.strip())


def explained(error: SolarMiningError) -> str:
    """An error as a start that was refused tells it."""
    return f"Solar Mining Calculator does not start: {error.message}"
