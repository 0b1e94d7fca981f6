"""Keys of the API, for an admin: made (and shown that once), listed, revoked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, status
from pydantic import BaseModel, ConfigDict, Field

from core.api.described import errors_of
from core.api.identity import Admin, key_secret
from core.api.paging import Page, PageAsked, page
from core.outside import audit, database
from core.store import keys
from core.store.keys import DAYS, DAYS_MOST, LONGEST_LABEL, Role
from core.store.rows import LONGEST_OWNER

router = APIRouter(tags=["keys"])
KeyId = Annotated[str, Path(max_length=64, description="The id of a key: the eight digits after `smc_`.")]


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid", strict=True)

    label: str = Field(min_length=1, max_length=LONGEST_LABEL, description="What it is for.", examples=["night batch"])
    role: Role = Field("planner", description="viewer reads and calculates, planner also keeps, admin also runs.")
    owner: str | None = Field(
        None, min_length=1, max_length=LONGEST_OWNER, description="Whose rows it sees; your own where left out."
    )
    days: int = Field(DAYS, ge=1, le=DAYS_MOST, description="How long it lives.")


class KeyShown(BaseModel):
    """A key without the key."""

    id: str
    prefix: str = Field(description="How the key begins.", examples=["smc_0f3a9b12_"])
    owner: str
    role: Role
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")


class KeyMade(KeyShown):
    """A new key."""

    key: str = Field(description="Shown now and never again: only a code of it is kept.")


def shown(key: keys.Key) -> KeyShown:
    return KeyShown(**vars(key), prefix=key.prefix)


@router.get("/keys", responses=errors_of(401, 403, 422, 429), summary="All keys of this server")
def list_keys(who: Admin, want: PageAsked) -> Page[KeyShown]:
    """Every key that was made, of everybody, the newest first; those that expired or were revoked too."""
    return page(keys.listed(database(), "", want.limit + 1, want.after), want, shown)


@router.post(
    "/keys",
    status_code=status.HTTP_201_CREATED,
    responses=errors_of(401, 403, 409, 429, body=True),
    summary="Make a key",
)
def create_key(who: Admin, asked: NewKey) -> KeyMade:
    """Make a key, shown in this answer alone; so a repeated request makes another one.

    Two keys of one owner and label may live at a time: to rotate, make the second, move to it, revoke the first.
    """
    owner = asked.owner or who.owner
    key, text = keys.create(database(), key_secret(), owner, asked.role, asked.label, asked.days)
    audit().note(who.owner, "key created", key.id, f"{key.role} of {audit().name(key.owner)}")
    return KeyMade(**vars(key), prefix=key.prefix, key=text)


@router.delete(
    "/keys/{id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=errors_of(401, 403, 404, 422, 429),
    summary="Revoke a key",
)
def revoke_key(who: Admin, id: KeyId) -> None:  # noqa: A002
    """End a key at once; the list tells of it further on."""
    key = keys.revoke(database(), id)
    audit().note(who.owner, "key revoked", key.id, f"{key.role} of {audit().name(key.owner)}")
