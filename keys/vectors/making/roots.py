"""Scenarios of roots and their chain."""

from collections.abc import Iterator
from typing import Any

from knothole_keys import canonical, note
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.root import fingerprint
from making.drop import (
    ANA,
    BEN,
    CEM,
    DEE,
    DROP_ID,
    EPOCH,
    NOW,
    OTHER_DROP,
    ROOT,
    SIZE,
    SLOTS,
    admins_of,
    line_of,
    note_of,
    root_value,
    second_root,
)  # fmt: skip
from making.points import forged_signature, order_eight
from making.scenario import Scenario, refused, spelled

BOTH = [ANA, CEM, DEE]
SECOND = note_of(second_root(), BOTH)


def _given(roots: bytes, now: int = NOW, drop_id: bytes | None = None) -> dict[str, Any]:
    given = {"roots": spelled(roots), "now": now}
    return given if drop_id is None else {**given, "drop_id": drop_id.hex()}


def root_scenarios() -> Iterator[Scenario]:
    """A first root, a chain of two, and what breaks each."""
    expect = {
        "drop_id": DROP_ID.hex(),
        "fingerprint": fingerprint(DROP_ID),
        "version": 1,
        "hash": DROP_ID.hex(),
        "geometry": [[], [SIZE, SLOTS], [SIZE, SLOTS], [SIZE, SLOTS]],
    }
    epochs = {"epochs": [EPOCH - 16, EPOCH - 15, EPOCH + 3, EPOCH + 4]}
    yield Scenario("root_first", "The first root of a drop.", "root", _given(ROOT, drop_id=DROP_ID) | epochs, expect)
    second = {
        **expect,
        "version": 2,
        "hash": note.parse(SECOND).hash.hex(),
        "geometry": [[], [SIZE, SLOTS], [SIZE, SLOTS], [2**20, 8]],
    }
    about = "An administrator was exchanged and boxes grow later; two old and two new administrators signed."
    yield Scenario("root_chain_of_two", about, "root", _given(ROOT + SECOND, drop_id=DROP_ID) | epochs, second)
    about = "The first root has expired; the second, in force, has not."
    early = _given(ROOT, NOW - 100 * DAY - DAY - 1)
    yield refused("root_from_future", "Issued a day and a second ahead of the clock.", "root", early, "RootFromFuture")
    late = _given(ROOT + SECOND, NOW + 250 * DAY)
    yield Scenario("root_earlier_one_expired", about, "root", late | epochs, second)
    for flaw, (change, about) in MALFORMED.items():
        value = root_value(**change)
        yield refused(f"root_{flaw}", about, "root", _given(note_of(value, [ANA, BEN, CEM])), "MalformedRoot")
    yield from _broken()
    yield from _unsigned()
    yield from _other()


_ADMINS = admins_of([ANA, BEN, CEM])
MALFORMED: dict[str, tuple[dict[str, Any], str]] = {
    "two_keys_under_one_name": (
        {"admins": [_ADMINS[0], {"key": _ADMINS[1]["key"], "name": "ana"}, _ADMINS[2]]},
        "Two administrators of one name.",
    ),
    "one_key_under_two_names": (
        {"admins": [_ADMINS[0], {"key": _ADMINS[0]["key"], "name": "ana2"}, _ADMINS[2]]},
        "One administrator who would count twice.",
    ),
    "admins_unsorted": ({"admins": _ADMINS[::-1]}, "Administrators are sorted by name."),
    "no_admins": ({"admins": []}, "Nobody could sign the next one."),
    "threshold_zero": ({"threshold": 0}, "Nobody would have to sign."),
    "threshold_above_admins": ({"threshold": 4}, "More signatures than administrators."),
    "lives_too_long": ({"expires": NOW + 400 * DAY}, "More than thirteen months."),
    "expires_when_issued": ({"expires": NOW - 100 * DAY}, "It would never be valid."),
    "size_not_a_power_of_two": ({"boxes": [{"from_epoch": 0, "size": SIZE + 1, "slots": 4}]}, "Boxes of an odd size."),
    "boxes_too_small": ({"boxes": [{"from_epoch": 0, "size": 2**17, "slots": 4}]}, "Boxes below 256 KiB."),
    "seventeen_slots": ({"boxes": [{"from_epoch": 0, "size": SIZE, "slots": 17}]}, "More slots than a box may have."),
    "boxes_unsorted": (
        {"boxes": [{"from_epoch": 5, "size": SIZE, "slots": 4}, {"from_epoch": 5, "size": SIZE, "slots": 8}]},
        "Two looks for one epoch.",
    ),
    "unknown_member": ({"comment": "x"}, "A member that this version does not know."),
    "missing_member": ({"retention_days": None}, "A member is missing."),
    "first_with_previous": ({"previous": "00" * 32, "drop_id": "00" * 32}, "The first root follows nothing."),
    "true_for_a_number": ({"threshold": True}, "true is 1 in some languages."),
    "drop_name_turns_text": ({"drop": "The \u202eLantern"}, "A control that turns the direction of text."),
    "drop_name_of_65_bytes": ({"drop": "\u00e9" * 32 + "x"}, "A name over 64 bytes, though not over 64 characters."),
    "other_type": ({"type": "knothole-root/2"}, "A later format."),
    "key_in_upper_case": ({"admins": [{"key": _ADMINS[0]["key"].upper(), "name": "ana"}]}, "Hex is lower case."),
}  # fmt: skip


def _broken() -> Iterator[Scenario]:
    moved = [{"from_epoch": EPOCH - 15, "size": 2**19, "slots": SLOTS}]
    begun = epoch_of(NOW - 10 * DAY)
    added = [{"from_epoch": EPOCH - 15, "size": SIZE, "slots": SLOTS}, {"from_epoch": begun, "size": 2**20, "slots": 4}]
    third = second_root(version=3, previous=note.parse(SECOND).hash.hex())
    chains = {
        "previous_of_another": (ROOT + note_of(second_root(previous="00" * 32), BOTH), "Another root's hash as previous."),
        "version_gap": (ROOT + note_of(third, BOTH), "The second root is missing."),
        "first_missing": (SECOND, "The chain begins with its second root."),
        "wrong_order": (SECOND + ROOT, "The newest root first."),
        "same_root_twice": (ROOT + ROOT, "The first root twice."),
        "other_drop_id": (ROOT + note_of(second_root(drop_id=OTHER_DROP.hex()), BOTH), "The second names another drop."),
        "issued_earlier": (ROOT + note_of(second_root(issued=NOW - 101 * DAY), BOTH), "Issued before the one before it."),
        "changes_past_boxes": (ROOT + note_of(second_root(boxes=moved), BOTH), "Boxes of past weeks get another size."),
        "changes_this_week": (ROOT + note_of(second_root(boxes=added), BOTH), "The week that has begun gets another size."),
        "nothing": (b"", "No root at all."),
        "begins_with_blank_line": (b"\n" + ROOT, "Something stands before the first root."),
        "65_roots": (ROOT * 65, "More roots than a chain may have."),
    }
    for flaw, (chain, about) in chains.items():
        yield refused(f"root_chain_{flaw}", about, "root", _given(chain), "BrokenChain")
    junk = _given(ROOT + b"x\n" + SECOND)
    yield refused("root_chain_junk_between", "A word between two notes.", "root", junk, "MalformedNote")


def _unsigned() -> Iterator[Scenario]:
    cases = {
        "first_not_signed_by_all": (note_of(root_value(), [ANA, BEN]), "The threshold is not enough for the first root."),
        "only_old_admins_signed": (ROOT + note_of(second_root(), [ANA, BEN]), "Only one of the new administrators signed."),
        "only_new_admins_signed": (ROOT + note_of(second_root(), [CEM, DEE]), "Only one of the old administrators signed."),
        "nobody_new_or_old": (ROOT + note_of(second_root(), [DEE]), "One signature in all."),
    }
    for flaw, (chain, about) in cases.items():
        yield refused(f"root_{flaw}", about, "root", _given(chain), "NotEnoughSignatures")
    edited = ROOT.replace(b'"retention_days":30', b'"retention_days":31')
    yield refused("root_edited", "A number was changed after signing.", "root", _given(edited), "BadSignature")


def _other() -> Iterator[Scenario]:
    expired = _given(ROOT, NOW + 200 * DAY)
    yield refused("root_expired", "The root in force expires at this very second.", "root", expired, "RootExpired")
    late = _given(ROOT + SECOND, NOW + 300 * DAY)
    yield refused("root_chain_expired", "The newest root has expired.", "root", late, "RootExpired")
    given = _given(ROOT, drop_id=OTHER_DROP)
    yield refused("root_of_another_drop", "Not the drop whose fingerprint was given.", "root", given, "WrongDrop")
    look_alike = note_of(root_value(admins=admins_of([DEE]), threshold=1), [DEE])
    given = _given(look_alike, drop_id=DROP_ID)
    yield refused("root_of_an_impostor", "Same name, other keys.", "root", given, "WrongDrop")
    key = note.NoteKey("ana", order_eight().encoded())
    text = canonical.encode(root_value(admins=[{"key": key.key.hex(), "name": "ana"}], threshold=1)) + b"\n"
    forged = note_of(text, []) + line_of(key, forged_signature(key.key, text))
    about = "A first root whose only key is of small order: anybody can sign."
    yield refused("root_key_of_small_order", about, "root", _given(forged), "BadSignature")
