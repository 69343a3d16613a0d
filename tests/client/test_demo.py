"""The demo: the whole way with real commands, then what a person sends, then nothing left behind."""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest

from knothole_client.demo import sample
from knothole_client.demo.commands import Commands
from knothole_client.demo.picture import knothole_png
from knothole_client.demo.stage import Stage
from knothole_client.http import Connection, Unreachable
from knothole_keys.errors import Refused
from tests.client.served import QUICK, fresh

KNOTHOLE = Path(sys.executable).parent / "knothole"


def leftovers(folder: Path) -> list[Path]:
    return list(folder.glob("knothole-demo-*"))


def assert_nobody_serves(url: str) -> None:
    with Connection(url, patience=fresh(QUICK)) as connection, pytest.raises(Unreachable):
        connection.once("GET", "/roots", limit=10_000)


@pytest.mark.whole
def test_without_a_terminal_it_ends_after_the_sample_and_leaves_nothing(tmp_path: Path):
    # A file that Python would import from the working directory must not run.
    (tmp_path / "nacl.py").write_text("raise SystemExit('ran a file of the working directory')")
    done = subprocess.run(
        [KNOTHOLE, "demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        timeout=200,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    hashes = re.findall(r"([0-9a-f]{64})  as (sent|exported)", done.stdout)
    assert [name for _, name in hashes] == ["sent", "exported"]
    assert hashes[0][0] == hashes[1][0]
    assert "They match." in done.stdout
    for line in sample.MESSAGE.splitlines():
        assert f"| {line}" in done.stdout
    assert f"|   {sample.ANSWER}" in done.stdout
    assert re.search(
        r"\| Your letter of \S+ The newsroom has it: Ada opened (\d+) of \1 boxes; 1 of 1 file is whole\.", done.stdout
    )
    assert leftovers(tmp_path) == []
    url = re.search(r"http://127\.0\.0\.1:\d+", done.stdout)
    assert url
    assert_nobody_serves(url.group())


class Terminal:
    """The demo on a terminal of its own; `until` reads what it prints up to a text."""

    def __init__(self, folder: Path) -> None:
        self.text = ""
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [KNOTHOLE, "demo"], stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TMPDIR": str(folder)}
        )
        os.close(theirs)

    def until(self, wanted: str, seconds: float) -> str:
        end = time.monotonic() + seconds
        while wanted not in self.text:
            assert time.monotonic() < end, self.text
            if select.select([self._ours], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self._ours, 65536).decode("utf-8", "replace")
                except OSError:
                    assert wanted in self.text, self.text
        return self.text

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        self.process.wait(30)
        os.close(self._ours)


@pytest.mark.whole
@pytest.mark.tool("/dev/pts")
def test_on_a_terminal_it_opens_what_a_person_sends_until_ctrl_c(tmp_path: Path):
    terminal = Terminal(tmp_path)
    try:
        text = terminal.until("Ctrl-C ends it.", 200)
        [folder] = leftovers(tmp_path)
        assert folder.stat().st_mode & 0o077 == 0
        found = re.search(r"knothole source send (\S+) --root (\S+)", text)
        assert found
        url, fingerprint = found.groups()
        send = [KNOTHOLE, "source", "send", url, "--root", fingerprint, "-m", "sent by hand"]
        subprocess.run(send, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)
        terminal.until("| sent by hand", 60)
        link = re.search(r"http://127\.0\.0\.1:\d+/enter/\S+", text)
        assert link
        inbox = httpx.get(link.group(), headers={}, trust_env=False)
        assert inbox.status_code == 303, "the link lets in once"
        assert httpx.get(link.group(), trust_env=False).status_code == 403
        assert text.count("sent by hand") == 0
        terminal.process.send_signal(signal.SIGINT)
        terminal.until("The throwaway keys are gone.", 30)
        assert terminal.process.wait(20) == 0
    finally:
        terminal.close()
    assert "Traceback" not in terminal.text
    assert leftovers(tmp_path) == []
    assert_nobody_serves(url)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path):
    (tmp_path / "mine").write_text("mine")
    done = subprocess.run(
        [KNOTHOLE, "demo", "--dir", tmp_path], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


# That the demo fails when it should: a desk that gives out something else.


class Forged(Commands):
    """The commands as a broken desk would answer them."""

    def __init__(self, message: str, exported: bytes) -> None:
        self.message, self.exported = message, exported

    def run(self, *arguments: str | Path, text: str = "") -> str:
        if arguments[1] == "list":
            return '{"submissions": [{"id": "ab"}]}'
        if arguments[1] == "show":
            return self.message
        if arguments[1] == "export":
            folder = Path(arguments[-1])
            folder.mkdir()
            (folder / sample.PHOTO).write_bytes(self.exported)
        return ""


PHOTO = knothole_png(30, 20)


@pytest.mark.parametrize(
    ("message", "exported", "why"),
    [
        (sample.MESSAGE, PHOTO[:-1] + b"x", "photo that the desk exported is not the one"),
        (sample.MESSAGE, PHOTO[:-1], "photo that the desk exported is not the one"),
        (sample.MESSAGE[:-3], PHOTO, "message that the desk shows is not the one"),
    ],
)
def test_anything_that_does_not_match_fails_the_demo(message: str, exported: bytes, why: str, tmp_path: Path):
    with pytest.raises(Refused, match=why):
        Stage(tmp_path, Forged(message, exported), lambda _: None).read(PHOTO)
    shutil.rmtree(tmp_path)


def test_an_honest_desk_passes_the_same_check(tmp_path: Path):
    said: list[str] = []
    Stage(tmp_path, Forged(sample.MESSAGE, PHOTO), said.append).read(PHOTO)
    assert said[-1].strip() == "They match."


def test_a_command_that_fails_is_one_sentence(tmp_path: Path):
    (tmp_path / "passphrase").write_text("long enough\n")
    with pytest.raises(Refused, match=r"`knothole keys fingerprint` failed: knothole: .*cannot be read"):
        Commands(tmp_path / "passphrase").run("keys", "fingerprint", tmp_path / "missing")


def test_a_server_that_does_not_start_is_one_sentence(tmp_path: Path):
    serving = Commands(tmp_path / "passphrase").serving("server", "run", tmp_path / "nothing")
    with pytest.raises(Refused, match=r"The server did not start: .*knothole server init"), serving:
        pass


def test_the_picture_is_a_png_that_others_read(tmp_path: Path):
    data = knothole_png(64, 48)
    assert data == knothole_png(64, 48)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert data.endswith(b"IEND\xaeB`\x82")
    assert int.from_bytes(data[16:20], "big") == 64
    assert Path(tempfile.gettempdir()).exists()
