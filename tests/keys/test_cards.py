"""Cards: what a desk seals its source reads, whatever else lies on the board, and nobody can put words into a desk's mouth."""

import os
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knothole_keys.board import SLOT
from knothole_keys.card import MAX_TEXT, PIECE, Acknowledgement, Board, Card, read_acknowledgement
from knothole_keys.errors import CannotSeal
from tests.keys.cards import (
    ACKNOWLEDGEMENTS,
    DANA,
    DESKS,
    EVAN,
    GOOD,
    HEADS,
    PLAIN,
    REPLIES,
    SAID,
    SENDERS,
    SLOTS,
    TEXT,
    Head,
    read,
    reply,
    resealed,
    sealed,
    signed_piece,
)
from tests.keys.refusing import refusal


@settings(deadline=None)
@given(st.lists(REPLIES | ACKNOWLEDGEMENTS, max_size=5, unique_by=lambda one: (one.sender, one.sequence)), st.randoms())
def test_what_desks_seal_is_read_whatever_the_order_and_the_company(cards: list[Card], chance: random.Random) -> None:
    slots = sealed(*cards, *cards) + [os.urandom(SLOT) for _ in range(3)]
    chance.shuffle(slots)
    board = read(*slots)
    assert board == Board(sorted(cards, key=lambda one: (one.day, one.sequence, one.sender)), 0, 0)
    assert {len(slot) for slot in slots} == {2048}


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, MAX_TEXT])
def test_a_text_takes_as_many_slots_as_it_fills_and_no_more(size: int) -> None:
    one = reply("x" * size)
    slots = sealed(one)
    assert len(slots) == -(-size // PIECE)
    assert read(*slots).cards == [one]
    for i in range(len(slots)):
        assert read(*slots[:i], *slots[i + 1 :]) == Board([], 0, int(len(slots) > 1))


def test_a_text_over_sixteen_pieces_is_refused_with_the_limit() -> None:
    with pytest.raises(CannotSeal, match=f"1 to {MAX_TEXT} bytes"):
        sealed(reply("é" * (MAX_TEXT // 2 + 1)))


@pytest.mark.parametrize(
    "changes",
    [{"text": ""}, {"text": "\ud800"}, {"text": "\x1b[2J"}, {"day": "2026-02-30"}, {"sequence": 2**53}, {"sequence": -1},
     {"kind": "acknowledgement"}],
)  # fmt: skip
def test_a_card_that_no_source_would_read_is_never_sealed(changes: dict[str, Any]) -> None:
    assert refusal(sealed, reply("x", **changes) if "text" not in changes else reply(**changes)) == "CannotSeal"


def test_a_desk_cannot_seal_in_a_colleagues_name() -> None:
    assert refusal(sealed, reply("x"), signing_key=DESKS[EVAN]) == "CannotSeal"


@pytest.mark.parametrize("name", ["reply_key", "drop_id", "thread"])
def test_a_slot_is_for_one_thread_of_one_drop(name: str) -> None:
    """Another reply key or drop opens nothing; another thread opens it, and finds that it was said to somebody else."""
    assert read(*sealed(reply("x")), **{name: bytes(32)}) == Board([], int(name == "thread"), 0)


def test_a_sender_who_is_not_on_the_list_is_not_read() -> None:
    assert read(*sealed(reply("x")), senders={EVAN: SENDERS[EVAN]}) == Board([], 1, 0)
    assert read(*sealed(reply("x")), senders={DANA: SENDERS[EVAN], EVAN: SENDERS[DANA]}) == Board([], 1, 0)


@settings(max_examples=300)
@given(st.integers(0, 1975), st.integers(1, 255))
def test_a_byte_changed_by_a_holder_of_the_reply_key_is_ignored(at: int, mask: int) -> None:
    """A recipient who was revoked has the reply key for ever, and no desk's signing key."""
    changed = bytearray(PLAIN)
    changed[at] ^= mask
    assert read(resealed(bytes(changed))) == Board([], 1, 0)
    assert read(resealed(bytes(changed)), *SLOTS).cards == [GOOD]


@settings(max_examples=300)
@given(st.integers(0, SLOT - 1), st.integers(1, 255))
def test_a_byte_changed_by_anybody_else_is_nobodys(at: int, mask: int) -> None:
    changed = bytearray(SLOTS[0])
    changed[at] ^= mask
    assert read(bytes(changed)) == Board([], 0, 0)


@given(st.binary(max_size=1976).map(lambda data: data.ljust(1976, b"\0")) | st.binary(min_size=1976, max_size=1976))
def test_anything_under_the_reply_key_is_borne(plaintext: bytes) -> None:
    assert read(resealed(plaintext), *SLOTS) == Board([GOOD], 1, 0)


@settings(max_examples=300)
@given(st.lists(HEADS, max_size=4))
def test_whatever_a_recipient_signs_is_read_or_ignored_and_never_raises(heads: list[Head]) -> None:
    slots = [signed_piece(head) for head in heads]
    board = read(*slots)
    assert board.ignored + board.incomplete + len(board.cards) <= len(slots)
    assert {one.text for one in board.cards} <= {GOOD.text, "f" * PIECE * 2}
    # No order of slots decides what is read.
    assert read(*reversed(slots)) == board


@pytest.mark.parametrize("size", [1, 2047, 2049])
def test_a_board_that_was_cut_is_refused(size: int) -> None:
    assert refusal(read, bytes(size)) == "MalformedBoard"


@given(SAID)
def test_an_acknowledgement_is_read_as_it_was_written(said: Acknowledgement) -> None:
    assert read_acknowledgement(said.text()) == said
    assert read_acknowledgement(" " + said.text()) is None


@given(TEXT | st.text(max_size=30) | st.text('{}[]",:0123abe', max_size=40))
def test_any_other_text_is_no_acknowledgement(text: str) -> None:
    assert read_acknowledgement(text) is None


def test_what_a_card_says_does_not_show_in_its_representation() -> None:
    one = reply("meet me at the mill")
    assert "mill" not in repr(one) + repr(read(*sealed(one)))
