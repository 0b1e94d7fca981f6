"""Saved plans, side by side: what each earns, and what differs between them."""

import streamlit as st

from core.errors import SolarMiningError
from core.results import Projection
from pages.ui import bridge, chances_compare, library, plan_inputs, session, shelf, show, side_by_side

MOST = 6
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
    if not projections:
        return
    side_by_side.figures(projections)
    side_by_side.pictures(projections)
    plan_inputs.section(side_by_side.lettered(projections))
    if len(projections) > 1:
        pair = two_of(projections)
        if len(pair) > 1:
            st.subheader("What makes the difference", anchor=False)
            bridge.section(pair)
        chances_compare.section(pair)


def two_of(projections: dict[str, Projection]) -> dict[str, Projection]:
    """The two that are held against each other: one alone where it was chosen twice."""
    st.header("Two of them", anchor=False, divider="gray")
    names = list(projections)
    with st.container(horizontal=True):
        first = st.selectbox("First", names, 0, key="first plan")
        second = st.selectbox("Second", names, 1, key="second plan")
    return {name: projections[name] for name in (first, second)}


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


page()
