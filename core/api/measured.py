"""What is counted of each request to the API: how long it took, by route and not by address, so that there are few."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

from core.metrics import instruments
from core.traffic import traffic

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
UNKNOWN = "unknown"
ENDLESS = ("/events", "/jobs/{id}/rows")  # answers that last as long as something happens
GONE = 499  # the caller left before an answer


def count(scope: Scope, method: str, status: int, seconds: float) -> None:
    """One more request, once it is answered."""
    route = route_of(scope)
    told = (route, method if method in METHODS else "other", str(status or GONE))
    instruments().requests.labels(*told).observe(seconds)
    traffic().saw(seconds, failed=status in (500, 502, 504), quick=_is_quick(scope, route, method))


def route_of(scope: Scope) -> str:
    """The template of the route that answered, such as /jobs/{id}."""
    route: Any = scope.get("route")
    template = str(getattr(route, "path_format", None) or "")
    return template if template and "{rest:path}" not in template and scope.get("endpoint") is not None else UNKNOWN


def _is_quick(scope: Scope, route: str, method: str) -> bool:
    """Whether an answer was due at once: nobody asked to wait, or for work that takes its time."""
    if b"wait=" in scope.get("query_string", b"") or route in ENDLESS:
        return False
    return method in ("GET", "HEAD", "PUT", "DELETE")
