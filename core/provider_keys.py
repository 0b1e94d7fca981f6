"""Keys of providers, as an admin enters and forgets them. Nobody is shown one again."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from core.deeds import noted
from core.errors import NotFound, SolarMiningError
from core.fetchers.sources import SOURCES
from core.outside import vault
from core.settings import environment, settings

PREFIX, SUFFIX = "SOLAR_MINING_", "_KEY"
ENTERED, SET, NONE = "entered", "set", "none"
log = logging.getLogger("solar_mining.provider_keys")


@dataclass(frozen=True)
class Held:
    """Whether there is a key of a provider: `entered` here, `set` by the environment, or `none`."""

    id: str
    provider: str
    setting: str
    held: str


def held() -> list[Held]:
    """Each provider that takes a key, in the order of their names."""
    entered = set(vault())
    return [_held(setting, provider, entered) for setting, provider in sorted(_takers().items())]


def put(id: str, key: str, by: str) -> Held:  # noqa: A002
    """Keep a key, which is used from the next call on; NotFound for a provider that takes none."""
    setting = _setting(id)
    vault().put(setting, key)
    noted(by, "provider key entered", id)
    return _held(setting, _takers()[setting], {setting})


def forget(id: str, by: str) -> None:  # noqa: A002
    """Forget a key that was entered; what the environment sets is used again."""
    vault().forget(_setting(id))
    noted(by, "provider key forgotten", id)


def conceal() -> None:
    """Have no log show a key that was entered before this process began; what cannot be opened is told there."""
    if not settings().stores_on_server:
        return
    try:
        len(vault())
    except SolarMiningError as error:
        log.error("keys that were entered are not used: %s", error.message)


def _held(setting: str, provider: str, entered: set[str]) -> Held:
    how = ENTERED if setting in entered else SET if environment().get(setting, "").strip() else NONE
    return Held(_id(setting), provider, setting, how)


def _takers() -> dict[str, str]:
    """The name of each provider that takes a key, by its setting."""
    return {source.key: source.name for source in SOURCES if source.key}


def _id(setting: str) -> str:
    return setting.removeprefix(PREFIX).removesuffix(SUFFIX).lower().replace("_", "-")


def _setting(id: str) -> str:  # noqa: A002
    found = next((setting for setting in _takers() if _id(setting) == id), None)
    if found is None:
        expected = f"one of {', '.join(sorted(_id(setting) for setting in _takers()))}"
        raise NotFound("no such provider takes a key", field="id", value=id, expected=expected)
    return found
