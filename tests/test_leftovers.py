"""What a session leaves behind goes without anybody's doing: its jobs here, its words in `test_privacy.py`."""

from __future__ import annotations

import gc

import pytest

from core.errors import NotFound
from core.jobs import Pool
from pages.ui import leftovers
from pages.ui.leftovers import Leftovers, Stranger


def test_the_jobs_of_a_session_are_there_as_long_as_it_is_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, left = Pool(), Leftovers()
    monkeypatch.setattr(leftovers, "pool", lambda: pool)
    gone, here = Stranger(left), Stranger(left)
    names = {gone.name, here.name}
    assert len(names) == 2
    jobs = {name: pool.submit("quick", name, lambda tick: 1) for name in names}
    for name, job_id in jobs.items():
        pool.over(job_id, name).result(10.0)
    left.look()
    assert all(pool.get(job_id, name).result == 1 for name, job_id in jobs.items())
    name = gone.name
    del gone
    gc.collect()
    left.look()
    with pytest.raises(NotFound):
        pool.get(jobs[name], name)
    assert pool.get(jobs[here.name], here.name).result == 1
    pool.close()


def test_where_streamlit_does_not_serve_there_is_nothing_to_let_go() -> None:
    left = Leftovers()
    left.freeze()
    assert gc.get_freeze_count() > 10_000
    left.look()
    gc.unfreeze()
