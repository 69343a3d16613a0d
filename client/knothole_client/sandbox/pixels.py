"""Raw pixels from behind the walls: a strict reader of P6 frames, and a PNG written here from what it let through."""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Protocol

from knothole_client.sandbox.limits import Limits

_HEAD = re.compile(rb"P6\n([1-9][0-9]{0,5}) ([1-9][0-9]{0,5})\n255\n")
_LONGEST = len(b"P6\n123456 123456\n255\n")


class Lied(Exception):
    """What came out is not what it must be."""


class Out(Protocol):
    """The stream that comes out of the walls."""

    def line(self, most: int) -> bytes:
        """Up to and with the next newline, at most so many bytes; empty at the end."""

    def exactly(self, count: int) -> bytes:
        """So many bytes, or Lied."""


def pictures(out: Out, limits: Limits) -> Iterator[bytes]:
    """Each frame as a PNG. What is declared is compared to the limits before a byte of it is read."""
    count, left = 0, limits.pixels
    while head := _head(out):
        width, height = head
        left -= width * height
        count += 1
        if count > limits.frames or width > limits.width or height > limits.height or left < 0:
            raise Lied
        yield png(width, height, out.exactly(3 * width * height))


def _head(out: Out) -> tuple[int, int] | None:
    text = out.line(_LONGEST)
    if not text:
        return None
    text += out.line(_LONGEST) + out.line(_LONGEST)
    found = _HEAD.fullmatch(text)
    if found is None:
        raise Lied
    return int(found[1]), int(found[2])


def png(width: int, height: int, pixels: bytes) -> bytes:
    """A PNG of 8-bit RGB without anything else in it."""
    row = 3 * width
    packer = zlib.compressobj(3)
    parts = []
    for start in range(0, row * height, row):
        parts.append(packer.compress(b"\0" + pixels[start : start + row]))
    parts.append(packer.flush())
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", b"".join(parts))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
