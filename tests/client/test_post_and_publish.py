"""The courier's writing side: slots of the right shape, rosters that every source will accept."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from knothole_client.courier.post import cover_slots, post, read_slots
from knothole_client.courier.publish import publish
from knothole_client.http import Connection
from knothole_keys import clock
from knothole_keys.board import SLOT, SLOTS_A_FILE, SLOTS_A_POST
from knothole_keys.errors import (
    BadRecipientKey,
    BrokenChain,
    KnotholeError,
    NotEnoughSignatures,
    Refused,
    RosterExpired,
    RosterFork,
    RosterRollback,
    WrongDrop,
)
from knothole_keys.recipient import Recipient
from tests.client.served import Asked, Reply, Served, lie, serve
from tests.support.drop import Drop, make_drop


def test_slots_come_to_the_board(served: Served, tmp_path: Path):
    slots = os.urandom(3 * SLOT)
    (tmp_path / "slots").write_bytes(slots)
    with served.connect(token=True) as connection:
        assert post(connection, read_slots(tmp_path / "slots")) == 3
        assert post(connection, cover_slots()) == SLOTS_A_FILE
        board = connection.get("/board", limit=10_000_000, what="The board")
    assert len(board) % SLOT == 0
    pieces = [board[i : i + SLOT] for i in range(0, len(board), SLOT)]
    assert {slots[i : i + SLOT] for i in range(0, len(slots), SLOT)} <= set(pieces)


@pytest.mark.parametrize("length", [0, 1, SLOT - 1, SLOT + 1, SLOT * (SLOTS_A_POST + 1)])
def test_what_is_no_file_of_slots_is_not_posted(length: int, tmp_path: Path):
    (tmp_path / "slots").write_bytes(bytes(length))
    with pytest.raises(Refused):
        read_slots(tmp_path / "slots")


def test_cover_is_never_the_same_twice():
    assert cover_slots() != cover_slots()


def test_a_full_board_is_one_sentence():
    with (
        lie(lambda _: (507, b"{}")) as (url, _),
        Connection(url, token="t") as connection,
        pytest.raises(Refused, match="tomorrow"),
    ):
        post(connection, cover_slots())


@pytest.fixture
def fresh_drop() -> Drop:
    return make_drop(admins=2, threshold=2)


@pytest.fixture
def running(fresh_drop: Drop, tmp_path: Path) -> Iterator[Served]:
    with serve(fresh_drop, tmp_path / "server") as one:
        yield one


def published(running: Served, tmp_path: Path, roster: bytes, roots: bytes | None = None) -> bytes:
    """Publish to the running server; returns the roster that it then shows."""
    (tmp_path / "new.note").write_bytes(roster)
    if roots:
        (tmp_path / "new.roots").write_bytes(roots)
    with running.connect(token=True) as connection:
        publish(connection, tmp_path / "new.note", tmp_path / "new.roots" if roots else None, clock.now())
        return connection.get("/roster", limit=2**22, what="The roster")


def test_the_next_roster_is_published(fresh_drop: Drop, running: Served, tmp_path: Path):
    roster = fresh_drop.issue().note.data
    assert published(running, tmp_path, roster) == roster


def test_a_new_root_travels_with_its_roster(fresh_drop: Drop, running: Served, tmp_path: Path):
    roots = fresh_drop.rotate_root().data
    roster = fresh_drop.issue().note.data
    assert published(running, tmp_path, roster, roots) == roster
    with running.connect() as connection:
        assert connection.get("/roots", limit=2**22, what="The roots") == roots


def test_what_sources_would_refuse_is_not_even_sent(fresh_drop: Drop, running: Served, tmp_path: Path):
    drop = fresh_drop
    before = drop.roster_bytes
    second = drop.draft_roster()
    wrong: list[tuple[bytes, type[KnotholeError]]] = [
        (drop.draft_roster(signers=1).note.data, NotEnoughSignatures),
        (drop.draft_roster(now=drop.now - 2 * 86400, days=1).note.data, RosterExpired),
        (drop.draft_roster(version=1, days=13).note.data, RosterFork),
        (drop.draft_roster(now=drop.now - 100).note.data, RosterRollback),
        (make_drop().roster_bytes, WrongDrop),
        (second.note.data.replace(b"Ada", b"Eve"), KnotholeError),
        (b"", KnotholeError),
    ]
    for roster, error in wrong:
        with pytest.raises(error):
            published(running, tmp_path, roster)
    with running.connect() as connection:
        assert connection.get("/roster", limit=2**22, what="The roster") == before


def test_roots_that_leave_one_out_are_not_sent(fresh_drop: Drop, running: Served, tmp_path: Path):
    first = fresh_drop.chain_bytes
    roots = fresh_drop.rotate_root().data
    published(running, tmp_path, fresh_drop.issue().note.data, roots)
    with pytest.raises(BrokenChain):
        published(running, tmp_path, fresh_drop.issue().note.data, first)


def test_a_key_that_cannot_be_sealed_to_is_found_before_it_is_sent(
    fresh_drop: Drop, running: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ada = next(iter(fresh_drop.recipients.values()))
    # An all-zero X25519 half: the length is right, and no library can agree on a secret with it.
    bad = {epoch: key[:1184] + bytes(32) for epoch, key in ada.epochs.items()}
    keys = {epoch: bytes([epoch % 256]) + key[1:] for epoch, key in bad.items()}
    fresh_drop.recipients[ada.id] = Recipient(ada.id, ada.key, ada.name, ada.note, keys)
    sent: list[str] = []
    persist = Connection.persist
    monkeypatch.setattr(
        Connection, "persist", lambda self, method, *a, **k: sent.append(method) or persist(self, method, *a, **k)
    )
    with pytest.raises(BadRecipientKey, match="Ada"):
        published(running, tmp_path, fresh_drop.draft_roster().note.data)
    assert "PUT" not in sent


def test_a_server_that_shows_garbage_now_is_not_published_to(fresh_drop: Drop, tmp_path: Path):
    drop = fresh_drop

    def answer(asked: Asked) -> Reply:
        return (200, drop.chain_bytes) if asked.path == "/roots" else (200, b"garbage")

    (tmp_path / "new.note").write_bytes(drop.draft_roster().note.data)
    with (
        lie(answer) as (url, asked),
        Connection(url, token="t") as connection,
        pytest.raises(Refused, match="does not verify"),
    ):
        publish(connection, tmp_path / "new.note", None, drop.now)
    assert all(one.method == "GET" for one in asked)
