"""A newsroom with a running server, and real browsers: the first that is here, or with `--require-tools` every kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import browsers
from tests.support.newsroom import Newsroom
from tests.support.soak import SOAK


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "browser" in metafunc.fixturenames:
        several = metafunc.config.getoption("--require-tools")
        only = metafunc.definition.get_closest_marker("kinds")
        kinds = list(only.args if only else browsers.KINDS)
        names = kinds if several else [browsers.first_here(kinds)]
        params = [pytest.param(name, marks=marks(name)) for name in names]
        metafunc.parametrize("browser", params, indirect=True, scope="session")


def marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.tool(browsers.KINDS[name].program)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every test runs in Chromium and in a Firefox, and the Firefoxes take turns; what a drop stands on runs in each, and
    `make soak` runs everything in each.
    """
    firefoxes = [name for name, kind in browsers.KINDS.items() if kind.firefox]
    turns: dict[str, list[str]] = {}
    kept, left_out = [], []
    for item in items:
        name = item.callspec.params.get("browser") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
        fixed = SOAK or any(item.get_closest_marker(marker) for marker in ("kinds", "each"))
        if name not in firefoxes or fixed:
            kept.append(item)
            continue
        tests = turns.setdefault(item.nodeid.split("::")[0], [])
        test = item.nodeid.replace(name, "", 1)
        if test not in tests:
            tests.append(test)
        (kept if name == firefoxes[tests.index(test) % len(firefoxes)] else left_out).append(item)
    if left_out:
        items[:] = kept
        config.hook.pytest_deselected(items=left_out)


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
