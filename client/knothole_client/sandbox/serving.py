"""The document, served piece by piece to a program behind the walls; whatever that program asks for is only a number."""

import socket
import struct
import threading
from typing import BinaryIO

REQUEST = struct.Struct(">QI")
LENGTH = struct.Struct(">I")
MOST = 1 << 20


class Serving(threading.Thread):
    """Answers (offset, length) with at most a mebibyte of the document, until the other side is gone."""

    def __init__(self, source: BinaryIO, size: int, ask: bytes):
        super().__init__(daemon=True, name="sandbox document")
        self._ours, self.theirs = socket.socketpair()
        self._source, self._size, self._ask = source, size, ask
        self.problem: Exception | None = None

    def run(self) -> None:
        """Serve; a document that cannot be read ends it and is `problem`."""
        try:
            self._ours.sendall(LENGTH.pack(len(self._ask)) + self._ask)
            while request := self._request():
                self._ours.sendall(self._answer(*REQUEST.unpack(request)))
        except (BrokenPipeError, ConnectionError):
            pass
        except Exception as problem:  # noqa: BLE001  (raised again by who waits for this thread)
            self.problem = problem
        finally:
            # Not closed: its number could belong to another file by the time that somebody closes it again.
            self._shut()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._shut()
        self.join()
        self._ours.close()

    def _shut(self) -> None:
        try:
            self._ours.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def _request(self) -> bytes | None:
        got = b""
        while len(got) < REQUEST.size:
            more = self._ours.recv(REQUEST.size - len(got))
            if not more:
                return None
            got += more
        return got

    def _answer(self, offset: int, length: int) -> bytes:
        length = min(length, MOST, max(0, self._size - offset))
        if length == 0:
            return LENGTH.pack(0)
        self._source.seek(offset)
        data = self._source.read(length)[:length]
        return LENGTH.pack(len(data)) + data
