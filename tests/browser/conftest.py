"""A newsroom with a running server, and real browsers: the first that is here, or with `--require-tools` every kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import browsers
from tests.support.newsroom import Newsroom


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "browser" in metafunc.fixturenames:
        several = metafunc.config.getoption("--require-tools")
        only = metafunc.definition.get_closest_marker("kinds")
        kinds = list(only.args if only else browsers.KINDS)
        names = kinds if several else [browsers.first_here(kinds)]
        params = [pytest.param(name, marks=marks(name)) for name in names]
        metafunc.parametrize("browser", params, indirect=True, scope="session")


def marks(name: str) -> list[pytest.MarkDecorator]:
    # A group runs in one worker: a browser of each kind is enough.
    return [pytest.mark.tool(browsers.KINDS[name].program), pytest.mark.xdist_group(name)]


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[browsers.Started]:
    with browsers.start(request.param) as started:
        yield started


@pytest.fixture
def unserved(tmp_path: Path, passphrase: Path) -> Newsroom:
    """A newsroom whose server is not running yet."""
    return Newsroom(tmp_path).copy("Dana", "Lee")


@pytest.fixture
def room(unserved: Newsroom) -> Iterator[Newsroom]:
    with unserved.serving():
        yield unserved
