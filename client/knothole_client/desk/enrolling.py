"""Enrolment: this desk's public keys, signed, for an administrator (SPEC section 5).

An exported key is never replaced: the vault remembers what it has ever exported, so that a week whose secret was
destroyed, or is missing from a restored copy, is left out instead of getting a second key.
"""

from dataclasses import dataclass

from knothole_client.desk import drop
from knothole_client.desk.drop import Known
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.vault import Vault
from knothole_keys import enrolment, xwing
from knothole_keys.epoch import epoch_of
from knothole_keys.errors import Refused
from knothole_keys.recipient import MAX_EPOCHS, Recipient, recipient_id
from knothole_keys.roster import Roster
from knothole_keys.sign import Signer, new_note

EXPORTED = ("desk", "exported")


@dataclass(frozen=True)
class Enrolled:
    """The enrolment's bytes, for which drop and whom, the epochs in it, and those left out because their secret is gone."""

    data: bytes
    known: Known
    recipient: Recipient
    lost: list[int]


def signer(vault: Vault) -> Signer:
    """The desk's long-term key, named by the recipient id."""
    seed = bytes.fromhex(vault.identity["seed"])
    return Signer(recipient_id(Signer("desk", seed).public.key), seed)


def exported(vault: Vault) -> set[int]:
    """The epochs whose public key has ever left this desk."""
    value = vault.records.get(*EXPORTED)
    return set(value["epochs"]) if value else set()


def own_epochs(vault: Vault, roster: Roster | None) -> set[int]:
    """The epochs for which a roster shows a key of this desk; a restored vault may not know of them otherwise."""
    name = signer(vault).public.name
    return {epoch for one in (roster.recipients if roster else ()) if one.id == name for epoch in one.epochs}


def enrol(vault: Vault, keyring: Keyring, *, roots: bytes | None, weeks: int, note: str | None, now: int) -> Enrolled:
    """Make keys for the current and coming weeks where there are none, and sign the public halves of all of them.

    `roots` pins the drop the first time. Raises Refused, WrongDrop and the refusals of roots.
    """
    known = drop.load(vault.records)
    if known is None and roots is None:
        raise Refused("Name the drop that this desk joins: --root root.note, from its administrators.")
    if known is None:
        known = drop.first(roots or b"", now)
    elif roots is not None:
        known, _ = drop.meet_roots(known, roots, now)
    with vault.records.transaction():
        drop.save(vault.records, known)
        if note is not None:
            vault.set_note(note)
    current = epoch_of(now)
    wanted = range(current, current + weeks)
    before = exported(vault) | own_epochs(vault, known.roster)
    keyring.add(set(wanted) - before)
    offered = [epoch for epoch in keyring.epochs if epoch >= current][:MAX_EPOCHS]
    with vault.records.transaction():
        # Before anybody can see the note: after a crash here the same keys are exported again.
        vault.records.put(*EXPORTED, {"epochs": sorted(before | set(offered))})
    lost = sorted(set(wanted) - set(offered))
    if not offered:
        raise Refused("The secrets of these weeks are gone and are never replaced; enrol for more --weeks.")
    data = _write(vault, keyring, known, offered, now)
    return Enrolled(data, known, enrolment.read_enrolment(data, drop_id=known.drop_id).recipient, lost)


def _write(vault: Vault, keyring: Keyring, known: Known, offered: list[int], now: int) -> bytes:
    key, identity = signer(vault), vault.identity
    epochs = {epoch: xwing.public_bytes(seed) for epoch in offered if (seed := keyring.seed(epoch)) is not None}
    recipient = Recipient(key.public.name, key.public.key, identity["name"], identity["note"], epochs)
    value = {
        **recipient.value(),
        "type": enrolment.TYPE,
        "drop_id": known.drop_id.hex(),
        "issued": now,
    }
    return new_note(value, [key]).data
