"""A newsroom whose passphrases cost little; its server runs as each test wants."""

from pathlib import Path

import pytest

from tests.support.newsroom import Newsroom


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("orbit walnut gravel ferry tulip canyon\n")
    monkeypatch.setenv("KNOTHOLE_PASSPHRASE_FILE", str(passphrase))
    return Newsroom(tmp_path)
