"""What the program logs: one line of JSON for every record, short, escaped, in UTC, and without a known secret."""

from __future__ import annotations

import base64
import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

MOST_BYTES = 8192  # of a line, its end included
MOST_NAME = 200
MOST_FACTS = 8
SHORTEST_SECRET = 4
SECRET_NAMES = re.compile(
    r"SOLAR_MINING_(?:.*(?:KEY|SECRET|PASSWORD|TOKEN)|ALERTS)"
)  # whoever knows the address may write
HIDDEN = "***"
CUT = "…"
REQUEST: ContextVar[str] = ContextVar("request", default="")


@contextmanager
def request(id: str) -> Iterator[None]:  # noqa: A002
    """Whatever is logged inside, in this thread and those that its context is handed to, carries the id of a request."""
    before = REQUEST.set(id)
    try:
        yield
    finally:
        REQUEST.reset(before)


def forms(values: Iterable[str]) -> tuple[str, ...]:
    """Every text that would give a secret away: as it is, as it travels in addresses, headers and JSON. Longest first."""
    long = (value for value in values if len(value) >= SHORTEST_SECRET)
    found = {form for v in long for form in (v, quote(v, safe=""), quote_plus(v), _base64(v), v.replace("/", "\\/"))}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """A text with every one of these replaced by ***."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def secrets_in(env: Mapping[str, str]) -> tuple[str, ...]:
    """What may never be shown of an environment: SOLAR_MINING_…KEY and the like, whole and in parts.

    A variable may hold a key and what goes with it, apart by blanks, commas or semicolons; of `user:password` the
    password alone is a secret.
    """
    return secrets_among(v for name, v in env.items() if SECRET_NAMES.fullmatch(name))


def secrets_among(settings: Iterable[str]) -> tuple[str, ...]:
    """What may never be shown of the values of such variables."""
    values = {v.strip() for v in settings if v.strip()}
    parts = {part for v in values for part in re.split(r"[\s,;]+", v)}
    return forms({*values, *parts, *(part.partition(":")[2] for part in parts)})


class JsonLines(logging.Formatter):
    """A record as one line of JSON of at most MOST_BYTES: time, level, logger, facts, message and, after a failure, error."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(secrets)

    def hide(self, secrets: Iterable[str]) -> None:
        """Show these no longer either."""
        self._secrets = tuple(sorted({*self._secrets, *secrets}, key=lambda secret: (-len(secret), secret)))

    def format(self, record: logging.LogRecord) -> str:
        head = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": hidden(record.name, self._secrets)[:MOST_NAME],
            **self._facts(record),
        }
        room = MOST_BYTES - len(_escaped(head)) - len(', "message": "", "error": ""}\n')
        message = _fitting(hidden(_message(record), self._secrets), room)
        error = hidden(self._error(record), self._secrets)[::-1]  # of a traceback the end tells most
        if error:
            message = _fitting(message, room // 2)
            room -= len(_escaped(message))
            return _escaped({**head, "message": message, "error": _fitting(error, room)[::-1]})
        return _escaped({**head, "message": message})

    def _facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """What a record was given as `extra={"facts": {...}}`: few names, each with a number or a short text."""
        current = REQUEST.get()
        facts = {**({"request_id": current} if current else {}), **getattr(record, "facts", {})}
        return {
            name: value if isinstance(value, int | float) else hidden(str(value), self._secrets)[:MOST_NAME]
            for name, value in list(facts.items())[:MOST_FACTS]
        }

    def _error(self, record: logging.LogRecord) -> str:
        trace = self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""
        return "\n".join(part for part in (trace, record.stack_info or "") if part)


def begin(env: Mapping[str, str], stream: TextIO | None = None, level: int = logging.INFO) -> logging.Handler:
    """Log this process in lines of JSON on `stream`, by default standard error; the handler, made once.

    What `warnings` says goes there too.
    """
    root = logging.getLogger()
    made = next((handler for handler in root.handlers if isinstance(handler.formatter, JsonLines)), None)
    if made is None:
        made = logging.StreamHandler(stream or sys.stderr)
        root.addHandler(made)
        root.setLevel(level)
        logging.captureWarnings(True)
    made.setFormatter(JsonLines(secrets_in(env)))
    return made


def hide(values: Iterable[str]) -> None:
    """Have no handler of this process show what was entered while it runs, as it shows nothing of `secrets_in`."""
    found = secrets_among(values)
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JsonLines):
            handler.formatter.hide(found)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # arguments that do not fit the message: the record still counts
        return f"{record.msg} (its arguments do not fit: {type(error).__name__})"


def _escaped(value: object) -> str:
    """JSON in ASCII: no control character, escape sequence or line end of a message gets through."""
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")


def _fitting(text: str, room: int) -> str:
    """A text that takes at most `room` bytes once escaped, cut at its end where it is longer."""
    if len(text) <= room and len(_escaped(text)) - 2 <= room:
        return text
    text = text[:room]
    while len(_escaped(text + CUT)) - 2 > room:
        text = text[: len(text) * 4 // 5]
    return text + CUT


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
