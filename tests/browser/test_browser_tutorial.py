"""The tutorial as it stands in `docs/`, walked from an empty database to a report that a stranger reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.api.people import Person
from core.store import projections, scenarios
from core.store.database import open_database
from tests.browser.planner import Planner
from tests.browser.tutorial import TUTORIAL, WAYS, Line, Stage, Walk, lines, stage
from tests.report.papers import pdf_text

pytestmark = pytest.mark.browser

Visit = Callable[..., Planner]
MOST_ACTIONS = 39
SCRIPT = lines(TUTORIAL.read_text(encoding="utf-8"))


@pytest.mark.parametrize("way", WAYS)
def test_from_an_empty_database_to_a_report_that_a_stranger_reads(
    way: str, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    width, height, dark = WAYS[way]
    with stage(tmp_path) as at:
        _may_ask(at, monkeypatch)
        assert kept(at) == ([], [])

        def somebody() -> Planner:
            return visit(at=at.address, width=width, height=height, dark=dark, alone=True)

        walk = Walk(ann := somebody(), somebody, tmp_path).through(SCRIPT)
        assert walk.actions <= MOST_ACTIONS
        assert [(line.step, line.words, told) for line, told in walk.read] == [
            (line.step, line.words, line.figure) for line in SCRIPT if line.verb == "read"
        ], "docs/tutorial.md has other figures: `make pictures` writes them anew"
        assert shown_to(ann, walk.read) == shown_to(walk.at, walk.read)
        names, answers = kept(at)
        assert len(names) == len(answers) == 1
        own, theirs = (pdf_text(file) for file in walk.files)
        npv = walk.read[-2][1].replace(" ", "")
        assert npv in own
        assert npv in theirs
        assert "lived10,000times" in own
        expect(walk.page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
        assert not [one for one in walk.page.context.cookies() if "auth" in one["name"] or "user" in one["name"]]
        assert {line.words for line in SCRIPT if line.verb == "picture"} == {
            path.name for path in tmp_path.glob("*.png")
        }


def _may_ask(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser goes to the provider that signs people in, and to nobody else."""
    noted = Planner._note

    def note(planner: Planner, url: str) -> None:
        if not url.startswith(f"{at.issuer.address}/"):
            noted(planner, url)

    monkeypatch.setattr(Planner, "_note", note)


def shown_to(somebody: Planner, read: list[tuple[Line, str]]) -> dict[str, str]:
    """What the last table names, on the page that somebody has open."""
    last = read[-1][0].step
    return {line.words: somebody.figure(line.words).first.inner_text() for line, _ in read if line.step == last}


def kept(at: Stage) -> tuple[list[str], list[str]]:
    """The names of what Ann saved and of the answers she kept, read beside the running server."""
    db = open_database(at.home)
    try:
        owner = Person(at.issuer.address, "ann", 0).owner
        return [row.name for row in scenarios.listed(db, owner)], [row.name for row in projections.listed(db, owner)]
    finally:
        db.close()
