"""A newsroom whose passphrases cost little; its server runs as each test wants."""

from pathlib import Path

import pytest

from tests.support.newsroom import Newsroom


@pytest.fixture
def room(tmp_path: Path, passphrase: Path) -> Newsroom:
    return Newsroom(tmp_path)
