"""One real server for a whole file of tests; its drop has two readers and the smallest boxes."""

from collections.abc import Callable, Iterator

import pytest

from tests.client.served import Served, serve
from tests.support.drop import Drop, make_drop


@pytest.fixture(scope="module")
def drop() -> Drop:
    return make_drop(recipients=["Ada", "Grace"])


@pytest.fixture(scope="module")
def served(drop: Drop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(drop, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Turn the one clock that everybody asks; it stands still there."""
    return lambda now: monkeypatch.setattr("knothole_keys.clock.now", lambda: now)
