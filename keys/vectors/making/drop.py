"""The one drop of all vectors: its administrators, roots, recipients and rosters, from seeds that never change."""

import hashlib
from collections.abc import Sequence
from typing import Any

from knothole_keys import canonical, fields, note, xwing
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.note import NoteKey
from knothole_keys.recipient import Recipient, recipient_id
from knothole_keys.sign import Signer

# 2026-11-24T12:00:00Z, a Tuesday.
NOW = 1795521600
EPOCH = epoch_of(NOW)
SIZE, SLOTS = 2**18, 4


def seed(label: str) -> bytes:
    """32 bytes that depend on the label alone."""
    return hashlib.sha256(b"knothole vector\x00" + label.encode()).digest()


def admin(name: str) -> Signer:
    """An administrator's key pair."""
    return Signer(name, seed(f"admin {name}"))


ANA, BEN, CEM, DEE = (admin(name) for name in ("ana", "ben", "cem", "dee"))


def note_of(value: dict[str, Any] | bytes, signers: Sequence[Signer]) -> bytes:
    """A note over a value, or over a text as it stands, flaws and all; signatures are good."""
    text = value if isinstance(value, bytes) else canonical.encode(value) + b"\n"
    return text + b"\n" + b"".join(line_of(signer.public, signer.sign(text)) for signer in signers)


def line_of(key: NoteKey, signature: bytes) -> bytes:
    """A signature line."""
    return f"— {key.name} {fields.to_base64(key.id + signature)}\n".encode()


def admins_of(signers: Sequence[Signer]) -> list[dict[str, str]]:
    """The administrators as a root lists them."""
    keys = sorted((signer.public for signer in signers), key=lambda key: key.name)
    return [{"key": key.key.hex(), "name": key.name} for key in keys]


def root_value(**changes: Any) -> dict[str, Any]:
    """The first root's members; a change to None takes a member out."""
    value = {
        "type": "knothole-root/1",
        "drop": "The Lantern",
        "version": 1,
        "threshold": 2,
        "admins": admins_of([ANA, BEN, CEM]),
        "issued": NOW - 100 * DAY,
        "expires": NOW + 200 * DAY,
        "retention_days": 30,
        "boxes": [{"from_epoch": EPOCH - 15, "size": SIZE, "slots": SLOTS}],
    }
    return {key: member for key, member in {**value, **changes}.items() if member is not None}


ROOT = note_of(root_value(), [ANA, BEN, CEM])
ROOT_HASH = note.parse(ROOT).hash
DROP_ID = ROOT_HASH
OTHER_DROP = seed("another drop")


def second_root(**changes: Any) -> dict[str, Any]:
    """The second root's members: ben leaves, dee comes, boxes grow in four weeks."""
    value = {
        **root_value(),
        "version": 2,
        "drop_id": DROP_ID.hex(),
        "previous": ROOT_HASH.hex(),
        "admins": admins_of([ANA, CEM, DEE]),
        "issued": NOW - 10 * DAY,
        "expires": NOW + 300 * DAY,
        "boxes": [
            {"from_epoch": EPOCH - 15, "size": SIZE, "slots": SLOTS},
            {"from_epoch": EPOCH + 4, "size": 2**20, "slots": 8},
        ],
    }
    return {key: member for key, member in {**value, **changes}.items() if member is not None}


def week_seed(name: str, epoch: int) -> bytes:
    """A recipient's X-Wing seed of one week."""
    return seed(f"week {name} {epoch - EPOCH}")


def journalist(name: str, weeks: Sequence[int] = (0,)) -> Recipient:
    """A recipient with keys for some weeks, counted from the present one."""
    key = Signer("x", seed(f"recipient {name}")).public.key
    epochs = {EPOCH + week: xwing.public_bytes(week_seed(name, EPOCH + week)) for week in weeks}
    return Recipient(recipient_id(key), key, name, "", epochs)


def long_term(name: str) -> Signer:
    """A recipient's signing key, named as it must be in an enrolment."""
    key = Signer("x", seed(f"recipient {name}"))
    return Signer(recipient_id(key.public.key), seed(f"recipient {name}"))


def roster_value(people: Sequence[Recipient] = (), **changes: Any) -> dict[str, Any]:
    """A first roster's members, for dana and evan unless others are given."""
    listed = people or (journalist("dana"), journalist("evan"))
    value = {
        "type": "knothole-roster/1",
        "drop_id": DROP_ID.hex(),
        "root_version": 1,
        "version": 1,
        "issued": NOW - DAY,
        "expires": NOW + 13 * DAY,
        "recipients": [one.value() for one in sorted(listed, key=lambda one: one.id)],
    }
    return {key: member for key, member in {**value, **changes}.items() if member is not None}
