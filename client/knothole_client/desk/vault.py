"""The vault: the folder in which a desk keeps everything, and the key that opens it.

    vault.db     the lock with its key slots (`locks`), and sealed records (`records`)
    boxes/       the boxes that this desk could open, as they came (`boxes`)
    copies/      working copies, sealed, once there are any (`copies`)
    epochs/      the weekly secrets, under a key of their own behind the same key slots (`keyring`)

The vault key is 32 random bytes. The weekly secrets are not under it, because a backup holds the vault and must never hold
them; so a command that needs both stretches the passphrase twice. Commands that only look need the vault key alone, and
never unlock a weekly secret.

A change of the key slots gives the vault a fresh key, every record sealed anew (`relocking`): the database is written beside
the old one and takes its name in one step; then the old one is overwritten. Whoever looks meanwhile is waited out.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from knothole_client.desk.database import locks_of, opened_database, spent_of, write_database
from knothole_client.desk.forgetting import forget
from knothole_client.desk.keyring import Keyring, fingerprint, slot_numbers
from knothole_client.desk.locks import Holding, Locks, kinds, new_locks, new_slot, open_locks
from knothole_client.desk.records import DAMAGED, LOCKED, Records, sentences
from knothole_client.desk.wiping import wipe
from knothole_keys import fields, files
from knothole_keys.errors import Refused
from knothole_keys.secret import Cost

DATABASE = "vault.db"
BOXES = "boxes"
COPIES = "copies"
EPOCHS = "epochs"
PURPOSE = "vault"
_IDENTITY = ("desk", "identity")
# The database that a change of key slots replaced, until it is overwritten.
_OLD = ".vault.old"
_WHOLE = fcntl.LOCK_EX | fcntl.LOCK_NB
# Seconds that a change waits for another: one that an open desk makes takes less.
_PATIENCE = 1.0
_PART = re.compile(r"\.[0-9a-f]{16}\.part(-journal)?")


class Vault:
    """An open vault. Made by `create`, opened by `opened`; `records` is where every other room writes."""

    def __init__(self, path: Path, db: Database, locks: Locks) -> None:
        self.path, self.locks, self._spent = path, locks, spent_of(db)
        self.records = Records(db, locks.key)
        self._held = False
        self._beside: list[Records] = []
        self._forgotten = False

    @property
    def boxes(self) -> Path:
        """The folder of boxes."""
        return self.path / BOXES

    @property
    def copies(self) -> Path:
        """The folder of working copies, which may not be there yet."""
        return self.path / COPIES

    @property
    def epochs(self) -> Path:
        """The folder of weekly secrets."""
        return self.path / EPOCHS

    @property
    def identity(self) -> dict[str, Any]:
        """Who this desk belongs to: `name`, `note`, and the `seed` (hex) of its long-term signing key."""
        found = self.records.get(*_IDENTITY)
        if found is None:
            raise Refused(DAMAGED)
        return found

    @property
    def cut_short(self) -> bool:
        """Whether a change was cut short: the weekly secrets have the lock that was to go, or a slot that the vault lacks."""
        if self._spent is not None and fingerprint(self.epochs) == self._spent:
            return True
        return bool(slot_numbers(self.epochs) - {slot.number for slot in self.locks.slots})

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold an open vault for a change, for a moment; inside, all of what is put becomes durable together, or none of it.

        For who has it open for long and writes now and then. Raises Refused when another command is changing it, or when it
        cannot be written; nothing is changed then. Inside of itself, or where the vault was opened for a change, it is one
        transaction more or the one that there is.
        """
        with sentences():
            if self._held:
                with self.records.transaction():
                    yield
                return
            with _flock(self.path, _WHOLE, "changing"), self.records.transaction():
                self._held = True
                try:
                    yield
                finally:
                    self._held = False

    @contextmanager
    def beside(self) -> Iterator[Records]:
        """The records once more, to be read by another thread; only as long as the vault stays open."""
        with sentences(), opened_database(self.path / DATABASE) as db:
            records = Records(db, self.locks.key)
            self._beside.append(records)
            try:
                # Made of a key that was being overwritten, it is no reading at all.
                if self._forgotten:
                    raise Refused(LOCKED)
                yield records
            finally:
                self._beside.remove(records)
                records.forget()

    def forget(self) -> None:
        """Overwrite the keys in memory, as far as that can be done; the vault is spent afterwards, and who reads beside it
        is refused (`Records.forget`)."""
        self._forgotten = True
        forget(self.locks.key)
        for records in (self.records, *self._beside):
            records.forget()

    def keyring(self, holding: Holding) -> Keyring:
        """Unlock the weekly secrets; only while the vault is held for a change. Raises WrongPassphrase, Refused."""
        return Keyring.open(self.epochs, holding, [slot.number for slot in self.locks.slots], self._spent)

    def set_note(self, text: str) -> None:
        """Change the note that sources see beside the name. Raises Refused."""
        note = fields.line(text, 0, 500, Refused, "The note")
        self.records.put(*_IDENTITY, {**self.identity, "note": note})


def check_name(name: str) -> str:
    """`name` as a recipient's name. Raises Refused."""
    return fields.person_name(name, Refused, "The name")


def create(path: Path, name: str, holding: Holding, cost: Cost | None = None) -> None:
    """Make a vault in a new or empty folder, with one key slot. Raises Refused."""
    identity = {"name": check_name(name), "note": "", "seed": os.urandom(32).hex()}
    files.make_directory(path)
    build(path, holding, [(*_IDENTITY, identity)], cost)


def build(
    path: Path, holding: Holding, records: Iterable[tuple[str, str, Any]], cost: Cost | None = None, number: int = 1
) -> None:
    """Fill an empty folder: one key slot, no weekly secrets, and these records (kind, name, value)."""
    locks = new_locks(PURPOSE, new_slot(holding, PURPOSE, number, "", cost))
    with sentences():
        Keyring.create(path / EPOCHS, holding, cost, number=number)
        (path / BOXES).mkdir(mode=0o700)
        # It gets its name when it is whole: what has a database is a vault.
        write_database(path, locks, records).rename(path / DATABASE)
        files.sync_directory(path)


def replace_database(vault: Vault, locks: Locks, spent: bytes | None) -> None:
    """Seal every record anew under the key of `locks`, in place of the old database, which is overwritten.

    `spent` is the fingerprint of the weekly secrets' lock: until another is in its place, the change counts as cut short.

    The vault must be open alone. It is the old one or the new one at any moment; what was open is spent afterwards.
    """
    part = write_database(vault.path, locks, vault.records.everything(), spent)
    # A second name for the old one, so that it can still be found and overwritten after a crash.
    try:
        os.link(vault.path / DATABASE, vault.path / _OLD)
    except OSError as error:
        wipe(part)
        if error.errno not in files.NO_LINKS:
            raise
        raise Refused(
            "Keys cannot be changed on this file system, as it has no hard links; move the vault to a disk with ext4."
        ) from None
    part.rename(vault.path / DATABASE)
    files.sync_directory(vault.path)
    wipe(vault.path / _OLD)


@contextmanager
def opened(path: Path, holding: Holding, *, change: bool = False, alone: bool = False) -> Iterator[Vault]:
    """Open a vault; with `change`, nobody else may change it meanwhile; with `alone`, nobody may even look.

    With `change`, a change of keys that was cut short is finished first.
    Raises Refused, WrongPassphrase.
    """
    check_is_vault(path)
    with sentences(), _held(path, change=change, alone=alone), opened_database(path / DATABASE) as db:
        locks = open_locks(locks_of(db), holding, PURPOSE)
        vault = Vault(path, db, locks)
        if change:
            vault._held = True
            _sweep(path)
            if vault.cut_short:
                vault.keyring(holding)
        yield vault


def slot_kinds(path: Path) -> set[str]:
    """Which kinds of key slots a vault has; no secret is needed. Raises Refused."""
    check_is_vault(path)
    with sentences(), _held(path, change=False, alone=False), opened_database(path / DATABASE) as db:
        return kinds(locks_of(db))


def check_is_vault(path: Path) -> None:
    """Refuse a folder that is not a vault, before a passphrase is asked for."""
    with sentences():
        whole = (path / DATABASE).is_file() and (path / EPOCHS).is_dir()
    if not whole:
        raise Refused(f"{path} is not a vault; make one with `knothole desk init`.")


def _sweep(path: Path) -> None:
    # What a change of key slots left when it was cut short: a new database that never got its name, or the old one.
    for left in sorted(path.iterdir()):
        if left.name == _OLD and not left.is_symlink():
            if left.is_dir():
                raise Refused(f"{left} is a folder, and not of Knothole's making; move it elsewhere.")
            if left.samefile(path / DATABASE):
                left.unlink()
            else:
                wipe(left)
        elif left.name == _OLD or (_PART.fullmatch(left.name) and not left.is_dir()):
            # Of a link, the link alone goes.
            wipe(left)


@contextmanager
def _held(path: Path, *, change: bool, alone: bool) -> Iterator[None]:
    with (
        _flock(path, _WHOLE if change else 0, "changing"),
        # Everybody who looks shares this one. Who comes while a database is being exchanged waits for the new one.
        _flock(path / BOXES, _WHOLE if alone else fcntl.LOCK_SH, "reading"),
    ):
        yield


@contextmanager
def _flock(folder: Path, operation: int, doing: str) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if operation:
            _take(descriptor, operation, doing)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, operation: int, doing: str) -> None:
    until = time.monotonic() + (_PATIENCE if doing == "changing" else 0)
    while True:
        try:
            fcntl.flock(descriptor, operation)
        except OSError:
            if time.monotonic() >= until:
                raise Refused(f"Another command is {doing} this vault; try again when it has finished.") from None
            time.sleep(0.02)
        else:
            return
