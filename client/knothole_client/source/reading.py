"""A person's files, read twice and never held: once for the Merkle leaves, once to be sealed (SPEC section 8).

Between the two a file must not change, or the letter would describe another one than is sent. Its identity (device, inode,
size, time of change) is compared at every reading, and every body with its leaf.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from knothole_keys import merkle
from knothole_keys.errors import Refused
from knothole_keys.stream import MAX_COUNT, count_of

Identity = tuple[int, int, int, int]


@dataclass(frozen=True)
class SourceFile:
    """A file as the first reading found it; `capacity` is the length of its full bodies."""

    path: Path
    identity: Identity
    capacity: int
    leaves: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.identity[2]

    @cached_property
    def tree(self) -> merkle.Tree:
        """The Merkle tree over the file's bodies."""
        return merkle.Tree(list(self.leaves))

    def body(self, index: int) -> bytes:
        """Read one body again. Raises Refused when the file is not the one of the first reading."""
        with _opened(self.path) as descriptor:
            if _identity(descriptor, self.path) != self.identity:
                raise _changed(self.path)
            data = _read(descriptor, self.capacity, index * self.capacity, self.path)
        if merkle.leaf(data) != self.leaves[index]:
            raise _changed(self.path)
        return data


def look(path: Path) -> int:
    """The size of a file that can be sent, without reading it. Raises Refused for a folder and the like."""
    with _opened(path) as descriptor:
        return _identity(descriptor, path)[2]


def survey(path: Path, capacity: int, read: Callable[[int], None]) -> SourceFile:
    """The first reading: every leaf. `read` is told how many bytes each step took. Raises Refused."""
    with _opened(path) as descriptor:
        identity = _identity(descriptor, path)
        count = count_of(identity[2], capacity)
        if count > MAX_COUNT:
            raise Refused(f"{path} is too large for this drop; split it.")
        leaves = []
        for index in range(count):
            body = _read(descriptor, min(capacity, identity[2] - index * capacity), index * capacity, path)
            leaves.append(merkle.leaf(body))
            read(len(body))
        if _identity(descriptor, path) != identity:
            raise _changed(path)
    return SourceFile(path, identity, capacity, tuple(leaves))


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        # Without O_NONBLOCK a named pipe would hold us here until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {(error.strerror or 'it failed').lower()}.") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _identity(descriptor: int, path: Path) -> Identity:
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise Refused(f"{path} is a folder; name the files in it, or pack it into one file first.")
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"{path} is not a file that can be read twice; copy it to a file first.")
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _read(descriptor: int, length: int, offset: int, path: Path) -> bytes:
    # One read may bring less than was asked for.
    pieces: list[bytes] = []
    try:
        while length > 0 and (piece := os.pread(descriptor, length, offset)):
            pieces.append(piece)
            length, offset = length - len(piece), offset + len(piece)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {(error.strerror or 'it failed').lower()}.") from None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _changed(path: Path) -> Refused:
    return Refused(f"{path} changed while it was being sent; make a copy that nobody changes, and send that.")
