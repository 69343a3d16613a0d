"""`knothole desk serve` as a person starts it: a link, a browser of its own in memory, nothing left when it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from knothole_client.review import browser
from knothole_keys.errors import Refused
from tests.desk.conftest import PASSPHRASE, Desk

KNOTHOLE = Path(sys.executable).parent / "knothole"
# Says where its profile is and with what it was started, and stays.
BROWSER = """#!/bin/sh
echo "$@" > "$SEEN.part"; echo "$HOME" >> "$SEEN.part"; touch "$HOME/written by the browser"; mv "$SEEN.part" "$SEEN"
exec sleep 600
"""


def started(desk: Desk, tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    (tmp_path / "passphrase").write_bytes(PASSPHRASE.passphrase)
    environment = {
        **os.environ,
        "KNOTHOLE_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        "PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin",
        "SEEN": str(tmp_path / "seen"),
    }
    command = [KNOTHOLE, "desk", "serve", desk.path, *options]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_browser_has_its_profile_in_memory_and_nothing_is_left(desk: Desk, tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "chromium").write_text(BROWSER)
    (tmp_path / "bin" / "chromium").chmod(0o755)
    serving = started(desk, tmp_path)
    try:
        deadline = time.monotonic() + 200
        while not (tmp_path / "seen").exists():
            assert time.monotonic() < deadline
            assert serving.poll() is None
            time.sleep(0.05)
        switches, home = (tmp_path / "seen").read_text().splitlines()
        profile = Path(home)
        assert profile.is_relative_to(browser.memory())
        assert profile.stat().st_mode & 0o077 == 0
        assert f"--user-data-dir={profile}" in switches
        assert re.search(r"http://127\.0\.0\.1:\d+/enter/\S{40,}", switches)
    finally:
        serving.send_signal(number)
        said, _ = serving.communicate(timeout=200)
    assert serving.returncode == 0
    assert not profile.exists()
    assert "/enter/" not in said


def test_without_a_browser_the_link_is_shown_and_lets_in_once(desk: Desk, tmp_path: Path) -> None:
    serving = started(desk, tmp_path, "--no-open")
    try:
        assert serving.stdout
        link = serving.stdout.readline().split()[-1]
        assert httpx.get(link, trust_env=False).status_code == 303
        assert httpx.get(link, trust_env=False).status_code == 403
    finally:
        serving.terminate()
        serving.communicate(timeout=200)
    assert serving.returncode == 0


def test_where_no_folder_lies_in_memory_no_browser_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(browser, "_MEMORY", set())
    with pytest.raises(Refused, match="--no-open"):
        browser.memory()


def test_a_browser_that_cannot_start_leaves_a_link_at_the_terminal(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "chromium").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin" / "chromium").chmod(0o755)
    serving = started(desk, tmp_path)
    try:
        assert serving.stdout
        link = next(line.strip() for line in serving.stdout if "/enter/" in line)
        assert httpx.get(link, trust_env=False).status_code == 303
    finally:
        serving.terminate()
        serving.communicate(timeout=200)
    assert serving.returncode == 0
