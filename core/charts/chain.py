"""The way from sunlight to the machines, and from coins to cash: what is left after each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

import pandas as pd

from core.charts.base import Spec, filled, source, template
from core.charts.money import AXIS, ROW
from core.charts.palette import colour
from core.results import Projection

Kind = Literal["level", "gain", "loss", "use"]
LEAST = 0.0005  # of the light: what would read as 0.0 %
INKS = {"level": "Sun", "gain": "Sun", "loss": "Lost", "use": "Exported"}


class Step(NamedTuple):
    """A step on the way [kWh]: what is left, as a level, or what comes to it or leaves it, with its sign."""

    label: str
    kwh: float
    kind: Kind


def sun_chain(light: Mapping[str, float], projection: Projection) -> list[Step]:
    """From the first year's light on the modules to the machines, steps of nothing left out.

    light: `core.studies.sunlight.light_steps`: its first is the light, and all sum to the AC energy.
    """
    hours = projection.hourly
    (first, plane), *losses = light.items()
    ac = sum(light.values())
    gone = {
        "Curtailed": -float(hours["curtailed_kw"].sum()),
        "Sold": -float(hours["export_kw"].sum()),
        "Lost in the battery": float((hours["discharge_kw"] - hours["charge_kw"]).sum()),
    }
    steps = [Step(first, plane, "level"), *(_moved(label, kwh) for label, kwh in losses)]
    steps += [Step("Out of the inverter", ac, "level")]
    steps += [Step(label, kwh, "use" if label == "Sold" else "loss") for label, kwh in gone.items()]
    steps += [Step("Sun at the machines", ac + sum(gone.values()), "level")]
    return [step for step in steps if step.kind == "level" or abs(step.kwh) >= LEAST * plane]


def _moved(label: str, kwh: float) -> Step:
    return Step(label, kwh, "gain" if kwh > 0 else "loss")


def energy_chain(steps: Sequence[Step], dark: bool = False) -> Spec:
    """Steps as bars, each where the one before ended, in percent of the first; each named with its share."""
    whole = steps[0].kwh or 1.0
    rows, end = [], 0.0
    for rank, step in enumerate(steps):
        start, end = (0.0, step.kwh) if step.kind == "level" else (end, end + step.kwh)
        share = 100.0 * step.kwh / whole
        rows.append(
            {
                "rank": rank,
                "step": step.label,
                "text": f"{step.label}  {share:.1f} %".replace("-", "−"),
                "start": 100.0 * start / whole,
                "end": 100.0 * end / whole,
                "share": share,
                "mwh": step.kwh / 1000.0,
                "kind": step.kind,
            }
        )
    return filled(_energy_chain(len(rows), dark), steps=pd.DataFrame(rows))


@cache
def _energy_chain(rows: int, dark: bool) -> Spec:
    import altair as alt

    inks = alt.Scale(domain=list(INKS), range=[colour(name, dark) for name in INKS.values()])
    axis = alt.Axis(labelLimit=260, labelFontSize=13, ticks=False, domain=False)
    bars = source("steps").mark_bar(size=ROW - 10, cornerRadius=2)
    bars = bars.encode(
        y=alt.Y("text:N", sort=alt.EncodingSortField("rank", order="ascending"), title=None, axis=axis),
        x=alt.X(
            "start:Q", title="% of the light", axis=alt.Axis(tickCount=5), scale=alt.Scale(domainMin=0, nice=False)
        ),
        x2="end:Q",
        color=alt.Color("kind:N", scale=inks, legend=None),
        tooltip=[
            alt.Tooltip("step:N", title="Step"),
            alt.Tooltip("mwh:Q", title="MWh", format="+,.1f"),
            alt.Tooltip("share:Q", title="% of the light", format="+.2f"),
        ],
    )
    return template(bars, height=ROW * rows + AXIS)
