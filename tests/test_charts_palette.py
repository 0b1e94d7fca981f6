"""The palette: colours that stand beside each other differ for all eyes, and in grey print."""

from __future__ import annotations

import tomllib
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from core.charts import palette
from tests.colour import SEEN, contrast, difference, lightness

LEAST_DIFFERENCE = 10.0  # ΔE2000: told apart at a glance, side by side
LEAST_LIGHTNESS = 7.0  # L*: told apart in grey
GROUNDS = [False, True]
TOGETHER = {"energy": palette.ENERGY, "choices": palette.CHOICES, "money": palette.MONEY, "cooling": palette.COOLINGS}


def pairs(names: tuple[str, ...], dark: bool) -> list[tuple[str, str, str, str]]:
    return [(a, b, palette.colour(a, dark), palette.colour(b, dark)) for a, b in combinations(names, 2)]


@pytest.mark.parametrize("dark", GROUNDS, ids=["light", "dark"])
@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("chart", TOGETHER)
def test_colours_of_a_chart_differ_for_all_eyes(chart: str, eyes: str, dark: bool) -> None:
    for a, b, one, other in pairs(TOGETHER[chart], dark):
        assert difference(one, other, eyes) >= LEAST_DIFFERENCE, f"{a} and {b} for {eyes} eyes"


@pytest.mark.parametrize("dark", GROUNDS, ids=["light", "dark"])
@pytest.mark.parametrize("chart", TOGETHER)
def test_colours_of_a_chart_differ_in_grey_print(chart: str, dark: bool) -> None:
    for a, b, one, other in pairs(TOGETHER[chart], dark):
        assert abs(lightness(one) - lightness(other)) >= LEAST_LIGHTNESS, f"{a} and {b}"


@pytest.mark.parametrize("dark", GROUNDS, ids=["light", "dark"])
def test_parts_without_a_colour_of_their_own_differ_from_those_beside_them(dark: bool) -> None:
    for a, b in pairwise(palette.PARTS):
        for eyes in SEEN:
            assert difference(palette.colour(a, dark), palette.colour(b, dark), eyes) >= LEAST_DIFFERENCE, f"{a}, {b}"


@pytest.mark.parametrize("dark", GROUNDS, ids=["light", "dark"])
def test_plans_side_by_side_differ_by_colour_or_else_by_dash(dark: bool) -> None:
    assert len(set(palette.SERIES_DASHES)) == len(palette.SERIES)
    for a, b in combinations(palette.SERIES, 2):
        assert difference(palette.colour(a, dark), palette.colour(b, dark), "usual") >= LEAST_DIFFERENCE


@pytest.mark.parametrize("dark", GROUNDS, ids=["light", "dark"])
def test_lines_and_words_stand_out_from_the_ground(dark: bool) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1 for what carries meaning; 1.4.3: 4.5 to 1 for words. Faint things are named in another."""
    ground = palette.colour("Ground", dark)
    for name in set(palette.COLOURS) - {"Ground", *palette.FAINT}:
        assert contrast(palette.colour(name, dark), ground) >= (2.5 if name in YELLOW and not dark else 3.0), name
    for name in ("Ink", "Quiet"):
        assert contrast(palette.colour(name, dark), ground) >= 4.5, name


YELLOW = {"Mined", "This plan", "Left", "Sun", "air"}  # amber on white: always with a name or a figure beside it


@pytest.mark.parametrize("dark", GROUNDS, ids=["light", "dark"])
def test_heat_gets_steadily_darker_or_lighter(dark: bool) -> None:
    steps = np.diff([lightness(colour) for colour in palette.HEAT[dark]])
    assert (steps > 3.0).all() or (steps < -3.0).all()


def test_the_theme_has_the_same_colours() -> None:
    theme = tomllib.loads(Path(".streamlit/config.toml").read_text())["theme"]
    for ground, dark in (("light", False), ("dark", True)):
        told = theme[ground]["chartCategoricalColors"]
        assert told[: len(palette.SERIES)] == [palette.colour(name, dark) for name in palette.SERIES]
        assert theme[ground]["backgroundColor"] == palette.colour("Ground", dark)


def test_the_measure_is_that_of_its_source() -> None:
    """CIEDE2000: pairs 1, 7 and 17 of Sharma, Wu & Dalal (2005), table 1. Dichromats see red and green alike, or nearly."""
    from tests.colour import delta_e

    for one, other, expected in (
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ):
        assert delta_e(np.array(one), np.array(other)) == pytest.approx(expected, abs=5e-5)
    assert difference("#B22222", "#6B8E23", "deutan") < 0.5 * difference("#B22222", "#6B8E23", "usual")
