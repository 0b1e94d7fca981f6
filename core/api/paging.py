"""Lists a page at a time: `limit` a page, and a cursor that says where the next one begins."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from core.errors import ValidationError
from core.store.pages import Key
from core.store.rows import stamp

MOST, USUAL = 100, 50
LONGEST_CURSOR = 200
Item = TypeVar("Item")
Row = TypeVar("Row", bound="Kept")


class Kept(Protocol):
    """A row of a list: what its place is told by."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


class Page(BaseModel, Generic[Item]):
    """A page of a list, and the cursor of the next page, null on the last."""

    items: list[Item]
    next_cursor: str | None = Field(None, description="Give it as `cursor` for the next page; null: this is the last.")


@dataclass(frozen=True)
class Asked:
    """Which page is asked for: at most `limit` items, after the place `after`."""

    limit: int
    after: Key | None


def asked(
    limit: Annotated[int, Query(ge=1, le=MOST, description="Items a page.")] = USUAL,
    cursor: Annotated[
        str | None, Query(max_length=LONGEST_CURSOR, description="`next_cursor` of the page before.")
    ] = None,
) -> Asked:
    """The page that a request asks for."""
    return Asked(limit, None if cursor is None else key_of(cursor))


PageAsked = Annotated[Asked, Depends(asked)]


def page(rows: Sequence[Row], want: Asked, shown: Callable[[Row], Item]) -> Page[Item]:
    """The page of `rows`, which were asked for with one more than its limit, so that it is known whether there is another."""
    here = rows[: want.limit]
    last = here[-1] if len(rows) > want.limit else None
    cursor = None if last is None else cursor_of((stamp(last.created_at), last.id))
    return Page(items=[shown(row) for row in here], next_cursor=cursor)


def cursor_of(key: Key) -> str:
    """A place in a list as text that means nothing to others."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def key_of(cursor: str) -> Key:
    """The place that a cursor stands for; ValidationError where it is none of ours."""
    try:
        key: Any = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        when, id = key  # noqa: A001
        if cursor_of((stamp(datetime.fromisoformat(when)), str(id))) == cursor:
            return when, id
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error, RecursionError):
        pass
    expected = "next_cursor of the page before"
    raise ValidationError(f"cursor: expected {expected}", field="cursor", value=cursor, expected=expected)
