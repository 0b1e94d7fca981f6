"""Fixtures every test may use, and the folder of validation data where there is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from core.fetchers import bitcoin
from core.fetchers.weather import bundled
from core.inputs import Market, Weather
from core.models.dispatch import compile_kernel

# the same cases every time, so that a change is judged and not the dice; HYPOTHESIS_PROFILE=search rolls new ones
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

os.environ.setdefault("SOLAR_MINING_OFFLINE", "1")  # no test asks the world but those that bring one of their own

LONG = ("test_any_site_gives_finite_figures_or_a_named_error", "test_a_mutated_file")  # begun first: minutes each


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, so that one process is not left alone with them at the end."""
    items.sort(key=lambda item: not item.name.startswith(LONG))


VALIDATION_DATA = os.environ.get("SOLAR_MINING_VALIDATION_DATA")


@pytest.fixture(scope="session")
def validation_data() -> Path:
    """The folder of outside data, or a skip that says how to get it."""
    if not VALIDATION_DATA:
        pytest.skip("SOLAR_MINING_VALIDATION_DATA is not set: outside validation data is not part of the project")
    return Path(VALIDATION_DATA)


@pytest.fixture(scope="session")
def greensboro() -> Weather:
    return bundled("greensboro")


@pytest.fixture(scope="session")
def market() -> Market:
    return bitcoin.bundled_market()


@pytest.fixture(scope="session")
def kernel() -> None:
    """The compiled dispatch kernel, ready."""
    compile_kernel()
