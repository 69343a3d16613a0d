"""What the desk believes of its drop: newer lists are taken in, older ones left aside, forks refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk import drop as drops
from knothole_client.desk import vault
from knothole_client.desk.drop import Known
from knothole_keys.epoch import DAY
from knothole_keys.errors import (
    BadSignature,
    BrokenChain,
    KnotholeError,
    MalformedNote,
    MalformedRoster,
    NotEnoughSignatures,
    RootFromFuture,
    RosterFork,
    RosterFromFuture,
    RosterRollback,
    WrongDrop,
)
from tests.desk.conftest import NOW, PASSPHRASE, Desk
from tests.support.drop import Drop, make_drop, seal_submission, write_out


@pytest.fixture
def big() -> Drop:
    """Three administrators, two of whom must agree; roster 1 is out."""
    return make_drop(admins=3, threshold=2, now=NOW)


@pytest.fixture
def known(big: Drop) -> Known:
    begun, remarks = drops.meet_roster(drops.first(big.chain_bytes, NOW), big.roster_bytes, NOW)
    assert remarks == []
    return begun


def test_a_newer_roster_is_believed(big: Drop, known: Known) -> None:
    newer = big.issue(now=NOW + DAY)
    after, remarks = drops.meet_roster(known, newer.note.data, NOW + DAY)
    assert after.roster is not None
    assert (after.roster.version, remarks) == (2, [])


def test_the_same_again_changes_nothing(big: Drop, known: Known) -> None:
    assert drops.meet_roster(known, big.roster_bytes, NOW) == (known, [])


def test_a_gap_in_versions_is_accepted(big: Drop, known: Known) -> None:
    big.issue(now=NOW + 1)
    third = big.issue(now=NOW + 2)
    after, _ = drops.meet_roster(known, third.note.data, NOW + 2)
    assert after.roster == third


def test_an_old_roster_is_left_aside_with_a_remark(big: Drop, known: Known) -> None:
    old, newer = big.roster_bytes, big.issue(now=NOW + DAY)
    after, _ = drops.meet_roster(known, newer.note.data, NOW + DAY)
    again, remarks = drops.meet_roster(after, old, NOW + DAY)
    assert again == after
    assert "older" in remarks[0]


def test_an_expired_roster_counts(big: Drop, known: Known) -> None:
    newer = big.issue(now=NOW + DAY)
    after, _ = drops.meet_roster(known, newer.note.data, newer.expires)
    assert after.roster == newer


def test_two_rosters_of_one_version_are_a_fork(big: Drop, known: Known) -> None:
    other = big.draft_roster(now=NOW + 5, version=1)
    with pytest.raises(RosterFork, match="Two different rosters"):
        drops.meet_roster(known, other.note.data, NOW + DAY)


def test_a_fork_behind_the_newest_is_still_seen(big: Drop, known: Known) -> None:
    other = big.draft_roster(now=NOW + 5, version=1)
    after, _ = drops.meet_roster(known, big.issue(now=NOW + DAY).note.data, NOW + DAY)
    with pytest.raises(RosterFork, match="Two different rosters"):
        drops.meet_roster(after, other.note.data, NOW + DAY)


def test_a_roster_that_continues_another_history_is_a_fork(big: Drop, known: Known) -> None:
    big.rosters[-1] = big.draft_roster(now=NOW + 5, version=1)
    with pytest.raises(RosterFork, match="does not continue"):
        drops.meet_roster(known, big.issue(now=NOW + 6).note.data, NOW + DAY)


def test_a_later_version_signed_earlier_is_refused(big: Drop, known: Known) -> None:
    with pytest.raises(RosterRollback):
        drops.meet_roster(known, big.draft_roster(now=NOW - DAY, version=3).note.data, NOW)


# Whose clock is wrong, the desk cannot know; both must be named, with both dates.
EITHER_CLOCK = (
    r"is dated 20\d\d-\d\d-\d\d, and this machine's clock says 20.* set it .* signed on a machine whose clock was ahead"
)


def test_a_roster_from_the_future_asks_for_either_clock(big: Drop, known: Known) -> None:
    with pytest.raises(RosterFromFuture, match=EITHER_CLOCK):
        drops.meet_roster(known, big.issue(now=NOW + 2 * DAY).note.data, NOW)


def test_too_few_signatures_are_refused(big: Drop, known: Known) -> None:
    with pytest.raises(NotEnoughSignatures):
        drops.meet_roster(known, big.issue(signers=1).note.data, NOW)


def test_a_changed_roster_is_refused(big: Drop, known: Known) -> None:
    with pytest.raises(BadSignature):
        drops.meet_roster(known, big.roster_bytes.replace(b'"name":"Ada"', b'"name":"Eve"'), NOW)


def test_anothers_roster_is_refused(known: Known) -> None:
    with pytest.raises(WrongDrop):
        drops.meet_roster(known, make_drop(now=NOW).roster_bytes, NOW)


@pytest.mark.parametrize("data", [b"", b"{}\n\n", b"\x00" * 100, b"not a note\n\n" + "\u2014 a b\n".encode()])
def test_what_is_no_note_is_refused(known: Known, data: bytes) -> None:
    with pytest.raises(MalformedNote):
        drops.meet_roster(known, data, NOW)


def test_a_root_is_not_taken_for_a_roster(big: Drop, known: Known) -> None:
    with pytest.raises(MalformedRoster, match="This note is a root, not a roster"):
        drops.meet_roster(known, big.chain_bytes, NOW)


def test_an_enrolment_is_not_taken_for_a_roster(desk: Desk, known: Known) -> None:
    with pytest.raises(MalformedRoster, match="This note is an enrolment, not a roster"):
        drops.meet_roster(known, desk.enrol().data, NOW)


def test_new_roots_are_taken_in_and_carry_a_new_roster(big: Drop, known: Known) -> None:
    big.rotate_root(now=NOW + DAY)
    after, _ = drops.meet_roots(known, big.chain_bytes, NOW + DAY)
    assert after.chain.current.version == 2
    newest, remarks = drops.meet_roster(after, big.issue(now=NOW + DAY).note.data, NOW + DAY)
    assert newest.roster is not None
    assert (newest.roster.root_version, remarks) == (2, [])


def test_a_roster_ahead_of_the_roots_asks_for_them(big: Drop, known: Known) -> None:
    big.rotate_root(now=NOW + DAY)
    with pytest.raises(MalformedRoster, match="newer root"):
        drops.meet_roster(known, big.issue(now=NOW + DAY).note.data, NOW + DAY)


def test_old_roots_are_left_aside(big: Drop, known: Known) -> None:
    old = big.chain_bytes
    big.rotate_root(now=NOW + DAY)
    after, _ = drops.meet_roots(known, big.chain_bytes, NOW + DAY)
    again, remarks = drops.meet_roots(after, old, NOW + DAY)
    assert again == after
    assert "older" in remarks[0]


def test_administrators_who_have_left_bring_no_roster_back(big: Drop, known: Known) -> None:
    # Signed by the old root's keys, with a higher version: exactly what a stolen old key would make.
    stolen = big.draft_roster(now=NOW + 2 * DAY, version=9)
    big.rotate_root(now=NOW + DAY)
    after, _ = drops.meet_roots(known, big.chain_bytes, NOW + DAY)
    again, remarks = drops.meet_roster(after, stolen.note.data, NOW + 2 * DAY)
    assert again == after
    assert "older" in remarks[0]


def test_roots_with_another_history_are_refused(big: Drop, known: Known) -> None:
    first = big.chain
    big.rotate_root(now=NOW + DAY)
    after, _ = drops.meet_roots(known, big.chain_bytes, NOW + DAY)
    big.chain = first
    big.rotate_root(now=NOW + 2 * DAY)
    with pytest.raises(BrokenChain, match="differ"):
        drops.meet_roots(after, big.chain_bytes, NOW + 2 * DAY)


def test_expired_roots_still_count(big: Drop, known: Known) -> None:
    after, _ = drops.meet_roots(known, big.chain_bytes, NOW + 400 * DAY)
    assert after == known


def test_a_root_from_the_future_names_the_clock(big: Drop, known: Known) -> None:
    big.rotate_root(now=NOW + 3 * DAY)
    with pytest.raises(RootFromFuture, match=EITHER_CLOCK):
        drops.meet_roots(known, big.chain_bytes, NOW)


# The same through an import: what stands in the way of boxes, and what does not.


def test_an_old_roster_does_not_stand_in_the_way_of_boxes(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    old = write_out(tmp_path / "old", drop, seal_submission(drop, "hello").boxes)
    drop.rotate_root(now=NOW + DAY)
    drop.issue(now=NOW + DAY)
    desk.take_in(write_out(tmp_path / "new", drop, []), now=NOW + DAY)
    report = desk.take_in(old, now=NOW + DAY)
    assert (report.kept, len(report.letters), len(report.remarks)) == (1, 1, 2)
    with vault.opened(desk.path, PASSPHRASE) as one:
        newest = drops.needed(one.records)
    assert newest.roster == drop.roster
    assert newest.chain.current.version == 2


def test_a_folder_without_lists_can_be_imported(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    out = write_out(tmp_path / "out", drop, seal_submission(drop, "hello").boxes)
    (out / "roots").unlink()
    (out / "roster.note").unlink()
    assert desk.take_in(out).kept == 1


def fork(drop: Drop) -> tuple[str, bytes]:
    return "roster.note", drop.draft_roster(now=NOW + 7, version=1).note.data


def other_drop(drop: Drop) -> tuple[str, bytes]:
    return "roots", make_drop(now=NOW).chain_bytes


def altered(drop: Drop) -> tuple[str, bytes]:
    return "roster.note", drop.roster_bytes.replace(b'"name":"Ada"', b'"name":"Eve"')


def huge(drop: Drop) -> tuple[str, bytes]:
    return "roots", bytes(4 * 1024 * 1024 + 1)


@pytest.mark.parametrize("lie", [fork, other_drop, altered, huge])
def test_a_lie_about_the_drop_imports_nothing(
    desk: Desk,
    drop: Drop,
    tmp_path: Path,
    lie: Callable[[Drop], tuple[str, bytes]],
    unchanged: Callable[[Path], Callable[[], None]],
) -> None:
    desk.take_in(write_out(tmp_path / "first", drop, []))
    out = write_out(tmp_path / "out", drop, seal_submission(drop, "hello").boxes)
    name, data = lie(drop)
    (out / name).write_bytes(data)
    check = unchanged(desk.path)
    with pytest.raises(KnotholeError) as caught:
        desk.take_in(out)
    assert "\n" not in str(caught.value)
    check()
