"""The fields of a provider's reply, each checked as it is read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from core.errors import SourceError, ValidationError
from core.fetchers.provider import Reply, json_of
from core.world import Series

SHOWN = 80  # characters of a provider's own words that are repeated
MILLISECONDS_FROM = 1e11  # as seconds this is the year 5138, as milliseconds 1973: no stamp of ours is ambiguous
EARLIEST, LATEST = datetime(2009, 1, 3, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def refused(provider: str, field: str, value: Any, expected: str) -> SourceError:
    """The error for a reply that does not say what its contract promises."""
    return SourceError(f"{provider}: {field} is not {expected}", field=field, value=value, expected=expected)


def failed(provider: str, words: Any, expected: str = "an answer") -> SourceError:
    """The error for a reply that says itself that it failed."""
    said = words_of(words)
    return SourceError(f"{provider} refuses: {said}", field=provider, value=said, expected=expected)


def words_of(raw: Any) -> str:
    """A provider's own words on one line, cut short, without anything that is not text."""
    plain = "".join(c if c.isprintable() else " " for c in str(raw)[: 4 * SHOWN])
    return " ".join(plain.split())[:SHOWN] or "nothing"


def body_of(reply: Reply, provider: str) -> Any:
    """The JSON of a reply; SourceError naming the provider for an error status and for anything else than JSON."""
    try:
        return json_of(reply)
    except SourceError as error:
        raise SourceError(f"{provider} {error.message}", field=provider, expected="a JSON document") from error


@dataclass(frozen=True)
class Fields:
    """One object of a reply. Each reader raises SourceError naming the provider, the field and what was expected."""

    provider: str
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Any, provider: str, name: str = "body") -> Fields:
        if not isinstance(raw, dict):
            raise refused(provider, name, raw, "an object")
        return cls(provider, raw)

    def number(self, name: str) -> float:
        """A JSON number."""
        return number(self.raw.get(name), self.provider, name)

    def whole(self, name: str) -> int:
        """A JSON number without a fraction."""
        return whole(self.raw.get(name), self.provider, name)

    def written(self, name: str) -> float:
        """A number that the contract sends as text."""
        return written(self.raw.get(name), self.provider, name)

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        if not isinstance(value, str):
            raise refused(self.provider, name, value, "text")
        return value

    def moment(self, name: str) -> datetime:
        return moment(self.raw.get(name), self.provider, name)

    def day(self, name: str) -> date:
        return day(self.raw.get(name), self.provider, name)

    def object(self, name: str) -> Fields:
        return Fields.of(self.raw.get(name), self.provider, name)

    def rows(self, name: str) -> list[Any]:
        """A list that is not empty."""
        return rows(self.raw.get(name), self.provider, name)


def number(value: Any, provider: str, name: str) -> float:
    """`value` as a float, where it is a finite JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(provider, name, value, "a number")
    too_long = isinstance(value, int) and value.bit_length() > 1000  # isfinite would overflow
    if too_long or not math.isfinite(value):
        raise refused(provider, name, value, "a finite number")
    return float(value)


def whole(value: Any, provider: str, name: str) -> int:
    """`value` as an int, where it is a JSON number without a fraction."""
    found = number(value, provider, name)
    if not found.is_integer():
        raise refused(provider, name, value, "a whole number")
    return int(found)


def written(value: Any, provider: str, name: str) -> float:
    """`value` as a float, where it is text that holds a plain decimal number."""
    if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?", value, re.ASCII):
        raise refused(provider, name, value, "a number as text")
    return float(value)


def moment(value: Any, provider: str, name: str) -> datetime:
    """`value` as a time, where it is a Unix stamp since the first block. Seconds and milliseconds tell themselves apart."""
    stamp = number(value, provider, name)
    seconds = stamp / 1000 if stamp >= MILLISECONDS_FROM else stamp
    if not EARLIEST.timestamp() <= seconds < LATEST.timestamp():
        raise refused(provider, name, value, "a Unix time since 2009")
    return datetime.fromtimestamp(seconds, UTC)


def day(value: Any, provider: str, name: str) -> date:
    """`value` as a day, where it is text YYYY-MM-DD."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise refused(provider, name, value, "a day as YYYY-MM-DD")


def rows(value: Any, provider: str, name: str) -> list[Any]:
    """`value`, where it is a list that is not empty."""
    if not isinstance(value, list) or not value:
        raise refused(provider, name, value, "a list with at least one row")
    return value


def row(value: Any, length: int, provider: str, name: str) -> list[Any]:
    """`value`, where it is a list of at least `length` cells."""
    if not isinstance(value, list) or len(value) < length:
        raise refused(provider, name, value, f"a row of {length} cells")
    return value


def recent(at: datetime, reply: Reply, most: timedelta, provider: str, name: str) -> datetime:
    """`at`, where it is at most `most` older than the reply and no day ahead of it; never later than the reply."""
    age = reply.fetched_at - at
    if not timedelta(days=-1) <= age <= most:
        raise refused(provider, name, at.isoformat(), f"of the last {most.total_seconds() / 3600:g} h")
    return min(at, reply.fetched_at)


def recent_day(day: date, reply: Reply, most: timedelta, provider: str, name: str) -> date:
    """`day`, where its start is at most `most` older than the reply, and it has begun somewhere on Earth."""
    recent(datetime(day.year, day.month, day.day, tzinfo=UTC), reply, most, provider, name)
    return day


def series(
    provider: str,
    reply: Reply,
    points: Iterable[tuple[datetime, float]],
    newest: timedelta,
    pick: Callable[[list[float]], float] | None = None,
) -> Series:
    """Points in any order as one value a UTC day; `pick` makes it from those of a day in order of time, else the last.

    SourceError where no point is left, or the last one is more than `newest` older than the reply.
    """
    by_day: dict[date, list[float]] = {}
    for at, value in sorted(points, key=lambda point: point[0]):
        by_day.setdefault(at.date(), []).append(value)
    if not by_day:
        raise refused(provider, "series", "no points", "at least one point")
    recent_day(max(by_day), reply, newest, provider, "last day")
    return Series(tuple(by_day), tuple(pick(values) if pick else values[-1] for values in by_day.values()))


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def is_currency(code: Any) -> bool:
    """Whether this is three capital letters, as codes of currencies are."""
    return isinstance(code, str) and re.fullmatch(r"[A-Z]{3}", code, re.ASCII) is not None


def currency(asked: str) -> str:
    """`asked`, where it is the code of a currency: it goes into addresses."""
    if not is_currency(asked):
        expected = "three capital letters, such as USD"
        raise ValidationError(f"currency: expected {expected}", field="currency", value=asked, expected=expected)
    return asked


def rates(raw: Fields) -> dict[str, float]:
    """The numbers of an object under the names that are codes of currencies."""
    return {code: raw.number(code) for code in raw.raw if is_currency(code)}
