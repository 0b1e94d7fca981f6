"""Thousands of requests made from the API's own description, by two callers, against a server of its own.

`python -m tests.api.fuzzing` is `make soak`: ten thousand cases and more. The suite runs a few hundred of the same.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.api.serving import PREFIX, UNHURRIED
from tests.browser.dashboard import ROOT, serve

CALLERS = (("anna", "planner"), ("bert", "admin"))
# not among them, and tried by hand elsewhere: that what was deleted is gone, as a job that was cancelled can still be
# looked at; and that a wrong key gets 401, as whoever tries many gets 429
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,allow_header_conformance,unsupported_method,negative_data_rejection"
)
# 503 is what a full queue answers; blanks around a machine's name are taken off before its length counts.
CONFIG = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 429, 431, 503]

[[operations]]
include-path-regex = "^/equipment"
[operations.checks.negative_data_rejection]
enabled = false
"""
ENDLESS = ["--exclude-path", "/events"]  # news never end: tests/api/test_calculations.py listens to them
SLOW = "create_projection"  # takes a processor for half a second a case: fewer of them, by themselves
SLOW_EXAMPLES = 60
WORK = ["--exclude-tag", "calculations", "--exclude-tag", "jobs"]  # which the suite leaves to `make soak`
WITHIN_S = 3600


@dataclass(frozen=True)
class Tried:
    """What came of a run."""

    code: int
    cases: int
    said: str


@contextmanager
def server() -> Iterator[tuple[str, list[str]]]:
    """A server with keys, its address, and a key for each caller."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        world = {**UNHURRIED, "SOLAR_MINING_HOSTS": "localhost"}
        keys = [_key(home, owner, role) for owner, role in CALLERS]
        with serve(home, "server", world) as address:
            yield address, keys


def _key(home: Path, owner: str, role: str) -> str:
    env = {**os.environ, **UNHURRIED, "SOLAR_MINING_HOME": str(home), "SOLAR_MINING_MODE": "server"}
    command = [sys.executable, "-m", "core", "keys", "create", "fuzzing", "--role", role, "--owner", owner]
    ran = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return re.findall(r"smc_\S+", ran.stdout)[0]


def tried(address: str, key: str, examples: int, *more: str) -> Tried:
    """One caller's run of `examples` cases an operation, and as many chains of them; all but news and projections."""
    return run(address, key, examples, *ENDLESS, "--exclude-operation-id", SLOW, *more)


def run(address: str, key: str, examples: int, *which: str) -> Tried:
    """The same for operations named as schemathesis has them named."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(CONFIG, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--config-file",
            str(config),
            "run",
            f"{address}{PREFIX}/openapi.json",
        ]
        command += ["-H", f"X-API-Key: {key}", "--phases", "fuzzing,stateful", "--checks", CHECKS]
        command += ["-n", str(examples), "--request-timeout", "60", "--no-color", "--continue-on-failure", *which]
        env = {name: value for name, value in os.environ.items() if not name.startswith("SOLAR_MINING_")}
        ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=WITHIN_S)
    said = ran.stdout + ran.stderr
    found = re.findall(r"([\d,]+) generated", said)
    said = said[max(0, said.find("= FAILURES =")) :]
    return Tried(ran.returncode, int(found[-1].replace(",", "")) if found else 0, said)


def main() -> int:
    """Both callers, until ten thousand cases are tried; 0 where nothing was found."""
    examples, cases, began_s = int(sys.argv[1]) if len(sys.argv) > 1 else 150, 0, time.monotonic()
    with server() as (address, keys):
        for (owner, role), key in zip(CALLERS, keys, strict=True):
            parts = (
                tried(address, key, examples),
                run(address, key, SLOW_EXAMPLES, "--include-operation-id", SLOW),
            )
            for part in parts:
                cases += part.cases
                print(f"{owner} ({role}): {part.cases:,} cases, {'FAILURES' if part.code else 'nothing found'}")
                if part.code:
                    print(part.said)
                    return 1
    print(f"{cases:,} cases in {time.monotonic() - began_s:,.0f} s, no failure")
    return 0 if cases >= 10_000 else 1


if __name__ == "__main__":
    sys.exit(main())
