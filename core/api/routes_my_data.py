"""All that is kept of one owner: as one file, or deleted for good."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from core import my_data
from core.api.described import errors_of, table
from core.api.identity import Caller, Planner, Viewer
from core.api.usage import counts
from core.errors import Forbidden, ValidationError
from core.store.rows import LONGEST_OWNER

router = APIRouter(prefix="/my-data", tags=["my data"])
IN_MEMORY_BYTES, PIECE_BYTES = 8_000_000, 1 << 16
ARCHIVE = table("A ZIP archive.", **{"application/zip": {"schema": {"type": "string", "format": "binary"}}})
Owner = Annotated[
    str | None,
    Query(
        min_length=1, max_length=LONGEST_OWNER, description="Whose; your own where left out. Of others for an admin."
    ),
]


class Deleted(BaseModel):
    """What went."""

    owner: str
    rows: dict[str, int] = Field(description="How many of each kind.", examples=[{"scenarios": 3, "projections": 8}])
    backups: str = Field(description="What of it is still in backups and files moved aside, and how long.")


@router.get(
    "",
    response_class=Response,
    responses={**errors_of(401, 403, 422, 429), 200: ARCHIVE},
    summary="All that is kept of you",
)
def export_my_data(who: Viewer, owner: Owner = None) -> Response:
    """One ZIP archive of everything: scenarios, projections, weather, machines, links, webhooks, keys (without the keys), jobs and use."""
    counts().write()
    into = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  # closed once it was sent
    try:
        my_data.export(_whose(who, owner), into)
        into.seek(0)
    except BaseException:
        into.close()
        raise
    headers = {"content-disposition": 'attachment; filename="my-data.zip"'}
    return StreamingResponse(
        _pieces(into), media_type="application/zip", headers=headers, background=BackgroundTask(into.close)
    )


@router.delete("", responses=errors_of(401, 403, 422, 429), summary="Delete all that is kept of you")
def delete_my_data(
    who: Planner,
    confirm: Annotated[str, Query(max_length=LONGEST_OWNER, description="The owner once more, word for word.")],
    owner: Owner = None,
) -> Deleted:
    """Delete everything at once and for good, your keys too, and write the database anew without it."""
    whose = _whose(who, owner)
    if confirm != whose:
        raise ValidationError("confirm: expected the owner", field="confirm", value=confirm, expected=whose)
    counts().write()
    return Deleted(owner=whose, rows=my_data.delete(whose, who.owner), backups=my_data.still_held())


def _whose(who: Caller, owner: str | None) -> str:
    if owner is not None and owner != who.owner and not who.may("admin"):
        raise Forbidden("this needs the role admin", field="role", value=who.role, expected="admin")
    return owner or who.owner


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece
