"""The audit log, for an admin."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from core.api.described import errors_of
from core.api.identity import Admin
from core.api.paging import Page, PageAsked, page
from core.errors import ValidationError
from core.outside import audit, database
from core.store import keys

router = APIRouter(tags=["operation"])
NEWEST = 2**62


class EntryShown(BaseModel):
    """One deed."""

    seq: int = Field(description="Its number; one follows the other.")
    at: datetime
    who: str = Field(description="The owner of rows who did it; a code, once no key of theirs is left.")
    action: str = Field(examples=["key created"])
    subject: str = Field(description="What it was done to.")
    detail: str


class Soundness(BaseModel):
    """Whether the log is as it was written."""

    sound: bool
    first_bad: int | None = Field(description="The number of the first entry that was changed or is missing.")


@router.get("/audit", responses=errors_of(401, 403, 422, 429), summary="Who did what")
def list_audit(who: Admin, want: PageAsked) -> Page[EntryShown]:
    """Keys made and revoked, sign-ins, shares and deletions, the newest first."""
    names = {audit().name(key.owner): key.owner for key in keys.listed(database())}
    found = audit().listed(want.limit + 1, _before(want.after))
    return page(found, want, lambda entry: EntryShown(**{**vars(entry), "who": names.get(entry.who, entry.who)}))


@router.get("/audit/soundness", responses=errors_of(401, 403, 429), summary="Whether the audit log is sound")
def check_audit(who: Admin) -> Soundness:
    """Read the whole log and check that each entry is as it was written and that none is missing."""
    first = audit().first_bad()
    return Soundness(sound=first is None, first_bad=first)


def _before(after: tuple[str, str] | None) -> int:
    """The number that a place in the list stands for."""
    if after is None:
        return NEWEST
    if not after[1].isdecimal() or len(after[1]) > 18:
        expected = "next_cursor of the page before"
        raise ValidationError(f"cursor: expected {expected}", field="cursor", expected=expected)
    return int(after[1])
