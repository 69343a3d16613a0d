"""The installed commands as people run them: what they print, where secrets go, kill and resume, memory."""

import contextlib
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from knothole_keys import codename
from knothole_keys.root import fingerprint
from tests.client.opened import open_all
from tests.client.served import Asked, Reply, Served, lie, serve
from tests.support.drop import Drop, make_drop

KNOTHOLE = Path(sys.executable).parent / "knothole"
MIB = 2**20


def run(*arguments: object, stdin: bytes = b"", cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [str(KNOTHOLE), *map(str, arguments)]
    # Nobody is at a terminal, wherever these tests run.
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, cwd=cwd, check=False, start_new_session=True)
    out, error = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in error, error
    return subprocess.CompletedProcess(command, done.returncode, out, error)


def send_arguments(served: Served, drop: Drop, *more: object) -> Sequence[object]:
    return ["source", "send", served.url, "--root", fingerprint(drop.drop_id), *more]


def token_file(served: Served, folder: Path) -> Path:
    path = folder / "token"
    path.write_text(f"{served.token}\n")
    return path


def test_a_new_codename_alone_is_on_stdout(served: Served, drop: Drop, tmp_path: Path):
    (tmp_path / "照片.jpg").write_bytes(b"\xff\xd8 not really")
    done = run(*send_arguments(served, drop, "-m", "hello", tmp_path / "照片.jpg"))
    assert done.returncode == 0, done.stderr
    words = done.stdout.removesuffix("\n")
    assert codename.parse(words) == words
    assert words not in done.stderr
    assert "The server says that it has stored 1 box." in done.stderr
    assert "only when a journalist has fetched and opened it" in done.stderr
    for reader in drop.readers:
        assert f"{reader.recipient.id}  {reader.name}" in done.stderr


def test_a_codename_file_is_made_for_its_owner_alone_and_nothing_is_printed(served: Served, drop: Drop, tmp_path: Path):
    path = tmp_path / "codename"
    done = run(*send_arguments(served, drop, "-m", "-", "--codename-file", path), stdin="größe\n".encode())
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    words = path.read_text().strip()
    assert codename.parse(words) == words
    assert words not in done.stderr

    again = run(*send_arguments(served, drop, "-m", "-", "--codename-file", path), stdin="größe\n".encode())
    assert again.returncode == 0
    assert "stored 0 boxes, and that 1 more was there already" in again.stderr
    assert path.read_text().strip() == words

    out = tmp_path / "out"
    fetched = run("courier", "fetch", served.url, "--token-file", token_file(served, tmp_path), "--out", out)
    assert fetched.returncode == 0, fetched.stderr
    assert served.token not in fetched.stdout + fetched.stderr
    assert fingerprint(drop.drop_id) in fetched.stderr
    assert [letter.message for letter in open_all(out, drop).letters].count("größe") == 1


def test_a_wrong_fingerprint_stops_before_a_codename_is_made(served: Served, tmp_path: Path):
    other, path = make_drop(), tmp_path / "codename"
    done = run("source", "send", served.url, "--root", fingerprint(other.drop_id), "-m", "x", "--codename-file", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "compare the fingerprint" in done.stderr
    assert not path.exists()


REFUSED: dict[str, tuple[list[object], str]] = {
    "nothing_to_send": ([], "There is nothing to send"),
    "a_folder": (["-m", "x", "/"], "is a folder"),
    "a_missing_file": (["-m", "x", "/no/such/file"], "cannot be read: no such file"),
    "not_utf8": (["-m", "-"], "not UTF-8"),
    "a_language_that_is_none": (["-m", "x", "--language", "zh_CN"], "not a language's code"),
    "to_nobody": (["-m", "x", "--to", "ffff"], "--to names nobody"),
    "returning_without_a_person": (["-m", "x", "--returning"], "nobody to ask for the codename"),
    "returning_before_anything_is_read": (["-m", "-", "--returning", "/no/such/file"], "nobody to ask for the codename"),
    "an_http_proxy": (["-m", "x", "--proxy", "http://127.0.0.1:1"], "not a proxy's address"),
    "half_a_character": (["-m", os.fsdecode(b"\xff")], "half a character"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_sent_is_one_sentence_and_exit_1(case: str, served: Served, drop: Drop):
    arguments, why = REFUSED[case]
    before = served.count(drop.epoch)
    done = run(*send_arguments(served, drop, *arguments), stdin=b"\xff\xfe")
    assert done.returncode == 1
    assert why in done.stderr
    assert served.count(drop.epoch) == before


@pytest.mark.parametrize("text", ["seven words are not enough for this", "a a a a a a a a", "\xff"])
def test_a_file_that_holds_no_codename_is_refused_and_left_alone(text: str, served: Served, drop: Drop, tmp_path: Path):
    (tmp_path / "c").write_bytes(text.encode("latin-1"))
    done = run(*send_arguments(served, drop, "-m", "x", "--codename-file", tmp_path / "c"))
    assert done.returncode == 1
    assert "codename" in done.stderr
    assert (tmp_path / "c").read_bytes() == text.encode("latin-1")


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ümlaut"])
def test_a_token_file_without_a_token_is_refused_without_showing_it(token: str, served: Served, tmp_path: Path):
    (tmp_path / "token").write_text(token)
    done = run("courier", "post", served.url, "--token-file", tmp_path / "token")
    assert done.returncode == 1
    assert "does not hold a token" in done.stderr
    assert not token or token not in done.stderr


class Person:
    """Somebody at a terminal, who sees what a command prints and types answers."""

    def __init__(self, *arguments: object, stdin: Path | None = None) -> None:
        self.seen = ""
        self._ours, theirs = pty.openpty()
        command = [str(KNOTHOLE), *map(str, arguments)]
        if stdin:
            # The terminal is theirs all the same, as /dev/tty.
            command = ["setsid", "--ctty", "sh", "-c", 'exec "$@" < "$0"', str(stdin), *command]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=not stdin)
        os.close(theirs)

    def until(self, wanted: str) -> None:
        end = time.monotonic() + 20
        while wanted not in self.seen and select.select([self._ours], [], [], max(0, end - time.monotonic()))[0]:
            try:
                self.seen += os.read(self._ours, 65536).decode("utf-8", "replace")
            except OSError:
                break
        assert wanted in self.seen, self.seen

    def types(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def ends(self) -> int:
        with contextlib.suppress(OSError):
            while True:
                self.seen += os.read(self._ours, 65536).decode("utf-8", "replace")
        os.close(self._ours)
        return self.process.wait(20)


@pytest.mark.tool("/dev/pts")
def test_at_a_terminal_nothing_is_sent_before_the_codename_is_written_down(served: Served, drop: Drop):
    before = served.count(drop.epoch)
    person = Person(*send_arguments(served, drop, "-m", "hello"))
    person.until("Have you written it down")
    assert served.count(drop.epoch) == before
    person.types("n\n")
    assert person.ends() == 1
    assert "stopped" in person.seen
    assert served.count(drop.epoch) == before


@pytest.mark.tool("/dev/pts")
def test_one_who_returns_types_the_codename_unseen_and_nothing_is_sent_twice(served: Served, drop: Drop, tmp_path: Path):
    person = Person(*send_arguments(served, drop, "-m", "back again"))
    person.until("Have you written it down")
    [words] = [line for line in person.seen.splitlines() if len(line.split()) == 8 and line.islower() and "?" not in line]
    person.types("y\n")
    assert person.ends() == 0

    again = Person(*send_arguments(served, drop, "-m", "back again", "--returning"))
    again.until("Your codename")
    again.types(f"  {words.upper()} \n")
    assert again.ends() == 0
    assert "stored 0 boxes, and that 1 more was there already" in again.seen
    assert " ".join(words.split()[:2]) not in again.seen.lower()

    (tmp_path / "message").write_text("back again")
    piped = Person(*send_arguments(served, drop, "-m", "-", "--returning"), stdin=tmp_path / "message")
    piped.until("Your codename")
    piped.types(f"{words}\n")
    assert piped.ends() == 0
    assert "stored 0 boxes, and that 1 more was there already" in piped.seen

    wrong = Person(*send_arguments(served, drop, "-m", "back again", "--returning"))
    wrong.until("Your codename")
    wrong.types("one two three\n")
    assert wrong.ends() == 1
    assert "exactly 8 words" in wrong.seen


def test_no_command_takes_a_token_or_codename_on_its_command_line():
    for command in (["courier", "fetch"], ["courier", "post"], ["courier", "publish"], ["source", "send"]):
        shown = run(*command, "--help")
        assert shown.returncode == 0
        assert not re.search(r"--(token|codename|passphrase)[ =]", shown.stdout)


def test_posting_and_publishing(tmp_path: Path):
    drop = make_drop()
    with serve(drop, tmp_path / "server") as served:
        token = token_file(served, tmp_path)
        assert run("courier", "post", served.url, "--token-file", token).stdout == "32 slots are on the board.\n"
        (tmp_path / "roster.note").write_bytes(drop.issue().note.data)
        done = run("courier", "publish", served.url, "--token-file", token, tmp_path / "roster.note")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("Roster 2 is published")
        (tmp_path / "old.note").write_bytes(drop.rosters[0].note.data)
        old = run("courier", "publish", served.url, "--token-file", token, tmp_path / "old.note")
        assert (old.returncode, old.stdout) == (1, "")
        assert "older than one" in old.stderr


def test_a_killed_sender_goes_on_with_its_codename_file(served: Served, drop: Drop, tmp_path: Path):
    film, words = tmp_path / "film.bin", tmp_path / "codename"
    parts = 40
    film.write_bytes(b"".join(bytes([i]) * drop.geometry().capacity for i in range(parts)))
    before = served.count(drop.epoch)
    command = [str(KNOTHOLE), *map(str, send_arguments(served, drop, "-m", "killed", "--codename-file", words, film))]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while served.count(drop.epoch) < before + 5:
        assert child.poll() is None
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    there = served.count(drop.epoch) - before
    assert 5 <= there <= parts
    done = run(*send_arguments(served, drop, "-m", "killed", "--codename-file", words, film))
    assert done.returncode == 0, done.stderr
    # What the killed sender had under way may have been stored after it was counted.
    stored = int(re.search(r"has stored (\d+) box", done.stderr)[1])  # type: ignore[index]
    assert parts + 1 - there - 3 <= stored <= parts + 1 - there
    assert served.count(drop.epoch) == before + parts + 1
    out = tmp_path / "out"
    run("courier", "fetch", served.url, "--token-file", token_file(served, tmp_path), "--out", out)
    found = open_all(out, drop)
    letters = [letter for letter in found.letters if letter.message == "killed"]
    assert len(letters) == 1
    assert found.file("film.bin", letters[0]) == film.read_bytes()


def test_ctrl_c_stops_in_one_sentence(served: Served, drop: Drop, tmp_path: Path):
    film = tmp_path / "film.bin"
    film.write_bytes(bytes(10 * drop.geometry().capacity))
    begun, over = threading.Semaphore(0), threading.Event()

    def answer(asked: Asked) -> Reply:
        if asked.method == "PUT":
            # The server has three boxes in hand until the test is over: it is in the middle of its work, surely.
            begun.release()
            over.wait()
            return 503, b"{}"
        there = httpx.request(asked.method, served.url + asked.path, content=asked.body, headers=asked.headers)
        return there.status_code, there.content

    with lie(answer) as (url, _):
        arguments = ["source", "send", url, "--root", fingerprint(drop.drop_id), "-m", "x", "--codename-file", tmp_path / "c"]
        command = [str(KNOTHOLE), *map(str, [*arguments, film])]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            assert begun.acquire(timeout=60)
            child.send_signal(signal.SIGINT)
            _, error = child.communicate(timeout=20)
        finally:
            over.set()
            child.kill()
    assert child.returncode == 1
    assert b"Traceback" not in error
    assert b"stopped" in error


@pytest.mark.whole
@pytest.mark.tool("/proc")
def test_memory_stays_flat_for_a_large_file(tmp_path: Path):
    drop = make_drop(size=MIB)
    film = tmp_path / "film.bin"
    with film.open("wb") as file:
        # Sparse, but for a byte in each part, so that no two are alike.
        for part in range(256):
            file.seek(part * MIB)
            file.write(part.to_bytes(2, "big"))
        file.truncate(256 * MIB)
    watch = "import sys\nfrom knothole_keys.cli import run\ncode = run(sys.argv[1:])\n"
    # VmHWM begins anew with the program; getrusage would count what the test runner had before it.
    watch += "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))\nsys.exit(code)"
    with serve(drop, tmp_path / "server") as served:
        arguments = map(str, send_arguments(served, drop, "-m", "x", "--codename-file", tmp_path / "c", film))
        done = subprocess.run(
            [sys.executable, "-c", watch, *arguments], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "stored 259 boxes" in done.stderr
        assert served.count(drop.epoch) == 259
    assert int(done.stdout) < 200 * 1024
