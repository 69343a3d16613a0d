"""Backups: all records of a vault in one sealed file, and the way back. A weekly secret is never in one.

    "knothole-backup/1\\n" || u32 length || the lock (`locks`: the vault's key slots before a key of the backup's own)
    chunks of 64 KiB, each a secret box under a key derived for its number and for whether it is the last
    inside: u32 length || canonical JSON of a record (kind, name, value), the first one a head; then zeros

So the file shows its length and the kinds of its key slots. It opens with what opened the vault when it was made, for ever: a
passphrase changed later does not change it, which is why the vault remembers each backup and `lock-travel` names them.

Boxes are not inside: they are sealed already, may be a hundred gigabytes, and never change. They are copied, those that are
new, into a folder beside it; without them the courier's folder fills the gaps by another import.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from knothole_client.desk.locks import MAX_BYTES, Holding, Locks, kinds, open_locks
from knothole_client.desk.records import as_record
from knothole_client.desk.vault import PURPOSE
from knothole_client.desk.wiping import wipe
from knothole_keys import canonical, files
from knothole_keys.errors import MalformedJSON, Refused
from knothole_keys.kdf import derive

MAGIC = b"knothole-backup/1\n"
CHUNK = 65536
_ROOM = CHUNK - SecretBox.NONCE_SIZE - SecretBox.MACBYTES
_HEAD = ("backup", "head")
_LENGTH = 4
_DAMAGED = "This backup is damaged or was cut short; use another one."

Item = tuple[str, str, dict[str, Any]]


@dataclass(frozen=True, repr=False)
class Opened:
    """A backup that was read to its end: the day it was `made`, how many records it has, and what opened it."""

    path: Path
    made: str
    count: int
    locks: Locks

    def records(self) -> Iterator[Item]:
        """Kind, name and value of every record. Raises Refused when the file was changed meanwhile."""
        with _reading(self.path) as file:
            _read_lock(file)
            items = _items(file, self.locks.key)
            next(items, None)
            yield from items


def write(path: Path, locks: Locks, records: Iterable[Item], count: int, made: str) -> None:
    """Write a backup of `count` records, read it back to its end, and only then give it its name. Raises Refused."""
    refuse_existing(path)
    part = partial(path)
    # A fresh key: with the vault's own, a backup would open every later state of it that was not re-keyed.
    locks = locks.with_slots(locks.slots)
    head = (*_HEAD, {"made": made, "records": count})
    try:
        if os.path.lexists(part):
            # Left of one that was cut short; it may be whole, and open.
            wipe(part)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            lock = locks.sealed()
            file.write(MAGIC + len(lock).to_bytes(_LENGTH) + lock)
            _write_chunks(file, locks.key, _texts([head], records))
            file.flush()
            os.fsync(file.fileno())
            # What is read next must come from the disk, as far as a system lets us say so.
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if _check(part, locks) != (made, count):
            raise Refused(_DAMAGED)
        part.rename(path)
        files.sync_directory(path.parent)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {(error.strerror or 'it failed').lower()}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def refuse_existing(path: Path) -> None:
    """Refuse a name that is taken: an older backup may be the only good one."""
    if path.exists() or path.is_symlink():
        raise Refused(f"{path} exists already; name a new file.")


def partial(path: Path) -> Path:
    """Where a backup lies until it is whole."""
    return path.with_name(f".{path.name}.part")


def slot_kinds(path: Path) -> set[str]:
    """Which kinds of key slots a backup has; no secret is needed. Raises Refused."""
    with _reading(path) as file:
        return kinds(_read_lock(file))


def open_whole(path: Path, holding: Holding) -> Opened:
    """Open a backup and read it to its end. Raises WrongPassphrase, or Refused when anything is off."""
    with _reading(path) as file:
        locks = open_locks(_read_lock(file), holding, PURPOSE)
    made, count = _check(path, locks)
    return Opened(path, made, count, locks)


def _check(path: Path, locks: Locks) -> tuple[str, int]:
    with _reading(path) as file:
        _read_lock(file)
        items = _items(file, locks.key)
        kind, name, value = next(items, ("", "", {}))
        if (kind, name) != _HEAD or set(value) != {"made", "records"} or sum(1 for _ in items) != value["records"]:
            raise Refused(_DAMAGED)
    return str(value["made"]), int(value["records"])


def _texts(*several: Iterable[Item]) -> Iterator[bytes]:
    for items in several:
        for kind, name, value in items:
            text = canonical.encode({"kind": kind, "name": name, "value": value})
            yield len(text).to_bytes(_LENGTH) + text


def _write_chunks(file: BinaryIO, key: bytes, texts: Iterable[bytes]) -> None:
    waiting, number = bytearray(), 0
    for text in texts:
        waiting += text
        # The last chunk is always written at the end, so one is kept back.
        while len(waiting) > _ROOM:
            file.write(SecretBox(_chunk_key(key, number, last=False)).encrypt(bytes(waiting[:_ROOM])))
            del waiting[:_ROOM]
            number += 1
    file.write(SecretBox(_chunk_key(key, number, last=True)).encrypt(bytes(waiting.ljust(_ROOM, b"\0"))))


def _chunk_key(key: bytes, number: int, *, last: bool) -> bytes:
    return derive(key, "backup chunk", number.to_bytes(8) + bytes([last]))


def _plaintext(file: BinaryIO, key: bytes) -> Iterator[bytes]:
    number, chunk = 0, file.read(CHUNK)
    while True:
        following = file.read(CHUNK)
        try:
            yield SecretBox(_chunk_key(key, number, last=not following)).decrypt(chunk)
        except (CryptoError, ValueError):
            raise Refused(_DAMAGED) from None
        if not following:
            return
        number, chunk = number + 1, following


def _items(file: BinaryIO, key: bytes) -> Iterator[Item]:
    waiting = bytearray()
    for piece in _plaintext(file, key):
        waiting += piece
        while len(waiting) >= _LENGTH and len(waiting) >= _LENGTH + (length := int.from_bytes(waiting[:_LENGTH])):
            if length == 0:
                break
            try:
                value = as_record(canonical.decode(bytes(waiting[_LENGTH : _LENGTH + length])))
            except MalformedJSON:
                raise Refused(_DAMAGED) from None
            del waiting[: _LENGTH + length]
            yield value["kind"], value["name"], value["value"]
    if waiting.strip(b"\0"):
        raise Refused(_DAMAGED)


def _reading(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise Refused(f"{path} cannot be read: {(error.strerror or 'it failed').lower()}.") from None


def _read_lock(file: BinaryIO) -> bytes:
    if file.read(len(MAGIC)) != MAGIC:
        raise Refused("This is not a backup made by `knothole desk backup`, or by another version of it.")
    length = int.from_bytes(file.read(_LENGTH))
    lock = file.read(min(length, MAX_BYTES))
    if length > MAX_BYTES or len(lock) != length:
        raise Refused(_DAMAGED)
    return lock
