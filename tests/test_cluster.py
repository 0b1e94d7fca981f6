"""A batch on a cluster of two processes: the same bits as here, though a worker is killed in the middle."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from core.batch import Item, Row, Terms, chunks, rows_of
from core.cluster import on_cluster
from core.errors import Busy
from core.fetchers.credits import credit_rules
from core.inputs import Market, Weather
from core.scenario import Scenario
from core.sections import Site

SITES = 12


def items(weather: Weather, count: int = SITES) -> list[Item]:
    plan = Scenario().but({"risk.paths": 300})
    sites = [Site(latitude=20.0 + n, longitude=-90.0 - n) for n in range(count)]
    return [Item(n, plan.model_copy(update={"site": site}), weather) for n, site in enumerate(sites)]


def in_order(groups: Iterator[list[Row]]) -> list[Row]:
    return sorted((row for rows in groups for row in rows), key=lambda row: int(row["n"]))


@pytest.fixture(scope="module")
def terms(market: Market) -> Terms:
    return Terms(market, credit_rules(), "risk", paths=300, seed=3)


@pytest.fixture(scope="module")
def here(terms: Terms, greensboro: Weather) -> list[Row]:
    return in_order(rows_of(group, terms) for group in chunks(items(greensboro)))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as made:
        yield made


def test_a_cluster_gives_the_same_bits_as_this_machine(
    cluster: Any, here: list[Row], terms: Terms, greensboro: Weather
) -> None:
    ticks: list[float] = []
    there = on_cluster(
        cluster.scheduler_address, chunks(items(greensboro)), terms, lambda: ticks.append(time.monotonic())
    )
    assert in_order(there) == here
    assert ticks


def test_workers_that_are_killed_cost_time_and_nothing_else(
    cluster: Any, here: list[Row], terms: Terms, greensboro: Weather
) -> None:
    found: list[list[Row]] = []
    there = on_cluster(cluster.scheduler_address, chunks(items(greensboro)), terms, lambda: None)
    found.append(next(there))
    for worker in cluster.workers.values():  # all of them, and with them what was sent ahead
        os.kill(worker.process.process.pid, signal.SIGKILL)
    found += list(there)
    assert in_order(iter(found)) == here
    assert sum(map(len, found)) == SITES


def test_work_that_is_to_stop_stops_there_too(cluster: Any, terms: Terms, greensboro: Weather) -> None:
    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    began_s = time.monotonic()
    with pytest.raises(Stopped):
        list(on_cluster(cluster.scheduler_address, chunks(items(greensboro, 40)), terms, stop))
    assert time.monotonic() - began_s < 5.0


def test_a_scheduler_that_is_not_there_is_said_in_words(
    terms: Terms, greensboro: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("core.cluster.CONNECT_S", 0.5)
    with pytest.raises(Busy) as refused:
        list(on_cluster("tcp://127.0.0.1:9", chunks(items(greensboro, 1)), terms, lambda: None))
    assert "127.0.0.1" not in refused.value.message
