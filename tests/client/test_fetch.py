"""Fetching: complete, resumable, pinned to one drop, and never talked into keeping what was not listed."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knothole_client.courier.fetch import Result, epochs, fetch
from knothole_client.http import Connection
from knothole_client.trust import View
from knothole_keys.epoch import DAY, WEEK, end, epoch_of
from knothole_keys.errors import BrokenChain, KnotholeError, Refused, RosterFork, RosterFromFuture, RosterRollback, WrongDrop
from knothole_keys.root import fingerprint
from tests.client.liar import Liar, lied
from tests.client.opened import open_all
from tests.client.served import QUICK, Reply, Served, fresh, lie
from tests.support.drop import Drop, SealedBox, make_drop, seal_submission


def put(served: Served, boxes: list[SealedBox]) -> None:
    with served.connect() as connection:
        permit = connection.once("GET", "/permit", limit=65536).object["permit"]
        for one in boxes:
            headers = {"Knothole-Permit": permit, "Knothole-Proof": "0"}
            answer = connection.once(
                "PUT", f"/boxes/{one.epoch}/{one.id.hex()}", content=one.data, headers=headers, limit=65536
            )
            assert answer.status in (200, 201)


def bring(served: Served, drop: Drop, out: Path, root: str | None = None) -> Result:
    with served.connect(token=True) as connection:
        return fetch(connection, out, root=root, now=drop.now, tell=lambda _: None)


def test_what_was_sent_is_fetched_and_opens(served: Served, drop: Drop, tmp_path: Path):
    sent = seal_submission(drop, "你好", {"a.bin": bytes(600_000)})
    early = seal_submission(drop, "last week", epoch=drop.epoch)
    put(served, sent.boxes + early.boxes)
    out = tmp_path / "out"
    result = bring(served, drop, out)
    assert result.wrong == []
    assert {one.id for one in result.fetched} >= {one.id for one in sent.boxes}
    assert (out / "roots").read_bytes() == drop.chain_bytes
    assert (out / "roster.note").read_bytes() == drop.roster_bytes
    found = open_all(out, drop)
    letter = next(letter for letter in found.letters if letter.message == "你好")
    assert found.file("a.bin", letter) == bytes(600_000)
    assert all(path.stat().st_mode & 0o077 == 0 for path in out.glob("*/*.box"))

    again = bring(served, drop, out)
    assert again.fetched == []
    assert again.listed == result.listed


def test_a_lost_or_damaged_copy_is_fetched_again_and_the_others_are_not(served: Served, drop: Drop, tmp_path: Path):
    sent = seal_submission(drop, "x", {"a.bin": bytes(700_000)})
    put(served, sent.boxes)
    out = tmp_path / "out"
    bring(served, drop, out)
    first, second = (out / str(one.epoch) / f"{one.id.hex()}.box" for one in sent.boxes[:2])
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    result = bring(served, drop, out)
    assert {one.id for one in result.fetched} == {one.id for one in sent.boxes[:2]}
    assert hashlib.sha256(second.read_bytes()).digest() == hashlib.sha256(sent.boxes[1].data).digest()


def test_foreign_files_in_the_folder_stay(served: Served, drop: Drop, tmp_path: Path):
    (tmp_path / str(drop.epoch)).mkdir()
    kept = [tmp_path / "notes.txt", tmp_path / str(drop.epoch) / f"{'0' * 32}.box"]
    for path in kept:
        path.write_text("mine")
    bring(served, drop, tmp_path)
    assert [path.read_text() for path in kept] == ["mine", "mine"]


def test_a_wrong_token_is_refused_and_nothing_else_is_written(served: Served, drop: Drop, tmp_path: Path):
    with Connection(served.url, token="wrong", patience=fresh(QUICK)) as connection, pytest.raises(Refused, match="token"):
        fetch(connection, tmp_path, root=None, now=drop.now, tell=lambda _: None)
    assert list(tmp_path.glob("*/*")) == []


def test_the_printed_fingerprint_decides(served: Served, drop: Drop, tmp_path: Path):
    other = make_drop()
    with pytest.raises(WrongDrop):
        bring(served, drop, tmp_path / "a", root=fingerprint(other.drop_id))
    assert not (tmp_path / "a").exists()
    bring(served, drop, tmp_path / "b", root=fingerprint(drop.drop_id).upper())
    with pytest.raises(WrongDrop, match="52 letters"):
        bring(served, drop, tmp_path / "b", root="not-a-fingerprint")
    with pytest.raises(Refused, match="belongs to the drop"):
        bring(served, drop, tmp_path / "b", root=fingerprint(other.drop_id))


def test_the_first_fetch_shows_the_fingerprint_and_later_ones_are_pinned(served: Served, drop: Drop, tmp_path: Path):
    said: list[str] = []
    with served.connect(token=True) as connection:
        fetch(connection, tmp_path, root=None, now=drop.now, tell=said.append)
    assert any(fingerprint(drop.drop_id) in line for line in said)
    (tmp_path / "roots").write_bytes(make_drop().chain_bytes)
    with pytest.raises(WrongDrop):
        bring(served, drop, tmp_path)


def test_a_damaged_pin_is_not_replaced_in_silence(served: Served, drop: Drop, tmp_path: Path):
    (tmp_path / "roots").write_bytes(b"{}\n")
    with pytest.raises(Refused, match="damaged"):
        bring(served, drop, tmp_path)
    assert (tmp_path / "roots").read_bytes() == b"{}\n"


# A server that lies.


@pytest.fixture
def liar() -> Liar:
    return Liar(make_drop())


def test_an_honest_answer_of_the_liar_is_taken(liar: Liar, tmp_path: Path):
    result = lied(liar, tmp_path)
    assert len(result.fetched) == len(liar.boxes) == 4
    assert result.wrong == []


BAD_BOXES: dict[str, tuple[Callable[[bytes], Reply], str]] = {
    "a_byte_flipped": (lambda data: (200, data[:-1] + bytes([data[-1] ^ 1])), "other bytes"),
    "a_byte_short": (lambda data: (200, data[:-1]), "wrong length"),
    "empty": (lambda data: (200, b""), "wrong length"),
    "not_there": (lambda data: (404, b"{}"), "does not hand it out"),
    "a_page_instead": (lambda data: (200, b"<html>"), "wrong length"),
}


@pytest.mark.parametrize("flaw", BAD_BOXES)
def test_a_box_that_is_not_the_one_listed_is_not_kept_and_the_others_are(flaw: str, liar: Liar, tmp_path: Path):
    spoil, why = BAD_BOXES[flaw]
    victim = min(liar.boxes)
    liar.change = lambda asked, reply: spoil(liar.boxes[victim]) if asked.path.endswith(victim) else reply
    result = lied(liar, tmp_path)
    assert len(result.wrong) == 1
    assert why in result.wrong[0]
    assert len(result.fetched) == len(liar.boxes) - 1
    assert not list(tmp_path.glob(f"*/*{victim}*"))


def test_a_box_longer_than_boxes_are_ends_the_fetch(liar: Liar, tmp_path: Path):
    liar.change = lambda asked, reply: (200, bytes(10_000_000)) if "/boxes/" in asked.path else reply
    with pytest.raises(Refused, match="longer"):
        lied(liar, tmp_path)


def test_listed_bytes_that_are_no_box_are_not_kept(liar: Liar, tmp_path: Path):
    liar.boxes = {"ab" * 16: bytes(liar.drop.geometry().size)}
    result = lied(liar, tmp_path)
    assert "not a sealed box" in result.wrong[0]
    assert result.fetched == []


@pytest.mark.parametrize("data", [b"x", bytes(48) * 2, b"\xff" * 48 + bytes(48)])
def test_a_forged_list_spoils_its_own_week_only(data: bytes, liar: Liar, tmp_path: Path):
    before = f"/courier/boxes?epoch={liar.drop.epoch - 1}"
    liar.change = lambda asked, reply: (200, data) if asked.path == before else reply
    result = lied(liar, tmp_path)
    assert len(result.wrong) == 1
    assert "Week" in result.wrong[0]
    assert len(result.fetched) == len(liar.boxes)


GARBAGE = [b"", b"<html></html>", b"{}\n", b"\x00" * 100, b"\xff\xfe", b"{" * 10_000]


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("what", ["roots", "roster"])
def test_garbage_for_roots_or_roster_is_refused_before_anything_is_written(
    what: str, garbage: bytes, liar: Liar, tmp_path: Path
):
    setattr(liar, what, garbage)
    with pytest.raises(KnotholeError, match=f"The server's {what} must not be used"):
        lied(liar, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_roster_of_another_drop_is_refused(liar: Liar, tmp_path: Path):
    liar.roster = make_drop().roster_bytes
    with pytest.raises(WrongDrop):
        lied(liar, tmp_path)


def test_an_older_roster_than_the_one_known_is_refused(liar: Liar, tmp_path: Path):
    first = liar.drop.roster_bytes
    liar.roster = liar.drop.issue().note.data
    lied(liar, tmp_path)
    liar.roster = first
    with pytest.raises(RosterRollback):
        lied(liar, tmp_path)


def test_a_second_roster_of_the_same_version_is_refused(liar: Liar, tmp_path: Path):
    lied(liar, tmp_path)
    liar.roster = liar.drop.draft_roster(version=1, days=13).note.data
    with pytest.raises(RosterFork):
        lied(liar, tmp_path)


def test_roots_that_were_known_cannot_be_taken_back(liar: Liar, tmp_path: Path):
    old_roots, old_roster = liar.roots, liar.roster
    liar.roots = liar.drop.rotate_root().data
    liar.roster = liar.drop.issue().note.data
    lied(liar, tmp_path)
    liar.roots, liar.roster = old_roots, old_roster
    with pytest.raises(BrokenChain, match="hides or replaces"):
        lied(liar, tmp_path)


def test_a_new_root_and_its_roster_are_taken(liar: Liar, tmp_path: Path):
    lied(liar, tmp_path)
    liar.roots = liar.drop.rotate_root().data
    liar.roster = liar.drop.issue().note.data
    lied(liar, tmp_path)
    assert (tmp_path / "roots").read_bytes() == liar.roots
    assert (tmp_path / "roster.note").read_bytes() == liar.roster


def test_an_expired_roster_does_not_lock_the_boxes_in(liar: Liar, tmp_path: Path):
    said: list[str] = []
    with lie(liar) as (url, _), Connection(url, token="t") as connection:
        result = fetch(connection, tmp_path, root=None, now=liar.drop.now + 20 * DAY, tell=said.append)
    assert len(result.fetched) == len(liar.boxes)
    assert any("The roster ran out on" in line for line in said)


def test_a_roster_from_the_future_is_refused(liar: Liar, tmp_path: Path):
    with pytest.raises(RosterFromFuture):
        lied(liar, tmp_path, now=liar.drop.now - 3 * DAY)


def test_every_week_that_may_be_kept_is_asked_for(liar: Liar, tmp_path: Path):
    view = View(liar.drop.chain, liar.drop.roster)
    now = liar.drop.now + 100 * DAY
    oldest_kept = [e for e in epochs(view, now) if end(e) + 28 * DAY >= min(now, view.roster.issued)]
    assert epochs(view, now)[-1] == epoch_of(now + WEEK)
    assert liar.drop.epoch in oldest_kept
    assert epochs(view, now)[0] == liar.drop.epoch - 1


def test_a_stopped_fetch_leaves_whole_files_only(liar: Liar, tmp_path: Path):
    served: Iterator[int] = iter(range(100))
    liar.change = lambda asked, reply: (401, b"{}") if "/boxes/" in asked.path and next(served) >= 2 else reply
    with pytest.raises(Refused, match="token"):
        lied(liar, tmp_path)
    sizes = {path.stat().st_size for path in tmp_path.glob(f"{liar.drop.epoch}/*")}
    assert sizes <= {liar.drop.geometry().size}
    liar.change = lambda asked, reply: reply
    lied(liar, tmp_path)
    assert len(list(tmp_path.glob("*/*.box"))) == len(liar.boxes)


@pytest.mark.parametrize("harm", [lambda data: data[:-5], lambda data: b"", lambda data: b"{}\n"])
def test_a_damaged_roster_is_no_way_back_to_an_older_one(harm: Callable[[bytes], bytes], liar: Liar, tmp_path: Path):
    first = liar.roster
    liar.roster = liar.drop.issue().note.data
    lied(liar, tmp_path)
    damaged = harm(liar.roster)
    (tmp_path / "roster.note").write_bytes(damaged)
    for roster in (first, liar.roster):
        liar.roster = roster
        with pytest.raises(Refused, match=r"roster.note is damaged; put a sound copy"):
            lied(liar, tmp_path)
        assert (tmp_path / "roster.note").read_bytes() == damaged


def test_after_a_crash_between_roots_and_roster_the_older_roster_still_counts(liar: Liar, tmp_path: Path):
    liar.roster = liar.drop.issue().note.data
    lied(liar, tmp_path)
    liar.roots = liar.drop.rotate_root().data
    (tmp_path / "roots").write_bytes(liar.roots)
    liar.roster = liar.drop.draft_roster(version=1).note.data
    with pytest.raises(RosterRollback):
        lied(liar, tmp_path)
    liar.roster = liar.drop.issue().note.data
    lied(liar, tmp_path)
    assert (tmp_path / "roster.note").read_bytes() == liar.roster
