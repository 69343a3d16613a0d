"""A connection's way in: pieces of 16 KiB at most, so that memory grows with connections by that much and no more.

uvloop reads up to 256 KB at a time, after uvicorn let 64 KiB pile up: two hundred uploads at once took 100 MiB, and now
take 20. One sender loses speed by that on a fast disk (100 MiB/s are left), where Tor brings 4.
"""

import asyncio
from collections.abc import Callable

PIECE = 16_384


class Narrow(asyncio.BufferedProtocol):
    """Hands what it is called with to `inner`, data in pieces of at most PIECE bytes."""

    # One for all connections of the one event loop: it is emptied in the same step in which it is filled.
    _buffer = memoryview(bytearray(PIECE))

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self.connection_made = inner.connection_made  # type: ignore[method-assign]
        self.connection_lost = inner.connection_lost  # type: ignore[method-assign]
        self.eof_received = inner.eof_received  # type: ignore[method-assign]
        self.pause_writing = inner.pause_writing  # type: ignore[method-assign]
        self.resume_writing = inner.resume_writing  # type: ignore[method-assign]

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        """Where the next piece goes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """A piece has come."""
        self._inner.data_received(bytes(self._buffer[:nbytes]))


def narrowed(make: Callable[..., asyncio.Protocol]) -> Callable[..., Narrow]:
    """A protocol factory whose connections read narrowly."""
    return lambda **settings: Narrow(make(**settings))
