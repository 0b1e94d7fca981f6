"""JSON as it must be: what other readers would take in silence is refused here."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from core.errors import ValidationError

DEEPEST = 64  # levels of lists and objects; a scenario has 7
BOM = b"\xef\xbb\xbf"


class Unreadable(ValidationError):
    """A body that cannot be read at all."""

    status = 400


def plain(body: bytes) -> Any:
    """What `body` says in JSON.

    Unreadable for what is no UTF-8 or no JSON, and for what JSON readers disagree about: NaN, numbers beyond the largest,
    a name that comes twice in one object, half a surrogate pair, a byte order mark, more than 64 levels.
    """
    if body.startswith(BOM):
        raise _unreadable("a body without a byte order mark")
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_object, parse_float=_finite, parse_int=_whole, parse_constant=_no_number
        )
    except UnicodeDecodeError:
        raise _unreadable("text in UTF-8") from None
    except (ValueError, RecursionError):
        raise _unreadable("JSON") from None
    _refuse_odd(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _unreadable("each name once in an object", twice.encode(errors="replace").decode())
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _unreadable("numbers up to 1.8e308", text)
    return number


def _whole(text: str) -> int:
    if len(text) > 320:  # digits; beyond the largest float, and Python would count long
        raise _unreadable("numbers up to 1.8e308", text)
    return int(text)


def _no_number(text: str) -> NoReturn:
    raise _unreadable("finite numbers", text)


def _refuse_odd(value: Any) -> None:
    """Unreadable for half a surrogate pair, and for lists and objects inside each other too deep."""
    level = [value]
    for _ in range(DEEPEST + 1):
        if not level:
            return
        level = [child for node in level for child in _children(node)]
    raise _unreadable(f"at most {DEEPEST} levels of lists and objects")


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [*node, *node.values()]
    if isinstance(node, str) and not node.isascii():
        try:
            node.encode()
        except UnicodeEncodeError:
            raise _unreadable("whole characters") from None
    return node if isinstance(node, list) else []


def _unreadable(expected: str, value: Any = None) -> Unreadable:
    return Unreadable(f"the body cannot be read: expected {expected}", field="body", value=value, expected=expected)
