"""Share links: made and taken back by a planner, read by whoever has one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from core import deeds
from core.api.described import errors_of
from core.api.idempotency import DoneOnce
from core.api.identity import Planner
from core.api.limits import limiter
from core.api.paging import Page, PageAsked, page
from core.api.sources import household, source
from core.errors import RateLimited
from core.outside import database
from core.plain import plain
from core.results import Projection
from core.scenario import Scenario
from core.store import shares
from core.store.idempotency import Answer
from core.store.shares import DAYS, DAYS_MOST, Kind

router = APIRouter(prefix="/shares", tags=["shares"])
open_to_all = APIRouter(prefix="/shares", tags=["shares"])  # by address: whoever has a link has no key
ShareId = Annotated[str, Path(max_length=64, description="The id of a link: 32 digits.")]


class NewShare(BaseModel):
    """A link to be made."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Kind = Field(description="scenario: a saved system configuration.")
    subject_id: str = Field(min_length=1, max_length=64, description="The id of what it shows.")
    days: int = Field(DAYS, ge=1, le=DAYS_MOST, description="How long it works.")


class ShareShown(BaseModel):
    """A link; opened as `/?share=<id>` in the dashboard."""

    id: str = Field(description="All there is to know: whoever has it may read.")
    kind: Kind
    subject_id: str
    name: str
    created_at: datetime
    expires_at: datetime


class Content(BaseModel):
    """What a link shows: a scenario, and of a projection the answer too."""

    kind: Kind
    name: str
    expires_at: datetime
    scenario: dict[str, Any]
    projection: dict[str, Any] | None = Field(description="metrics, reasons, readings, yearly and monthly.")


def shown(share: shares.Share) -> ShareShown:
    return ShareShown(**{name: getattr(share, name) for name in ShareShown.model_fields})


@router.get("", responses=errors_of(401, 403, 422, 429), summary="Your links")
def list_shares(who: Planner, want: PageAsked) -> Page[ShareShown]:
    """Your links that have not expired, the newest first."""
    return page(shares.listed(database(), who.owner, want.limit + 1, want.after), want, shown)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ShareShown,
    responses=errors_of(401, 403, 404, 409, 429, body=True),
    summary="Make a link",
)
def create_share(who: Planner, asked: NewShare, once: DoneOnce) -> Response:
    """Make a link to something you saved. It works until it expires, is taken back, or what it shows is deleted."""
    made: list[shares.Share] = []

    def make() -> Answer:
        made.append(shares.create(database(), who.owner, asked.kind, asked.subject_id, asked.days))
        return Answer(status.HTTP_201_CREATED, shown(made[0]).model_dump_json().encode())

    answer = once(make)
    for share in made:
        deeds.shared(share)
    return answer


@router.delete(
    "/{id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=errors_of(401, 403, 404, 422, 429),
    summary="Take a link back",
)
def revoke_share(who: Planner, id: ShareId) -> None:  # noqa: A002
    """The link shows nothing from now on."""
    deeds.take_back(who.owner, id)


def limited_by_address(request: Request) -> None:
    """Count a reading, and refuse it with RateLimited where it is one too many from one place."""
    left = limiter().take(f"share from {household(source(request))}")
    request.scope["state"].setdefault("headers", []).extend(left.headers)
    if not left.may:
        raise RateLimited("too many links were opened from here", after_s=left.after_s, field="calls")


@open_to_all.get(
    "/{id}/content",
    responses=errors_of(404, 422, 429),
    dependencies=[Depends(limited_by_address)],
    summary="What a link shows",
)
def read_share(id: ShareId) -> Content:  # noqa: A002
    """Needs no key. A link that expired, was taken back or never was looks the same: 404."""
    share, found = shares.opened(database(), id)
    scenario = found if isinstance(found, Scenario) else found.scenario
    answer = answer_of(found) if isinstance(found, Projection) else None
    facts = {"kind": share.kind, "name": share.name, "expires_at": share.expires_at}
    return Content(**facts, scenario=scenario.model_dump(mode="json"), projection=answer)


def answer_of(found: Projection) -> dict[str, Any]:
    """A projection without its hours."""
    tables = {name: plain(getattr(found, name)) for name in ("yearly", "monthly")}
    return {**plain(found.summary()), **tables}
