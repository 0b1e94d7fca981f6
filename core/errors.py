"""Every deliberate failure, as one tree.

    SolarMiningError               INTERNAL_ERROR        our fault, or unforeseen
    ├ ValidationError              VALIDATION_ERROR      a value that cannot be accepted
    │ ├ ScenarioError              VALIDATION_ERROR      … in a scenario
    │ └ FileError                  VALIDATION_ERROR      … in an uploaded file, with line and column
    │   └ FileTooLarge             PAYLOAD_TOO_LARGE
    ├ NotFound                     NOT_FOUND
    ├ Conflict                     CONFLICT              somebody saved a newer version
    ├ SourceError                  EXTERNAL_API_ERROR    no outside source could answer
    ├ CalculationError             CALCULATION_ERROR     a model cannot give a finite answer
    ├ DatabaseError                DATABASE_ERROR
    ├ Busy                         UNAVAILABLE           too much at once, later it may go
    ├ TimedOut                     TIMEOUT               work that took longer than it may
    ├ Unauthorized                 UNAUTHORIZED          nobody known asks
    ├ Forbidden                    FORBIDDEN             one who is known, and may not
    ├ RateLimited                  RATE_LIMITED          one who asks too often
    ├ MethodNotAllowed             METHOD_NOT_ALLOWED
    ├ UnsupportedMediaType         UNSUPPORTED_MEDIA_TYPE
    └ TooLarge                     PAYLOAD_TOO_LARGE     a request beyond what is read

What the API's guard refuses before any route hears of it is one of these with a status of HTTP of its own. Each names the
field, the value and what was expected. "No IRR exists" and "never pays back" are
values with a reason, not errors.
"""

import math
from datetime import UTC, datetime
from typing import Any

VALUE_SHOWN = 100  # characters of a refused value that are repeated back


class SolarMiningError(Exception):
    """A failure with a permanent code and the facts that explain it."""

    code = "INTERNAL_ERROR"

    def __init__(self, message: str, *, field: str = "", value: Any = None, expected: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.value = value
        self.expected = expected

    @property
    def details(self) -> dict[str, Any]:
        """What was wrong, safe to show and to write as JSON."""
        return {"field": self.field, "value": shown(self.value), "expected": self.expected}

    def body(self, request_id: str, now: datetime | None = None) -> dict[str, Any]:
        """The error form that API and screen share."""
        stamp = (now or datetime.now(UTC)).isoformat(timespec="seconds").replace("+00:00", "Z")
        error = {"code": self.code, "message": self.message, "details": self.details}
        return {"error": {**error, "timestamp": stamp, "request_id": request_id}}


class ValidationError(SolarMiningError):
    """A value that cannot be accepted."""

    code = "VALIDATION_ERROR"


class ScenarioError(ValidationError):
    """A scenario that breaks a rule; `field` is the dotted path."""


class FileError(ValidationError):
    """An uploaded file that cannot be read; `line` and `column` count from 1, 0 where they do not apply."""

    def __init__(self, message: str, *, line: int = 0, column: int = 0, **facts: Any) -> None:
        place = f" (line {line}, column {column})" if line and column else f" (line {line})" if line else ""
        super().__init__(message + place, **facts)
        self.line = line
        self.column = column

    @property
    def details(self) -> dict[str, Any]:
        return {**super().details, "line": self.line, "column": self.column}


class FileTooLarge(FileError):
    """An upload beyond the size we read."""

    code = "PAYLOAD_TOO_LARGE"


class NotFound(SolarMiningError):
    """Nothing is kept under that name or id."""

    code = "NOT_FOUND"


class Conflict(SolarMiningError):
    """The record changed since it was read."""

    code = "CONFLICT"


class SourceError(SolarMiningError):
    """No outside source could answer."""

    code = "EXTERNAL_API_ERROR"


class CalculationError(SolarMiningError):
    """A model cannot give a finite answer for these inputs."""

    code = "CALCULATION_ERROR"


class DatabaseError(SolarMiningError):
    """The database refused to read or write."""

    code = "DATABASE_ERROR"


class Busy(SolarMiningError):
    """Too much is being worked out at once."""

    code = "UNAVAILABLE"


class TimedOut(SolarMiningError):
    """Work that took longer than it may."""

    code = "TIMEOUT"


class Unauthorized(SolarMiningError):
    """Nobody known asks."""

    code = "UNAUTHORIZED"


class Forbidden(SolarMiningError):
    """One who is known asks for what they may not."""

    code = "FORBIDDEN"


class RateLimited(SolarMiningError):
    """One asks more often than they may; `after_s` seconds later they may again."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, after_s: float = 0.0, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.after_s = after_s


class MethodNotAllowed(SolarMiningError):
    """An address that knows other methods."""

    code = "METHOD_NOT_ALLOWED"


class UnsupportedMediaType(SolarMiningError):
    """A request in a form that is not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class TooLarge(SolarMiningError):
    """A request beyond the size we read."""

    code = "PAYLOAD_TOO_LARGE"


def shown(value: Any) -> Any:
    """`value` cut to a length that is safe to repeat; non-finite numbers as text, since JSON has none."""
    if value is None or (isinstance(value, bool | int) and abs(value) < 2**53):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    text = str(value)
    return text if len(text) <= VALUE_SHOWN else text[: VALUE_SHOWN - 1] + "…"
