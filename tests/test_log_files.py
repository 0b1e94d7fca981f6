"""Logs in files: a new one by day and size, old ones gone, never too many bytes, and a disk that refuses hurts nobody."""

from __future__ import annotations

import json
import logging
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core import log_files, telemetry
from core.log_files import FOLDER, Files, files, tidy
from core.recent_errors import recent
from core.settings import settings
from core.telemetry import JsonLines
from core.units import DAY_S

START_S = datetime(2026, 5, 1, 12, 0, tzinfo=UTC).timestamp()
SECRET = "canary-of-a-key-0123456789abcdef"


class Clock:
    def __init__(self) -> None:
        self.s = START_S

    def __call__(self) -> float:
        return self.s


def kept(folder: Path, clock: Clock, days: int = 30, largest: int = 10_000) -> Files:
    handler = Files(folder, days, clock, largest)
    handler.setFormatter(JsonLines())
    return handler


def say(handler: Files, text: str) -> None:
    handler.handle(logging.LogRecord("solar_mining", logging.WARNING, "f.py", 1, text, (), None))


def test_a_file_is_begun_with_each_day_and_once_one_is_large(tmp_path: Path) -> None:
    clock = Clock()
    handler = kept(tmp_path / "logs", clock)
    for _ in range(20):
        say(handler, "x" * 1000)
        clock.s += 1
    assert len(files(tmp_path / "logs")) == 2, "two of ten thousand bytes"
    clock.s += DAY_S
    say(handler, "next day")
    newest = files(tmp_path / "logs")[0]
    assert newest.name.startswith("20260502")
    assert json.loads(newest.read_text())["message"] == "next day"
    assert stat.S_IMODE(newest.stat().st_mode) == 0o600
    handler.close()


def test_what_is_older_than_thirty_days_goes(tmp_path: Path) -> None:
    clock = Clock()
    handler = kept(tmp_path, clock)
    for day in range(100):
        say(handler, f"day {day}")
        clock.s += DAY_S
    days = [json.loads(path.read_text())["message"] for path in files(tmp_path)]
    assert days[0] == "day 99"
    assert len(days) == 31, "today and the thirty days before"
    handler.close()


def test_files_never_take_more_than_their_bytes_and_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("of somebody")
    clock = Clock()
    handler = kept(tmp_path, clock, largest=2000)
    for _ in range(50):
        say(handler, "x" * 1500)
        clock.s += 1
    tidy(tmp_path, 30, clock.s, largest_all=10_000)
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 10_000
    assert len(files(tmp_path)) >= 3
    assert (tmp_path / "notes.txt").exists()
    handler.close()


def test_two_processes_write_files_of_their_own(tmp_path: Path) -> None:
    clock = Clock()
    one, two = kept(tmp_path, clock), kept(tmp_path, clock)
    say(one, "one")
    say(two, "two")
    assert sorted(json.loads(path.read_text())["message"] for path in files(tmp_path)) == ["one", "two"]
    one.close()
    two.close()


def test_a_disk_that_refuses_costs_lines_and_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    clock = Clock()
    handler = kept(tmp_path / "logs", clock)
    say(handler, "lost")
    (tmp_path / "logs").unlink()
    say(handler, "lost too: it is not tried again at once")
    assert not (tmp_path / "logs").exists()
    clock.s += log_files.AGAIN_AFTER_S
    say(handler, "kept")
    assert [json.loads(path.read_text())["message"] for path in files(tmp_path / "logs")] == ["kept"]
    handler.close()


def test_a_full_disk_is_nobodys_failure(tmp_path: Path) -> None:
    clock = Clock()
    handler = kept(tmp_path, clock)
    say(handler, "first")
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    assert handler._file is not None
    handler._file.close()
    handler._file = full.open("w")
    say(handler, "into a full disk")
    clock.s += log_files.AGAIN_AFTER_S
    say(handler, "there is room again")
    told = [json.loads(line)["message"] for path in files(tmp_path) for line in path.read_text().splitlines()]
    assert sorted(told) == ["first", "there is room again"]
    handler.close()


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, as it was before once the test is over."""
    found = logging.getLogger()
    before, level = found.handlers[:], found.level
    found.handlers[:] = []
    yield found
    for handler in found.handlers:
        handler.close()
    found.handlers[:] = before
    found.setLevel(level)
    logging.captureWarnings(False)
    recent.cache_clear()


def test_level_and_files_are_as_the_settings_say_and_without_keys(root: logging.Logger, tmp_path: Path) -> None:
    env = {"SOLAR_MINING_HOME": str(tmp_path), "SOLAR_MINING_LOG_LEVEL": "warning", "SOLAR_MINING_X_KEY": SECRET}
    telemetry.begin(env)
    log_files.begin(settings(env), env)
    log = logging.getLogger("solar_mining.test")
    log.info("too little to be told")
    with telemetry.request("req_1"):
        log.warning("a key %s", SECRET)
    (path,) = files(tmp_path / FOLDER)
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["message"] == "a key ***"
    assert json.loads(line)["request_id"] == "req_1"
    (told,) = recent().told()
    assert (told.message, told.request_id, told.level) == ("a key ***", "req_1", "warning")


@pytest.mark.parametrize("env", [{"SOLAR_MINING_MODE": "public"}, {"SOLAR_MINING_LOG_DAYS": "0"}])
def test_where_nothing_is_kept_there_is_no_file(env: dict[str, str], root: logging.Logger, tmp_path: Path) -> None:
    env |= {"SOLAR_MINING_HOME": str(tmp_path)}
    telemetry.begin(env)
    log_files.begin(settings(env), env)
    logging.getLogger("solar_mining.test").error("said on the stream alone")
    assert list(tmp_path.iterdir()) == []
    assert recent().told()[0].message == "said on the stream alone"


def test_the_newest_errors_take_bounded_memory_and_no_traceback(root: logging.Logger) -> None:
    env = {"SOLAR_MINING_MODE": "public"}
    log_files.begin(settings(env), env)
    log = logging.getLogger("solar_mining.test")
    for n in range(200):
        log.error(f"number {n} " + "x" * 5000, exc_info=ValueError("of the inside"))
    told = recent().told()
    assert len(told) == 50
    assert told[0].message.startswith("number 199 ")
    assert all(len(one.message) <= 300 and "of the inside" not in str(one) for one in told)


def test_a_clock_that_jumps_ahead_costs_no_file(
    root: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"SOLAR_MINING_HOME": str(tmp_path)}
    log_files.begin(settings(env), env)
    logging.getLogger("solar_mining.test").warning("before")
    (handler,) = (one for one in root.handlers if isinstance(one, Files))
    monkeypatch.setattr(handler, "_now_s", lambda: time.time() + 400 * DAY_S)
    logging.getLogger("solar_mining.test").warning("after the jump")
    told = [json.loads(path.read_text())["message"] for path in files(tmp_path / FOLDER)]
    assert told == ["after the jump", "before"]
