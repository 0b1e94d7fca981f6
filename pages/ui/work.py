"""Long work of a page: handed to the pool, watched, cancelled, and found again by the page's address."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import streamlit as st

from core.errors import NotFound, SolarMiningError
from core.jobs import Job, Ready, Terms, Tick, Work, pool
from core.studies.progress import Tick as Share
from pages.ui import session, show
from pages.ui.leftovers import Stranger, leftovers

OWNER = "_owner"
LOOK_EVERY_S = 0.4  # each look costs the browser about 0.1 s of work
PATIENCE_S = 1.0  # that the rest of some work may take before what it has found is shown without it


def owner() -> str:
    """Whom a job belongs to: where visitors are strangers, this session alone."""
    if session.conf().stores_on_server:
        return session.owner()
    if OWNER not in st.session_state:
        st.session_state[OWNER] = Stranger(leftovers())
    stranger: Stranger = st.session_state[OWNER]
    return stranger.name


def question() -> tuple[Any, ...]:
    """The plan with the figures of its machines, its weather, the market and the rules of credits."""
    from core.fetchers import equipment
    from core.fetchers.credits import credit_rules

    scenario = equipment.resolved(session.current(), session.own_machines())
    return scenario, session.weather(), session.market(), tuple(credit_rules())


def begin(kind: str, work: Work, ready: Ready | None = None, deadline_s: float | None = None) -> None:
    """Hand work, and what has to be ready for it, to the pool; the page finds it again by its address, after a reload too.

    deadline_s: None, as the pool has it.
    """
    try:
        st.session_state[_last(kind)] = st.query_params[_key(kind)] = pool().submit(
            kind, owner(), work, Terms(ready=ready, deadline_s=deadline_s)
        )
    except SolarMiningError as error:
        session.note_problem(kind, error.message)
    else:
        session.note_problem(kind, "")


def patient(tick: Tick, words: str, found: Any, patience_s: float = PATIENCE_S) -> Share:
    """How far the rest of the work is; lets out what is found once the rest lasts, as a page drawn once is there sooner."""
    begun, waits = time.monotonic(), [found]

    def rest(share: float) -> None:
        lasts = time.monotonic() - begun >= patience_s
        tick(share, words, waits.pop() if waits and lasts else None)

    return rest


def current(kind: str) -> Job | None:
    """The work that the address names, if it is known here."""
    if problem := session.problem(kind):
        st.error(session.literal(problem), icon=":material/error:")
        return None
    if not (job_id := _named(kind)):
        return None
    try:
        return pool().get(job_id, owner())
    except NotFound:
        st.info("The work this address names is no longer known. Start it anew.", icon=":material/info:")
        return None


@st.fragment(run_every=LOOK_EVERY_S)
def progress(kind: str, words: str, *, seen: bool = False) -> None:
    """How far the work is, until it has ended or has found something, where nothing of it is `seen` yet."""
    job = pool().get(st.query_params.get(_key(kind), ""), owner())
    if not job.live or (job.so_far is not None and not seen):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.share, "Waiting for a free hand" if job.state == "queued" else job.words or words)
        st.button(
            "Cancel", key=f"cancel {kind}", icon=":material/close:", on_click=lambda: pool().cancel(job.id, owner())
        )


def is_live(kind: str) -> bool:
    """Whether the page's work has still to end; asked before its `result`, so that a page that says so sees the end too."""
    with suppress(NotFound):
        return pool().get(_named(kind), owner()).live
    return False


def result(kind: str, words: str) -> Any:
    """What came of the page's work, or so far has: then the page shows its `progress` where the rest will stand.

    None while it runs and has found nothing yet; where it was cancelled or failed, that is said.
    """
    job = current(kind)
    if job is None:
        return None
    if job.live and job.so_far is None:
        progress(kind, words)
    elif job.state == "cancelled":
        st.info("It was cancelled.", icon=":material/info:")
    elif job.error is not None:
        show.failure(job.error)
    if job.kind != kind:
        return None
    return job.result if job.state == "done" else job.so_far


def _named(kind: str) -> str:
    """The work that the address names, or the last of this session: a link of the navigation leaves it out."""
    if _key(kind) not in st.query_params and _last(kind) in st.session_state:
        st.query_params[_key(kind)] = st.session_state[_last(kind)]
    return str(st.query_params.get(_key(kind), ""))


def newest(kind: str) -> Any:
    """What the newest work of a kind of this session came to; None where there is none, or it is not done."""
    try:
        job = pool().get(st.session_state.get(_last(kind), ""), owner())
    except NotFound:
        return None
    return job.result if job.state == "done" else None


def _key(kind: str) -> str:
    """Under which the address names it."""
    return f"{kind}_job"


def _last(kind: str) -> str:
    """Under which the session remembers the newest."""
    return f"_{kind}_job"
