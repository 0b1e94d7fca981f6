"""A rate of the Utility Rate Database taken into the plan from its file."""

from __future__ import annotations

import streamlit as st

from core.errors import SolarMiningError
from core.sections.tariff import Tariff
from pages.ui import session, show

NOTES, PATH = "_rate_notes", "grid.tariff"
HELP = (
    "A rate as the database's API or its bulk download gives it (JSON): energy by time of use and tiers, demand charges, "
    "fixed charges and minimums. What a bill here cannot have is refused by name."
)


def rate_file() -> None:
    """Upload of a rate; below it the one in use, with what was simplified on the way."""
    tariff = session.current().grid.tariff
    with st.expander("A rate of the Utility Rate Database", icon=":material/upload_file:", expanded=bool(tariff.name)):
        file = st.file_uploader(
            "Rate file", type=["json"], help=HELP, key=session.widget_key("rate file"), max_upload_size=5
        )
        if file is not None:
            _take(file.getvalue())
        if tariff.name:
            _in_use(tariff)


def _take(raw: bytes) -> None:
    """The file's rate in place of the tariff; nothing is changed where it cannot be."""
    from core.fetchers.urdb import read_tariff
    from core.fetchers.urdb_section import section_of

    try:
        told = section_of(read_tariff(raw))
        session.change({PATH: told.tariff.model_dump(mode="json"), **_flat_prices()})
    except SolarMiningError as error:
        show.failure(error)
        return
    st.session_state[NOTES] = told.notes
    session.redraw()
    st.rerun()


def _flat_prices() -> dict[str, object]:
    """Hourly prices go where a rate comes, as they would be paid on top of it."""
    return {"grid.import_hourly_usd_per_kwh": [], "grid.export_hourly_usd_per_kwh": []}


def _in_use(tariff: Tariff) -> None:
    st.markdown(f"**{session.literal(tariff.name)}**")
    for note in st.session_state.get(NOTES, ()):
        st.caption(session.literal(note))
    st.button("Remove this rate", icon=":material/close:", on_click=_remove)


def _remove() -> None:
    st.session_state[NOTES] = ()
    session.change({PATH: Tariff().model_dump(mode="json")})
    session.redraw()
