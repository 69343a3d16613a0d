"""Clocks that are wrong: nothing is destroyed or expires too early, and each gives a sentence that names the clock.

The page's clock is turned in `tests/browser/test_refusals.py`, in real browsers.
"""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from knothole_keys import clock
from knothole_keys.epoch import DAY, WEEK, days, start
from tests.client.altering import command
from tests.support.newsroom import Newsroom

EPOCH = 2970
BEGIN = start(EPOCH) + 2 * DAY


class Clock:
    """What every machine's clock says; a test turns it for one machine's commands and back."""

    def __init__(self) -> None:
        self.now = BEGIN


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def room(tmp_path: Path, passphrase: Path, turned: Clock) -> Newsroom:
    return Newsroom(tmp_path).make("Dana", options=("--retention", 7, "--box-size", 2**18))


def stored(room: Newsroom) -> int:
    found = json.loads(room("server", "status", room.path / "server", "--json"))
    return sum(week["boxes"] for week in found["epochs"])


def warned(room: Newsroom, *arguments: object) -> list[str]:
    return [one["text"] for one in json.loads(room(*arguments, "--json"))["warnings"]]


def doubts(sentence: str, turned: Clock) -> bool:
    """Whether a sentence that something is over names this machine's date, and what to do if that is wrong."""
    return f"if this machine's date, {clock.day_of(turned.now)}, is right; else set its clock (UTC)" in sentence


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def beaten(room: Newsroom) -> None:
    """Wait until the server has tended its slabs and slots by the clock as it is now: slabs' file times move on each beat."""
    slab = room.path / "server" / "slabs" / f"{EPOCH}.slab"
    for _ in range(2):
        seen = slab.stat().st_mtime_ns
        until(lambda seen=seen: slab.stat().st_mtime_ns != seen)


# The desk.


@pytest.mark.parametrize("ahead", [3 * WEEK, 2 * 365 * DAY])
def test_a_desk_ahead_destroys_nothing_imports_all_and_hears_of_its_clock(room: Newsroom, turned: Clock, ahead: int) -> None:
    with room.serving():
        room.send("in time")
        room.fetch()
    dana = room.vault("Dana")
    turned.now += ahead
    said = warned(room, "desk", "import", dana, room.out)
    assert any(one.startswith("The roster ran out on") and doubts(one, turned) for one in said)
    assert any(doubts(one, turned) for one in warned(room, "desk", "list", dana))
    found = json.loads(room("desk", "destroy-expired", dana, "--json"))
    assert found["destroyed"] == []
    assert len(found["kept"]) == 8
    turned.now = BEGIN
    with room.serving():
        room.send("afterwards")
        room.fetch()
    room("desk", "import", dana, room.out)
    assert room.messages("Dana") == ["afterwards", "in time"]


def test_a_desk_three_weeks_behind_imports_nothing_says_set_the_clock_and_goes_on_when_it_is_set(
    room: Newsroom, turned: Clock
) -> None:
    with room.serving():
        room.send("in time")
        room.fetch()
    dana = room.vault("Dana")
    turned.now -= 3 * WEEK
    assert "if that is behind, set it" in room("desk", "import", dana, room.out, code=1)
    assert json.loads(room("desk", "destroy-expired", dana, "--json"))["destroyed"] == []
    turned.now = BEGIN
    room("desk", "import", dana, room.out)
    assert room.messages("Dana") == ["in time"]


def test_a_desk_that_fell_behind_after_an_import_is_told(room: Newsroom, turned: Clock) -> None:
    room("desk", "roster", room.vault("Dana"), room.roster)
    turned.now -= 3 * WEEK
    (first, *_) = warned(room, "desk", "list", room.vault("Dana"))
    assert f"and this machine's clock says {clock.day_of(turned.now)}: if that is behind, set it" in first
    assert "set it (UTC)" in first


def test_keys_made_by_a_clock_ahead_are_refused_and_the_right_weeks_are_added_after(room: Newsroom, turned: Clock) -> None:
    def enrolled(name: str) -> dict[int, str]:
        room("desk", "enrol", room.vault("Dana"), "-o", room.path / name)
        shown = json.loads(room("keys", "show", room.path / name, "--json"))
        return {one["epoch"]: one["key"] for one in shown["notes"][0]["epochs"]}

    turned.now += 3 * WEEK
    ahead = enrolled("ahead.enrolment")
    turned.now = BEGIN
    assert "set the clocks" in room("keys", "add", room.drop, room.path / "ahead.enrolment", code=1)
    right = enrolled("right.enrolment")
    assert set(right) == set(range(EPOCH, EPOCH + 11))
    assert {epoch: right[epoch] for epoch in ahead} == ahead
    room("keys", "add", room.drop, room.path / "right.enrolment")


def test_a_new_desk_ahead_is_shown_its_date_and_the_first_week_of_its_keys(room: Newsroom, turned: Clock) -> None:
    room("desk", "init", room.vault("Lee"), "--name", "Lee")
    turned.now += 3 * WEEK
    said = room("desk", "enrol", room.vault("Lee"), "--root", room.drop / "root.note", "-o", room.path / "late.enrolment")
    assert f"The first week is {days(EPOCH + 3)}; this machine's date is {clock.day_of(turned.now)}." in said
    assert "set the clock (UTC) and enrol again" in said
    again = json.loads(room("desk", "enrol", room.vault("Lee"), "-o", room.path / "again.enrolment", "--json"))
    assert again["date"] == clock.day_of(turned.now)


# The courier.


def test_a_courier_ahead_fetches_all_and_hears_of_its_clock(room: Newsroom, turned: Clock) -> None:
    with room.serving() as url:
        room.send("in time")
        turned.now += 20 * DAY
        arguments = ["courier", "fetch", url, "--token-file", room.token, "--out", room.out, "--root", room.fingerprint]
        code, _, said = command(*arguments)
    assert code == 0
    assert any(line.startswith("Warning: The roster ran out on") and doubts(line, turned) for line in said.splitlines())
    assert len(list(room.out.glob("*/*.box"))) == 1


# The source's command line.


def test_a_source_a_week_ahead_in_a_rosters_last_week_hears_of_its_clock(room: Newsroom, turned: Clock) -> None:
    turned.now += 8 * DAY
    ahead = Clock()
    ahead.now = turned.now + WEEK
    with room.serving() as url:
        # The threads that run now are the server's, and its clock is right.
        theirs = {one.ident for one in threading.enumerate()} - {threading.get_ident()}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: turned.now if threading.get_ident() in theirs else ahead.now)
            said = room("source", "send", url, "--root", room.fingerprint, "-m", "early", code=1)
        assert "The drop is closed for now: its roster expired" in said
        assert doubts(said, ahead)
        room.send("with the clock set")
    assert stored(room) == 1


@pytest.mark.parametrize("off", [-WEEK, WEEK, -8 * DAY, 9 * DAY])
def test_a_source_a_week_off_stores_nothing_and_is_told_of_the_clock(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch, off: int
) -> None:
    with room.serving() as url:
        # The threads that run now are the server's, and its clock is right.
        theirs = {one.ident for one in threading.enumerate()} - {threading.get_ident()}
        monkeypatch.setattr(clock, "now", lambda: BEGIN if threading.get_ident() in theirs else BEGIN + off)
        said = room("source", "send", url, "--root", room.fingerprint, "-m", "early or late", code=1)
    assert "clock" in said
    assert stored(room) == 0


# The server.


@pytest.mark.whole
def test_a_servers_clock_that_jumps_deletes_neither_boxes_nor_slots_nor_tokens(room: Newsroom, turned: Clock) -> None:
    slots = room.path / "slots"
    slots.write_bytes(b"a reply slot, sealed".ljust(2048, b"."))

    def board() -> bytes:
        return httpx.get(f"{room.url}/board").content

    with room.serving() as url:
        room.send("before the jump")
        room("courier", "post", url, "--token-file", room.token, slots)
        for jump in (400 * DAY, -400 * DAY, 3 * WEEK, -3 * WEEK):
            turned.now = BEGIN + jump
            beaten(room)
            (first, *_) = warned(room, "server", "status", room.path / "server")
            assert doubts(first, turned) if jump > 0 else f"clock says {clock.day_of(turned.now)}" in first
            room("server", "courier-token", room.path / "server")
            turned.now = BEGIN
            beaten(room)
            assert stored(room) == 1, f"a box is gone after a jump of {jump / DAY} days"
            assert slots.read_bytes() in board(), f"a slot is gone after a jump of {jump / DAY} days"
            room.fetch()
    room("desk", "import", room.vault("Dana"), room.out)
    assert room.messages("Dana") == ["before the jump"]


@pytest.mark.parametrize("jump", [-60 * DAY, 60 * DAY])
def test_slots_posted_by_a_wrong_clock_live_as_long_as_others(room: Newsroom, turned: Clock, jump: int) -> None:
    slots = room.path / "slots"
    slots.write_bytes(b"a reply slot, sealed".ljust(2048, b"."))
    with room.serving() as url:
        # The token must be in force by the clock that is wrong, too.
        turned.now = BEGIN + jump
        room.token.write_text(room("server", "courier-token", room.path / "server"))
        room("courier", "post", url, "--token-file", room.token, slots)
        turned.now = BEGIN
        board = f"{url}/board"
        beaten(room)
        assert slots.read_bytes() in httpx.get(board).content
        # After thirty days and the roster's fortnight at most, both clocks agree that it is over.
        turned.now = BEGIN + 50 * DAY
        room.join("Dana")
        room.issue()
        room("server", "publish", room.path / "server", room.roster)
        until(lambda: slots.read_bytes() not in httpx.get(board).content)


def test_days_of_an_epoch_are_named_in_what_a_desk_waits_for(room: Newsroom, turned: Clock) -> None:
    room("desk", "roster", room.vault("Dana"), room.roster)
    turned.now += 10 * WEEK
    said = room("desk", "destroy-expired", room.vault("Dana"))
    assert days(EPOCH) in said
    assert "it waits for a roster issued after" in said
