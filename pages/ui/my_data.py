"""All that is kept of whoever is here: one file to download, and the way to have it deleted."""

from __future__ import annotations

import io

import streamlit as st

from core import my_data
from pages.ui import library, people, session

SURE = "delete everything"
ASKED = "_delete_my_data"


def section() -> None:
    """A popover beside the account."""
    owner = people.owner()  # the file is made beside the page, where nobody is known to sit before it
    with st.popover("My data", icon=":material/folder_shared:"):
        st.markdown("**Everything that is kept of you**")
        st.caption("Scenarios, projections, weather, machines, links, webhooks, keys, jobs and the use of the API.")
        st.download_button(
            "Export my data",
            lambda: exported(owner),
            file_name="my-data.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
        st.divider()
        st.caption(f"Deleting cannot be undone. {my_data.still_held()}")
        st.text_input(f"To delete it all, write: {SURE}", key=ASKED)
        st.button(
            "Delete my data",
            icon=":material/delete_forever:",
            on_click=library.told,
            args=(deleted,),
            key="delete my data",
        )


def exported(owner: str) -> bytes:
    """The archive, made when it is asked for."""
    into = io.BytesIO()
    my_data.export(owner, into)
    return into.getvalue()


def deleted() -> str:
    """Delete all, where that was written out."""
    from core.errors import ValidationError

    owner = people.owner()
    if st.session_state.get(ASKED, "").strip().lower() != SURE:
        raise ValidationError(f"nothing was deleted: write “{SURE}” first", field="confirm", expected=SURE)
    gone = my_data.delete(owner, owner)
    st.session_state[ASKED] = ""
    session.forget_saved()
    return f"Deleted all that was kept of you: {sum(gone.values())} rows."
