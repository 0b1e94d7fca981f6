"""Part of the Method page: every formula of the models, looked for and read."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core import method
from core.method import Formula, Subject
from pages.ui import session

FIRST = "mining"
MOST = 25  # shown at once


def section() -> None:
    """Looked for by word, or read by subject."""
    known = {subject.module: subject for subject in method.subjects()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input(
            "Look for", placeholder="hashprice, Perez, MACRS, Source …", key="formula wanted", max_chars=60
        )
        chosen = st.selectbox(
            "Subject",
            list(known),
            index=list(known).index(FIRST),
            format_func=lambda module: known[module].title.rstrip("."),
            key="formula subject",
            disabled=bool(wanted.strip()),
        )
    if wanted.strip():
        several(found(wanted, method.formulas()))
    else:
        of(known[chosen])


def found(wanted: str, among: Iterable[Formula]) -> list[Formula]:
    """Those that have every word, whatever its case."""
    words = wanted.lower().split()
    return [formula for formula in among if all(word in formula.text for word in words)]


def several(formulas: list[Formula]) -> None:
    count = len(formulas)
    st.caption(f"{count} of {len(method.formulas())} formulas{f', the first {MOST} of them' if count > MOST else ''}.")
    for formula in formulas[:MOST]:
        card(formula)


def of(subject: Subject) -> None:
    """What a file says of its subject, and its formulas."""
    if subject.told:
        st.text(subject.told)
    if not subject.formulas:
        st.caption("No formulas stand here beside this: it is a procedure.")
    for formula in subject.formulas:
        card(formula)


def card(formula: Formula) -> None:
    with st.container(border=True, gap="small"):
        st.markdown(f"**{session.literal(formula.title)}**")
        if formula.formula:
            st.code(formula.formula, language=None, wrap_lines=True)
        if formula.notes:
            st.text(formula.notes)
        name = f"{formula.module}.{formula.name}({formula.arguments})"
        source = f"Source: {formula.source}" if formula.source else ""
        st.caption(" · ".join(session.literal(words) for words in (source, name) if words))
