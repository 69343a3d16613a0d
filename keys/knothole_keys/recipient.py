"""A recipient as rosters and enrolments spell one: a person, a signing key, a public key for each week (SPEC 4 and 5)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from knothole_keys import fields
from knothole_keys.epoch import MAX_EPOCH
from knothole_keys.errors import KnotholeError

PUBLIC_KEY = 1216
MAX_EPOCHS = 60
MAX_NOTE = 500
MEMBERS = {"epochs", "id", "key", "name", "note"}


@dataclass(frozen=True)
class Recipient:
    """`key` is the long-term Ed25519 key, `epochs` maps epoch to X-Wing public key (1216 bytes)."""

    id: str
    key: bytes
    name: str
    note: str
    epochs: dict[int, bytes]

    def value(self) -> dict[str, Any]:
        """The recipient as canonical JSON's members."""
        epochs = [{"epoch": epoch, "key": fields.to_base64(key)} for epoch, key in sorted(self.epochs.items())]
        return {"epochs": epochs, "id": self.id, "key": self.key.hex(), "name": self.name, "note": self.note}


def recipient_id(key: bytes) -> str:
    """The recipient's id: 16 hex characters that depend on the long-term key alone."""
    return hashlib.sha256(b"knothole/1 recipient\x00" + key).hexdigest()[:16]


def read_recipient(value: dict[str, Any], error: type[KnotholeError], *, least_epochs: int) -> Recipient:
    """A recipient out of parsed members (those of MEMBERS; more are the caller's). Raises `error`."""
    key = fields.hex_bytes(value["key"], 32, error, "A recipient's key")
    if value["id"] != recipient_id(key):
        raise error("A recipient's id does not belong to its key.")
    epochs: dict[int, bytes] = {}
    last = -1
    for item in fields.items(value["epochs"], least_epochs, MAX_EPOCHS, error, "A recipient's list of weekly keys"):
        fields.members(item, {"epoch", "key"}, error, "A weekly key")
        last = fields.integer(item["epoch"], last + 1, MAX_EPOCH, error, "The epoch of a weekly key")
        epochs[last] = fields.base64_bytes(item["key"], PUBLIC_KEY, error, "A weekly key")
    if len(set(epochs.values())) != len(epochs):
        # Destroying one week's secret would then destroy nothing: the other week's opens its boxes.
        raise error("A recipient has the same key in two weeks.")
    return Recipient(
        id=value["id"],
        key=key,
        name=fields.person_name(value["name"], error, "A recipient's name"),
        note=fields.line(value["note"], 0, MAX_NOTE, error, "A recipient's note"),
        epochs=epochs,
    )
