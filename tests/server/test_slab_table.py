"""The slab's layout: nothing may overlap, and an entry that is not whole must never pass for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_server.slab_table import ENTRY, FREE, PAGE, Shape, SlabDamaged

SHAPES = st.builds(
    Shape,
    epoch=st.integers(0, 2**32 - 1),
    size=st.sampled_from([4096, 2**18, 2**20]),
    slots=st.integers(1, 16),
    first=st.integers(1, 300),
    later=st.integers(1, 300),
)


@given(SHAPES)
def test_header_reads_back(shape: Shape) -> None:
    assert len(shape.header()) == PAGE
    assert Shape.read(shape.header()) == shape


@given(SHAPES, st.integers(0, 67), st.integers(1, 255))
def test_header_with_one_changed_byte_is_refused(shape: Shape, at: int, flip: int) -> None:
    page = bytearray(shape.header())
    page[at] ^= flip
    with pytest.raises(SlabDamaged):
        Shape.read(bytes(page))


@pytest.mark.parametrize("page", [b"", bytes(PAGE), b"knothole-slab/2\n".ljust(PAGE, b"\0"), bytes(PAGE - 1)])
def test_other_pages_are_refused(page: bytes) -> None:
    with pytest.raises(SlabDamaged):
        Shape.read(page)


@given(SHAPES)
def test_tables_and_places_do_not_overlap(shape: Shape) -> None:
    spans = [(0, PAGE)]
    for extent in range(3):
        spans.append((shape.offset(extent), shape.table(extent)))
        for position in range(shape.begin(extent), shape.begin(extent) + shape.count(extent)):
            assert shape.extent_of(position) == extent
            assert shape.offset(extent) <= shape.entry_offset(position) <= shape.offset(extent) + shape.table(extent) - ENTRY
            spans.append((shape.place_offset(position), shape.size))
    spans.sort()
    ends = [start + length for start, length in spans]
    assert all(end <= start for end, (start, _) in zip(ends, spans[1:], strict=False))
    assert ends[-1] == shape.offset(3)


@given(SHAPES, st.integers(0, 4))
def test_only_whole_extents_count(shape: Shape, extents: int) -> None:
    assert shape.extents_in(shape.offset(extents)) == extents
    assert shape.extents_in(shape.offset(extents + 1) - 1) == extents


@given(SHAPES, st.integers(0, 500), st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_entry_reads_back_only_where_it_belongs(shape: Shape, position: int, box_id: bytes, digest: bytes) -> None:
    entry = shape.entry(position, box_id, digest)
    assert len(entry) == ENTRY
    assert entry != FREE
    assert shape.read_entry(position, entry) == (box_id, digest)
    assert shape.read_entry(position + 1, entry) is None
    other = Shape(shape.epoch ^ 1, shape.size, shape.slots, shape.first, shape.later)
    assert other.read_entry(position, entry) is None


@given(SHAPES, st.binary(min_size=48, max_size=48), st.integers(0, ENTRY - 1), st.integers(1, 255))
def test_torn_entry_is_not_an_entry(shape: Shape, content: bytes, at: int, flip: int) -> None:
    entry = bytearray(shape.entry(7, content[:16], content[16:]))
    entry[at] ^= flip
    assert shape.read_entry(7, bytes(entry)) is None


@pytest.mark.parametrize(("size", "first", "later"), [(2**20, 64, 256), (2**18, 256, 1024), (2**24, 16, 16), (2**23, 16, 32)])
def test_extents_are_as_long_as_the_limits_say(size: int, first: int, later: int) -> None:
    shape = Shape.plan(2960, size, 4, first=2**26, later=2**28, least=16)
    assert (shape.first, shape.later) == (first, later)


@given(SHAPES, st.integers(0, 500), st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_marker_is_no_entry_and_no_free_place_anywhere(shape: Shape, position: int, box_id: bytes, digest: bytes) -> None:
    marker = shape.marker(position, box_id, digest)
    assert (len(marker), marker[:48]) == (ENTRY, box_id + digest)
    assert marker != FREE
    assert shape.read_entry(position, marker) is None
