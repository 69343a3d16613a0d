"""A photograph to send: growth rings around a knothole, computed here, the same on every machine."""

import math
import struct
import zlib

WIDTH, HEIGHT = 900, 700
_MIDDLE = (430, 320)


def knothole_png(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A PNG (RGB, 8 bits) of a knothole in bark. Stored without compression, so it is about as large as a photograph."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + _row(y, width) for y in range(height)), 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _row(y: int, width: int) -> bytes:
    row = bytearray()
    dy = (y - _MIDDLE[1]) * 1.25
    for x in range(width):
        distance = math.isqrt(int((x - _MIDDLE[0]) ** 2 + dy * dy + (x * y) % 997))
        if distance < 105:
            row += bytes((24 + distance // 9, 17 + distance // 12, 12))
        else:
            # A triangle wave makes the rings; integers only, so that every machine draws the same.
            ring = abs((distance * 7 + (x >> 3)) % 90 - 45)
            row += bytes((96 + 2 * ring, 62 + ring + ring // 2, 38 + ring // 2))
    return bytes(row)
