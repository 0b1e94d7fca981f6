"""From bytes nobody vouches for to lines of text: size, kind and encoding are settled before any parsing."""

from __future__ import annotations

import codecs
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from core.errors import FileError, FileTooLarge, NotFound

MAX_BYTES = 5 * 2**20
MAX_LINE_CHARS = 20_000  # the longest line of a real file is an EPW header of some 2,500
PACKED = {
    b"\x1f\x8b": "a gzip archive",
    b"PK": "a zip archive or an Excel workbook",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7-zip archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"Rar!": "a rar archive",
    b"%PDF": "a PDF document",
    b"\x89HDF": "an HDF5 file",
    b"SQLite": "a database",
}
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
EXPECTED = "an EPW, TMY3, TM2, NSRDB/SAM csv or PVGIS csv/json file as plain text"


class Wanted(NamedTuple):
    """What a file should be: a noun, what it is read as, the most lines it can have, and why."""

    noun: str
    expected: str
    most_lines: int
    more_than: str
    rows: str


WEATHER = Wanted(
    noun="weather file",
    expected=EXPECTED,
    most_lines=18_000,  # a leap year of half hours, with its header and footer
    more_than="a year of half hours",
    rows="8,760 or 8,784 hourly rows (17,520 or 17,568 half-hourly)",
)


def content_of(source: str | os.PathLike[str] | bytes, wanted: Wanted = WEATHER) -> bytes:
    """The content as it is given, or the bytes of a local file, its kind and size checked before it is opened."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    try:
        path = Path(source)
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise FileError("this is not a file", field="file", value=tidy(path.name), expected=f"a {wanted.noun}")
        if about.st_size > MAX_BYTES:
            raise too_large(about.st_size)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise NotFound(
            "there is no such file, or it cannot be read",
            field="file",
            value=tidy(str(source).rsplit("/", 1)[-1]),
            expected=f"the path of a local {wanted.noun}",
        ) from error
    except TypeError as error:
        raise FileError(
            "this is not a file", field="file", value=type(source).__name__, expected=wanted.expected
        ) from error


def too_large(size: int) -> FileTooLarge:
    """The refusal of a file beyond the size that is read."""
    return FileTooLarge(
        "the file is too large", field="file", value=f"{size:,} bytes", expected=f"at most {MAX_BYTES:,} bytes"
    )


def text_of(data: bytes, wanted: Wanted = WEATHER) -> str:
    """The text of an upload; archives, binaries and anything over the size cap are refused unread."""
    if len(data) > MAX_BYTES:
        raise too_large(len(data))
    for magic, kind in PACKED.items():
        if data.startswith(magic):
            raise FileError(f"this is {kind}, not a {wanted.noun}", field="file", expected=wanted.expected)
    text = _decoded(data, wanted).rstrip("\x1a")  # DOS ends some TM2 files with ^Z
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise FileError(
            "this is not plain text", line=line, column=1, field="file", value=ascii(found[0]), expected=wanted.expected
        )
    if not text.strip():
        raise FileError("the file is empty", field="file", expected=wanted.expected)
    return text


def _decoded(data: bytes, wanted: Wanted) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise FileError("this is not valid UTF-16 text", field="file", expected=wanted.expected) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")  # place names in older files; figures are ASCII either way


def lines_of(text: str, wanted: Wanted = WEATHER) -> list[str]:
    """The lines of `text`, whatever ends them, without blank ones at the end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    count = text.count("\n") + 1
    if count > wanted.most_lines:
        raise FileError(
            f"the file has {count:,} lines, more than {wanted.more_than}",
            field="file",
            value=count,
            expected=wanted.rows,
        )
    lines = text.split("\n")
    longest = max(range(count), key=lambda i: len(lines[i]))
    if len(lines[longest]) > MAX_LINE_CHARS:
        raise FileError(
            f"a line is too long for a {wanted.noun}",
            line=longest + 1,
            column=1,
            field="file",
            value=f"{len(lines[longest]):,} characters",
            expected=f"at most {MAX_LINE_CHARS:,}",
        )
    return lines


def tidy(text: object, limit: int = 80) -> str:
    """A name from a file or an upload as one short printable line; it is shown, never used as a path."""
    clean = "".join(c if c.isprintable() else " " for c in str(text)[: 50 * limit])
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
