"""Releases that go wrong in every way that is known: the old version and its data are back, within a minute. OPS-05.

python -m tests.soak_release
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.releasing import Service, broken, dead, placed

GOAL_S, WAIT_S = 60.0, 60.0


def begun(service: Service) -> None:
    """The first version runs, and something is saved."""
    assert service.release(service.version("one"))[0] == 0
    service.call("/system-configs", {"name": "Saved"})


def not_well(service: Service) -> str:
    code, told = service.release(broken("two", service), gate_s=20)
    assert code == 1, told
    return "one"


def not_started(service: Service) -> str:
    code, told = service.release(dead(service), gate_s=20)
    assert code == 1, told
    return "one"


def not_stopped(service: Service) -> str:
    """The service goes on though it was stopped: nothing is put in its place."""
    good = (service.root / "stop.sh").read_text()
    (service.root / "stop.sh").write_text("exit 0\n")
    code, told = service.release(service.version("two"))
    (service.root / "stop.sh").write_text(good)
    assert code == 1, told
    assert "answers still" in told
    return "one"


def killed(service: Service) -> str:
    """The release itself is killed while the new version is before the gate; the next release undoes it first."""
    process = subprocess.Popen(service.command(broken("two", service), 60), cwd=service.root, env=service.env)
    deadline = time.monotonic() + WAIT_S
    while service.runs() != "two" or not (service.root / "pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.kill()
    process.wait(WAIT_S)
    code, told = service.release(service.version("three"))
    assert code == 0, told
    assert "one runs again" in told
    return "three"


def tried(what: Callable[[Service], str]) -> bool:
    with tempfile.TemporaryDirectory() as folder, placed(Path(folder)) as service:
        begun(service)
        began_s = time.monotonic()
        runs = what(service)
        took_s = time.monotonic() - began_s
        back = service.runs() == runs and service.names() == {"Saved"}
    print(f"{what.__name__:12} {'back' if back else 'LOST'} after {took_s:.1f} s (goal {GOAL_S:g} s)")
    return back


def main() -> int:
    return 0 if all(list(map(tried, (not_well, not_started, not_stopped, killed)))) else 1


if __name__ == "__main__":
    sys.exit(main())
