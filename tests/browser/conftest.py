"""A newsroom with a running server, and a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.chromium import chromium
from tests.support.newsroom import Newsroom

PASSPHRASE = "orbit walnut gravel ferry tulip canyon\n"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def unserved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """A newsroom whose server is not running yet."""
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE)
    monkeypatch.setenv("KNOTHOLE_PASSPHRASE_FILE", str(passphrase))
    return Newsroom(tmp_path).make("Dana", "Lee")


@pytest.fixture
def room(unserved: Newsroom) -> Iterator[Newsroom]:
    with unserved.serving():
        yield unserved
