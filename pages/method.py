"""How the figures are reached: formulas, proof, errors found in what others published, what is not modelled, guides."""

import re

import streamlit as st

from core import method
from pages.ui import formulas, proof, show

TABS = ("Formulas", "Proof", "Errors found", "Not modelled", "Guides")
GUIDES = {
    "tutorial": "In five minutes",
    "planners": "How to do each main job",
    "compared": "Beside SAM, PVWatts, Braiins and Hashrate Index",
    "operations": "For whoever runs a server",
    "contributors": "For contributors",
}
SENTENCE = re.compile(r"(?<=[a-z\d)][.;]) (?=[A-Z])")


def page() -> None:
    show.header("Method")
    drawn = (formulas.section, proved, proof.slips, not_modelled, guides)
    for tab, draw in zip(st.tabs(list(TABS), on_change="rerun", key="method"), drawn, strict=True):
        if tab.open:
            with tab:
                draw()


def proved() -> None:
    proof.section()
    proof.studies()
    proof.not_run()


def not_modelled() -> None:
    """The README's own words, a sentence a line."""
    st.caption(
        "As the README has it: what a projection leaves out, and how much of a difference that was found to make."
    )
    text = " ".join(method.not_modelled().split())
    for sentence in SENTENCE.split(text):
        st.markdown(f"- {sentence}")


def guides() -> None:
    """The guides of `docs/`, read where they lie."""
    chosen = st.segmented_control(
        "Guide", list(GUIDES), default="planners", format_func=GUIDES.get, key="guide", label_visibility="collapsed"
    )
    for part in method.parted(method.guide(chosen or "planners")):
        if isinstance(part, method.Picture):
            st.image(part.path, part.words, width="stretch")
        else:
            st.markdown(part)


page()
