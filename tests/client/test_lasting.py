"""Uploads that last: the clock and the lists are asked again, and nobody is sealed to who may no longer read."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from knothole_client.source.sending import THREADS, Receipt
from knothole_client.source.weeks import renewed
from knothole_client.trust import View
from knothole_keys import xwing
from knothole_keys.epoch import DAY, WEEK, end, start
from knothole_keys.errors import BrokenChain, KnotholeError, Refused, RootExpired, RosterExpired, RosterFork, RosterRollback
from knothole_keys.recipient import Recipient
from tests.client.lying import lasting, sealed
from tests.client.sent import Ready, big, prepare
from tests.client.served import Asked, Reply
from tests.support.drop import Drop, make_drop, new_thread

THURSDAY = start(2970) + 3 * DAY
PARTS = 12
HOUR = 3600
Turn = Callable[[int], None]


@pytest.fixture
def lived() -> Drop:
    """A drop of its own for each test: its lists change."""
    return make_drop(recipients=["Ada", "Grace"], now=THURSDAY)


def begun(drop: Drop, tmp_path: Path, turn: Turn, *, now: int = THURSDAY, to: Sequence[str] = ()) -> Ready:
    turn(now)
    return prepare(drop, new_thread(drop)[1], "m", [big(tmp_path, drop, PARTS)], now=now, to=to)


def without(drop: Drop, name: str) -> None:
    """The administrators revoke somebody and publish."""
    gone = next(one for one in drop.recipients.values() if one.name == name)
    del drop.recipients[gone.id]
    drop.issue()


def test_after_the_rosters_end_nothing_is_sealed(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)
    came, since = lasting(lived, ready, lambda: turn(THURSDAY + 9 * WEEK))
    assert isinstance(came, RosterExpired)
    assert "same codename" in str(came)
    assert not sealed(since)


def test_the_rosters_end_is_kept_to_the_second(lived: Drop, tmp_path: Path, turn: Turn):
    last = lived.roster.expires - 1
    ready = begun(lived, tmp_path, turn, now=last)
    came, since = lasting(lived, ready, lambda: turn(last + 1))
    assert isinstance(came, RosterExpired)
    assert not sealed(since)


def test_after_the_roots_end_nothing_is_sealed(lived: Drop, tmp_path: Path, turn: Turn):
    last = lived.chain.current.expires - 1
    for reader in lived.readers:
        keys = {epoch: xwing.public_bytes(xwing.new_seed()) for epoch in (2970 + 52, 2970 + 53)}
        one = reader.recipient
        lived.recipients[one.id] = Recipient(one.id, one.key, one.name, one.note, keys)
    lived.issue(now=last)
    ready = begun(lived, tmp_path, turn, now=last)
    came, since = lasting(lived, ready, lambda: turn(last + 1))
    assert isinstance(came, RootExpired)
    assert "same codename" in str(came)
    assert not sealed(since)


def test_whoever_was_revoked_is_not_sealed_to_for_another_hour(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)

    def revoke() -> None:
        without(lived, "Grace")
        turn(THURSDAY + HOUR)

    came, since = lasting(lived, ready, revoke)
    assert isinstance(came, Refused)
    assert "Grace has left the drop" in str(came)
    assert "same codename" in str(came)
    assert not sealed(since)


def test_whoever_was_not_chosen_may_leave(lived: Drop, tmp_path: Path, turn: Turn):
    ada = next(one for one in lived.readers if one.name == "Ada")
    ready = begun(lived, tmp_path, turn, to=[ada.recipient.id])
    came, _ = lasting(lived, ready, lambda: (without(lived, "Grace"), turn(THURSDAY + HOUR)))
    assert isinstance(came, Receipt)
    assert came.stored == PARTS + 1


def test_a_reader_with_another_key_for_the_week_stops_the_sending(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)

    def change() -> None:
        ada = next(one for one in lived.recipients.values() if one.name == "Ada")
        keys = {**ada.epochs, 2970: xwing.public_bytes(xwing.new_seed())}
        lived.recipients[ada.id] = Recipient(ada.id, ada.key, ada.name, ada.note, keys)
        lived.issue()
        turn(THURSDAY + HOUR)

    came, since = lasting(lived, ready, change)
    assert "Ada has left the drop, or has another key" in str(came)
    assert not sealed(since)


def test_a_renewed_roster_with_the_same_readers_goes_on(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)

    def renew() -> None:
        turn(THURSDAY + HOUR)
        lived.rotate_root(now=THURSDAY + HOUR)
        lived.issue(now=THURSDAY + HOUR)

    came, since = lasting(lived, ready, renew)
    assert isinstance(came, Receipt)
    assert came.stored == PARTS + 1
    assert came.epochs == {2970}
    assert since.count("/roster") == since.count("/roots") == 1


def test_a_roster_that_ran_out_and_was_renewed_goes_on(lived: Drop, tmp_path: Path, turn: Turn):
    later = end(2970) + 2 * DAY
    lived.issue(days=7)
    ready = begun(lived, tmp_path, turn)
    came, since = lasting(lived, ready, lambda: (lived.issue(now=later), turn(later)))
    assert isinstance(came, Receipt)
    assert came.epochs == {2970, 2971}
    assert since.count("/roster") == 1


def test_a_roster_that_has_not_the_old_week_any_more_is_compared_in_the_new_one(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)

    def renew() -> None:
        for one in list(lived.recipients.values()):
            keys = {epoch: key for epoch, key in one.epochs.items() if epoch > 2970}
            lived.recipients[one.id] = Recipient(one.id, one.key, one.name, one.note, keys)
        lived.issue(now=end(2970) + 2 * DAY)
        turn(end(2970) + 2 * DAY)

    came, _ = lasting(lived, ready, renew)
    assert isinstance(came, Receipt)
    assert came.stored == PARTS + 1


def test_another_key_in_the_next_week_stops_the_sending_there(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)

    def change() -> None:
        ada = next(one for one in lived.recipients.values() if one.name == "Ada")
        keys = {**ada.epochs, 2971: xwing.public_bytes(xwing.new_seed())}
        lived.recipients[ada.id] = Recipient(ada.id, ada.key, ada.name, ada.note, keys)
        lived.issue(now=end(2970) + 2 * DAY)
        turn(end(2970) + 2 * DAY)

    came, since = lasting(lived, ready, change)
    assert "Ada has left the drop, or has another key" in str(came)
    assert not sealed(since)


def test_within_the_hour_the_lists_are_not_asked_for_again(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)
    came, since = lasting(lived, ready, lambda: turn(THURSDAY + HOUR - 1))
    assert isinstance(came, Receipt)
    assert came.stored == PARTS + 1
    assert not {"/roots", "/roster"} & set(since)


def test_a_clock_that_is_turned_back_asks_again(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)
    came, since = lasting(lived, ready, lambda: turn(THURSDAY - 60))
    assert isinstance(came, Receipt)
    assert since.count("/roster") == 1


@pytest.mark.parametrize("kind", ["rollback", "fork", "hidden_root", "expired_and_old", "no_roster", "nobody"])
def test_lists_that_do_not_continue_those_known_stop_the_sending(kind: str, lived: Drop, tmp_path: Path, turn: Turn):
    old, first = lived.roster_bytes, lived.chain_bytes
    if kind == "hidden_root":
        lived.rotate_root()
    lived.issue()
    ready = begun(lived, tmp_path, turn)
    fork = lived.draft_roster(now=THURSDAY + 1, version=2).note.data
    answers: dict[str, tuple[str, Reply, type[KnotholeError]]] = {
        "rollback": ("/roster", (200, old), RosterRollback),
        "fork": ("/roster", (200, fork), RosterFork),
        "hidden_root": ("/roots", (200, first), KnotholeError),
        "expired_and_old": ("/roster", (200, old), RosterExpired),
        "no_roster": ("/roster", (404, b"{}"), Refused),
        "nobody": ("/roots", (500, b"{}"), Refused),
    }
    path, reply, expected = answers[kind]
    later = THURSDAY + (9 * WEEK if kind == "expired_and_old" else HOUR)
    came, since = lasting(lived, ready, lambda: turn(later), change=lambda asked: reply if asked.path == path else None)
    assert isinstance(came, expected)
    assert "What was stored stays" in str(came)
    assert not sealed(since)


def test_roots_that_are_hidden_with_a_roster_to_match_stop_the_sending(lived: Drop, tmp_path: Path, turn: Turn):
    old, first = lived.roster_bytes, lived.chain_bytes
    lived.rotate_root()
    lived.issue()
    ready = begun(lived, tmp_path, turn)
    before = {"/roots": (200, first), "/roster": (200, old)}
    came, since = lasting(lived, ready, lambda: turn(THURSDAY + HOUR), change=lambda asked: before.get(asked.path))
    assert isinstance(came, BrokenChain)
    assert not sealed(since)


def test_an_upload_that_lasts_into_the_next_week_goes_on_in_it_unasked(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)
    came, since = lasting(lived, ready, lambda: turn(end(2970) + 2 * DAY))
    assert isinstance(came, Receipt)
    assert came.stored == PARTS + 1
    assert came.epochs == {2970, 2971}
    # The server took the old week's boxes all the time: that it would is no reason to seal any.
    assert len(sealed(since)) == PARTS - THREADS
    assert {path.split("/")[2] for path in sealed(since)} == {"2971"}


def test_a_server_that_refuses_the_old_week_is_followed_into_the_next(lived: Drop, tmp_path: Path, turn: Turn):
    ready = begun(lived, tmp_path, turn)
    over: list[bool] = []

    def change(asked: Asked) -> Reply | None:
        return (409, b"{}") if over and asked.path.startswith("/boxes/2970/") else None

    came, _ = lasting(lived, ready, lambda: (over.append(True), turn(end(2970) + 2 * DAY)), change=change)
    assert isinstance(came, Receipt)
    assert came.epochs == {2970, 2971}


def test_a_week_that_a_reader_has_no_key_for_is_not_begun(lived: Drop, tmp_path: Path, turn: Turn):
    ada = next(one for one in lived.recipients.values() if one.name == "Ada")
    keys = {epoch: key for epoch, key in ada.epochs.items() if epoch != 2971}
    lived.recipients[ada.id] = Recipient(ada.id, ada.key, ada.name, ada.note, keys)
    lived.issue()
    ready = begun(lived, tmp_path, turn)
    came, since = lasting(lived, ready, lambda: turn(end(2970) + 2 * DAY))
    assert isinstance(came, Refused)
    assert "week in which you began is over" in str(came)
    assert not sealed(since)


def test_the_same_readers_of_a_newer_roster_may_have_other_names(lived: Drop):
    ready = prepare(lived, new_thread(lived)[1], now=THURSDAY)
    for one in list(lived.recipients.values()):
        lived.recipients[one.id] = Recipient(one.id, one.key, f"{one.name} B.", "new note", one.epochs)
    assert [one.note for one in renewed(View(lived.chain, lived.issue()), ready.week).readers] == ["new note"] * 2
