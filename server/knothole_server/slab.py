"""One slab: all boxes of an epoch in one file, in places chosen at random.

A file for each box would tell whoever seizes the disk the second of its arrival (change and birth times cannot be
set); in a slab there is one set of times, and a steady beat touches it whether boxes arrive or not.

The entry is the commit. A body in a place without an entry is nothing, so a crash in the middle of an upload leaves a
free place. `slab_commit` alone writes entries, and only after the bodies are durable. Every method may be called from
any thread.
"""

import contextlib
import errno
import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

from knothole_keys import files
from knothole_server.failstop import stop_now
from knothole_server.slab_table import ENTRY, FREE, PAGE, Shape, SlabDamaged

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ZEROS = bytes(65_536)


class NoRoom(Exception):
    """The disk has no room for another box; nothing that was there is lost."""


class Slab:
    """An open slab file, and its index in memory: box id to position and SHA-256."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.shape = Shape.read(_read_all(descriptor, 0, PAGE))
        self.index: dict[bytes, tuple[int, bytes]] = {}
        self.damaged: list[int] = []
        self.extents = 0
        self._descriptor = descriptor
        self._free: list[int] = []
        self._users = 0
        self._lock = threading.Lock()
        for _ in range(self.shape.extents_in(os.fstat(descriptor).st_size)):
            self._adopt_extent()

    @classmethod
    def create(cls, path: Path, shape: Shape) -> "Slab":
        """A new slab with one extent, durable before it has its name. Raises NoRoom."""
        unfinished = path.with_name(f".{path.name}.new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with _room():
                os.posix_fallocate(descriptor, 0, shape.offset(1))
                _write_all(descriptor, 0, shape.header())
                os.fsync(descriptor)
            unfinished.rename(path)
            files.sync_directory(path.parent)
            return cls(path, descriptor)
        except BaseException:
            os.close(descriptor)
            unfinished.unlink(missing_ok=True)
            raise

    @classmethod
    def open(cls, path: Path, *, writable: bool = True) -> "Slab":
        """Open a slab and read its tables. Raises SlabDamaged, OSError."""
        descriptor = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
        try:
            slab = cls(path, descriptor)
            # A crash while growing leaves part of an extent; entries found in it count, so that nothing is passed over.
            if writable and os.fstat(descriptor).st_size > slab.shape.offset(slab.extents):
                with contextlib.suppress(NoRoom):
                    slab.grow()
            return slab
        except BaseException:
            os.close(descriptor)
            raise

    @property
    def free(self) -> int:
        """How many places can take a box."""
        return len(self._free)

    @property
    def low(self) -> bool:
        """Whether less than a quarter of an extent is free, so that random places would soon be few."""
        return len(self._free) < max(1, self.shape.count(max(0, self.extents - 1)) // 4)

    def take(self) -> int | None:
        """A free place, chosen at random, for one upload; None when there is none. End with `settle` or `give_back`."""
        with self._lock:
            if not self._free:
                return None
            chosen = secrets.randbelow(len(self._free))
            self._free[chosen], self._free[-1] = self._free[-1], self._free[chosen]
            self._users += 1
            return self._free.pop()

    def write(self, position: int, offset: int, piece: bytes) -> None:
        """Write a piece of a body. Raises NoRoom."""
        with _room():
            _write_all(self._descriptor, self.shape.place_offset(position) + offset, piece)

    def give_back(self, position: int, written: int) -> None:
        """Free a place that got no entry; what was written of the body is overwritten with zeros first."""
        begin = self.shape.place_offset(position)
        with contextlib.suppress(OSError):
            for offset in range(0, written, len(_ZEROS)):
                _write_all(self._descriptor, begin + offset, _ZEROS[: written - offset])
        with self._lock:
            self._free.append(position)
            self._users -= 1

    def enter(self, position: int, box_id: bytes, digest: bytes) -> None:
        """Write the entry that commits a box; it counts once `sync` has returned. Raises OSError."""
        entry = self.shape.entry(position, box_id, digest)
        _write_all(self._descriptor, self.shape.entry_offset(position), entry)

    def settle(self, position: int, box_id: bytes, digest: bytes) -> None:
        """Put a box whose entry is durable into the index; its upload is over."""
        with self._lock:
            self.index[box_id] = (position, digest)
            self._users -= 1

    def sync(self) -> None:
        """Make what was written durable. Raises OSError."""
        os.fdatasync(self._descriptor)

    def grow(self) -> None:
        """Add an extent. Raises NoRoom, and then the file is as long as before."""
        before = os.fstat(self._descriptor).st_size
        extent = self.extents
        try:
            with _room():
                os.posix_fallocate(self._descriptor, self.shape.offset(extent), self.shape.length(extent))
        except NoRoom:
            os.ftruncate(self._descriptor, before)
            raise
        try:
            os.fsync(self._descriptor)
        except OSError:
            stop_now("a slab's new extent could not be made durable")
        with self._lock:
            self._adopt_extent()

    def listing(self) -> list[tuple[bytes, bytes]]:
        """All committed boxes as (id, SHA-256), sorted by id, so that no order of arrival shows."""
        with self._lock:
            return sorted((box_id, digest) for box_id, (_, digest) in self.index.items())

    def read(self, position: int, offset: int, length: int) -> bytes:
        """A piece of a box. Raises OSError."""
        return _read_all(self._descriptor, self.shape.place_offset(position) + offset, length)

    def beat(self) -> None:
        """Touch the file's times, so that they tell when the server last ran and not when a box last came."""
        os.utime(self._descriptor)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep the slab from being closed while a box is read."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1

    @property
    def idle(self) -> bool:
        """Whether no upload and no reader is at work."""
        return self._users == 0

    def close(self) -> None:
        """Close the file; the slab must not be used any more."""
        os.close(self._descriptor)

    def _adopt_extent(self) -> None:
        extent, shape = self.extents, self.shape
        table = _read_all(self._descriptor, shape.offset(extent), shape.table(extent))
        for i in range(shape.count(extent)):
            position, raw = shape.begin(extent) + i, table[i * ENTRY : (i + 1) * ENTRY]
            if raw == FREE:
                self._free.append(position)
                continue
            found = shape.read_entry(position, raw)
            if found is None or found[0] in self.index:
                self.damaged.append(position)
            else:
                self.index[found[0]] = (position, found[1])
        self.extents += 1


@contextlib.contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise NoRoom from None
        raise


def _write_all(descriptor: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _read_all(descriptor: int, offset: int, length: int) -> bytes:
    pieces = []
    while length:
        piece = os.pread(descriptor, length, offset)
        if not piece:
            raise SlabDamaged
        pieces.append(piece)
        offset, length = offset + len(piece), length - len(piece)
    return b"".join(pieces)
