"""The journalist's guides, tried step by step from their own text."""

import io
import signal
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import httpx
import pyrage
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pyrage import x25519

from knothole_client.desk import enrolling, vault
from knothole_client.desk.copies import Copies
from knothole_client.desk.locks import Holding
from knothole_keys import clock
from tests.desk.answering import texts
from tests.desk.conftest import NOW, Desk
from tests.support.drop import Drop, make_drop, seal_submission, write_out
from tests.support.guides import Step, run_step, steps
from tests.support.running import KNOTHOLE

KEYS = "journalist-keys.md"
DAILY = "journalist.md"
FIRST, SECOND = b"orbit walnut gravel ferry tulip canyon", b"maple thunder copper sail amber moth"
LEE = b"lee has another passphrase"


class Person:
    """Types the passphrases: the file that opens, and the one that is to open from now on."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._old, self._new = folder / "passphrase", folder / "new-passphrase"
        self._old.write_bytes(FIRST)
        monkeypatch.setenv("KNOTHOLE_PASSPHRASE_FILE", str(self._old))
        monkeypatch.setenv("KNOTHOLE_NEW_PASSPHRASE_FILE", str(self._new))

    def before(self, step: Step) -> None:
        self._new.write_bytes(LEE if step.words[1:4] == ["desk", "key", "add"] else SECOND)

    def after(self, step: Step) -> None:
        if step.words[1:3] == ["desk", "passphrase"]:
            self._old.write_bytes(SECOND)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for name in ("work", "backup", "key"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_the_key_guide(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    person, drop = Person(place, monkeypatch), make_drop(recipients=[], now=NOW)
    desk = joined(place / "work" / "vault", drop)
    out = write_out(place / "out", drop, seal_submission(drop, "hello", {"a.bin": b"x" * 300_000}).boxes)
    swap = {
        "VAULT": str(desk.path),
        "VAULT2": str(place / "work" / "again"),
        "/media/stick/out": str(out),
        "/media/backup": str(place / "backup"),
        "/media/key": str(place / "key"),
        "2969": str(drop.epoch + 7),
    }
    told = []
    for step in steps(KEYS):
        person.before(step)
        run_step(step, swap, monkeypatch)
        person.after(step)
        told.append((step.words, capsys.readouterr()))
    commands = "passphrase key re-key backup restore enrol destroy-expired import lock-travel list lock-home"
    assert {words[2] for words, _ in told if words[0] == "knothole"} >= set(commands.split())
    answers = {words[2]: captured for words, captured in told if words[0] == "knothole"}
    # What the guide says that a command names or says.
    assert "vault-1" in answers["lock-travel"].out
    assert "vault-2" in answers["lock-travel"].out
    assert "same disk" in answers["lock-travel"].err
    assert "no weekly secrets" in answers["restore"].out
    assert "administrators" in answers["restore"].out
    assert any("--key-file" in captured.err for words, captured in told if words[2:3] == ["list"])
    # Home again, with the passphrase alone, and without the week that was destroyed by name.
    with vault.opened(desk.path, Holding(SECOND), change=True) as one:
        assert len(one.keyring(Holding(SECOND)).epochs) == 7
    assert vault.slot_kinds(desk.path) == {"passphrase"}


@pytest.mark.tool("bwrap", "mat2", "exiftool")
def test_the_daily_guide(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Person(place, monkeypatch)
    drop = make_drop(recipients=[], now=NOW)
    (place / "work" / "root.note").write_bytes(drop.chain_bytes)
    (place / "work" / "answer.txt").write_text("Which day was it?\n")
    desk, colleague = place / "work" / "vault", x25519.Identity.generate()
    swap = {"VAULT": str(desk), "~": str(place), "/media/stick": str(place), "age1...": str(colleague.to_public())}
    commands = steps(DAILY)
    # The last of all things to do with a letter, which the guide goes on with.
    shred = next(step for step in commands if step.words[2:3] == ["shred"])
    for step in [*(one for one in commands if one is not shred), replace(shred, words=[*shred.words, "--yes"])]:
        if step.words[2:3] == ["serve"]:
            assert "Dana" in visited(step.with_stand_ins(swap))
            continue
        run_step(step, swap, monkeypatch)
        if step.words[2:3] == ["enrol"]:
            drop.admit((place / "work" / "dana.enrolment").read_bytes())
            drop.issue()
            sent = seal_submission(drop, "hello", {"a.png": picture()})
            write_out(place / "out", drop, sent.boxes)
            swap["5c3e"] = sent.id.hex()[:10]
        if step.words[2:3] == ["copy"]:
            with vault.opened(desk, Holding(FIRST)) as one:
                swap["8f02"] = Copies(one).all()[0].id[:10]
    assert (place / "case-5c3e" / "files" / "a.png").read_bytes() == picture()
    (copied,) = (path for path in (place / "for-the-page").rglob("*.png"))
    assert b"Canon" not in copied.read_bytes()
    archive = io.BytesIO(pyrage.decrypt((place / "letter.tar.age").read_bytes(), [colleague]))
    with tarfile.open(fileobj=archive) as opened:
        assert any(name.endswith("files/a.png") for name in opened.getnames())
    (slots,) = (place / "slots").iterdir()
    assert texts(drop, sent, slots.read_bytes()) == ["Which day was it?"]
    with vault.opened(desk, Holding(FIRST)) as one:
        assert not list(one.boxes.rglob("*.box"))


def picture() -> bytes:
    """A picture that says what took it."""
    told, file = PngInfo(), io.BytesIO()
    told.add_text("Camera", "Canon")
    Image.new("RGB", (40, 30), "red").save(file, "png", pnginfo=told)
    return file.getvalue()


def visited(words: list[str]) -> str:
    """The first page of a review desk, which would have opened in a browser and ends by Ctrl-C."""
    serving = subprocess.Popen([KNOTHOLE, *words[1:], "--no-open"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert serving.stdout
        link = serving.stdout.readline().split()[-1]
        with httpx.Client(follow_redirects=True, trust_env=False, timeout=60) as client:
            page = client.get(link).text
    finally:
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=200)
    assert serving.returncode == 0
    return page


def joined(path: Path, drop: Drop) -> Desk:
    """A desk whose passphrase is the person's."""
    desk = object.__new__(Desk)
    desk.path, desk.drop = path, drop
    vault.create(path, "Ada", Holding(FIRST))
    with vault.opened(path, Holding(FIRST), change=True) as one:
        made = enrolling.enrol(one, one.keyring(Holding(FIRST)), roots=drop.chain_bytes, weeks=8, note=None, now=NOW)
    drop.admit(made.data)
    drop.issue()
    return desk
