"""`Idempotency-Key`: a POST that is sent again, after a lost answer say, does nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.responses import Response

from core.api.identity import Caller, caller
from core.outside import database
from core.store import idempotency
from core.store.idempotency import Answer, Ask

REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True)
class Once:
    """A request that is to be done once, where it carries a key and its caller keeps things; else as often as it comes."""

    ask: Ask | None

    def kept(self) -> Response | None:
        """The answer of an earlier time, None where there is none: to be looked for before long work."""
        found = None if self.ask is None else idempotency.kept(database(), self.ask)
        return None if found is None else _response(found, replayed=True)

    def __call__(self, make: Callable[[], Answer]) -> Response:
        """The response of `make`, which writes within the same transaction, or that of an earlier time."""
        if self.ask is None:
            return _response(make(), replayed=False)
        answer, replayed = idempotency.once(database(), self.ask, make)
        return _response(answer, replayed)


async def once(
    request: Request,
    who: Annotated[Caller, Depends(caller)],
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=128,
            pattern=r"^[!-~]+$",
            description="A name of your own for this request, such as a UUID: sent again within 24 hours, with the same body, it is answered as the first time.",
        ),
    ] = None,
) -> Once:
    """The request as one to be done once."""
    if key is None or not who.keeps:
        return Once(None)
    asked = f"{request.method} {request.url.path}?{request.url.query}\n{request.headers.get('accept', '')}\n"
    fingerprint = hashlib.sha256(asked.encode() + await request.body()).hexdigest()
    return Once(Ask(who.owner, key, fingerprint))


DoneOnce = Annotated[Once, Depends(once)]


def _response(answer: Answer, replayed: bool) -> Response:
    headers = {**answer.headers, REPLAYED: "true"} if replayed else answer.headers
    return Response(answer.body, answer.status, headers, headers.get("content-type", "application/json"))
