"""The version of a record as ETag, and `If-Match`: who changes a record says which version they read."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header

from core.errors import ValidationError

EXPECTED = 'the ETag that was read, such as "3"'


def etag(version: int) -> str:
    return f'"{version}"'


def version_read(
    if_match: Annotated[
        str | None, Header(description=f"{EXPECTED}; a newer version in between is a conflict.")
    ] = None,
) -> int:
    """The version a change was made from; ValidationError where none is given, or none of ours."""
    given = version_if_given(if_match)
    if given is None:
        raise ValidationError(f"If-Match: expected {EXPECTED}", field="If-Match", expected=EXPECTED)
    return given


def version_if_given(
    if_match: Annotated[str | None, Header(description=f"{EXPECTED}; without it the newest goes.")] = None,
) -> int | None:
    """As `version_read`, None where none is given."""
    if if_match is None:
        return None
    found = re.fullmatch(r'(?:W/)?"([1-9]\d{0,17})"', if_match.strip())
    if found is None:
        raise ValidationError(f"If-Match: expected {EXPECTED}", field="If-Match", value=if_match, expected=EXPECTED)
    return int(found[1])


VersionRead = Annotated[int, Depends(version_read)]
VersionIfGiven = Annotated[int | None, Depends(version_if_given)]
