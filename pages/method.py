"""How the figures are reached: published studies worked through with the program's own models."""

import pandas as pd
import streamlit as st

from core.studies.worked_examples import WorkedExample, worked_examples
from pages.ui import said, session, show

COLUMNS = ["Study", "Figure", "Published", "Ours", "Difference", "Unit"]


def page() -> None:
    show.header("Method")
    st.subheader("Published studies, worked through", anchor=False)
    st.caption(
        "Each figure is worked out when this page is drawn, by the functions that projections use. Where ours differs, the reason stands below."
    )
    examples = worked_examples()
    frame = pd.DataFrame([row(one) for one in examples], columns=COLUMNS)
    st.dataframe(frame, hide_index=True, alt="Table: Worked examples")
    show.downloads(frame, "worked examples")
    for one in examples:
        with st.container(border=True):
            st.markdown(f"**{session.literal(one.case)}: {session.literal(one.quantity)}**")
            st.write(session.literal(one.why))
            st.caption(session.literal(one.source))


def row(one: WorkedExample) -> tuple[str, str, str, str, str, str]:
    """A line of the table: figures in the digits of the published one."""
    off = said.percent(one.ours / one.published - 1, 2, sign="+")
    return one.case, one.quantity, said.exact(one.published, 6), said.exact(one.ours, 6), off, one.unit


page()
