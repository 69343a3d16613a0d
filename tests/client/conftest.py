"""One real server for a whole file of tests; its drop has two readers and the smallest boxes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knothole_client.audit import cli
from tests.client.served import QUICK, Served, serve
from tests.support.drop import Drop, make_drop
from tests.support.newsroom import Newsroom


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


# A Monday, early: nothing near a week's boundary.
MONDAY = 1_795_500_000


@pytest.fixture
def room(tmp_path: Path, passphrase: Path, turn: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """A served newsroom whom audits ask without patience."""
    monkeypatch.setattr(cli, "PATIENCE", QUICK)
    turn(MONDAY)
    room = Newsroom(tmp_path).copy("Ann")
    with room.serving():
        yield room
