"""Whose turn it is."""

from __future__ import annotations

import random

from core.lines import Lines


def all_of(lines: Lines) -> list[str]:
    return list(iter(lines.next, ""))


def test_owners_take_turns_and_their_jobs_keep_their_order() -> None:
    lines = Lines()
    for owner, count in (("a", 4), ("b", 1), ("c", 2)):
        for n in range(count):
            lines.add(owner, f"{owner}{n}")
    assert all_of(lines) == ["a0", "b0", "c0", "a1", "c1", "a2", "a3"]


def test_who_comes_late_is_served_in_the_next_round() -> None:
    lines = Lines()
    for n in range(5):
        lines.add("many", f"many{n}")
    assert lines.next() == "many0"
    lines.add("late", "late0")
    assert all_of(lines) == ["many1", "late0", "many2", "many3", "many4"]


def test_a_place_is_the_number_of_turns_until_then() -> None:
    dice = random.Random(7)
    for _ in range(200):
        lines = Lines()
        jobs = [(f"o{dice.randrange(4)}", f"j{n}") for n in range(dice.randrange(1, 15))]
        for owner, job in jobs:
            lines.add(owner, job)
        for _ in range(dice.randrange(3)):
            lines.next()
        owner, gone = dice.choice(jobs)
        lines.remove(owner, gone)
        places = {job: lines.position(job) for _, job in jobs}
        order = all_of(lines)
        assert places == {job: order.index(job) + 1 if job in order else 0 for _, job in jobs}
