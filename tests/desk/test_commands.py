"""`knothole desk` as a person runs it: the whole way, its refusals, and that plaintext stays where it was asked for."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from knothole_client.desk import extracts, vault
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.drop import needed
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.search import Index
from knothole_keys import canonical, clock, fields, secret
from knothole_keys.cli import passphrase, run
from knothole_keys.epoch import DAY, end
from knothole_keys.secret import DESK_COST
from tests.desk.conftest import CHEAP, NOW, PASSPHRASE, snapshot
from tests.support import looking
from tests.support.drop import Drop, make_drop, seal_submission, write_out

CANARY = b"CANARY-4f1d-of-the-source"
SCRIPT = "\x1b[2J\x1b]0;owned\x07 \u202ereversed\x9b31m"


class Command:
    """Runs `knothole desk …` in this process with a passphrase file."""

    def __init__(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.vault, self._capsys = str(tmp_path / "vault"), capsys

    def __call__(self, *arguments: str | Path, code: int = 0) -> str:
        self._capsys.readouterr()
        assert run(["desk", *map(str, arguments)]) == code
        captured = self._capsys.readouterr()
        self.error = captured.err
        assert "Traceback" not in captured.err
        if code == 1:
            assert captured.err.rstrip().rpartition("\n")[2].startswith("knothole: ")
        return captured.out

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code))


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    (tmp_path / "passphrase").write_text("correct horse battery\n")
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "passphrase"))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Command(tmp_path, capsys)


@pytest.fixture
def drop(desk: Command, tmp_path: Path) -> Drop:
    """A drop that the desk has joined by its own commands."""
    made = make_drop(recipients=[], now=NOW)
    (tmp_path / "root.note").write_bytes(made.chain_bytes)
    # As `init` does, but with a cheap passphrase: every command takes the cost from the vault.
    vault.create(Path(desk.vault), "Ada", PASSPHRASE, CHEAP)
    told = desk.json("enrol", desk.vault, "--root", tmp_path / "root.note", "-o", tmp_path / "ada.enrol")
    recipient = made.admit((tmp_path / "ada.enrol").read_bytes())
    assert told["id"] == recipient.id
    made.issue()
    return made


def test_the_whole_way(desk: Command, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(temporary))
    # Python remembers its choice from before.
    monkeypatch.setattr(tempfile, "tempdir", None)
    evidence = CANARY * 20_000
    files = {"evidence.bin": evidence, f"{CANARY.decode()}.txt": CANARY}
    sent = seal_submission(drop, f"{CANARY.decode()} {SCRIPT}\nsecond line", files)
    out = write_out(tmp_path / "out", drop, sent.boxes)

    told = desk("import", desk.vault, out)
    assert f"{len(sent.boxes)} boxes imported, 0 known already.\n1 new submission: {sent.id.hex()[:10]}\n" == told
    listed = desk.json("list", desk.vault)["submissions"]
    assert [(one["id"], one["complete"], one["day"]) for one in listed] == [(sent.id.hex(), True, clock.day_of(NOW))]
    assert listed[0]["message"].startswith(CANARY.decode())
    assert [(one["name"], one["state"]) for one in listed[0]["files"]] == list(zip(files, ["complete", "inside"], strict=True))
    table, shown = desk("list", desk.vault), desk("show", desk.vault, sent.id.hex()[:8])
    for text in (table, shown):
        assert CANARY.decode() in text
        assert not set(text) & set("\x1b\x07\x9b\u202e")
    assert "second line" in shown
    desk("note", desk.vault, sent.id.hex(), "-m", CANARY.decode())
    desk("mark", desk.vault, sent.id.hex(), "--label", CANARY.decode())
    assert CANARY.decode() in desk("search", desk.vault, CANARY.decode())
    look_closely(Path(desk.vault), sent.id.hex(), [Path(desk.vault), temporary])

    # Looking at everything has left plaintext nowhere: not in the vault, not in a temporary file.
    places = [Path(desk.vault), temporary, out]
    needles = looking.spellings([CANARY.decode()])
    assert [found for place in places for found in looking.in_folder(place, needles)] == []
    assert list(temporary.iterdir()) == []

    sums = desk("export", desk.vault, sent.id.hex()[:8], "--out", tmp_path / "ex")
    assert sums == (tmp_path / "ex/SHA256SUMS").read_text()
    assert (tmp_path / "ex/files/evidence.bin").read_bytes() == evidence
    assert [found for place in places for found in looking.in_folder(place, needles)] == []


def look_closely(path: Path, submission: str, places: list[Path]) -> None:
    """What a desk does that stays open, and while it does: a file sought in, text taken out and kept, an index built."""
    needles = looking.spellings([CANARY.decode()])
    with vault.opened(path, PASSPHRASE) as one, closing(Index()) as index:
        inbox = Inbox(one.records, Boxes(one.boxes, needed(one.records).chain))
        extracts.fill(one, inbox, inbox.find(submission), lambda source, _: source.read(1000).decode())
        index.start(one)
        assert index.wait(60)
        assert {hit.column for hit in index.search(CANARY.decode()).hits} == {"message"}
        assert [found for place in places for found in looking.in_folder(place, needles)] == []


def test_incomplete_exits_1_and_says_which(desk: Command, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"a.bin": os.urandom(600_000), "b.txt": b"inside"})
    desk("import", desk.vault, write_out(tmp_path / "out", drop, sent.boxes[:-1]))
    told = desk("export", desk.vault, sent.id.hex(), "--out", tmp_path / "ex", code=1)
    assert "Not exported: a.bin: 2 of its 3 boxes have come" in told
    assert "1 file of 2 could not be exported whole" in desk.error
    assert (tmp_path / "ex/files/b.txt").read_bytes() == b"inside"


def test_a_wrong_passphrase_changes_nothing(desk: Command, drop: Drop, tmp_path: Path) -> None:
    out = write_out(tmp_path / "out", drop, seal_submission(drop, "hello").boxes)
    before = snapshot(Path(desk.vault))
    (tmp_path / "passphrase").write_text("wrong horse battery")
    for arguments in (
        ["import", desk.vault, out],
        ["list", desk.vault],
        ["destroy-expired", desk.vault, "--epoch", str(drop.epoch), "--yes"],
        ["enrol", desk.vault, "-o", tmp_path / "again.enrol"],
    ):
        desk(*arguments, code=1)
        assert "passphrase is wrong" in desk.error
    assert snapshot(Path(desk.vault)) == before
    assert not (tmp_path / "again.enrol").exists()


def test_secrets_go_when_both_clocks_agree(desk: Command, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = seal_submission(drop, "late")
    due = end(drop.epoch) + 42 * DAY
    monkeypatch.setattr(clock, "now", lambda: due)
    # The machine's clock alone, which anybody can turn, destroys nothing.
    assert desk.json("destroy-expired", desk.vault)["destroyed"] == []
    drop.issue(now=due)
    (tmp_path / "roster.note").write_bytes(drop.roster_bytes)
    assert "number 2" in desk("roster", desk.vault, tmp_path / "roster.note")
    told = desk("destroy-expired", desk.vault)
    assert f"Destroyed the secret of epoch {drop.epoch} " in told
    assert f"Kept that of epoch {drop.epoch + 1} " in told
    report = desk.json("import", desk.vault, write_out(tmp_path / "out", drop, late.boxes))
    assert (report["kept"], report["keyless"], report["keyless_epochs"]) == (0, 1, [drop.epoch])


def test_destroying_by_name_asks_first(desk: Command, drop: Drop) -> None:
    before = snapshot(Path(desk.vault))
    desk("destroy-expired", desk.vault, "--epoch", str(drop.epoch), code=1)
    assert "will never open" in desk.error
    assert "--yes" in desk.error
    desk("destroy-expired", desk.vault, "--epoch", str(drop.epoch), "--epoch", "1", "--yes", code=1)
    assert "no secret for epoch 1 here" in desk.error
    assert snapshot(Path(desk.vault)) == before
    value = desk.json("destroy-expired", desk.vault, "--epoch", str(drop.epoch), "--yes")
    assert value["destroyed"] == [drop.epoch]
    assert [one["epoch"] for one in value["kept"]] == list(range(drop.epoch + 1, drop.epoch + 8))


def test_nothing_needs_a_passphrase_to_be_refused(desk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "no such file"))
    desk("list", tmp_path / "nowhere", code=1)
    assert "is not a vault" in desk.error
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    desk("init", tmp_path / "full", "--name", "Ada", code=1)
    assert "not an empty folder" in desk.error
    desk("export", tmp_path / "v", "ab", "--out", tmp_path / "v/inside", code=1)
    assert "outside the vault" in desk.error
    desk("import", tmp_path, code=2)


def test_init_and_enrol_at_full_cost(desk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "DESK_COST", DESK_COST)
    made = make_drop(recipients=[], now=NOW)
    (tmp_path / "root.note").write_bytes(made.chain_bytes)
    desk("init", desk.vault, "--name", "Ada")
    told = desk("enrol", desk.vault, "--root", tmp_path / "root.note", "--note", "Investigations", "-o", tmp_path / "e")
    recipient = made.admit((tmp_path / "e").read_bytes())
    assert (recipient.name, recipient.note, len(recipient.epochs)) == ("Ada", "Investigations", 8)
    assert f"This desk's id is {recipient.id}" in told
    (slot,) = canonical.decode((Path(desk.vault) / "epochs/1.lock").read_bytes())["slots"]
    lock = canonical.decode(fields.strict_base64(slot["locked"]) or b"")
    assert (lock["passes"], lock["memory"]) == (DESK_COST.passes, DESK_COST.memory)


def test_a_short_passphrase_makes_no_vault(desk: Command, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("short")
    desk("init", desk.vault, "--name", "Ada", code=1)
    assert "too short" in desk.error
    assert not Path(desk.vault).exists()


NETWORK = """
http.client urllib.request asyncio ssl httpx httpcore socksio anyio starlette uvicorn httptools knothole_server
knothole_client.http knothole_client.courier knothole_client.source
"""


def test_the_desk_never_loads_anything_that_talks_to_a_network() -> None:
    # `socket` itself comes along with the standard library's importlib.metadata; the next test sees that it is not used.
    program = """if True:
        import importlib, pkgutil, sys
        import knothole_client.desk as desk
        for module in pkgutil.walk_packages(desk.__path__, desk.__name__ + "."):
            importlib.import_module(module.name)
        print(*sys.modules)
    """
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert {"knothole_client.desk.cli.inbox", "knothole_client.desk.intake"} <= loaded
    assert sorted(loaded & set(NETWORK.split())) == []


def test_no_command_opens_a_socket(desk: Command, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"a.txt": b"text"})
    out = write_out(tmp_path / "out", drop, sent.boxes)
    program = """if True:
        import json, os, sys
        from knothole_keys import clock
        from knothole_keys.cli import run
        now, commands = json.loads(sys.argv[1])
        clock.now = lambda: now
        # Python tells of every socket call before it is made, whatever library makes it.
        sys.addaudithook(lambda event, _: event.startswith("socket.") and os._exit(99))
        sys.exit(max(run(["desk", *command]) for command in commands))
    """
    commands = [
        ["import", desk.vault, str(out)],
        ["list", desk.vault],
        ["show", desk.vault, sent.id.hex()],
        ["export", desk.vault, sent.id.hex(), "--out", str(tmp_path / "ex")],
        ["destroy-expired", desk.vault],
    ]
    ran = subprocess.run(
        [sys.executable, "-c", program, json.dumps([NOW, commands])], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0
    assert ran.stderr.startswith("Note: These are the originals")
    assert ran.stderr.count("\n") == 1
    assert (tmp_path / "ex/files/a.txt").read_bytes() == b"text"


def test_a_name_that_this_machine_cannot_write_costs_that_file_alone(desk: Command, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "\u6811\u6d1e", {"\u6811\u6d1e.txt": b"x", "plain.txt": b"y"})
    desk("import", desk.vault, write_out(tmp_path / "out", drop, sent.boxes))
    # A machine whose language settings know ASCII alone, and a terminal of Western Europe's.
    old = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"}
    program = "import sys; from knothole_keys.cli import run; sys.exit(run(sys.argv[1:]))"
    arguments = ["desk", "export", desk.vault, sent.id.hex(), "--out", str(tmp_path / "ex")]
    command = [sys.executable, "-c", program, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=old)
    assert ran.returncode == 1
    assert "Not exported: \\u6811\\u6d1e.txt: this machine's language settings have no such name" in ran.stdout
    assert ran.stderr.startswith("knothole: 1 file of 2 could not be exported whole")
    assert (tmp_path / "ex/files/plain.txt").read_bytes() == b"y"
    sums = (tmp_path / "ex/SHA256SUMS").read_text()
    assert "files/plain.txt" in sums
    assert "INCOMPLETE.txt" in sums
    assert not list((tmp_path / "ex").rglob("*.part"))
    for command in (["list"], ["show", sent.id.hex()]):
        whole = [sys.executable, "-c", program, "desk", command[0], desk.vault, *command[1:]]
        assert "\\u6811" in subprocess.run(whole, capture_output=True, text=True, check=True, env=old).stdout
