"""Contrast of the theme and the charts against their ground, by WCAG 2.2: 4.5 to 1 for text, 3 to 1 for what is drawn.

Formula: w3.org/TR/WCAG22, "relative luminance" and "contrast ratio".
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from core.charts import base, palette
from pages.ui import accounts, looks

ROOT = Path(__file__).parents[1]
THEME: dict[str, Any] = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
GROUNDS = ("light", "dark")
TEXT, DRAWN = 4.5, 3.0
# used as the colour of words in charts
WRITTEN = {
    ast.literal_eval(found)
    for file in (ROOT / "core/charts").glob("*.py")
    for found in re.findall(r'mark_text\([^)]*colour\(("[^"]+")', file.read_text(encoding="utf-8"))
}


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB" [1]."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_the_ratio_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)  # webaim.org's known near miss


@pytest.mark.parametrize("dark", [False, True], ids=GROUNDS)
@pytest.mark.parametrize("name", [name for name in palette.COLOURS if name not in (*palette.FAINT, "Ground")])
def test_what_charts_draw_stands_out_from_the_ground(name: str, dark: bool) -> None:
    assert contrast(palette.colour(name, dark), THEME[GROUNDS[dark]]["backgroundColor"]) >= DRAWN


@pytest.mark.parametrize("dark", [False, True], ids=GROUNDS)
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_words_in_charts_and_on_pages_can_be_read(ground: str, dark: bool) -> None:
    theme = THEME[GROUNDS[dark]]
    inks = {theme["textColor"], base.INK[dark], looks.INK[dark]}
    if ground == "backgroundColor":  # on which charts stand
        inks |= {palette.colour(name, dark) for name in WRITTEN}
    faint = {ink: contrast(ink, theme[ground]) for ink in inks if contrast(ink, theme[ground]) < TEXT}
    assert WRITTEN
    assert not faint


@pytest.mark.parametrize("dark", [False, True], ids=GROUNDS)
def test_links_and_buttons_can_be_read(dark: bool) -> None:
    theme = THEME[GROUNDS[dark]]
    assert contrast(theme["linkColor"], theme["backgroundColor"]) >= TEXT
    assert contrast("#FFFFFF", theme["primaryColor"]) >= TEXT  # words on a primary button
    assert contrast(theme["primaryColor"], theme["backgroundColor"]) >= DRAWN


@pytest.mark.parametrize("dark", [False, True], ids=GROUNDS)
def test_colours_of_a_series_without_a_name_stand_out(dark: bool) -> None:
    theme = THEME[GROUNDS[dark]]
    assert min(contrast(one, theme["backgroundColor"]) for one in theme["chartCategoricalColors"]) >= DRAWN


@pytest.mark.parametrize("dark", [False, True], ids=GROUNDS)
@pytest.mark.parametrize("kind", ["title", "sum", "note"])
def test_rows_of_a_statement_can_be_read(kind: str, dark: bool) -> None:
    style = dict(part.split(": ") for part in accounts.TINTS[kind][dark].split("; "))
    ground = style.get("background-color", THEME[GROUNDS[dark]]["backgroundColor"])
    assert contrast(style["color"], ground) >= TEXT


@pytest.mark.parametrize("dark", [False, True], ids=GROUNDS)
def test_a_dressed_chart_has_the_ink_of_its_ground_and_the_marks_of_its_language(dark: bool) -> None:
    from core.say import DOTS

    made = {"layer": [{"mark": "bar"}, {"mark": {"type": "text"}, "layer": [{"mark": "rule"}]}], "config": {"view": 1}}
    shown = base.dressed(made, dark, DOTS)
    assert shown["config"]["axis"]["labelColor"] == base.INK[dark]
    assert shown["config"]["locale"]["number"]["decimal"] == ","
    assert shown["config"]["view"] == 1
    assert shown["layer"][0]["mark"] == {"type": "bar", "aria": False}
    assert shown["layer"][1]["layer"][0]["mark"]["aria"] is False
    assert made["layer"][0] == {"mark": "bar"}, "the template was touched"
