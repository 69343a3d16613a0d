"""Three administrators of one drop, two of whom must agree."""

from pathlib import Path

import pytest

from knothole_keys import clock
from tests.keys.admins import NOW, PASSPHRASE, Newsroom


@pytest.fixture
def newsroom(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    passphrase = tmp_path.with_suffix(".passphrase")
    passphrase.write_bytes(PASSPHRASE + b"\n")
    monkeypatch.setenv("KNOTHOLE_PASSPHRASE_FILE", str(passphrase))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made = Newsroom(tmp_path, capsys)
    made("init", made.drop, "--name", "The Example", "--admins", 3, "--threshold", 2, "--slots", 2)
    return made
