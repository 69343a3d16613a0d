"""Two desks and a thread, and cards and slots of every shape, for the tests of one implementation and of both."""

import dataclasses
import hashlib
import os
import struct
from typing import Any

from cryptography.cobblestone import Cobblestone256Decryptor
from hypothesis import strategies as st
from nacl.signing import SigningKey

from knothole_keys.card import MAX_TEXT, PIECE, Acknowledgement, Board, Card, make_slots, read_board
from knothole_keys.recipient import recipient_id
from tests.keys.recipes import cobblestone

LABEL = b"knothole/1 slot\x00"
DROP_ID, REPLY_KEY, THREAD = (bytes([i]) * 32 for i in (1, 2, 3))
DESKS = {recipient_id(bytes(key.verify_key)): key for key in (SigningKey(bytes([i]) * 32) for i in (4, 5))}
SENDERS = {sender: bytes(key.verify_key) for sender, key in DESKS.items()}
DANA, EVAN = DESKS
KEYS = {"reply_key": REPLY_KEY, "drop_id": DROP_ID, "thread": THREAD}
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\r\n"), min_size=1)
LONG = st.builds(lambda unit, size: (unit * size).encode()[:MAX_TEXT].decode(errors="ignore"), TEXT, st.integers(1, 9000))
DAYS = st.dates().filter(lambda day: day.year >= 2000).map(lambda day: day.isoformat())
REPLIES = st.builds(Card, st.just("reply"), DAYS, st.sampled_from([DANA, EVAN]), st.integers(0, 2**53 - 1), TEXT | LONG)
COUNTS = st.tuples(st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1)).map(sorted)
SAID = st.builds(
    lambda letter, day, boxes, files: Acknowledgement(letter.hex(), day, *boxes, *files),
    st.binary(min_size=32, max_size=32), DAYS, COUNTS, COUNTS,
)  # fmt: skip
ACKNOWLEDGEMENTS = st.builds(
    Card,
    st.just("acknowledgement"),
    DAYS,
    st.sampled_from([DANA, EVAN]),
    st.integers(0, 2**53 - 1),
    SAID.map(Acknowledgement.text),
)


def sealed(*cards: Card, **changes: Any) -> list[bytes]:
    return [slot for one in cards for slot in make_slots(one, **{**KEYS, "signing_key": DESKS[one.sender], **changes})]


def read(*slots: bytes, **changes: Any) -> Board:
    return read_board(b"".join(slots), **{**KEYS, "senders": SENDERS, **changes})


def reply(text: str, **changes: Any) -> Card:
    return dataclasses.replace(Card("reply", "2026-11-24", DANA, 7, text), **changes)


def resealed(plaintext: bytes) -> bytes:
    """A slot as whoever has the thread's reply key can make it."""
    return cobblestone(REPLY_KEY, os.urandom(24), LABEL + DROP_ID, plaintext)


def opened(slot: bytes) -> bytes:
    under = Cobblestone256Decryptor(REPLY_KEY, context=LABEL + DROP_ID)
    return under.update(slot) + under.finalize()


GOOD = reply("We have it.")
SLOTS = sealed(GOOD)
PLAIN = opened(SLOTS[0])
Head = tuple[int, int, str, int, bytes, int, int, int, bytes]
HEADS: st.SearchStrategy[Head] = st.tuples(
    st.sampled_from([0, 1, 1, 1, 2, 3]), st.sampled_from([20781, 20781, 0, 10956, 10957, 2932896, 2932897, 2**32 - 1]),
    st.sampled_from([DANA, EVAN]), st.sampled_from([7, 7, 0, 2**53 - 1, 2**53, 2**64 - 1]),
    st.sampled_from([GOOD.text.encode(), b"f" * PIECE * 2, b""]), st.sampled_from([0, 0, 0, 1, 1, 16]),
    st.sampled_from([1, 1, 2, 2, 0, 16, 17]), st.sampled_from([11, 11, PIECE, PIECE, 0, 1, PIECE + 1, 2**16 - 1]),
    st.sampled_from([GOOD.text.encode(), b"f" * PIECE, b"", b"\xff"]),
)  # fmt: skip


def signed_piece(head: Head) -> bytes:
    """A slot of any shape whose signature is good."""
    kind, day, sender, sequence, whole, *rest, text = head
    digest = hashlib.sha256(whole).digest()[:16]
    form = struct.pack(">BI8sQ16sHHH", kind, day, bytes.fromhex(sender), sequence, digest, *rest)
    signed = (form + text).ljust(1912, b"\0")
    return resealed(signed + DESKS[sender].sign(LABEL + DROP_ID + THREAD + signed).signature)
