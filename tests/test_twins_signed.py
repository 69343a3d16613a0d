"""Notes, roots and rosters: both implementations of SPEC.md read the same, or refuse by the same name."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_keys import note, root, roster, xwing
from knothole_keys.epoch import DAY
from knothole_keys.note import NoteKey
from knothole_keys.recipient import Recipient, recipient_id
from knothole_keys.sign import Signer, new_note
from tests.twin import DROP_ID, EPOCH, FUZZ, NOW, Twin, plain, tried

PUBLIC = [xwing.public_bytes(hashlib.sha256(b"reader %d" % i).digest()) for i in range(2)]
ADMINS = [Signer(name, hashlib.sha256(name.encode()).digest()) for name in ("ana", "bo", "cy")]


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    process = Twin()
    yield process
    process.close()


def root_value(**changes: Any) -> dict[str, Any]:
    return {
        "admins": [{"key": admin.public.key.hex(), "name": admin.public.name} for admin in ADMINS],
        "boxes": [{"from_epoch": EPOCH - 10, "size": 2**18, "slots": 3}],
        "drop": "The Example Times",
        "expires": NOW + 300 * DAY,
        "issued": NOW - 9 * DAY,
        "retention_days": 30,
        "threshold": 2,
        "type": "knothole-root/1",
        "version": 1,
        **changes,
    }


def roster_value(drop_id: bytes, **changes: Any) -> dict[str, Any]:
    people = []
    for name, public in zip(("Dana", "Éli"), PUBLIC, strict=False):
        key = Signer(name, hashlib.sha256(name.encode()).digest()).public.key
        people.append(Recipient(recipient_id(key), key, name, "", {EPOCH: public}).value())
    return {
        "drop_id": drop_id.hex(),
        "expires": NOW + 13 * DAY,
        "issued": NOW - DAY,
        "recipients": sorted(people, key=lambda person: str(person["id"])),
        "root_version": 1,
        "type": "knothole-roster/1",
        "version": 1,
        **changes,
    }


FIRST = new_note(root_value(), ADMINS)
SECOND = new_note(
    root_value(
        version=2,
        drop_id=FIRST.hash.hex(),
        previous=FIRST.hash.hex(),
        issued=NOW,
        boxes=[*root_value()["boxes"], {"from_epoch": EPOCH + 1, "size": 2**20, "slots": 4}],
    ),
    ADMINS,
)


def chain_shown(data: bytes, drop_id: bytes | None, now: int) -> Any:
    chain = root.read_chain(data, drop_id=drop_id, now=now)
    current = chain.current
    boxes = [(g.size, g.slots, g.capacity) if g else None for g in map(current.geometry, (0, EPOCH, EPOCH + 1))]
    same = {name: getattr(current, name) for name in ("version", "drop", "threshold", "issued", "expires")}
    return plain(
        {
            **same,
            "admins": [vars(admin) for admin in current.admins],
            "boxes": boxes,
            "count": len(chain.roots),
            "dropId": chain.drop_id,
            "fingerprint": root.fingerprint(chain.drop_id),
            "retentionDays": current.retention_days,
        }
    )


CHAINS = {
    "one": FIRST.data,
    "two": FIRST.data + SECOND.data,
    "none": b"",
    "twice": FIRST.data + FIRST.data,
    "second alone": SECOND.data,
    "signed by two of three": new_note(root_value(), ADMINS[:2]).data,
    "no threshold": new_note(root_value(threshold=0), ADMINS).data,
    "no shape": new_note({"type": "knothole-root/1"}, ADMINS).data,
    "no note": b"{}\n",
    "no first line": b"\n" + FIRST.data,
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("expected", [None, FIRST.hash, DROP_ID])
@pytest.mark.parametrize("now", [NOW - 11 * DAY, NOW, NOW + 400 * DAY])
def test_chains_are_read_alike(twin: Twin, name: str, expected: bytes | None, now: int) -> None:
    mine = tried(lambda: chain_shown(CHAINS[name], expected, now))
    assert twin.ask("chain", chain=CHAINS[name], dropId=expected, now=now, epochs=[0, EPOCH, EPOCH + 1]) == mine


def roster_shown(data: bytes, now: int, known: bytes | None) -> Any:
    chain = root.read_chain(FIRST.data, now=now)
    before = roster.read_roster(known, chain, now=now) if known else None
    read = roster.read_roster(data, chain, now=now, known=before)
    people = [{**vars(person), "epochs": list(person.epochs.items())} for person in read.recipients]
    shown = {name: getattr(read, name) for name in ("hash", "version", "issued", "expires")}
    return plain({**shown, "recipients": people})


OLD = roster_value(FIRST.hash)
OLD_NOTE = new_note(OLD, ADMINS[:2])
ROSTERS = {
    "first": (OLD, None),
    "first again": (OLD, OLD),
    "next": ({**OLD, "version": 2, "previous": OLD_NOTE.hash.hex()}, OLD),
    "gap": ({**OLD, "version": 9, "previous": "00" * 32}, OLD),
    "fork": ({**OLD, "expires": OLD["expires"] + 1}, OLD),
    "fork of the next": ({**OLD, "version": 2, "previous": "00" * 32}, OLD),
    "rollback": ({**OLD, "issued": OLD["issued"] - 1}, OLD),
    "wrong drop": ({**OLD, "drop_id": "00" * 32}, None),
    "wrong root": ({**OLD, "root_version": 2}, None),
    "too long": ({**OLD, "expires": OLD["issued"] + 35 * DAY + 1}, None),
    "no list": ({**OLD, "recipients": {}}, None),
    "unsorted": ({**OLD, "recipients": OLD["recipients"][::-1]}, None),
}


@pytest.mark.parametrize("name", ROSTERS)
@pytest.mark.parametrize("now", [NOW, NOW - 3 * DAY, NOW + 13 * DAY])
def test_rosters_are_read_alike(twin: Twin, name: str, now: int) -> None:
    value, known = ROSTERS[name]
    data = new_note(value, ADMINS[:2]).data
    # The known roster is read at NOW too, which a clock that is far off refuses first, on both sides.
    before = new_note(known, ADMINS[:2]).data if known else None
    mine = tried(lambda: roster_shown(data, now, before))
    asked = {"roster": data, "chain": FIRST.data, "now": now, "known": before}
    answer = twin.ask("roster", **asked)
    assert answer == mine


PIECES = [b"\n", b"\n\n", b"\r", b"\x7f", b"\xc2\x85", b"\xef\xbb\xbf", "— ana ".encode(), b"=", b" ", b"{}", b"\xff"]


@FUZZ
@given(at=st.integers(0, 400), end=st.integers(0, 400), piece=st.sampled_from([b"", *PIECES]))
def test_broken_notes_have_the_same_name(twin: Twin, at: int, end: int, piece: bytes) -> None:
    good = new_note({"type": "a test"}, ADMINS[:2]).data
    broken = good[:at] + piece + good[at + end % 40 :]
    keys = [admin.public for admin in ADMINS]

    def read() -> Any:
        parsed = note.parse(broken)
        note.require(parsed, keys, 2)
        return {"text": parsed.text, "signers": [name for name, _, _ in parsed.signatures]}

    answer = twin.ask("note", bytes=broken, keys=[vars(key) for key in keys], threshold=2)
    assert answer == tried(read)


def test_small_order_keys_verify_nowhere(twin: Twin) -> None:
    # R = S = the identity "signs" every text for these keys in libraries that take small-order points.
    identity = bytes([1]) + bytes(31)
    for key in (identity, bytes(32), b"\xec" + b"\xff" * 30 + b"\x7f", b"\xee" + b"\xff" * 30 + b"\x7f"):
        trusted = NoteKey("eve", key)
        forged = note.Note(b"{}\n", {}, (("eve", trusted.id, identity + bytes(32)),))
        mine = tried(lambda f=forged, t=trusted: note.require(f, [t], 1))
        assert mine == "refused: BadSignature"
        assert twin.ask("note", bytes=forged.data, keys=[vars(trusted)], threshold=1) == mine
