"""The way back, with the real commands: a desk answers, a file of slots travels, the source reads, her next letter says so."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from knothole_keys import clock
from knothole_keys.board import SLOT, SLOTS_A_FILE
from knothole_keys.epoch import DAY
from tests.support import looking
from tests.support.newsroom import Newsroom

MONDAY = 1_795_500_000
CANARY = "CANARY-9c2e-of-the-answer"


class Story(Newsroom):
    """A newsroom of Dana and Lee with one source, and a clock that is turned by days."""

    now = MONDAY

    @property
    def codename(self) -> Path:
        return self.path / "codename"

    def tell(self, text: str, *files: Path) -> None:
        self("source", "send", self.url, "--root", self.fingerprint, "-m", text, "--codename-file", self.codename, *files)

    def carry(self, *names: str) -> None:
        self.fetch()
        for name in names or ("Dana",):
            self("desk", "import", self.vault(name), self.out)

    def thread(self, name: str = "Dana") -> str:
        (thread,) = {str(one["thread"]) for one in self.submissions(name)}
        return thread

    def answer(self, text: str, name: str = "Dana") -> None:
        self("desk", "reply", self.vault(name), self.thread(name)[:8], "-m", text)

    def slots(self, name: str = "Dana", *options: object) -> dict[str, Any]:
        """A day's file, put into the courier's folder."""
        (self.path / "waiting").mkdir(exist_ok=True)
        output = self.path / "waiting" / f"{self.now}-{os.urandom(4).hex()}"
        told: dict[str, Any] = json.loads(self("desk", "slots", self.vault(name), "-o", output, "--json", *options))
        return {**told, "data": output.read_bytes()}

    def post(self) -> str:
        return self("courier", "post", self.url, "--token-file", self.token, "--from", self.path / "waiting")

    def read(self) -> dict[str, Any]:
        words = ("source", "replies", self.url, "--root", self.fingerprint, "--codename-file", self.codename)
        found: dict[str, Any] = json.loads(self(*words, "--json"))
        return found

    def answers(self, name: str = "Dana") -> list[dict[str, Any]]:
        told = json.loads(self("desk", "replies", self.vault(name), "--json"))
        return list(told["replies"])


@pytest.fixture
def story(tmp_path: Path, passphrase: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    made = Story(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: made.now)
    made.make("Dana", "Lee")
    with made.serving():
        yield made


def test_the_whole_way_there_and_back(story: Story, tmp_path: Path) -> None:
    film = tmp_path / "film.bin"
    film.write_bytes(os.urandom(2_500_000))
    story.tell("hello", film)
    assert story.read() == {"replies": [], "acknowledgements": [], "ignored": 0, "incomplete": 0}
    story.carry("Dana", "Lee")
    story.answer(f"{CANARY}: which ministry?")
    assert [one["state"] for one in story.answers()] == ["waiting"]
    told = story.slots()
    assert (told["replies"], told["acknowledgements"], told["replies_left"]) == (1, 1, 0)
    assert [(one["state"], one["exports"]) for one in story.answers()] == [("exported", 1)]
    assert "32 slots are on the board" in story.post()
    found = story.read()
    assert [(one["name"], one["text"], one["day"]) for one in found["replies"]] == [
        ("Dana", f"{CANARY}: which ministry?", clock.day_of(MONDAY))
    ]
    (known,) = found["acknowledgements"]
    assert (known["boxes"], known["expected"], known["files"], known["of"]) == (4, 4, 1, 1)
    assert (found["ignored"], found["incomplete"]) == (0, 0)
    # Her next letter names what she has read; a month later it does not go out again.
    story.tell("the ministry of roads")
    story.carry("Dana", "Lee")
    assert [one["state"] for one in story.answers()] == ["read"]
    story.now += 31 * DAY
    assert story.slots()["replies"] == 0
    assert looking.in_folder(story.vault("Dana"), looking.spellings([CANARY])) == []


def test_what_the_source_is_told_in_words(story: Story, tmp_path: Path) -> None:
    paths = [tmp_path / "a.bin", tmp_path / "b.bin", tmp_path / "c.bin"]
    for path in paths:
        path.write_bytes(os.urandom(1_100_000))
    story.tell("hello", *paths)
    boxes = sorted(_boxes(story))
    story.carry()
    story.answer("first line\nsecond \u202eline")
    story.slots()
    story.post()
    words = ("source", "replies", story.url, "--root", story.fingerprint, "--codename-file", story.codename)
    said = story(*words)
    day = clock.day_of(MONDAY)
    assert (
        f"Your letter of {day}. The newsroom has it: Dana opened {len(boxes)} of {len(boxes)} boxes; 3 of 3 files are whole."
        in said
    )
    assert f"{day}, Dana:\n  first line\n  second \N{REPLACEMENT CHARACTER}line\n" in said
    (tmp_path / "other").write_text("abacus " * 8)
    said = story(*words[:-1], tmp_path / "other")
    assert "nothing for this codename" in said
    story(*words[:-1], tmp_path / "missing", code=1)
    assert not (tmp_path / "missing").exists()


def _boxes(story: Story) -> list[Path]:
    story.fetch()
    return list(story.out.glob("*/*.box"))


def test_a_letter_that_has_come_in_part_is_told_as_such_and_again_when_it_has_come(story: Story, tmp_path: Path) -> None:
    film = tmp_path / "film.bin"
    film.write_bytes(os.urandom(2_500_000))
    story.tell("hello", film)
    boxes = _boxes(story)
    # One of them stays behind, and is not the letter, as Lee's desk finds out: the table says how many there are.
    for late in boxes:
        late.rename(tmp_path / late.name)
        story("desk", "import", story.vault("Lee"), story.out)
        if any(one["read"] for one in story.submissions("Lee")):
            break
        (tmp_path / late.name).rename(late)
    story("desk", "import", story.vault("Dana"), story.out)
    story.slots()
    story.post()
    (known,) = story.read()["acknowledgements"]
    assert (known["boxes"], known["expected"], known["files"]) == (3, 4, 0)
    (tmp_path / late.name).rename(late)
    story.now += DAY
    story("desk", "import", story.vault("Dana"), story.out)
    assert story.slots()["acknowledgements"] == 1
    story.post()
    (known,) = story.read()["acknowledgements"]
    assert (known["boxes"], known["expected"], known["files"]) == (4, 4, 1)
    # Imported once more it is no news.
    story("desk", "import", story.vault("Dana"), story.out)
    story.now += DAY
    assert story.slots()["acknowledgements"] == 0


@pytest.mark.parametrize("count", [0, 1, 64])
def test_a_file_and_its_posting_look_the_same_whatever_is_in_it(story: Story, count: int) -> None:
    story.tell("hello")
    story.carry()
    for number in range(count):
        story.answer(f"answer {number}")
    told = story.slots()
    assert len(told["data"]) == SLOTS_A_FILE * SLOT
    pieces = {told["data"][at : at + SLOT] for at in range(0, len(told["data"]), SLOT)}
    assert len(pieces) == SLOTS_A_FILE
    assert (told["replies"], told["replies_left"]) == (min(count, 32), max(0, count - 32))
    story.post()
    # And the day after, when nothing waits.
    story.now += DAY
    assert "32 slots are on the board" in story.post()


def test_a_reply_of_one_desk_is_not_given_out_as_anothers(story: Story) -> None:
    story.tell("hello")
    story.carry("Dana", "Lee")
    story.answer("from Dana", "Dana")
    story.answer("from Lee", "Lee")
    story.slots("Dana")
    story.slots("Lee")
    story.post()
    story.now += DAY
    story.post()
    assert {(one["name"], one["text"]) for one in story.read()["replies"]} == {("Dana", "from Dana"), ("Lee", "from Lee")}
    # What a letter names as read concerns the desk that wrote it.
    story.tell("again")
    story.carry("Dana", "Lee")
    assert [[one["state"] for one in story.answers(name)] for name in ("Dana", "Lee")] == [["read"], ["read"]]


def test_whoever_left_is_not_believed_and_their_desk_says_so(story: Story) -> None:
    story.tell("hello")
    story.carry("Dana", "Lee")
    story.answer("from Lee", "Lee")
    story.slots("Lee")
    story.post()
    assert len(story.read()["replies"]) == 1
    story("keys", "revoke", story.drop, story.id_of("Lee"))
    story.now += DAY
    story.publish()
    found = story.read()
    assert (found["replies"], found["ignored"]) == ([], 2)
    # Written before the desk knew, and not gone out yet.
    story.answer("too late", "Lee")
    story.carry("Lee")
    said = story("desk", "reply", story.vault("Lee"), story.thread("Lee"), "-m", "again", code=1)
    assert "does not name this desk" in said
    told = story.slots("Lee")
    assert (len(told["data"]), told["replies"], told["acknowledgements"], told["listed"]) == (32 * SLOT, 0, 0, False)
    assert (told["replies_left"], [one["state"] for one in story.answers("Lee")]) == (1, ["exported", "waiting"])


def test_a_drop_that_has_lapsed_still_gives_its_answers(story: Story) -> None:
    story.tell("hello")
    story.carry()
    story.answer("we are looking into it")
    story.slots()
    story.post()
    # Roster and root have run out.
    story.now += 400 * DAY
    assert [one["text"] for one in story.read()["replies"]] == ["we are looking into it"]


def test_asking_for_answers_looks_alike_for_everybody(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from knothole_client.http import Connection

    asked: list[tuple[str, str]] = []
    once: Callable[..., Any] = Connection.once
    monkeypatch.setattr(
        Connection, "once", lambda self, method, path, **more: asked.append((method, path)) or once(self, method, path, **more)
    )
    story.tell("hello")
    story.carry()
    story.answer("hello to you")
    story.slots()
    story.post()
    shapes = []
    for _ in range(2):
        asked.clear()
        story.read()
        shapes.append(list(asked))
        story.codename.write_text("abacus " * 8)
    assert shapes[0] == shapes[1] == [("GET", "/roots"), ("GET", "/roster"), ("GET", "/board")]


def test_the_next_letter_of_the_same_codename_alone_is_changed_by_reading(story: Story) -> None:
    """The list of what was read lies beside the codename, for its owner only, and is never sent as a file."""
    story.tell("hello")
    story.carry()
    story.answer("hello to you")
    story.slots()
    story.post()
    beside = story.codename.with_name("codename.read")
    assert not beside.exists()
    story.read()
    assert beside.stat().st_mode & 0o777 == 0o600
    digest = hashlib.sha256(beside.read_bytes()).hexdigest()
    story.read()
    assert hashlib.sha256(beside.read_bytes()).hexdigest() == digest
    words = ("source", "send", story.url, "--root", story.fingerprint, "-m", "x", "--codename-file", story.codename)
    assert "own list of the answers" in story(*words, beside, code=1)
    beside.write_text("nonsense\n")
    assert "damaged; remove it" in story(*words, code=1)
