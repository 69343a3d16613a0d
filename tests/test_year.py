"""A year of a newsroom, week by week, with the real commands under one clock that the test turns.

52 epochs; four journalists, of whom two leave, and one joins; boxes grow by a root change; an administrator loses a key
and is replaced; for three weeks nobody signs. What must come out: nothing that arrived in time is lost, and every box opens
for exactly those who were entitled to it.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from knothole_keys import clock
from knothole_keys.epoch import DAY, WEEK, epoch_of, start
from knothole_keys.root import read_chain
from tests.support.newsroom import Newsroom
from tests.twin import Twin

FIRST_WEEK = 2970
WEEKS = 52
RETENTION = 7
ENROL_EVERY = 4
SMALL, LARGE = 2**18, 2**19
LEE_LEAVES, MAX_JOINS, RIO_LEAVES = 12, 20, 30
DECIDED, GROWN = 16, 18
DESK_OFF = range(22, 27)
COURIER_OFF = (5, 47)
KEY_LOST = 34
NOBODY_SIGNS = range(40, 43)
# A roster lives a fortnight: the first of the three weeks is still served by the last one.
CLOSED = range(41, 43)


class Year:
    """The newsroom, its clock, and who should read what."""

    def __init__(self, room: Newsroom) -> None:
        self.room, self.now = room, start(FIRST_WEEK) + 2 * DAY
        self.signers = ("admin-1", "admin-2")
        self.readers = {"Dana", "Lee", "Kim", "Rio"}
        self.due: dict[str, list[str]] = {name: [] for name in (*self.readers, "Max")}
        self.destroyed: dict[str, list[int]] = {name: [] for name in self.due}

    def roots(self, *change: object) -> None:
        """A root change: proposed by one administrator, signed by another, published with the next roster."""
        path = self.room.path / "travelling.note"
        self.room("keys", "rotate-root", self.room.drop, "--admin", self.signers[0], *change, "-o", path)
        self.room("keys", "cosign", self.room.drop, path, "--admin", self.signers[1])

    def enrol(self) -> None:
        """Everybody who reads brings keys for eight weeks."""
        for name in sorted(self.readers):
            self.room.join(name)

    def publish(self) -> None:
        self.room("keys", "roster", self.room.drop, "--admin", self.signers[0], "-o", self.room.roster)
        self.room("keys", "cosign", self.room.drop, self.room.roster, "--admin", self.signers[1])
        token = ("--token-file", self.room.token)
        roots = ("--roots", self.room.drop / "root.note")
        self.room("courier", "publish", self.room.url, *token, self.room.roster, *roots)

    def leaves(self, name: str) -> None:
        self.room("keys", "revoke", self.room.drop, self.room.id_of(name))
        self.readers.remove(name)

    def send(self, message: str) -> None:
        self.room.send(message)
        for name in self.readers:
            self.due[name].append(message)

    def carry(self, week: int) -> None:
        """The courier fetches, and every desk that is switched on imports and destroys; those who left do, too."""
        self.room.fetch()
        self._tend("import", self.room.out, week)

    def bring_roster(self, week: int) -> None:
        """A week without a courier: desks get the newest roster alone, and destroy by it, before last week's boxes come."""
        self._tend("roster", self.room.roster, week)

    def _tend(self, command: str, given: Path, week: int) -> None:
        for name in self.due:
            if self.room.vault(name).exists() and not (name == "Kim" and week in DESK_OFF):
                self.room("desk", command, self.room.vault(name), given)
                said = json.loads(self.room("desk", "destroy-expired", self.room.vault(name), "--json"))
                self.destroyed[name] += said["destroyed"]


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passphrase: Path) -> Iterator[Year]:
    made = Year(Newsroom(tmp_path))
    monkeypatch.setattr(clock, "now", lambda: made.now)
    made.room.make("Dana", "Lee", "Kim", "Rio", options=("--retention", RETENTION, "--box-size", SMALL))
    made.room.token.write_text(made.room("server", "courier-token", tmp_path / "server", "--days", 365))
    with made.room.serving():
        yield made


@contextlib.contextmanager
def twin() -> Iterator[Twin]:
    made = Twin()
    try:
        yield made
    finally:
        made.close()


def closed(year: Year, page: Twin) -> None:
    """What sources meet while nobody signs: one sentence at the command line, a page that is closed and says so."""
    room = year.room
    said = room("source", "send", room.url, "--root", room.fingerprint, "-m", "too late", code=1)
    assert re.fullmatch(
        r"knothole: The drop is closed for now: its roster expired[^\n]+ Try again in a day or two[^\n]+\.", said.strip()
    )
    roots, roster = (httpx.get(room.url + path).content for path in ("/roots", "/roster"))
    # The page makes "off" of this name: server/web/test/rotation.test.js.
    assert page.ask("roster", chain=roots, roster=roster, now=year.now) == "refused: RosterExpired"
    status = json.loads(room("server", "status", room.path / "server", "--json"))
    assert not status["sealing"]
    assert "expired" in status["why"]


def events(year: Year, week: int) -> None:
    room = year.room
    if week == LEE_LEAVES:
        year.leaves("Lee")
    if week == RIO_LEAVES:
        year.leaves("Rio")
    if week == MAX_JOINS:
        year.readers.add("Max")
    if week == DECIDED:
        year.roots("--box-size", LARGE, "--slots", 5)
    if week == KEY_LOST:
        room("keys", "admin", room.drop / "admin-4", "--name", "admin-4", "-o", room.path / "admin-4.pub")
        (room.drop / "admin-2" / "admin-2.key").unlink()
        year.signers = ("admin-1", "admin-3")
        year.roots("--remove-admin", "admin-2", "--add-admin", room.path / "admin-4.pub")
        year.signers = ("admin-4", "admin-1")


@pytest.mark.whole
def test_a_year(year: Year) -> None:
    room = year.room
    with twin() as page:
        for week in range(WEEKS):
            year.now = start(FIRST_WEEK + week) + 2 * DAY
            if week not in COURIER_OFF:
                year.carry(week)
            if week in CLOSED:
                closed(year, page)
                continue
            if week not in NOBODY_SIGNS:
                events(year, week)
                if week % ENROL_EVERY == 0 or week == NOBODY_SIGNS.stop:
                    year.enrol()
                year.publish()
            if week in COURIER_OFF:
                year.bring_roster(week)
            year.send(f"week {week:02}")
        year.now += WEEK
        year.publish()
        year.carry(WEEKS)

    for name, due in year.due.items():
        assert room.messages(name) == due, name
    assert len(year.due["Dana"]) == WEEKS - len(CLOSED)

    # Boxes have the look of their week, before the root change and after it.
    sizes = {int(path.parent.name) - FIRST_WEEK: path.stat().st_size for path in room.out.glob("*/*.box")}
    assert sizes == {w: SMALL if w < GROWN else LARGE for w in range(WEEKS) if w not in CLOSED}
    oldest = next(one for one in room.submissions("Dana") if one["message"] == "week 00")
    room("desk", "export", room.vault("Dana"), oldest["id"], "--out", room.path / "exported")
    assert (room.path / "exported" / "message.txt").read_text().strip() == "week 00"

    # Every secret that is past retention and grace is gone, once; whoever left no longer has any of the time before.
    last = epoch_of(year.now - (RETENTION + 14) * DAY) - 1
    for name, gone in year.destroyed.items():
        assert len(gone) == len(set(gone))
        assert set(gone) >= set(range(FIRST_WEEK + (MAX_JOINS if name == "Max" else 0), last + 1)) - _never_had(name), name
    kept = [int(path.stem) for path in (room.path / "server").rglob("*.slab")]
    assert min(kept) >= last, "the server keeps no week longer than the retention"

    chain = read_chain((room.drop / "root.note").read_bytes())
    assert [root.threshold for root in chain.roots] == [2, 2, 2]
    assert [key.name for key in chain.current.admins] == ["admin-1", "admin-3", "admin-4"]


def _never_had(name: str) -> set[int]:
    # Whoever left had enrolled for eight weeks.
    left = {"Lee": LEE_LEAVES, "Rio": RIO_LEAVES}.get(name)
    return (
        set() if left is None else set(range(FIRST_WEEK + (left - 1) // ENROL_EVERY * ENROL_EVERY + 8, FIRST_WEEK + WEEKS + 2))
    )
