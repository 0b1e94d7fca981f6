"""What ships with the program: the small tables in data/ (see its README for sources), and what pvlib brings."""

from __future__ import annotations

import csv
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from core.errors import NotFound

DATA = Path(__file__).resolve().parents[2] / "data"


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of data/`name` by column name, as text. Read once; callers do not change them."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def pvlib_data() -> Path:
    """Where the installed pvlib keeps its data, found without importing it, which costs a second."""
    spec = find_spec("pvlib")
    if spec is None or spec.origin is None:
        raise NotFound("pvlib is not installed", field="site", value="pvlib", expected="an installed pvlib")
    return Path(spec.origin).parent / "data"
