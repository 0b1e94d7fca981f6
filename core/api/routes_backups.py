"""Backups of the database, for an admin."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from core.api.described import errors_of
from core.api.identity import Admin
from core.api.paging import Page, PageAsked, page
from core.deeds import noted
from core.errors import Forbidden
from core.outside import database
from core.settings import settings
from core.store import backups

router = APIRouter(prefix="/backups", tags=["operation"])


class NewBackup(BaseModel):
    """Nothing needs to be said."""

    model_config = ConfigDict(extra="forbid")


class BackupShown(BaseModel):
    """A copy of the database in the folder `backups` beside it."""

    id: str
    created_at: datetime
    size_bytes: int
    sha256: str = Field(description="Of the file, whose name has it too.")


@router.get("", responses=errors_of(401, 403, 422, 429), summary="Backups there are")
def list_backups(who: Admin, want: PageAsked) -> Page[BackupShown]:
    """Copies of the database that were made and are kept, the newest first."""
    return page(backups.listed(settings().home, want.limit + 1, want.after), want, _shown)


@router.post("", status_code=201, responses=errors_of(401, 403, 429, body=True), summary="Back the database up")
def create_backup(who: Admin, asked: NewBackup | None = None) -> BackupShown:
    """Copy the database while it is used, sealed, opened once and checked. Kept are the newest 24, and one of each of 14 days and 8 weeks."""
    conf = settings()
    if not conf.stores_on_server:
        raise Forbidden("nothing is kept here that could be backed up", field="mode", value=conf.mode)
    made = backups.make(database(), conf.home)
    noted(who.owner, "backup made", made.id, made.sha256)
    return _shown(made)


def _shown(one: backups.Backup) -> BackupShown:
    return BackupShown(**vars(one))
