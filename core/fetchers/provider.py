"""What a provider is: how to ask it, and how to read its reply. Each provider is one small file of these."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Never, TypeVar

from core.errors import SourceError

Asked = TypeVar("Asked")  # what is asked about: nothing, a place, a pair of currencies
Told = TypeVar("Told")  # what a reply says, in the house's own types
MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class Request:
    """One call over HTTP. `secrets` names the parameters and headers that no log, error or cache may show."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    secrets: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """The address and the names of what is sent along, no values."""
        return f"Request({self.url.split('://')[-1].split('@')[-1]!r}, {sorted({*self.params, *self.headers})})"


@dataclass(frozen=True)
class Reply:
    """What came back: a complete body within the size limit, and when. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime


@dataclass(frozen=True)
class Source(Generic[Asked, Told]):
    """A provider of one answer.

    `request` builds the call from what is asked and the settings of the provider (`base`, keys by name).
    `read` is pure: SourceError where the reply cannot be read or says that it failed, whatever the HTTP status.
    `base`: address without the path, replaced by a setting for a planner's own node or mirror; empty where only a
    setting can say it. `per_minute`: most calls we make. `key`: environment variable of the key it needs, empty for
    none; `key_optional`: works without; `ring`: the variable may hold several, between semicolons. `opt_in`: used only where a setting names it, for providers whose licence
    forbids commercial use. `notice`: attribution to show beside its figures. `most_bytes`: largest reply, unpacked.
    """

    name: str
    base: str
    request: Callable[[str, Asked, str], Request]  # (base, what is asked, key)
    read: Callable[[Reply, Asked], Told]
    per_minute: int = 30
    key: str = ""
    opt_in: bool = False
    notice: str = ""
    key_optional: bool = False
    ring: bool = True
    most_bytes: int = MOST_BYTES


def json_of(reply: Reply) -> Any:
    """The JSON a reply carries; SourceError for an error status and for everything a strict reader refuses.

    Refused: nothing, a web page (a captive portal answers 200), text that is not UTF-8, broken or very deep JSON,
    a key given twice, NaN, Infinity and numbers too large for a float.
    """
    if reply.status >= 400:
        raise SourceError(f"answered HTTP {reply.status}{_said(reply)}")
    return parsed(reply.body)


def parsed(body: bytes) -> Any:
    """Strict JSON, as in json_of, from bytes alone."""
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise SourceError("answered with nothing")
    if start.startswith(b"<"):
        raise SourceError("answered with a web page instead of data")
    try:
        text = body.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_not_finite, parse_float=_finite)
    except UnicodeDecodeError:
        problem = "answered with text that is not UTF-8"
    except RecursionError:
        problem = "answered with JSON nested too deep"
    except ValueError:
        problem = "answered with broken or cut-off JSON"
    raise SourceError(problem)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SourceError("answered with JSON that names a key twice")
    return found


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _not_finite(text)


def _not_finite(text: str) -> Never:
    raise SourceError(f"answered with a number that is not finite ({text[:20]})")


def _said(reply: Reply) -> str:
    """The start of what an error reply says in plain words, empty for pages and binary."""
    text = reply.body[:200].decode("utf-8", "replace").strip()
    return f": {text}" if text and not text.startswith("<") and text.isprintable() else ""
