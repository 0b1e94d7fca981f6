"""One call over HTTP: complete, within its size and its deadline, or a SourceError that shows no secret."""

from __future__ import annotations

import email.utils
import logging
import math
import ssl
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.errors import SourceError
from core.fetchers.provider import MOST_BYTES, Reply, Request
from core.telemetry import HIDDEN, forms, hidden

if TYPE_CHECKING:
    import requests

    from core.fetchers.wire import Road

AGENT = "solar-mining-calculator"
CHUNK = 1 << 16
SHOWN = 200  # characters of a provider's own words that are repeated
SHORTEST_IN_DATA = 8
NEVER_SHOWN = {"authorization", "cookie", "proxy-authorization", "x-api-key"}


class Trouble(SourceError):
    """A call that brought nothing. `passing`: another attempt may help; `after_s`: not before, if the provider said."""

    def __init__(self, message: str, *, passing: bool = False, after_s: float | None = None) -> None:
        super().__init__(message, expected="an answer from outside")
        self.passing = passing
        self.after_s = after_s


def send(request: Request, road: Road, most_bytes: int = MOST_BYTES) -> Reply:
    """The reply to one attempt, whatever its status below 300 or from 400 on; Trouble for anything else.

    A redirect is refused: it would carry keys to another host. No proxy, .netrc or cookie is used.
    """
    try:
        _check(request, road)
        return _sent(request, road, most_bytes)
    except Exception as error:  # whatever a hostile server makes the libraries raise
        trouble = _trouble(error, road)
    try:
        # raised outside of `except`: the libraries' errors carry the address with its keys, also as __context__;
        # and without the way it came, which holds what was read so far
        raise trouble.with_traceback(None)
    finally:
        del trouble


def _check(request: Request, road: Road) -> None:
    scheme = urlsplit(request.url).scheme
    if scheme not in ("http", "https"):
        raise Trouble("the address is not http or https")
    if scheme == "http" and not road.own and any(_secret_values(request)):
        raise Trouble("a key is not sent over a connection without encryption")


def _sent(request: Request, road: Road, most_bytes: int) -> Reply:
    from core.fetchers.wire import session_on

    _hush_libraries()
    with session_on(road) as session:
        response = session.request(
            "GET" if request.body is None else "POST",
            request.url,
            params=dict(request.params),
            headers={"User-Agent": AGENT, "Accept-Encoding": "gzip, deflate", **request.headers},
            data=request.body,
            allow_redirects=False,
            stream=True,
            timeout=road.left_s(),
        )
        with response:
            return _read(response, most_bytes)


def _read(response: requests.Response, most_bytes: int) -> Reply:
    if 300 <= response.status_code < 400:
        raise Trouble("answered with a redirect, which is not followed; set its new address if it moved")
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length[:20]) > most_bytes:
        raise _too_large(most_bytes)
    body = bytearray()
    for chunk in response.raw.stream(CHUNK, decode_content=True):
        body += chunk
        if len(body) > most_bytes:
            raise _too_large(most_bytes)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, bytes(body), datetime.now(UTC))


def _too_large(most_bytes: int) -> Trouble:
    return Trouble(f"answered with more than {most_bytes / 1e6:,.0f} MB")


def _trouble(error: BaseException, road: Road) -> Trouble:
    """What went wrong in our own words: the libraries' words may hold keys."""
    if isinstance(error, Trouble):
        return error
    if isinstance(error, SourceError):
        return Trouble(error.message, passing=False)
    causes = list(_causes(error))
    names = {cause.__name__ for kind in causes for cause in type(kind).__mro__}
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Trouble("its certificate does not hold")
    if {"TimeoutError", "Timeout"} & names:
        return Trouble("no complete answer in time", passing=True)
    if {"DecodeError", "ContentDecodingError"} & names:
        return Trouble("answered with something that cannot be unpacked")
    if isinstance(error, OSError) or {"HTTPError", "HTTPException"} & names:
        return Trouble("the connection failed or broke", passing=True)
    return Trouble(f"the call cannot be made or its answer cannot be read ({type(error).__name__})")


def _causes(error: BaseException) -> Iterable[BaseException]:
    """An error and everything inside it: causes, contexts, and errors given as arguments."""
    seen: list[Any] = [error]
    for one in seen:
        inside = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        seen += [e for e in inside if isinstance(e, BaseException) and all(e is not s for s in seen)]
    return seen


def after_s(reply: Reply, now: datetime) -> float | None:
    """Seconds a Retry-After header asks for, as number or date, never negative; None where it makes no sense."""
    text = reply.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            at = email.utils.parsedate_to_datetime(text)
            seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def secrets_of(request: Request, *more: str) -> tuple[str, ...]:
    """Every text of a call that must not be shown: secret values as they are and as they travel."""
    parts = urlsplit(request.url)
    plain = {*_secret_values(request), *more, parts.password or "", parts.username or ""}
    plain |= {part for value in plain for part in value.split() if value.lower().startswith(("basic ", "bearer "))}
    plain |= {key.partition(":")[2] for key in more}  # of user:password the password alone is a secret too
    return forms(plain)


def _secret_values(request: Request) -> list[str]:
    named = {name.lower() for name in request.secrets} | NEVER_SHOWN
    return [v for k, v in (*request.params.items(), *request.headers.items()) if k.lower() in named]


def without(secrets: Iterable[str], reply: Reply) -> Reply:
    """A reply without the keys it repeats, so that nothing read from it, whole or cut short, holds one.

    What is shorter than SHORTEST_IN_DATA stays: it may be data.
    """
    body = reply.body
    for secret in secrets:
        if len(secret) >= SHORTEST_IN_DATA:
            body = body.replace(secret.encode(), HIDDEN.encode())
    return reply if body is reply.body else replace(reply, body=body)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """A text on one printable line of at most SHOWN characters, with every secret replaced by ***."""
    text = hidden(text, secrets)
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * SHOWN]).split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


class _NoAddresses(logging.Filter):
    """Cuts what follows a question mark out of urllib3's records: keys travel there."""

    def filter(self, record: logging.LogRecord) -> bool:
        from core.fetchers.wire import SEARCH_PART

        record.msg = SEARCH_PART.sub("?…", record.getMessage())
        record.args, record.exc_info, record.exc_text = (), None, None
        return True


def _hush_libraries() -> None:
    for name in ("urllib3.connectionpool", "urllib3.connection"):
        log = logging.getLogger(name)
        if not any(isinstance(f, _NoAddresses) for f in log.filters):
            log.addFilter(_NoAddresses())
