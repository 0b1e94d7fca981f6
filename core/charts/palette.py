"""Every colour and dash of a chart, in one place: one for each thing that energy or money does, the same on every page.

Colours come in pairs, for light and dark ground. Those that stand beside each other differ for eyes that lack one kind
of cone, and in grey print by lightness or by a second cue (a label, a dash, a sign, a place); a test holds both.
"""

from __future__ import annotations

from typing import Any

COLOURS = {
    # where energy goes and comes from
    "Mined": ("#D97706", "#FBBF24"),
    "Exported": ("#0F766E", "#17A393"),
    "Imported": ("#3730A3", "#B49CFB"),
    "Stored": ("#0284C7", "#0072B2"),
    "Curtailed": ("#B8B0A6", "#57524C"),
    "Lost": ("#B8B0A6", "#57524C"),
    # what could be done with the money
    "This plan": ("#D97706", "#FBBF24"),
    "Sell the power": ("#0F766E", "#17A393"),
    "Mine on the grid": ("#3730A3", "#B49CFB"),
    "Buy and hold": ("#A3164F", "#E11D5C"),
    # what comes in, goes out and is left
    "In": ("#0F766E", "#1FB8A6"),
    "Out": ("#9F1239", "#F0526E"),
    "Left": ("#D97706", "#FBBF24"),
    # light and weather
    "Sun": ("#D97706", "#FBBF24"),
    "Sky": ("#0284C7", "#38BDF8"),
    # cooling of machines
    "air": ("#D97706", "#FBBF24"),
    "hydro": ("#0284C7", "#38BDF8"),
    "immersion": ("#9F1239", "#F0526E"),
    # marks, rules and words
    "Quiet": ("#78716C", "#A8A29E"),
    "Ink": ("#1C1917", "#F5F1E8"),
    "Ground": ("#FCFBF8", "#12110F"),
}
ENERGY = ("Mined", "Exported", "Imported", "Stored", "Curtailed")
CHOICES = ("This plan", "Sell the power", "Mine on the grid", "Buy and hold")
MONEY = ("In", "Out", "Left")
COOLINGS = ("air", "hydro", "immersion")
PARTS = ("Imported", "Mined", "Exported", "Buy and hold", "Sky", "Quiet", "Curtailed")  # of things without a colour
SERIES = ("Mined", "Exported", "Imported", "Buy and hold", "Stored", "Quiet")  # of plans side by side, in their order
SERIES_DASHES = ((1, 0), (8, 3), (2, 3), (10, 3, 2, 3), (5, 2), (1, 3))
DASHES = {"Sun": (6, 4), "Exported": (8, 3), "Imported": (2, 3)}  # of lines; all others are solid
FAINT = ("Curtailed", "Lost")  # too faint for words
HEAT = {
    False: ["#FFFBEB", "#FDE68A", "#FBBF24", "#D97706", "#92400E", "#5B2706"],
    True: ["#1C1608", "#5C430C", "#A3720D", "#EBA50E", "#FBBF24", "#FDE99B"],
}


def colour(name: str, dark: bool) -> str:
    """The colour of a thing on light or dark ground."""
    return COLOURS[name][dark]


def dash(name: str) -> list[int]:
    """How a thing's line is broken: the second cue where its colour does not come through."""
    return list(DASHES.get(name, (1, 0)))


def palette(names: tuple[str, ...], dark: bool) -> Any:
    """The colours of some things as a scale."""
    import altair as alt

    return alt.Scale(domain=list(names), range=[colour(name, dark) for name in names])


def dashes(names: tuple[str, ...]) -> Any:
    """The dashes of some things as a scale."""
    import altair as alt

    return alt.Scale(domain=list(names), range=[dash(name) for name in names])
