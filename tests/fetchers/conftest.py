"""A server on loopback that does as a test says, plain and with TLS."""

from __future__ import annotations

from collections.abc import Iterator

import hostile
import pytest


@pytest.fixture
def server() -> Iterator[hostile.Server]:
    with hostile.Server() as one:
        yield one


@pytest.fixture(scope="module")
def tls_server() -> Iterator[hostile.Server]:
    with hostile.Server(tls=True) as one:
        yield one
