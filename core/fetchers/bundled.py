"""The small tables that ship with the program in data/ (see its README for sources)."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data"


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of data/`name` by column name, as text. Read once; callers do not change them."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
