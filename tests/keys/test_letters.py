"""Letters: what is written is read, what is changed is refused, and files go inside as SPEC counts them."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from knothole_keys import canonical, codename, merkle, names
from knothole_keys.errors import CannotSeal
from knothole_keys.letter import MAX_FILES, Draft, FileEntry, choose_inside, read_letter, write_letter
from knothole_keys.stream import file_stream
from tests.keys.refusing import refusal

DROP_ID = bytes(range(32))
KEYS = codename.thread_keys(" ".join(codename.word_list()[:8]), DROP_ID)
CAPACITY = 4000
IDS = ["0011223344556677", "8899aabbccddeeff"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NAMES = TEXT.filter(lambda name: refusal(lambda: names.check(name)) is None)


def entry(name: str, body: bytes) -> FileEntry:
    root = merkle.leaf(body)
    return FileEntry(name, len(body), "", root, file_stream(KEYS.secret, root))


def draft(files: list[FileEntry], message: str = "hello", **changes: Any) -> Draft:
    return dataclasses.replace(Draft(message, "en", "2026-11-24", files, IDS, bytes(32)), **changes)


def write(bodies: dict[str, bytes], message: str = "hello", capacity: int = CAPACITY) -> tuple[bytes, list[bool]]:
    table = [entry(name, body) for name, body in bodies.items()]
    inside = choose_inside(draft(table, message), KEYS, capacity)
    chosen = [dataclasses.replace(one, inside=fits) for one, fits in zip(table, inside, strict=True)]
    return write_letter(draft(chosen, message), KEYS, DROP_ID, bodies), inside


@given(TEXT, st.dictionaries(NAMES, st.integers(0, 2500), max_size=5))
def test_what_is_written_is_read(message: str, sizes: dict[str, int]) -> None:
    bodies = {name: b"x" * size for name, size in sizes.items()}
    if len({names.folded(name) for name in bodies}) < len(bodies):
        assert refusal(lambda: write(bodies, message)) == "BadFileName"
        return
    stream, inside = write(bodies, message)
    letter = read_letter(stream, drop_id=DROP_ID, capacity=CAPACITY)
    assert (letter.message, letter.thread) == (message, KEYS.thread)
    assert [one.name for one in letter.files] == list(bodies)
    assert letter.contents == {name: bodies[name] for name, fits in zip(bodies, inside, strict=True) if fits}


@given(st.lists(st.integers(0, 3000), max_size=8), st.integers(0, 4500))
def test_each_file_that_fits_goes_inside_in_table_order(sizes: list[int], length: int) -> None:
    """Against the rule itself: write the letter with and without each file in turn, and look at its length."""
    bodies = {str(i): b"x" * size for i, size in enumerate(sizes)}
    message = "m" * length
    table = [entry(name, body) for name, body in bodies.items()]
    chosen = list(table)
    for i, one in enumerate(table):
        attempt = [*chosen[:i], dataclasses.replace(one, inside=True), *chosen[i + 1 :]]
        if len(write_letter(draft(attempt, message), KEYS, DROP_ID, bodies)) <= CAPACITY:
            chosen = attempt
    assert write(bodies, message)[1] == [one.inside for one in chosen]


STREAM, _ = write({"a.txt": b"inside", "b.txt": b"y" * 5000})


@settings(max_examples=300)
@given(st.integers(0, len(STREAM) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused(at: int, mask: int) -> None:
    changed = bytearray(STREAM)
    changed[at] ^= mask
    assert refusal(lambda: read_letter(bytes(changed), drop_id=DROP_ID, capacity=CAPACITY)) in REFUSALS


REFUSALS: tuple[str | None, ...] = ("MalformedLetter", "BadLetterSignature")


@given(st.integers(0, len(STREAM) - 1), st.binary(max_size=6))
def test_cut_and_lengthened_letters_are_refused(at: int, more: bytes) -> None:
    for data in (STREAM[:at], STREAM + more + b"\x00", STREAM[at + 1 :], more):
        assert refusal(read_letter, data, drop_id=DROP_ID, capacity=CAPACITY) in REFUSALS


VALUE = canonical.decode(STREAM[4 : 4 + int.from_bytes(STREAM[:4], "big")])
ODD: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(0, 2**53 - 1) | TEXT | st.sampled_from(["", "00" * 32, "aa" * 8]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(VALUE["files"][0])), inner, max_size=6),
    max_leaves=6,
)


def signed(value: Any, contents: bytes = b"inside") -> bytes:
    text = canonical.encode(value)
    signature = SigningKey(KEYS.signing_seed).sign(b"knothole/1 letter\x00" + DROP_ID + text).signature
    return len(text).to_bytes(4, "big") + text + signature + contents


@given(st.sampled_from(sorted(VALUE)) | st.sampled_from(sorted(VALUE["files"][0])), ODD)
def test_a_signed_member_of_any_shape_is_read_or_refused(member: str, odd: Any) -> None:
    """A hostile source signs whatever it likes: the desk must stand it."""
    value = {**VALUE, member: odd} if member in VALUE else {**VALUE, "files": [{**VALUE["files"][0], member: odd}]}
    refused = refusal(lambda: read_letter(signed(value), drop_id=DROP_ID, capacity=CAPACITY))
    assert refused in (None, *REFUSALS, "BadFileName")


@given(NAMES.map(lambda name: name.replace("a", "/")) | st.sampled_from(["..", ".", "", "\x00", "\u202e", "x" * 256]))
def test_a_name_that_could_do_harm_refuses_the_whole_letter(name: str) -> None:
    value = {**VALUE, "files": [{**VALUE["files"][0], "name": name}]}
    refused = refusal(lambda: read_letter(signed(value), drop_id=DROP_ID, capacity=CAPACITY))
    assert refused == refusal(lambda: names.check(name))


@pytest.mark.whole
def test_the_table_ends_at_65536_files() -> None:
    root = bytes(32).hex()
    line = {"inside": False, "root": root, "size": 1, "stream": root, "type": ""}
    for count, refused in ((MAX_FILES, None), (MAX_FILES + 1, "MalformedLetter")):
        value = {**VALUE, "files": [{**line, "name": str(i)} for i in range(count)]}
        data = signed(value, b"")
        assert refusal(read_letter, data, drop_id=DROP_ID, capacity=CAPACITY) == refused


def test_the_same_letter_is_the_same_stream_and_another_is_not() -> None:
    assert write({"a": b"1"})[0] == write({"a": b"1"})[0]
    assert write({"a": b"1"})[0] != write({"a": b"2"})[0]
    nonces = {canonical.decode(write({}, message)[0][4:-64])["nonce"] for message in ("a", "b")}
    assert len(nonces) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"recipients": []}, {"recipients": ["zz"]}, {"recipients": IDS * 2}, {"language": "en_GB"}, {"day": "2026-02-30"},
        {"roster": b""}, {"message": "\ud800"}, {"read": [(IDS[0], 1)] * 2}, {"read": [(IDS[0], -1)]}, {"message": "x" * 2**25},
    ],
)  # fmt: skip
def test_a_letter_that_no_desk_would_take_is_never_sealed(changes: dict[str, Any]) -> None:
    with pytest.raises(CannotSeal):
        write_letter(draft([], **changes), KEYS, DROP_ID, {})


def test_a_file_that_changed_under_the_sealers_hands_is_not_sealed() -> None:
    table = [dataclasses.replace(entry("a", b"before"), inside=True)]
    assert refusal(lambda: write_letter(draft(table), KEYS, DROP_ID, {"a": b"after!"})) == "CannotSeal"


def test_what_a_letter_says_does_not_show_in_its_representation() -> None:
    letter = read_letter(STREAM, drop_id=DROP_ID, capacity=CAPACITY)
    for thing in (letter, draft([]), KEYS):
        assert "hello" not in repr(thing)
        assert KEYS.reply_key.hex() not in repr(thing)
        assert repr(KEYS.reply_key) not in repr(thing)
