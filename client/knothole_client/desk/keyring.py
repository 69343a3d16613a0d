"""The weekly secrets (epoch keys): made, handed to import, and destroyed.

    epochs/N.lock    a random key under the passphrase, for nothing but these secrets
    epochs/N.keys    all weekly seeds, in a secret box under that key

Two files, so that one surviving block is not enough: without its lock file a key file says nothing, whatever passphrase
comes to be known. Destroying a week makes generation N+1, under a fresh random key and without that week's seed, and then
overwrites and removes generation N, lock first. A crash in between leaves both; the next change of the vault finishes
the work before it does anything else.

What this cannot promise: flash storage, copy-on-write and journalling file systems, snapshots and backups may keep the
overwritten blocks, and who has those *and* the passphrase gets the seeds back. Keep the vault on an encrypted disk,
and this folder out of every backup.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from knothole_keys import canonical, fields, files, secret, xwing
from knothole_keys.epoch import MAX_EPOCH
from knothole_keys.errors import MalformedJSON, Refused
from knothole_keys.kdf import derive
from knothole_keys.secret import Cost

TYPE = "knothole-epochs/1"
PURPOSE = "epochs"
_FILE = re.compile(r"([1-9][0-9]{0,17})\.(lock|keys)")
# A file of ours, whole or half written. Anything else in the folder belongs to somebody else, such as a file manager's bin.
_OURS = re.compile(rf"{_FILE.pattern}|\.[0-9a-f]{{16}}\.part")
_BLOCK = 4096
_MAX_BYTES = 2**20


class Keyring:
    """The weekly seeds of an open vault: 32 bytes for each epoch that this desk can still open."""

    def __init__(self, folder: Path, generation: int, lock_key: bytes, seeds: Mapping[int, bytes]) -> None:
        self._folder, self._generation, self._lock_key = folder, generation, lock_key
        self._seeds = dict(seeds)

    @classmethod
    def create(cls, folder: Path, passphrase: bytes, cost: Cost | None = None) -> None:
        """Make an empty keyring in a folder that does not exist yet."""
        folder.mkdir(mode=0o700)
        cls._write_generation(folder, 1, {}, passphrase, cost)

    @classmethod
    def open(cls, folder: Path, passphrase: bytes) -> "Keyring":
        """Unlock the newest generation and remove what is left of older ones; only while the vault is held for a change.

        Raises WrongPassphrase, Refused.
        """
        generation = _newest(folder)
        lock = files.read(folder / f"{generation}.lock", secret.MAX_BYTES)
        lock_key = secret.unlock(lock, passphrase, PURPOSE)
        seeds = _read_seeds(files.read(folder / f"{generation}.keys", _MAX_BYTES), lock_key)
        # Only now, when the newest one is known to open, is nothing else needed.
        _wipe_others(folder, generation)
        return cls(folder, generation, lock_key, seeds)

    @property
    def epochs(self) -> list[int]:
        """The epochs that this desk has secrets for, rising."""
        return sorted(self._seeds)

    def seed(self, epoch: int) -> bytes | None:
        """The seed of an epoch, or None when there is none, or none any more."""
        return self._seeds.get(epoch)

    def add(self, epochs: Iterable[int]) -> None:
        """Make independent random seeds for epochs that have none. They are on disk when this returns."""
        grown = {**{epoch: xwing.new_seed() for epoch in epochs}, **self._seeds}
        if grown != self._seeds:
            files.write_whole(self._folder / f"{self._generation}.keys", _sealed(grown, self._lock_key))
            self._seeds = grown

    def destroy(self, epochs: Iterable[int], passphrase: bytes, cost: Cost | None = None) -> None:
        """Destroy the seeds of some epochs for good, as far as software can (see above), and re-key the others."""
        remaining = {epoch: seed for epoch, seed in self._seeds.items() if epoch not in set(epochs)}
        generation = self._generation + 1
        self._lock_key = self._write_generation(self._folder, generation, remaining, passphrase, cost)
        self._generation, self._seeds = generation, remaining
        _wipe_others(self._folder, generation)

    @staticmethod
    def _write_generation(
        folder: Path, generation: int, seeds: Mapping[int, bytes], passphrase: bytes, cost: Cost | None
    ) -> bytes:
        # The key file is the commit: a generation counts only when it has both.
        lock_key = os.urandom(32)
        files.write_whole(folder / f"{generation}.lock", secret.lock(lock_key, passphrase, PURPOSE, cost))
        files.write_whole(folder / f"{generation}.keys", _sealed(seeds, lock_key))
        return lock_key


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _newest(folder: Path) -> int:
    found = {match.group() for match in map(_FILE.fullmatch, _names(folder)) if match}
    whole = [int(name[:-5]) for name in found if name.endswith(".keys") and f"{name[:-5]}.lock" in found]
    if not whole:
        raise Refused(
            "The vault's weekly secrets are missing, as in a backup; boxes not imported before cannot be opened here."
        )
    return max(whole)


def _wipe_others(folder: Path, generation: int) -> None:
    kept = {f"{generation}.lock", f"{generation}.keys"}
    others = [
        p for p in folder.iterdir() if _OURS.fullmatch(p.name) and p.name not in kept and (p.is_symlink() or not p.is_dir())
    ]
    # Locks first: without them the rest is noise.
    for path in sorted(others, key=lambda p: p.suffix != ".lock"):
        wipe(path)


def wipe(path: Path) -> None:
    """Overwrite a file with random bytes, to the end of its last block, and remove it, durably. Raises Refused."""
    try:
        if path.is_file() and not path.is_symlink():
            descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
            try:
                left = -(-os.fstat(descriptor).st_size // _BLOCK) * _BLOCK
                while left:
                    left -= os.write(descriptor, os.urandom(min(left, 1 << 20)))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        path.unlink()
        files.sync_directory(path.parent)
    except OSError as error:
        raise Refused(f"{path} cannot be destroyed: {(error.strerror or 'it failed').lower()}.") from None


def _sealed(seeds: Mapping[int, bytes], lock_key: bytes) -> bytes:
    keys = [{"epoch": epoch, "seed": seed.hex()} for epoch, seed in sorted(seeds.items())]
    text = canonical.encode({"type": TYPE, "keys": keys})
    return bytes(SecretBox(derive(lock_key, "epoch keys")).encrypt(text))


def _read_seeds(data: bytes, lock_key: bytes) -> dict[int, bytes]:
    try:
        value = canonical.decode(SecretBox(derive(lock_key, "epoch keys")).decrypt(data))
    except (CryptoError, MalformedJSON, ValueError):
        raise Refused("The vault's weekly secrets are damaged; boxes not imported before cannot be opened here.") from None
    fields.members(value, {"type", "keys"}, Refused, "The vault's file of weekly secrets")
    if value["type"] != TYPE:
        raise Refused("The vault's weekly secrets were written by another version of Knothole; use that version.")
    seeds = {}
    for item in fields.items(value["keys"], 0, _MAX_BYTES, Refused, "The vault's list of weekly secrets"):
        epoch = fields.integer(item["epoch"], 0, MAX_EPOCH, Refused, "The epoch of a weekly secret")
        seeds[epoch] = fields.hex_bytes(item["seed"], xwing.SEED, Refused, "A weekly secret")
    return seeds
