"""Secrets at rest under a passphrase: an administrator's signing key, a desk's vault key.

Argon2id (PyNaCl, RFC 9106) stretches the passphrase, a key for the purpose is derived from the result, and a secret box
holds the secret. The cost travels with the file, so that it can rise without old files becoming unreadable.
"""

import os
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from knothole_keys import canonical, fields
from knothole_keys.errors import MalformedJSON, Refused
from knothole_keys.kdf import derive

TYPE = "knothole-secret/1"
MAX_BYTES = 64 * 1024
_MEMBERS = {"type", "purpose", "passes", "memory", "salt", "box"}


class WrongPassphrase(Refused):
    """The passphrase does not open this secret."""


@dataclass(frozen=True)
class Cost:
    """Argon2id's cost: passes, and memory in bytes."""

    passes: int
    memory: int


# About a third of a second on a desk, and out of reach for guessing a passphrase of six random words.
DESK_COST = Cost(3, 256 * 1024 * 1024)


def lock(secret: bytes, passphrase: bytes, purpose: str, cost: Cost | None = None) -> bytes:
    """Seal `secret` under a passphrase, for one purpose: the bytes of a file. `cost` is DESK_COST unless given."""
    cost = cost or DESK_COST
    salt = os.urandom(argon2id.SALTBYTES)
    box = SecretBox(_key(passphrase, salt, purpose, cost)).encrypt(secret)
    return canonical.encode(
        {
            "type": TYPE,
            "purpose": purpose,
            "passes": cost.passes,
            "memory": cost.memory,
            "salt": salt.hex(),
            "box": fields.to_base64(bytes(box)),
        }
    )


def unlock(data: bytes, passphrase: bytes, purpose: str) -> bytes:
    """Open what `lock` made. Raises WrongPassphrase, or Refused when the file is damaged."""
    try:
        value = fields.members(canonical.decode(data), _MEMBERS, Refused, "The locked file")
    except MalformedJSON:
        raise Refused("The locked file is damaged; use a copy of it.") from None
    if value["type"] != TYPE or value["purpose"] != purpose:
        raise Refused("This locked file is for something else.")
    cost = Cost(
        fields.integer(value["passes"], 1, 16, Refused, "The locked file's cost"),
        fields.integer(value["memory"], 8192, 2**32, Refused, "The locked file's cost"),
    )
    salt = fields.hex_bytes(value["salt"], argon2id.SALTBYTES, Refused, "The locked file's salt")
    box = fields.strict_base64(value["box"])
    if box is None:
        raise Refused("The locked file is damaged; use a copy of it.")
    try:
        return SecretBox(_key(passphrase, salt, purpose, cost)).decrypt(box)
    except (CryptoError, ValueError):
        raise WrongPassphrase("The passphrase is wrong, or the locked file is damaged.") from None


def _key(passphrase: bytes, salt: bytes, purpose: str, cost: Cost) -> bytes:
    try:
        stretched = argon2id.kdf(32, passphrase, salt, opslimit=cost.passes, memlimit=cost.memory)
    except (RuntimeError, MemoryError):
        mebibytes = cost.memory // 2**20
        raise Refused(f"This machine has too little memory for the passphrase; free {mebibytes} MiB and try again.") from None
    return derive(stretched, "locked " + purpose)
