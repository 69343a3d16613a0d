"""The vault's database as a file: how it is opened, written whole, and where its lock lies.

One table has the sealed records (`records`). Another has the lock, and beside it what a change of key slots leaves to be
done in the folder of weekly secrets: nothing in either table helps without a key.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from knothole_client.desk.locks import Locks
from knothole_client.desk.records import DAMAGED, Records
from knothole_client.desk.wiping import wipe
from knothole_keys.errors import Refused

LOCKS = "locks"
SCHEMA = 3


@contextmanager
def opened_database(file: Path) -> Iterator[Database]:
    """Open a database, existing or not, as secrets need it.

    Never two threads at once: but a document is handed into the sandbox by a thread of its own, while the caller waits.
    """
    # No plugins: whatever else is installed on this machine has no business here.
    db = Database(sqlite3.connect(file, check_same_thread=False), execute_plugins=False)
    try:
        # A rollback journal, not a WAL: secure_delete leaves old rows in a WAL. Nothing is spilled into temporary files.
        for pragma in ("temp_store = MEMORY", "journal_mode = TRUNCATE", "secure_delete = ON", "synchronous = EXTRA"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("PRAGMA trusted_schema = OFF")
        # 16 MiB of its pages are kept at hand, all of them sealed.
        db.execute("PRAGMA cache_size = -16384")
        yield db
    finally:
        db.close()


def write_database(path: Path, locks: Locks, records: Iterable[tuple[str, str, Any]], spent: bytes | None = None) -> Path:
    """Write a whole database under a temporary name in the vault's folder; it is durable when this returns.

    `spent` is the fingerprint of the weekly secrets' lock that is replaced after this database has taken its place.
    """
    part = path / f".{secrets.token_hex(8)}.part"
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with opened_database(part) as db:
            made = Records(db, locks.key)
            with made.transaction():
                Records.create_table(db)
                db.table(LOCKS).create({"id": int, "data": bytes}, pk="id")
                db.execute(f"PRAGMA user_version = {SCHEMA}")
                db.table(LOCKS).insert({"id": 1, "data": locks.sealed()})
                if spent is not None:
                    db.table(LOCKS).insert({"id": 2, "data": spent})
                for kind, name, value in records:
                    made.put(kind, name, value)
    except BaseException:
        for left in (part, part.with_name(f"{part.name}-journal")):
            if left.exists():
                wipe(left)
        raise
    part.with_name(f"{part.name}-journal").unlink(missing_ok=True)
    return part


def locks_of(db: Database) -> bytes:
    """The vault's lock as it lies there. Raises Refused."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        raise Refused("This vault was never finished; remove the folder and run `knothole desk init` again.")
    if version != SCHEMA:
        raise Refused("This vault was made by another version of Knothole; use that version.")
    lock = _row(db, 1)
    if lock is None:
        raise Refused(DAMAGED)
    return lock


def spent_of(db: Database) -> bytes | None:
    """The fingerprint of the weekly secrets' lock that had to go after this database was written, or None."""
    return _row(db, 2)


def _row(db: Database, number: int) -> bytes | None:
    row = db.execute(f"select data from {LOCKS} where id = ?", [number]).fetchone()  # noqa: S608 - a constant
    return None if row is None else bytes(row[0])
