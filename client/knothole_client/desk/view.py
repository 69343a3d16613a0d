"""A file of a submission to be read anywhere, without unpacking it: any byte is one box away.

    with io.BufferedReader(View(inbox, submission, file)) as source: ...

One box is open at a time, and only those that are asked for are opened. Every byte is proved before it is handed out: the box
by its seal, its part by the Merkle root that the source signed, as an export does. That all parts together are the file is
seen by an export alone, which reads them all.
"""

import io

from knothole_client.desk.inbox import Inbox
from knothole_client.desk.submission import FileState, Submission
from knothole_keys.errors import KnotholeError, Refused

_OTHER_LENGTH = "The boxes of this file do not have the length that its letter says; export it to see how much is whole."


class View(io.RawIOBase):
    """A file of a submission, readable and seekable. Where a box is missing or damaged, reading raises Refused."""

    def __init__(self, inbox: Inbox, submission: Submission, file: FileState) -> None:
        super().__init__()
        self._inbox, self._entry = inbox, file.entry
        self._letter = submission.group if file.entry.inside else None
        self._group = submission.file_group(file.entry)
        self._capacity = max(1, file.entry.size if file.entry.inside else submission.capacity)
        self._at, self._index, self._body = 0, -1, b""
        # The part that comes next if the file is read on: only then is the disk asked to look ahead.
        self._next = 0

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return self._entry.size

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        self._check_open()
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place; nothing is opened by it. Beyond the end there is nothing to read."""
        self._check_open()
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}
        if whence not in starts:
            raise ValueError(f"whence is {whence}")
        if starts[whence] + offset < 0:
            raise OSError("a place before the beginning")
        self._at = starts[whence] + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as the box goes in which the next byte lies. Raises Refused."""
        self._check_open()
        wanted = memoryview(buffer).cast("B")
        if self._at >= self.size or not len(wanted):
            return 0
        index, start = divmod(self._at, self._capacity)
        if index != self._index:
            # What was open goes first: there is never more than one.
            self._body, self._index = b"", -1
            self._body = self._proved(index)
            self._index = index
        taken = self._body[start : start + len(wanted)]
        wanted[: len(taken)] = taken
        self._at += len(taken)
        return len(taken)

    def close(self) -> None:
        """Forget what is open."""
        self._body, self._index = b"", -1
        super().close()

    def _proved(self, index: int) -> bytes:
        try:
            body = self._part(index)
        except Refused:
            raise
        except KnotholeError as error:
            raise Refused(str(error)) from None
        self._next = index + 1
        if len(body) != min(self._capacity, self.size - index * self._capacity):
            raise Refused(_OTHER_LENGTH)
        return body

    def _part(self, index: int) -> bytes:
        if self._letter is None:
            return self._inbox.body(self._group, index, ahead=index == self._next)
        # A letter with files inside has one box, and reading it proves each of them.
        letter, _ = self._inbox.letter(self._letter)
        return letter.contents[self._entry.name]

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")
