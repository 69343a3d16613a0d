"""Changing who opens a vault: passphrases, key slots, the travel lock. Every change puts fresh keys behind what remains.

Vault and weekly secrets have two locks on the same slots, and only one thing can happen at a time. So a new slot is given to
the weekly secrets first; then the vault's database is exchanged, which is the moment of the change; then the weekly secrets
get a fresh key behind the slots that the vault has now. Killed in between, the vault opens as before or as after, and it
knows of the weekly secrets' lock that was to go: the next command that changes it finishes the work.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knothole_client.desk import keyring as keyrings
from knothole_client.desk import vault as vaults
from knothole_client.desk.backup import partial
from knothole_client.desk.locks import ALONE, MAX_SLOTS, WITH_KEY_FILE, Holding, Slot, asking, new_slot
from knothole_client.desk.records import Records
from knothole_client.desk.vault import Vault
from knothole_keys.errors import Refused
from knothole_keys.secret import Cost

BACKUPS = ("desk", "backups")


@dataclass(frozen=True)
class Plan:
    """What becomes of the key slots: which stay (by number), and for what somebody holds there will be new ones.

    Each new one has its label.
    """

    keep: frozenset[int]
    add: tuple[tuple[Holding, str], ...] = ()


@dataclass(frozen=True)
class Relocked:
    """The slots as they are now, those that went, the numbers of the new ones, every backup ever made of this vault."""

    slots: tuple[Slot, ...]
    gone: tuple[Slot, ...]
    added: tuple[int, ...]
    backups: list[dict[str, Any]]

    def lapsed(self) -> list[dict[str, Any]]:
        """The backups that open with something that does not open the vault any more."""
        ours = {slot.number for slot in self.slots}
        return [one for one in self.backups if {slot["number"] for slot in one["slots"]} - ours]

    def without_stick(self) -> list[dict[str, Any]]:
        """The backups that open with a passphrase alone."""
        return [one for one in self.backups if any(slot["kind"] == ALONE for slot in one["slots"])]


def relock(path: Path, holding: Holding, plan: Callable[[Vault], Plan], cost: Cost | None = None) -> Relocked:
    """Open a vault, ask `plan` what is wanted, and do it; with fresh keys in any case. Raises Refused, WrongPassphrase."""
    with vaults.opened(path, holding, change=True, alone=True) as vault:
        keyring = vault.keyring(holding)
        wanted = plan(vault)
        kept = [slot for slot in vault.locks.slots if slot.number in wanted.keep]
        kept_weekly = [slot for slot in keyring.locks.slots if slot.number in wanted.keep]
        if not kept and not wanted.add:
            raise Refused("This is the last key slot: without it nobody could open the vault; add another one first.")
        if len(kept) + len(wanted.add) > MAX_SLOTS:
            raise Refused(f"A vault has at most {MAX_SLOTS} key slots; remove one first.")
        for new, _ in wanted.add:
            _refuse_twice(kept, new)
        first = next_number(vault.records, vault.locks.slots)
        made, made_weekly = (
            [new_slot(new, purpose, number, label, cost) for number, (new, label) in enumerate(wanted.add, first)]
            for purpose in (vaults.PURPOSE, keyrings.PURPOSE)
        )
        kept, kept_weekly = [*kept, *made], [*kept_weekly, *made_weekly]
        if made:
            keyring.set_slots([*keyring.locks.slots, *made_weekly])
        known = with_parts(backups(vault.records))
        vaults.replace_database(vault, vault.locks.with_slots(kept), keyring.fingerprint)
        keyring.set_slots(kept_weekly)
        stay = {slot.number for slot in kept}
        gone = tuple(slot for slot in vault.locks.slots if slot.number not in stay)
        return Relocked(tuple(kept), gone, tuple(slot.number for slot in made), known)


def backups(records: Records) -> list[dict[str, Any]]:
    """Every backup made of this vault: `path`, day `made`, and its `slots` (number and kind)."""
    value = records.get(*BACKUPS)
    return list(value["backups"]) if value else []


def with_parts(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """These backups, and beside each what a killed `backup` left of it, which may be whole: the same, at its own `path`."""
    found = []
    for one in known:
        part = partial(Path(one["path"]))
        found += [one, *([{**one, "path": str(part)}] if os.path.lexists(part) else [])]
    return found


def remember_backup(records: Records, path: Path, made: str, slots: Iterable[Slot]) -> None:
    """Write down that a backup was made, and what opens it."""
    entry = {"path": str(path), "made": made, "slots": [{"number": one.number, "kind": one.kind} for one in slots]}
    with records.transaction():
        records.put(*BACKUPS, {"backups": [*backups(records), entry]})


def forget_newest_backup(records: Records) -> None:
    """Take back the last `remember_backup`: it was not made after all."""
    with records.transaction():
        records.put(*BACKUPS, {"backups": backups(records)[:-1]})


def next_number(records: Records, slots: Iterable[Slot]) -> int:
    """A number that no key slot of this vault or of its backups has."""
    others = (int(slot["number"]) for one in backups(records) for slot in one["slots"])
    return 1 + max([*(slot.number for slot in slots), *others])


def keep_all(vault: Vault) -> Plan:
    """Fresh keys, and nothing else."""
    return Plan(_numbers(vault.locks.slots))


def exchange(new: Holding, old: Holding) -> Callable[[Vault], Plan]:
    """Something else in place of every slot that `old`, which opened the vault, opens; the others stay."""
    return lambda vault: Plan(_others(vault, old), ((new, vault.locks.slot.label),))


def remove(number: int, holding: Holding) -> Callable[[Vault], Plan]:
    """A slot less; and with it those that ask for the very same, as far as `holding` shows which. Raises Refused."""

    def plan(vault: Vault) -> Plan:
        kinds = {slot.number: slot.kind for slot in vault.locks.slots}
        if number not in kinds:
            raise Refused(f"There is no key slot {number}; `knothole desk key list` shows them.")
        ours = asking(vault.locks.slots, holding, vaults.PURPOSE)
        same = {one for one in ours if kinds[one] == kinds[number]} if number in ours else set()
        return Plan(_numbers(vault.locks.slots) - {number} - same)

    return plan


def passphrase(new: bytes, holding: Holding) -> Callable[[Vault], Plan]:
    """Another passphrase for every slot that `holding` opens; one with a key file keeps its key file."""

    def plan(vault: Vault) -> Plan:
        others = _others(vault, holding)
        # One for each kind: whoever opens the vault with the stick or without it goes on doing so.
        old = {slot.kind: slot for slot in vault.locks.slots if slot.number not in others}
        key_files = {ALONE: None, WITH_KEY_FILE: holding.key_file}
        return Plan(others, tuple((Holding(new, key_files[kind]), slot.label) for kind, slot in sorted(old.items())))

    return plan


def travel(passphrase: bytes, key_file: Callable[[], bytes]) -> Callable[[Vault], Plan]:
    """No slot without a key file any more. The key file is asked for when the vault is open, and made by then."""

    def plan(vault: Vault) -> Plan:
        keep = frozenset(slot.number for slot in vault.locks.slots if slot.kind != ALONE)
        if vault.locks.used in keep:
            return Plan(keep)
        new = Holding(passphrase, key_file())
        if asking([slot for slot in vault.locks.slots if slot.number in keep], new, vaults.PURPOSE):
            return Plan(keep)
        return Plan(keep, ((new, vault.locks.slot.label),))

    return plan


def _others(vault: Vault, holding: Holding) -> frozenset[int]:
    return _numbers(vault.locks.slots) - asking(vault.locks.slots, holding, vaults.PURPOSE)


def _refuse_twice(slots: Iterable[Slot], new: Holding) -> None:
    # Two slots for one thing: whoever exchanged one of them would believe the thing spent.
    for number in sorted(asking([slot for slot in slots if slot.kind == new.kind], new, vaults.PURPOSE)):
        raise Refused(f"Key slot {number} asks for the same already; choose another passphrase.")


def _numbers(slots: Iterable[Slot]) -> frozenset[int]:
    return frozenset(slot.number for slot in slots)
