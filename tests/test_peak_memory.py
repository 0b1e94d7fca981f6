"""A start and a full projection fit into the smallest host: 690 MB of memory in all. PERF-09."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.browser.dashboard import OFFLINE, serve
from tests.flatness import server_of
from tests.visitors import visiting

LIMIT_MB, GOAL_MB = 690.0, 600.0


def peak_mb(pid: int) -> float:
    """The most memory a process ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell the peak of a process")
def test_a_start_and_a_full_projection_fit_into_the_smallest_host(tmp_path: Path) -> None:
    with serve(tmp_path / "home", "public", OFFLINE) as address:
        pid = server_of(address)
        with visiting(address) as visitor:
            visitor.open("")
            assert b"NPV" in bytes(visitor.received)
            page_mb = peak_mb(pid)
            visitor.open("money").open("configuration")
        answer = httpx.post(f"{address}/api/v1/projections", json={"scenario": {}}, timeout=120)
        assert answer.status_code == 200
        assert answer.json()["metrics"]["npv_usd"]
        peak = peak_mb(pid)
    print(
        f"start and projection on the page {page_mb:.0f} MB; with two pages and the API {peak:.0f} MB; goal {GOAL_MB:g}"
    )
    assert peak <= LIMIT_MB
