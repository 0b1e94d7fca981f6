"""Who is called, for what, and how often: rules on figures, and notices on a clock that the test drives."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.alerts import EVERY_S, FILE_NAME, MOST, OVER_AFTER_S, Alerts
from core.traffic import Busyness
from core.troubles import LEAST_FREE_BYTES, MOST_BACKUP_AGE_S, Figures, Trouble, troubles

QUIET = Busyness(0, 0, 0, 0, 0.0)
DISK = Trouble("free disk", "12 MB are free where things are kept")
PRICE = Trouble("provider Kraken", "Kraken does not answer")
LOOK_S = 15.0


class Clock:
    def __init__(self) -> None:
        self.s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.s


def kinds(alerts: Alerts, clock: Clock, *found: Trouble, looks: int = 1) -> list[str]:
    """What is told at so many looks, a quarter of a minute apart."""
    told = []
    for _ in range(looks):
        told += [f"{notice.kind} {notice.key}" for notice in alerts.look(found)]
        clock.s += LOOK_S
    return told


# The rules


@pytest.mark.parametrize(
    ("key", "wrong", "right"),
    [
        ("errors", {"busyness": Busyness(100, 6, 0, 100, 0.1)}, {"busyness": Busyness(100, 5, 0, 100, 0.1)}),
        ("errors", {"busyness": Busyness(5, 5, 0, 5, 0.1)}, {"busyness": Busyness(4, 4, 0, 4, 0.1)}),
        ("page errors", {"busyness": Busyness(0, 0, 5, 0, 0.0)}, {"busyness": Busyness(0, 0, 4, 0, 0.0)}),
        ("latency", {"busyness": Busyness(20, 0, 0, 20, 2.1)}, {"busyness": Busyness(20, 0, 0, 20, 1.9)}),
        ("latency", {"busyness": Busyness(20, 0, 0, 20, 9.0)}, {"busyness": Busyness(19, 0, 0, 19, 9.0)}),
        ("provider Kraken", {"providers": {"Kraken": "open"}}, {"providers": {"Kraken": "half-open"}}),
        ("database", {"parts": {"database": "busy"}}, {"parts": {"database": "in memory"}}),
        ("disk", {"parts": {"disk": "full"}}, {"parts": {"disk": "ok"}}),
        ("secret", {"parts": {"secret": "changed"}}, {"parts": {"secret": "ok"}}),
        ("clock", {"parts": {"clock": "jumped"}}, {"parts": {"clock": "ok"}}),
        ("backups", {"parts": {"backups": "old"}, "backup_age_s": 2e5}, {"parts": {"backups": "none"}}),
        ("backups", {"backup_age_s": MOST_BACKUP_AGE_S + 1}, {"backup_age_s": MOST_BACKUP_AGE_S}),
        ("store", {"parts": {"store": "damaged"}}, {"parts": {"store": "known bad"}}),
        ("jobs", {"waiting_frac": 0.81}, {"waiting_frac": 0.8}),
        ("free disk", {"free_bytes": LEAST_FREE_BYTES - 1}, {"free_bytes": LEAST_FREE_BYTES}),
        ("memory", {"memory_frac": 0.86}, {"memory_frac": 0.85}),
        ("descriptors", {"descriptors_frac": 0.81}, {"descriptors_frac": 0.8}),
    ],
)
def test_each_rule_bites_beyond_its_limit_alone(key: str, wrong: dict[str, Any], right: dict[str, Any]) -> None:
    (found,) = troubles(Figures(**{"busyness": QUIET, **wrong}))
    assert found.key == key
    assert found.words
    assert troubles(Figures(**{"busyness": QUIET, **right})) == []


def test_a_server_nobody_knows_the_figures_of_has_no_trouble() -> None:
    assert troubles(Figures(QUIET)) == []


# The notices


def test_a_trouble_is_told_once_then_every_quarter_of_an_hour_and_once_when_it_is_over() -> None:
    clock = Clock()
    alerts = Alerts(None, clock)
    assert kinds(alerts, clock, DISK) == ["raised free disk"]
    assert kinds(alerts, clock, DISK, looks=58) == []
    assert kinds(alerts, clock, DISK, looks=60) == ["repeated free disk"]
    assert [notice.key for notice in alerts.on] == ["free disk"]
    assert kinds(alerts, clock, looks=3) == []
    assert kinds(alerts, clock, looks=3) == ["recovered free disk"]
    assert kinds(alerts, clock, looks=200) == []
    assert alerts.on == []
    assert kinds(alerts, clock, DISK) == ["raised free disk"]


def test_one_that_comes_and_goes_is_one_trouble_and_later_troubles_wait_their_quarter_of_an_hour() -> None:
    clock = Clock()
    alerts = Alerts(None, clock)
    told = []
    for _ in range(20):
        told += kinds(alerts, clock, PRICE)
        told += kinds(alerts, clock, looks=2)
    assert told == ["raised provider Kraken"]
    told = kinds(alerts, clock, looks=8)
    assert told == ["recovered provider Kraken"]
    clock.s = Clock().s + 10 * 60 + 300
    assert kinds(alerts, clock, PRICE, looks=4) == ["raised provider Kraken"]


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_no_trouble_is_told_twice_within_a_quarter_of_an_hour(seed: int) -> None:
    dice, clock = random.Random(seed), Clock()
    alerts, told = Alerts(None, clock), {}
    wrong, on = Counter[str](), set()
    for _ in range(5000):
        found = [trouble for trouble in (DISK, PRICE) if dice.random() < 0.3]
        for notice in alerts.look(found):
            if notice.kind == "recovered":
                assert notice.key in on
                on.discard(notice.key)
                continue
            wrong[notice.key] += clock.s - told.get(notice.key, 0.0) < EVERY_S
            told[notice.key] = clock.s
            on.add(notice.key)
        clock.s += dice.choice((1.0, LOOK_S, 40.0, 200.0))
    assert sum(wrong.values()) == 0
    assert set(told) == {DISK.key, PRICE.key}


def test_a_restart_neither_repeats_nor_forgets_to_say_that_it_is_over(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "home" / FILE_NAME
    assert kinds(Alerts(file, clock), clock, DISK, PRICE) == ["raised free disk", "raised provider Kraken"]
    assert kinds(Alerts(file, clock), clock, DISK, PRICE) == []
    clock.s += 300
    again = Alerts(file, clock)
    assert kinds(again, clock, DISK) == ["recovered provider Kraken"]
    clock.s += 600
    assert kinds(Alerts(file, clock), clock, DISK) == ["repeated free disk"]
    assert [path.name for path in file.parent.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"disk": 1}', '{"disk": {"words": "x"}}', '{"a": {"words": "x", "since_s": "y", "seen_s": 1, "told_s": 1, "on": true}}'])  # fmt: skip
def test_a_file_that_cannot_be_read_is_begun_anew(text: str, tmp_path: Path) -> None:
    file, clock = tmp_path / FILE_NAME, Clock()
    file.write_text(text)
    assert kinds(Alerts(file, clock), clock, DISK) == ["raised free disk"]
    assert json.loads(file.read_text())["free disk"]["on"] is True


def test_a_folder_that_takes_no_file_silences_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    clock = Clock()
    alerts = Alerts(tmp_path / "home" / FILE_NAME, clock)
    assert kinds(alerts, clock, DISK, looks=10) == ["raised free disk"]


def test_a_clock_that_is_set_back_silences_nothing_for_good(tmp_path: Path) -> None:
    clock = Clock()
    alerts = Alerts(tmp_path / FILE_NAME, clock)
    kinds(alerts, clock, DISK)
    clock.s -= 86_400
    assert kinds(alerts, clock, DISK, looks=70) == ["repeated free disk"]
    assert kinds(alerts, clock, looks=int(OVER_AFTER_S / LOOK_S) + 1) == ["recovered free disk"]


def test_troubles_without_number_take_bounded_memory() -> None:
    clock = Clock()
    alerts = Alerts(None, clock)
    alerts.look([Trouble(f"number {n}", "x") for n in range(5 * MOST)])
    assert len(alerts._known) == MOST
