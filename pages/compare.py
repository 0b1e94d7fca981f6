"""Saved plans, side by side: what each earns, and what differs between them."""

import pandas as pd
import streamlit as st

from core import charts, exports
from core.errors import SolarMiningError
from core.results import Projection
from core.scenario import differences
from core.vocabulary import METRICS
from pages.ui import chances_compare, library, session, shelf, show

MOST = 6
SHOWN = (
    "npv_usd",
    "irr",
    "payback_years",
    "static_payback_years",
    "capex_usd",
    "mined_btc",
    "cost_usd_per_btc",
    "mining_revenue_usd",
    "export_revenue_usd",
    "import_cost_usd",
    "pv_kwh_year1",
    "mined_kwh_year1",
    "curtailed_kwh_year1",
    "solar_share_frac",
    "fleet_utilisation_frac",
    "lcoe_usd_per_kwh",
    "sell_npv_usd",
    "grid_npv_usd",
    "hold_npv_usd",
)
DRAFT = "Draft"


def page() -> None:
    show.header("Compare")
    shelf.shelf()
    projections = chosen()
    if len(projections) < 2:
        st.info(
            "Keep a projection with the button above, change the plan, keep another: then choose them here, "
            "up to six side by side with the draft.",
            icon=":material/compare_arrows:",
        )
    if projections:
        side_by_side(projections)
        st.subheader("Cumulated cash", anchor=False)
        with st.container(border=True):
            spec = charts.cash_lines(projections, session.dark())
            show.chart(spec=spec, alt="Cumulated cash of each plan by year")
        inputs_that_differ(projections)
    if len(projections) > 1:
        chances_compare.section(projections)


def chosen() -> dict[str, Projection]:
    """The draft and the kept projections the planner picked, by a name that tells them apart."""
    kept = {item.id: f"{item.name} · {item.created_at:%d %b %H:%M:%S}" for item in library.kept_projections()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with_draft = st.checkbox("The draft", value=True, key="with draft")
        ids = st.multiselect(
            "Kept projections",
            list(kept),
            default=list(kept)[:3],
            format_func=lambda i: kept.get(i, "deleted"),
            max_selections=MOST - 1,
            key=f"picked {len(kept)}",
            placeholder="Choose up to five",
        )
    found: dict[str, Projection] = {}
    if with_draft and not isinstance(draft := session.projection_or_error(), SolarMiningError):
        found[DRAFT] = draft
    for i in ids:
        try:
            found[unique(kept[i], found)] = library.load_projection(i)
        except SolarMiningError as error:
            show.failure(error)
    return found


def unique(name: str, taken: dict[str, Projection]) -> str:
    """`name`, numbered where another plan has it."""
    number, shown = 1, name
    while shown in taken:
        number += 1
        shown = f"{name} #{number}"
    return shown


def side_by_side(projections: dict[str, Projection]) -> None:
    rows = [
        {"Figure": METRICS[name].label} | {plan: show.metric_in_words(p, name) for plan, p in projections.items()}
        for name in SHOWN
    ]
    st.subheader("Figures", anchor=False)
    show.table(pd.DataFrame(rows), "Comparison")
    versions = {p.model_version for p in projections.values()}
    if len(versions) > 1:
        st.warning(f"These were calculated by different model versions: {', '.join(sorted(versions))}.")


def inputs_that_differ(projections: dict[str, Projection]) -> None:
    """Every input in which a plan differs from the first."""
    first, *others = projections.items()
    if not others:
        return
    st.subheader("Inputs that differ", anchor=False)
    table: dict[str, dict[str, str]] = {}
    for name, projection in others:
        for path, was, now in differences(first[1].scenario, projection.scenario):
            table.setdefault(path, {"Input": path, first[0]: words(was)})[name] = words(now)
    if not table:
        st.caption("None: the plans have the same inputs.")
        return
    frame = pd.DataFrame(table.values())
    for name, _ in others:
        frame[name] = frame.get(name, pd.Series(index=frame.index, dtype=str)).fillna(frame[first[0]])
    show.table(frame[["Input", *projections]], "Inputs that differ")


def words(value: object) -> str:
    if isinstance(value, tuple):
        return exports.said(value) or "–"
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


page()
