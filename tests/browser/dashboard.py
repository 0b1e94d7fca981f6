"""The real dashboard on a port of its own, and a Chromium that reaches nothing else.

Used by the browser tests and by the bench: no pytest here.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
UP_S = 60.0
STOP_S = 10.0
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # a stray request fails at once instead of leaving
]


def chromium_path() -> str | None:
    """The Chromium on this computer, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Any) -> Any:
    """Start that Chromium without a window."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)


OFFLINE = {"SOLAR_MINING_OFFLINE": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(
    home: Path, mode: str = "local", world: Mapping[str, str] = OFFLINE, *, script: Path = ROOT / "app.py"
) -> Iterator[str]:
    """`streamlit run app.py`, or another script, on a free port of this computer, for as long as the block lasts; its address.

    `home` is the folder of what the dashboard keeps; what it prints goes into a file beside that folder. `world`: the
    settings by which it asks the world.
    """
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SOLAR_MINING_", "STREAMLIT_"))}
    env |= {"SOLAR_MINING_HOME": str(home), "SOLAR_MINING_MODE": mode, **world}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    with home.with_name(f"{home.name}.{port}.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1"], cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_up(server, address, Path(log.name))
            yield address
        finally:
            _stop(server)


def _wait_until_up(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + UP_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the dashboard did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the process we started, that one only."""
    server.terminate()
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
