"""One hourly year from a file a planner brings: EPW, TMY3, TM2, NSRDB/SAM csv, PVGIS csv or json."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from core.errors import FileError, NotFound
from core.fetchers.formats import epw, pvgis, sam, tm2, tmy3
from core.fetchers.formats.recording import Recording, weather_of
from core.fetchers.formats.text import EXPECTED, MAX_BYTES, lines_of, text_of, tidy, too_large
from core.inputs import Weather


class Form(Protocol):
    """What a module of core.fetchers.formats offers."""

    def recognised(self, lines: Sequence[str]) -> bool: ...
    def read(self, lines: Sequence[str]) -> Recording: ...


FORMS: tuple[Form, ...] = (epw, tmy3, sam, pvgis, tm2)


def read_weather(source: str | os.PathLike[str] | bytes, name: str = "") -> Weather:
    """The weather year in a file, recognised by its content alone.

    `source`: the content, or the path of a local file; an address on the web is not opened. `name`: what the upload
    was called, for display; never used as a path. FileError, with line and column, says what cannot be read;
    FileTooLarge and archives are refused before any parsing; NotFound where no file is.
    """
    data = bytes(source) if isinstance(source, bytes | bytearray | memoryview) else _content(source)
    return weather_of(_recording(text_of(data)), name)


def _content(source: str | os.PathLike[str]) -> bytes:
    """The bytes of a local file, its kind and size checked before it is opened."""
    try:
        path = Path(source)
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise FileError("this is not a file", field="file", value=tidy(path.name), expected="a weather file")
        if about.st_size > MAX_BYTES:
            raise too_large(about.st_size)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise NotFound(
            "there is no such file, or it cannot be read",
            field="file",
            value=tidy(str(source).rsplit("/", 1)[-1]),
            expected="the path of a local weather file",
        ) from error
    except TypeError as error:
        raise FileError("this is not a file", field="file", value=type(source).__name__, expected=EXPECTED) from error


def _recording(text: str) -> Recording:
    if pvgis.recognised_json(text):
        return pvgis.read_json(text)
    lines = lines_of(text)
    for form in FORMS:
        if form.recognised(lines):
            return form.read(lines)
    raise _unknown(lines)


def _unknown(lines: list[str]) -> FileError:
    """Why no format fits: another separator, a web page, or something else altogether."""
    for mark, word in ((";", "semicolons"), ("\t", "tabs")):
        if any(form.recognised([line.replace(mark, ",") for line in lines[:3]]) for form in FORMS):
            return FileError(
                f"the fields are separated by {word}",
                line=1,
                column=1,
                field="file",
                value=tidy(lines[0], 40),
                expected="commas between fields and points in decimals",
            )
    page = lines[0].lstrip()[:1] == "<"
    return FileError(
        "this is a web page, not a weather file" if page else "the format is not known",
        line=1,
        column=1,
        field="file",
        value=tidy(lines[0], 40),
        expected=EXPECTED,
    )
