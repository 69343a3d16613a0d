"""Sealed records: everything that the vault remembers, in one table that shows no name, no id and no text.

A record has a kind and a name, and is a JSON object. Where it lies (`place`) is an HMAC of kind and name; what it says
is a secret box under a key derived for that place alone, so that no record passes for another one. Kind and name are sealed
along with it, so that all records can be carried over under another key. Whoever reads the
database without the key sees how many records there are, which are of one kind, and their lengths to within a sixteenth.
"""

import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlite_utils import Database

from knothole_keys import canonical
from knothole_keys.errors import MalformedJSON, Refused
from knothole_keys.kdf import derive

TABLE = "records"
DAMAGED = "The vault is damaged; use a copy of it, and look for why this disk fails."


class Records:
    """The sealed records of an open vault."""

    def __init__(self, db: Database, key: bytes) -> None:
        self._db, self._key = db, key
        self._places = derive(key, "places")
        self._damaged: set[bytes] = set()

    @staticmethod
    def create_table(db: Database) -> None:
        """Make the table of an empty vault."""
        db.table(TABLE).create({"place": bytes, "shelf": bytes, "box": bytes}, pk="place", not_null={"shelf", "box"})
        db.table(TABLE).create_index(["shelf"])

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """The record of this kind and name, or None. Raises Refused when it is damaged."""
        place, shelf = self._where(kind, name)
        row = self._db.execute(f"select box from {TABLE} where place = ?", [place]).fetchone()  # noqa: S608 - a constant
        return None if row is None else self._open(place, shelf, row[0])

    def has(self, kind: str, name: str) -> bool:
        """Whether there is a record of this kind and name; it is not opened."""
        place, _ = self._where(kind, name)
        return self._db.execute(f"select 1 from {TABLE} where place = ?", [place]).fetchone() is not None  # noqa: S608

    def count(self, kind: str) -> int:
        """How many records of a kind there are; none is opened."""
        row = self._db.execute(f"select count(*) from {TABLE} where shelf = ?", [self._shelf(kind)]).fetchone()  # noqa: S608
        return int(row[0])

    def remove(self, kind: str, name: str) -> None:
        """Delete a record, if it is there."""
        place, _ = self._where(kind, name)
        self._db.execute(f"delete from {TABLE} where place = ?", [place])  # noqa: S608

    def put(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """Write a record, in place of one that was there."""
        place, shelf = self._where(kind, name)
        box = SecretBox(self._record_key(place, shelf)).encrypt(
            _pad(canonical.encode({"kind": kind, "name": name, "value": value}))
        )
        # Not the library's insert, which asks for the table's schema each time: this is called for every box.
        self._db.execute(f"insert or replace into {TABLE} values (?, ?, ?)", [place, shelf, bytes(box)])  # noqa: S608

    def all(self, kind: str) -> Iterator[dict[str, Any]]:
        """Every record of a kind, in no order."""
        for place, box in self._rows(kind):
            yield self._open(place, self._shelf(kind), box)

    @property
    def damaged(self) -> int:
        """How many damaged records `get_sound` and `all_sound` have left out."""
        return len(self._damaged)

    def get_sound(self, kind: str, name: str) -> dict[str, Any] | None:
        """As `get`, but a damaged record is counted and left out."""
        try:
            return self.get(kind, name)
        except Refused:
            self._damaged.add(self._where(kind, name)[0])
            return None

    def all_sound(self, kind: str) -> Iterator[dict[str, Any]]:
        """As `all`, but damaged records are counted and left out: one must not silence the others."""
        for place, box in self._rows(kind):
            try:
                value = self._open(place, self._shelf(kind), box)
            except Refused:
                self._damaged.add(place)
            else:
                yield value

    def places(self) -> list[bytes]:
        """Where every record lies, in no order."""
        return [place for (place,) in self._db.execute(f"select place from {TABLE}").fetchall()]  # noqa: S608

    def everything(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Kind, name and value of every record, in no order. Raises Refused when one is damaged."""
        for place in self.places():
            shelf, box = self._db.execute(f"select shelf, box from {TABLE} where place = ?", [place]).fetchone()  # noqa: S608
            whole = self._open_whole(place, shelf, box)
            yield whole["kind"], whole["name"], whole["value"]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is put inside becomes durable together, or none of it."""
        # Not the library's own, which begins deferred: whoever will write takes the lock before reading.
        connection = self._db.conn
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            # Some errors of SQLite have rolled back already.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _rows(self, kind: str) -> Iterator[tuple[bytes, bytes]]:
        shelf = self._shelf(kind)
        # One at a time: a message may be 32 MiB long, and there may be thousands.
        for (place,) in self._db.execute(f"select place from {TABLE} where shelf = ?", [shelf]).fetchall():  # noqa: S608
            row = self._db.execute(f"select box from {TABLE} where place = ?", [place]).fetchone()  # noqa: S608
            if row is not None:
                yield place, row[0]

    def _where(self, kind: str, name: str) -> tuple[bytes, bytes]:
        place = hmac.digest(self._places, b"place\x00" + kind.encode() + b"\x00" + name.encode(), "sha256")
        return place, self._shelf(kind)

    def _shelf(self, kind: str) -> bytes:
        return hmac.digest(self._places, b"shelf\x00" + kind.encode(), "sha256")[:8]

    def _record_key(self, place: bytes, shelf: bytes) -> bytes:
        return derive(self._key, "record", place + shelf)

    def _open(self, place: bytes, shelf: bytes, box: bytes) -> dict[str, Any]:
        value: dict[str, Any] = self._open_whole(place, shelf, box)["value"]
        return value

    def _open_whole(self, place: bytes, shelf: bytes, box: bytes) -> dict[str, Any]:
        try:
            whole = canonical.decode(SecretBox(self._record_key(place, shelf)).decrypt(box).rstrip(b" "))
        except (CryptoError, MalformedJSON, ValueError, TypeError):
            raise Refused(DAMAGED) from None
        return as_record(whole)


def as_record(value: Any) -> dict[str, Any]:
    """`value` as a record's kind, name and JSON object. Raises Refused."""
    if not isinstance(value, dict) or set(value) != {"kind", "name", "value"} or not isinstance(value["value"], dict):
        raise Refused(DAMAGED)
    return value


def _pad(data: bytes) -> bytes:
    # To a multiple of a sixteenth of its own magnitude, at least 256: a message's length is nobody's business.
    step = max(256, 1 << max(0, len(data).bit_length() - 5))
    return data + b" " * (-len(data) % step)


@contextmanager
def sentences() -> Iterator[None]:
    """Turn the database's and the disk's own errors into one sentence."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text:
            raise Refused("The vault is busy; try again when the other command has finished.") from None
        if "full" in text:
            raise Refused("The vault's disk is full; make room and try again.") from None
        if "readonly" in text or "unable to open" in text:
            raise Refused("The vault cannot be written; give it a disk that can, and an account that may.") from None
        raise Refused(DAMAGED) from None
    except sqlite3.Error:
        raise Refused(DAMAGED) from None
    except BrokenPipeError:
        # Whoever read our output had enough: the command line's business.
        raise
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else "The disk"
        raise Refused(f"{where} failed: {(error.strerror or 'no reason was given').lower()}.") from None
