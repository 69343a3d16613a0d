"""Sealed records: everything that the vault remembers, in one table that shows no name, no id and no text.

A record has a kind and a name, and is a JSON object. Where it lies (`place`) is an HMAC of kind and name; what it says
is a secret box under a key derived for that place alone, so that no record passes for another one. Kind and name are sealed
along with it, so that all records can be carried over under another key. Whoever reads the
database without the key sees how many records there are, which are of one kind, and their lengths to within a sixteenth.
"""

import hmac
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlite_utils import Database

from knothole_client.desk.forgetting import forget
from knothole_keys import canonical
from knothole_keys.errors import Refused
from knothole_keys.kdf import Deriver, derive

TABLE = "records"
# Records that are read in one go: so many at most, and so many bytes unless one alone is longer.
_AT_ONCE, _BYTES_AT_ONCE = 500, 1024 * 1024
DAMAGED = "The vault is damaged; use a copy of it, and look for why this disk fails."
LOCKED = "The vault was locked meanwhile; unlock it and begin again."


class Records:
    """The sealed records of an open vault."""

    def __init__(self, db: Database, key: bytes) -> None:
        self._db = db
        self._places, self._keys = derive(key, "places"), Deriver(key, "record")
        self._damaged: set[bytes] = set()
        self._shelves: dict[str, bytes] = {}
        self._written: Counter[str] = Counter()
        self._forgotten = False

    def forget(self) -> None:
        """Overwrite the keys in memory; another thread that is still reading or writing here is refused from now on."""
        # First, so that nothing is ever sealed or looked for under a key that is being overwritten (`_check`).
        self._forgotten = True
        forget(self._places, self._keys.key)

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
        self._written[kind] += 1
        self._check()
        self._db.execute(f"delete from {TABLE} where place = ?", [place])  # noqa: S608

    def put(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """Write a record, in place of one that was there."""
        place, shelf = self._where(kind, name)
        box = SecretBox(self._record_key(place, shelf)).encrypt(
            _pad(canonical.encode({"kind": kind, "name": name, "value": value}))
        )
        self._written[kind] += 1
        self._check()
        # Not the library's insert, which asks for the table's schema each time: this is called for every box.
        self._db.execute(f"insert or replace into {TABLE} values (?, ?, ?)", [place, shelf, bytes(box)])  # noqa: S608

    def all(self, kind: str, but: Iterable[str] = ()) -> Iterator[dict[str, Any]]:
        """Every record of a kind, in no order; those named in `but` are left where they are, and not opened."""
        shelf = self._shelf(kind)
        for place, box in self._rows(shelf, {self._where(kind, name)[0] for name in but}):
            yield self._open(place, shelf, box)

    def named(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every record of a kind with its name, in no order."""
        shelf = self._shelf(kind)
        for place, box in self._rows(shelf):
            whole = self._open_whole(place, shelf, box)
            yield whole["name"], whole["value"]

    def versions(self, kind: str) -> dict[bytes, bytes]:
        """Where each record of a kind lies, and what changes whenever it is written; none is opened."""
        # A record's nonce is random each time, and comes first.
        rows = self._db.execute(f"select place, substr(box, 1, 24) from {TABLE} where shelf = ?", [self._shelf(kind)])  # noqa: S608
        return dict(rows.fetchall())

    def place(self, kind: str, name: str) -> bytes:
        """Where the record of this kind and name lies, or would lie."""
        return self._where(kind, name)[0]

    def names(self, kind: str) -> Callable[[str], bool]:
        """Whether there is a record of a kind by a name, as of now: for who asks that many times. None is opened."""
        places = self.versions(kind).keys()
        return lambda name: bool(places) and self._where(kind, name)[0] in places

    def changes(self, *kinds: str) -> tuple[int, ...]:
        """Numbers that are other ones after a change of these kinds here, and after any change at all by another command."""
        others: int = self._db.execute("PRAGMA data_version").fetchone()[0]
        return others, *(self._written[kind] for kind in kinds)

    def at(self, kind: str, places: Iterable[bytes]) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """The records of a kind at these places, with their places. A damaged one is counted and left out."""
        shelf = self._shelf(kind)
        for place, box in self._rows(shelf, only=set(places)):
            try:
                yield place, self._open(place, shelf, box)
            except Refused:
                self._check()
                self._damaged.add(place)

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
        shelf = self._shelf(kind)
        for place, box in self._rows(shelf):
            try:
                value = self._open(place, shelf, box)
            except Refused:
                self._check()
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
        """All of what is put inside becomes durable together, or none of it; inside of another, together with that one."""
        if self._db.conn.in_transaction:
            yield
            return
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

    def _rows(
        self, shelf: bytes, but: Collection[bytes] = (), only: Collection[bytes] | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        sizes = self._db.execute(f"select place, length(box) from {TABLE} where shelf = ?", [shelf]).fetchall()  # noqa: S608
        return self._in_batches(
            [(place, size) for place, size in sizes if place not in but and (only is None or place in only)]
        )

    def _in_batches(self, sizes: list[tuple[bytes, int]]) -> Iterator[tuple[bytes, bytes]]:
        # Several small ones at once; never more than one that is long: a message may have 32 MiB, and there may be thousands.
        batch: list[bytes] = []
        held = 0
        for place, size in sizes:
            if batch and (len(batch) == _AT_ONCE or held + size > _BYTES_AT_ONCE):
                yield from self._read(batch)
                batch, held = [], 0
            batch.append(place)
            held += size
        yield from self._read(batch)

    def _read(self, places: list[bytes]) -> list[tuple[bytes, bytes]]:
        marks = ",".join("?" * len(places))
        return self._db.execute(f"select place, box from {TABLE} where place in ({marks})", places).fetchall()  # noqa: S608

    def _where(self, kind: str, name: str) -> tuple[bytes, bytes]:
        place = hmac.digest(self._places, b"place\x00" + kind.encode() + b"\x00" + name.encode(), "sha256")
        return place, self._shelf(kind)

    def _shelf(self, kind: str) -> bytes:
        if kind not in self._shelves:
            self._shelves[kind] = hmac.digest(self._places, b"shelf\x00" + kind.encode(), "sha256")[:8]
        self._check()
        return self._shelves[kind]

    def _check(self) -> None:
        # After a key was used, and before what came of it is believed or written.
        if self._forgotten:
            raise Refused(LOCKED)

    def _record_key(self, place: bytes, shelf: bytes) -> bytes:
        return self._keys.derive(place + shelf)

    def _open(self, place: bytes, shelf: bytes, box: bytes) -> dict[str, Any]:
        value: dict[str, Any] = self._open_whole(place, shelf, box)["value"]
        return value

    def _open_whole(self, place: bytes, shelf: bytes, box: bytes) -> dict[str, Any]:
        try:
            # Sealed by a desk that had the key, so it need not be asked again whether its JSON is canonical: that takes longer
            # than all else.
            whole = json.loads(SecretBox(self._record_key(place, shelf)).decrypt(box))
        except (CryptoError, ValueError, TypeError):
            self._check()
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
