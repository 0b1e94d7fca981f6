"""What charts share: colours, templates, and the frames that fill them."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd

from core.say import Marks

Spec = dict[str, Any]  # Vega-Lite, with its frames under "datasets"
HEIGHT = 300
# one colour for each thing energy or money does, the same on every page: (light, dark)
COLOURS = {
    "Mined": ("#D97706", "#FBBF24"),
    "Exported": ("#0F766E", "#2DD4BF"),
    "Imported": ("#4338CA", "#A5B4FC"),
    "Stored": ("#0369A1", "#38BDF8"),
    "Curtailed": ("#8F8882", "#78716C"),
    "This plan": ("#D97706", "#FBBF24"),
    "Sell the power": ("#0F766E", "#2DD4BF"),
    "Mine on the grid": ("#4338CA", "#A5B4FC"),
    "Buy and hold": ("#BE123C", "#FB7185"),
    "Quiet": ("#78716C", "#A8A29E"),
    "Sun": ("#D97706", "#FBBF24"),
    "Sky": ("#0369A1", "#38BDF8"),
    "air": ("#D97706", "#FBBF24"),
    "hydro": ("#0369A1", "#38BDF8"),
    "immersion": ("#BE123C", "#FB7185"),
}
HEAT = {
    False: ["#FFFBEB", "#FDE68A", "#FBBF24", "#D97706", "#92400E", "#5B2706"],
    True: ["#1C1608", "#5C430C", "#A3720D", "#EBA50E", "#FBBF24", "#FDE99B"],
}
INK = ("#57534E", "#C7C0B4")  # of axes and legends, on light and dark ground
# axis labels in dollars: $1.2 M, −$300 k, 0
USD_TICKS = (
    "datum.value == 0 ? '0' : (datum.value < 0 ? '−$' : '$') + (abs(datum.value) >= 1e6 ? "
    "format(abs(datum.value) / 1e6, ',~r') + ' M' : abs(datum.value) >= 1e3 ? format(abs(datum.value) / 1e3, ',~r') + ' k' "
    ": format(abs(datum.value), ',~r'))"
)
ZERO = pd.DataFrame({"y": [0.0]})  # where a line of nothing is drawn
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def colour(name: str, dark: bool) -> str:
    """The colour of a thing on light or dark ground."""
    return COLOURS[name][dark]


def palette(names: tuple[str, ...], dark: bool) -> Any:
    """The colours of some things as a scale."""
    import altair as alt

    return alt.Scale(domain=list(names), range=[colour(name, dark) for name in names])


def source(name: str) -> Any:
    """A chart over the frame that will stand under `name`."""
    import altair as alt

    return alt.Chart(alt.NamedData(name=name))


def template(*layers: Any, height: int = HEIGHT) -> Spec:
    """Layers as a specification without data; the page's theme sets the rest."""
    import altair as alt

    chart = layers[0] if len(layers) == 1 else alt.layer(*layers)
    spec: Spec = chart.properties(height=height).to_dict()
    spec.pop("config", None)
    return spec


def filled(made: Spec, **frames: pd.DataFrame) -> Spec:
    """A template with its frames, which may be shown and changed without touching the template."""
    return {**copy.deepcopy(made), "datasets": frames}


def dressed(made: Spec, dark: bool, marks: Marks) -> Spec:
    """A chart as it is shown: axes and legends in the ink of its ground, numbers with the marks of a language.

    Its marks say nothing to a screen reader one by one: the chart's own description does.
    """
    ink = INK[dark]
    labels = {"labelColor": ink, "titleColor": ink}
    number = {"decimal": marks.decimal, "thousands": marks.thousands, "grouping": [3], "currency": ["$", ""]}
    own = {"axis": labels, "legend": labels, "header": labels, "locale": {"number": number}}
    return {**_unspoken(made), "config": {**own, **made.get("config", {})}}


def _unspoken(made: Spec) -> Spec:
    """A chart whose marks, in every layer and part of it, are left out of what is read aloud."""
    quiet = dict(made)
    if "mark" in made:
        mark = made["mark"]
        quiet["mark"] = {**(mark if isinstance(mark, dict) else {"type": mark}), "aria": False}
    for part in ("layer", "hconcat", "vconcat", "concat"):
        if part in made:
            quiet[part] = [_unspoken(one) for one in made[part]]
    if "spec" in made:
        quiet["spec"] = _unspoken(made["spec"])
    return quiet


def halving_marks(dark: bool, halved: bool) -> list[Any]:
    """Dashed lines on an axis of `month`, one for each row of the frame `halvings`."""
    import altair as alt

    if not halved:
        return []
    base = source("halvings").encode(x="month:T")
    text = base.mark_text(align="left", baseline="top", dx=4, fontSize=11, color=colour("Quiet", dark))
    return [
        base.mark_rule(strokeDash=[3, 4], color=colour("Quiet", dark)),
        text.encode(y=alt.value(0), text="label:N"),
    ]
