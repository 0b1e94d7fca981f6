"""The judge of a soak: noise is let go, whatever grows is not."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests import flatness
from tests.flatness import LEAST_REST_S, MOST_REST_S, SETTLED_S, Reading, at_rest, judged, rise, slope_per_hour

ROUND_S = 230.0


def rests(count: int = 12, **per_round: float) -> list[Reading]:
    """Of a server that grows by so much a round, beside what is left over now and then."""
    dice, base = (
        random.Random(7),
        {"memory_mb": 480.0, "descriptors": 60.0, "threads": 30.0, "disk_mb": 3.0, "heap_mb": 200.0},
    )
    grown = [{name: size + n * per_round.get(name, 0.0) for name, size in base.items()} for n in range(count)]
    return [
        Reading(
            n * ROUND_S,
            one["memory_mb"] + dice.gauss(0.0, 1.0) + 60.0 * (n == 4),
            round(one["descriptors"]) + (n == 5),
            round(one["threads"]) + (n == 6),
            one["disk_mb"],
            heap_mb=one["heap_mb"] + dice.gauss(0.0, 0.3),
        )
        for n, one in enumerate(grown)
    ]


def test_a_server_that_stays_as_it_is_is_let_go(capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(rests())
    assert "MISSED" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("leak", "per_round"),
    [("memory_mb", 2.0), ("memory_mb", 5.0), ("descriptors", 1), ("threads", 0.5), ("disk_mb", 10.0), ("heap_mb", 2.0)],
)
def test_one_that_leaks_is_not(leak: str, per_round: float, capsys: pytest.CaptureFixture[str]) -> None:
    assert not judged(rests(**{leak: per_round}))
    assert "MISSED" in capsys.readouterr().out


def test_ten_minutes_find_what_a_session_leaves_behind() -> None:
    assert judged(rests(4)), "too short for a slope"
    assert not judged(rests(4, memory_mb=20.0))
    assert not judged(rests(4, heap_mb=4.0)), "whatever the holes in the heap make of it"


def test_the_slope_is_that_of_what_grows_whatever_is_left_over_once() -> None:
    slope, low, high = slope_per_hour(rests(memory_mb=1.0))
    assert slope == pytest.approx(3600.0 / ROUND_S, abs=4.0)
    assert low < slope < high


def test_a_rise_is_between_the_ends() -> None:
    assert rise([1.0, 1.0, 9.0, 2.0, 3.0, 3.0]) == 2.0
    assert rise([1.0, 4.0]) == 3.0


def rested(monkeypatch: pytest.MonkeyPatch, memory_mb: Iterable[float], works_s: float) -> Reading:
    """The end of a rest in which memory goes like that, a figure a second, and work for so long."""
    now_s, sizes = [0.0], iter(memory_mb)

    def pause(seconds: float) -> None:
        now_s[0] += seconds

    def seen(pid: int, home: Path) -> Reading:
        return Reading(now_s[0], next(sizes), 1, 1, 0.0, min(now_s[0], works_s))

    monkeypatch.setattr(flatness, "read", seen)
    return at_rest(os.getpid(), Path(), pause)


def test_a_rest_is_over_once_nothing_falls_and_nothing_works_and_never_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    falls = [900.0 - 10.0 * n for n in range(60)]
    assert rested(monkeypatch, [300.0] * 1000, 0.0).at_s == LEAST_REST_S
    ended = rested(monkeypatch, falls + [300.0] * 1000, 0.0)
    assert (ended.memory_mb, ended.at_s) == (300.0, pytest.approx(60.0 + SETTLED_S, abs=2.0))
    assert rested(monkeypatch, [300.0] * 1000, 100.0).at_s == pytest.approx(100.0 + SETTLED_S, abs=3.0)
    assert rested(monkeypatch, [9000.0 - 10.0 * n for n in range(1000)], 0.0).at_s == MOST_REST_S


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system tells these figures another way")
def test_a_reading_is_that_of_the_system(tmp_path: Path) -> None:
    before = flatness.read(os.getpid(), tmp_path)
    (tmp_path / "one").write_bytes(bytes(flatness.MB))
    with (tmp_path / "one").open("rb"):
        held = bytearray(os.urandom(50 * flatness.MB))
        after = flatness.read(os.getpid(), tmp_path)
    assert after.descriptors == before.descriptors + 1
    assert after.disk_mb == before.disk_mb + 1.0
    assert after.worked_s > before.worked_s
    assert after.memory_mb - before.memory_mb == pytest.approx(50.0, abs=15.0)
    assert held
