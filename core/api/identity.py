"""Who asks, and what they may do.

A viewer reads and calculates and keeps nothing; a planner also keeps and changes what is theirs; an admin also runs the
server. Only the socket's peer says where a request comes from: `X-Forwarded-For` counts where `SOLAR_MINING_TRUSTED_PROXY`
names the peer, and no other header says who somebody is.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Request

from core.errors import Forbidden, Unauthorized
from core.settings import settings
from core.store.rows import new_id

Role = Literal["viewer", "planner", "admin"]
RANKS: dict[Role, int] = {"viewer": 0, "planner": 1, "admin": 2}
LOCAL_OWNER = "local"
FORWARDING = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")


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
    """Who asks; Unauthorized where nobody known does."""
    mode = settings().mode
    if mode == "local" and is_here(request):
        return Caller(LOCAL_OWNER, "admin")
    if mode != "server":
        return visitor()
    raise Unauthorized("a key is needed", field="X-API-Key", expected="a key of this server")


def visitor() -> Caller:
    """Somebody unknown: with an owner that no row has and nobody had before, so that there is nothing to see."""
    return Caller(f"visitor {new_id()}", "viewer")


def is_here(request: Request) -> bool:
    """Whether a request comes from this computer and through no proxy."""
    return _is_loopback(source(request)) and not any(name in request.headers for name in FORWARDING)


def source(request: Request) -> str:
    """The address a request comes from, "" where the server does not know."""
    return request.client.host if request.client else ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def at_least(role: Role) -> Callable[[Caller], Caller]:
    """What a route depends on that needs a role."""

    def allowed(who: Annotated[Caller, Depends(caller)]) -> Caller:
        if not who.may(role):
            raise Forbidden(f"this needs the role {role}", field="role", value=who.role, expected=role)
        return who

    return allowed


Viewer = Annotated[Caller, Depends(at_least("viewer"))]
Planner = Annotated[Caller, Depends(at_least("planner"))]
Admin = Annotated[Caller, Depends(at_least("admin"))]
