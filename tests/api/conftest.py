"""A running server and clients of its API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.serving import PREFIX, UNHURRIED, Served
from tests.browser.dashboard import serve


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
