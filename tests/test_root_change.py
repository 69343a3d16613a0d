"""A root change through the real commands: page, source, courier, desk and the running server all follow the chain.

The rules themselves are a table (tests/rotation/); here it is shown that every room keeps to them.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from knothole_keys import clock, note
from knothole_keys.epoch import DAY, WEEK, start
from tests.support.newsroom import Newsroom
from tests.twin import Twin

FIRST_WEEK = 2970
SMALL, LARGE = 2**18, 2**19


class Drop:
    """A newsroom with a clock; its administrators' roots travel in one file."""

    def __init__(self, room: Newsroom) -> None:
        self.room, self.now = room, start(FIRST_WEEK) + 2 * DAY
        self.file = room.path / "travelling.note"

    def rotate(self, *change: object, cosigner: str = "admin-2") -> None:
        self.room("keys", "rotate-root", self.room.drop, "--admin", "admin-1", *change, "-o", self.file)
        self.room("keys", "cosign", self.room.drop, self.file, "--admin", cosigner)

    def publish(self, *, code: int = 0) -> str:
        room = self.room
        room.issue()
        return room("courier", "publish", room.url, "--token-file", room.token, room.roster, "--roots", self.file, code=code)

    def shown(self) -> tuple[bytes, bytes]:
        return httpx.get(f"{self.room.url}/roots").content, httpx.get(f"{self.room.url}/roster").content


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passphrase: Path) -> Iterator[Drop]:
    assert passphrase.exists()
    made = Drop(Newsroom(tmp_path))
    monkeypatch.setattr(clock, "now", lambda: made.now)
    made.room.make("Dana", options=("--box-size", SMALL))
    with made.room.serving():
        yield made


def test_who_pinned_root_1_follows_to_root_3(drop: Drop) -> None:
    room = drop.room
    room.send("under root 1")
    room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    fingerprint = room.fingerprint

    drop.rotate("--box-size", LARGE, "--slots", 2)
    drop.publish()
    room.send("small boxes under root 2")
    drop.now += 3 * DAY
    drop.rotate("--threshold", 3)
    room("keys", "cosign", room.drop, drop.file, "--admin", "admin-3")
    room.issue()
    # Two signatures were enough until now.
    early = room("courier", "publish", room.url, "--token-file", room.token, room.roster, "--roots", drop.file, code=1)
    assert "2 of the 3 signatures that it needs; still missing: 1 more (admin-3)" in early
    room("keys", "cosign", room.drop, room.roster, "--admin", "admin-3")
    room("courier", "publish", room.url, "--token-file", room.token, room.roster, "--roots", drop.file)

    drop.now = start(FIRST_WEEK + 2) + DAY
    assert room.fingerprint == fingerprint
    # The source knows nothing but the fingerprint; courier and desk last saw root 1.
    room.send("large boxes under root 3")
    room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    assert room.messages("Dana") == ["large boxes under root 3", "small boxes under root 2", "under root 1"]
    sizes = {(int(path.parent.name), path.stat().st_size) for path in room.out.glob("*/*.box")}
    assert sizes == {(FIRST_WEEK, SMALL), (FIRST_WEEK + 2, LARGE)}
    # Weeks of the old look can be fetched anew, by somebody who has nothing yet, and are opened from the vault.
    room("courier", "fetch", room.url, "--token-file", room.token, "--out", room.path / "anew", "--root", fingerprint)
    assert len(list((room.path / "anew").glob("*/*.box"))) == 3
    for submission in room.submissions("Dana"):
        room("desk", "export", room.vault("Dana"), submission["id"], "--out", room.path / f"exported-{submission['id']}")
    page = Twin()
    try:
        roots, roster = drop.shown()
        answer = page.ask("chain", chain=roots, now=drop.now, epochs=[FIRST_WEEK, FIRST_WEEK + 2])
        assert answer["version"] == 3
        assert [look[0] for look in answer["boxes"]] == [SMALL, LARGE]
        assert page.ask("roster", chain=roots, roster=roster, now=drop.now)["version"] == 3
    finally:
        page.close()


def test_a_running_server_switches_when_the_operator_publishes(drop: Drop) -> None:
    room = drop.room
    drop.rotate("--retention", 14)
    room.issue()
    room("server", "publish", room.path / "server", room.roster, "--roots", drop.file)
    deadline = time.monotonic() + 20
    while drop.shown()[0] != drop.file.read_bytes():
        assert time.monotonic() < deadline, "the server still shows the old roots"
        time.sleep(0.05)
    room.send("under root 2")


def test_a_roster_without_the_roots_that_it_needs_says_so(drop: Drop) -> None:
    room = drop.room
    drop.rotate("--retention", 14)
    room.issue()
    before = drop.shown()
    said = room("server", "publish", room.path / "server", room.roster, code=1)
    assert "newer root: take the newest roots in first" in said
    said = room("courier", "publish", room.url, "--token-file", room.token, room.roster, code=1)
    assert "newer root" in said
    assert drop.shown() == before


def test_half_signed_roots_are_refused_by_everybody_and_change_nothing(drop: Drop) -> None:
    room = drop.room
    before = drop.shown()
    room("keys", "rotate-root", room.drop, "--admin", "admin-1", "--retention", 14, "-o", drop.file)
    room.issue()
    courier = ("courier", "publish", room.url, "--token-file", room.token, room.roster, "--roots", drop.file)
    for command in (
        courier,
        ("server", "publish", room.path / "server", room.roster, "--roots", drop.file),
        ("server", "init", room.path / "other", "--root", drop.file),
        ("desk", "enrol", room.vault("Dana"), "--root", drop.file, "-o", room.path / "again.enrolment"),
    ):
        assert "1 of the 2 signatures that it needs; still missing: 1 more (admin-2 or admin-3)" in room(*command, code=1)
    assert drop.shown() == before
    assert not (room.path / "other").exists()
    assert not (room.path / "again.enrolment").exists()


def test_new_boxes_that_come_too_late_are_not_published_and_another_root_takes_their_place(drop: Drop) -> None:
    room = drop.room
    drop.rotate("--box-size", LARGE, "--from-epoch", FIRST_WEEK + 1)
    # A day before the week: a source whose clock is ahead may have left a small box in it already.
    drop.now = start(FIRST_WEEK + 1) - DAY
    before = drop.shown()
    assert "it came too late" in drop.publish(code=1)
    assert "it came too late" in room("server", "publish", room.path / "server", room.roster, "--roots", drop.file, code=1)
    assert drop.shown() == before
    drop.now += WEEK
    path = room.path / "second.note"
    room("keys", "rotate-root", room.drop, "--admin", "admin-1", "--box-size", LARGE, "--instead", "-o", path)
    room("keys", "cosign", room.drop, path, "--admin", "admin-3", "--instead")
    drop.file = path
    drop.publish()
    room.send("still small")
    room.fetch()
    assert {path.stat().st_size for path in room.out.glob("*/*.box")} == {SMALL}


def test_a_courier_tells_an_old_file_of_roots_from_a_fork(drop: Drop) -> None:
    room = drop.room
    first = (room.drop / "root.note").read_bytes()
    drop.rotate("--retention", 14)
    mine = drop.file.read_bytes()
    drop.publish()
    drop.file.write_bytes(first)
    (room.path / "kept").mkdir()
    old = room.roster.read_bytes()
    publish = ("courier", "publish", room.url, "--token-file", room.token, room.roster, "--roots", drop.file)
    assert "the server has root 2 already" in room(*publish, code=1)

    # Two of the administrators sign another root 2 for whoever will believe it.
    (room.drop / "root.note").write_bytes(first)
    (room.drop / "root.next").unlink()
    for path in (room.drop / "rosters").glob("*.note"):
        path.unlink()
    drop.rotate("--retention", 21, cosigner="admin-3")
    before = drop.shown()
    for command in (publish, ("server", "publish", room.path / "server", room.roster, "--roots", drop.file)):
        room.roster.write_bytes(old)
        assert room(*command, code=1)
    assert "another root 2 than the file does: a fork" in room(*publish, code=1)
    assert drop.shown() == before == (mine, old)
    said = room("desk", "enrol", room.vault("Dana"), "--root", drop.file, "-o", room.path / "forked.enrolment")
    assert said
    # That desk believed the fork, so what the server shows is now one to it, too: no box is taken in before people talk.
    room.fetch()
    assert "differ from those that are known" in room("desk", "import", room.vault("Dana"), room.out, code=1)


def test_what_a_removed_administrator_signed_before_counts_no_more(drop: Drop) -> None:
    room = drop.room
    room("keys", "roster", room.drop, "--admin", "admin-3", "-o", room.path / "old.note")
    drop.rotate("--remove-admin", "admin-3")
    said = room("keys", "cosign", room.drop, room.path / "old.note", "--admin", "admin-2", code=1)
    assert "under a root that is superseded, so its signatures count no more" in said
    parsed = note.parse((room.path / "old.note").read_bytes())
    assert [name for name, _, _ in parsed.signatures] == ["admin-3"]
    drop.publish()
    command = ("courier", "publish", room.url, "--token-file", room.token, room.path / "old.note", "--roots", drop.file)
    assert "superseded" in room(*command, code=1)
