"""Enrolments: a desk hands an administrator its public keys, signed by its long-term key (SPEC section 5)."""

from dataclasses import dataclass

from knothole_keys import fields, note
from knothole_keys.errors import MalformedEnrolment, WrongDrop
from knothole_keys.note import NoteKey
from knothole_keys.recipient import MEMBERS, Recipient, read_recipient

TYPE = "knothole-enrolment/1"


@dataclass(frozen=True)
class Enrolment:
    """A verified enrolment: the recipient with the public keys offered, for one drop; `issued` in seconds."""

    note: note.Note
    drop_id: bytes
    issued: int
    recipient: Recipient


def read_enrolment(data: bytes, *, drop_id: bytes | None) -> Enrolment:
    """Verify an enrolment.

    Raises MalformedNote, MalformedJSON, MalformedEnrolment, BadSignature, NotEnoughSignatures, WrongDrop.
    """
    parsed, error = note.parse(data), MalformedEnrolment
    value = fields.members(parsed.value, MEMBERS | {"drop_id", "issued", "type"}, error, "The enrolment")
    if value["type"] != TYPE:
        raise error("This note is not an enrolment.")
    recipient = read_recipient(value, error, least_epochs=1)
    enrolment = Enrolment(
        note=parsed,
        drop_id=fields.hex_bytes(value["drop_id"], 32, error, "The drop_id"),
        issued=fields.integer(value["issued"], 0, 2**53, error, "The date of issue"),
        recipient=recipient,
    )
    note.require(parsed, [NoteKey(recipient.id, recipient.key)], 1)
    if drop_id is not None and enrolment.drop_id != drop_id:
        raise WrongDrop("This enrolment was made for another drop.")
    return enrolment


def merge(known: Recipient | None, offered: Recipient) -> Recipient:
    """What an administrator keeps of a recipient after a new enrolment.

    Keys of other epochs stay; name and note are the new ones. Raises MalformedEnrolment when a known epoch's key would
    change: somebody may be replacing a journalist's keys by their own.
    """
    if known is None:
        return offered
    for epoch, key in offered.epochs.items():
        if known.epochs.get(epoch, key) != key:
            raise MalformedEnrolment(
                f"This enrolment changes a key of {known.name} that was published; ask them in person before going on."
            )
    return Recipient(offered.id, offered.key, offered.name, offered.note, {**known.epochs, **offered.epochs})
