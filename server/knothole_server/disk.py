"""Whole pieces of an open file, read and written; and what a full disk and a failing one are to the server."""

import contextlib
import errno
import os
from collections.abc import Iterator

from knothole_server.failstop import stop_now
from knothole_server.slab_table import SlabDamaged

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ZEROS = bytes(65_536)


class NoRoom(Exception):
    """The disk has no room for another box; nothing that was there is lost."""


@contextlib.contextmanager
def room() -> Iterator[None]:
    """Tell a full disk from a failing one: NoRoom for the first, OSError for the second."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise NoRoom from None
        raise


@contextlib.contextmanager
def durably(what: str) -> Iterator[None]:
    """Around a call that makes something durable: a failure stops the process, and only want of room is raised (NoRoom).

    The same call may report success the next time although nothing is on the disk, so nobody may try again.
    """
    try:
        with room():
            yield
    except OSError:
        stop_now(f"{what} could not be made durable")


def write_all(descriptor: int, offset: int, data: bytes) -> None:
    """Write all of `data`. Raises OSError."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def read_all(descriptor: int, offset: int, length: int) -> bytes:
    """Exactly `length` bytes. Raises OSError, and SlabDamaged when the file ends before."""
    pieces = []
    while length:
        piece = os.pread(descriptor, length, offset)
        if not piece:
            raise SlabDamaged("It ends too early.")
        pieces.append(piece)
        offset, length = offset + len(piece), length - len(piece)
    return b"".join(pieces)


def wipe(descriptor: int, offset: int, length: int) -> None:
    """Overwrite with zeros, the beginning last. Raises OSError.

    Whoever finds zeros at a place's beginning takes it for empty; that must not be true of one that was wiped by half.
    """
    for start in reversed(range(0, length, len(_ZEROS))):
        write_all(descriptor, offset + start, _ZEROS[: length - start])
