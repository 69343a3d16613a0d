"""The weekly secrets (epoch keys): made, handed to import, and destroyed.

    epochs/N.lock          the random key of generation N, behind the same key slots as the vault (`locks`)
    epochs/N-<hex>.week    one weekly seed in a secret box under that key: one file a week, each of one block

A week's file is useless without its generation's lock, whatever passphrase comes to be known. Destroying a week writes
generation N+1, under a fresh random key and without that week; its lock file is the commit. Then generation N is
overwritten in place and removed: the lock first, the destroyed weeks next, and the rest, so that no surviving block of the
old generation says anything by itself. A crash in between leaves both; the next change of the vault finishes the work
before it does anything else.

What this cannot promise: flash storage, copy-on-write and journalling file systems, snapshots and copies may keep the
overwritten blocks. Who has *both* the old lock and the old week from there, *and* what opens a key slot, gets the seed back.
Keep the vault on an encrypted disk, and this folder out of every copy (`desk backup` leaves it out).
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from knothole_client.desk.locks import MAX_BYTES, Holding, Locks, Slot, new_locks, new_slot, numbers, open_locks
from knothole_client.desk.wiping import wipe
from knothole_keys import fields, files, xwing
from knothole_keys.epoch import MAX_EPOCH
from knothole_keys.errors import Refused
from knothole_keys.kdf import derive
from knothole_keys.secret import Cost

PURPOSE = "epochs"
WEEK_FILE = 4096
_LOCK = re.compile(r"([1-9][0-9]{0,17})\.lock")
_WEEK = re.compile(r"([1-9][0-9]{0,17})-[0-9a-f]{16}\.week")
# A file of ours, whole or half written. Anything else in the folder belongs to somebody else, such as a file manager's bin.
_OURS = re.compile(rf"{_LOCK.pattern}|{_WEEK.pattern}|\.[0-9a-f]{{16}}\.part")
_TEXT = WEEK_FILE - SecretBox.NONCE_SIZE - SecretBox.MACBYTES


class Keyring:
    """The weekly seeds of an open vault: 32 bytes for each epoch that this desk can still open."""

    def __init__(self, folder: Path, generation: int, locks: Locks, seeds: Mapping[int, tuple[str, bytes]]) -> None:
        self._folder, self._generation, self.locks = folder, generation, locks
        # Each seed with the name of its file.
        self._seeds = dict(seeds)

    @classmethod
    def create(cls, folder: Path, holding: Holding, cost: Cost | None = None, *, number: int = 1, label: str = "") -> None:
        """Make an empty keyring with one key slot in a folder that does not exist yet."""
        folder.mkdir(mode=0o700)
        locks = new_locks(PURPOSE, new_slot(holding, PURPOSE, number, label, cost))
        files.write_whole(folder / "1.lock", locks.sealed())

    @classmethod
    def open(cls, folder: Path, holding: Holding, slots: Iterable[int] | None = None, spent: bytes | None = None) -> "Keyring":
        """Unlock the newest generation and wipe what is left of others; only while the vault is held for a change.

        `slots` are the numbers of the vault's own key slots: one that only the weekly secrets have is left of a change
        that was cut short, and goes. A lock whose `fingerprint` is `spent` was to be replaced, and is now.
        Raises WrongPassphrase, Refused.
        """
        generation = _newest(folder)
        locks = open_locks(files.read(folder / f"{generation}.lock", MAX_BYTES), holding, PURPOSE)
        seeds = _read_weeks(folder, generation, locks.key)
        # Only now, when the newest one is known to open, is nothing else needed.
        _wipe_others(folder, generation)
        made = cls(folder, generation, locks, seeds)
        kept = {one.number for one in locks.slots} if slots is None else set(slots)
        if made.fingerprint == spent or {one.number for one in locks.slots} - kept:
            made.set_slots([one for one in locks.slots if one.number in kept])
        return made

    @property
    def fingerprint(self) -> bytes | None:
        """What tells this generation's lock from any other: see `fingerprint`."""
        return fingerprint(self._folder)

    @property
    def epochs(self) -> list[int]:
        """The epochs that this desk has secrets for, rising."""
        return sorted(self._seeds)

    def seed(self, epoch: int) -> bytes | None:
        """The seed of an epoch, or None when there is none, or none any more."""
        found = self._seeds.get(epoch)
        return found[1] if found else None

    def add(self, epochs: Iterable[int]) -> None:
        """Make independent random seeds for epochs that have none. They are on disk when this returns."""
        for epoch in sorted(set(epochs) - set(self._seeds)):
            seed = xwing.new_seed()
            name = _write_week(self._folder, self._generation, self.locks.key, epoch, seed)
            self._seeds[epoch] = name, seed

    def destroy(self, epochs: Iterable[int]) -> None:
        """Destroy the seeds of some epochs for good, as far as software can (see above), and re-key the others."""
        self._write_generation(self.locks.slots, set(epochs))

    def set_slots(self, slots: Iterable[Slot]) -> None:
        """Put a fresh key behind these key slots alone, and wipe what was behind the others."""
        self._write_generation(slots, set())

    def _write_generation(self, slots: Iterable[Slot], doomed: set[int]) -> None:
        generation, locks = self._generation + 1, self.locks.with_slots(slots)
        first = [name for epoch, (name, _) in self._seeds.items() if epoch in doomed]
        seeds = {}
        for epoch, (_, seed) in sorted(self._seeds.items()):
            if epoch not in doomed:
                seeds[epoch] = _write_week(self._folder, generation, locks.key, epoch, seed), seed
        # The lock is the commit: a generation counts only when it has one.
        files.write_whole(self._folder / f"{generation}.lock", locks.sealed())
        self._generation, self.locks, self._seeds = generation, locks, seeds
        _wipe_others(self._folder, generation, first)


def slot_numbers(folder: Path) -> set[int]:
    """The numbers of the key slots that open the weekly secrets, seen without opening any; none where that cannot be read."""
    try:
        return numbers(files.read(folder / f"{_newest(folder)}.lock", MAX_BYTES))
    except Refused:
        return set()


def fingerprint(folder: Path) -> bytes | None:
    """SHA-256 of the newest generation's lock as it lies there, 32 bytes; None where that cannot be read."""
    try:
        return hashlib.sha256(files.read(folder / f"{_newest(folder)}.lock", MAX_BYTES)).digest()
    except Refused:
        return None


def _newest(folder: Path) -> int:
    found = [int(match.group(1)) for path in folder.iterdir() if (match := _LOCK.fullmatch(path.name)) and path.is_file()]
    if not found:
        raise Refused("The vault's weekly secrets are missing, as in a copy; boxes not imported before cannot be opened here.")
    return max(found)


def _weeks(folder: Path, generation: int) -> list[Path]:
    found = ((path, _WEEK.fullmatch(path.name)) for path in folder.iterdir())
    return [path for path, match in found if match and int(match.group(1)) == generation]


def _wipe_others(folder: Path, generation: int, first: Iterable[str] = ()) -> None:
    kept = {f"{generation}.lock", *(path.name for path in _weeks(folder, generation))}
    others = [
        p for p in folder.iterdir() if _OURS.fullmatch(p.name) and p.name not in kept and (p.is_symlink() or not p.is_dir())
    ]
    # Locks first: without them the rest is noise.
    doomed = set(first)
    for path in sorted(others, key=lambda p: (p.suffix != ".lock", p.name not in doomed)):
        wipe(path)


def _write_week(folder: Path, generation: int, key: bytes, epoch: int, seed: bytes) -> str:
    # Its name says nothing of the week, and its length nothing at all.
    name = f"{generation}-{os.urandom(8).hex()}.week"
    text = (epoch.to_bytes(4) + seed).ljust(_TEXT, b"\0")
    files.write_whole(folder / name, bytes(SecretBox(derive(key, "week")).encrypt(text)))
    return name


def _read_weeks(folder: Path, generation: int, key: bytes) -> dict[int, tuple[str, bytes]]:
    seeds: dict[int, tuple[str, bytes]] = {}
    for path in _weeks(folder, generation):
        try:
            text = SecretBox(derive(key, "week")).decrypt(files.read(path, WEEK_FILE))
        except (CryptoError, ValueError):
            raise Refused(
                f"The weekly secret in {path} is damaged; without that file the vault opens, and boxes of its week do not."
            ) from None
        epoch = fields.integer(int.from_bytes(text[:4]), 0, MAX_EPOCH, Refused, "The epoch of a weekly secret")
        seeds[epoch] = path.name, text[4 : 4 + xwing.SEED]
    return seeds
