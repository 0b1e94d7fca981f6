"""The CEC library of modules that pvlib ships: looking a module up, and looking for one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from core.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

USUAL_NAME = "Canadian_Solar_Inc__CS1H_320MS"
DATED = "2019-03-05"  # of the list: newer modules are not in it
MOST_HITS = 50
WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Listed:
    """What the library says of a module, at standard conditions.

    `power_w` [W], `efficiency_frac` [1], `gamma_pdc_per_c` [1/°C]: change of power a degree.
    """

    name: str
    technology: str
    power_w: float
    efficiency_frac: float
    gamma_pdc_per_c: float


# what the library says of the module most plans use, kept here so that they need not read it; a test holds it to it
USUAL = Listed(USUAL_NAME, "Mono-c-Si", 320.4, 0.3204 / 1.63, -0.003448)


@cache
def library() -> pd.DataFrame:
    """The whole library, a column a module by its name in pvlib. Read once; callers do not change it.

    Source: California Energy Commission module list with the fits of SAM 2018.11.11 r2, as pvlib ships it.
    """
    from pvlib.pvsystem import retrieve_sam

    modules: pd.DataFrame = retrieve_sam("CECMod")
    return modules


def listed(name: str) -> Listed:
    """What the library says of a module; ScenarioError naming `array.module` and near names where it has none."""
    if name == USUAL_NAME:
        return USUAL
    found = entry(name)
    return Listed(
        name=name,
        technology=str(found["Technology"]),
        power_w=float(found["STC"]),
        efficiency_frac=float(found["STC"]) / 1000 / float(found["A_c"]),
        gamma_pdc_per_c=float(found["gamma_r"]) / 100,
    )


def entry(name: str) -> pd.Series:
    """The library's entry of a module; ScenarioError naming `array.module` and near names where it has none."""
    modules = library()
    if name not in modules:
        near = nearest(name)
        raise ScenarioError(
            f"no module {name!r} in the CEC library",
            field="array.module",
            value=name,
            expected=f"such as {', '.join(near)}" if near else "a name of pvlib's CEC library of modules",
        )
    found: pd.Series = modules[name]
    return found


def search(text: str) -> tuple[list[str], int]:
    """The first fifty modules whose name has every word of `text`, by name, and how many there are in all.

    Case and punctuation do not count: "cs1h-320" finds Canadian_Solar_Inc__CS1H_320MS. Nothing asked finds nothing.
    """
    words = [word for word in WORD.split(text.casefold()) if word]
    if not words:
        return [], 0
    hits = [name for name, letters in _letters() if all(word in letters for word in words)]
    return hits[:MOST_HITS], len(hits)


@cache
def _letters() -> tuple[tuple[str, str], ...]:
    """Every name beside its letters and digits alone."""
    return tuple((name, WORD.sub("", name.casefold())) for name in sorted(library().columns))


@lru_cache(maxsize=64)
def nearest(name: str) -> tuple[str, ...]:
    """Up to three names of the library that look most like `name`."""
    by_letters = {letters: known for known, letters in _letters()}
    found = get_close_matches(WORD.sub("", name.casefold()), list(by_letters), n=3, cutoff=0.6)
    return tuple(by_letters[letters] for letters in found)
