"""The server's list of boxes: everything but a strictly rising one is refused whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_client.courier import listing
from knothole_client.courier.listing import ENTRY, MalformedListing, read_listing


def entry(number: int, digest: int = 0) -> bytes:
    return number.to_bytes(16, "big") + digest.to_bytes(32, "big")


def test_an_empty_week():
    assert read_listing(b"") == []


@given(st.sets(st.integers(0, 2**128 - 1), max_size=20))
def test_sorted_entries_come_out_as_they_went_in(numbers: set[int]):
    listed = read_listing(b"".join(entry(number, number) for number in sorted(numbers)))
    assert [int.from_bytes(one.id, "big") for one in listed] == sorted(numbers)
    assert all(int.from_bytes(one.digest, "big") == int.from_bytes(one.id, "big") for one in listed)


@pytest.mark.parametrize("data", [b"x", entry(1)[:-1], entry(1) + b"x", b"<html>not found</html>"])
def test_a_list_that_is_cut_short_is_refused(data: bytes):
    with pytest.raises(MalformedListing, match="cut short"):
        read_listing(data)


@pytest.mark.parametrize("numbers", [(2, 1), (1, 1), (1, 3, 2), (1, 2, 2, 3)])
def test_a_list_out_of_order_or_with_repeats_is_refused(numbers: tuple[int, ...]):
    with pytest.raises(MalformedListing, match="not sorted or names a box twice"):
        read_listing(b"".join(entry(number) for number in numbers))


def test_a_repeat_with_another_digest_is_refused():
    with pytest.raises(MalformedListing):
        read_listing(entry(1, 1) + entry(1, 2))


def test_a_list_longer_than_any_week_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listing, "MAX_ENTRIES", 3)
    assert len(read_listing(b"".join(map(entry, range(3))))) == 3
    with pytest.raises(MalformedListing, match="longer"):
        read_listing(b"".join(map(entry, range(4))))
    assert ENTRY == 48
