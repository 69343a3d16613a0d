"""The server's database: what is small and relational. Boxes are never in it, nor any time finer than a day.

A rollback journal that is truncated, and secure_delete, so that what was deleted is gone from the file at the commit and
does not wait in a write-ahead log. Writers begin with BEGIN IMMEDIATE: a deferred transaction that reads first fails
when two meet. One object belongs to one thread; `state_thread` gives the running server its one.
"""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from knothole_keys.errors import Refused
from knothole_server.published import Published

SCHEMA = 2
SECRET = 32
PERMIT, COURIER = "permit", "courier"


class State:
    """An open state database. Raises Refused when it is not there, or of another version."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise Refused(f"{path.parent} holds no drop; make one with `knothole server init {path.parent} --root root.note`.")
        self._db = _connect(path)
        made = self._one("select 1 from sqlite_master where name = 'settings'")
        if made and self._setting("schema") == 1:
            self._widen()
        if not made or self._setting("schema") != SCHEMA:
            raise Refused(f"{path} was written by another version of Knothole; run that one.")

    @classmethod
    def create(cls, path: Path, published: Published) -> None:
        """Make the database of a new drop, with fresh secrets."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        db = _connect(path)
        with _immediate(db):
            db.table("settings").create({"name": str, "value": int}, pk="name")
            db.table("roots").create({"version": int, "note": bytes}, pk="version")
            db.table("rosters").create({"version": int, "note": bytes}, pk="version")
            db.table("secrets").create({"purpose": str, "position": int, "secret": bytes}, pk=("purpose", "position"))
            db.table("slots").create({"slot": bytes, "day": int}, pk="slot")
            db.table("slots").create_index(["day"])
            _create_tokens(db)
            db.table("settings").insert_all([{"name": "schema", "value": SCHEMA}, {"name": "difficulty", "value": 0}])
            _write_published(db, published)
            for purpose in (PERMIT, COURIER):
                db.table("secrets").insert({"purpose": purpose, "position": 1, "secret": secrets.token_bytes(SECRET)})
        db.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def version(self) -> int:
        """A number that changes when another process has written."""
        return int(self._one("PRAGMA data_version"))

    # What the administrators published.

    def published(self) -> Published:
        """The roots and the newest roster, verified anew. Raises KnotholeError."""
        roots = b"".join(self._all("select note from roots order by version"))
        return Published.read(roots, self._one("select note from rosters order by version desc limit 1"))

    def publish(self, roster: bytes, roots: bytes | None, now: int) -> Published:
        """Apply a roster, and the roots that came with it, together or not at all. Raises KnotholeError."""
        with _immediate(self._db):
            fresh = self.published().advance(roster, roots, now)
            _write_published(self._db, fresh)
        return fresh

    def roster(self, version: int) -> bytes | None:
        """The note of one roster, the newest or an older one."""
        found: bytes | None = self._one("select note from rosters where version = ?", version)
        return found

    # Settings and secrets.

    def difficulty(self) -> int:
        """How many zero bits the proof of work needs at present."""
        return int(self._setting("difficulty"))

    def set_difficulty(self, bits: int) -> None:
        """Set the difficulty, 0 to 40 bits."""
        with _immediate(self._db):
            self._db.table("settings").upsert({"name": "difficulty", "value": bits}, pk="name")

    def secrets(self, purpose: str) -> list[bytes]:
        """The secrets of one purpose, oldest first: the last one signs, all verify."""
        query = "select secret from secrets where purpose = ? order by position"
        return self._all(query, purpose)

    def rotate(self, keep: Mapping[str, int]) -> None:
        """Add a fresh secret for each purpose, and forget all but the newest few of those before, as many as `keep` says.

        With a courier's secret go the tokens that were signed with it.
        """
        with _immediate(self._db):
            for purpose, kept in keep.items():
                last = self._newest(purpose)
                self._db.execute("delete from secrets where purpose = ? and position <= ?", [purpose, last - kept])
                if purpose == COURIER:
                    self._db.execute("delete from tokens where position <= ?", [last - kept])
                row = {"purpose": purpose, "position": last + 1, "secret": secrets.token_bytes(SECRET)}
                self._db.table("secrets").insert(row)

    def _newest(self, purpose: str) -> int:
        return int(self._one("select max(position) from secrets where purpose = ?", purpose))

    # The courier's tokens: their ids and days. A token that does not stand here is not good, whoever signed it.

    def add_token(self, token_id: str, made: int, until: int) -> bytes:
        """Note a token by its id, the day it is made and its last day; returns the secret that it is to be signed with."""
        with _immediate(self._db):
            row = {"id": token_id, "made": made, "until": until, "position": self._newest(COURIER)}
            self._db.table("tokens").insert(row)
            return self.secrets(COURIER)[-1]

    def tokens(self) -> list[tuple[str, int, int]]:
        """(id, day made, last day) of the tokens that nobody revoked, the oldest first."""
        with _refusing():
            return list(self._db.execute("select id, made, until from tokens order by made, id"))

    def tokens_at_stake(self, keep: int) -> list[str]:
        """The ids of the tokens that go when `rotate` keeps so many of the courier's secrets."""
        with _refusing():
            last = self._newest(COURIER)
            return list(self._all("select id from tokens where position <= ? order by made, id", last - keep))

    def revoke_tokens(self, ids: Sequence[str]) -> None:
        """Make tokens void for ever. Raises Refused, and changes nothing, when one of them does not stand here."""
        with _immediate(self._db):
            for token_id in ids:
                if self._one("select 1 from tokens where id = ?", token_id) is None:
                    raise Refused(f"No token in force has the id {token_id}; `courier-token --list` shows those that are.")
                self._db.execute("delete from tokens where id = ?", [token_id])

    # The board.

    def add_slots(self, slots: list[bytes], day: int, most: int) -> int | None:
        """Put slots on the board, each once; how many are new, or None (and nothing changed) beyond `most` for the day.

        The whole day is written again, sorted by content, so that neither rows nor pages tell what came together.
        """
        with _immediate(self._db):
            fresh = {slot for slot in slots if not self._one("select 1 from slots where slot = ?", slot)}
            if not fresh:
                return 0
            today = fresh.union(self._all("select slot from slots where day = ?", day))
            if len(today) > most:
                return None
            self._db.execute("delete from slots where day = ?", [day])
            self._db.table("slots").insert_all({"slot": slot, "day": day} for slot in sorted(today))
        return len(fresh)

    def drop_slots(self, before: int) -> None:
        """Take down the slots of all days before `before`."""
        if self._one("select 1 from slots where day < ? limit 1", before):
            with _immediate(self._db):
                self._db.execute("delete from slots where day < ?", [before])

    def slots_after(self, slot: bytes, count: int) -> list[bytes]:
        """The next slots by content, at most `count`."""
        query = "select slot from slots where slot > ? order by slot limit ?"
        return self._all(query, slot, count)

    def slot_count(self) -> int:
        """How many slots are on the board."""
        return int(self._one("select count(*) from slots"))

    def _widen(self) -> None:
        # Version 1 knew no tokens by their ids: those that it made are void, everything else goes on.
        with _immediate(self._db):
            if self._setting("schema") == 1:
                _create_tokens(self._db)
                self._db.table("settings").upsert({"name": "schema", "value": SCHEMA}, pk="name")

    def _setting(self, name: str) -> Any:
        return self._one("select value from settings where name = ?", name)

    def _one(self, query: str, *values: Any) -> Any:
        found = self._all(query, *values)
        return found[0] if found else None

    def _all(self, query: str, *values: Any) -> list[Any]:
        with _refusing():
            return [row[0] for row in self._db.execute(query, values)]


def _connect(path: Path) -> Database:
    with _refusing():
        # Plugins of sqlite-utils that happen to be installed have no business in here.
        db = Database(sqlite3.connect(path, timeout=10), execute_plugins=False)
        for pragma in ("journal_mode=TRUNCATE", "secure_delete=ON", "synchronous=FULL", "temp_store=MEMORY"):
            db.execute(f"PRAGMA {pragma}").fetchall()
    return db


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Refused(f"The drop's database cannot be used ({error}); see to the disk and try again.") from None


@contextlib.contextmanager
def _immediate(db: Database) -> Iterator[None]:
    with _refusing():
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            # A full disk may have ended the transaction already; then this does nothing.
            db.rollback()
            raise


def _create_tokens(db: Database) -> None:
    db.table("tokens").create({"id": str, "made": int, "until": int, "position": int}, pk="id")


def _write_published(db: Database, published: Published) -> None:
    roots = ({"version": root.version, "note": root.note.data} for root in published.chain.roots)
    db.table("roots").upsert_all(roots, pk="version")
    if published.roster is not None:
        db.table("rosters").upsert({"version": published.roster.version, "note": published.roster.note.data}, pk="version")
