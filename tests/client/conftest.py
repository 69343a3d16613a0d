"""One real server for a whole file of tests; its drop has two readers and the smallest boxes."""

from collections.abc import Iterator

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
