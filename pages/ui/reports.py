"""The report of a plan, for a bank: made when it is pressed for, with the risk analysis of the same plan where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from core.results import Projection
from pages.ui import account, library, said, session, work

if TYPE_CHECKING:
    from core.report import Form
    from core.studies.drivers import Sensitivity
    from core.studies.simulation import RiskAnalysis

# button, its icon and what it gives
FORMS: dict[Form, tuple[str, str, str]] = {
    "pdf": ("Report (PDF)", ":material/picture_as_pdf:", "A4, to print or to send."),
    "html": (
        "Report (HTML)",
        ":material/html:",
        "One file that opens in any browser, on a phone too; it fetches nothing.",
    ),
    "charts": ("Charts (SVG, PNG)", ":material/imagesmode:", "Each chart of the report, in one ZIP."),
}


class Risk(NamedTuple):
    """What a run of the page Risk left."""

    lives: RiskAnalysis
    why: Sensitivity


def section(projection: Projection) -> None:
    """The report beside the projection."""
    with st.container(border=True):
        st.subheader("Report", anchor=False)
        risk = risk_of(projection)
        st.caption(
            "The whole plan on a few pages: answer, site, design, energy, coins, statement, every assumption with its source. "
            + (
                f"With the risk analysis of {said.number(len(risk.lives.paths))} lives that was run for this plan."
                if risk
                else "Run the page Risk before, and the report tells how likely it all is."
            )
        )
        buttons(projection, risk, "projection")
        if library.stores():
            st.button(
                "Share this answer",
                icon=":material/link:",
                on_click=library.told,
                args=(account.share_answer,),
                key="share answer",
                help="Keeps this projection and makes a link to it: whoever has the link reads the figures and the report, and no more.",
            )
            account.new_link("report")


def of_lives(risk: Risk) -> None:
    """The report beside a risk analysis, where the plan is still the one that was run."""
    from core.fetchers import equipment

    scenario = equipment.resolved(session.current(), session.own_machines())
    if scenario.digest != risk.lives.scenario.digest:
        return
    projection = session.projection_or_error()
    if isinstance(projection, Projection):
        buttons(projection, matching(risk, projection), "risk")


def buttons(projection: Projection, risk: Risk | None, place: str) -> None:
    """One press each; nothing where the projection was kept before statements were."""
    from core import exports
    from core.report import TYPES

    if projection.statement.empty:
        return
    with st.container(horizontal=True):
        for form, (label, icon, meaning) in FORMS.items():
            kind, ext = TYPES[form]
            st.download_button(
                label,
                data=_made(projection, risk, form),
                file_name=exports.file_name(f"{projection.scenario.name} report", ext),
                mime=kind,
                icon=icon,
                help=meaning,
                on_click="ignore",
                key=f"report {form} {place}",
            )


def _made(projection: Projection, risk: Risk | None, form: Form) -> Callable[[], bytes]:
    """What makes the file; it runs in a thread of its own, that knows no session."""
    on = session.now().date()

    def made() -> bytes:
        from core.report import report, written

        return written(report(projection, on, *(risk or ())), form)

    return made


def risk_of(projection: Projection) -> Risk | None:
    """What the page Risk last found, where it is of this plan, this weather and this market."""
    found = work.newest("risk")
    return matching(Risk(found.lives, found.reasons.why), projection) if found is not None else None


def matching(risk: Risk, projection: Projection) -> Risk | None:
    """The same, None where it is of another plan or another world."""
    from core.report import is_of

    return risk if is_of(risk.lives, projection) else None
