"""The document as a seekable file, asked for piece by piece from the other side of the walls."""

import io
import socket
import struct
from pathlib import Path
from typing import Any, BinaryIO

REQUEST = struct.Struct(">QI")
LENGTH = struct.Struct(">I")
MOST = 1 << 20


class Cannot(Exception):
    """The program cannot do its work; `why` is one of WHYS, whose sentence the parent knows."""

    def __init__(self, *, why: str):
        super().__init__(why)
        self.why = why


class Document(io.RawIOBase):
    """What the parent serves. `size` is what it said first."""

    def __init__(self, served: socket.socket):
        super().__init__()
        self._served, self._at, self.size = served, 0, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; before the beginning is an error."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning")
        self._at = start + offset
        return self._at

    def close(self) -> None:
        """Nothing: a reader that is thrown away closes what it read from, and another one comes."""

    def readinto(self, buffer: Any) -> int:
        """Ask for as much as fits, and take what comes."""
        wanted = min(len(buffer), MOST)
        if wanted == 0 or self._at >= self.size:
            return 0
        self._served.sendall(REQUEST.pack(self._at, wanted))
        data = self.answer()
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def answer(self) -> bytes:
        """One answer of the parent's, whole."""
        return self._exactly(LENGTH.unpack(self._exactly(LENGTH.size))[0])

    def _exactly(self, count: int) -> bytes:
        got = bytearray()
        while len(got) < count:
            more = self._served.recv(count - len(got))
            if not more:
                raise OSError("the document ended")
            got += more
        return bytes(got)


def buffered(document: Document) -> BinaryIO:
    """With a read-ahead of a quarter of a mebibyte."""
    document.seek(0)
    return io.BufferedReader(document, 1 << 18)


def copied(document: Document, name: str, room: int) -> Path:
    """A copy in the file system in memory, for programs that want a file; Cannot when there is no room."""
    if document.size > room // 2:
        raise Cannot(why="too_large")
    path = Path("/tmp", name)  # noqa: S108  (the sandbox's own)
    with path.open("wb") as file:
        source = buffered(document)
        while piece := source.read(MOST):
            file.write(piece)
    return path
