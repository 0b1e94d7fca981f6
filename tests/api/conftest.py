"""A running server and clients of its API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.serving import PREFIX, UNHURRIED, Served
from tests.browser.dashboard import serve

ENGINES_S = 300.0


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server in mode `local`, as `streamlit run app.py` starts it, with a folder of its own."""
    home = tmp_path_factory.mktemp("api") / "home"
    with serve(home, "local", UNHURRIED) as address:
        yield Served(address, home)


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    """A program that calls the API from this computer."""
    with httpx.Client(base_url=served.address + PREFIX, timeout=60) as made:
        yield made


@pytest.fixture(scope="session")
def engines(served: Served) -> None:
    """The server's engines, compiled: where they never were, the first calculation waits for them longer than a caller."""
    with httpx.Client(base_url=served.address + PREFIX, timeout=60) as client:
        job_id = client.post("/risk-analyses", json={"scenario": {}, "paths": 100}).json()["job_id"]
        end = time.monotonic() + ENGINES_S
        while (job := client.get(f"/jobs/{job_id}?wait=20").json())["state"] in ("queued", "running"):
            assert time.monotonic() < end, job
    assert job["state"] == "done", job


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server in mode `public`, with a folder in which nothing may be written."""
    home = tmp_path_factory.mktemp("public api") / "home"
    home.mkdir()
    with serve(home, "public", UNHURRIED) as address:
        yield Served(address, home)


@pytest.fixture
def log(served: Served) -> Path:
    """The file of what the server prints."""
    return next(served.home.parent.glob(f"{served.home.name}.*.log"))
