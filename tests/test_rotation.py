"""Rotation, the whole way and with the real commands, under one clock that the test turns: four weeks and one more."""

import json
from collections import Counter
from pathlib import Path

import pytest

from knothole_keys import clock
from knothole_keys.epoch import DAY, WEEK, start
from tests.support.newsroom import Newsroom

FIRST_WEEK = 2970
RETENTION = 7


class Clock:
    """One clock for administrators, server, source, courier and desks."""

    def __init__(self) -> None:
        self.now = start(FIRST_WEEK) + 2 * DAY

    def week(self, number: int) -> None:
        self.now = start(FIRST_WEEK) + 2 * DAY + number * WEEK


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


def destroyed(room: Newsroom, name: str) -> list[int]:
    epochs: list[int] = json.loads(room("desk", "destroy-expired", room.vault(name), "--json"))["destroyed"]
    return epochs


@pytest.mark.usefixtures("passphrase")
def test_four_weeks_one_joins_one_is_revoked_one_epoch_is_destroyed(tmp_path: Path, turned: Clock) -> None:
    room = Newsroom(tmp_path).make("Dana", "Lee", options=("--retention", RETENTION, "--box-size", 2**18))
    with room.serving():
        # Week 0: Dana imports the first letter at once. Lee imports nothing. The second letter, nobody imports.
        room.send("week 0, imported by Dana")
        room.fetch()
        room("desk", "import", room.vault("Dana"), room.out)
        room.send("week 0, imported by nobody")
        room.fetch()

        # Week 1: Kim joins.
        turned.week(1)
        room.join("Kim")
        room.publish()
        room.send("week 1, for three")
        room.fetch()

        # Week 2: Lee is revoked.
        turned.week(2)
        room("keys", "revoke", room.drop, room.id_of("Lee"))
        room.publish()
        room.send("week 2, without Lee")
        room.fetch()

        # Week 3: nothing changes but the week.
        turned.week(3)
        room.publish()
        room.send("week 3, without Lee")
        room.fetch()

        # Week 4: week 0 is past its retention and the desk's grace, by roster and by clock.
        turned.week(4)
        room.publish()
        room.fetch()

    boxes = Counter(int(path.parent.name) - FIRST_WEEK for path in room.out.glob("*/*.box"))
    assert boxes == {0: 2, 1: 1, 2: 1, 3: 1}, "each letter lies in the epoch of its own week"

    for name in ("Dana", "Lee", "Kim"):
        room("desk", "roster", room.vault(name), room.roster)
        # Kim never had a key of week 0.
        assert destroyed(room, name) == ([FIRST_WEEK] if name != "Kim" else [])
        room("desk", "import", room.vault(name), room.out)

    assert room.messages("Dana") == [
        "week 0, imported by Dana",
        "week 1, for three",
        "week 2, without Lee",
        "week 3, without Lee",
    ]
    # Lee kept an honest desk and imported late: week 0 is gone for Lee, too, and weeks 2 and 3 never were Lee's.
    assert room.messages("Lee") == ["week 1, for three"]
    assert room.messages("Kim") == ["week 1, for three", "week 2, without Lee", "week 3, without Lee"]

    kept = next(s for s in room.submissions("Dana") if s["message"] == "week 0, imported by Dana")
    room("desk", "export", room.vault("Dana"), kept["id"], "--out", tmp_path / "exported")
    assert (tmp_path / "exported" / "message.txt").read_text().strip() == "week 0, imported by Dana"


@pytest.mark.usefixtures("passphrase")
def test_an_epoch_lives_until_both_the_roster_and_the_clock_have_passed_it(tmp_path: Path, turned: Clock) -> None:
    room = Newsroom(tmp_path).make("Dana", options=("--retention", RETENTION, "--box-size", 2**18))
    room("desk", "roster", room.vault("Dana"), room.roster)
    last = start(FIRST_WEEK + 1) + RETENTION * DAY + 14 * DAY

    turned.now = last + DAY
    assert destroyed(room, "Dana") == [], "the clock alone is not enough"

    turned.now = last - 1
    room.issue()
    room("desk", "roster", room.vault("Dana"), room.roster)
    turned.now = last + DAY
    assert destroyed(room, "Dana") == [], "the roster is a second too old"

    room.issue()
    room("desk", "roster", room.vault("Dana"), room.roster)
    turned.now = last - DAY
    assert destroyed(room, "Dana") == [], "the roster alone is not enough"

    turned.now = last + DAY
    assert destroyed(room, "Dana") == [FIRST_WEEK]
    assert destroyed(room, "Dana") == [], "nothing is destroyed twice"


@pytest.mark.usefixtures("passphrase")
def test_a_source_seals_to_next_weeks_key_when_its_week_comes_and_to_nobody_without_one(tmp_path: Path, turned: Clock) -> None:
    room = Newsroom(tmp_path)
    turned.now = start(FIRST_WEEK + 1) - 60
    room.make(options=("--box-size", 2**18))
    room.join("Dana", weeks=2)
    with room.serving():
        room.publish()
        room.send("a minute before")
        turned.now += 120
        room.send("a minute after")
        room.fetch()
        room("desk", "import", room.vault("Dana"), room.out)
        assert {path.parent.name for path in room.out.glob("*/*.box")} == {str(FIRST_WEEK), str(FIRST_WEEK + 1)}
        assert room.messages("Dana") == ["a minute after", "a minute before"]
        turned.now += WEEK
        refused = room("source", "send", room.url, "--root", room.fingerprint, "-m", "no key this week", code=1)
        assert refused.count("\n") <= 6
        assert len(list(room.out.glob("*/*.box"))) == 2
