"""One hourly year from a file a planner brings: EPW, TMY3, TM2, NSRDB/SAM csv, PVGIS csv or json."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

from core.errors import FileError
from core.fetchers.formats import epw, pvgis, sam, tm2, tmy3
from core.fetchers.formats.recording import Recording, weather_of
from core.fetchers.formats.text import EXPECTED, content_of, lines_of, text_of, tidy
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
    return weather_of(_recording(text_of(content_of(source))), name)


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
