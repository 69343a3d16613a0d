"""One small drop for the room's tests, made once; a fresh server directory for each test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from knothole_server.config import Config
from tests.server.serving import Served, lay_out, serving
from tests.support.drop import Drop, make_drop


@pytest.fixture(scope="session")
def small_drop() -> Drop:
    return make_drop(recipients=["Ada", "Ben"], admins=2, threshold=2)


@pytest.fixture
def config(tmp_path: Path, small_drop: Drop) -> Config:
    return lay_out(tmp_path, small_drop)


@pytest.fixture
def served(config: Config, small_drop: Drop) -> Iterator[Served]:
    with serving(small_drop, config) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, small_drop: Drop) -> Iterator[Served]:
    """One server for a module whose tests leave it as it was."""
    with serving(small_drop, lay_out(tmp_path_factory.mktemp("shared"), small_drop)) as running:
        yield running
