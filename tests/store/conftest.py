"""A database on the disk, one projection to keep, and a way to damage what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.inputs import Market, Weather
from core.results import Projection
from core.scenario import Scenario
from core.store.database import Database, open_database
from core.studies.projection import project


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


@pytest.fixture(scope="session")
def projection(greensboro: Weather, market: Market) -> Projection:
    return project(Scenario(), greensboro, market)
