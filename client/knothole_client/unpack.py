"""Unpacking one gzip stream that a server sent, piece by piece, into no more than was allowed."""

import zlib
from collections.abc import Iterable, Iterator

_GZIP = 16 + zlib.MAX_WBITS


class Damaged(Exception):
    """These bytes are not one whole gzip stream and nothing else."""


class Overfull(Exception):
    """The stream is longer than was allowed, as it came or unpacked."""


def unpacked(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """What the pieces of a stream hold, at most `limit` bytes in all, so a bomb costs no more. Raises Damaged, Overfull."""
    stream, came, left = zlib.decompressobj(_GZIP), 0, limit
    for piece in pieces:
        came += len(piece)
        # A second member, or anything else behind the first, is nothing that a drop's server sends.
        if stream.eof:
            raise Damaged
        try:
            # One more than is allowed: zlib takes 0 for "no limit".
            out = stream.decompress(piece, left + 1)
        except zlib.error:
            raise Damaged from None
        # A stream may also go on for ever and hold nothing.
        if len(out) > left or came > limit:
            raise Overfull
        if stream.unused_data:
            raise Damaged
        left -= len(out)
        yield out
    if not stream.eof:
        raise Damaged
