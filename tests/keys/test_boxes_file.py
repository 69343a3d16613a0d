"""The `.boxes` file: what is written is read again in pieces of any length; all else is refused at its first wrong byte."""

import itertools
import os
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knothole_keys.box import MAGIC as BOX_MAGIC
from knothole_keys.boxes_file import ENTRY, HEADER, MAGIC, BoxEnd, Entry, Event, Header, Reader
from knothole_keys.errors import MalformedBoxes

SIZE = 2**18
DROP = bytes(range(32))
BODY = BOX_MAGIC + os.urandom(SIZE - len(BOX_MAGIC))
ENTRIES = [Entry(2960 + number, bytes([number]) * 16) for number in range(3)]
HEAD = Header(DROP, SIZE).encode()
WHOLE = HEAD + b"".join(entry.encode() + BODY for entry in ENTRIES)


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    at = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(at)]


def read(pieces: Iterable[bytes]) -> list[Event]:
    reader, found = Reader(), list[Event]()
    for piece in pieces:
        found += reader.feed(piece)
    reader.finish()
    return found


def joined(events: Iterable[Event]) -> list[Event]:
    """The same events, a box's bytes as one."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += event
        else:
            found.append(event)
    return found


WANTED: list[Event] = [Header(DROP, SIZE)]
for one in ENTRIES:
    WANTED += [one, BODY, BoxEnd()]


def test_the_file_has_the_lengths_that_the_specification_says() -> None:
    assert (len(MAGIC), HEADER, ENTRY) == (17, 53, 20)
    assert HEAD == b"knothole-boxes/1\n" + DROP + b"\x00\x04\x00\x00"
    assert ENTRIES[0].encode() == b"\x00\x00\x0b\x90" + bytes(16)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=30))
@settings(deadline=None)
def test_cut_anywhere_it_is_the_same_file(places: list[int]) -> None:
    assert joined(read(cut(WHOLE, places))) == WANTED


def test_byte_by_byte_around_every_seam_it_is_the_same_file() -> None:
    seams = [HEADER + number * (ENTRY + SIZE) for number in range(4)]
    places = {at for seam in seams for at in range(max(0, seam - 60), seam + 60) if at < len(WHOLE)}
    assert joined(read(cut(WHOLE, places))) == WANTED


def test_no_piece_is_longer_than_what_was_fed() -> None:
    assert max(len(event) for event in read(cut(WHOLE, range(0, len(WHOLE), 4096))) if isinstance(event, bytes)) <= 4096


@pytest.mark.parametrize("at", [*range(len(MAGIC)), HEADER - 4, HEADER - 1, *range(HEADER + ENTRY, HEADER + ENTRY + 15)])
def test_a_wrong_byte_is_refused_where_it_stands(at: int) -> None:
    data = bytearray(WHOLE)
    data[at] ^= 0x20
    reader, events = Reader(), list[Event]()
    # A size is judged when all of it is there.
    last = max(at, HEADER - 1) if at >= len(MAGIC) else at
    for place in range(last):
        events += reader.feed(data[place : place + 1])
    with pytest.raises(MalformedBoxes):
        list(reader.feed(data[last : last + 1]))
    assert not any(isinstance(event, (Entry, bytes)) for event in events)


@pytest.mark.parametrize("length", [0, 1, 16, 17, 52, 53, 54, HEADER + ENTRY, HEADER + ENTRY + 1, len(WHOLE) - 1])
def test_a_file_that_was_cut_short_is_refused(length: int) -> None:
    with pytest.raises(MalformedBoxes):
        read([WHOLE[:length]])


@pytest.mark.parametrize("junk", [b"\0", b"\n", bytes(ENTRY), bytes(ENTRY + 15), ENTRIES[0].encode(), WHOLE, HEAD])
def test_what_follows_the_last_box_is_a_box_or_refused(junk: bytes) -> None:
    with pytest.raises(MalformedBoxes):
        read([WHOLE, junk])


@pytest.mark.parametrize("size", [0, 1, 2**17, 2**18 + 1, 2**18 * 3, 2**25, 2**31, 2**32 - 1])
def test_a_size_that_no_box_has_is_refused(size: int) -> None:
    with pytest.raises(MalformedBoxes):
        read([Header(DROP, size).encode() + ENTRIES[0].encode() + BODY])


@given(st.binary(min_size=1, max_size=200))
def test_anything_else_is_refused_at_its_first_wrong_byte(data: bytes) -> None:
    reader = Reader()
    if MAGIC.startswith(data[: len(MAGIC)]):
        data = b"x" + data
    with pytest.raises(MalformedBoxes):
        list(reader.feed(data))
    assert not reader.begun


@given(st.integers(0, HEADER + ENTRY + 40), st.integers(1, 255), st.lists(st.integers(0, 400), max_size=10))
@settings(deadline=None)
def test_a_changed_byte_never_makes_another_layout(at: int, flip: int, places: list[int]) -> None:
    """It is refused, or it is the same boxes under another address or with another content; never more or longer ones."""
    data = bytearray(WHOLE[: HEADER + ENTRY + SIZE])
    data[at] ^= flip
    try:
        events = joined(read(cut(bytes(data), places)))
    except MalformedBoxes:
        return
    assert [type(event) for event in events] == [Header, Entry, bytes, BoxEnd]
    assert isinstance(events[2], bytes)
    assert len(events[2]) == SIZE
