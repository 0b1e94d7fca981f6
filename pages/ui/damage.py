"""A notice on every page that the database was found damaged and replaced, until whoever runs this copy takes the file away."""

import streamlit as st

from core.store import condition
from pages.ui import session


def notice() -> None:
    """Tell of each database that a start moved aside."""
    conf = session.conf()
    if not conf.stores_on_server:
        return
    for one in condition.set_aside(conf.home):
        st.error(
            f"{condition.words(one)} This is shown until that file is taken away from the folder.",
            icon=":material/warning:",
        )
