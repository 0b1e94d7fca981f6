"""What is written into the audit log of what a caller deletes, whichever route does it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from fastapi import Request

from core.api.identity import caller
from core.errors import DatabaseError
from core.outside import audit

# what routes write down themselves, in words of their own; a job that is cancelled loses nobody anything
TOLD_ELSEWHERE = {"keys", "shares", "jobs", "my-data", "provider-keys"}
log = logging.getLogger("solar_mining.api")


def deletion_noted(request: Request) -> Iterator[None]:
    """Once a DELETE is done, one row that says who deleted what."""
    yield
    parts = request.url.path.rstrip("/").split("/")[-2:]
    if request.method != "DELETE" or TOLD_ELSEWHERE & set(parts):
        return
    try:
        audit().note(caller(request).owner, "deleted", " ".join(parts))
    except DatabaseError as error:  # what is gone is gone: the answer stands
        log.error("a deletion is not in the audit log: %s", error.message)
