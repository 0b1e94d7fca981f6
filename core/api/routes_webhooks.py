"""Webhooks: addresses that are told what happened."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from core import webhooks
from core.api.described import errors_of
from core.api.idempotency import REPLAYED, DoneOnce
from core.api.identity import Planner
from core.api.paging import Page, PageAsked, page
from core.events import KINDS
from core.outside import database
from core.store import webhooks as store
from core.store.idempotency import Answer
from core.store.webhooks import Webhook

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
WebhookId = Annotated[str, Path(max_length=64, description="The id of a webhook: 32 digits.")]
EventKind = Literal["job.ended", "data.refreshed"]


class NewWebhook(BaseModel):
    """An address to be told."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field(min_length=1, max_length=webhooks.LONGEST_URL, examples=["https://example.com/hook"])
    events: list[EventKind] = Field(["job.ended"], min_length=1, max_length=len(KINDS))


class WebhookShown(BaseModel):
    """A webhook."""

    id: str
    url: str
    events: list[str]
    created_at: datetime


class WebhookMade(WebhookShown):
    """A webhook that was just made."""

    secret: str = Field(description="Shown this once. Webhook-Signature is v1= and the HMAC-SHA-256 under it of the header Webhook-Timestamp, a full stop and the body, in hex digits.")  # fmt: skip


def shown(webhook: Webhook) -> WebhookShown:
    return WebhookShown(id=webhook.id, url=webhook.url, events=list(webhook.events), created_at=webhook.created_at)


@router.get("", responses=errors_of(401, 403, 422, 429), summary="Your webhooks")
def list_webhooks(who: Planner, want: PageAsked) -> Page[WebhookShown]:
    """Your webhooks, the newest first."""
    return page(store.listed(database(), who.owner, want.limit + 1, want.after), want, shown)


@router.post("", status_code=201, response_model=WebhookMade, responses=errors_of(401, 403, 429, body=True), summary="Have an address told")  # fmt: skip
def create_webhook(who: Planner, asked: NewWebhook, once: DoneOnce) -> Response:
    """Each message is a POST of JSON: id, event, at, data. One that is not taken comes again, up to four times."""
    url, events = webhooks.checked(asked.url), tuple(dict.fromkeys(asked.events))

    def make() -> Answer:
        kept = store.create(database(), who.owner, url, events)
        return Answer(201, shown(kept).model_dump_json().encode())

    return _with_secret(once(make))


def _with_secret(told: Response) -> Response:
    """An answer with the secret in it: made again where it is given again, so that it is kept nowhere."""
    facts = json.loads(bytes(told.body))
    made = WebhookMade(**facts, secret=webhooks.signing_key(facts["id"]))
    headers = {REPLAYED: told.headers[REPLAYED]} if REPLAYED in told.headers else {}
    return Response(made.model_dump_json(), told.status_code, headers, "application/json")


@router.delete("/{id}", status_code=204, responses=errors_of(401, 403, 404, 422, 429), summary="Tell it no more")
def delete_webhook(who: Planner, id: WebhookId) -> None:  # noqa: A002
    """The address hears nothing from now on."""
    store.delete(database(), who.owner, id)
