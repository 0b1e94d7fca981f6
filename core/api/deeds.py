"""What is written into the audit log of what a caller deletes, whichever route does it."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request

from core import deeds
from core.api.identity import caller

# what routes write down themselves, in words of their own; a job that is cancelled loses nobody anything
TOLD_ELSEWHERE = {"keys", "shares", "jobs", "my-data", "provider-keys"}
# what the dashboard calls the things of an address
KINDS = {"system-configs": "scenario", "projections": "projection", "equipment": "machine", "webhooks": "webhook"}


def deletion_noted(request: Request) -> Iterator[None]:
    """Once a DELETE is done, one row that says who deleted what."""
    yield
    parts = request.url.path.rstrip("/").split("/")[-2:]
    if request.method != "DELETE" or TOLD_ELSEWHERE & set(parts):
        return
    deeds.deleted(caller(request).owner, KINDS.get(parts[0], parts[0]), parts[-1])
