"""Reading what a courier carried here (`folder`): anybody on the way may have filled it with anything.

Only the names of such a folder are looked at, only regular files are opened, no link is followed, and nothing is read
beyond the length that it must have. Everything else is counted and left alone; what the stick does not give back is named.
"""

import errno
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from knothole_client.folder import ASIDE, BOX, LISTED, ROOTS, ROSTER, SET_ASIDE, box_name
from knothole_keys import note
from knothole_keys.epoch import MAX_EPOCH
from knothole_keys.errors import KnotholeError, NotABox, Refused

_EPOCH = re.compile(r"0|[1-9][0-9]{0,9}")
# What opening says of a link, and of a file where a folder should be.
_ANOTHER_KIND = {errno.ELOOP, errno.ENOTDIR}
# A folder below the courier's, and a name in it.
Copy = tuple[str, str]


class NotPlain(KnotholeError):
    """Something else than a plain file has the name of a box."""


class Unreadable(KnotholeError):
    """The stick does not give this box back: copy it again."""


class CutShort(KnotholeError):
    """This box was copied only in part: copy it again."""


class Carried:
    """A courier's folder, held open. Everything is reached from its descriptor, so nothing can be moved under our feet.

    `odd` counts what is no box; `unreadable` names the folders that the stick does not give back.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor
        self._copies: dict[tuple[int, bytes], list[Copy]] = {}
        self.odd = 0
        self.unreadable: list[str] = []

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
            data = _read(self._descriptor, name, note.MAX_BYTES)
        except FileNotFoundError:
            return None
        except (OSError, NotABox, NotPlain):
            raise Refused(f"{self._path / name} is not a plain file of the size that it should have; fetch again.") from None
        return data

    def list(self) -> list[tuple[int, list[bytes]]]:
        """The boxes' ids by epoch, both rising, those of which only a set-aside one is here among them."""
        found: dict[int, set[bytes]] = defaultdict(set)
        names = set(os.listdir(self._descriptor)) - {ROOTS, ROSTER, LISTED}  # noqa: PTH208 - a descriptor, not a path
        for epoch, name in self._named(names - {SET_ASIDE}, "", BOX):
            found[epoch].add(bytes.fromhex(name[:32]))
        if SET_ASIDE in names:
            for epoch, name in self._named(self._inside(SET_ASIDE), SET_ASIDE, ASIDE):
                box_id = bytes.fromhex(name[:32])
                first: list[Copy] = [(str(epoch), box_name(box_id))] if box_id in found[epoch] else []
                self._copies.setdefault((epoch, box_id), first).append((f"{SET_ASIDE}/{epoch}", name))
                found[epoch].add(box_id)
        return [(epoch, sorted(ids)) for epoch, ids in sorted(found.items())]

    def copies(self, epoch: int, box_id: bytes) -> Sequence[Copy]:
        """Where a listed box lies: in its place, and set aside."""
        return self._copies.get((epoch, box_id)) or [(str(epoch), box_name(box_id))]

    def read(self, copy: Copy, size: int) -> bytes:
        """The bytes of a box. Raises NotABox when it is longer, CutShort, NotPlain, Unreadable."""
        folder, name = copy
        try:
            with _folder(self._descriptor, folder) as week:
                data = _read(week, name, size)
        except OSError:
            raise Unreadable("This box cannot be read from the stick: copy it again.") from None
        if len(data) < size:
            raise CutShort("This box was copied only in part: copy it again.")
        return data

    def _named(self, names: set[str], parent: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
        """The names of boxes in the folders of weeks; counts what is none."""
        for week in sorted(names):
            if not _EPOCH.fullmatch(week) or int(week) > MAX_EPOCH:
                self.odd += 1
                continue
            for name in self._inside(f"{parent}/{week}" if parent else week):
                if pattern.fullmatch(name):
                    yield int(week), name
                else:
                    self.odd += 1

    def _inside(self, path: str) -> set[str]:
        try:
            with _folder(self._descriptor, path) as folder:
                return set(os.listdir(folder))  # noqa: PTH208 - a descriptor, not a path
        except NotPlain:
            self.odd += 1
        except OSError:
            self.unreadable.append(path)
        return set()


@contextmanager
def _folder(parent: int, path: str) -> Iterator[int]:
    """A folder below an open one, each step without following a link. Raises NotPlain, OSError."""
    descriptor = os.dup(parent)
    try:
        for name in path.split("/"):
            try:
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            except OSError as error:
                if error.errno in _ANOTHER_KIND:
                    raise NotPlain("This is not a folder.") from None
                raise
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _read(folder: int, name: str, size: int) -> bytes:
    """At most `size` bytes. Raises NotABox for a longer file, NotPlain, OSError."""
    # Looked at before it is opened: opening a device or a pipe may already do something. And again after.
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise NotPlain("This is not a plain file.")
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=folder)
    except OSError as error:
        if error.errno in _ANOTHER_KIND:
            raise NotPlain("This is not a plain file.") from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise NotPlain("This is not a plain file.")
        if status.st_size > size:
            raise NotABox("This file does not have the length of a box of its week.")
        data = file.read(size + 1)
    if len(data) > size:
        raise NotABox("This file changed while it was read.")
    return data
