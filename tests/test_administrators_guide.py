"""docs/administrator.md, tried step by step from its own text: each command stands there as it is run here."""

import json
from pathlib import Path

import httpx
import pytest

from knothole_keys import clock
from knothole_keys.epoch import DAY, WEEK, epoch_of, start
from knothole_keys.root import Chain, read_chain
from tests.support.guides import run_section, sections
from tests.support.newsroom import Newsroom

FIRST_WEEK = 2970
JOURNALISTS = ("dana", "lee", "dana2")
SECTIONS = sections("administrator.md")


class Reader:
    """Somebody who follows the guide: a newsroom in the working directory, a clock, and what the sources see."""

    def __init__(self, room: Newsroom) -> None:
        self.room, self.now = room, start(FIRST_WEEK) + DAY
        self.stand_ins: dict[str, str] = {}
        self.read: list[str] = []

    def follow(self, title: str) -> list[str]:
        self.read.append(title)
        return run_section(SECTIONS[title], self.room, self.stand_ins)

    def enrol(self, name: str, weeks: int = 30) -> str:
        """What the journalist's desk does."""
        room = self.room
        if not room.vault(name).exists():
            room("desk", "init", room.vault(name), "--name", name.title())
        file = Path(f"{name}.enrolment")
        file.unlink(missing_ok=True)
        return room("desk", "enrol", room.vault(name), "--root", "root.note", "--weeks", weeks, "-o", file)

    def open(self, message: str) -> list[str]:
        """A source sends; who the command says can read it."""
        room = self.room
        room("source", "send", room.url, "--root", self.fingerprint, "-m", message)
        room.fetch()
        for name in JOURNALISTS:
            if room.vault(name).exists():
                room("desk", "import", room.vault(name), room.out)
        return [name for name in JOURNALISTS if room.vault(name).exists() and message in room.messages(name)]

    @property
    def fingerprint(self) -> str:
        return self.room("keys", "fingerprint", "root.note").strip()

    @property
    def shown(self) -> Chain:
        return read_chain(httpx.get(f"{self.room.url}/roots").content, now=self.now)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passphrase: Path) -> Reader:
    assert passphrase.exists()
    monkeypatch.chdir(tmp_path)
    made = Reader(Newsroom(tmp_path))
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


def test_the_guide_from_its_first_word_to_its_last(reader: Reader) -> None:
    room = reader.room
    said = reader.follow("Make the drop")
    assert said[-2].strip() == reader.fingerprint
    room("server", "init", room.path / "server", "--root", "root.note")
    room.token.write_text(room("server", "courier-token", room.path / "server", "--days", 365))
    reader.enrol("dana")
    reader.enrol("lee")
    with room.serving():
        reader.stand_ins["https://drop.example"] = room.url
        reader.follow("Who reads: every week or two")
        assert reader.open("the first letter") == ["dana"]

        said = reader.follow("Before you sign")
        assert "Signed by: alice, bob (2 needed); it has enough." in said[0]
        assert "knows it now" in said[1]

        added = reader.follow("A journalist joins")[0]
        reader.stand_ins["3f9a"] = added.split()[1][:6]
        assert reader.open("for two") == ["dana", "lee"]
        reader.follow("A journalist leaves, or is arrested")
        assert reader.open("for one again") == ["dana"]

        shown = json.loads(room("keys", "show", "dana.enrolment", "--json"))
        reader.stand_ins["7c2e"] = shown["notes"][0]["id"]
        reader.enrol("dana2")
        reader.follow("A journalist lost the desk, or restored it from a backup")
        assert reader.open("for the new desk") == ["dana2"]

        reader.now += 3 * WEEK
        refused = room("source", "send", room.url, "--root", reader.fingerprint, "-m", "closed", code=1)
        assert "The drop is closed for now" in refused
        reader.follow("You were away, and the roster ran out")
        assert reader.open("open again") == ["dana2"]

        fingerprint = reader.fingerprint
        said = reader.follow("An administrator's key is lost")
        assert any("COMPARE the fingerprint" in one and fingerprint in one for one in said)
        assert [key.name for key in reader.shown.current.admins] == ["alice", "bob", "dora"]
        assert reader.open("under root 2") == ["dana2"]

        reader.follow("An administrator's key is stolen")
        assert [key.name for key in reader.shown.current.admins] == ["alice", "bob-2", "dora"]
        room("keys", "roster", "BOB", "-o", "stolen.note")
        publish = ("courier", "publish", room.url, "--token-file", room.token, "stolen.note")
        assert "superseded" in room(*publish, code=1)

        reader.follow("Another threshold")
        assert reader.shown.current.threshold == 3

        reader.follow("Bigger boxes, or more journalists")
        # Long enough for the root, the token and every weekly key to run out.
        reader.now += 400 * DAY
        said = room("source", "send", room.url, "--root", reader.fingerprint, "-m", "closed again", code=1)
        assert "The drop is closed for now" in said
        room.token.write_text(room("server", "courier-token", room.path / "server"))
        reader.enrol("dana2")
        for folder in ("ALICE", "DORA", "BOB2"):
            room("keys", "add", folder, "dana2.enrolment")
        reader.follow("Renew the root")
        assert reader.shown.current.expires == reader.now + 365 * DAY
        assert reader.open("in a bigger box") == ["dana2"]
        assert {path.stat().st_size for path in room.out.glob(f"{epoch_of(reader.now)}/*.box")} == {2**22}
        assert reader.fingerprint == fingerprint
    # A command that nobody has tried has no place in a guide.
    assert set(reader.read) == set(SECTIONS)
