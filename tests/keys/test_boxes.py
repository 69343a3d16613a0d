"""Boxes and their plaintext: lengths at every edge, and plaintexts and wraps that somebody made up."""

import hashlib
import os
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knothole_keys import box, merkle, xwing
from knothole_keys.box import HEAD, MAX_HEADER, Geometry
from knothole_keys.errors import BoxDamaged, CannotSeal, NotForUs
from knothole_keys.open import Opener
from knothole_keys.seal import Sealer
from knothole_keys.stream import (
    MAX_COUNT,
    MAX_LETTER,
    Head,
    Kind,
    count_of,
    file_stream,
    layout,
    letter_parts,
    letter_stream,
    read_part,
)
from tests.keys.recipes import cobblestone
from tests.keys.refusing import refusal

SMALL = Geometry(2**18, 4)
C = SMALL.capacity
DROP_ID, EPOCH, SECRET = bytes(range(32)), 2968, bytes(32)
SEEDS = [bytes([i]) * 32 for i in range(1, 6)]
PUBLIC = [xwing.public_bytes(seed) for seed in SEEDS]
GEOMETRIES = [Geometry(2**power, slots) for power in range(18, 25) for slots in range(1, 17)]


def sealer(*readers: int, geometry: Geometry = SMALL) -> Sealer:
    keys = [PUBLIC[i] for i in readers]
    return Sealer(drop_id=DROP_ID, epoch=EPOCH, geometry=geometry, recipients=keys, thread_secret=SECRET)


def opener(*readers: int, geometry: Geometry = SMALL) -> Opener:
    return Opener(drop_id=DROP_ID, epoch=EPOCH, geometry=geometry, seeds=[SEEDS[i] for i in readers])


def only_part(body: bytes, kind: Kind = "file") -> Head:
    root = merkle.leaf(body)
    return Head(kind, letter_stream(root, 1) if kind == "letter" else file_stream(SECRET, root), root, 0, 1, b"")


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_p_is_the_one_length_that_fills_the_payload(geometry: Geometry) -> None:
    def sealed(n: int) -> int:
        return 56 + n + 16 * (n // 16384 + 1)

    p = geometry.plaintext
    assert sealed(p) == geometry.payload == geometry.size - 16 - 1168 * geometry.slots
    assert sealed(p - 1) < geometry.payload < sealed(p + 1)
    assert geometry.capacity == p - 2048


def test_the_default_box() -> None:
    assert Geometry(2**20, 4).plaintext == 1_042_808


@pytest.mark.parametrize("length", sorted({0, 1, *(16384 * k - HEAD + d for k in (1, 2, 15) for d in (-1, 0, 1)), C - 1, C}))
def test_bodies_of_every_edge_come_back(length: int) -> None:
    body = os.urandom(length)
    head = only_part(body)
    box_id, sealed = sealer(0, 1).seal(head, body)
    assert len(sealed) == SMALL.size
    for reader in (0, 1):
        opened = opener(4, reader).open(sealed, box_id)
        assert (opened.head, opened.body) == (head, body)
        assert opener().open_with(sealed, box_id, opened.box_key) == opened
    with pytest.raises(NotForUs):
        opener(2, 3).open(sealed, box_id)


@pytest.mark.parametrize("length", [1, C - 1, C, C + 1, 2 * C - 1, 2 * C, 2 * C + 1, 5 * C])
def test_streams_of_every_edge_come_back(length: int) -> None:
    data = os.urandom(length)
    parts = [read_part(layout(head, body, SMALL), SMALL) for head, body in letter_parts(data, C)]
    assert len(parts) == count_of(length, C)
    assert b"".join(body for _, body in parts) == data
    assert len({head.group for head, _ in parts}) == 1
    for (one, body), (other, _) in pairwise(parts):
        swapped = Head(other.kind, other.stream, other.root, other.index, other.count, other.path)
        assert refusal(read_part, layout(swapped, body, SMALL), SMALL) is not None
        assert one.index + 1 == other.index


def test_every_box_looks_alike_and_no_two_are_the_same() -> None:
    body = b"hello"
    made = [sealer(*readers).seal(only_part(body), body) for readers in [(0,), (0,), (0, 1, 2, 3), (1, 0, 3, 2)]]
    assert made[0][0] == made[1][0] != made[2][0] == made[3][0]
    assert {sealed[:16] for _, sealed in made} == {SMALL.prefix}
    regions = [sealed[at : at + box.WRAP] for _, sealed in made for at in range(16, SMALL.wraps_end, box.WRAP)]
    assert len(set(regions)) == 16
    assert len({sealed[SMALL.wraps_end :] for _, sealed in made}) == 4


def test_wraps_stand_in_random_order() -> None:
    places = set()
    for _ in range(40):
        box_id, sealed = sealer(0).seal(only_part(b"x"), b"x")
        for at in range(16, SMALL.wraps_end, box.WRAP):
            blanked = sealed[:at] + bytes(box.WRAP) + sealed[at + box.WRAP :]
            # The right slot blanked: nothing opens. Another: the wrap opens, and the payload's binding to all wraps shows it.
            if refusal(opener(0).open, blanked, box_id) == "NotForUs":
                places.add(at)
    assert len(places) == 4


@settings(max_examples=60, deadline=None)
@given(st.integers(0, SMALL.size - 1), st.integers(1, 255))
def test_a_changed_byte_anywhere_is_refused(at: int, mask: int) -> None:
    changed = bytearray(SEALED)
    changed[at] ^= mask
    expected = "NotABox" if at < 16 else None
    name = refusal(lambda: opener(0).open(bytes(changed), BOX_ID))
    assert name == expected if expected else name in ("BoxDamaged", "NotForUs")


BOX_ID, SEALED = sealer(0, 1).seal(only_part(b"a body"), b"a body")


@given(st.binary(max_size=64), st.integers(0, 2**18))
def test_other_lengths_are_no_boxes(junk: bytes, length: int) -> None:
    for data in (junk, SEALED[: min(length, SMALL.size - 1)], SEALED + junk + b"x"):
        assert refusal(opener(0).open, data, BOX_ID) == "NotABox"


def test_the_same_parts_for_the_same_readers_have_one_id() -> None:
    head = only_part(b"x")
    ids = [sealer(*readers).box_id(head, b"x") for readers in [(0, 1), (1, 0), (1, 0, 1, 0, 1), (0,)]]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    other = Sealer(drop_id=DROP_ID, epoch=EPOCH + 1, geometry=SMALL, recipients=PUBLIC[:2], thread_secret=SECRET)
    assert other.box_id(head, b"x") != ids[0]
    stranger = Sealer(drop_id=DROP_ID, epoch=EPOCH, geometry=SMALL, recipients=PUBLIC[:2], thread_secret=b"x" * 32)
    assert stranger.box_id(head, b"x") != ids[0]


def test_sealing_refuses_what_nobody_could_open() -> None:
    assert refusal(sealer) == "CannotSeal"
    assert refusal(lambda: sealer(0, 1, geometry=Geometry(2**18, 1))) == "CannotSeal"
    with pytest.raises(CannotSeal):
        sealer(0).seal(only_part(b""), bytes(C + 1))
    for key in (PUBLIC[0][:-1], b"", b"\xff" * 1216, PUBLIC[0][:1184] + bytes(32), PUBLIC[0][:1184] + b"\x01" + bytes(31)):
        made = {"drop_id": DROP_ID, "epoch": EPOCH, "geometry": SMALL, "recipients": [key], "thread_secret": SECRET}
        assert refusal(seal_with, made) == "BadRecipientKey"


def seal_with(made: dict[str, Any]) -> None:
    Sealer(**made).seal(only_part(b"x"), b"x")


# A letter's part: its stream is made of root and count, so nothing in it can change and still be proved.
HEADER = only_part(b"a body", "letter")
GOOD = layout(HEADER, b"a body", SMALL)
USED = st.integers(0, 8 + len(HEADER.encode())) | st.integers(HEAD - 2, HEAD + 8)


@given(USED | st.integers(0, SMALL.plaintext - 8), st.binary(min_size=1, max_size=8))
def test_a_changed_plaintext_is_refused(at: int, put: bytes) -> None:
    changed = GOOD[:at] + put + GOOD[at + len(put) :]
    expected = (None,) if changed == GOOD else ("MalformedHead", "ForeignPart")
    assert refusal(lambda: read_part(changed, SMALL)) in expected


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=200))
def test_made_up_plaintexts_bring_nothing_but_refusals(header: int, body: int, junk: bytes) -> None:
    data = (header.to_bytes(4, "big") + body.to_bytes(4, "big") + junk).ljust(SMALL.plaintext, b"\x00")
    assert refusal(lambda: read_part(data, SMALL)) == "MalformedHead"


@pytest.mark.parametrize("length", [0, 7, 8, HEAD, SMALL.plaintext - 1, SMALL.plaintext + 1])
def test_plaintexts_of_another_length_are_refused(length: int) -> None:
    data = GOOD[:length] + b"\x01" * (length - len(GOOD))
    assert refusal(lambda: read_part(data, SMALL)) == "MalformedHead"


def test_the_longest_header_fits() -> None:
    count = MAX_COUNT
    longest = Head("letter", b"\xff" * 32, b"\xff" * 32, count - 2, count, b"\xff" * 32 * merkle.path_length(count - 2, count))
    assert len(longest.encode()) <= MAX_HEADER


def test_a_letter_ends_at_32_mib() -> None:
    most = -(-MAX_LETTER // C)
    for count, refused in ((most, "ForeignPart"), (most + 1, "MalformedHead")):
        path = bytes(32 * merkle.path_length(count - 1, count))
        head = Head("letter", letter_stream(bytes(32), count), bytes(32), count - 1, count, path)
        assert refusal(read_part, layout(head, b"x", SMALL), SMALL) == refused


def test_the_librarys_cobblestone_is_the_specs() -> None:
    """Sealed by SPEC's lines, opened by the library, for lengths around a chunk."""
    outside = SEALED[: SMALL.wraps_end]
    key = opener(0).open(SEALED, BOX_ID).box_key
    context = box.context(hashlib.sha256(outside).digest(), DROP_ID, EPOCH, BOX_ID)
    sealed = outside + cobblestone(key, bytes(24), context, GOOD)
    assert opener(1).open(sealed, BOX_ID).head == HEADER
    with pytest.raises(BoxDamaged):
        opener(1).open(outside + cobblestone(key, bytes(24), context + b"x", GOOD), BOX_ID)
