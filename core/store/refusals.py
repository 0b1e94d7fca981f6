"""What a database refuses, in words: neither SQL nor path nor data is in them."""

from __future__ import annotations

from core.errors import DatabaseError

PATIENCE_S = 5.0  # waiting for the write lock, and the longest read
BUSY, SLOW, DISK, DAMAGED, FULL, CLOSED, NO_DATABASE = 5, 9, 10, 11, 13, 14, 26
# SQLite's primary result code: what is wrong, in a word and in a sentence, and what would be right
REFUSALS = {
    BUSY: ("busy", "the database is busy: nothing was saved; try again in a moment", "a free write lock"),
    6: ("busy", "the database is busy: nothing was saved; try again in a moment", "a free write lock"),
    8: ("read-only", "the database may not be written to: nothing was saved", "a folder and file that may be written"),
    SLOW: ("slow", "reading the database took too long and was stopped", f"an answer within {PATIENCE_S:g} s"),
    DISK: ("disk", "the disk could not be read or written: nothing was saved", "a working disk"),
    DAMAGED: ("damaged", "the database file is damaged", "a sound database, such as a restored backup"),
    FULL: ("full", "the disk is full: nothing was saved, and what was saved before is kept", "free space on the disk"),
    CLOSED: ("closed", "the database cannot be opened", "a folder that exists and may be written"),
    18: ("large", "this is larger than the database keeps: nothing was saved", "a smaller record"),
    NO_DATABASE: ("damaged", "the database file is damaged", "a sound database, such as a restored backup"),
}
OTHER = ("refused", "the database refused this: nothing was saved", "")


def refusal(code: int) -> DatabaseError:
    """The error for a primary result code of SQLite."""
    word, message, expected = REFUSALS.get(code, OTHER)
    return DatabaseError(message, field="database", value=word, expected=expected)
