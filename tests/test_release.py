"""A release with a gate, on this computer and without a container engine: the project itself, in copies. OPS-05."""

from __future__ import annotations

import http.server
import importlib.util
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.releasing import GENEROUS_S, ROOT, Service, broken, dead, names_in, placed


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


def test_of_the_backups_before_releases_the_newest_three_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody had deleted must not lie in older ones for ever."""
    release = script(monkeypatch)
    (tmp_path / release.BACKUPS).mkdir()
    for day in (30, 1, 15, 20, 3):
        (tmp_path / release.BACKUPS / f"202611{day:02}T120000Z-one.sealed").write_bytes(b"sealed")
    (tmp_path / release.BACKUPS / "notes.txt").write_text("of somebody")
    release._forget_old(release.Site(tmp_path, [], [], "", 1.0))
    kept = sorted(file.name[6:8] for file in (tmp_path / release.BACKUPS).glob("*.sealed"))
    assert kept == ["15", "20", "30"]
    assert (tmp_path / release.BACKUPS / "notes.txt").exists()


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


def test_a_service_that_answers_though_it_is_not_well_has_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its database would be replaced under its hands, or it be taken for the new version."""
    release = script(monkeypatch)
    monkeypatch.setattr(release, "STOPPED_S", 0.2)
    monkeypatch.setattr(release, "ANSWER_S", 0.5)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Unwell)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    site = release.Site(ROOT, ["true"], ["true"], f"http://127.0.0.1:{server.server_port}", 1.0)
    try:
        with pytest.raises(release.ReleaseError, match="answers still"):
            release.halt(site)
    finally:
        server.shutdown()
        thread.join()
    with pytest.raises(release.ReleaseError, match="answers still"):  # bound, and nobody takes the call
        release.halt(site)
    server.server_close()
    release.halt(site)


def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """deploy/release.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("release", ROOT / "deploy" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "release", made)
    spec.loader.exec_module(made)
    return made


class Unwell(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
