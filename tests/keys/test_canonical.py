"""Canonical JSON: one value, one spelling, in linear time."""

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knothole_keys import canonical
from knothole_keys.errors import MalformedJSON
from tests.keys.refusing import refusal

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.booleans() | st.integers(0, canonical.MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
JUNK = [b"", b" ", b"null", b"[", b"]", b'"', b'"\\', b"{}{}", b"\xff", b"[1,]", b'{"a"}', b"01", b"1e0", b"--1", b"Infinity"]


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    data = canonical.encode(value)
    assert canonical.decode(data) == value
    assert canonical.encode(canonical.decode(data)) == data


@given(VALUES)
def test_any_json_parser_reads_the_same(value: Any) -> None:
    assert json.loads(canonical.encode(value)) == value


@given(VALUES, st.integers(0, 2), st.integers(min_value=0), st.binary(min_size=1, max_size=3))
def test_a_changed_byte_is_another_value_or_refused(value: Any, how: int, where: int, put: bytes) -> None:
    data = canonical.encode(value)
    at = where % (len(data) + 1)
    changed = [data[:at] + put + data[at:], data[:at] + put + data[at + 1 :], data[:at] + data[at + 1 :]][how]
    if refusal(lambda: canonical.decode(changed)) is None:
        assert canonical.encode(canonical.decode(changed)) == changed


@given(VALUES, st.sampled_from([None, 2, "\t"]), st.booleans(), st.booleans())
def test_other_spellings_are_refused(value: Any, indent: Any, ascii_only: bool, sort: bool) -> None:
    other = json.dumps(value, indent=indent, ensure_ascii=ascii_only, sort_keys=sort).encode()
    if other != canonical.encode(value):
        assert refusal(lambda: canonical.decode(other)) == "MalformedJSON"


@given(st.binary(max_size=60) | st.sampled_from(JUNK))
def test_no_bytes_bring_another_exception(data: bytes) -> None:
    assert refusal(lambda: canonical.decode(data)) in (None, "MalformedJSON")


@pytest.mark.parametrize("depth", [1, 16, 17, 200_000])
@pytest.mark.parametrize(("left", "right"), [(b"[", b"]"), (b'{"":', b"}")])
def test_sixteen_containers_and_no_more(depth: int, left: bytes, right: bytes) -> None:
    data = left * depth + b"0" + right * depth
    assert refusal(lambda: canonical.decode(data)) == (None if depth <= 16 else "MalformedJSON")


@pytest.mark.parametrize(("depth", "refused"), [(16, None), (17, "MalformedJSON")])
def test_writing_stops_where_reading_does(depth: int, refused: str | None) -> None:
    nested: Any = []
    for _ in range(depth - 1):
        nested = [nested]
    assert refusal(lambda: canonical.encode(nested)) == refused
    assert refusal(lambda: canonical.decode(b"[" * depth + b"]" * depth)) == refused


@pytest.mark.parametrize("value", [None, 1.0, -1, 2**53, "\ud800", {"a": None}, [1.5], {"\udc00": 1}, b"x", {1, 2}])
def test_what_has_no_spelling_is_not_written(value: Any) -> None:
    with pytest.raises(MalformedJSON):
        canonical.encode(value)


HOSTILE = {
    "escaped quotes without an end": lambda n: b'"' + b'\\"' * (n // 2),
    "quotes": lambda n: b'"' * n,
    "backslashes": lambda n: b"\\" * n,
    "open brackets in a text": lambda n: b'"' + b"[" * n,
    "closing brackets": lambda n: b"]" * n,
}


@pytest.mark.parametrize("shape", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_take_linear_time(shape: Any) -> None:
    # 4 MiB took hours when each escaped quote was read to the end again; 10 s is far from both.
    data = shape(4 * 1024 * 1024)
    began = time.monotonic()
    assert refusal(lambda: canonical.decode(data)) == "MalformedJSON"
    assert time.monotonic() - began < 10


def test_a_long_text_takes_memory_in_proportion() -> None:
    # A pattern that remembers every character took a hundred bytes for each.
    data = b'"' + b"a" * 4_000_000 + b'"'
    tracemalloc.start()
    canonical.decode(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * len(data)


@settings(max_examples=20)
@given(st.integers(min_value=canonical.MAX_INTEGER + 1))
def test_large_integers_are_refused_and_not_rounded(number: int) -> None:
    assert refusal(lambda: canonical.decode(str(number).encode())) == "MalformedJSON"


def test_as_many_containers_as_allowed_pass_and_one_more_is_refused() -> None:
    # Two bytes of "[]" cost a reader some sixty times as many: a letter of them brought a desk down.
    most = canonical.MAX_CONTAINERS
    assert len(canonical.decode(canonical.encode([[]] * (most - 1)))) == most - 1
    assert refusal(lambda: canonical.decode(b"[" + b"[]," * (most - 1) + b"[]]")) == "MalformedJSON"


def test_brackets_in_texts_are_no_containers() -> None:
    text = "[{" * canonical.MAX_CONTAINERS
    assert canonical.decode(canonical.encode(text)) == text
