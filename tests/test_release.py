"""A release with a gate, on this computer and without a container engine: the project itself, in copies. OPS-05."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.releasing import GENEROUS_S, Service, broken, dead, names_in, placed


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with placed(tmp_path) as made:
        yield made


def test_a_version_that_is_not_well_gives_way_to_the_old_one_with_the_old_data(service: Service) -> None:
    assert service.release(service.version("one"))[0] == 0
    service.call("/system-configs", {"name": "Saved by the old version"})
    began_s = time.monotonic()
    code, told = service.release(broken("two", service), gate_s=120)
    took_s = time.monotonic() - began_s
    print(f"the old version was back {took_s:.1f} s after the release was begun (goal: 60 s)")
    assert code == 1, told
    assert took_s < GENEROUS_S
    assert service.runs() == "one"
    assert "/api/v1/health/ready answered 503" in told
    assert service.names() == {"Saved by the old version"}
    (aside,) = (service.root / "home").glob("app.db.replaced.*Z")
    lines = [line for line in told.splitlines() if line.startswith("saved since the backup, and only there:")]
    assert len(lines) == 1
    assert "scenarios" in lines[0]
    kept = names_in(aside)
    assert {"Saved by the old version", "Saved by the new version"} == kept
    assert not (service.root / "releasing.json").exists()


def test_what_is_no_release_touches_nothing(service: Service) -> None:
    (service.root / "releases" / "empty").mkdir(parents=True)
    code, told = service.release(service.root / "releases" / "empty")
    assert code == 2
    assert "it has no app.py" in told
    assert not (service.root / "current").exists()


def test_the_first_release_that_is_not_well_leaves_nothing_running(service: Service) -> None:
    code, told = service.release(dead(service), gate_s=3)
    assert code == 2
    assert "no version before it" in told
