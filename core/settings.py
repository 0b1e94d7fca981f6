"""How this copy of the program is set up, read from environment variables alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

from core.errors import ValidationError

Mode = Literal["local", "public", "server"]
Env = Literal["development", "staging", "production"]
DEFAULT_HOME = Path(__file__).resolve().parents[1] / "data" / "local"
Word = TypeVar("Word", bound=str)


@dataclass(frozen=True)
class Settings:
    """What the environment decides.

    `mode`: local (one planner, loopback), public (anybody; nothing of a visitor is stored) or server (accounts).
    `env`: development, staging or production. `home`: the folder of what this copy writes.
    """

    mode: Mode
    env: Env
    home: Path

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
    )


def _one_of(words: tuple[Word, ...], env: Mapping[str, str], name: str) -> Word:
    """The word a variable holds, the first of `words` where it is not set."""
    text = env.get(name, "").strip()
    found = next((word for word in words if word == text), None if text else words[0])
    if found is None:
        expected = f"one of {', '.join(words)}"
        raise ValidationError(f"{name}: expected {expected}", field=name, value=text, expected=expected)
    return found


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
