"""Bits that flip in a file: every change of what is kept is found when it is read, and only what it hit is withheld."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import DatabaseError, NotFound
from core.results import Projection
from core.scenario import Scenario
from core.store import projections, scenarios
from core.store.database import FILE_NAME, Database

KEPT = 3  # of each kind


@dataclass
class Found:
    """Of bits flipped in the pages of a file: how many changed what is read, and what was said of it."""

    flips: int = 0
    changed: int = 0
    named: int = 0  # the row alone, by its id
    structural: int = 0  # SQLite itself refused the page
    unseen: int = 0  # another answer, without a word
    others_lost: int = 0  # a named flip that took other rows with it
    lists_lost: int = 0  # a list that one damaged row withheld


Answers = dict[tuple[str, str], Any]


def fill(db: Database, projection: Projection, rows_kept: int = 48) -> None:
    """Some projections and scenarios, small ones, so that each byte is hit by some flip."""
    short = {name: getattr(projection, name).head(rows_kept) for name in ("hourly", "monthly", "statement")}
    for n in range(KEPT):
        projections.save(db, "ann", replace(projection, **short), f"p{n}")
        scenarios.save(db, "ann", Scenario().but({"name": f"s{n}"}))


def flipped(home: Path, count: int, *, seed: int = 1) -> Found:
    """Flip one bit of the file `count` times, each in a copy of it; `home` holds a database that nobody uses."""
    chance, found = random.Random(seed), Found()
    content = (home / FILE_NAME).read_bytes()
    ids = known(home / FILE_NAME)
    good = answers(home / FILE_NAME, ids)
    copy = home / "flipped.db"
    for _ in range(count):
        damaged = bytearray(content)
        damaged[chance.randrange(4096, len(content))] ^= 1 << chance.randrange(8)
        copy.write_bytes(damaged)
        judge(good, answers(copy, ids), found)
    for part in home.glob("flipped.db*"):
        part.unlink()
    return found


def judge(good: Answers, now: Answers, found: Found) -> None:
    """What one flip did to the answers."""
    found.flips += 1
    listed = [now.pop(key) for key in [key for key in now if key[0] == "list"]]
    other = [key for key in good if key in now and now[key] != good[key]]
    found.lists_lost += any(word not in ("listed", "damaged") for word in listed)
    if not other:
        return
    found.changed += 1
    said = [now.get(key) for key in other]
    if any(word == "damaged" for word in said):
        found.structural += 1
    elif all(isinstance(word, str) and word == f"row {key[1]}" for key, word in zip(other, said, strict=True)):
        found.named += 1
        found.others_lost += len(other) > 1
    elif all(word == "missing" for word in said):  # its owner or id was hit: it is nobody's, and `verify` names it
        found.named += 1
    else:
        found.unseen += 1


def answers(file: Path, ids: list[tuple[str, str]]) -> Answers:
    """What each row answers, or the word for why it does not."""
    db = Database(str(file))
    try:
        reads: dict[str, Callable[[Database, str, str], Any]] = {"p": projections.load, "s": scenarios.load}
        told = {(kind, id_): answer(lambda k=kind, i=id_: reads[k](db, "ann", i)) for kind, id_ in ids}
        for kept in (projections, scenarios):
            told["list", kept.__name__] = answer(lambda k=kept: k.listed(db, "ann") and "listed")
        return told
    finally:
        db.close()


def known(file: Path) -> list[tuple[str, str]]:
    """The kind and id of each row."""
    db = Database(str(file))
    found = [("p", one.id) for one in projections.listed(db, "ann")]
    found += [("s", one.id) for one in scenarios.listed(db, "ann")]
    db.close()
    return found


def answer(read: Callable[[], Any]) -> Any:
    try:
        got = read()
    except NotFound:
        return "missing"
    except DatabaseError as error:
        return f"row {error.value}" if error.field == "id" else str(error.value)
    except Exception as error:  # nothing else should come
        return repr(error)
    if isinstance(got, Projection):
        frames = (got.hourly, got.monthly, got.yearly, got.statement)
        return (str(got.summary()), *(frame.to_csv() for frame in frames), got.scenario)
    return got
