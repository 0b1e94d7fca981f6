"""Results as JSON has them: no array, no frame, no number that is not finite."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel


def plain(value: Any) -> Any:
    """`value` made of dicts, lists, text, numbers and None; what is not finite is None, a frame a list of its rows."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic):
        return _scalar(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date):  # a moment is a day too
        return value.isoformat()
    return _whole(value)


def _scalar(value: Any) -> Any:
    return _day(value) if isinstance(value, np.datetime64) else plain(value.item())


def _whole(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return table(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if is_dataclass(value):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, np.ndarray | list | tuple | frozenset | set):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def table(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A list of the rows of a frame; its index is left out, months and days are text."""
    columns = {str(name): _column(frame[name]) for name in frame}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _column(values: pd.Series[Any]) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(values):
        return [_day(value) for value in values]
    return [plain(value) for value in values.tolist()]


def _day(value: Any) -> str | None:
    """A moment at midnight as its day, any other as it is."""
    if pd.isna(value):
        return None
    moment: datetime = pd.Timestamp(value).to_pydatetime(warn=False)
    return moment.date().isoformat() if moment.time() == datetime.min.time() else moment.isoformat()
