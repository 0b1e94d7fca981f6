"""The tutorial as a text: every step does something, in fewer than forty actions, and what README and guides show is small."""

from __future__ import annotations

from pathlib import Path

from tests.browser.tutorial import DOCS, TUTORIAL, lines

ROOT = Path(__file__).parents[1]
DOING = {"press", "into", "go to", "copy", "open"}
SCRIPT = lines(TUTORIAL.read_text(encoding="utf-8"))
MOST_BYTES, MOST_BYTES_OF_ALL = 200_000, 1_200_000


def test_every_numbered_step_is_read_and_says_to_do_or_to_see_something() -> None:
    text = TUTORIAL.read_text(encoding="utf-8")
    titles = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ") and line[3].isdigit()]
    assert [title.split(".")[0] for title in titles] == [str(number + 1) for number in range(len(titles))]
    assert list(dict.fromkeys(line.step for line in SCRIPT)) == titles
    assert sum(line.verb in DOING for line in SCRIPT) > 15
    assert all(line.figure != "x" for line in SCRIPT), "`make pictures` reads the figures"


def test_what_is_bold_in_a_step_is_acted_on_or_read() -> None:
    """So that no button named there goes untried."""
    text = TUTORIAL.read_text(encoding="utf-8").split("## Where next")[0]
    assert text.count("**") / 2 == sum(line.verb != "picture" for line in SCRIPT)


def test_pictures_are_small_and_all_are_shown() -> None:
    pictures = {path.name: path.stat().st_size for path in DOCS.glob("*.png")}
    assert set(pictures) == {line.words for line in SCRIPT if line.verb == "picture"}
    assert "docs/projection.png" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert max(pictures.values()) < MOST_BYTES
    assert sum(pictures.values()) < MOST_BYTES_OF_ALL
