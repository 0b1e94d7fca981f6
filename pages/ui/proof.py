"""Part of the Method page: published figures beside ours, worked out when the reader asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import streamlit as st

from core.errors import SolarMiningError
from core.inputs import Weather
from core.jobs import Tick
from pages.ui import said, session, show, work

if TYPE_CHECKING:
    from core.studies.validation import Case, Outcome

KIND, KEPT = "proof", "_proof"
DEADLINE_S = 300.0
TARGET = "compact target"
PHOENIX = "b993c1da0a378e61"  # digest of SAM's weather file USA AZ Phoenix (TMY2)


class Proved(NamedTuple):
    """What came of all cases, and how many pass, fail and were not run."""

    outcomes: tuple[Outcome, ...]

    def count(self, passed: bool | None) -> int:
        return sum(one.passed is passed for one in self.outcomes)


def section() -> None:
    """The cases, what came of them, and those that are not run."""
    st.caption(
        "Figures that others have published, worked out by the functions that projections use. The tests hold the program to the same list."
    )
    proved = st.session_state.get(KEPT)
    st.button("Work them all out now", icon=":material/fact_check:", type="primary", on_click=begin, key="prove")
    told = work.result(KIND, "Working the cases out")
    if isinstance(told, Proved):
        proved = st.session_state[KEPT] = told
    if proved is None:
        from core.studies.validation import cases

        show.table(pd.DataFrame([_asked(case) for case in cases()]), "Validation cases")
        return
    verdict(proved)
    show.table(pd.DataFrame([_told(one) for one in proved.outcomes]), "Validation cases", height=600)


def begin() -> None:
    from core.fetchers.bitcoin import bundled_market
    from core.fetchers.weather import bundled
    from core.studies.validation import Ground, outcomes

    phoenix = _phoenix()

    def prove(tick: Tick) -> Proved:
        return Proved(outcomes(Ground(bundled("greensboro"), bundled_market(), phoenix), tick))

    work.begin(KIND, prove, deadline_s=DEADLINE_S)


def _phoenix() -> Weather | None:
    """The plan's weather, if it is the year that SAM's case stands on."""
    try:
        year = session.weather()
    except SolarMiningError:
        return None
    return year if year.digest == PHOENIX else None


def verdict(proved: Proved) -> None:
    """How it went, in one line."""
    failed, untried = proved.count(False), proved.count(None)
    rest = f" {untried} want data that is not here." if untried else ""
    words = f"{proved.count(True)} of {len(proved.outcomes) - untried} cases pass, {failed} fail.{rest}"
    (st.error if failed else st.success)(words, icon=":material/error:" if failed else ":material/check_circle:")


def _asked(case: Case) -> dict[str, str]:
    return {
        "Case": case.id,
        "Subject": case.subject,
        "What": case.quantity,
        "Published": _number(case, case.expected),
        "Unit": "" if case.unit == "1" else case.unit,
        "Allowed": _allowed(case),
        "Source": case.source,
    }


def _told(one: Outcome) -> dict[str, str]:
    asked, source = _asked(one.case), one.case.source
    asked.pop("Source")
    mark = {True: "✓ passes", False: "✗ fails", None: "– not run"}[one.passed]
    return asked | {
        "Ours": "–" if one.missing else _number(one.case, one.ours),
        "Difference": "–" if one.missing else _difference(one),
        "Verdict": mark,
        "Source": f"Needs {one.missing}." if one.missing else source,
    }


def _number(case: Case, value: float) -> str:
    if case.unit == TARGET:
        return f"0x{int(value):08x}"
    whole = value == int(value) and abs(value) < 1e16
    return (f"{said.number(value)}" if whole else f"{said.exact(value)}").replace("-", "−")


def _allowed(case: Case) -> str:
    if case.within == "exact":
        return "none"
    return f"± {100 * case.tolerance:.2g} %" if case.within == "relative" else f"± {case.tolerance:g}"


def _difference(one: Outcome) -> str:
    if one.off == 0:
        return "0"
    return (f"{100 * one.off:+.2g} %" if one.case.within == "relative" else f"{one.off:+.2g}").replace("-", "−")


def not_run() -> None:
    """What is known and not tried here: nothing is claimed of it."""
    from core.studies.validation.not_run import NOT_RUN

    st.subheader("Not run here", anchor=False)
    st.caption("Published figures of which this program claims nothing, and what would be needed.")
    rows = [{"Case": one.id, "What": one.what, "Published": one.published, "Why not": one.why} for one in NOT_RUN]
    show.table(pd.DataFrame(rows), "Cases not run")


def studies() -> None:
    """Published studies whose figure is not ours, and why."""
    from core.studies.worked_examples import WorkedExample, worked_examples

    def row(one: WorkedExample) -> dict[str, str]:
        off = f"{100 * (one.ours / one.published - 1):+.2f} %".replace("-", "−")
        figures = {
            "Published": f"{said.exact(one.published, 6)}",
            "Ours": f"{said.exact(one.ours, 6)}",
            "Difference": off,
            "Unit": one.unit,
        }
        return {"Study": one.case, "Figure": one.quantity, **figures, "Source": one.source}

    st.subheader("Where ours differs, and why", anchor=False)
    show.table(pd.DataFrame([row(one) for one in worked_examples()]), "Worked examples")
    _reasons((f"{one.case}: {one.quantity}", one.why) for one in worked_examples())


def _reasons(told: Iterable[tuple[str, str]]) -> None:
    for title, why in told:
        st.markdown(f"**{session.literal(title)}.** {session.literal(why)}")


def slips() -> None:
    """Errors found in studies that others argue from, with the arithmetic that shows them."""
    from core.studies.validation.errors_found import slips as found

    st.caption("Found while these studies were rebuilt. The arithmetic is worked out as this page is drawn.")
    for one in found():
        with st.container(border=True, gap="small"):
            st.markdown(f"**{session.literal(one.where)}**")
            st.markdown(session.literal(one.what))
            rows = (
                ("Published", one.published),
                ("What shows it", one.shown),
                ("Ours", one.ours),
                ("How it is known", one.checked),
            )
            for label, words in rows:
                st.markdown(f":gray[{label}:] {session.literal(words)}")
