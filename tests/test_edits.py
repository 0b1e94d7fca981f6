"""Steps back and forth over a draft, whatever was opened, edited and saved between."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.scenario import Scenario
from pages.ui import edits
from pages.ui.edits import BASE, DRAFT, SAVED


class Work:
    """A session without Streamlit: a draft, what it is held against, and the version it was saved as."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {DRAFT: {"n": 0}, BASE: {"n": 0}, SAVED: None}
        self.count = 0

    def do(self, what: str) -> None:
        self.count += 1
        getattr(self, what)()

    def edit(self) -> None:
        edits.begun("edit")
        self.state[DRAFT] = {"n": self.count}

    def open(self) -> None:
        edits.begun("open", opened=True)
        self.state[DRAFT] = self.state[BASE] = {"n": self.count}
        self.state[SAVED] = {"id": self.count, "version": 1}

    def save(self) -> None:
        self.state[BASE] = self.state[DRAFT]
        self.state[SAVED] = {"id": (self.state[SAVED] or {"id": 0})["id"], "version": self.count}

    def seen(self) -> tuple[Any, ...]:
        return tuple(self.state[part] for part in (DRAFT, BASE, SAVED))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work()
    monkeypatch.setattr(edits, "st", SimpleNamespace(session_state=made.state))
    return made


@given(some.lists(some.sampled_from(["edit", "open"]), max_size=12))
def test_undoing_all_leads_to_the_start_and_doing_all_again_to_the_end(steps: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        work = Work()
        patch.setattr(edits, "st", SimpleNamespace(session_state=work.state))
        seen = [work.seen()]
        for step in steps:
            work.do(step)
            seen.append(work.seen())
        for before in reversed(seen[:-1]):
            edits.undo()
            assert work.seen() == before
        assert edits.last_done() == ""
        for after in seen[1:]:
            edits.redo()
            assert work.seen() == after
        assert edits.last_undone() == ""


def test_what_was_saved_stays_saved_when_an_edit_is_undone(work: Work) -> None:
    for step in ("open", "edit", "save"):
        work.do(step)
    edits.undo()
    assert work.state[DRAFT] != work.state[BASE]
    assert work.state[SAVED]["version"] == 3, "the next save would be refused as a conflict"


def test_going_back_over_an_opening_takes_the_old_work_with_its_newest_version(work: Work) -> None:
    for step in ("open", "save", "open"):
        work.do(step)
    edits.undo()
    assert work.state[SAVED] == {"id": 1, "version": 2}


def test_a_new_edit_forgets_what_was_undone(work: Work) -> None:
    work.do("edit")
    edits.undo()
    work.do("edit")
    assert edits.last_undone() == ""
    assert edits.last_done() == "edit"


def test_no_more_than_the_newest_steps_are_kept(work: Work) -> None:
    for _ in range(edits.MOST + 5):
        work.do("edit")
    for _ in range(edits.MOST + 5):
        edits.undo()
    assert work.state[DRAFT] == {"n": 5}


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["array.dc_kw"], "Array size (DC)"),
        (["fleet.units.0.count"], "Machines"),
        (["fleet.units"], "Machines"),
        (["grid.tariff"], "Tariff"),
        (["site.latitude", "site.longitude", "site.name"], "Latitude and 2 more"),
    ],
)
def test_a_step_is_called_by_what_it_changed(paths: list[str], words: str) -> None:
    assert edits.named(Scenario(), paths) == words


def test_parts_that_did_not_change_are_kept_once() -> None:
    old = {"grid": {"prices": [0.1] * 8760, "limit": 1}, "name": "a"}
    new = {"grid": {"prices": [0.1] * 8760, "limit": 2}, "name": "a"}
    one = edits.shared(new, old)
    assert one == new
    assert one["grid"]["prices"] is old["grid"]["prices"]
