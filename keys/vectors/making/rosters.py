"""Scenarios of rosters, enrolments and weekly keys."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from knothole_keys import fields, note, xwing
from knothole_keys.epoch import DAY
from knothole_keys.recipient import Recipient
from making.drop import (
    ANA,
    BEN,
    CEM,
    DROP_ID,
    EPOCH,
    NOW,
    OTHER_DROP,
    ROOT,
    journalist,
    long_term,
    note_of,
    roster_value,
    seed,
)  # fmt: skip
from making.scenario import Bytes, Scenario, refused, spelled

SIGNERS = [ANA, BEN]
GOOD = note_of(roster_value(), SIGNERS)
GOOD_HASH = note.parse(GOOD).hash.hex()
SECOND = {"version": 2, "previous": GOOD_HASH, "issued": NOW - DAY // 2}


def _given(data: bytes, now: int = NOW, known: bytes | None = None) -> dict[str, Any]:
    given: dict[str, Any] = {"roots": spelled(ROOT), "roster": spelled(data), "now": now}
    return given if known is None else {**given, "known": spelled(known)}


def _changed(**changes: Any) -> bytes:
    return note_of(roster_value(**changes), SIGNERS)


def roster_scenarios() -> Iterator[Scenario]:
    """A roster, its successors, and what breaks them."""
    people = sorted((journalist("dana"), journalist("evan")), key=lambda one: one.id)
    expect = {
        "hash": GOOD_HASH,
        "version": 1,
        "receiving": [[one.id for one in people], []],
    }
    epochs = {"epochs": [EPOCH, EPOCH + 1]}
    yield Scenario("roster_for_two", "Two recipients with a key for this week.", "roster", _given(GOOD) | epochs, expect)
    yield Scenario("roster_known_already", "The same roster again.", "roster", _given(GOOD, known=GOOD) | epochs, expect)
    nobody = _changed(recipients=[], issued=NOW + DAY)
    empty = {"hash": note.parse(nobody).hash.hex(), "version": 1, "receiving": [[], []]}
    about = "Nobody receives, and it was issued a day ahead of the reader's clock: both are allowed."
    yield Scenario("roster_for_nobody_a_day_ahead", about, "roster", _given(nobody) | epochs, empty)
    gap = _changed(**{**SECOND, "version": 9, "previous": "00" * 32})
    after = {**expect, "hash": note.parse(gap).hash.hex(), "version": 9}
    yield Scenario("roster_after_a_gap", "A gap is accepted.", "roster", _given(gap, known=GOOD) | epochs, after)
    for flaw, (data, about) in _malformed().items():
        yield refused(f"roster_{flaw}", about, "roster", _given(data), "MalformedRoster")
    yield from _signatures()
    yield from _times_and_history()


def _dana(**changes: Any) -> list[dict[str, Any]]:
    return [{**journalist("dana").value(), **changes}]


def _malformed() -> dict[str, tuple[bytes, str]]:
    dana, evan = journalist("dana"), journalist("evan")
    ordered = sorted((dana, evan), key=lambda one: one.id)
    shared = replace(evan, epochs=dana.epochs)
    crowd = [replace(journalist(f"crowd {i}"), epochs={}) for i in range(5)]
    week = {"epoch": EPOCH, "key": fields.to_base64(dana.epochs[EPOCH])}
    return {
        "too_many_recipients": (note_of(roster_value(crowd), SIGNERS), "Five recipients where boxes have four slots."),
        "unsorted": (_changed(recipients=[one.value() for one in ordered[::-1]]), "Recipients are sorted by id."),
        "recipient_twice": (_changed(recipients=[dana.value(), dana.value()]), "One recipient twice."),
        "weekly_key_twice": (note_of(roster_value([dana, shared]), SIGNERS), "Two recipients with one weekly key."),
        "one_key_for_two_weeks": (
            _changed(recipients=_dana(epochs=[week, {**week, "epoch": EPOCH + 1}])),
            "One recipient with one key for two weeks.",
        ),
        "weeks_unsorted": (
            _changed(recipients=_dana(epochs=[{**week, "epoch": EPOCH + 1}, {**week, "epoch": EPOCH}])),
            "Weeks are sorted.",
        ),
        "id_of_another_key": (_changed(recipients=_dana(id=evan.id)), "The id does not follow from the key."),
        "weekly_key_too_short": (
            _changed(recipients=_dana(epochs=[{**week, "key": fields.to_base64(bytes(1215))}])),
            "A weekly key of 1215 bytes.",
        ),
        "name_with_newline": (_changed(recipients=_dana(name="da\nna")), "A newline in a name."),
        "name_of_spaces": (_changed(recipients=_dana(name=" ")), "A name that ends in a space."),
        "unknown_member": (_changed(note="x"), "A member that this version does not know."),
        "first_with_previous": (_changed(previous="00" * 32), "The first roster follows nothing."),
        "later_without_previous": (_changed(version=2), "The second roster must name the first."),
        "lives_too_long": (_changed(expires=NOW + 35 * DAY), "More than 35 days."),
        "other_root_version": (_changed(root_version=2), "Made for another version of the root."),
        "before_the_first_week": (
            _changed(issued=NOW - 200 * DAY, expires=NOW - 180 * DAY),
            "It touches weeks for which the root knows no boxes.",
        ),
    }


def _signatures() -> Iterator[Scenario]:
    few = note_of(roster_value(), [CEM])
    yield refused("roster_one_signature_too_few", "One of two.", "roster", _given(few), "NotEnoughSignatures")
    edited = GOOD.replace(b'"name":"evan"', b'"name":"Evan"')
    yield refused("roster_edited", "A name was changed after signing.", "roster", _given(edited), "BadSignature")
    other = _changed(drop_id=OTHER_DROP.hex())
    yield refused("roster_of_another_drop", "By the same people, for another drop.", "roster", _given(other), "WrongDrop")


def _times_and_history() -> Iterator[Scenario]:
    late = _given(GOOD, NOW + 13 * DAY)
    yield refused("roster_expired", "It expires at this very second.", "roster", late, "RosterExpired")
    ahead = _given(_changed(issued=NOW + DAY + 1))
    about = "Issued a second more than a day ahead of the clock."
    yield refused("roster_from_future", about, "roster", ahead, "RosterFromFuture")
    second = _changed(**SECOND)
    back = _given(GOOD, known=second)
    yield refused("roster_rollback", "An older version than the one known.", "roster", back, "RosterRollback")
    earlier = _given(_changed(**{**SECOND, "version": 4, "issued": NOW - 2 * DAY}), known=second)
    about = "A later version that was issued earlier."
    yield refused("roster_issued_before_the_known_one", about, "roster", earlier, "RosterRollback")
    fork = _given(_changed(expires=NOW + 12 * DAY), known=GOOD)
    yield refused("roster_fork", "The same version with another text.", "roster", fork, "RosterFork")
    about = "A fork is told as one, even when it was issued earlier."
    fork = _given(_changed(issued=NOW - 2 * DAY), known=GOOD)
    yield refused("roster_fork_issued_earlier", about, "roster", fork, "RosterFork")
    stray = _given(_changed(**{**SECOND, "previous": "00" * 32}), known=GOOD)
    yield refused("roster_next_of_another", "The next version, after another roster.", "roster", stray, "RosterFork")


def _enrolled(one: Recipient, **changes: Any) -> dict[str, Any]:
    value = {**one.value(), "type": "knothole-enrolment/1", "drop_id": DROP_ID.hex(), "issued": NOW}
    return {**value, **changes}


def enrolment_scenarios() -> Iterator[Scenario]:
    """Enrolments: what a desk hands to an administrator."""
    dana, signer = journalist("dana", (0, 1)), long_term("dana")
    good = note_of(_enrolled(dana), [signer])
    given: dict[str, Any] = {"enrolment": spelled(good), "drop_id": DROP_ID.hex()}
    expect = {"id": dana.id, "name": "dana", "epochs": [EPOCH, EPOCH + 1]}
    yield Scenario("enrolment_two_weeks", "Keys for two weeks.", "enrolment", given, expect)

    def flawed(flaw: str, about: str, data: bytes, error: str, **more: Bytes) -> Scenario:
        return refused(f"enrolment_{flaw}", about, "enrolment", {**given, "enrolment": spelled(data), **more}, error)

    changed = replace(dana, epochs={EPOCH: journalist("mallory").epochs[EPOCH]})
    about = "A key that is known already is exchanged: somebody may read what was meant for dana."
    data = note_of(_enrolled(changed), [signer])
    yield flawed("changes_a_known_key", about, data, "MalformedEnrolment", known=spelled(good))
    data = note_of(_enrolled(replace(dana, epochs={})), [signer])
    yield flawed("without_keys", "No week at all.", data, "MalformedEnrolment")
    twice = [{"epoch": EPOCH + i, "key": fields.to_base64(dana.epochs[EPOCH])} for i in range(2)]
    data = note_of(_enrolled(dana, epochs=twice), [signer])
    yield flawed("one_key_for_two_weeks", "Destroying one week would destroy nothing.", data, "MalformedEnrolment")
    data = note_of(_enrolled(dana, id=journalist("evan").id), [signer])
    yield flawed("id_of_another_key", "The id does not follow from the key.", data, "MalformedEnrolment")
    data = note_of(_enrolled(dana), [long_term("evan")])
    yield flawed("signed_by_another", "Another recipient signed it.", data, "NotEnoughSignatures")
    data = good.replace(b'"name":"dana"', b'"name":"Dana"')
    yield flawed("edited", "The name was changed after signing.", data, "BadSignature")
    data = note_of(_enrolled(dana, drop_id=OTHER_DROP.hex()), [signer])
    yield flawed("for_another_drop", "Made for another drop.", data, "WrongDrop")


def weekly_key_scenarios() -> Iterator[Scenario]:
    """X-Wing keys that are tried before anybody depends on them."""
    good = xwing.public_bytes(seed("weekly key"))
    yield Scenario("weekly_key_usable", "A key that can be sealed to.", "weekly_key", _key(good), {"usable": True})
    flaws = {
        "unreduced": (b"\xff" * 1152 + good[1152:], "ML-KEM coefficients that are not reduced."),
        "x25519_zero": (good[:1184] + bytes(32), "An X25519 half that gives the all-zero secret."),
        "x25519_small_order": (good[:1184] + b"\x01" + bytes(31), "An X25519 half of small order."),
        "too_short": (good[:-1], "1215 bytes."),
    }
    for flaw, (data, about) in flaws.items():
        yield refused(f"weekly_key_{flaw}", about, "weekly_key", _key(data), "BadRecipientKey")


def _key(data: bytes) -> dict[str, Any]:
    return {"key": {"base64": fields.to_base64(data)}}
