"""The vault: the folder in which a desk keeps everything, and the key that opens it.

    vault.db     key slots, and sealed records (`records`)
    boxes/       the boxes that this desk could open, as they came (`boxes`)
    epochs/      the weekly secrets, under a key of their own (`keyring`)

The vault key is 32 random bytes and never changes with the passphrase. Each key slot holds it under something that a
person has: today a passphrase. The weekly secrets are not under the vault key, because a backup holds the vault and must
never hold them; so a command that needs both stretches the passphrase twice. Commands that only look need the vault key
alone, and never unlock a weekly secret.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from knothole_client.desk.keyring import Keyring
from knothole_client.desk.records import DAMAGED, Records, sentences
from knothole_keys import fields, files, secret
from knothole_keys.errors import Refused
from knothole_keys.secret import Cost, WrongPassphrase

DATABASE = "vault.db"
BOXES = "boxes"
EPOCHS = "epochs"
SLOTS = "slots"
PURPOSE = "vault"
SCHEMA = 2
_IDENTITY = ("desk", "identity")


class Vault:
    """An open vault. Made by `create`, opened by `opened`; `records` is where every other room writes."""

    def __init__(self, path: Path, db: Database, key: bytes) -> None:
        self.path = path
        self.records = Records(db, key)

    @property
    def boxes(self) -> Path:
        """The folder of boxes."""
        return self.path / BOXES

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

    def set_note(self, text: str) -> None:
        """Change the note that sources see beside the name. Raises Refused."""
        note = fields.line(text, 0, 500, Refused, "The note")
        self.records.put(*_IDENTITY, {**self.identity, "note": note})


def check_name(name: str) -> str:
    """`name` as a recipient's name. Raises Refused."""
    return fields.person_name(name, Refused, "The name")


def create(path: Path, name: str, passphrase: bytes, cost: Cost | None = None) -> None:
    """Make a vault in a new or empty folder. Raises Refused."""
    identity = {"name": check_name(name), "note": "", "seed": os.urandom(32).hex()}
    files.make_directory(path)
    with sentences():
        Keyring.create(path / EPOCHS, passphrase, cost)
        (path / BOXES).mkdir(mode=0o700)
        os.close(os.open(path / DATABASE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    key = os.urandom(32)
    slot = secret.lock(key, passphrase, PURPOSE, cost)
    with sentences(), _database(path) as db:
        # The slot comes last, in one transaction with the identity: what has a slot is a whole vault.
        records = Records(db, key)
        with records.transaction():
            Records.create_table(db)
            db.table(SLOTS).create({"id": int, "kind": str, "data": bytes}, pk="id")
            db.execute(f"PRAGMA user_version = {SCHEMA}")
            records.put(*_IDENTITY, identity)
            db.table(SLOTS).insert({"kind": "passphrase", "data": slot})
    files.sync_directory(path)


@contextmanager
def opened(path: Path, passphrase: bytes, *, change: bool = False) -> Iterator[Vault]:
    """Open a vault; with `change`, nobody else may change it meanwhile. Raises Refused, WrongPassphrase."""
    check_is_vault(path)
    with sentences(), _held(path, change=change), _database(path) as db:
        yield Vault(path, db, _unlock(db, passphrase))


def check_is_vault(path: Path) -> None:
    """Refuse a folder that is not a vault, before a passphrase is asked for."""
    with sentences():
        whole = (path / DATABASE).is_file() and (path / EPOCHS).is_dir()
    if not whole:
        raise Refused(f"{path} is not a vault; make one with `knothole desk init`.")


def _unlock(db: Database, passphrase: bytes) -> bytes:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        raise Refused("This vault was never finished; remove the folder and run `knothole desk init` again.")
    if version != SCHEMA:
        raise Refused("This vault was made by another version of Knothole; use that version.")
    for (data,) in db.execute(f"select data from {SLOTS} where kind = 'passphrase' order by id").fetchall():  # noqa: S608
        try:
            return secret.unlock(data, passphrase, PURPOSE)
        except WrongPassphrase:
            continue
    raise WrongPassphrase("The passphrase is wrong; nothing was changed.")


@contextmanager
def _database(path: Path) -> Iterator[Database]:
    # No plugins: whatever else is installed on this machine has no business here.
    db = Database(path / DATABASE, execute_plugins=False)
    try:
        # A rollback journal, not a WAL: secure_delete leaves old rows in a WAL. Nothing is spilled into temporary files.
        for pragma in ("temp_store = MEMORY", "journal_mode = TRUNCATE", "secure_delete = ON", "synchronous = EXTRA"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("PRAGMA trusted_schema = OFF")
        yield db
    finally:
        db.close()


@contextmanager
def _held(path: Path, *, change: bool) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if change:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Refused("Another command is changing this vault; try again when it has finished.") from None
        yield
    finally:
        os.close(descriptor)
