"""`.boxes` files: a submission sealed here, to be carried to a browser without scripts, or to another machine.

The letter's boxes come first, all of them, then the files': a form that breaks off has left what can be read. The server
cannot be asked what it has, so everything is sealed, in one week. One box at a time is in memory.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from knothole_client.source.submission import Submission
from knothole_client.source.weeks import Week
from knothole_keys import clock, files
from knothole_keys.boxes_file import ENTRY, HEADER, Entry, Header
from knothole_keys.codename import ThreadKeys
from knothole_keys.epoch import DAY, end
from knothole_keys.errors import Refused


@dataclass(frozen=True)
class Carrier:
    """Where the files go, and how long one may be in bytes (None for all in one)."""

    path: Path
    most: int | None = None
    made: list[Path] = field(default_factory=list)

    def check(self, size: int) -> None:
        """Refuse a place where nothing can be written, and files that hold no box of `size` bytes. Raises Refused.

        To be asked before anything is read, and before there is a codename to be lost.
        """
        if self.most is not None and self._fitting(size) < 1:
            raise Refused(f"--split is less than a box takes; give at least {HEADER + ENTRY + size} bytes.")
        if not self.path.name or not self.path.parent.is_dir():
            raise Refused(f"{self.path} cannot be written: its folder does not exist; make it, or name another place.")
        _refuse_existing(self.path)
        _refuse_existing(self._numbered(1))

    def write(
        self, submission: Submission, week: Week, keys: ThreadKeys, drop_id: bytes, sealed: Callable[[int], None]
    ) -> list[Path]:
        """Seal everything; the files made, in the order in which they are to be sent. Raises Refused, CannotSeal.

        When it fails, what it had made is deleted again: some of a submission is worth nothing.
        """
        header = Header(drop_id, week.geometry.size)
        a_file = self._fitting(week.geometry.size) or submission.count
        parts = chain(submission.letter_parts(), submission.file_parts())
        sealer = week.sealer(drop_id, keys)
        try:
            while batch := list(islice(parts, a_file)):
                path = self.path if a_file >= submission.count else self._numbered(len(self.made) + 1)
                with _whole(path) as file:
                    file.write(header.encode())
                    for part in batch:
                        head, body = part.load()
                        box_id, box = sealer.seal(head, body)
                        file.write(Entry(week.epoch, box_id).encode() + box)
                        sealed(1)
                self.made.append(path)
        except OSError as error:
            self._undo()
            raise Refused(
                f"{self.path} cannot be written: {(error.strerror or 'it failed').lower()}; nothing was kept."
            ) from None
        except BaseException:
            self._undo()
            raise
        return self.made

    def _fitting(self, size: int) -> int:
        # 0 when there is no limit, or when not even one fits.
        return 0 if self.most is None else max(0, self.most - HEADER) // (ENTRY + size)

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.stem}.{number}{self.path.suffix}")

    def _undo(self) -> None:
        for path in self.made:
            path.unlink(missing_ok=True)
        self.made.clear()


def last_day(epoch: int) -> str:
    """The last whole day (UTC) on which a server takes boxes of an epoch."""
    return clock.day_of(end(epoch) + DAY - 1)


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise Refused(f"{path} exists already and was left as it is; name another file, or delete it.")


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner alone that has its name only when it is whole. Raises OSError, Refused."""
    _refuse_existing(path)
    unfinished = path.with_name(f".{secrets.token_hex(8)}.part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    files.sync_directory(path.parent)
