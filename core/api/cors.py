"""Which scripts of other sites may call the API: those of the origins a setting lists, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.api.errors import Headers

METHODS = "GET, POST, PUT, DELETE"
SENT = "Content-Type, X-API-Key, Idempotency-Key, If-Match, If-None-Match, X-Request-ID, Last-Event-ID, Accept"
SEEN = (
    "ETag, Location, Retry-After, X-Request-ID, Idempotency-Replayed, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Content-Disposition"
)
AN_HOUR_S = "3600"


@dataclass(frozen=True)
class Cors:
    """The rule for one list of origins; no cookie is ever asked for, as a key travels in its own header."""

    origins: frozenset[str]

    def allows(self, origin: str) -> bool:
        return origin.lower() in self.origins

    def headers(self, origin: str) -> Headers:
        """What every answer says to a script of `origin`."""
        if not self.origins:
            return []
        vary = [(b"vary", b"Origin")]
        if not self.allows(origin):
            return vary
        return [
            *vary,
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-expose-headers", SEEN.encode()),
        ]

    def preflight(self, method: str, headers: Mapping[str, str]) -> Headers | None:
        """The answer to a browser that asks before it lets a script call, None where it is no such question."""
        if method != "OPTIONS" or "access-control-request-method" not in headers:
            return None
        if not self.allows(headers.get("origin", "")):
            return None
        told = {"methods": METHODS, "headers": SENT}
        found = [(f"access-control-allow-{name}".encode(), value.encode()) for name, value in told.items()]
        return [*found, (b"access-control-max-age", AN_HOUR_S.encode())]
