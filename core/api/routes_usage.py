"""The use of the API, for an admin."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from core.api.described import errors_of
from core.api.identity import Admin
from core.api.paging import Page, PageAsked, page
from core.api.usage import counts
from core.errors import ValidationError
from core.outside import database
from core.store import usage

MOST_DAYS = 366
router = APIRouter(tags=["operation"])


class Used(BaseModel):
    """Calls of one owner with one key on one day, in UTC."""

    day: date
    owner: str
    key_id: str
    calls: int
    refused: int


@router.get("/usage", responses=errors_of(401, 403, 422, 429), summary="Calls by day, owner and key")
def read_usage(
    who: Admin,
    want: PageAsked,
    since: Annotated[
        date | None, Query(description="First day, YYYY-MM-DD; 30 days before `until` where left out.")
    ] = None,
    until: Annotated[date | None, Query(description="Last day; today, in UTC, where left out.")] = None,
) -> Page[Used]:
    """Calls of the API on each UTC day, the newest first: those that were served, and those refused as too many."""
    last = until or datetime.now(UTC).date()
    first = since or last - min(timedelta(days=30), last - date.min)
    if not 0 <= (last - first).days < MOST_DAYS:
        expected = f"a day in the {MOST_DAYS} before until"
        raise ValidationError(f"since: expected {expected}", field="since", value=first, expected=expected)
    counts().write()
    return page(usage.listed(database(), first, last, want.limit + 1, want.after), want, _shown)


def _shown(one: usage.Kept) -> Used:
    return Used(**{name: getattr(one, name) for name in Used.model_fields})
