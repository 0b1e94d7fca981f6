"""Whether the server lives, and whether it is ready to serve: for whoever watches it, without a key."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from core.api.described import errors_of
from core.health import State, probe, verdict

router = APIRouter(prefix="/health", tags=["health"])


class Live(BaseModel):
    """That the server lives."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether the server can do all it is for, and how its parts are."""

    status: Literal["ok", "degraded", "unavailable"]
    components: dict[str, State]


@router.get("/live", responses=errors_of(), summary="Whether the server lives")
async def live() -> Live:
    """Always at once."""
    return Live()


@router.get(
    "/ready",
    responses={
        **errors_of(),
        503: {"model": Ready, "description": "Something is missing without which nothing is kept."},
    },
    summary="Whether the server is ready",
)
def ready(response: Response) -> Ready:
    """Each part by name, within a tenth of a second; a part that does not answer in time is busy."""
    found = probe().look()
    status = verdict(found)
    response.status_code = 503 if status == "unavailable" else 200
    return Ready(status=status, components=found)
