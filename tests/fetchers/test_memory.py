"""NET-02, NET-03: what a reply without end costs, measured in a process of its own that does nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hostile
import pytest

from core.fetchers.world import base_variable

ROOT = Path(__file__).parents[2]
MOST_MB, MOST_S = 20, 1.0
STATUSES = (200, 302, 400, 503)
STATUS = Path("/proc/self/status")
pytestmark = pytest.mark.skipif(not STATUS.exists(), reason="reads peak memory from /proc")

# asks each path once, a world apiece, and tells the peak above what was in use after a first good reply
ASKER = """
import json, os, sys, time
from pathlib import Path
from core.errors import SourceError
from core.fetchers.ask import Question, ask
from core.fetchers.provider import Request, Source, json_of
from core.fetchers.world import Access, World

def memory_mb(name):
    found = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(found.split()[1]) / 1024

access = Access.from_env(os.environ)
def costs(name, path):
    source = Source(name, "", lambda base, asked, key: Request(base + asked), lambda reply, asked: json_of(reply))
    started = time.monotonic()
    try:
        said = ask(Question("price", (source,), 60.0), path, World(None, access)).status
    except SourceError as error:
        said = error.message
    return said, time.monotonic() - started

paths = json.loads(sys.argv[1])
for name in paths:
    costs(name, "/warm")
before_mb, rows = memory_mb("VmRSS"), []
for name, some in paths.items():
    for path in some:
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from what is in use now
        said, took_s = costs(name, path)
        rows.append([name, path, said, took_s, memory_mb("VmHWM") - before_mb])
print(json.dumps(rows))
"""


def deluge(server: hostile.Server) -> list[str]:
    """Every reply without end, on every kind of status; their paths."""
    server.on("/warm", hostile.json_reply([1.0]))
    bombs = {encoding: hostile.packed_gigabyte(encoding) for encoding in ("gzip", "deflate")}
    acts: dict[str, hostile.Act] = {}
    for status in STATUSES:
        for n, how in enumerate(hostile.HOW):
            acts[f"/flood/{n}/{status}"] = hostile.gigabyte(how, status)
        for encoding, packed in bombs.items():
            acts[f"/bomb/{encoding}/{status}"] = hostile.bomb(packed, encoding, status)
    packer = hostile.zlib.compressobj(9, hostile.zlib.DEFLATED, 31)
    acts["/bomb/twice/200"] = hostile.bomb(packer.compress(bombs["gzip"]) + packer.flush(), "gzip, gzip")
    for path, act in acts.items():
        server.on(path, act)
    return list(acts)


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Any]]:
    with hostile.Server() as plain, hostile.Server(tls=True) as secured:
        env = {
            "PYTHONPATH": str(ROOT),
            base_variable("plain"): plain.base,
            base_variable("tls"): secured.base,
            "SOLAR_MINING_CA_FILE": str(secured.trust_file(tmp_path_factory.mktemp("ca"))),
        }
        asked = json.dumps({"plain": deluge(plain), "tls": deluge(secured)})
        ran = subprocess.run([sys.executable, "-c", ASKER, asked], env=env, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
        yield json.loads(ran.stdout)


def test_every_deluge_was_let_loose(costs: list[Any]) -> None:
    assert len(costs) == 2 * (len(STATUSES) * (len(hostile.HOW) + 2) + 1)


def test_a_gigabyte_is_refused_within_a_second(costs: list[Any]) -> None:
    floods = [row for row in costs if row[1].startswith("/flood")]
    assert len(floods) == 2 * len(STATUSES) * len(hostile.HOW)
    assert {tuple(row) for row in floods if row[3] > MOST_S} == set()


def test_a_gigabyte_and_a_bomb_cost_at_most_20_mb_on_any_status(costs: list[Any]) -> None:
    assert {tuple(row) for row in costs if row[4] > MOST_MB} == set()


def test_each_is_told_by_what_it_was(costs: list[Any]) -> None:
    for name, path, said, _, _ in costs:
        expected = "redirect" if path.endswith("302") else "more than 10 MB"
        assert expected in said, (name, path)
