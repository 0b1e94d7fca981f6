"""What Prometheus is told that nobody counts as it happens: looked up when it asks, each part apart from the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

import core
from core.errors import SolarMiningError
from core.fetchers.ask import known
from core.fetchers.sources import SOURCES
from core.health import FINE, backup_age_s, probe, store_condition
from core.jobs import pool
from core.metrics import PREFIX, instruments
from core.once import Once
from core.outside import outside
from core.schedule import QUESTIONS
from core.settings import settings
from core.store import backups
from core.vitals import vitals

STATES = ("ready", "open", "half-open", "unused", "offline")
Family = GaugeMetricFamily | CounterMetricFamily
log = logging.getLogger("solar_mining.metrics")


class Looked(Collector):
    """Asks each part in turn; one that fails is left out of this answer and said in the log."""

    def collect(self) -> Iterator[Any]:
        for part in PARTS:
            try:
                yield from list(part())
            except Exception:
                log.warning("%s is not told", part.__name__.strip("_"), exc_info=True)

    def describe(self) -> Iterable[Any]:
        """Nothing beforehand: what there is is known once it is looked up."""
        return ()


@Once
def told() -> Callable[[], bytes]:
    """What answers Prometheus: the instruments of this process with all that is looked up."""
    instruments().registry.register(Looked())
    return instruments().text


def _one(name: str, words: str, value: float | None) -> Iterator[Family]:
    if value is not None:
        yield GaugeMetricFamily(f"{PREFIX}_{name}", words, value=value)


def _many(name: str, words: str, label: str, values: dict[str, float]) -> Family:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", words, labels=(label,))
    for of, value in values.items():
        family.add_metric((of,), value)
    return family


def _program() -> Iterator[Family]:
    family = GaugeMetricFamily(f"{PREFIX}_build", "This program: always 1.", labels=("model_version", "mode", "env"))
    family.add_metric((core.MODEL_VERSION, settings().mode, settings().env), 1.0)
    yield family


def _process() -> Iterator[Family]:
    now = vitals()
    yield from _one("memory_bytes", "Resident memory.", now.memory_bytes)
    yield from _one("memory_limit_bytes", "Memory that there is.", now.memory_limit_bytes)
    yield from _one("descriptors", "Open files and connections.", now.descriptors)
    yield from _one("descriptors_limit", "Of them there may be.", now.descriptors_limit)
    yield from _one("threads", "Threads.", now.threads)
    yield from _one("up_seconds", "Since the start.", now.up_s)
    yield CounterMetricFamily(f"{PREFIX}_processor_seconds", "Time of processors used.", value=now.processor_s)


def _components() -> Iterator[Family]:
    ok = {name: float(state in FINE) for name, state in probe().look().items()}
    yield _many("component_ok", "Whether a part of the server is as it should be.", "component", ok)


def _callers() -> Iterator[Family]:
    from core.api.limits import limiter

    yield from _one("callers", "Callers of the API within the last minute.", limiter().active)


def _jobs() -> Iterator[Family]:
    counts = {state: float(count) for state, count in pool().counts().items()}
    yield _many("jobs", "Jobs that run and that wait.", "state", counts)


def _providers() -> Iterator[Family]:
    state = GaugeMetricFamily(
        f"{PREFIX}_provider_state", "1 for the state a provider is in.", labels=("provider", "state")
    )
    age = GaugeMetricFamily(
        f"{PREFIX}_provider_last_answer_age_seconds", "Since its last answer.", labels=("provider",)
    )
    latency = GaugeMetricFamily(f"{PREFIX}_provider_latency_seconds", "Of its last answer.", labels=("provider",))
    calls = CounterMetricFamily(f"{PREFIX}_provider_calls", "Calls made to it.", labels=("provider",))
    failures = CounterMetricFamily(f"{PREFIX}_provider_failures", "Calls that brought nothing.", labels=("provider",))
    for one in outside().health(SOURCES):
        for name in STATES:
            state.add_metric((one.name, name), float(one.state == name))
        calls.add_metric((one.name,), one.calls)
        failures.add_metric((one.name,), one.failures)
        if one.age_s is not None:
            age.add_metric((one.name,), one.age_s)
        if one.latency_s is not None:
            latency.add_metric((one.name,), one.latency_s)
    yield from (state, age, latency, calls, failures)


def _ages() -> Iterator[Family]:
    now, ages = datetime.now(UTC), {}
    for question, asked in QUESTIONS:
        try:
            ages[question.name] = known(question, asked, outside()).age_s(now)
        except SolarMiningError:
            continue
    yield _many("data_age_seconds", "Age of what pages rest on.", "question", ages)


def _store() -> Iterator[Family]:
    conf = settings()
    if not conf.stores_on_server:
        return
    if (now := store_condition()) is None:
        return
    sizes = {"database": float(now.size_bytes), "wal": float(now.wal_bytes)}
    yield _many("store_bytes", "Of the files of the database.", "file", sizes)
    yield from _one("store_degraded", "Whether the store is not as it should be.", now.degraded)
    yield from _one("store_set_aside", "Databases found damaged that were moved aside.", len(now.set_aside))
    yield from _one("sqlite_known_bad", "Whether this SQLite has the WAL-reset bug.", now.known_bad)
    yield from _one("disk_free_bytes", "Free where things are kept.", now.free_bytes)
    yield from _one("backups", "Backups that are kept.", len(backups.listed(conf.home)))
    yield from _one("backup_age_seconds", "Of the newest backup.", backup_age_s())


PARTS = (_program, _process, _components, _callers, _jobs, _providers, _ages, _store)
