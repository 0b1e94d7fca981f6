"""What this process counts and times, as Prometheus has it: a registry of its own, labels of few values, nobody's name.

Instruments that are counted as things happen stand here, so that every room may count. What is looked up only when
somebody asks (files, providers, ages) is in `core.gauges`.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from core.once import Once

PREFIX = "solar_mining"
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # of requests and pages
JOB_BOUNDS_S = (0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 1800.0)
FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Instruments:
    """One set of counters and timers, in one registry."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nothing here reads
        made = self.registry = CollectorRegistry(auto_describe=True)
        self.requests = Histogram(
            f"{PREFIX}_request_seconds",
            "Requests to the API, by route, method and status.",
            ("route", "method", "status"),
            buckets=BOUNDS_S,
            registry=made,
        )
        self.pages = Histogram(
            f"{PREFIX}_page_seconds", "Runs of a page's script.", ("page",), buckets=BOUNDS_S, registry=made
        )
        self.page_errors = Counter(f"{PREFIX}_page_errors", "Runs that failed unforeseen.", ("page",), registry=made)
        self.sessions = Gauge(f"{PREFIX}_sessions", "Pages that are open in browsers now.", registry=made)
        self.jobs = Histogram(
            f"{PREFIX}_job_seconds",
            "Jobs that ended, by kind and how: from when each began.",
            ("kind", "state"),
            buckets=JOB_BOUNDS_S,
            registry=made,
        )
        self.lookups = Counter(
            f"{PREFIX}_cache_lookups", "Looks into the cache of answers: hit or miss.", ("result",), registry=made
        )
        self.answers = Counter(
            f"{PREFIX}_answers",
            "Answers given to a question: live, cached, stale, bundled or none.",
            ("question", "status"),
            registry=made,
        )
        self.notices = Counter(
            f"{PREFIX}_alert_notices", "Alerts raised, repeated and recovered.", ("kind",), registry=made
        )

    def text(self) -> bytes:
        """All that is known now, as Prometheus reads it."""
        return bytes(generate_latest(self.registry))


@Once
def instruments() -> Instruments:
    """The instruments of this process."""
    return Instruments()
