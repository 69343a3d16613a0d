"""Notes, roots, rosters and enrolments: any changed byte is refused, by name, and nothing else ever happens."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_keys import enrolment, note
from knothole_keys.epoch import DAY
from knothole_keys.errors import KnotholeError, MalformedEnrolment, Refused
from knothole_keys.note import NoteKey
from knothole_keys.root import MAX_ROOTS, fingerprint, parse_fingerprint, read_chain
from knothole_keys.roster import MAX_RECIPIENTS, read_roster
from knothole_keys.sign import Signer, new_note
from tests.keys.making import drop, roots, rosters
from tests.keys.refusing import refusal

CHAIN = read_chain(drop.ROOT + roots.SECOND)
FIRST = read_chain(drop.ROOT)
KNOWN = read_roster(rosters.GOOD, FIRST, now=drop.NOW)
ENROLMENT = drop.note_of(
    {**drop.journalist("dana").value(), "type": enrolment.TYPE, "drop_id": drop.DROP_ID.hex(), "issued": drop.NOW},
    [drop.long_term("dana")],
)


def read_note(data: bytes) -> None:
    note.require(note.parse(data), [drop.ANA.public, drop.BEN.public], 2)


def read_chain_of_drop(data: bytes) -> None:
    read_chain(data, drop_id=drop.DROP_ID, now=drop.NOW)


def read_roster_of_drop(data: bytes) -> None:
    read_roster(data, FIRST, now=drop.NOW)


def read_enrolment_of_drop(data: bytes) -> None:
    enrolment.read_enrolment(data, drop_id=drop.DROP_ID)


Reader = Callable[[bytes], None]
READERS: list[tuple[Reader, bytes]] = [
    (read_note, drop.note_of({"say": "x"}, [drop.ANA, drop.BEN])),
    (read_chain_of_drop, drop.ROOT + roots.SECOND),
    (read_roster_of_drop, rosters.GOOD),
    (read_enrolment_of_drop, ENROLMENT),
]


@pytest.mark.parametrize(("reader", "good"), READERS)
def test_the_good_one_is_read(reader: Reader, good: bytes) -> None:
    assert refusal(lambda: reader(good)) is None


@given(st.sampled_from(READERS), st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_byte_is_refused(what: tuple[Reader, bytes], where: int, mask: int) -> None:
    reader, good = what
    changed = bytearray(good)
    changed[where % len(good)] ^= mask
    assert refusal(lambda: reader(bytes(changed))) is not None


@given(st.sampled_from(READERS), st.integers(min_value=0), st.binary(min_size=1, max_size=4))
def test_inserted_bytes_are_refused(what: tuple[Reader, bytes], where: int, put: bytes) -> None:
    reader, good = what
    at = where % (len(good) + 1)
    assert refusal(lambda: reader(good[:at] + put + good[at:])) is not None


@given(st.sampled_from(READERS), st.integers(min_value=0), st.integers(1, 50))
def test_missing_bytes_are_refused(what: tuple[Reader, bytes], where: int, length: int) -> None:
    reader, good = what
    at = where % len(good)
    assert refusal(lambda: reader(good[:at] + good[at + length :])) is not None


@given(st.sampled_from([reader for reader, _ in READERS]), st.binary(max_size=200))
def test_junk_is_refused_and_nothing_else_happens(reader: Reader, junk: bytes) -> None:
    assert refusal(lambda: reader(junk)) is not None


MEMBERS = st.sampled_from(
    sorted({*drop.root_value(), *drop.second_root(), *drop.roster_value(), *ENROLMENT.decode().split('"')[1::2]})
)
ODD: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(0, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"]), max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=3),
    max_leaves=6,
)


@given(st.integers(0, 3), MEMBERS, ODD)
def test_a_signed_member_of_any_shape_is_read_or_refused(which: int, member: str, odd: Any) -> None:
    """Whoever holds the keys can sign anything: every reader must stand it."""
    everybody = [drop.ANA, drop.BEN, drop.CEM, drop.DEE]
    if which == 0:
        data = drop.note_of({**drop.root_value(), member: odd}, everybody)
        refusal(lambda: read_chain(data, now=drop.NOW))
    elif which == 1:
        data = drop.ROOT + drop.note_of({**drop.second_root(), member: odd}, everybody)
        refusal(lambda: read_chain_of_drop(data))
    elif which == 2:
        data = drop.note_of({**drop.roster_value(), member: odd}, everybody)
        refusal(lambda: read_roster_of_drop(data))
    else:
        recipient = {**drop.journalist("dana").value(), member: odd}
        data = drop.note_of(drop.roster_value(recipients=[recipient]), everybody)
        refusal(lambda: read_roster_of_drop(data))


@given(st.text(max_size=80))
def test_any_text_as_a_key_or_a_fingerprint(text: str) -> None:
    assert refusal(lambda: NoteKey.parse(text)) in (None, "MalformedNote")
    assert refusal(lambda: parse_fingerprint(text)) in (None, "WrongDrop")


@given(st.binary(min_size=32, max_size=32), st.data())
def test_fingerprints_come_back_however_typed(drop_id: bytes, data: st.DataObject) -> None:
    printed = fingerprint(drop_id)
    assert len(printed.split("-")) == 13
    typed = "".join(
        data.draw(st.sampled_from([c, c.upper(), f" {c}", f"{c}\n"])) for c in printed.replace("-", data.draw(SEPARATORS))
    )
    assert parse_fingerprint(typed) == drop_id


SEPARATORS = st.sampled_from(["", "-", " ", " - ", "\u00a0", "--"])


@given(st.binary(min_size=32, max_size=32), st.integers(0, 51), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_mistyped_fingerprint_is_another_drop(drop_id: bytes, where: int, letter: str) -> None:
    letters = fingerprint(drop_id).replace("-", "")
    typed = letters[:where] + letter + letters[where + 1 :]
    if typed != letters and refusal(lambda: parse_fingerprint(typed)) is None:
        assert parse_fingerprint(typed) != drop_id


@given(st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True), st.binary(min_size=32, max_size=32))
def test_signing_and_reading_notes(name: str, seed: bytes) -> None:
    signer = Signer(name, seed)
    signed = new_note({"a": 1}, [signer])
    assert note.parse(signed.data) == signed
    assert NoteKey.parse(str(signer.public)) == signer.public
    note.require(signed, [signer.public], 1)
    with pytest.raises(Refused):
        signer.add_to(signed)


def test_a_root_of_many_versions_is_refused_at_the_65th() -> None:
    texts, previous = [drop.ROOT], drop.DROP_ID
    for version in range(2, MAX_ROOTS + 2):
        value = drop.root_value(version=version, drop_id=drop.DROP_ID.hex(), previous=previous.hex())
        texts.append(drop.note_of(value, [drop.ANA, drop.BEN]))
        previous = note.parse(texts[-1]).hash
    assert read_chain(b"".join(texts[:MAX_ROOTS])).current.version == MAX_ROOTS
    assert refusal(lambda: read_chain(b"".join(texts))) == "BrokenChain"
    assert refusal(lambda: read_chain(texts[0] + texts[-1])) == "MalformedRoot"


def test_the_newest_roster_is_never_followed_by_an_older_one() -> None:
    """Versions 1 to 4 in every order of two: only rising ones, and the same one again, are accepted."""
    made = [rosters.GOOD]
    for version in range(2, 5):
        previous = note.parse(made[-1]).hash.hex()
        value = drop.roster_value(version=version, previous=previous, issued=drop.NOW - DAY + version)
        made.append(drop.note_of(value, [drop.ANA, drop.BEN]))
    read = [read_roster(data, FIRST, now=drop.NOW) for data in made]
    for known in read:
        for data, new in zip(made, read, strict=True):
            refused = refusal(read_roster, data, FIRST, now=drop.NOW, known=known)
            assert refused == (None if new.version >= known.version else "RosterRollback")


def test_slots_of_every_week_that_a_roster_touches() -> None:
    """The root's boxes grow to eight slots in four weeks: a roster that begins before may not count on them."""
    people = [replace(drop.journalist(f"crowd {i}"), epochs={}) for i in range(5)]
    week = 7 * DAY
    for start, refused in ((2, "MalformedRoster"), (4, None)):
        issued = drop.NOW + start * week
        value = drop.roster_value(people, root_version=2, issued=issued, expires=issued + 2 * week)
        data = drop.note_of(value, [drop.ANA, drop.CEM])
        assert refusal(read_roster, data, CHAIN, now=issued) == refused
    crowd = [replace(drop.journalist(f"crowd {i}"), epochs={}) for i in range(MAX_RECIPIENTS + 1)]
    data = drop.note_of(drop.roster_value(crowd), [drop.ANA, drop.BEN])
    assert refusal(lambda: read_roster(data, FIRST, now=drop.NOW)) == "MalformedRoster"


def test_an_enrolment_adds_weeks_and_changes_none() -> None:
    known, more = drop.journalist("dana", (0, 1)), drop.journalist("dana", (1, 2))
    merged = enrolment.merge(known, replace(more, name="Dana", note="ask for me"))
    assert (merged.name, merged.note, sorted(merged.epochs)) == ("Dana", "ask for me", [drop.EPOCH + i for i in range(3)])
    assert enrolment.merge(None, more) == more
    other = replace(more, epochs={drop.EPOCH: drop.journalist("mallory").epochs[drop.EPOCH]})
    with pytest.raises(MalformedEnrolment):
        enrolment.merge(known, other)
    assert issubclass(MalformedEnrolment, KnotholeError)
