"""Keys of providers, for an admin: entered and forgotten, never shown."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, status
from pydantic import BaseModel, ConfigDict, Field

from core import provider_keys
from core.api.described import errors_of
from core.api.identity import Admin
from core.errors import Forbidden
from core.settings import settings
from core.store.vault import LONGEST

router = APIRouter(prefix="/provider-keys", tags=["operation"])
ProviderId = Annotated[str, Path(max_length=64, description="A provider, as the list names it, such as `eia`.")]


class EnteredKey(BaseModel):
    """A key."""

    model_config = ConfigDict(extra="forbid", strict=True)

    key: str = Field(
        min_length=1,
        max_length=LONGEST,
        description="Several between semicolons, and what goes with it as the README says.",
    )


class HeldShown(BaseModel):
    """Whether there is a key of a provider."""

    id: str = Field(examples=["eia"])
    provider: str
    setting: str = Field(description="The variable of the environment that says it too.")
    held: Literal["entered", "set", "none"] = Field(description="`set`: by the environment.")


class HeldAll(BaseModel):
    """Every provider that takes a key."""

    items: list[HeldShown]


@router.get("", responses=errors_of(401, 403, 429), summary="Which providers have a key")
def list_provider_keys(who: Admin) -> HeldAll:
    """Every provider that takes a key, and whether there is one; no key is shown."""
    return HeldAll(items=[HeldShown(**vars(one)) for one in provider_keys.held()])


@router.put("/{id}", responses=errors_of(401, 403, 404, 429, body=True), summary="Enter a provider's key")
def put_provider_key(who: Admin, id: ProviderId, asked: EnteredKey) -> HeldShown:  # noqa: A002
    """Keep a key, sealed; it goes before one of the environment, is used from the next call on, and is never shown again."""
    if not settings().stores_on_server:
        raise Forbidden("nothing is kept here", field="mode", value="public")
    return HeldShown(**vars(provider_keys.put(id, asked.key, who.owner)))


@router.delete(
    "/{id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=errors_of(401, 403, 404, 422, 429),
    summary="Forget a provider's key",
)
def forget_provider_key(who: Admin, id: ProviderId) -> None:  # noqa: A002
    """Forget a key that was entered; one that the environment sets is used again."""
    provider_keys.forget(id, who.owner)
