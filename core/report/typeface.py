"""Text on paper: which typeface has a character, and what stands for one that cannot be shown."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from pathlib import Path

FONTS = Path(__file__).parents[2] / "data" / "fonts"
WEB_FONT = Path(__file__).parents[2] / "pages" / "static" / "inter-var-latin.woff2"
REGULAR, BOLD, OTHERS = "Inter", "Inter-SemiBold", "DejaVu"
FILES = {REGULAR: "Inter-Regular.ttf", BOLD: "Inter-SemiBold.ttf", OTHERS: "DejaVuSans.ttf"}
MISSING = "\N{REPLACEMENT CHARACTER}"
JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # of scripts and emoji: they mean something between others and hide nothing
SPACES = "\t\n\r\u2028\u2029"


def text_of(text: str) -> str:
    """`text` with a visible mark for each character that would hide, or turn the direction of others."""
    return "".join(_visible(c) for c in text)


def _visible(c: str) -> str:
    if c in JOINERS:
        return c
    if c in SPACES:
        return " "
    # controls, formats (bidirectional overrides among them), surrogates, private use, unassigned
    return MISSING if unicodedata.category(c)[0] == "C" else c


def runs(text: str, has: dict[str, frozenset[int]], first: str) -> list[tuple[str, str]]:
    """`text` in pieces of one typeface each, as (typeface, piece): `first` where it has the character, the wide one
    where that has it, else the mark for what is missing; joiners that no typeface needs are left out.

    has: the characters of each typeface by name.
    """
    shown = [(_face(c, has, first), c) for c in seen(text_of(text)) if c not in JOINERS]
    known = [(face or OTHERS, c if face else MISSING) for face, c in shown]
    return [(face, "".join(c for _, c in piece)) for face, piece in groupby(known, key=lambda pair: pair[0])]


def seen(text: str) -> str:
    """`text` in the order in which paper has it: stretches of a script that is written leftward are turned about.

    Letters are not joined as Arabic joins them, and a stretch is not broken over lines as such a script would be.
    """
    kinds = [_leftward(c) for c in text]
    shown, at = [], 0
    while at < len(text):
        end = at
        while end < len(text) and kinds[end] is not False and kinds[at]:
            end += 1
        while end > at and kinds[end - 1] is None:  # what stands between two stretches is of neither
            end -= 1
        shown.append(_turned(text[at:end]) if end > at else text[at])
        at = max(end, at + 1)
    return "".join(shown)


def _leftward(c: str) -> bool | None:
    """Whether a character is written leftward; None for one that goes with those about it."""
    kind = unicodedata.bidirectional(c)
    return True if kind in {"R", "AL"} else None if kind in {"WS", "ON", "NSM", "CS", "ES"} else False


def _turned(stretch: str) -> str:
    """Letters in reverse, each with the marks on it."""
    letters: list[str] = []
    for c in stretch:
        if letters and unicodedata.combining(c):
            letters[-1] += c
        else:
            letters.append(c)
    return "".join(reversed(letters))


def _face(c: str, has: dict[str, frozenset[int]], first: str) -> str:
    return next((name for name in (first, OTHERS) if ord(c) in has[name]), "")
