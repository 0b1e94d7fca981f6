"""Releases on this computer, without a container engine: copies of the project, a link, and how to stop and start it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.dashboard import free_port

ROOT = Path(__file__).parents[1]
PARTS = ("app.py", "core", "pages", "data", ".streamlit")
GENEROUS_S = 600.0  # ten times what a release may take to be back: only that nothing hangs
STOP = """#!/bin/sh
[ -f pid ] || exit 0
kill "$(cat pid)" 2>/dev/null
for i in $(seq 200); do kill -0 "$(cat pid)" 2>/dev/null || { rm -f pid; exit 0; }; sleep 0.1; done
kill -9 "$(cat pid)"; rm -f pid
"""
START = """#!/bin/sh
root=$PWD
cd current || exit 1
setsid .venv/bin/python -m streamlit run app.py --server.address 127.0.0.1 --server.port {port} >> "$root/log" 2>&1 &
echo $! > "$root/pid"
"""
# a version whose migration works, which then serves the API, and says of itself that it is not well
STEP = """
def m999_colours(tables: Tables) -> None:
    \"\"\"A column that the version before does not know.\"\"\"
    tables.execute("ALTER TABLE scenarios ADD COLUMN colour TEXT")


STEPS: tuple"""


@dataclass
class Service:
    """A service as deploy/release.py finds one on a server: copies of the project, a link, and how to stop and start it."""

    root: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def version(self, name: str, *changes: tuple[str, str, str]) -> Path:
        """A copy of this project; of each change a file, what stands there, and what shall."""
        folder = self.root / "releases" / name
        folder.mkdir(parents=True)
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(
                    source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "local", "secrets.toml")
                )
            else:
                shutil.copy(source, folder / part)
        (folder / ".venv" / "bin").mkdir(parents=True)
        # the interpreter that runs these tests, with all that is installed
        python = folder / ".venv" / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        for file, before, after in changes:
            text = (folder / file).read_text(encoding="utf-8")
            assert before in text
            (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")
        return folder

    @property
    def env(self) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("SOLAR_MINING_", "STREAMLIT_"))}
        return env | {"SOLAR_MINING_HOME": str(self.root / "home"), "SOLAR_MINING_OFFLINE": "1"}

    def command(self, version: Path, gate_s: float) -> list[str]:
        command = [sys.executable, str(ROOT / "deploy" / "release.py"), "to", str(version), "--address", self.address]
        return [*command, "--stop", "sh stop.sh", "--start", "sh start.sh", "--gate-s", str(gate_s)]

    def release(self, version: Path, gate_s: float = 60.0) -> tuple[int, str]:
        command = self.command(version, gate_s)
        ran = subprocess.run(
            command, env=self.env, cwd=self.root, capture_output=True, text=True, timeout=GENEROUS_S, check=False
        )
        print(ran.stdout, ran.stderr)
        return ran.returncode, ran.stdout + ran.stderr

    def call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + "/api/v1" + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def names(self) -> set[str]:
        return {item["name"] for item in self.call("/system-configs")["items"]}

    def runs(self) -> str:
        return (self.root / "current").resolve().name


@contextmanager
def placed(root: Path) -> Iterator[Service]:
    """A place for releases, on a free port; what runs there ends with the block."""
    port = free_port()
    (root / "stop.sh").write_text(STOP)
    (root / "start.sh").write_text(START.format(port=port))
    try:
        yield Service(root, port)
    finally:
        subprocess.run(["sh", "stop.sh"], cwd=root, timeout=60, check=False)


def broken(name: str, service: Service) -> Path:
    """A version that migrates, serves, keeps something by itself, and is not well."""
    keeps = (
        "    found = probe().look()\n    status = verdict(found)\n",
        "    from core.outside import database\n    from core.scenario import Scenario\n    from core.store import scenarios\n\n"
        '    scenarios.save(database(), "local", Scenario().but({"name": "Saved by the new version"}))\n'
        '    found = probe().look()\n    status: Literal["unavailable"] = "unavailable"\n',
    )
    return service.version(
        name,
        ("core/api/routes_health.py", *keeps),
        ("core/store/migrations.py", "\nSTEPS: tuple", STEP),
        ("core/store/migrations.py", "    m014_drafts,\n", "    m014_drafts,\n    m999_colours,\n"),
    )


def dead(service: Service) -> Path:
    """A version that ends as soon as it is started."""
    return service.version("dead", ("app.py", "import sys\n", "import sys\n\nsys.exit(3)\n"))


def names_in(file: Path) -> set[str]:
    """The names of what a database kept that was moved aside: its schema is newer, so it is read with a tool."""
    conn = sqlite3.connect(file)
    try:
        return {name for (name,) in conn.execute("SELECT name FROM scenarios")}
    finally:
        conn.close()
