"""One slab: all boxes of an epoch in one file, in places chosen at random.

A file for each box would tell whoever seizes the disk the second of its arrival (change and birth times cannot be
set); in a slab there is one set of times, and a steady beat touches it whether boxes arrive or not.

The entry is the commit. A body in a place without an entry is nothing, so a crash in the middle of an upload leaves a
free place. `slab_commit` alone writes entries, and only after the bodies are durable. Every method may be called from
any thread.
"""

import contextlib
import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

from knothole_keys import files
from knothole_keys.box import PREFIX
from knothole_server.disk import NoRoom, durably, read_all, room, wipe, write_all
from knothole_server.slab_table import ENTRY, FREE, PAGE, Shape, SlabDamaged


class Slab:
    """An open slab file, and its index in memory: box id to position and SHA-256."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.shape = Shape.read(read_all(descriptor, 0, PAGE))
        self.index: dict[bytes, tuple[int, bytes]] = {}
        self.damaged: list[int] = []
        self.extents = 0
        self._descriptor = descriptor
        self._free: list[int] = []
        self._users = 0
        self._lock = threading.Lock()
        size = os.fstat(descriptor).st_size
        if size < self.shape.offset(1):
            # A slab has its name only when its first extent is whole.
            raise SlabDamaged("It is shorter than it was made.")
        for _ in range(self.shape.extents_in(size)):
            self._adopt_extent()
        # Bytes of one more extent that is not whole. A crash while growing leaves that, and then its table is empty.
        self.surplus = size - self.shape.offset(self.extents)
        table = min(self.surplus, self.shape.table(self.extents))
        if any(read_all(descriptor, self.shape.offset(self.extents), table)):
            raise SlabDamaged("It ends within an extent that holds boxes.")

    @classmethod
    def create(cls, path: Path, shape: Shape) -> "Slab":
        """A new slab with one extent, durable before it has its name. Raises NoRoom."""
        unfinished = path.with_name(f".{path.name}.new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with room():
                os.posix_fallocate(descriptor, 0, shape.offset(1))
                write_all(descriptor, 0, shape.header())
            with durably("a new slab"):
                os.fsync(descriptor)
            with room():
                unfinished.rename(path)
            with durably("a new slab's name"):
                files.sync_directory(path.parent)
            return cls(path, descriptor)
        except BaseException:
            os.close(descriptor)
            unfinished.unlink(missing_ok=True)
            raise

    @classmethod
    def open(cls, path: Path, *, writable: bool = True) -> "Slab":
        """Open a slab and read its tables; mend what a crash left when it is `writable`. Raises SlabDamaged, OSError."""
        descriptor = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
        try:
            slab = cls(path, descriptor)
            if writable:
                slab._wipe_leftovers()
                if slab.surplus:
                    with contextlib.suppress(NoRoom):
                        slab.grow()
                # A killed server may have left entries that only the kernel's memory holds. From here on they count as
                # stored and durable, and whoever sends such a box again is told so.
                with durably("a slab"):
                    slab.sync()
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
        with room():
            write_all(self._descriptor, self.shape.place_offset(position) + offset, piece)

    def give_back(self, position: int, written: int) -> None:
        """Free a place that got no entry; what was written of the body is overwritten with zeros first."""
        with contextlib.suppress(OSError):
            wipe(self._descriptor, self.shape.place_offset(position), written)
        with self._lock:
            self._free.append(position)
            self._users -= 1

    def enter(self, position: int, box_id: bytes, digest: bytes) -> None:
        """Write the entry that commits a box; it counts once `sync` has returned. Raises OSError."""
        entry = self.shape.entry(position, box_id, digest)
        write_all(self._descriptor, self.shape.entry_offset(position), entry)

    def settle(self, position: int, box_id: bytes, digest: bytes) -> None:
        """Put a box whose entry is durable into the index; its upload is over."""
        with self._lock:
            self.index[box_id] = (position, digest)
            self._users -= 1

    def condemn(self, box_id: bytes, position: int) -> None:
        """Give up a box whose bytes are not those of its entry, so that it is missing and can be sent again. Raises NoRoom.

        Its marker is durable before the id leaves the index: a new box of that id never meets the old entry. The place
        stays out of use, as it is.
        """
        with self._lock:
            found = self.index.get(box_id)
        if found is None or found[0] != position:
            return
        with durably("a damaged box's marker"):
            write_all(self._descriptor, self.shape.entry_offset(position), self.shape.marker(position, box_id, found[1]))
            self.sync()
        with self._lock:
            if self.index.get(box_id) == found:
                del self.index[box_id]
                self.damaged.append(position)

    def sync(self) -> None:
        """Make what was written durable. Raises OSError."""
        os.fdatasync(self._descriptor)

    def grow(self) -> None:
        """Add an extent. Raises NoRoom, and then the file is as long as before."""
        before = os.fstat(self._descriptor).st_size
        extent = self.extents
        try:
            with room():
                os.posix_fallocate(self._descriptor, self.shape.offset(extent), self.shape.length(extent))
            with durably("a slab's new extent"):
                os.fsync(self._descriptor)
        except NoRoom:
            os.ftruncate(self._descriptor, before)
            raise
        with self._lock:
            self._adopt_extent()
            self.surplus = 0

    def listing(self) -> list[tuple[bytes, bytes]]:
        """All committed boxes as (id, SHA-256), sorted by id, so that no order of arrival shows."""
        with self._lock:
            return sorted((box_id, digest) for box_id, (_, digest) in self.index.items())

    def read(self, position: int, offset: int, length: int) -> bytes:
        """A piece of a box. Raises OSError."""
        return read_all(self._descriptor, self.shape.place_offset(position) + offset, length)

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

    def _wipe_leftovers(self) -> None:
        # A process that was killed in the middle of an upload has left part of a body in a free place. Bodies are
        # written from their beginning on, which is a box's prefix, and wiped down to it, so a place that begins with
        # zeros is empty. (After a power cut the disk may hold a later part without the beginning; finding that would
        # mean to read every free place.)
        with contextlib.suppress(OSError):
            for position in self._free:
                if any(self.read(position, 0, PREFIX)):
                    wipe(self._descriptor, self.shape.place_offset(position), self.shape.size)

    def _adopt_extent(self) -> None:
        extent, shape = self.extents, self.shape
        table = read_all(self._descriptor, shape.offset(extent), shape.table(extent))
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
