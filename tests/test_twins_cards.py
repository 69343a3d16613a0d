"""Reply slots: what a desk seals in Python the source's page reads as the command line does, and both pass over the same."""

import os
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_keys.board import SLOT
from knothole_keys.card import Card, read_acknowledgement, read_board
from tests.keys.cards import (
    ACKNOWLEDGEMENTS,
    HEADS,
    KEYS,
    PLAIN,
    REPLIES,
    SAID,
    SENDERS,
    Head,
    reply,
    resealed,
    sealed,
    signed_piece,
)
from tests.twin import FUZZ, Twin, tried

CARDS = st.lists(REPLIES | ACKNOWLEDGEMENTS, max_size=3)


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    process = Twin()
    yield process
    process.close()


def both(twin: Twin, slots: Sequence[bytes], engine: str = "webcrypto", **changes: Any) -> Any:
    """What both read, which must be the same."""
    given = {**KEYS, "senders": SENDERS, **changes}
    board = b"".join(slots)

    def mine() -> Any:
        read = read_board(board, **given)
        return {"cards": [vars(one) for one in read.cards], "ignored": read.ignored, "incomplete": read.incomplete}

    names = {"reply_key": "replyKey", "drop_id": "dropId", "thread": "thread", "senders": "senders"}
    expected = tried(mine)
    answer = twin.ask("board", board=board, engine=engine, **{names[name]: value for name, value in given.items()})
    assert answer == expected
    return expected


@FUZZ
@given(CARDS, st.randoms(), st.sampled_from(["webcrypto", "noble"]), st.integers(0, 2))
def test_boards_are_read_alike(twin: Twin, cards: list[Card], chance: random.Random, engine: str, lost: int) -> None:
    slots = sealed(*cards, *cards[:1])
    chance.shuffle(slots)
    slots = [os.urandom(SLOT), *slots[lost:]]
    read = both(twin, slots, engine)
    assert read["ignored"] == 0
    if not lost:
        assert len(read["cards"]) == len({tuple(vars(one).items()) for one in cards})


@FUZZ
@given(st.integers(0, SLOT - 1), st.integers(1, 255))
def test_damaged_slots_are_passed_over_alike(twin: Twin, at: int, mask: int) -> None:
    changed = bytearray(sealed(reply("We have it."))[0])
    changed[at] ^= mask
    assert both(twin, [bytes(changed)]) == {"cards": [], "ignored": 0, "incomplete": 0}


@FUZZ
@given(st.integers(0, len(PLAIN) - 1), st.integers(1, 255))
def test_forged_slots_are_ignored_alike(twin: Twin, at: int, mask: int) -> None:
    changed = bytearray(PLAIN)
    changed[at] ^= mask
    assert both(twin, [resealed(bytes(changed))]) == {"cards": [], "ignored": 1, "incomplete": 0}


@FUZZ
@given(st.lists(HEADS, max_size=4), st.randoms())
def test_whatever_a_recipient_signs_is_read_alike(twin: Twin, heads: list[Head], chance: random.Random) -> None:
    slots = [signed_piece(head) for head in heads]
    read = both(twin, slots)
    chance.shuffle(slots)
    assert both(twin, slots) == read


@pytest.mark.parametrize("name", ["reply_key", "drop_id", "thread"])
def test_slots_of_another_thread_are_not_read_by_either(twin: Twin, name: str) -> None:
    read = both(twin, sealed(reply("x")), **{name: bytes(32)})
    assert read == {"cards": [], "ignored": int(name == "thread"), "incomplete": 0}


@pytest.mark.parametrize("size", [0, 1, SLOT - 1, SLOT, SLOT + 1])
def test_boards_of_any_length_are_taken_alike(twin: Twin, size: int) -> None:
    both(twin, [bytes(size)])


@FUZZ
@given(
    SAID.map(lambda said: said.text())
    | st.tuples(SAID, st.integers(0, 300), st.sampled_from(' {}:",0a')).map(lambda it: _with(it[0].text(), it[1], it[2]))
)
def test_acknowledgements_are_read_alike(twin: Twin, text: str) -> None:
    mine = read_acknowledgement(text)
    assert twin.ask("acknowledgement", text=text) == (mine and vars(mine))


def _with(text: str, at: int, other: str) -> str:
    return text[:at] + other + text[at + 1 :]


def test_no_slot_is_lost_at_a_pause(twin: Twin) -> None:
    noise = [os.urandom(SLOT) for _ in range(150)]
    cards = [reply(str(at), sequence=at) for at in (0, 63, 64, 65, 127, 128, 156)]
    for one in cards:
        noise.insert(one.sequence, sealed(one)[0])
    assert [one["sequence"] for one in both(twin, noise)["cards"]] == [one.sequence for one in cards]
