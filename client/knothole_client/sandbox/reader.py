"""The stream that comes out of the walls, read against a clock, a memory limit and a limit on what is heard."""

import os
import selectors
import time
from collections.abc import Callable
from typing import IO, BinaryIO

from knothole_client.sandbox.pixels import Lied

_LOOK = 0.1


class Ended(Exception):
    """Stopped by a limit; `end` is one of ENDS, which has the sentence."""

    def __init__(self, *, end: str):
        super().__init__(end)
        self.end = end


class Reader:
    """Reads no more than is asked for and never waits longer than is left; `too_much` tells whether too much memory is used.

    What `stop` raises ends it; both are asked ten times a second.
    """

    def __init__(
        self,
        stream: IO[bytes],
        seconds: float,
        most: int,
        too_much: Callable[[], bool],
        stop: Callable[[], None] | None = None,
    ):
        self._descriptor, self._too_much, self._stop = stream.fileno(), too_much, stop
        self._until, self._left, self._kept = time.monotonic() + seconds, most, b""
        self._next_look = time.monotonic() + _LOOK
        self.at_end = False
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(self._descriptor, selectors.EVENT_READ)

    def close(self) -> None:
        """Give the selector back."""
        self._waiting.close()

    def line(self, most: int) -> bytes:
        """Up to and with the next newline; Lied when there is none within so many bytes."""
        while b"\n" not in self._kept[:most]:
            if len(self._kept) >= most:
                raise Lied
            more = self._some(65536)
            if not more:
                line, self._kept = self._kept, b""
                return line
            self._kept += more
        line, _, self._kept = self._kept.partition(b"\n")
        return line + b"\n"

    def exactly(self, count: int) -> bytes:
        """So many bytes, or Lied."""
        kept = bytearray(self._kept[:count])
        self._kept = self._kept[count:]
        while len(kept) < count:
            more = self._some(min(count - len(kept), 1 << 20))
            if not more:
                raise Lied
            kept += more
        return bytes(kept)

    def rest(self, most: int) -> bytes:
        """All that is left; Lied when that is more than `most` bytes."""
        kept = bytearray(self._kept)
        self._kept = b""
        while len(kept) <= most:
            more = self._some(1 << 20)
            if not more:
                return bytes(kept)
            kept += more
        raise Lied

    def pour(self, sink: BinaryIO) -> int:
        """All that is left, into `sink`, as it comes."""
        more, written = self._kept, 0
        self._kept = b""
        while True:
            sink.write(more)
            written += len(more)
            more = self._some(1 << 20)
            if not more:
                return written

    def _some(self, most: int) -> bytes:
        while True:
            now = time.monotonic()
            if now >= self._until:
                raise Ended(end="timed_out")
            if now >= self._next_look:
                self._next_look = now + _LOOK
                if self._stop:
                    self._stop()
                if self._too_much():
                    raise Ended(end="too_much_memory")
            if self._waiting.select(min(_LOOK, self._until - now)):
                data = os.read(self._descriptor, most)
                self.at_end = not data
                self._left -= len(data)
                if self._left < 0:
                    raise Lied
                return data
