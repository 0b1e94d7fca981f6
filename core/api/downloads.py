"""Tables as files: CSV where `format=csv` or the header Accept asks for it."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

import pandas as pd
from fastapi import Depends, Header, Query
from starlette.responses import Response

from core.exports import csv_bytes, file_name

CSV = "text/csv"
Format = Literal["json", "csv"]


def wants_csv(
    form: Annotated[Format | None, Query(alias="format", description="JSON unless CSV is asked for.")] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> bool:
    """Whether a caller asks for CSV: `format` goes before Accept."""
    return form == "csv" if form is not None else accept.strip().lower().startswith(CSV)


WantsCsv = Annotated[bool, Depends(wants_csv)]


def csv_headers(name: str) -> dict[str, str]:
    """The headers of a table that is downloaded under a name made of `name`."""
    return {"content-type": f"{CSV}; charset=utf-8", **file_headers(name, "csv")}


def file_headers(name: str, ext: str) -> dict[str, str]:
    """The header under which a file with the ending `ext` is downloaded."""
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(file_name(name, ext))}"}


def csv_response(frame: pd.DataFrame, name: str) -> Response:
    """A table as a download."""
    return Response(csv_bytes(frame), headers=csv_headers(name))
