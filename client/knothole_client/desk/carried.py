"""Reading what a courier carried here: a folder that anybody on the way may have filled with anything.

    OUT/roots, OUT/roster.note, OUT/<epoch>/<id>.box

Only these names are looked at, only regular files are opened, no link is followed, and nothing is read beyond the length
that it must have. Everything else is counted and left alone.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knothole_keys import note
from knothole_keys.epoch import MAX_EPOCH
from knothole_keys.errors import NotABox, Refused

ROOTS = "roots"
ROSTER = "roster.note"
_EPOCH = re.compile(r"0|[1-9][0-9]{0,9}")
_BOX = re.compile(r"([0-9a-f]{32})\.box")


class Carried:
    """A courier's folder, held open. Everything is reached from its descriptor, so nothing can be moved under our feet."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor
        self.odd = 0

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator["Carried"]:
        """Open the folder. Raises Refused."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise Refused(f"{path} cannot be read: {(error.strerror or 'it failed').lower()}.") from None
        try:
            yield cls(path, descriptor)
        finally:
            os.close(descriptor)

    def note(self, name: str) -> bytes | None:
        """The file of roots or the roster, or None when there is none. Raises Refused."""
        try:
            data = _read(self._descriptor, name, note.MAX_BYTES, exact=False)
        except FileNotFoundError:
            return None
        except (OSError, NotABox):
            raise Refused(f"{self._path / name} is not a plain file of the size that it should have; fetch again.") from None
        return data

    def list(self) -> list[tuple[int, list[bytes]]]:
        """The boxes' ids by epoch, both rising. Counts in `odd` what is none."""
        found = []
        for name in sorted(os.listdir(self._descriptor)):  # noqa: PTH208 - a descriptor, not a path
            if name in (ROOTS, ROSTER):
                continue
            if not _EPOCH.fullmatch(name) or int(name) > MAX_EPOCH:
                self.odd += 1
                continue
            try:
                with _folder(self._descriptor, name) as week:
                    names = os.listdir(week)  # noqa: PTH208 - the same
            except OSError:
                self.odd += 1
                continue
            ids = sorted(bytes.fromhex(match.group(1)) for match in map(_BOX.fullmatch, names) if match)
            self.odd += len(names) - len(ids)
            found.append((int(name), ids))
        return sorted(found)

    def read(self, epoch: int, box_id: bytes, size: int) -> bytes | None:
        """A box's bytes, or None (and counted as odd) when it is no plain file. Raises NotABox for another length."""
        try:
            with _folder(self._descriptor, str(epoch)) as week:
                return _read(week, f"{box_id.hex()}.box", size, exact=True)
        except OSError:
            self.odd += 1
            return None


@contextmanager
def _folder(parent: int, name: str) -> Iterator[int]:
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(folder: int, name: str, size: int, *, exact: bool) -> bytes:
    # Looked at before it is opened: opening a device or a pipe may already do something. And again after.
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise OSError("not a plain file")
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a plain file")
        if status.st_size > size or (exact and status.st_size < size):
            raise NotABox("This file does not have the length of a box of its week.")
        data = file.read(size + 1)
    if len(data) > size or (exact and len(data) < size):
        raise NotABox("This file changed while it was read.")
    return data
