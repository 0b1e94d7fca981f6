"""Who asks, and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Request

from core.errors import Forbidden, Unauthorized
from core.settings import settings

Role = Literal["viewer", "planner", "admin"]
RANKS: dict[Role, int] = {"viewer": 0, "planner": 1, "admin": 2}


@dataclass(frozen=True)
class Caller:
    """One who asks: `owner` of the rows they see, what they may do, and the key they came with, "" without one."""

    owner: str
    role: Role
    key_id: str = ""

    def may(self, role: Role) -> bool:
        return RANKS[self.role] >= RANKS[role]


def caller(request: Request) -> Caller:
    """Who asks; Unauthorized where nobody known does."""
    raise Unauthorized("a key is needed", field="X-API-Key", expected="a key of this server")


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
