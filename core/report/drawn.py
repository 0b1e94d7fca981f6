"""Charts of a report as pictures: the dashboard's own Vega-Lite, drawn here without a browser and without the network."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from functools import cache
from typing import Any

from core.charts import Spec
from core.report.parts import Chart, Report
from core.report.typeface import FONTS, text_of

WIDTH_PX = 400  # of a chart beside another
PNG_SCALE = 3.0
GREY, INK, GRID = "#78716C", "#44403C", "#E7E5E4"
THEME = {
    "font": "Inter",
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": 400, "labelColor": INK, "titleColor": GREY,
        "gridColor": GRID, "domainColor": "#A8A29E", "tickColor": "#A8A29E",
        "labelOverlap": True, "labelSeparation": 4,
    },
    "legend": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": 400, "labelColor": INK, "titleColor": GREY},
    "mark": {"color": "#D97706"},
    "text": {"font": "Inter"},
}  # fmt: skip
_ONE_AT_A_TIME = threading.Lock()  # the engine runs in one thread of its own


def svg(chart: Chart) -> str:
    """A chart as SVG whose ids carry its name, so that several can stand in one page."""
    with _ONE_AT_A_TIME:
        made: str = _engine().vegalite_to_svg(_whole(chart), allowed_base_urls=[])
    return _named(made, chart.name)


def _named(picture: str, name: str) -> str:
    """With ids counted anew under the chart's name: the engine counts them through all it has drawn."""
    order: dict[str, str] = {}

    def anew(found: re.Match[str]) -> str:
        return found[1] + order.setdefault(found[2], f"{name}-{len(order) + 1}")

    return re.sub(r'(\bid="|url\(#)([^")]+)', anew, picture)


def size(picture: str) -> tuple[float, float]:
    """Width and height of an SVG [px]."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture)
    assert found, "every chart is drawn with its size"
    return float(found[1]), float(found[2])


def pdf_of(picture: str) -> bytes:
    """An SVG as one page of PDF: vectors, and text that can be selected."""
    with _ONE_AT_A_TIME:
        made: bytes = _engine().svg_to_pdf(picture)
    return made


def files(report: Report) -> bytes:
    """Each chart of a report as SVG and PNG, in one ZIP; the same report makes the same bytes."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as together:
        for chart in report.charts:
            picture = svg(chart)
            with _ONE_AT_A_TIME:
                pixels = _engine().svg_to_png(picture, scale=PNG_SCALE)
            for ext, content in (("svg", picture.encode()), ("png", pixels)):
                together.writestr(
                    zipfile.ZipInfo(f"{chart.name}.{ext}", (*report.on.timetuple()[:3], 0, 0, 0)), content
                )
    return raw.getvalue()


@cache
def _engine() -> Any:
    """The engine with the program's typefaces: loaded when the first report is made, as it takes 90 MB."""
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
    return vl_convert


def _whole(chart: Chart) -> Spec:
    """The specification with its data in it, in the paper's theme and width."""
    frames = chart.spec["datasets"]
    data = {name: json.loads(frame.to_json(orient="records", date_format="iso")) for name, frame in frames.items()}
    height = {"height": chart.height} if chart.height else {}
    fit = {"width": WIDTH_PX, "autosize": {"type": "fit-x", "contains": "padding"}, "config": THEME}
    return {**chart.spec, **height, **fit, "datasets": _literal(data)}


def _literal(value: Any) -> Any:
    """All text in it as a paper shows it."""
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, list):
        return [_literal(item) for item in value]
    return {key: _literal(item) for key, item in value.items()} if isinstance(value, dict) else value
