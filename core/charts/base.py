"""What charts share: templates, the frames that fill them, names at the ends of lines, halvings."""

from __future__ import annotations

import copy
import itertools
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.charts.palette import FAINT, colour, palette
from core.say import Marks

Spec = dict[str, Any]  # Vega-Lite, with its frames under "datasets"
Floats: TypeAlias = NDArray[np.float64]
HEIGHT = 300
INK = ("#57534E", "#C7C0B4")  # of axes and legends, on light and dark ground
POINTS_A_LINE = 2000  # twice as many as a wide chart has pixels
NAME_APART = 0.085  # share of the axis between the names of two lines
# axis labels in dollars: $1.2 M, −$300 k, 0
USD_TICKS = (
    "datum.value == 0 ? '0' : (datum.value < 0 ? '−$' : '$') + (abs(datum.value) >= 1e6 ? "
    "format(abs(datum.value) / 1e6, ',~r') + ' M' : abs(datum.value) >= 1e3 ? format(abs(datum.value) / 1e3, ',~r') + ' k' "
    ": format(abs(datum.value), ',~r'))"
)
ZERO = pd.DataFrame({"y": [0.0]})  # where a line of nothing is drawn
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


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
    spec["padding"] = {"left": 0, "top": 4, "right": 4, "bottom": 6}  # the card around it has its own
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


def thinned(frame: pd.DataFrame, y: str, most: int = POINTS_A_LINE) -> pd.DataFrame:
    """At most `most` rows of a line in their order: the first, the last, and the lowest and highest of each piece between.

    No peak is lost, as it would be if rows were taken evenly; a line as wide as a screen looks the same.
    """
    if len(frame) <= most:
        return frame
    inner = frame[y].to_numpy(np.float64)[1:-1]
    edges = np.linspace(0, len(inner), most // 2).astype(int)  # pieces of which each gives two
    pieces = [(a, inner[a:b]) for a, b in itertools.pairwise(edges)]
    kept = {1 + a + int(found) for a, piece in pieces for found in (piece.argmin(), piece.argmax())}
    return frame.iloc[sorted({0, len(frame) - 1, *kept})]


def at_ends(lines: pd.DataFrame, x: str, y: str, by: str) -> pd.DataFrame:
    """Where each line's name stands: beside its last point, pushed apart where two would lie over each other.

    Rows of `by`, `x` and `at`; lines: rows of `by`, `x` and `y`, in the order of `x`.
    """
    last = lines.groupby(by, sort=False).tail(1)
    reach = max(lines[y].max(), 0.0) - min(lines[y].min(), 0.0) if len(lines) else 0.0
    at = spread(last[y].to_numpy(np.float64), NAME_APART * (reach or 1.0))
    return last[[by, x]].assign(at=at)


def spread(values: Floats, apart: float) -> Floats:
    """Places for `values` at least `apart` from each other, in their order, and as near as pushing upwards lets them."""
    order = np.argsort(values, kind="stable")
    steps = apart * np.arange(len(values))
    placed = np.empty(len(values))
    placed[order] = np.maximum.accumulate(values[order] - steps) + steps
    return placed


def end_names(x: Any, by: str, names: tuple[str, ...], dark: bool) -> Any:
    """The names of lines at their ends, in their colours, over the frame `ends` that `at_ends` makes."""
    import altair as alt

    text = source("ends").mark_text(align="left", dx=6, fontSize=12, fontWeight=600)
    own = alt.Color(f"{by}:N", scale=palette(names, dark), legend=None)
    faint = alt.when(alt.FieldOneOfPredicate(by, list(FAINT)))
    return text.encode(x=x, y="at:Q", text=f"{by}:N", color=faint.then(alt.value(colour("Quiet", dark))).otherwise(own))


def months_axis() -> Any:
    """An axis of `month` on which each year stands under its January, the first one too."""
    import altair as alt

    return alt.X("month:T", title=None, axis=alt.Axis(labelFlush=False))


def zero_line(dark: bool) -> Any:
    """A dashed line of nothing, over the frame `zero`."""
    return source("zero").mark_rule(strokeDash=[4, 4], color=colour("Quiet", dark)).encode(y="y:Q")


def halving_year_marks(dark: bool, halved: bool, x: str = "year:O") -> list[Any]:
    """The same on an axis of years of operation, over the frame `halvings` of `year` and `label`."""
    import altair as alt

    if not halved:
        return []
    base = source("halvings").encode(x=x)
    text = base.mark_text(baseline="bottom", dy=-3, fontSize=11, color=colour("Quiet", dark))
    return [
        base.mark_rule(strokeDash=[3, 4], color=colour("Quiet", dark)),
        text.encode(y=alt.value(0), text="label:N"),
    ]


def halving_marks(dark: bool, halved: bool) -> list[Any]:
    """Dashed lines on an axis of `month`, one for each row of the frame `halvings`, named above the plot."""
    import altair as alt

    if not halved:
        return []
    base = source("halvings").encode(x="month:T")
    text = base.mark_text(align="center", baseline="bottom", dy=-3, fontSize=11, color=colour("Quiet", dark))
    return [
        base.mark_rule(strokeDash=[3, 4], color=colour("Quiet", dark)),
        text.encode(y=alt.value(0), text="label:N"),
    ]
