"""Who asks, and what they may do.

A viewer reads and calculates and keeps nothing; a planner also keeps and changes what is theirs; an admin also runs the
server. A key, where one is given, says who asks in every mode, and no other header does. Without one the planner at
this computer is the admin of a local copy, anybody else is a visitor, and a server answers nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader

from core.api.sources import is_here, source, wrong_keys
from core.deeds import key_secret
from core.errors import Forbidden, Unauthorized
from core.outside import database
from core.settings import settings
from core.store import keys
from core.store.keys import Role
from core.store.rows import new_id

__all__ = ["Admin", "Caller", "Planner", "Role", "Viewer", "at_least", "caller", "key_secret", "source", "visitor"]

RANKS: dict[Role, int] = {"viewer": 0, "planner": 1, "admin": 2}
LOCAL_OWNER = "local"
HEADER = "X-API-Key"
header = APIKeyHeader(name=HEADER, auto_error=False, description="A key of this server; not needed from loopback.")


@dataclass(frozen=True)
class Caller:
    """One who asks: `owner` of the rows they see, what they may do, and the key they came with, "" without one."""

    owner: str
    role: Role
    key_id: str = ""

    def may(self, role: Role) -> bool:
        return RANKS[self.role] >= RANKS[role]

    @property
    def keeps(self) -> bool:
        """Whether what they make is kept; a viewer's answers go out with `id: null`."""
        return self.may("planner")


def caller(request: Request) -> Caller:
    """Who asks, the same throughout a request.

    Unauthorized where nobody known does, RateLimited where a place tries too many wrong keys.
    """
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        known = request.state.caller = _found(request)
    return known


def _found(request: Request) -> Caller:
    mode, text = settings().mode, request.headers.get(HEADER)
    if text is not None:
        return _of_key(text, request)
    if mode == "local" and is_here(request):
        return Caller(LOCAL_OWNER, "admin")
    if mode != "server":
        return visitor()
    raise _nobody()


def visitor() -> Caller:
    """Somebody unknown: with an owner that no row has and nobody had before, so that there is nothing to see."""
    return Caller(f"visitor {new_id()}", "viewer")


def _of_key(text: str, request: Request) -> Caller:
    key = keys.verified(database(), key_secret(), text)
    if key is None:
        wrong_keys().wrong(source(request))
        raise _nobody()
    return Caller(key.owner, key.role, key.id)


def _nobody() -> Unauthorized:
    """The one refusal for a key that is missing, unknown, expired or revoked: which it is helps only a thief."""
    return Unauthorized("a key of this server is needed", field=HEADER, expected="a key that lives")


def at_least(role: Role) -> Callable[[Request, str | None], Caller]:
    """What a route depends on that needs a role."""

    def allowed(request: Request, named: Annotated[str | None, Security(header)]) -> Caller:
        """`named` is for the OpenAPI: the key is read where it is looked up."""
        who = caller(request)
        if not who.may(role):
            raise Forbidden(f"this needs the role {role}", field="role", value=who.role, expected=role)
        return who

    return allowed


Viewer = Annotated[Caller, Depends(at_least("viewer"))]
Planner = Annotated[Caller, Depends(at_least("planner"))]
Admin = Annotated[Caller, Depends(at_least("admin"))]
