"""Records that repeat are let through a few at a time, and those left out are counted."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from core.log_limits import BURST, EVERY_S, MOST_KINDS, Thrift
from core.telemetry import JsonLines


class Clock:
    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told(clock: Clock) -> Iterator[tuple[logging.Logger, io.StringIO, io.StringIO, Thrift]]:
    """A logger with two handlers that share one thrift."""
    logger, streams, thrift = logging.Logger("solar_mining.test"), (io.StringIO(), io.StringIO()), Thrift(clock)
    for stream in streams:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(JsonLines())
        handler.addFilter(thrift)
        logger.addHandler(handler)
    return logger, *streams, thrift


Told = tuple[logging.Logger, io.StringIO, io.StringIO, Thrift]


def test_a_storm_of_one_kind_is_a_few_lines_and_a_count_of_the_rest(told: Told, clock: Clock) -> None:
    logger, stream, other, _ = told
    for n in range(1000):
        logger.warning("%s does not answer", f"source {n % 3}")
    assert len(stream.getvalue().splitlines()) == BURST
    clock.s += EVERY_S
    logger.warning("%s does not answer", "source 1")
    last = json.loads(stream.getvalue().splitlines()[-1])
    assert (last["message"], last["left_out"]) == ("source 1 does not answer", 1000 - BURST)
    assert other.getvalue() == stream.getvalue(), "each handler tells the same"


def test_another_kind_is_not_kept_up(told: Told) -> None:
    logger, stream, *_ = told
    for _ in range(100):
        logger.warning("one")
    logger.warning("two")
    logger.error("one")
    logger.warning("one", exc_info=ValueError("of another sort"))
    assert len(stream.getvalue().splitlines()) == BURST + 3


def test_the_line_of_a_request_is_always_told(told: Told) -> None:
    logger, stream, *_ = told
    for n in range(500):
        logger.info("GET /%d", n, extra={"every": True})
    assert len(stream.getvalue().splitlines()) == 500


def test_a_clock_that_goes_back_silences_nothing_for_good(told: Told, clock: Clock) -> None:
    logger, stream, *_ = told
    for _ in range(BURST):
        logger.warning("one")
    clock.s = 0.0
    logger.warning("one")
    clock.s += EVERY_S
    logger.warning("one")
    assert len(stream.getvalue().splitlines()) == BURST + 1


def test_kinds_without_number_take_bounded_memory(told: Told) -> None:
    logger, _, _, thrift = told
    for n in range(3 * MOST_KINDS):
        logger.warning(f"number {n}")
    assert len(thrift._kinds) == MOST_KINDS
