"""Key slots: how one random key is opened by any of several things that people hold. Pure: bytes in, bytes out.

A key slot asks for a passphrase, or for a passphrase *and* a key file that lies on a separate stick. Key file and passphrase
are mixed (HKDF) before Argon2id stretches them, so neither alone is worth a guess. What a slot holds is the secret half of a
random key pair of its own (X25519); the key that all slots open lies in a sealed box for each. The public halves lie under
the key itself, so that whoever opened one slot can put a fresh key behind all of them, without asking everybody for their
passphrase. But the public halves alone: a slot that was removed, with a copy of the vault from before, must open nothing that
was locked afterwards.

The vault and the weekly secrets each have such a lock, with the same slots and nothing else in common: what opens the one
says nothing about the other.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

from knothole_keys import canonical, clock, fields, secret
from knothole_keys.errors import MalformedJSON, Refused
from knothole_keys.kdf import derive
from knothole_keys.secret import Cost, WrongPassphrase

TYPE = "knothole-locks/1"
ALONE = "passphrase"
WITH_KEY_FILE = "passphrase and key file"
KINDS = (ALONE, WITH_KEY_FILE)
MAX_SLOTS = 8
MAX_BYTES = 64 * 1024
KEY = 32
_HIGHEST = 2**31
_DAMAGED = "The vault's key slots are damaged; use a backup, and look for why this disk fails."


@dataclass(frozen=True, repr=False)
class Holding:
    """What a person holds: a passphrase, and the 32 bytes of a key file or None."""

    passphrase: bytes
    key_file: bytes | None = None

    @property
    def kind(self) -> str:
        """The kind of slot that asks for all of it."""
        return ALONE if self.key_file is None else WITH_KEY_FILE

    def material(self, kind: str) -> bytes | None:
        """What Argon2id stretches for a slot of this kind, or None when the key file is not at hand."""
        if kind == ALONE:
            return self.passphrase
        return derive(self.key_file, WITH_KEY_FILE, self.passphrase) if self.key_file is not None else None


@dataclass(frozen=True, repr=False)
class Slot:
    """One way in. `number` is never used twice in a vault; `since` is a day; `locked` is a file of `knothole_keys.secret`,
    with the secret half of the key pair whose `public` half this is."""

    number: int
    kind: str
    label: str
    since: str
    locked: bytes
    public: bytes


@dataclass(frozen=True, repr=False)
class Locks:
    """An open lock: the key, its slots, the number of the slot that opened it, and what it locks (`purpose`)."""

    purpose: str
    key: bytes
    slots: tuple[Slot, ...]
    used: int = field(default=0)

    @property
    def slot(self) -> Slot:
        """The slot that opened it."""
        return next(one for one in self.slots if one.number == self.used)

    def with_slots(self, slots: Iterable[Slot], used: int | None = None) -> "Locks":
        """The same lock with a fresh random key, and these slots alone."""
        return replace(self, key=os.urandom(KEY), slots=tuple(slots), used=self.used if used is None else used)

    def sealed(self) -> bytes:
        """The lock as it lies on a disk: nothing in it helps without what a slot asks for."""
        inside = [
            {"number": one.number, "label": one.label, "since": one.since, "public": one.public.hex()} for one in self.slots
        ]
        slots = [
            {
                "number": one.number,
                "kind": one.kind,
                "locked": fields.to_base64(one.locked),
                "box": fields.to_base64(SealedBox(PublicKey(one.public)).encrypt(self.key)),
            }
            for one in self.slots
        ]
        box = SecretBox(derive(self.key, "slots")).encrypt(canonical.encode({"slots": inside}))
        return canonical.encode({"type": TYPE, "purpose": self.purpose, "slots": slots, "inside": fields.to_base64(bytes(box))})


def new_slot(holding: Holding, purpose: str, number: int, label: str, cost: Cost | None = None, since: str = "") -> Slot:
    """A slot that asks for all of `holding`. Raises Refused."""
    label = fields.line(label, 0, 100, Refused, "The label")
    pair, material = PrivateKey.generate(), holding.material(holding.kind)
    locked = secret.lock(bytes(pair), material or b"", purpose, cost)
    return Slot(number, holding.kind, label, since or clock.day_of(clock.now()), locked, bytes(pair.public_key))


def new_locks(purpose: str, slot: Slot) -> Locks:
    """A lock with a fresh key and one slot."""
    return Locks(purpose, os.urandom(KEY), (slot,), slot.number)


def kinds(data: bytes) -> set[str]:
    """Which kinds of slots there are, seen without opening any. Raises Refused."""
    return {slot["kind"] for slot in _read(data)["slots"]}


def numbers(data: bytes) -> set[int]:
    """The numbers of the slots, seen without opening any. Raises Refused."""
    return {slot["number"] for slot in _read(data)["slots"]}


def asking(slots: Iterable[Slot], holding: Holding, purpose: str) -> frozenset[int]:
    """The numbers of all slots that a holding opens; each is tried, which stretches the passphrase once for each."""
    found = set()
    for slot in slots:
        material = holding.material(slot.kind)
        if material is not None:
            with suppress(WrongPassphrase):
                secret.unlock(slot.locked, material, purpose)
                found.add(slot.number)
    return frozenset(found)


def open_locks(data: bytes, holding: Holding, purpose: str) -> Locks:
    """Open what `sealed` made. Raises WrongPassphrase, or Refused when a key file is needed or the lock is damaged."""
    value = _read(data)
    if value["purpose"] != purpose:
        raise Refused("This lock is for something else; use the vault's own files.")
    key, used = _try(value["slots"], holding, purpose)
    try:
        inside = canonical.decode(SecretBox(derive(key, "slots")).decrypt(fields.strict_base64(value["inside"]) or b""))
        known = {one["number"]: one for one in inside["slots"]}
        slots = tuple(
            Slot(
                one["number"],
                one["kind"],
                known[one["number"]]["label"],
                known[one["number"]]["since"],
                fields.strict_base64(one["locked"]) or b"",
                bytes(PublicKey(bytes.fromhex(known[one["number"]]["public"]))),
            )
            for one in value["slots"]
        )
    except (CryptoError, MalformedJSON, KeyError, TypeError, ValueError):
        raise Refused(_DAMAGED) from None
    return Locks(purpose, key, slots, used)


def _try(slots: list[dict[str, Any]], holding: Holding, purpose: str) -> tuple[bytes, int]:
    for slot in slots:
        material = holding.material(slot["kind"])
        if material is None:
            continue
        try:
            kept = secret.unlock(fields.strict_base64(slot["locked"]) or b"", material, purpose)
        except WrongPassphrase:
            continue
        try:
            return SealedBox(PrivateKey(kept)).decrypt(fields.strict_base64(slot["box"]) or b""), slot["number"]
        except (CryptoError, TypeError, ValueError):
            raise Refused(_DAMAGED) from None
    there = {slot["kind"] for slot in slots}
    if WITH_KEY_FILE not in there:
        raise WrongPassphrase("The passphrase is wrong; nothing was changed.")
    if holding.key_file is not None:
        raise WrongPassphrase("The passphrase is wrong or the key file is another vault's; nothing was changed.")
    if ALONE in there:
        raise WrongPassphrase("The passphrase is wrong, or needs its key file as well (--key-file); nothing was changed.")
    raise Refused("This vault opens only with its key file: put the stick in and name the file with --key-file.")


def _read(data: bytes) -> dict[str, Any]:
    try:
        value = fields.members(canonical.decode(data), {"type", "purpose", "slots", "inside"}, Refused, "The vault's lock")
    except MalformedJSON:
        raise Refused(_DAMAGED) from None
    if value["type"] != TYPE:
        raise Refused("The vault's lock was made by another version of Knothole; use that version.")
    for slot in fields.items(value["slots"], 1, 2 * MAX_SLOTS, Refused, "The vault's list of key slots"):
        fields.members(slot, {"number", "kind", "locked", "box"}, Refused, "A key slot")
        fields.integer(slot["number"], 1, _HIGHEST, Refused, "A key slot's number")
        if slot["kind"] not in KINDS:
            raise Refused("A key slot was made by another version of Knothole; use that version.")
    return value
