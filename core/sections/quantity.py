"""How a field of a scenario declares its unit, bounds, label and help, and the rules all sections share."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def quantity(
    default: Any, unit: str, label: str, meaning: str, low: float | None = None, high: float | None = None
) -> Any:
    """A field that knows its unit, its words and its bounds."""
    return Field(default, title=label, description=meaning, ge=low, le=high, json_schema_extra={"unit": unit})


def listed(unit: str, label: str, meaning: str, most: int) -> Any:
    """A tuple that is empty as it stands."""
    return Field((), title=label, description=meaning, max_length=most, json_schema_extra={"unit": unit}, strict=False)


def _whole(value: Any) -> Any:
    """12.0 is a whole number, as JSON writers disagree on it; 12.7, "12" and true are not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


Count = Annotated[int, BeforeValidator(_whole)]


class Section(BaseModel):
    """Shared rules: frozen, no unknown fields, no conversions that lose anything, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
