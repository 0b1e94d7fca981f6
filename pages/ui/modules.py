"""Choosing a module of the CEC library: 21,535 names stay on the server, the screen gets the hits of a search."""

from __future__ import annotations

import streamlit as st

from core.errors import ScenarioError
from core.models import library
from pages.ui import forms, said, session

PATH = "array.module"


def picker() -> None:
    """The module of the array, what the library says of it, and a search for another."""
    scenario = session.current()
    current, info = scenario.array.module, forms.declared(scenario, PATH)
    with st.grid(2, min_column_width=260):
        asked = st.text_input(
            "Find a module",
            key="find a module",
            type="search",
            max_chars=80,
            placeholder="maker, type, watts: such as jinko 400",
            help="Words of a module's name in any order; case and punctuation do not count.",
        )
        hits, number = library.search(asked or "")
        names = [current, *(name for name in hits if name != current)]
        key = session.widget_key(f"{PATH} {hash(tuple(names))}")
        st.selectbox(
            str(info.title),
            names,
            format_func=_in_words,
            key=key,
            help=info.description,
            on_change=lambda: session.change({PATH: st.session_state[key]}),
        )
    if asked:
        st.caption(_found(number, len(hits)))
    facts(current)
    if scenario.array.gamma_pdc_per_c is not None:
        st.caption("Not used while a temperature coefficient is given.")


def facts(name: str) -> None:
    """What the library says of a module, or that it has none of that name."""
    try:
        module = library.listed(name)
    except ScenarioError as error:
        st.caption(f":red[{session.literal(f'{error.message}: expected {error.expected}')}]")
        return
    st.caption(
        session.literal(
            f"{module.technology} · {said.number(module.power_w)} W · efficiency {said.number(module.efficiency_frac * 100, 1)} % · "
            f"{said.number(module.gamma_pdc_per_c * 100, 3)} %/°C"
        )
        + f" · CEC list of {library.DATED}, as pvlib ships it: newer modules are not in it"
    )


def _in_words(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _found(number: int, shown: int) -> str:
    if not number:
        return "No module has all of these words in its name."
    many = f", the first {shown} are listed: add a word to narrow them" if number > shown else ""
    return f"{said.number(number)} {'module' if number == 1 else 'modules'} found{many}. Open the list to choose."
