"""What every page shows the same way: header, tiles, tables, provenance, errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import shown
from core.errors import SolarMiningError
from core.formulas import formula
from core.inputs import Reading, Status
from core.results import Projection
from core.shown import age_in_words as age_in_words
from core.shown import caption as caption
from core.shown import old_in_words as old_in_words
from core.vocabulary import word
from pages.ui import runs, said, session

if TYPE_CHECKING:
    import pandas as pd

CALENDAR = {"year", "month", "hour", "day"}  # numbers that are names
STANDINGS: tuple[Status, ...] = ("planner", "live", "cached", "stale", "bundled")  # best first
STANDING = {"live": "Live", "cached": "Live", "stale": "Stale", "bundled": "Bundled", "planner": "Own"}
ICONS = {"market": ":material/currency_bitcoin:", "weather": ":material/sunny:"}
STATUS_COLOURS = {"live": "green", "cached": "green", "stale": "orange", "bundled": "gray", "planner": "violet"}


@contextmanager
def mishaps() -> Iterator[None]:
    """Say what went wrong in words; a failure nobody foresaw gets a number and no inner detail."""
    try:
        yield
    except SolarMiningError as error:
        failure(error)
    except Exception as error:  # the last resort: nothing internal may reach the screen
        if not runs.unforeseen(error):
            raise


def failure(error: SolarMiningError) -> None:
    """An error in words: what, where, and what was expected."""
    st.error(session.literal(error.message), icon=":material/error:")
    if error.field or error.expected:
        st.caption(session.literal(f"{error.field}: expected {error.expected}" if error.expected else error.field))


def header(title: str) -> None:
    """Title, scenario in hand, and what can be done with it."""
    from pages.ui import account, drafts, library

    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(title, anchor=False)
        library.actions()
    scenario = session.current()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="standing"):
        st.caption(f"**{session.literal(scenario.name)}** · {session.literal(scenario.site.name)}", width="content")
        if session.unsaved():
            st.badge("Unsaved changes", icon=":material/edit:", color="orange")
        badges()
        library.notes()
    with st.container():  # they come and go: with no place of their own, all below would then be drawn anew
        account.new_link("header")
        drafts.offer()


def badges() -> None:
    """How old market and weather are, and where they come from."""
    market = session.market().readings
    worst = max(market, key=lambda reading: STANDINGS.index(reading.status))
    _badge("market", worst.status, worst.observed_at, "; ".join(_origin(reading) for reading in market))
    try:
        weather = session.weather()
    except SolarMiningError:
        return
    own = session.current().site.uploaded is not None
    _badge("weather", "planner" if own else weather.status, weather.observed_at, weather.source)


def _badge(what: str, status: Status, since: datetime, origin: str) -> None:
    age = "" if status == "planner" else f", {old_in_words((session.now() - since).total_seconds())}"
    st.badge(
        f"{STANDING[status]} {what}{age}",
        icon=ICONS[what],
        color=STATUS_COLOURS[status],
        help=session.literal(origin),
    )


def _origin(reading: Reading) -> str:
    name = word(reading.name).label if word(reading.name).label != reading.name else reading.name.replace("_", " ")
    return f"{name}: {reading.source}, {reading.observed_at:%d %B %Y}"


def figure(name: str, value: float | None) -> str:
    """A metric in the words of a page: sensible digits, its unit; a dash where there is none."""
    return said.metric(name, value)


def signed(frac: float) -> str:
    """A share in percent with its sign."""
    return said.percent(frac, sign="+")


def money(value: float, *, cents: bool = False) -> str:
    """Dollars with a true minus sign; millions shortened."""
    return said.money(value, cents=cents)


def tile(
    projection: Projection, name: str, *, label: str = "", note: str = "", chart: Any = None, kind: Any = "area"
) -> None:
    """One metric with its meaning, a remark and, where given, a small curve."""
    st.metric(
        label or word(name).label,
        metric_in_words(projection, name),
        delta=note or None,
        delta_color="orange",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=explained(projection, name),
        chart_data=chart,
        chart_type=kind,
    )


def of_several(projection: Projection) -> str:
    """A remark on its IRR where it is not the only one, and may have the wrong sign."""
    several = any(notice.startswith("Several rates of return") for notice in projection.notices)
    return f"one of several; modified: {metric_in_words(projection, 'mirr')}" if several else ""


def explained(projection: Projection, name: str) -> str:
    """What a figure means, why there is none, how it follows from others, and whence what it rests on is, and how old."""
    told = [session.literal(word(name).meaning)]
    if projection.metrics[name] is None:
        told[0] += session.literal(f" Here: {projection.reasons.get(name, '')}.")
    told += [f"**Formula:** {session.literal(text)}" for text in (formula(name),) if text]
    origins = shown.origins(projection, name, session.now()) or ("the plan's own figures",)
    told += ["**Rests on**  \n" + "  \n".join(session.literal(line) for line in origins)]
    return "\n\n".join(told)


def metric_in_words(projection: Projection, name: str) -> str:
    """A metric as a page shows it; "Never" or "None" where it does not exist."""
    return shown.metric_in_words(projection, name, said.marks())


def folded(label: str, icon: str, draw: Callable[[], object]) -> None:
    """Something that is drawn when it is opened, and costs nothing until then."""
    with st.expander(label, icon=icon, key=f"folded {label}", on_change="rerun") as part:
        if part.open:
            draw()


def chart(spec: dict[str, Any], *, alt: str, **kwargs: Any) -> Any:
    """A chart in the theme's ink, with numbers as the browser's language writes them."""
    from core.charts import dressed

    return st.vega_lite_chart(spec=dressed(spec, session.dark(), said.marks()), alt=alt, **kwargs)


def table(frame: pd.DataFrame, name: str, *, height: int | str = "auto") -> None:
    """A table with labelled columns that sorts, and downloads as CSV and Excel."""
    config = {column: _column(frame, column) for column in frame.columns}
    st.dataframe(frame, hide_index=True, column_config=config, height=height, alt=f"Table: {name}")
    downloads(frame, name)


def _column(frame: pd.DataFrame, name: str) -> Any:
    """A column by its label; numbers but those of years and months as the browser's language writes them."""
    label, meaning = caption(name), word(name).meaning
    kind, most = frame[name].dtype.kind, frame[name].abs().max() if frame[name].dtype.kind == "f" else 0.0
    if kind not in "if" or (kind == "i" and name in CALENDAR):
        return st.column_config.Column(label, help=meaning)
    step = 1 if kind == "i" or most >= 1e5 else 0.01 if most >= 100 else 0.0001
    return st.column_config.NumberColumn(label, help=meaning, format="localized", step=step)


def downloads(frame: pd.DataFrame, name: str) -> None:
    """A table's CSV and Excel buttons."""
    from core import exports

    with st.container(horizontal=True):
        st.download_button(
            "CSV",
            data=lambda: exports.csv_bytes(frame),
            file_name=exports.file_name(name, "csv"),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"csv {name}",
        )
        st.download_button(
            "Excel",
            data=lambda: exports.xlsx_bytes({name[:31]: frame}),
            file_name=exports.file_name(name, "xlsx"),
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            icon=":material/download:",
            on_click="ignore",
            key=f"xlsx {name}",
        )


def readings(items: tuple[Reading, ...]) -> None:
    """Every figure from outside: value, source, age, and why it is what it is."""
    import pandas as pd

    now = session.now()
    rows = [
        {
            "Figure": caption(r.name),
            "Value": shown.reading(r.value, said.marks()),
            "Status": r.status,
            "As of": "–" if r.status == "planner" else f"{r.observed_at:%Y-%m-%d}",
            "Age": "–" if r.status == "planner" else age_in_words(r.age_s(now)),
            "Source": r.source,
            "Why": r.why,
        }
        for r in items
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Readings with their source and age")
