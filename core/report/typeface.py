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
    shown = [(_face(c, has, first), c) for c in text_of(text) if c not in JOINERS]
    known = [(face or OTHERS, c if face else MISSING) for face, c in shown]
    return [(face, "".join(c for _, c in piece)) for face, piece in groupby(known, key=lambda pair: pair[0])]


def _face(c: str, has: dict[str, frozenset[int]], first: str) -> str:
    return next((name for name in (first, OTHERS) if ord(c) in has[name]), "")
